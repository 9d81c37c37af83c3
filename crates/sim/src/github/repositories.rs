use serde_json::{Map, Value, json};

use super::accounts::find_org;
use super::call::{Call, created, done, ok, writable};
use super::refusal::{Answer, Refusal};
use super::scope::Need;
use super::view::{full_json, minimal_json};
use crate::dialect::Fields;
use crate::world::{Account, NewRepository, Repository, RepositoryPatch, Role, Visibility};

/// Fields that are kept as they were sent.
const SETTINGS: &[&str] = &[
    "has_issues",
    "has_projects",
    "has_wiki",
    "has_downloads",
    "has_discussions",
    "has_pull_requests",
    "is_template",
    "allow_squash_merge",
    "allow_merge_commit",
    "allow_rebase_merge",
    "allow_auto_merge",
    "delete_branch_on_merge",
    "allow_update_branch",
    "use_squash_pr_title_as_default",
    "allow_forking",
    "web_commit_signoff_required",
];

/// GitHub's longest description.
const MAX_DESCRIPTION: usize = 350;

/// `POST /user/repos`
pub(super) fn create_own(call: &Call) -> Answer {
    let user = call.user()?;
    create(call, &user, &user)
}

/// `POST /orgs/{org}/repos`
pub(super) fn create_in_org(call: &Call, org: &str) -> Answer {
    let user = call.user()?;
    let org = find_org(call, org)?;
    let role = call.site.world().role_in_account(user.id, org.id);
    if role.is_none_or(|role| role < Role::Developer) {
        return Err(Refusal::forbidden("You need admin access to the organization before adding a repository to it."));
    }
    create(call, &org, &user)
}

fn create(call: &Call, owner: &Account, user: &Account) -> Answer {
    let body = &call.body;
    let visibility = visibility(body)?.unwrap_or(Visibility::Public);
    if visibility == Visibility::Internal && owner.is_user() {
        return Err(Refusal::custom(
            "Repository",
            Some("visibility"),
            "Visibility can't be internal for a user's repository",
        ));
    }
    call.accepted.set(Need::ADMINISTER.accepted);
    if !Need::ADMINISTER.met_for_new(&call.viewer, visibility) {
        // Says what is missing, in the way of the kind of token.
        call.require(Need::ADMINISTER, None)?;
        return Err(Refusal::not_found());
    }
    let name = body.text("name").unwrap_or_default();
    if name.is_empty() {
        return Err(Refusal::field("Repository", "name", "missing_field").saying("Repository creation failed."));
    }
    let new = NewRepository {
        path: name.to_owned(),
        visibility,
        description: description(body)?.unwrap_or_default(),
        homepage: body.text("homepage").unwrap_or_default().to_owned(),
        auto_init: body.flag("auto_init").unwrap_or(false),
        settings: settings(body),
        ..NewRepository::default()
    };
    let repository = call.site.create_repository(owner.id, new, user.id)?;
    created(&full_json(&call.site, &call.site.world(), &repository, &call.viewer))
}

/// `GET /repos/{owner}/{repo}`
pub(super) fn get(call: &Call, repository: &Repository) -> Answer {
    ok(&full_json(&call.site, &call.site.world(), repository, &call.viewer))
}

/// `PATCH /repos/{owner}/{repo}`
pub(super) fn update(call: &Call, repository: &Repository) -> Answer {
    let user = call.user()?;
    call.require_admin(Need::ADMINISTER, repository, false)?;
    let body = &call.body;
    let archived = body.flag("archived");
    if archived != Some(false) {
        writable(repository)?;
    }
    let patch = RepositoryPatch {
        path: body.text("name").map(str::to_owned),
        visibility: visibility(body)?,
        description: description(body)?,
        homepage: body.get("homepage").map(|it| it.as_str().unwrap_or_default().to_owned()),
        default_branch: body.text("default_branch").map(str::to_owned),
        archived,
        settings: settings(body),
        ..RepositoryPatch::default()
    };
    let repository = call.site.update_repository(repository.id, patch, user.id)?;
    ok(&full_json(&call.site, &call.site.world(), &repository, &call.viewer))
}

