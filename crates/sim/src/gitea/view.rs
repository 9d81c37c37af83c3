//! The objects of the API.

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use crate::world::{
    Account, Comment, Commit, ContentType, Hook, Protection, Pull, PullState, PushRule, RefEntry, Repository,
    Signature, Viewer, Visibility, World,
};
use crate::{Kind, Site};

/// The time that stands for "never".
const NEVER: &str = "0001-01-01T00:00:00Z";

/// Returns a user, or an organisation seen as one.
pub(crate) fn account_json(site: &Site, _: &World, account: &Account) -> Value {
    let mut user = json!({
        "id": account.id, "login": account.path, "login_name": "", "source_id": 0, "full_name": "",
        "email": account.email, "avatar_url": format!("{}/avatars/{}", site.base_url(), account.id),
        "html_url": format!("{}/{}", site.base_url(), account.path), "language": "", "is_admin": account.admin,
        "last_login": NEVER, "created": account.created, "restricted": false, "active": true,
        "prohibit_login": false, "location": "", "website": "", "description": account.description,
        "visibility": visibility(account.visibility), "followers_count": 0, "following_count": 0,
        "starred_repos_count": 0, "username": account.path,
    });
    if site.kind() == Kind::Forgejo {
        user["pronouns"] = json!("");
    }
    user
}

pub(super) fn organization_json(site: &Site, account: &Account) -> Value {
    let mut organization = json!({
        "id": account.id, "name": account.path, "full_name": "", "email": account.email,
        "avatar_url": format!("{}/avatars/{}", site.base_url(), account.id), "description": account.description,
        "website": "", "location": "", "visibility": visibility(account.visibility),
        "repo_admin_change_team_access": false, "username": account.path,
    });
    if site.kind() == Kind::Forgejo {
        organization["created"] = json!(account.created);
    }
    organization
}

/// Accounts are public, limited (to those who are signed in) or private.
fn visibility(visibility: Visibility) -> &'static str {
    match visibility {
        Visibility::Public => "public",
        Visibility::Internal => "limited",
        Visibility::Private => "private",
    }
}

/// Returns a repository as a viewer sees it.
pub(crate) fn repository_json(site: &Site, world: &World, it: &Repository, viewer: &Viewer) -> Value {
    let owner = world.owner(it);
    let path = world.full_path(it);
    let (html, api) = (format!("{}/{path}", site.base_url()), format!("{}/repos/{path}", site.api_url()));
    let access = world.access(viewer, it);
    let setting = |key: &str, usual: bool| it.settings.get(key).and_then(Value::as_bool).unwrap_or(usual);
    let open = world.pulls_of(it.id).filter(|pull| pull.state == PullState::Open).count();
    let archived_at = if it.archived { it.updated } else { Timestamp::UNIX_EPOCH };
    let mut repository = json!({
        "id": it.id, "owner": account_json(site, world, owner), "name": it.path, "full_name": path,
        "description": it.description, "empty": it.empty, "private": it.visibility != Visibility::Public,
        "fork": it.fork_of.is_some(), "template": setting("template", false), "mirror": setting("mirror", false), "size": 24, "language": "",
        "languages_url": format!("{api}/languages"), "html_url": html, "url": api, "link": "",
        "ssh_url": site.ssh_url(&path), "clone_url": site.clone_url(&path), "original_url": "",
        "website": it.homepage, "stars_count": 0, "forks_count": 0, "watchers_count": 1, "open_issues_count": 0,
        "open_pr_counter": open, "release_counter": 0, "default_branch": it.default_branch,
        "archived": it.archived, "created_at": it.created, "updated_at": it.updated, "archived_at": archived_at,
        // Whether the code can be had is told by these alone.
        "permissions": {
            "admin": access.admin, "push": access.write && !it.disabled, "pull": access.read && !it.disabled,
        },
        "has_issues": setting("has_issues", true),
        "internal_tracker": {
            "enable_time_tracker": true, "allow_only_contributors_to_track_time": true,
            "enable_issue_dependencies": true,
        },
        "has_wiki": setting("has_wiki", true), "has_pull_requests": setting("has_pull_requests", true),
        "has_projects": setting("has_projects", true), "has_releases": setting("has_releases", true),
        "has_packages": setting("has_packages", true), "has_actions": setting("has_actions", true),
        "ignore_whitespace_conflicts": false, "allow_merge_commits": true, "allow_rebase": true,
        "allow_rebase_explicit": true, "allow_squash_merge": true, "allow_fast_forward_only_merge": true,
        "allow_rebase_update": true, "default_delete_branch_after_merge": false, "default_merge_style": "merge",
        "default_allow_maintainer_edit": false, "avatar_url": "",
        "internal": it.visibility == Visibility::Internal, "mirror_interval": "",
        "object_format_name": it.object_format.as_str(), "mirror_updated": NEVER, "topics": it.topics,
    });
    let more = if site.kind() == Kind::Forgejo {
        json!({
            "parent": null, "has_wiki_contents": false, "wiki_branch": "main",
            "wiki_ssh_url": site.ssh_url(&format!("{path}.wiki")), "wiki_clone_url": format!("{html}.wiki.git"),
            "globally_editable_wiki": false, "default_update_style": "merge", "repo_transfer": null,
        })
    } else {
        json!({
            // The server knows the field and never fills it.
            "has_code": false, "projects_mode": "all", "allow_manual_merge": false, "autodetect_manual_merge": false,
            "licenses": null,
        })
    };
    extend(&mut repository, more);
    repository
}

