use serde_json::json;

use super::call::{Call, ok};
use super::refusal::{Answer, Refusal};
use super::scope::Need;
use super::view::{account_json, organization, organization_simple, user_profile};
use crate::world::{Account, Repository, Role, Visibility};

/// `GET /user`
pub(super) fn own(call: &Call) -> Answer {
    let user = call.user()?;
    ok(&user_profile(&call.site, &call.site.world(), &user, call.viewer.has_any(&["user", "read:user"])))
}

/// `GET /users/{username}`, which answers for organisations too.
pub(super) fn user(call: &Call, login: &str) -> Answer {
    let world = call.site.world();
    let account = world.account(login).ok_or_else(Refusal::not_found)?;
    ok(&user_profile(&call.site, &world, account, false))
}

/// `GET /user/{account_id}`
pub(super) fn user_by_id(call: &Call, id: &str) -> Answer {
    let account = by_id(call, id)?;
    ok(&user_profile(&call.site, &call.site.world(), &account, false))
}

/// `GET /orgs/{org}`
pub(super) fn org(call: &Call, name: &str) -> Answer {
    show_org(call, &find_org(call, name)?)
}

/// `GET /organizations/{id}`
pub(super) fn org_by_id(call: &Call, id: &str) -> Answer {
    let account = by_id(call, id)?;
    if account.is_user() { Err(Refusal::not_found()) } else { show_org(call, &account) }
}

/// `GET /user/orgs`
pub(super) fn own_orgs(call: &Call) -> Answer {
    let user = call.user()?;
    call.accepted.set(Need::READ_ORGS.accepted);
    if !Need::READ_ORGS.met(&call.viewer, None) {
        return Err(Refusal::forbidden("You need at least read:org scope or user scope to list your organizations."));
    }
    let orgs = orgs_of(call, &user);
    call.list("/user/orgs", orgs, |(org, _)| organization_simple(&call.site, org))
}

/// `GET /user/memberships/orgs`
pub(super) fn own_memberships(call: &Call) -> Answer {
    let user = call.user()?;
    call.require(Need::READ_ORGS, None)?;
    let me = account_json(&call.site, &call.site.world(), &user);
    let orgs = orgs_of(call, &user);
    call.list("/user/memberships/orgs", orgs, |(org, role)| {
        let api = call.site.api_url();
        json!({
            "url": format!("{api}/orgs/{}/memberships/{}", org.path, user.path),
            "state": "active",
            "role": if *role == Role::Owner { "admin" } else { "member" },
            "organization_url": format!("{api}/orgs/{}", org.path),
            "direct_membership": true,
            "organization": organization_simple(&call.site, org),
            "user": me,
        })
    })
}

/// `GET /repos/{owner}/{repo}/collaborators/{username}/permission`
pub(super) fn permission(call: &Call, repository: &Repository, login: &str) -> Answer {
    call.user()?;
    let world = call.site.world();
    if !world.access(&call.viewer, repository).write {
        return Err(Refusal::forbidden("Must have push access to view collaborator permission."));
    }
    let user = world.account(login).filter(|it| it.is_user()).ok_or_else(Refusal::not_found)?;
    let (permission, role_name) = match world.role(user.id, repository) {
        Some(Role::Owner) => ("admin", "admin"),
        // The old field knows only three steps.
        Some(Role::Maintainer) => ("write", "maintain"),
        Some(Role::Developer) => ("write", "write"),
        Some(Role::Reporter | Role::Guest) => ("read", "read"),
        None if repository.visibility == Visibility::Public => ("read", "read"),
        None => ("none", ""),
    };
    let mut user = account_json(&call.site, &world, user);
    user["role_name"] = role_name.into();
    ok(&json!({ "permission": permission, "role_name": role_name, "user": user }))
}

/// Returns the organisation of this name.
pub(super) fn find_org(call: &Call, name: &str) -> Result<Account, Refusal> {
    let world = call.site.world();
    world.account(name).filter(|it| !it.is_user()).cloned().ok_or_else(Refusal::not_found)
}

/// Returns the account of this id.
pub(super) fn by_id(call: &Call, id: &str) -> Result<Account, Refusal> {
    let id: u64 = id.parse().map_err(|_| Refusal::not_found())?;
    call.site.world().accounts.get(&id).cloned().ok_or_else(Refusal::not_found)
}

fn show_org(call: &Call, org: &Account) -> Answer {
    let world = call.site.world();
    let owner = call.viewer.user().and_then(|user| world.role_in_account(user, org.id)) == Some(Role::Owner);
    let full = owner && call.viewer.has_any(&["admin:org", "organization_administration:read"]);
    ok(&organization(&call.site, &world, org, full))
}

fn orgs_of(call: &Call, user: &Account) -> Vec<(Account, Role)> {
    let world = call.site.world();
    let orgs = world.accounts.values().filter(|it| !it.is_user());
    orgs.filter_map(|it| Some((it.clone(), *it.members.get(&user.id)?))).collect()
}
