use serde_json::{Value, json};

use super::account::extend;
use super::{account_json, node_id, repo_url, repository_json};
use crate::Site;
use crate::world::{Comment, Pull, PullState, Repository, Role, Viewer, World};

/// What a pull request's numbers are, which only git can count.
#[derive(Clone, Copy, Debug, Default)]
pub(in crate::github) struct PullFacts {
    pub(in crate::github) commits: u64,
    pub(in crate::github) changed_files: u64,
    /// `None` while GitHub still works it out.
    pub(in crate::github) mergeable: Option<bool>,
}

/// Returns a pull request as lists show it.
pub(in crate::github) fn pull_simple(
    site: &Site,
    world: &World,
    repository: &Repository,
    pull: &Pull,
    viewer: &Viewer,
) -> Value {
    let url = repo_url(site, world, repository);
    let (pull_url, issue_url) = (format!("{url}/pulls/{}", pull.number), format!("{url}/issues/{}", pull.number));
    let html_url = format!("{}/{}/pull/{}", site.base_url(), world.full_path(repository), pull.number);
    let owner = world.owner(repository);
    let repo = repository_json(site, world, repository, viewer);
    let end = |branch: &str, oid: &str| {
        json!({
            "label": format!("{}:{branch}", owner.path),
            "ref": branch,
            "sha": oid,
            "user": account_json(site, world, owner),
            "repo": repo,
        })
    };
    let href = |url: String| json!({ "href": url });
    let labels: Vec<Value> = pull
        .labels
        .iter()
        .enumerate()
        .map(|(index, name)| {
            json!({
                "id": pull.id * 1000 + index as u64, "node_id": node_id("Label", name), "url": format!("{url}/labels/{name}"),
                "name": name, "description": null, "color": "ededed", "default": false,
            })
        })
        .collect();
    let comments_url = format!("{issue_url}/comments");
    let statuses_url = format!("{url}/statuses/{}", pull.head_oid);
    json!({
        "url": pull_url,
        "id": pull.id,
        "node_id": node_id("PullRequest", pull.id),
        "html_url": html_url,
        "diff_url": format!("{html_url}.diff"),
        "patch_url": format!("{html_url}.patch"),
        "issue_url": issue_url,
        "number": pull.number,
        "state": if pull.state == PullState::Open { "open" } else { "closed" },
        "locked": false,
        "title": pull.title,
        "user": user(site, world, pull.author),
        "body": if pull.body.is_empty() { Value::Null } else { pull.body.as_str().into() },
        "created_at": pull.created.to_string(),
        "updated_at": pull.updated.to_string(),
        "closed_at": pull.closed.map(|it| it.to_string()),
        "merged_at": pull.merged.map(|it| it.to_string()),
        "merge_commit_sha": pull.merge_oid,
        "assignee": null,
        "assignees": [],
        "requested_reviewers": [],
        "requested_teams": [],
        "labels": labels,
        "milestone": null,
        "draft": pull.draft,
        "commits_url": format!("{pull_url}/commits"),
        "review_comments_url": format!("{pull_url}/comments"),
        "review_comment_url": format!("{url}/pulls/comments{{/number}}"),
        "comments_url": comments_url,
        "statuses_url": statuses_url,
        "head": end(&pull.head, &pull.head_oid),
        "base": end(&pull.base, &pull.base_oid),
        "_links": {
            "self": href(pull_url.clone()),
            "html": href(html_url.clone()),
            "issue": href(issue_url.clone()),
            "comments": href(comments_url.clone()),
            "review_comments": href(format!("{pull_url}/comments")),
            "review_comment": href(format!("{url}/pulls/comments{{/number}}")),
            "commits": href(format!("{pull_url}/commits")),
            "statuses": href(statuses_url.clone()),
        },
        "author_association": association(world, repository, pull.author),
        "auto_merge": null,
        "active_lock_reason": null,
    })
}

/// Returns a pull request as it is shown alone.
pub(in crate::github) fn pull_json(
    site: &Site,
    world: &World,
    repository: &Repository,
    pull: &Pull,
    viewer: &Viewer,
    facts: PullFacts,
) -> Value {
    let mut body = pull_simple(site, world, repository, pull, viewer);
    let comments =
        world.comments.values().filter(|it| it.repository == pull.repository && it.pull == pull.number).count();
    let state = match facts.mergeable {
        None => "unknown",
        Some(true) if pull.draft => "draft",
        Some(true) => "clean",
        Some(false) => "dirty",
    };
    extend(
        &mut body,
        json!({
            "merged": pull.state == PullState::Merged,
            "mergeable": facts.mergeable,
            "rebaseable": facts.mergeable,
            "mergeable_state": state,
            "merged_by": pull.merged_by.map(|id| user(site, world, id)),
            "comments": comments,
            "review_comments": 0,
            "maintainer_can_modify": false,
            "commits": facts.commits,
            "additions": 0,
            "deletions": 0,
            "changed_files": facts.changed_files,
        }),
    );
    body
}

/// Returns what somebody wrote below a pull request.
pub(in crate::github) fn comment_json(site: &Site, world: &World, repository: &Repository, comment: &Comment) -> Value {
    let url = repo_url(site, world, repository);
    let html_url = format!("{}/{}/pull/{}", site.base_url(), world.full_path(repository), comment.pull);
    json!({
        "id": comment.id,
        "node_id": node_id("IssueComment", comment.id),
        "url": format!("{url}/issues/comments/{}", comment.id),
        "html_url": format!("{html_url}#issuecomment-{}", comment.id),
        "issue_url": format!("{url}/issues/{}", comment.pull),
        "body": comment.body,
        "user": user(site, world, comment.author),
        "created_at": comment.created.to_string(),
        "updated_at": comment.updated.to_string(),
        "author_association": association(world, repository, comment.author),
    })
}

fn user(site: &Site, world: &World, id: u64) -> Value {
    world.accounts.get(&id).map_or(Value::Null, |it| account_json(site, world, it))
}

fn association(world: &World, repository: &Repository, user: u64) -> &'static str {
    let member = world.role_in_account(user, repository.owner);
    match world.role(user, repository) {
        _ if repository.owner == user => "OWNER",
        Some(_) if member.is_some() => "MEMBER",
        Some(role) if role >= Role::Reporter => "COLLABORATOR",
        _ => "NONE",
    }
}
