use serde_json::{Value, json};

use super::message::Message;
use crate::gitea::{account_json, repository_json};
use crate::site::{Emitted, Event, PullAction, RefChange, RepositoryAction};
use crate::world::{Commit, Hook, Pull, Signature, Viewer};
use crate::{Kind, Site};

/// Returns what a hook of Gitea or Forgejo is told. What it did not ask for is left out later.
pub(super) fn messages(site: &Site, emitted: &Emitted, hook: &Hook) -> Vec<Message> {
    let about = About::new(site, emitted);
    match &emitted.event {
        Event::Push { changes } => changes.iter().flat_map(|change| about.push(site, change, hook)).collect(),
        Event::Repository(action) => {
            let word = match action {
                RepositoryAction::Created => "created",
                RepositoryAction::Deleted => "deleted",
                // Neither forge tells of anything else.
                _ => return Vec::new(),
            };
            vec![Message::new("repository", about.repository_event(word))]
        }
        Event::Pull { number, action } => {
            let pull = site.world().pulls.get(&(emitted.repository.id, *number)).cloned();
            pull.map(|pull| about.pull(site, &pull, *action)).into_iter().collect()
        }
        // A try is a push of the newest commit that changes nothing.
        Event::Ping => {
            let tip = site.bare(emitted.repository.id).branch(&emitted.repository.default_branch).ok().flatten();
            let name = format!("refs/heads/{}", emitted.repository.default_branch);
            tip.map(|tip| about.push(site, &RefChange { name, old: tip.clone(), new: tip }, hook)).unwrap_or_default()
        }
    }
}

struct About {
    id: u64,
    default_branch: String,
    zeros: &'static str,
    repository: Value,
    actor: Value,
    organization: Option<Value>,
    url: String,
    forgejo: bool,
}

impl About {
    fn new(site: &Site, emitted: &Emitted) -> Self {
        let world = site.world();
        let it = &emitted.repository;
        let owner = world.owner(it);
        let mut repository = repository_json(site, &world, it, &Viewer::anonymous());
        // Hooks are told of the repository as its owner sees it.
        repository["permissions"] = json!({ "admin": true, "push": true, "pull": true });
        let actor = account_json(site, &world, world.accounts.get(&emitted.actor).unwrap_or(owner));
        Self {
            id: it.id,
            default_branch: it.default_branch.clone(),
            zeros: it.object_format.zeros(),
            repository,
            actor,
            organization: (!owner.is_user()).then(|| account_json(site, &world, owner)),
            url: format!("{}/{}", site.base_url(), world.full_path(it)),
            forgejo: site.kind() == Kind::Forgejo,
        }
    }

    fn push(&self, site: &Site, change: &RefChange, hook: &Hook) -> Vec<Message> {
        let (name, ref_type) = match (change.branch(), change.tag()) {
            (Some(name), _) => (name, "branch"),
            (None, Some(name)) => (name, "tag"),
            (None, None) => return Vec::new(),
        };
        if ref_type == "branch" && !hook.branch_filter.is_empty() && !filter_fits(&hook.branch_filter, name) {
            return Vec::new();
        }
        // Forgejo's own type of hook has the full name where the others have the short one.
        let short = if self.forgejo && hook.flavour == "forgejo" { change.name.as_str() } else { name };
        let mut messages = Vec::new();
        if change.created() {
            let payload = json!({
                "sha": change.new, "ref": short, "ref_type": ref_type, "repository": self.repository,
                "sender": self.actor,
            });
            messages.push(Message::new("create", payload));
        }
        // The deletion of a branch is told by this event only, that of a tag by a push as well.
        if change.deleted() {
            let payload = json!({
                "ref": short, "ref_type": ref_type, "pusher_type": "user", "repository": self.repository,
                "sender": self.actor,
            });
            messages.push(Message::new("delete", payload));
        }
        if !(change.deleted() && ref_type == "branch") {
            messages.push(Message::new("push", self.push_payload(site, change, ref_type == "tag")));
        }
        messages
    }

    fn push_payload(&self, site: &Site, change: &RefChange, tag: bool) -> Value {
        let bare = site.bare(self.id);
        let most = if self.forgejo { 15 } else { 5 };
        let (mut list, mut total) = (Vec::new(), 0);
        if !tag && !change.deleted() {
            let range: Vec<String> = if change.created() {
                let others = format!("--exclude={}", change.branch().unwrap_or_default());
                vec![change.new.clone(), "--not".to_owned(), others, "--branches".to_owned()]
            } else {
                vec![format!("{}..{}", change.old, change.new)]
            };
            let range: Vec<&str> = range.iter().map(String::as_str).collect();
            list = bare.log(&range, most).unwrap_or_default();
            total = bare.count(&range).unwrap_or_default();
        }
        let head = if change.deleted() { None } else { bare.commit(&change.new).ok().map(|it| self.commit(&it)) };
        let compare = if change.deleted() {
            format!("{}/", site.base_url())
        } else if change.created() && !tag {
            format!("{}/compare/{}...{}", self.url, self.default_branch, change.new)
        } else {
            let old = if change.created() { self.zeros } else { change.old.as_str() };
            format!("{}/compare/{old}...{}", self.url, change.new)
        };
        let commits: Vec<Value> = list.iter().map(|it| self.commit(it)).collect();
        json!({
            "ref": change.name, "before": change.old, "after": change.new, "compare_url": compare,
            "commits": commits, "total_commits": total, "head_commit": head, "repository": self.repository,
            "pusher": self.actor, "sender": self.actor,
        })
    }

    fn repository_event(&self, action: &str) -> Value {
        let mut payload = json!({ "action": action, "repository": self.repository, "sender": self.actor });
        payload["organization"] = self.organization.clone().unwrap_or_else(|| self.repository["owner"].clone());
        payload
    }

    fn pull(&self, site: &Site, pull: &Pull, action: PullAction) -> Message {
        let (word, event_type) = match action {
            PullAction::Opened => ("opened", "pull_request"),
            PullAction::Reopened => ("reopened", "pull_request"),
            PullAction::Edited => ("edited", "pull_request"),
            PullAction::Synchronized => ("synchronized", "pull_request_sync"),
            PullAction::Closed | PullAction::Merged => ("closed", "pull_request"),
        };
        let world = site.world();
        let payload = json!({
            "action": word, "number": pull.number,
            "pull_request": crate::gitea::pull_json(site, &world, pull, &Viewer::anonymous()),
            "requested_reviewer": null, "repository": self.repository, "sender": self.actor, "commit_id": "",
            "review": null,
        });
        Message { event: "pull_request", event_type, payload }
    }

    fn commit(&self, commit: &Commit) -> Value {
        let person = |it: &Signature| json!({ "name": it.name, "email": it.email, "username": "" });
        json!({
            "id": commit.oid, "message": commit.message, "url": format!("{}/commit/{}", self.url, commit.oid),
            "author": person(&commit.author), "committer": person(&commit.committer), "verification": null,
            "timestamp": commit.committer.time, "added": commit.added, "removed": commit.removed,
            "modified": commit.modified,
        })
    }
}

/// Tells whether a hook's filter, `*` or `{a,b}` with stars in it, lets a branch through.
fn filter_fits(filter: &str, branch: &str) -> bool {
    let inner = filter.strip_prefix('{').and_then(|it| it.strip_suffix('}')).unwrap_or(filter);
    inner.split(',').any(|pattern| crate::world::Protection::new(pattern.trim()).matches(branch))
}
