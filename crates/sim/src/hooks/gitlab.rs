use serde_json::{Value, json};

use super::message::Message;
use crate::Site;
use crate::site::{Emitted, Event, PullAction, RefChange, RepositoryAction};
use crate::world::{Commit, Hook, HookTarget, Pull, PullState, Visibility};

/// The most refs of one push for which GitLab tells project hooks anything at all.
const MOST_REFS: usize = 3;

/// The most commits that a payload lists.
const MOST_COMMITS: usize = 20;

/// Returns what a hook of GitLab is told, with the flag of the hook that asks for it.
pub(super) fn messages(site: &Site, emitted: &Emitted, hook: &Hook) -> Vec<(&'static str, Message)> {
    let system = hook.target == HookTarget::System;
    let about = About::new(site, emitted);
    match &emitted.event {
        Event::Push { changes } => {
            let count = |tags| changes.iter().filter(|it| if tags { it.tag() } else { it.branch() }.is_some()).count();
            let (branches, tags) = (count(false), count(true));
            let mut messages = Vec::new();
            for change in changes {
                if change.branch().is_some() && branches <= MOST_REFS {
                    messages.push(("push_events", event(system, "Push Hook", about.push(site, change, "push"))));
                } else if change.tag().is_some() && tags <= MOST_REFS {
                    let payload = about.push(site, change, "tag_push");
                    messages.push(("tag_push_events", event(system, "Tag Push Hook", payload)));
                }
            }
            if system {
                messages.push(("repository_update_events", event(true, "", about.repository_update(changes))));
            }
            messages
        }
        Event::Repository(action) => about
            .project(action)
            .map(|payload| ("project_events", event(system, "Project Hook", payload)))
            .into_iter()
            .collect(),
        Event::Pull { number, action } => {
            let pull = site.world().pulls.get(&(emitted.repository.id, *number)).cloned();
            pull.map(|pull| {
                let payload = about.merge_request(site, &pull, *action);
                ("merge_requests_events", event(system, "Merge Request Hook", payload))
            })
            .into_iter()
            .collect()
        }
        // A try of GitLab's is a push of the newest commit that changes nothing.
        Event::Ping => {
            let tip = site.bare(emitted.repository.id).branch(&emitted.repository.default_branch).ok().flatten();
            tip.map(|tip| {
                let name = format!("refs/heads/{}", emitted.repository.default_branch);
                let change = RefChange { name, old: tip.clone(), new: tip };
                ("push_events", event(system, "Push Hook", about.push(site, &change, "push")))
            })
            .into_iter()
            .collect()
        }
    }
}

fn event(system: bool, name: &'static str, payload: Value) -> Message {
    Message::new(if system { "System Hook" } else { name }, payload)
}

/// The project and the user that payloads speak of.
struct About {
    emitted: Emitted,
    path: String,
    project: Value,
    repository: Value,
    user: Value,
    namespace_id: u64,
}

impl About {
    fn new(site: &Site, emitted: &Emitted) -> Self {
        let world = site.world();
        let it = &emitted.repository;
        let owner = world.owner(it);
        let path = world.full_path(it);
        let (web, http) = (format!("{}/{path}", site.base_url()), site.clone_url(&path));
        let ssh = site.ssh_url(&path);
        let level = match it.visibility {
            Visibility::Private => 0,
            Visibility::Internal => 10,
            Visibility::Public => 20,
        };
        let project = json!({
            "id": it.id, "name": it.name, "description": it.description, "web_url": web, "avatar_url": null,
            "git_ssh_url": ssh, "git_http_url": http, "namespace": owner.name, "visibility_level": level,
            "path_with_namespace": path, "default_branch": it.default_branch, "ci_config_path": null,
            "homepage": web, "url": ssh, "ssh_url": ssh, "http_url": http,
        });
        let repository = json!({
            "name": it.name, "url": ssh, "description": it.description, "homepage": web, "git_http_url": http,
            "git_ssh_url": ssh, "visibility_level": level,
        });
        let user = world.accounts.get(&emitted.actor).unwrap_or(owner);
        let user = json!({
            "id": user.id, "name": user.name, "username": user.path, "email": user.email,
            "avatar_url": format!("{}/uploads/user/avatar/{}/avatar.png", site.base_url(), user.id),
        });
        Self { emitted: emitted.clone(), path, project, repository, user, namespace_id: owner.namespace_id }
    }

