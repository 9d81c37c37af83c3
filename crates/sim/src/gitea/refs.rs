use axum::extract::Path;
use serde_json::{Value, json};

use super::call::{Answer, Call, ok};
use super::view::reference_json;
use crate::dialect::blocking;
use crate::world::{RefEntry, Repository};

/// All refs of a repository, those of pull requests too, in one answer.
pub(super) async fn all(call: Call, Path((owner, name)): Path<(String, String)>) -> Answer {
    let (repository, _) = call.repository(&owner, &name)?;
    matching(&call, &repository, "refs/").await
}

/// The refs that begin so; only one that has exactly the name comes alone.
pub(super) async fn some(call: Call, Path((owner, name, wanted)): Path<(String, String, String)>) -> Answer {
    let (repository, _) = call.repository(&owner, &name)?;
    matching(&call, &repository, &format!("refs/{wanted}")).await
}

async fn matching(call: &Call, repository: &Repository, prefix: &str) -> Answer {
    let entries = read(call, repository, "refs/").await?;
    let fitting: Vec<&RefEntry> = entries.iter().filter(|it| it.name.starts_with(prefix)).collect();
    let path = call.site.world().full_path(repository);
    match fitting.as_slice() {
        [] => Err(call.not_found()),
        [one] if one.name == prefix => Ok(ok(&reference_json(&call.site, &path, one))),
        many => Ok(ok(&many.iter().map(|it| reference_json(&call.site, &path, it)).collect())),
    }
}

pub(super) async fn tags(call: Call, Path((owner, name)): Path<(String, String)>) -> Answer {
    let (repository, _) = call.repository(&owner, &name)?;
    let entries = read(&call, &repository, "refs/tags").await?;
    let total = entries.len();
    let items: Vec<Value> = call.page().cut(entries).iter().map(|it| tag_json(&call, &repository, it)).collect();
    Ok(call.listing(items, total, call.forgejo()))
}

pub(super) async fn tag(call: Call, Path((owner, name, tag)): Path<(String, String, String)>) -> Answer {
    let (repository, _) = call.repository(&owner, &name)?;
    let entries = read(&call, &repository, "refs/tags").await?;
    let found = entries.iter().find(|it| it.short() == tag).ok_or_else(|| call.not_found())?;
    Ok(ok(&tag_json(&call, &repository, found)))
}

fn tag_json(call: &Call, repository: &Repository, tag: &RefEntry) -> Value {
    let path = call.site.world().full_path(repository);
    let archive = format!("{}/{path}/archive/{}", call.site.base_url(), tag.short());
    let url = format!("{}/repos/{path}/git/commits/{}", call.site.api_url(), tag.commit());
    let mut object = json!({
        "name": tag.short(), "message": "", "id": tag.oid,
        "commit": { "url": url, "sha": tag.commit(), "created": repository.updated },
        "zipball_url": format!("{archive}.zip"), "tarball_url": format!("{archive}.tar.gz"),
    });
    if call.forgejo() {
        object["archive_download_count"] = json!({ "zip": 0, "tar_gz": 0 });
    }
    object
}

async fn read(
    call: &Call,
    repository: &Repository,
    prefix: &'static str,
) -> Result<Vec<RefEntry>, axum::response::Response> {
    let bare = call.site.bare(repository.id);
    blocking(move || bare.refs(&[prefix])).await.map_err(|it| call.refuse(&it.into()))
}