pub(super) fn extend(object: &mut Value, more: Value) {
    if let (Value::Object(object), Value::Object(more)) = (object, more) {
        object.extend(more);
    }
}

pub(super) fn commit_json(base: &str, commit: &Commit) -> Value {
    let person = |it: &Signature| json!({ "name": it.name, "email": it.email, "username": "" });
    json!({
        "id": commit.oid, "message": commit.message, "url": format!("{base}/commit/{}", commit.oid),
        "author": person(&commit.author), "committer": person(&commit.committer),
        "verification": {
            "verified": false, "reason": "gpg.error.not_signed_commit", "signature": "", "signer": null,
            "payload": "",
        },
        "timestamp": commit.committer.time, "added": null, "removed": null, "modified": null,
    })
}

pub(super) fn branch_json(base: &str, it: &Repository, name: &str, commit: &Commit, viewer_can_push: bool) -> Value {
    let rule = it.protection(name);
    json!({
        "name": name, "commit": commit_json(base, commit), "protected": rule.is_some(), "required_approvals": 0,
        "enable_status_check": false, "status_check_contexts": [],
        "user_can_push": viewer_can_push && rule.is_none_or(|rule| rule.push != PushRule::Nobody),
        "user_can_merge": viewer_can_push,
        "effective_branch_protection_name": rule.map(|rule| rule.pattern.as_str()).unwrap_or_default(),
    })
}

pub(super) fn reference_json(site: &Site, path: &str, entry: &RefEntry) -> Value {
    let api = format!("{}/repos/{path}/git", site.api_url());
    json!({
        "ref": entry.name, "url": format!("{api}/{}", entry.name),
        "object": { "type": entry.kind, "sha": entry.oid, "url": format!("{api}/{}s/{}", entry.kind, entry.oid) },
    })
}

pub(super) fn protection_json(site: &Site, world: &World, rule: &Protection) -> Value {
    let (names, limited) = match &rule.push {
        PushRule::Users(users) => {
            let names = users.iter().filter_map(|id| world.accounts.get(id)).map(|it| it.path.clone());
            (names.collect::<Vec<_>>(), true)
        }
        PushRule::Nobody | PushRule::Role(_) => (Vec::new(), false),
    };
    let mut object = json!({
        "branch_name": if rule.pattern.contains('*') { "" } else { rule.pattern.as_str() },
        "rule_name": rule.pattern, "enable_push": rule.push != PushRule::Nobody, "enable_push_whitelist": limited,
        "push_whitelist_usernames": names, "push_whitelist_teams": [], "push_whitelist_deploy_keys": false,
        "enable_merge_whitelist": false, "merge_whitelist_usernames": [], "merge_whitelist_teams": [],
        "enable_status_check": false, "status_check_contexts": [], "required_approvals": 0,
        "enable_approvals_whitelist": false, "approvals_whitelist_username": [], "approvals_whitelist_teams": [],
        "block_on_rejected_reviews": false, "block_on_official_review_requests": false,
        "block_on_outdated_branch": false, "dismiss_stale_approvals": false, "ignore_stale_approvals": false,
        "require_signed_commits": false, "protected_file_patterns": "", "unprotected_file_patterns": "",
        "created_at": rule.created, "updated_at": rule.updated,
    });
    let more = if site.kind() == Kind::Forgejo {
        json!({ "apply_to_admins": rule.admins_included })
    } else {
        json!({
            "enable_force_push": rule.force_push, "enable_force_push_allowlist": false,
            "force_push_allowlist_usernames": [], "force_push_allowlist_teams": [],
            "force_push_allowlist_deploy_keys": false, "block_admin_merge_override": false, "priority": rule.id,
        })
    };
    extend(&mut object, more);
    // What was sent and means nothing here is given back as it came.
    let kept: Map<String, Value> = rule
        .settings
        .iter()
        .filter(|(key, _)| object.get(*key).is_some())
        .map(|(k, v)| (k.clone(), v.clone()))
        .collect();
    extend(&mut object, Value::Object(kept));
    object
}

