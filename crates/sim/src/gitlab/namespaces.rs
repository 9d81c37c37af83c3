use serde_json::{Value, json};

use super::call::{Call, ok};
use super::refusal::{Answer, Refusal};
use super::view::namespace_json;
use crate::world::{Account, World};

/// `GET /namespaces`: the own one, and the groups that the user is a member of.
pub(super) fn list(call: &Call) -> Answer {
    let user = call.user()?;
    let query = &call.query;
    let world = call.site.world();
    let fits = |it: &&Account| {
        seen(&world, &user, it)
            && query.get("search").is_none_or(|word| it.path.to_lowercase().contains(&word.to_lowercase()))
            && (!query.flag("top_level_only").unwrap_or(false) || it.parent.is_none())
    };
    let found: Vec<Account> = world.accounts.values().filter(fits).cloned().collect();
    call.list(found, |it| namespace_json(&call.site, &world, it, &call.viewer))
}

/// `GET /namespaces/{id}`
pub(super) fn get(call: &Call, id: &str) -> Answer {
    let user = call.user()?;
    let world = call.site.world();
    let found = find(&world, id).filter(|it| seen(&world, &user, it));
    let found = found.ok_or_else(|| Refusal::not_found("Namespace"))?;
    ok(&namespace_json(&call.site, &world, found, &call.viewer))
}

/// `GET /namespaces/{id}/exists`
pub(super) fn exists(call: &Call, path: &str) -> Answer {
    call.user()?;
    let world = call.site.world();
    let parent = call.query.number("parent_id").and_then(|id| world.accounts.get(&id));
    let full_path = parent.map_or_else(|| path.to_owned(), |parent| format!("{}/{path}", parent.path));
    let exists = world.account(&full_path).is_some();
    let suggests = if exists {
        let free = (1u32..).map(|n| format!("{path}{n}")).find(|it| world.account(it).is_none());
        free.into_iter().map(Value::from).collect()
    } else {
        Vec::new()
    };
    ok(&json!({ "exists": exists, "suggests": suggests }))
}

/// Returns the namespace of this id or path.
pub(super) fn find<'a>(world: &'a World, id: &str) -> Option<&'a Account> {
    match id.parse() {
        Ok(id) => world.account_of_namespace(id),
        Err(_) => world.account(id),
    }
}

fn seen(world: &World, user: &Account, account: &Account) -> bool {
    world.role_in_account(user.id, account.id).is_some()
}