/// `DELETE /repos/{owner}/{repo}`
pub(super) fn delete(call: &Call, repository: &Repository) -> Answer {
    let user = call.user()?;
    call.accepted.set(Need::DELETE.accepted);
    if !Need::DELETE.met(&call.viewer, Some(repository)) {
        let fine = call.viewer.token.as_ref().is_some_and(Need::is_fine_grained);
        return Err(if fine { Refusal::no_permission(Need::DELETE.permission()) } else { Refusal::no_admin() });
    }
    if !call.access(repository).owner {
        return Err(Refusal::no_admin());
    }
    call.site.delete_repository(repository.id, user.id)?;
    done()
}

/// `POST /repos/{owner}/{repo}/transfer`
pub(super) fn transfer(call: &Call, repository: &Repository) -> Answer {
    let user = call.user()?;
    call.require(Need::ADMINISTER, Some(repository))?;
    if !call.access(repository).owner {
        return Err(Refusal::no_admin());
    }
    let to = call.body.text("new_owner").ok_or_else(|| Refusal::field("Repository", "new_owner", "missing_field"))?;
    let world = call.site.world();
    let to = world.account(to).cloned().ok_or_else(|| Refusal::field("Repository", "new_owner", "invalid"))?;
    let may = world.role_in_account(user.id, to.id).is_some_and(|role| role >= Role::Developer);
    drop(world);
    if !may {
        return Err(Refusal::forbidden(format!("You don't have the permission to create repositories on {}", to.path)));
    }
    let mut moved = call.site.transfer_repository(repository.id, to.id, user.id)?;
    if let Some(name) = call.body.text("new_name") {
        let patch = RepositoryPatch { path: Some(name.to_owned()), ..RepositoryPatch::default() };
        moved = call.site.update_repository(moved.id, patch, user.id)?;
    }
    let body = minimal_json(&call.site, &call.site.world(), &moved, &call.viewer);
    Ok(crate::dialect::json(http::StatusCode::ACCEPTED, &body))
}

/// `GET /repos/{owner}/{repo}/topics`
pub(super) fn topics(repository: &Repository) -> Answer {
    ok(&json!({ "names": repository.topics }))
}

/// `PUT /repos/{owner}/{repo}/topics`
pub(super) fn set_topics(call: &Call, repository: &Repository) -> Answer {
    let user = call.user()?;
    call.require_admin(Need::ADMINISTER, repository, true)?;
    writable(repository)?;
    let names = call.body.texts("names").ok_or_else(|| Refusal::field("Repository", "names", "missing_field"))?;
    let topics: Vec<String> = names.iter().map(|it| it.to_ascii_lowercase()).collect();
    let fits = |it: &String| {
        let plain = it.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-');
        plain && !it.is_empty() && !it.starts_with('-') && it.len() <= 50
    };
    if topics.len() > 20 {
        return Err(Refusal::unprocessable("A repository cannot have more than 20 topics."));
    }
    if !topics.iter().all(fits) {
        return Err(Refusal::unprocessable(
            "Topics must start with a lowercase letter or number, consist of 50 characters or less, and can include hyphens.",
        ));
    }
    let patch = RepositoryPatch { topics: Some(topics), ..RepositoryPatch::default() };
    let repository = call.site.update_repository(repository.id, patch, user.id)?;
    ok(&json!({ "names": repository.topics }))
}

/// Reads `visibility` and `private`, of which the first wins.
fn visibility(body: &Map<String, Value>) -> Result<Option<Visibility>, Refusal> {
    if let Some(word) = body.text("visibility") {
        let parsed = Visibility::parse(word);
        return parsed.map(Some).ok_or_else(|| Refusal::field("Repository", "visibility", "invalid"));
    }
    let private = body.flag("private");
    Ok(private.map(|private| if private { Visibility::Private } else { Visibility::Public }))
}

fn description(body: &Map<String, Value>) -> Result<Option<String>, Refusal> {
    let Some(text) = body.get("description").map(|it| it.as_str().unwrap_or_default()) else { return Ok(None) };
    if text.chars().count() > MAX_DESCRIPTION {
        let message = format!("description is too long (maximum is {MAX_DESCRIPTION} characters)");
        return Err(Refusal::custom("Repository", Some("description"), message));
    }
    if text.chars().any(char::is_control) {
        return Err(Refusal::custom(
            "Repository",
            Some("description"),
            "description control characters are not allowed",
        ));
    }
    Ok(Some(text.to_owned()))
}

fn settings(body: &Map<String, Value>) -> Map<String, Value> {
    let sent = SETTINGS.iter().filter_map(|name| Some(((*name).to_owned(), body.get(*name)?.as_bool()?.into())));
    sent.collect()
}
