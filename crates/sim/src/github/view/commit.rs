use serde_json::{Value, json};

use super::{account_json, node_id, repo_url};
use crate::Site;
use crate::world::{Commit, Repository, Signature, World};

/// Returns a commit.
pub(in crate::github) fn commit_json(site: &Site, world: &World, repository: &Repository, commit: &Commit) -> Value {
    let url = repo_url(site, world, repository);
    let html_url = format!("{}/{}", site.base_url(), world.full_path(repository));
    let account = |by: &Signature| {
        let known = world.accounts.values().find(|it| it.is_user() && it.email.eq_ignore_ascii_case(&by.email));
        known.map_or(Value::Null, |it| account_json(site, world, it))
    };
    let person = |by: &Signature| json!({ "name": by.name, "email": by.email, "date": by.time.to_string() });
    let oid = &commit.oid;
    let parents: Vec<Value> = commit
        .parents
        .iter()
        .map(|it| {
            json!({ "sha": it, "url": format!("{url}/commits/{it}"), "html_url": format!("{html_url}/commit/{it}") })
        })
        .collect();
    json!({
        "sha": oid,
        "node_id": node_id("Commit", format_args!("{}:{oid}", repository.id)),
        "commit": {
            "author": person(&commit.author),
            "committer": person(&commit.committer),
            "message": commit.message.trim_end(),
            "tree": { "sha": commit.tree, "url": format!("{url}/git/trees/{}", commit.tree) },
            "url": format!("{url}/git/commits/{oid}"),
            "comment_count": 0,
            "verification": {
                "verified": false, "reason": "unsigned", "signature": null, "payload": null, "verified_at": null,
            },
        },
        "url": format!("{url}/commits/{oid}"),
        "html_url": format!("{html_url}/commit/{oid}"),
        "comments_url": format!("{url}/commits/{oid}/comments"),
        "author": account(&commit.author),
        "committer": account(&commit.committer),
        "parents": parents,
    })
}
