use serde_json::{Value, json};

use super::call::{Call, created, ok};
use super::refusal::{Answer, Refusal};
use super::view::{group_json, project_json, user_basic};
use crate::dialect::Fields;
use crate::world::{Account, Role, Visibility, WorldError};

/// How many projects come along with a group.
const MOST_PROJECTS: usize = 100;

/// `GET /groups`: those that the user is a member of, or all that are visible.
pub(super) fn list(call: &Call) -> Answer {
    let query = &call.query;
    let world = call.site.world();
    let user = call.viewer.user();
    let role = |it: &Account| user.and_then(|user| world.role_in_group(user, it.id));
    // Who is not told to look at all of them sees the own ones.
    let all = query.flag("all_available").unwrap_or(user.is_none());
    let fits = |it: &&Account| {
        !it.is_user()
            && world.can_see_account(&call.viewer, it)
            && (all || role(it).is_some())
            && (!query.flag("owned").unwrap_or(false) || role(it) == Some(Role::Owner))
            && (!query.flag("top_level_only").unwrap_or(false) || it.parent.is_none())
            && query.get("search").is_none_or(|word| it.path.to_lowercase().contains(&word.to_lowercase()))
    };
    let mut found: Vec<Account> = world.accounts.values().filter(fits).cloned().collect();
    found.sort_by_key(|it| it.name.to_lowercase());
    call.list(found, |it| group_json(&call.site, &world, it))
}

/// `GET /groups/{id}`
pub(super) fn get(call: &Call, id: &str) -> Answer {
    let group = call.group(id)?;
    let world = call.site.world();
    let mut body = group_json(&call.site, &world, &group);
    body["shared_with_groups"] = json!([]);
    body["prevent_sharing_groups_outside_hierarchy"] = false.into();
    if call.query.flag("with_projects").unwrap_or(true) {
        let seen = world.repositories_of(group.id).filter(|it| call.can_read(&world, it)).take(MOST_PROJECTS);
        body["projects"] = seen.map(|it| project_json(&call.site, &world, it, &call.viewer)).collect();
        body["shared_projects"] = json!([]);
    }
    ok(&body)
}

/// `GET /groups/{id}/members/all/{user_id}`: what somebody may do there, by a role in the group or in one above it.
pub(super) fn member(call: &Call, id: &str, user: &str) -> Answer {
    let group = call.group(id)?;
    let world = call.site.world();
    let found = user.parse().ok().and_then(|id| Some((world.accounts.get(&id)?, world.role_in_group(id, group.id)?)));
    let (user, role) = found.ok_or_else(|| Refusal::new(http::StatusCode::NOT_FOUND, "404 Not found"))?;
    let mut body = user_basic(&call.site, user);
    body["access_level"] = role.level().into();
    body["expires_at"] = Value::Null;
    body["membership_state"] = "active".into();
    ok(&body)
}

/// `GET /groups/{id}/subgroups`: those right below.
pub(super) fn subgroups(call: &Call, id: &str) -> Answer {
    let group = call.group(id)?;
    let world = call.site.world();
    let fits = |it: &&Account| it.parent == Some(group.id) && world.can_see_account(&call.viewer, it);
    let mut found: Vec<Account> = world.accounts.values().filter(fits).cloned().collect();
    found.sort_by_key(|it| it.name.to_lowercase());
    call.list(found, |it| group_json(&call.site, &world, it))
}

/// `POST /groups`
pub(super) fn create(call: &Call) -> Answer {
    let user = call.user()?;
    let body = &call.body;
    let missing: Vec<&str> = ["name", "path"].into_iter().filter(|key| body.text(key).is_none()).collect();
    if !missing.is_empty() {
        let verb = if missing.len() == 1 { "is" } else { "are" };
        return Err(Refusal::parameter(format!("{} {verb} missing", missing.join(", "))));
    }
    let path = body.text("path").unwrap_or_default();
    let path = match body.number("parent_id") {
        None => path.to_owned(),
        Some(parent) => {
            let parent = call.group(&parent.to_string())?;
            let role = call.site.world().role_in_group(user.id, parent.id);
            if role.is_none_or(|role| role < Role::Maintainer) {
                return Err(Refusal::forbidden());
            }
            format!("{}/{path}", parent.path)
        }
    };
    let visibility = match body.text("visibility") {
        None => Visibility::Private,
        Some(word) => {
            Visibility::parse(word).ok_or_else(|| Refusal::parameter("visibility does not have a valid value"))?
        }
    };
    let mut group = call.site.group(&path, &user.path).map_err(|error| match error {
        WorldError::NameTaken { .. } => Refusal::bad("Failed to save group {:path=>[\"has already been taken\"]}"),
        error => error.into(),
    })?;
    body.text("name").unwrap_or_default().clone_into(&mut group.name);
    body.text("description").unwrap_or_default().clone_into(&mut group.description);
    group.visibility = visibility;
    let mut world = call.site.world();
    world.accounts.insert(group.id, group.clone());
    let mut shown = group_json(&call.site, &world, &group);
    shown["shared_with_groups"] = Value::Array(Vec::new());
    created(&shown)
}