pub(super) fn hook_json(site: &Site, hook: &Hook) -> Value {
    let kind = if hook.content_type == ContentType::Form { "form" } else { "json" };
    let mut object = json!({
        "id": hook.id, "type": hook.flavour, "branch_filter": hook.branch_filter,
        "config": { "content_type": kind, "url": hook.url }, "events": hook.events,
        "authorization_header": hook.authorization_header.clone().unwrap_or_default(), "active": hook.active,
        "updated_at": hook.updated, "created_at": hook.created,
    });
    if site.kind() == Kind::Forgejo {
        extend(&mut object, json!({ "url": hook.url, "content_type": kind, "metadata": null }));
    }
    object
}

/// Returns a pull request as a viewer sees it.
pub(crate) fn pull_json(site: &Site, world: &World, pull: &Pull, viewer: &Viewer) -> Value {
    let Some(it) = world.repositories.get(&pull.repository) else { return Value::Null };
    let path = world.full_path(it);
    let html = format!("{}/{path}/pulls/{}", site.base_url(), pull.number);
    let repository = repository_json(site, world, it, viewer);
    let user = |id: u64| world.accounts.get(&id).map(|it| account_json(site, world, it));
    let end =
        |name: &str, oid: &str| json!({ "label": name, "ref": name, "sha": oid, "repo_id": it.id, "repo": repository });
    let merged = pull.state == PullState::Merged;
    let comments = world.comments.values().filter(|it| it.repository == pull.repository && it.pull == pull.number);
    let mut object = json!({
        "id": pull.id, "url": html, "number": pull.number, "user": user(pull.author), "title": pull.title,
        "body": pull.body, "labels": labels(pull), "milestone": null, "assignee": null, "assignees": null,
        "requested_reviewers": null, "requested_reviewers_teams": null,
        "state": if pull.state == PullState::Open { "open" } else { "closed" }, "draft": pull.draft,
        "is_locked": false, "comments": comments.count(), "review_comments": 0, "additions": 0, "deletions": 0,
        "changed_files": 0, "html_url": html, "diff_url": format!("{html}.diff"),
        "patch_url": format!("{html}.patch"), "mergeable": pull.state == PullState::Open, "merged": merged,
        "merged_at": pull.merged, "merge_commit_sha": pull.merge_oid,
        "merged_by": pull.merged_by.filter(|_| merged).and_then(user), "allow_maintainer_edit": false,
        "base": end(&pull.base, &pull.base_oid), "head": end(&pull.head, &pull.head_oid),
        "merge_base": pull.base_oid, "due_date": null, "created_at": pull.created, "updated_at": pull.updated,
        "closed_at": pull.closed, "pin_order": 0,
    });
    if site.kind() == Kind::Forgejo {
        object["flow"] = json!(0);
    }
    object
}

fn labels(pull: &Pull) -> Vec<Value> {
    let label = |name: &String| {
        json!({ "id": 0, "name": name, "exclusive": false, "is_archived": false, "color": "cccccc",
                "description": "", "url": "" })
    };
    pull.labels.iter().map(label).collect()
}

pub(super) fn comment_json(site: &Site, world: &World, comment: &Comment) -> Value {
    let Some(it) = world.repositories.get(&comment.repository) else { return Value::Null };
    let pull = format!("{}/{}/pulls/{}", site.base_url(), world.full_path(it), comment.pull);
    let user = world.accounts.get(&comment.author).map(|it| account_json(site, world, it));
    json!({
        "id": comment.id, "html_url": format!("{pull}#issuecomment-{}", comment.id), "pull_request_url": pull,
        "issue_url": "", "user": user, "original_author": "", "original_author_id": 0, "body": comment.body,
        "assets": [], "created_at": comment.created, "updated_at": comment.updated,
    })
}
