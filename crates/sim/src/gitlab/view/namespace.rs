use serde_json::{Value, json};

use super::{extend, time};
use crate::Site;
use crate::world::{Account, Viewer, World};

/// Returns a namespace as it stands inside projects.
pub(in crate::gitlab) fn namespace_basic(site: &Site, account: &Account) -> Value {
    let web_path = if account.is_user() { account.path.clone() } else { format!("groups/{}", account.path) };
    json!({
        "id": account.namespace_id,
        "name": account.name,
        "path": account.leaf(),
        "kind": if account.is_user() { "user" } else { "group" },
        "full_path": account.path,
        "parent_id": account.parent,
        "avatar_url": null,
        "web_url": format!("{}/{web_path}", site.base_url()),
    })
}

/// Returns a namespace.
pub(in crate::gitlab) fn namespace_json(site: &Site, world: &World, account: &Account, viewer: &Viewer) -> Value {
    let mut body = namespace_basic(site, account);
    let own = viewer.user().and_then(|user| world.role_in_account(user, account.id));
    if own == Some(crate::world::Role::Owner) && !account.is_user() {
        body["members_count_with_descendants"] = account.members.len().into();
        body["root_repository_size"] = 0.into();
        body["projects_count"] = world.repositories_of(account.id).count().into();
    }
    extend(&mut body, json!({ "plan": "default", "trial": false, "trial_ends_on": null, "end_date": null }));
    body
}

/// Returns a group.
pub(in crate::gitlab) fn group_json(site: &Site, world: &World, group: &Account) -> Value {
    let mut names = vec![group.name.as_str()];
    let mut next = group.parent;
    while let Some(parent) = next.and_then(|id| world.accounts.get(&id)) {
        names.push(&parent.name);
        next = parent.parent;
    }
    names.reverse();
    json!({
        "id": group.id,
        "web_url": format!("{}/groups/{}", site.base_url(), group.path),
        "name": group.name,
        "path": group.leaf(),
        "description": group.description,
        "visibility": group.visibility.as_str(),
        "share_with_group_lock": false,
        "require_two_factor_authentication": false,
        "two_factor_grace_period": 48,
        "project_creation_level": "maintainer",
        "auto_devops_enabled": null,
        "subgroup_creation_level": "maintainer",
        "emails_disabled": false,
        "emails_enabled": true,
        "mentions_disabled": null,
        "lfs_enabled": true,
        "archived": false,
        "default_branch": null,
        "default_branch_protection": 2,
        "avatar_url": null,
        "request_access_enabled": true,
        "full_name": names.join(" / "),
        "full_path": group.path,
        "created_at": time(group.created),
        "parent_id": group.parent,
        "organization_id": 1,
        "shared_runners_setting": "enabled",
        "ldap_cn": null,
        "ldap_access": null,
        "wiki_access_level": "enabled",
        "marked_for_deletion_on": null,
    })
}
