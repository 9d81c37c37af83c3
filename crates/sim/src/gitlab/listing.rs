use http::{HeaderValue, StatusCode, header};
use serde_json::Value;

use super::call::Call;
use super::refusal::{Answer, Refusal};
use super::view::{basic_project_json, project_json, project_with_access_json};
use crate::Site;
use crate::dialect::{Page, Query, json};
use crate::world::{Repository, Role, Viewer, Visibility, World};

/// `GET /projects`
pub(super) fn all(call: &Call) -> Answer {
    let world = call.site.world();
    let found = world.repositories.values().filter(|it| wanted(call, &world, it)).cloned().collect();
    show(call, &world, found, project_with_access_json, true)
}

/// `GET /users/{user_id}/projects`: what lies in the user's own namespace, as far as the caller sees it.
pub(super) fn of_user(call: &Call, id: &str) -> Answer {
    let world = call.site.world();
    let user = match id.parse::<u64>() {
        Ok(id) => world.accounts.get(&id),
        Err(_) => world.account(id),
    };
    let user = user.filter(|it| it.is_user()).ok_or_else(|| Refusal::not_found("User"))?;
    let found = world.repositories_of(user.id).filter(|it| wanted(call, &world, it)).cloned().collect();
    show(call, &world, found, project_with_access_json, false)
}

/// `GET /groups/{id}/projects`
pub(super) fn of_group(call: &Call, id: &str) -> Answer {
    let group = call.group(id)?;
    let world = call.site.world();
    let deep = call.query.flag("include_subgroups").unwrap_or(false);
    let groups = if deep { world.group_tree(group.id) } else { vec![group.id] };
    let fits = |it: &&Repository| groups.contains(&it.owner) && wanted(call, &world, it);
    let found = world.repositories.values().filter(fits).cloned().collect();
    // A group's list is alone in not telling what the viewer may do.
    show(call, &world, found, project_json, false)
}

/// Applies the filters that all lists of projects share.
fn wanted(call: &Call, world: &World, it: &Repository) -> bool {
    let query = &call.query;
    let user = call.viewer.user();
    let role = user.and_then(|user| world.role(user, it));
    let member = user.is_some_and(|user| {
        it.owner == user || it.members.contains_key(&user) || world.role_in_group(user, it.owner).is_some()
    });
    let flag = |name: &str| query.flag(name).unwrap_or(false);
    let search = query.get("search").map(str::to_lowercase);
    let active = !it.archived && it.marked_for_deletion.is_none();
    call.can_read(world, it)
        && (!flag("owned") || (member && role == Some(Role::Owner)))
        && (!flag("membership") || member)
        && query.flag("archived").is_none_or(|archived| it.archived == archived)
        && query.flag("active").is_none_or(|wanted| active == wanted)
        && query.get("visibility").and_then(Visibility::parse).is_none_or(|wanted| it.visibility == wanted)
        && query.number("min_access_level").is_none_or(|least| role.is_some_and(|role| role.level() >= least))
        && query.number("id_after").is_none_or(|id| it.id > id)
        && query.number("id_before").is_none_or(|id| it.id < id)
        && query
            .get("topic")
            .is_none_or(|topics| topics.split(',').all(|topic| it.topics.iter().any(|own| own == topic)))
        && search.is_none_or(|word| it.name.to_lowercase().contains(&word) || it.path.to_lowercase().contains(&word))
}

/// How a project is shown.
type View = fn(&Site, &World, &Repository, &Viewer) -> Value;

fn show(call: &Call, world: &World, mut found: Vec<Repository>, whole: View, keyset_known: bool) -> Answer {
    let query = &call.query;
    let order = query.get("order_by").unwrap_or("created_at");
    let descending = match query.get("sort") {
        None | Some("desc") => true,
        Some("asc") => false,
        Some(_) => return Err(Refusal::parameter("sort does not have a valid value")),
    };
    match order {
        "id" => found.sort_by_key(|it| it.id),
        "name" => found.sort_by_key(|it| (it.name.to_lowercase(), it.id)),
        "path" => found.sort_by_key(|it| (it.path.to_lowercase(), it.id)),
        "created_at" => found.sort_by_key(|it| (it.created, it.id)),
        "updated_at" => found.sort_by_key(|it| (it.updated, it.id)),
        "last_activity_at" => found.sort_by_key(|it| (it.pushed.unwrap_or(it.created), it.id)),
        _ => return Err(Refusal::parameter("order_by does not have a valid value")),
    }
    if descending {
        found.reverse();
    }
    // Who is nobody in particular sees the short form.
    let simple = query.flag("simple").unwrap_or(false) || call.viewer.user().is_none();
    let view = |it: &Repository| {
        if simple { basic_project_json(&call.site, world, it) } else { whole(&call.site, world, it, &call.viewer) }
    };
    if query.get("pagination") == Some("keyset") && keyset_known {
        if order != "id" {
            let error = "Keyset pagination is not yet available for this type of request";
            return Err(Refusal::parameter(error).with_status(StatusCode::METHOD_NOT_ALLOWED));
        }
        return keyset(call, &found, descending, view);
    }
    call.list(found, view)
}

/// Answers with the first part of a list, and a link to the part that begins behind its last project.
fn keyset(call: &Call, found: &[Repository], descending: bool, view: impl Fn(&Repository) -> Value) -> Answer {
    let page = Page::read(&call.query, "per_page", 20, 100);
    let size = usize::try_from(page.size).unwrap_or(usize::MAX);
    let shown: Vec<Value> = found.iter().take(size).map(view).collect();
    let mut response = json(StatusCode::OK, &Value::Array(shown));
    if found.len() > size {
        let bound = if descending { "id_before" } else { "id_after" };
        let url = next_url(call, &call.query, bound, found[size - 1].id);
        if let Ok(link) = HeaderValue::from_str(&format!("<{url}>; rel=\"next\"")) {
            response.headers_mut().insert(header::LINK, link);
        }
    }
    Ok(response)
}

fn next_url(call: &Call, query: &Query, bound: &str, id: u64) -> String {
    let query = query.with(&[(bound, id.to_string().as_str())]);
    format!("{}{}?{query}", call.site.base_url(), call.path)
}
