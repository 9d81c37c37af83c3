use serde_json::{Value, json};

use super::call::{Call, ok};
use super::refusal::{Answer, Refusal};
use super::view::{own_profile, public_profile, time, user_basic};
use crate::world::Account;

/// The scopes that a token with all of them shows.
const ALL_SCOPES: &[&str] =
    &["api", "read_api", "read_user", "read_repository", "write_repository", "read_registry", "write_registry"];

/// `GET /user`
pub(super) fn own(call: &Call) -> Answer {
    ok(&own_profile(&call.site, &call.user()?))
}

/// `GET /users`
pub(super) fn list(call: &Call) -> Answer {
    let query = &call.query;
    let world = call.site.world();
    let fits = |it: &&Account| {
        it.is_user()
            && query.get("username").is_none_or(|name| it.path.eq_ignore_ascii_case(name))
            && query.get("search").is_none_or(|word| it.path.contains(word) || it.name.contains(word))
    };
    if call.viewer.user().is_none() && query.get("username").is_none() {
        // Nobody in particular may look one up, but not list all.
        return Err(Refusal::forbidden());
    }
    let mut users: Vec<Account> = world.accounts.values().filter(fits).cloned().collect();
    users.reverse();
    call.list(users, |it| user_basic(&call.site, it))
}

/// `GET /users/{id}`
pub(super) fn get(call: &Call, id: &str) -> Answer {
    let missing = || Refusal::not_found("User");
    let id: u64 = id.parse().map_err(|_| Refusal::parameter("id is invalid"))?;
    let world = call.site.world();
    let user = world.accounts.get(&id).filter(|it| it.is_user()).ok_or_else(missing)?;
    ok(&public_profile(&call.site, user))
}

/// `GET /personal_access_tokens/self`
pub(super) fn own_token(call: &Call) -> Answer {
    let token = call.viewer.token.as_ref().ok_or_else(Refusal::unauthorized)?;
    let scopes: Vec<&str> = if token.scopes.contains("*") {
        ALL_SCOPES.to_vec()
    } else {
        token.scopes.iter().map(String::as_str).collect()
    };
    ok(&json!({
        "id": token.id,
        "name": token.name,
        "revoked": token.revoked,
        "created_at": time(token.created),
        "description": null,
        "scopes": scopes,
        "user_id": token.user,
        "last_used_at": Value::Null,
        "active": !token.revoked,
        "expires_at": Value::Null,
    }))
}
