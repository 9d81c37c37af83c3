use serde_json::{Value, json};

use super::message::Message;
use crate::Site;
use crate::site::{Emitted, Event, PullAction, RefChange, RepositoryAction};
use crate::world::{Account, Commit, ContentType, Hook, HookTarget, Pull, PullState, Signature, Viewer, World};

/// The most tags that one push may have for GitHub to tell of them.
const MOST_TAGS: usize = 3;

/// The most commits that a payload lists.
const MOST_COMMITS: usize = 2048;

/// Returns what a hook of GitHub is told. What it did not ask for is left out later.
pub(super) fn messages(site: &Site, emitted: &Emitted, hook: &Hook) -> Vec<Message> {
    let common = Common::new(site, emitted);
    match &emitted.event {
        Event::Push { changes } => {
            let many_tags = changes.iter().filter(|change| change.tag().is_some()).count() > MOST_TAGS;
            let told = |change: &&RefChange| change.branch().is_some() || (change.tag().is_some() && !many_tags);
            changes.iter().filter(told).flat_map(|change| common.push(site, emitted, change)).collect()
        }
        Event::Repository(action) => vec![Message::new("repository", common.repository(site, action))],
        Event::Pull { number, action } => {
            let pull = site.world().pulls.get(&(emitted.repository.id, *number)).cloned();
            pull.map(|pull| Message::new("pull_request", common.pull(site, &pull, *action))).into_iter().collect()
        }
        Event::Ping => vec![Message::new("ping", common.ping(site, hook))],
    }
}

/// Returns an organisation as payloads show it.
fn organization(site: &Site, world: &World, account: &Account) -> Value {
    let common = crate::github::account_json(site, world, account);
    let url = format!("{}/orgs/{}", site.api_url(), account.path);
    json!({
        "login": account.path, "id": account.id, "node_id": common["node_id"], "url": url,
        "repos_url": format!("{url}/repos"), "events_url": format!("{url}/events"),
        "hooks_url": format!("{url}/hooks"), "issues_url": format!("{url}/issues"),
        "members_url": format!("{url}/members{{/member}}"),
        "public_members_url": format!("{url}/public_members{{/member}}"),
        "avatar_url": common["avatar_url"], "description": account.description,
    })
}

/// What all payloads hold.
struct Common {
    repository: Value,
    sender: Value,
    organization: Option<Value>,
    pusher: Value,
}

impl Common {
    fn new(site: &Site, emitted: &Emitted) -> Self {
        let world = site.world();
        let owner = world.owner(&emitted.repository);
        let viewer = Viewer::anonymous();
        let sender = world.accounts.get(&emitted.actor).unwrap_or(owner);
        let organization = (!owner.is_user()).then(|| organization(site, &world, owner));
        Self {
            repository: crate::github::repository_json(site, &world, &emitted.repository, &viewer),
            sender: crate::github::account_json(site, &world, sender),
            organization,
            pusher: json!({ "name": sender.path, "email": sender.email }),
        }
    }

    /// Adds what every payload ends with.
    fn close(&self, mut payload: Value) -> Value {
        if payload.get("repository").is_none() {
            payload["repository"] = self.repository.clone();
        }
        payload["sender"] = self.sender.clone();
        if let Some(organization) = &self.organization {
            payload["organization"] = organization.clone();
        }
        payload
    }

    fn push(&self, site: &Site, emitted: &Emitted, change: &RefChange) -> Vec<Message> {
        let bare = site.bare(emitted.repository.id);
        let url = format!("{}/{}", site.base_url(), self.repository["full_name"].as_str().unwrap_or_default());
        let commits = match change.branch() {
            Some(_) if change.deleted() => Vec::new(),
            Some(name) if change.created() => {
                let others = format!("--exclude={name}");
                bare.log(&[&change.new, "--not", &others, "--branches"], MOST_COMMITS).unwrap_or_default()
            }
            Some(_) => {
                let range = format!("{}..{}", change.old, change.new);
                bare.log(&[&range], MOST_COMMITS).unwrap_or_default()
            }
            None => Vec::new(),
        };
        let commits: Vec<Value> = commits.iter().rev().map(|it| commit(&url, it)).collect();
        let head = if change.deleted() { None } else { bare.commit(&change.new).ok().map(|it| commit(&url, &it)) };
        let updated = !change.created() && !change.deleted();
        let forced = updated && !bare.is_ancestor(&change.old, &change.new).unwrap_or(true);
        let short = |oid: &str| oid[..oid.len().min(12)].to_owned();
        let compare = if updated {
            format!("{url}/compare/{}...{}", short(&change.old), short(&change.new))
        } else {
            let name = change.branch().or_else(|| change.tag()).unwrap_or_default();
            format!("{url}/compare/{name}")
        };
        let mut repository = self.repository.clone();
        // Only this event has times as numbers.
        repository["created_at"] = json!(emitted.repository.created.as_second());
        repository["pushed_at"] = json!(emitted.repository.pushed.map(jiff::Timestamp::as_second));
        repository["stargazers"] = json!(0);
        repository["master_branch"] = json!(emitted.repository.default_branch);
        repository["owner"]["name"] = repository["owner"]["login"].clone();
        let push = json!({
            "ref": change.name, "before": change.old, "after": change.new, "repository": repository,
            "pusher": self.pusher, "created": change.created(), "deleted": change.deleted(), "forced": forced,
            "base_ref": null, "compare": compare, "commits": commits, "head_commit": head,
        });
        let mut messages = vec![Message::new("push", self.close(push))];
        let (name, ref_type) = match (change.branch(), change.tag()) {
            (Some(name), _) => (name, "branch"),
            (None, tag) => (tag.unwrap_or_default(), "tag"),
        };
        if change.created() {
            let payload = json!({
                "ref": name, "ref_type": ref_type,
                "master_branch": emitted.repository.default_branch,
                "description": self.repository["description"], "pusher_type": "user",
            });
            messages.push(Message::new("create", self.close(payload)));
        } else if change.deleted() {
            let payload = json!({ "ref": name, "ref_type": ref_type, "pusher_type": "user" });
            messages.push(Message::new("delete", self.close(payload)));
        }
        messages
    }