    fn push(&self, site: &Site, change: &RefChange, kind: &str) -> Value {
        let bare = site.bare(self.emitted.repository.id);
        let list: Vec<Commit> = if change.deleted() || change.old == change.new {
            Vec::new()
        } else if change.created() {
            // A new branch tells of the commits that no other branch has.
            let others = format!("--exclude={}", change.branch().unwrap_or_default());
            bare.log(&[&change.new, "--not", &others, "--branches"], MOST_COMMITS).unwrap_or_default()
        } else {
            bare.log(&[&format!("{}..{}", change.old, change.new)], MOST_COMMITS).unwrap_or_default()
        };
        let total = if change.created() || change.deleted() {
            u64::try_from(list.len()).unwrap_or_default()
        } else {
            bare.count(&[&format!("{}..{}", change.old, change.new)]).unwrap_or_default()
        };
        let web = self.project["web_url"].as_str().unwrap_or_default();
        let commits: Vec<Value> = list.iter().rev().map(|it| commit(web, it)).collect();
        let checkout =
            if change.deleted() { None } else { bare.resolve(&format!("{}^{{commit}}", change.new)).ok().flatten() };
        let guarded = change.branch().is_some_and(|name| self.emitted.repository.protection(name).is_some());
        json!({
            "object_kind": kind, "event_name": kind, "before": change.old, "after": change.new, "ref": change.name,
            "ref_protected": guarded, "checkout_sha": checkout, "message": null, "user_id": self.user["id"],
            "user_name": self.user["name"], "user_username": self.user["username"], "user_email": "",
            "user_avatar": self.user["avatar_url"], "project_id": self.emitted.repository.id,
            "project": self.project, "commits": commits, "total_commits_count": total, "push_options": {},
            "repository": self.repository,
        })
    }

    fn repository_update(&self, changes: &[RefChange]) -> Value {
        let list: Vec<Value> = changes
            .iter()
            .map(|change| json!({ "before": change.old, "after": change.new, "ref": change.name }))
            .collect();
        let refs: Vec<&str> = changes.iter().map(|change| change.name.as_str()).collect();
        json!({
            "event_name": "repository_update", "user_id": self.user["id"], "user_name": self.user["name"],
            "user_email": self.user["email"], "user_avatar": self.user["avatar_url"],
            "project_id": self.emitted.repository.id, "project": self.project, "changes": list, "refs": refs,
        })
    }

    /// Group hooks hear of projects that come and go, system hooks of renames and the like as well.
    fn project(&self, action: &RepositoryAction) -> Option<Value> {
        let it = &self.emitted.repository;
        let (name, old) = match action {
            RepositoryAction::Created => ("project_create", None),
            RepositoryAction::Deleted => ("project_destroy", None),
            RepositoryAction::Renamed { from_path, .. } => ("project_rename", Some(from_path)),
            RepositoryAction::Transferred { from_path, .. } => ("project_transfer", Some(from_path)),
            RepositoryAction::Archived
            | RepositoryAction::Unarchived
            | RepositoryAction::Privatized
            | RepositoryAction::Publicized
            | RepositoryAction::Edited { .. } => ("project_update", None),
        };
        let mut payload = json!({
            "event_name": name, "created_at": it.created, "updated_at": it.updated, "name": it.name, "path": it.path,
            "path_with_namespace": self.path, "project_id": it.id, "project_namespace_id": self.namespace_id,
            "owner_name": self.user["name"], "owner_email": self.user["email"],
            "owners": [{ "name": self.user["name"], "email": self.user["email"] }],
            "project_visibility": it.visibility.as_str(),
        });
        if let Some(old) = old {
            payload["old_path_with_namespace"] = json!(old);
        }
        Some(payload)
    }

    fn merge_request(&self, site: &Site, pull: &Pull, action: PullAction) -> Value {
        let word = match action {
            PullAction::Opened => "open",
            PullAction::Reopened => "reopen",
            PullAction::Edited | PullAction::Synchronized => "update",
            PullAction::Closed => "close",
            PullAction::Merged => "merge",
        };
        let state = match pull.state {
            PullState::Open => "opened",
            PullState::Closed => "closed",
            PullState::Merged => "merged",
        };
        let web = self.project["web_url"].as_str().unwrap_or_default();
        let last = site.bare(pull.repository).commit(&pull.head_oid).ok().map(|it| commit(web, &it));
        json!({
            "object_kind": "merge_request", "event_type": "merge_request", "user": self.user,
            "project": self.project, "repository": self.repository,
            "object_attributes": {
                "id": pull.id, "iid": pull.number, "target_branch": pull.base, "source_branch": pull.head,
                "source_project_id": pull.repository, "target_project_id": pull.repository,
                "author_id": pull.author, "title": pull.title, "description": pull.body, "state": state,
                "created_at": pull.created, "updated_at": pull.updated, "work_in_progress": pull.draft,
                "draft": pull.draft, "merge_commit_sha": pull.merge_oid, "merge_status": "can_be_merged",
                "url": format!("{web}/-/merge_requests/{}", pull.number), "source": self.project,
                "target": self.project, "last_commit": last, "action": word,
            },
            "labels": [], "changes": {},
        })
    }
}

fn commit(web: &str, commit: &Commit) -> Value {
    json!({
        "id": commit.oid, "message": commit.message, "title": commit.title(), "timestamp": commit.committer.time,
        "url": format!("{web}/-/commit/{}", commit.oid),
        "author": { "name": commit.author.name, "email": commit.author.email },
        "added": commit.added, "modified": commit.modified, "removed": commit.removed,
    })
}
