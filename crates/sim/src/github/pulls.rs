use std::collections::BTreeSet;

use serde_json::json;

use super::call::{Call, created, done, ok, writable};
use super::refusal::{Answer, Refusal};
use super::scope::Need;
use super::view::{PullFacts, commit_json, pull_json, pull_simple};
use crate::dialect::Fields;
use crate::site::{MergeMethod, NewPull, PullPatch};
use crate::world::{Pull, PullState, Repository, WorldError};

/// GitHub shows at most this many commits of a pull request.
const MOST_COMMITS: usize = 250;

/// `/repos/{owner}/{repo}/pulls...`
pub(super) fn pulls(call: &Call, repository: &Repository, rest: &[&str]) -> Answer {
    match (call.verb(), rest) {
        ("GET", []) => list(call, repository),
        ("POST", []) => open(call, repository),
        ("GET", [number]) => show(call, repository, &find(call, repository, number)?),
        ("PATCH", [number]) => edit(call, repository, number),
        ("GET", [number, "commits"]) => commits(call, repository, number),
        ("GET", [number, "merge"]) => match find(call, repository, number)?.state {
            PullState::Merged => done(),
            PullState::Open | PullState::Closed => Err(Refusal::not_found()),
        },
        ("PUT", [number, "merge"]) => merge(call, repository, number),
        _ => Err(Refusal::not_found()),
    }
}

/// Returns a pull request by the number in a path.
pub(super) fn find(call: &Call, repository: &Repository, number: &str) -> Result<Pull, Refusal> {
    let number = number.parse().map_err(|_| Refusal::not_found())?;
    Ok(call.site.pull(repository.id, number)?)
}

fn list(call: &Call, repository: &Repository) -> Answer {
    let query = &call.query;
    let state = query.get("state").unwrap_or("open");
    if !matches!(state, "open" | "closed" | "all") {
        return Err(Refusal::field("PullRequest", "state", "invalid"));
    }
    let world = call.site.world();
    // The head is named together with whose it is; without that it is not looked at.
    let head = query.get("head").and_then(|it| it.split_once(':'));
    let owner = &world.owner(repository).path;
    let mut found: Vec<Pull> = world
        .pulls_of(repository.id)
        .filter(|it| state == "all" || (state == "open") == (it.state == PullState::Open))
        .filter(|it| query.get("base").is_none_or(|base| base == it.base))
        .filter(|it| head.is_none_or(|(user, branch)| user.eq_ignore_ascii_case(owner) && branch == it.head))
        .cloned()
        .collect();
    let sort = query.get("sort").unwrap_or("created");
    match sort {
        "updated" => found.sort_by_key(|it| (it.updated, it.number)),
        _ => found.sort_by_key(|it| it.number),
    }
    let usual = if query.get("sort").is_none() || sort == "created" { "desc" } else { "asc" };
    if query.get("direction").unwrap_or(usual) == "desc" {
        found.reverse();
    }
    call.repository_list(repository, found, |it| pull_simple(&call.site, &world, repository, it, &call.viewer))
}

fn open(call: &Call, repository: &Repository) -> Answer {
    let user = call.user()?;
    call.require(Need::PULLS, Some(repository))?;
    writable(repository)?;
    let body = &call.body;
    let missing = |field: &str| Refusal::field("PullRequest", field, "missing_field");
    let head = body.text("head").ok_or_else(|| missing("head"))?;
    let base = body.text("base").ok_or_else(|| missing("base"))?;
    let title = body.text("title").filter(|it| !it.is_empty()).ok_or_else(|| missing("title"))?;
    let owner = call.site.world().owner(repository).path.clone();
    let branch = match head.split_once(':') {
        Some((whose, branch)) if whose.eq_ignore_ascii_case(&owner) => branch,
        // Forks are not simulated, so nobody else has a branch to offer.
        Some(_) => return Err(Refusal::field("PullRequest", "head", "invalid")),
        None => head,
    };
    let new = NewPull {
        title: title.to_owned(),
        body: body.text("body").unwrap_or_default().to_owned(),
        head: branch.to_owned(),
        base: base.to_owned(),
        draft: body.flag("draft").unwrap_or(false),
        labels: Vec::new(),
    };
    let pull = call.site.open_pull(repository.id, user.id, new).map_err(|error| match error {
        WorldError::NoBranch(name) if name == base => Refusal::field("PullRequest", "base", "invalid"),
        WorldError::NoBranch(_) => Refusal::field("PullRequest", "head", "invalid"),
        WorldError::PullExists { .. } => {
            Refusal::custom("PullRequest", None, format!("A pull request already exists for {owner}:{branch}."))
        }
        error => error.into(),
    })?;
    let facts = facts(call, &pull)?;
    created(&pull_json(&call.site, &call.site.world(), repository, &pull, &call.viewer, facts))
}

