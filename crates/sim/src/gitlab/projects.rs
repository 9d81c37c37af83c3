use serde_json::{Map, Value, json};

use super::call::{Call, accepted, created, ok};
use super::namespaces::find;
use super::refusal::{Answer, Refusal};
use super::view::{SWITCHES, WORDS, project_json, project_with_access_json};
use crate::dialect::Fields;
use crate::world::{Account, NewRepository, ObjectFormat, Repository, RepositoryPatch, Role, Visibility, WorldError};

/// GitLab's longest description.
const MAX_DESCRIPTION: usize = 2000;

/// `POST /projects`
pub(super) fn create(call: &Call) -> Answer {
    let user = call.user()?;
    let not_valid = || Refusal::field("namespace", "is not valid");
    let owner = match call.body.number("namespace_id") {
        None => user.clone(),
        Some(id) => {
            let world = call.site.world();
            let owner = world.account_of_namespace(id).ok_or_else(not_valid)?;
            if world.role_in_account(user.id, owner.id).is_none_or(|role| role < Role::Maintainer) {
                return Err(not_valid());
            }
            owner.clone()
        }
    };
    create_below(call, &owner, &user)
}

/// `POST /projects/user/{user_id}`: for administrators.
pub(super) fn create_for(call: &Call, id: &str) -> Answer {
    let user = call.user()?;
    if !user.admin {
        return Err(Refusal::forbidden());
    }
    let id: u64 = id.parse().map_err(|_| Refusal::parameter("user_id is invalid"))?;
    let owner = call.site.world().accounts.get(&id).filter(|it| it.is_user()).cloned();
    create_below(call, &owner.ok_or_else(|| Refusal::not_found("User"))?, &user)
}

fn create_below(call: &Call, owner: &Account, user: &Account) -> Answer {
    let body = &call.body;
    let (name, path) = match (body.text("name"), body.text("path")) {
        (None, None) => {
            return Err(Refusal::parameter("name, path are missing, at least one parameter must be provided"));
        }
        (Some(name), None) => (name.to_owned(), slug(name)),
        (None, Some(path)) => (path.to_owned(), path.to_owned()),
        (Some(name), Some(path)) => (name.to_owned(), path.to_owned()),
    };
    check_name(&name)?;
    let visibility = visibility(body)?.unwrap_or(Visibility::Private);
    check_visibility(call, owner, visibility)?;
    let object_format = match body.text("repository_object_format") {
        None | Some("sha1") => ObjectFormat::Sha1,
        Some("sha256") => ObjectFormat::Sha256,
        Some(_) => return Err(Refusal::parameter("repository_object_format does not have a valid value")),
    };
    let new = NewRepository {
        path,
        name: Some(name),
        visibility,
        description: description(body)?.unwrap_or_default(),
        default_branch: body.text("default_branch").map(str::to_owned),
        object_format,
        auto_init: body.flag("initialize_with_readme").unwrap_or(false),
        topics: topics(body).unwrap_or_default(),
        settings: settings(body),
        ..NewRepository::default()
    };
    let project = call.site.create_repository(owner.id, new, user.id)?;
    created(&project_json(&call.site, &call.site.world(), &project, &call.viewer))
}

/// `GET /projects/{id}`
pub(super) fn get(call: &Call, project: &Repository) -> Answer {
    ok(&project_with_access_json(&call.site, &call.site.world(), project, &call.viewer))
}

/// `PUT /projects/{id}`
pub(super) fn update(call: &Call, project: &Repository) -> Answer {
    let user = call.require_role(project, Role::Maintainer)?;
    let body = &call.body;
    let visibility = visibility(body)?;
    if let Some(visibility) = visibility.filter(|it| *it != project.visibility) {
        call.require_role(project, Role::Owner)?;
        let owner = call.site.world().owner(project).clone();
        check_visibility(call, &owner, visibility)?;
    }
    if let Some(name) = body.text("name") {
        check_name(name)?;
    }
    let patch = RepositoryPatch {
        path: body.text("path").map(str::to_owned),
        name: body.text("name").map(str::to_owned),
        visibility,
        description: description(body)?,
        default_branch: body.text("default_branch").map(str::to_owned),
        topics: topics(body),
        settings: settings(body),
        ..RepositoryPatch::default()
    };
    let project = call.site.update_repository(project.id, patch, user.id).map_err(|error| match error {
        WorldError::NoBranch(branch) => {
            Refusal::field("base", &format!("Could not change HEAD: branch '{branch}' does not exist"))
        }
        error => error.into(),
    })?;
    ok(&project_json(&call.site, &call.site.world(), &project, &call.viewer))
}

/// `DELETE /projects/{id}`: marks it, and removes it for good only when it is marked and named in full.
pub(super) fn delete(call: &Call, project: &Repository) -> Answer {
    let user = call.require_role(project, Role::Owner)?;
    let parameter = |name: &str| call.body.text(name).or_else(|| call.query.get(name));
    let permanently = call.body.flag("permanently_remove").or_else(|| call.query.flag("permanently_remove"));
    if permanently.unwrap_or(false) {
        if project.marked_for_deletion.is_none() {
            return Err(Refusal::bad("Project must be marked for deletion first."));
        }
        let full_path = call.site.world().full_path(project);
        if parameter("full_path") != Some(full_path.as_str()) {
            return Err(Refusal::bad("`full_path` is incorrect. You must enter the complete path for the project."));
        }
        call.site.delete_repository(project.id, user.id)?;
    } else if call.site.world().deletes_at_once {
        call.site.delete_repository(project.id, user.id)?;
    } else {
        if project.marked_for_deletion.is_some() {
            return Err(Refusal::bad("Project has been already marked for deletion"));
        }
        call.site.mark_for_deletion(project.id)?;
    }
    Ok(accepted())
}

