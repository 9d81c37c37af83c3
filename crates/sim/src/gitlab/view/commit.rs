use jiff::Timestamp;
use serde_json::{Value, json};

use crate::Site;
use crate::world::{Commit, Repository, World};

/// Returns a commit.
pub(in crate::gitlab) fn commit_json(site: &Site, world: &World, project: &Repository, commit: &Commit) -> Value {
    let date = |time: Timestamp| time.strftime("%Y-%m-%dT%H:%M:%S.000+00:00").to_string();
    json!({
        "id": commit.oid,
        "short_id": &commit.oid[..8],
        "created_at": date(commit.committer.time),
        "parent_ids": commit.parents,
        "title": commit.title(),
        "message": commit.message,
        "author_name": commit.author.name,
        "author_email": commit.author.email,
        "authored_date": date(commit.author.time),
        "committer_name": commit.committer.name,
        "committer_email": commit.committer.email,
        "committed_date": date(commit.committer.time),
        "trailers": {},
        "extended_trailers": {},
        "web_url": format!("{}/{}/-/commit/{}", site.base_url(), world.full_path(project), commit.oid),
    })
}