    fn repository(&self, site: &Site, action: &RepositoryAction) -> Value {
        let (word, changes) = match action {
            RepositoryAction::Created => ("created", None),
            RepositoryAction::Deleted => ("deleted", None),
            RepositoryAction::Archived => ("archived", None),
            RepositoryAction::Unarchived => ("unarchived", None),
            RepositoryAction::Privatized => ("privatized", None),
            RepositoryAction::Publicized => ("publicized", None),
            RepositoryAction::Renamed { from, .. } => {
                ("renamed", Some(json!({ "repository": { "name": { "from": from } } })))
            }
            RepositoryAction::Transferred { from, .. } => {
                let world = site.world();
                let from = world.accounts.get(from);
                let key = if from.is_some_and(|it| it.is_user()) { "user" } else { "organization" };
                let show = if key == "user" { crate::github::account_json } else { organization };
                let from = from.map(|it| show(site, &world, it));
                ("transferred", Some(json!({ "owner": { "from": { key: from } } })))
            }
            RepositoryAction::Edited { default_branch_from } => {
                let from = default_branch_from.as_ref();
                ("edited", Some(from.map_or(json!({}), |from| json!({ "default_branch": { "from": from } }))))
            }
        };
        let mut payload = json!({ "action": word });
        if let Some(changes) = changes {
            payload["changes"] = changes;
        }
        self.close(payload)
    }

    fn pull(&self, site: &Site, pull: &Pull, action: PullAction) -> Value {
        let word = match action {
            PullAction::Opened => "opened",
            PullAction::Reopened => "reopened",
            PullAction::Edited => "edited",
            PullAction::Synchronized => "synchronize",
            PullAction::Closed | PullAction::Merged => "closed",
        };
        let path = self.repository["full_name"].as_str().unwrap_or_default();
        let world: &World = &site.world();
        let user = world.accounts.get(&pull.author).map(|it| crate::github::account_json(site, world, it));
        let end = |name: &str, oid: &str| {
            let owner = &self.repository["owner"];
            let label = format!("{}:{name}", owner["login"].as_str().unwrap_or_default());
            json!({ "label": label, "ref": name, "sha": oid, "user": owner, "repo": self.repository })
        };
        let open = pull.state == PullState::Open;
        let payload = json!({
            "action": word, "number": pull.number,
            "pull_request": {
                "id": pull.id, "number": pull.number, "title": pull.title, "body": pull.body, "draft": pull.draft,
                "state": if open { "open" } else { "closed" }, "merged": pull.state == PullState::Merged,
                "merge_commit_sha": pull.merge_oid, "user": user,
                "head": end(&pull.head, &pull.head_oid), "base": end(&pull.base, &pull.base_oid),
                "html_url": format!("{}/{path}/pull/{}", site.base_url(), pull.number),
                "url": format!("{}/repos/{path}/pulls/{}", site.api_url(), pull.number),
                "created_at": pull.created, "updated_at": pull.updated, "closed_at": pull.closed,
                "merged_at": pull.merged,
            },
        });
        self.close(payload)
    }

    fn ping(&self, site: &Site, hook: &Hook) -> Value {
        let path = self.repository["full_name"].as_str().unwrap_or_default();
        let url = match hook.target {
            HookTarget::Account(_) => {
                let owner = self.repository["owner"]["login"].as_str().unwrap_or_default();
                format!("{}/orgs/{owner}/hooks/{}", site.api_url(), hook.id)
            }
            HookTarget::Repository(_) | HookTarget::System => {
                format!("{}/repos/{path}/hooks/{}", site.api_url(), hook.id)
            }
        };
        let form = hook.content_type == ContentType::Form;
        let payload = json!({
            "zen": "Keep it logically awesome.", "hook_id": hook.id,
            "hook": {
                "type": if matches!(hook.target, HookTarget::Account(_)) { "Organization" } else { "Repository" },
                "id": hook.id, "name": "web", "active": hook.active, "events": hook.events,
                "config": {
                    "content_type": if form { "form" } else { "json" }, "url": hook.url,
                    "insecure_ssl": if hook.insecure_tls { "1" } else { "0" },
                },
                "updated_at": hook.updated, "created_at": hook.created, "url": url,
                "test_url": format!("{url}/test"), "ping_url": format!("{url}/pings"),
                "deliveries_url": format!("{url}/deliveries"),
                "last_response": { "code": null, "status": "unused", "message": null },
            },
        });
        self.close(payload)
    }
}

fn commit(url: &str, commit: &Commit) -> Value {
    let person = |it: &Signature| json!({ "name": it.name, "email": it.email, "date": it.time, "username": it.name });
    json!({
        "id": commit.oid, "tree_id": commit.tree, "distinct": true, "message": commit.message.trim_end(),
        "timestamp": commit.committer.time, "url": format!("{url}/commit/{}", commit.oid),
        "author": person(&commit.author), "committer": person(&commit.committer),
        "added": commit.added, "removed": commit.removed, "modified": commit.modified,
    })
}