fn edit(call: &Call, repository: &Repository, number: &str) -> Answer {
    let user = call.user()?;
    let pull = find(call, repository, number)?;
    call.require(Need::PULLS, Some(repository))?;
    if pull.author != user.id && !call.access(repository).write {
        return Err(Refusal::not_found());
    }
    writable(repository)?;
    let body = &call.body;
    let open = match body.text("state") {
        None => None,
        Some("open") => Some(true),
        Some("closed") => Some(false),
        Some(_) => return Err(Refusal::field("PullRequest", "state", "invalid")),
    };
    let patch = PullPatch {
        title: body.text("title").map(str::to_owned),
        body: body.get("body").map(|it| it.as_str().unwrap_or_default().to_owned()),
        base: body.text("base").map(str::to_owned),
        open,
        labels: None,
    };
    let pull = call.site.edit_pull(repository.id, pull.number, patch, user.id).map_err(|error| match error {
        WorldError::NotOpen(_) => Refusal::custom(
            "PullRequest",
            Some("state"),
            "state cannot be changed. The pull request is already merged.",
        ),
        WorldError::NoBranch(name) if call.body.text("base") == Some(name.as_str()) => {
            Refusal::field("PullRequest", "base", "invalid")
        }
        WorldError::NoBranch(name) => Refusal::custom(
            "PullRequest",
            Some("state"),
            format!("state cannot be changed. The {name} branch has been deleted."),
        ),
        error => error.into(),
    })?;
    show(call, repository, &pull)
}

fn merge(call: &Call, repository: &Repository, number: &str) -> Answer {
    let user = call.user()?;
    let pull = find(call, repository, number)?;
    call.require(Need::CONTENTS, Some(repository))?;
    if !call.access(repository).write {
        return Err(Refusal::forbidden("Must have push access to merge pull requests."));
    }
    writable(repository)?;
    let not_allowed = |message: &str| Refusal::new(http::StatusCode::METHOD_NOT_ALLOWED, message);
    if pull.draft {
        return Err(not_allowed("Pull Request is still a draft"));
    }
    let body = &call.body;
    let switch = |name: &str| repository.settings.flag(name).unwrap_or(true);
    let method = match body.text("merge_method").unwrap_or("merge") {
        "merge" if !switch("allow_merge_commit") => {
            return Err(not_allowed("Merge commits are not allowed on this repository."));
        }
        "squash" if !switch("allow_squash_merge") => {
            return Err(not_allowed("Squash merges are not allowed on this repository."));
        }
        "rebase" if !switch("allow_rebase_merge") => {
            return Err(not_allowed("Rebase merges are not allowed on this repository."));
        }
        "merge" => MergeMethod::Merge,
        "squash" => MergeMethod::Squash,
        "rebase" => MergeMethod::FastForward,
        _ => return Err(Refusal::field("PullRequest", "merge_method", "invalid")),
    };
    let title = body.text("commit_title").map(str::to_owned).or_else(|| match method {
        MergeMethod::Squash => Some(format!("{} (#{})", pull.title, pull.number)),
        MergeMethod::Merge | MergeMethod::FastForward => None,
    });
    let owner = call.site.world().owner(repository).path.clone();
    let usual = format!("Merge pull request #{} from {owner}/{}", pull.number, pull.head);
    let text = body.text("commit_message").unwrap_or(&pull.title);
    let message = format!("{}\n\n{text}\n", title.unwrap_or(usual));
    let head = body.text("sha");
    let pull = call.site.merge_pull(repository.id, pull.number, method, head, Some(&message), user.id)?;
    if repository.settings.flag("delete_branch_on_merge").unwrap_or(false) && pull.head != repository.default_branch {
        let name = format!("refs/heads/{}", pull.head);
        call.site.change_refs(repository.id, user.id, &[(&name, &pull.head_oid, repository.object_format.zeros())])?;
    }
    ok(&json!({ "sha": pull.merge_oid, "merged": true, "message": "Pull Request successfully merged" }))
}

fn commits(call: &Call, repository: &Repository, number: &str) -> Answer {
    let pull = find(call, repository, number)?;
    let range = format!("{}..{}", pull.base_oid, pull.head_oid);
    let mut commits = call.site.bare(repository.id).log(&[&range], MOST_COMMITS).map_err(WorldError::from)?;
    commits.reverse();
    let world = call.site.world();
    call.repository_list(repository, commits, |it| commit_json(&call.site, &world, repository, it))
}

fn show(call: &Call, repository: &Repository, pull: &Pull) -> Answer {
    let facts = facts(call, pull)?;
    ok(&pull_json(&call.site, &call.site.world(), repository, pull, &call.viewer, facts))
}

fn facts(call: &Call, pull: &Pull) -> Result<PullFacts, Refusal> {
    let range = format!("{}..{}", pull.base_oid, pull.head_oid);
    let commits = call.site.bare(pull.repository).log(&[&range], MOST_COMMITS).map_err(WorldError::from)?;
    let files: BTreeSet<&String> =
        commits.iter().flat_map(|it| it.added.iter().chain(&it.removed).chain(&it.modified)).collect();
    let mergeable = if pull.state == PullState::Open { Some(call.site.mergeable(pull)?) } else { None };
    Ok(PullFacts { commits: commits.len() as u64, changed_files: files.len() as u64, mergeable })
}