/// `POST /projects/{id}/restore`
pub(super) fn restore(call: &Call, project: &Repository) -> Answer {
    call.require_role(project, Role::Owner)?;
    if project.marked_for_deletion.is_none() {
        return Err(Refusal::bad("Project has not been marked for deletion"));
    }
    let project = call.site.unmark_for_deletion(project.id)?;
    created(&project_json(&call.site, &call.site.world(), &project, &call.viewer))
}

/// `POST /projects/{id}/archive` and `/unarchive`
pub(super) fn archive(call: &Call, project: &Repository, archived: bool) -> Answer {
    let user = call.require_role(project, Role::Owner)?;
    let patch = RepositoryPatch { archived: Some(archived), ..RepositoryPatch::default() };
    let project = call.site.update_repository(project.id, patch, user.id)?;
    created(&project_json(&call.site, &call.site.world(), &project, &call.viewer))
}

/// `PUT /projects/{id}/transfer`
pub(super) fn transfer(call: &Call, project: &Repository) -> Answer {
    let user = call.require_role(project, Role::Owner)?;
    let namespace = match call.body.get("namespace") {
        Some(Value::String(path)) => path.clone(),
        Some(Value::Number(id)) => id.to_string(),
        _ => return Err(Refusal::parameter("namespace is missing")),
    };
    let world = call.site.world();
    let to = find(&world, &namespace).cloned().ok_or_else(|| Refusal::not_found("Namespace"))?;
    if world.role_in_account(user.id, to.id).is_none_or(|role| role < Role::Maintainer) {
        return Err(Refusal::bad("Transfer failed, please contact an admin."));
    }
    drop(world);
    let project = call.site.transfer_repository(project.id, to.id, user.id).map_err(|error| match error {
        WorldError::NameTaken { .. } => {
            Refusal::bad("Project with same name or path in target namespace already exists")
        }
        error => error.into(),
    })?;
    ok(&project_json(&call.site, &call.site.world(), &project, &call.viewer))
}

/// Makes a path of a name, as GitLab does when none is given.
fn slug(name: &str) -> String {
    let lower = name.to_lowercase();
    let dashed: String = lower.chars().map(|c| if c.is_ascii_alphanumeric() || c == '_' { c } else { '-' }).collect();
    dashed.split('-').filter(|part| !part.is_empty()).collect::<Vec<_>>().join("-")
}

fn check_name(name: &str) -> Result<(), Refusal> {
    let fits = |c: char| c.is_alphanumeric() || matches!(c, '_' | '.' | '+' | '-' | ' ') || !c.is_ascii();
    let first = name.chars().next().is_some_and(|c| c.is_alphanumeric() || c == '_' || !c.is_ascii());
    if first && name.chars().all(fits) && name.chars().count() <= 255 {
        return Ok(());
    }
    Err(Refusal::field(
        "name",
        "can contain only letters, digits, emoji, '_', '.', '+', dashes, or spaces. It must start with a letter, digit, emoji, or '_'.",
    ))
}

/// A project is never seen by more people than its group.
fn check_visibility(call: &Call, owner: &Account, visibility: Visibility) -> Result<(), Refusal> {
    let world = call.site.world();
    let mut next = Some(owner).filter(|it| !it.is_user());
    while let Some(group) = next {
        if visibility > group.visibility {
            let problem = format!("{} is not allowed in a {} group.", visibility.as_str(), group.visibility.as_str());
            return Err(Refusal::bad(json!({ "visibility_level": [problem] })));
        }
        next = group.parent.and_then(|id| world.accounts.get(&id));
    }
    Ok(())
}

fn visibility(body: &Map<String, Value>) -> Result<Option<Visibility>, Refusal> {
    let Some(word) = body.text("visibility") else { return Ok(None) };
    let parsed = Visibility::parse(word);
    parsed.map(Some).ok_or_else(|| Refusal::parameter("visibility does not have a valid value"))
}

fn description(body: &Map<String, Value>) -> Result<Option<String>, Refusal> {
    let Some(text) = body.get("description").map(|it| it.as_str().unwrap_or_default()) else { return Ok(None) };
    if text.chars().count() > MAX_DESCRIPTION {
        return Err(Refusal::field("description", &format!("is too long (maximum is {MAX_DESCRIPTION} characters)")));
    }
    Ok(Some(text.to_owned()))
}

fn topics(body: &Map<String, Value>) -> Option<Vec<String>> {
    let list = |name: &str| match body.get(name)? {
        Value::String(words) => {
            Some(words.split(',').map(str::trim).filter(|it| !it.is_empty()).map(str::to_owned).collect())
        }
        _ => body.texts(name),
    };
    list("topics").or_else(|| list("tag_list"))
}

fn settings(body: &Map<String, Value>) -> Map<String, Value> {
    let switches = SWITCHES.iter().filter_map(|(name, _)| Some(((*name).to_owned(), body.flag(name)?.into())));
    let words = WORDS.iter().filter_map(|(name, _)| Some(((*name).to_owned(), body.text(name)?.into())));
    switches.chain(words).collect()
}
