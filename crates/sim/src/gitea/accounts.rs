use axum::extract::Path;
use http::StatusCode;
use serde_json::{Value, json};

use super::call::{Answer, Call, created, ok};
use super::view::{account_json, organization_json};
use crate::dialect::{Fields, JsonBody};
use crate::world::{Role, Visibility, WorldError};

pub(super) async fn me(call: Call) -> Answer {
    let user = call.signed(&["user"])?;
    let world = call.site.world();
    let user = world.accounts.get(&user).ok_or_else(|| call.not_found())?;
    Ok(ok(&account_json(&call.site, &world, user)))
}

pub(super) async fn user(call: Call, Path(name): Path<String>) -> Answer {
    call.scopes(&["user"])?;
    let account = call.account(&name)?;
    Ok(ok(&account_json(&call.site, &call.site.world(), &account)))
}

pub(super) async fn org(call: Call, Path(org): Path<String>) -> Answer {
    call.scopes(&["organization"])?;
    let account = call.organization(&org)?;
    Ok(ok(&organization_json(&call.site, &account)))
}

pub(super) async fn create_org(call: Call, body: JsonBody) -> Answer {
    let user = call.signed(&["organization"])?;
    let fields = call.fields(body)?;
    let name =
        fields.text("username").filter(|it| !it.is_empty()).ok_or_else(|| call.invalid("[UserName]: Required"))?;
    let owner = call.site.world().accounts.get(&user).map(|it| it.path.clone()).ok_or_else(|| call.not_found())?;
    let mut org = call.site.org(name, &owner).map_err(|error| match error {
        WorldError::NameTaken { .. } => {
            call.fail(StatusCode::UNPROCESSABLE_ENTITY, &format!("user already exists [name: {name}]"))
        }
        other => call.refuse(&other),
    })?;
    org.visibility = match fields.text("visibility") {
        Some("limited") => Visibility::Internal,
        Some("private") => Visibility::Private,
        _ => Visibility::Public,
    };
    call.site.world().accounts.insert(org.id, org.clone());
    Ok(created(&organization_json(&call.site, &org)))
}

pub(super) async fn my_orgs(call: Call) -> Answer {
    let user = call.signed(&["user", "organization"])?;
    Ok(orgs(&call, user))
}

pub(super) async fn orgs_of(call: Call, Path(name): Path<String>) -> Answer {
    call.scopes(&["user", "organization"])?;
    let account = call.account(&name)?;
    Ok(orgs(&call, account.id))
}

fn orgs(call: &Call, user: u64) -> axum::response::Response {
    let world = call.site.world();
    let all: Vec<Value> = world
        .accounts
        .values()
        .filter(|it| !it.is_user() && it.members.contains_key(&user) && world.can_see_account(&call.viewer, it))
        .map(|it| organization_json(&call.site, it))
        .collect();
    let total = all.len();
    call.listing(call.page().cut(all), total, true)
}

pub(super) async fn permissions(call: Call, Path((name, org)): Path<(String, String)>) -> Answer {
    call.signed(&["user", "organization"])?;
    let (user, org) = (call.account(&name)?, call.organization(&org)?);
    let role = call.site.world().role_in_account(user.id, org.id);
    let least = |least| role.is_some_and(|role| role >= least);
    Ok(ok(&json!({
        "is_owner": least(Role::Owner), "is_admin": least(Role::Maintainer), "can_write": least(Role::Developer),
        "can_read": least(Role::Reporter), "can_create_repository": least(Role::Maintainer),
    })))
}
