use std::sync::Arc;

use axum::extract::Path;
use axum::response::Response;
use http::StatusCode;
use serde_json::{Map, Value, json};

use super::call::{Answer, Call, created, done, ok};
use super::view::repository_json;
use crate::dialect::{Fields, JsonBody, blocking, json as answer};
use crate::world::{NewRepository, ObjectFormat, Repository, RepositoryPatch, Role, Visibility, World, WorldError};

/// The fields of a change that are kept and given back, but mean nothing here.
const SWITCHES: &[&str] = &[
    "template",
    "has_issues",
    "has_wiki",
    "has_pull_requests",
    "has_projects",
    "has_releases",
    "has_packages",
    "has_actions",
];

pub(super) async fn get(call: Call, Path((owner, name)): Path<(String, String)>) -> Answer {
    let (repository, _) = call.repository(&owner, &name)?;
    let answer = one(&call, &repository);
    call.site.looked_at(repository.id).map_err(|it| call.refuse(&it))?;
    Ok(answer)
}

pub(super) async fn by_id(call: Call, Path(id): Path<u64>) -> Answer {
    call.scopes(&["repository"])?;
    let world = call.site.world();
    let found = world.repositories.get(&id).filter(|it| world.access(&call.viewer, it).read);
    let repository = found.ok_or_else(|| call.not_found())?;
    Ok(ok(&repository_json(&call.site, &world, repository, &call.viewer)))
}

fn one(call: &Call, repository: &Repository) -> Response {
    ok(&repository_json(&call.site, &call.site.world(), repository, &call.viewer))
}

/// Whatever the caller owns or has a role in.
pub(super) async fn mine(call: Call) -> Answer {
    let user = call.signed(&["user", "repository"])?;
    let world = call.site.world();
    let reached = |it: &&Repository| world.role(user, it).is_some() && world.access(&call.viewer, it).read;
    let all: Vec<&Repository> = world.repositories.values().filter(reached).collect();
    let total = all.len();
    Ok(page(&call, &world, all, total))
}

pub(super) async fn of_user(call: Call, Path(name): Path<String>) -> Answer {
    call.scopes(&["user", "repository"])?;
    let account = call.account(&name)?;
    Ok(of(&call, account.id))
}

pub(super) async fn of_org(call: Call, Path(org): Path<String>) -> Answer {
    call.scopes(&["organization"])?;
    let account = call.organization(&org)?;
    Ok(of(&call, account.id))
}

/// What the caller may not see is left out after the page was cut, and counted all the same.
fn of(call: &Call, account: u64) -> Response {
    let world = call.site.world();
    let signed = call.viewer.user().is_some();
    let listed = |it: &&Repository| signed || it.visibility == Visibility::Public;
    let all: Vec<&Repository> = world.repositories_of(account).filter(listed).collect();
    let total = all.len();
    page(call, &world, all, total)
}

fn page(call: &Call, world: &World, all: Vec<&Repository>, total: usize) -> Response {
    let cut = call.page().cut(all);
    let seen = cut.into_iter().filter(|it| world.access(&call.viewer, it).read);
    let items = seen.map(|it| repository_json(&call.site, world, it, &call.viewer)).collect();
    call.listing(items, total, true)
}

pub(super) async fn search(call: Call) -> Answer {
    call.scopes(&["repository"])?;
    let world = call.site.world();
    let words = call.query.get("q").unwrap_or_default().to_ascii_lowercase();
    let owner = call.query.number("uid");
    let fits = |it: &&Repository| {
        it.path.to_ascii_lowercase().contains(&words)
            && owner.is_none_or(|owner| it.owner == owner)
            && world.access(&call.viewer, it).read
    };
    let all: Vec<&Repository> = world.repositories.values().filter(fits).collect();
    let total = all.len();
    let cut = call.page().cut(all);
    let items: Vec<Value> = cut.iter().map(|it| repository_json(&call.site, &world, it, &call.viewer)).collect();
    let mut response = call.listing(Vec::new(), total, true);
    let body = json!({ "ok": true, "data": items }).to_string();
    *response.body_mut() = body.into();
    Ok(response)
}

pub(super) async fn create_mine(call: Call, body: JsonBody) -> Answer {
    let user = call.signed(&["user", "repository"])?;
    create(call, user, user, body).await
}

pub(super) async fn create_in_org(call: Call, Path(org): Path<String>, body: JsonBody) -> Answer {
    let user = call.signed(&["organization"])?;
    let org = call.organization(&org)?;
    let role = call.site.world().role_in_account(user, org.id);
    if role.is_none_or(|role| role < Role::Maintainer) {
        return Err(call.forbidden("Given user is not allowed to create repository in organization."));
    }
    create(call, org.id, user, body).await
}

