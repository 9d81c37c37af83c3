use serde_json::{Value, json};

use super::node_id;
use crate::Site;
use crate::world::{Account, Visibility, World};

/// Returns a user or organisation as it stands inside other objects.
pub(crate) fn account_json(site: &Site, _: &World, account: &Account) -> Value {
    let url = format!("{}/users/{}", site.api_url(), account.path);
    let kind = if account.is_user() { "User" } else { "Organization" };
    json!({
        "login": account.path,
        "id": account.id,
        "node_id": node_id(kind, account.id),
        "avatar_url": format!("{}/avatars/u/{}?v=4", site.base_url(), account.id),
        "gravatar_id": "",
        "url": url,
        "html_url": format!("{}/{}", site.base_url(), account.path),
        "followers_url": format!("{url}/followers"),
        "following_url": format!("{url}/following{{/other_user}}"),
        "gists_url": format!("{url}/gists{{/gist_id}}"),
        "starred_url": format!("{url}/starred{{/owner}}{{/repo}}"),
        "subscriptions_url": format!("{url}/subscriptions"),
        "organizations_url": format!("{url}/orgs"),
        "repos_url": format!("{url}/repos"),
        "events_url": format!("{url}/events{{/privacy}}"),
        "received_events_url": format!("{url}/received_events"),
        "type": kind,
        "user_view_type": "public",
        "site_admin": account.admin,
    })
}

/// Returns a user's or organisation's profile; `private` adds what only the user sees.
pub(in crate::github) fn user_profile(site: &Site, world: &World, account: &Account, private: bool) -> Value {
    let mut body = account_json(site, world, account);
    let public = world.repositories_of(account.id).filter(|it| it.visibility == Visibility::Public).count();
    let hidden = world.repositories_of(account.id).count() - public;
    extend(
        &mut body,
        json!({
            "name": account.name,
            "company": null,
            "blog": "",
            "location": null,
            "email": account.email,
            "hireable": null,
            "bio": if account.description.is_empty() { Value::Null } else { account.description.as_str().into() },
            "twitter_username": null,
            "public_repos": public,
            "public_gists": 0,
            "followers": 0,
            "following": 0,
            "created_at": account.created.to_string(),
            "updated_at": account.created.to_string(),
        }),
    );
    if private {
        body["user_view_type"] = "private".into();
        extend(
            &mut body,
            json!({
                "private_gists": 0,
                "total_private_repos": hidden,
                "owned_private_repos": hidden,
                "disk_usage": 0,
                "collaborators": 0,
                "two_factor_authentication": true,
                "plan": { "name": "enterprise", "space": 976_562_499, "collaborators": 0, "private_repos": 999_999 },
            }),
        );
    }
    body
}

/// Returns an organisation as lists show it.
pub(in crate::github) fn organization_simple(site: &Site, account: &Account) -> Value {
    let url = format!("{}/orgs/{}", site.api_url(), account.path);
    json!({
        "login": account.path,
        "id": account.id,
        "node_id": node_id("Organization", account.id),
        "url": url,
        "repos_url": format!("{url}/repos"),
        "events_url": format!("{url}/events"),
        "hooks_url": format!("{url}/hooks"),
        "issues_url": format!("{url}/issues"),
        "members_url": format!("{url}/members{{/member}}"),
        "public_members_url": format!("{url}/public_members{{/member}}"),
        "avatar_url": format!("{}/avatars/u/{}?v=4", site.base_url(), account.id),
        "description": account.description,
    })
}

/// Returns an organisation; `full` adds what only its owners see.
pub(in crate::github) fn organization(site: &Site, world: &World, account: &Account, full: bool) -> Value {
    let mut body = organization_simple(site, account);
    let public = world.repositories_of(account.id).filter(|it| it.visibility == Visibility::Public).count();
    extend(
        &mut body,
        json!({
            "name": account.name,
            "company": null,
            "blog": "",
            "location": null,
            "email": account.email,
            "twitter_username": null,
            "is_verified": false,
            "has_organization_projects": true,
            "has_repository_projects": true,
            "public_repos": public,
            "public_gists": 0,
            "followers": 0,
            "following": 0,
            "html_url": format!("{}/{}", site.base_url(), account.path),
            "created_at": account.created.to_string(),
            "updated_at": account.created.to_string(),
            "archived_at": null,
            "type": "Organization",
        }),
    );
    if full {
        let hidden = world.repositories_of(account.id).count() - public;
        extend(
            &mut body,
            json!({
                "total_private_repos": hidden,
                "owned_private_repos": hidden,
                "private_gists": 0,
                "disk_usage": 0,
                "collaborators": 0,
                "billing_email": account.email,
                "default_repository_permission": "read",
                "default_repository_branch": "main",
                "members_can_create_repositories": true,
                "members_can_create_public_repositories": true,
                "members_can_create_private_repositories": true,
                "members_can_create_internal_repositories": true,
                "members_allowed_repository_creation_type": "all",
                "members_can_delete_repositories": true,
                "members_can_change_repo_visibility": true,
                "members_can_fork_private_repositories": false,
                "two_factor_requirement_enabled": false,
                "web_commit_signoff_required": false,
                "plan": { "name": "enterprise", "space": 976_562_499, "private_repos": 999_999, "filled_seats": account.members.len(), "seats": 1000 },
            }),
        );
    }
    body
}

/// Adds the fields of one object to another.
pub(super) fn extend(body: &mut Value, more: Value) {
    if let (Value::Object(body), Value::Object(more)) = (body, more) {
        body.extend(more);
    }
}