async fn create(call: Call, owner: u64, user: u64, body: JsonBody) -> Answer {
    let fields = call.fields(body)?;
    let name = fields.text("name").filter(|it| !it.is_empty()).ok_or_else(|| call.invalid("[Name]: Required"))?;
    let description = fields.text("description").unwrap_or_default();
    if description.chars().count() > 2048 {
        return Err(call.invalid("[Description]: MaxSize"));
    }
    let object_format = match fields.text("object_format_name") {
        None | Some("" | "sha1") => ObjectFormat::Sha1,
        Some("sha256") => ObjectFormat::Sha256,
        Some(_) => return Err(call.invalid("[ObjectFormatName]: In")),
    };
    let new = NewRepository {
        path: name.to_owned(),
        visibility: if fields.flag("private") == Some(true) { Visibility::Private } else { Visibility::Public },
        description: description.to_owned(),
        default_branch: fields.text("default_branch").map(str::to_owned),
        object_format,
        auto_init: fields.flag("auto_init") == Some(true),
        settings: switches(&fields),
        ..NewRepository::default()
    };
    let site = Arc::clone(&call.site);
    let made = blocking(move || site.create_repository(owner, new, user)).await.map_err(|it| call.refuse(&it))?;
    Ok(created(&repository_json(&call.site, &call.site.world(), &made, &call.viewer)))
}

pub(super) async fn edit(call: Call, Path((owner, name)): Path<(String, String)>, body: JsonBody) -> Answer {
    let (user, repository) = call.administered(&owner, &name)?;
    let fields = call.fields(body)?;
    let text = |key: &str| fields.text(key).map(str::to_owned);
    let visibility = fields.flag("private").map(|it| if it { Visibility::Private } else { Visibility::Public });
    // A default branch that does not exist is passed over without a word.
    let mut default_branch = text("default_branch");
    if let Some(branch) = default_branch.clone() {
        let bare = call.site.bare(repository.id);
        let there = blocking(move || bare.branch(&branch)).await.ok().flatten().is_some();
        if !there && !repository.empty {
            default_branch = None;
        }
    }
    let patch = RepositoryPatch {
        path: text("name").filter(|it| !it.is_empty() && *it != repository.path),
        visibility,
        description: text("description"),
        homepage: text("website"),
        default_branch,
        archived: fields.flag("archived"),
        settings: switches(&fields),
        ..RepositoryPatch::default()
    };
    let site = Arc::clone(&call.site);
    let changed = blocking(move || site.update_repository(repository.id, patch, user)).await;
    let changed = changed.map_err(|error| match error {
        WorldError::NameTaken { path } => {
            let (owner, name) = path.split_once('/').unwrap_or_default();
            call.invalid(&format!("repository already exists [uname: {owner}, name: {name}]"))
        }
        other => call.refuse(&other),
    })?;
    let answer = one(&call, &changed);
    call.site.looked_at(changed.id).map_err(|it| call.refuse(&it))?;
    Ok(answer)
}

fn switches(fields: &Map<String, Value>) -> Map<String, Value> {
    let kept = SWITCHES.iter().filter_map(|key| Some(((*key).to_owned(), Value::Bool(fields.flag(key)?))));
    kept.collect()
}

pub(super) async fn delete(call: Call, Path((owner, name)): Path<(String, String)>) -> Answer {
    let user = call.signed(&[])?;
    // Forgejo asks for a scope of the owner's kind instead of the repository's.
    if call.forgejo() {
        let organization = call.site.world().account(&owner).is_some_and(|it| !it.is_user());
        call.scopes(&[if organization { "organization" } else { "user" }])?;
    } else {
        call.scopes(&["repository"])?;
    }
    let (repository, access) = call.visible_repository(&owner, &name)?;
    if !access.owner {
        let organization = !call.site.world().owner(&repository).is_user();
        return Err(call.forbidden(if organization {
            "Given user is not owner of organization."
        } else {
            "user should be the owner of the repo"
        }));
    }
    let site = Arc::clone(&call.site);
    blocking(move || site.delete_repository(repository.id, user)).await.map_err(|it| call.refuse(&it))?;
    Ok(done())
}

pub(super) async fn transfer(call: Call, Path((owner, name)): Path<(String, String)>, body: JsonBody) -> Answer {
    let (user, repository) = call.administered(&owner, &name)?;
    let fields = call.fields(body)?;
    let wanted = fields.text("new_owner").ok_or_else(|| call.invalid("[NewOwner]: Required"))?;
    let target = call.site.world().account(wanted).cloned();
    let text = "The new owner does not exist or cannot be found";
    let target = target.ok_or_else(|| call.fail(StatusCode::NOT_FOUND, text))?;
    let moved = call.site.transfer_repository(repository.id, target.id, user).map_err(|error| match error {
        WorldError::NameTaken { .. } => call.invalid("The new owner already has a repository of the same name"),
        other => call.refuse(&other),
    })?;
    let body = repository_json(&call.site, &call.site.world(), &moved, &call.viewer);
    Ok(answer(StatusCode::ACCEPTED, &body))
}
