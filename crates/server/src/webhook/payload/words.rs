//! Words that several forges share.

use refray_core::config::Provider;
use refray_core::oid::Oid;
use serde::Deserialize;
use serde::de::IgnoredAny;
use url::Url;

use super::PayloadError;
use crate::hint::{Hint, HintKind, RefHint};

/// A repository as GitHub, Gitea and Forgejo describe it.
#[derive(Debug, Deserialize)]
pub(super) struct Repository {
    id: Option<u64>,
    pub(super) full_name: String,
    html_url: Option<String>,
    clone_url: Option<String>,
}

/// A push of GitHub, Gitea or Forgejo.
#[derive(Debug, Deserialize)]
pub(super) struct Push {
    #[serde(rename = "ref")]
    reference: String,
    after: Option<String>,
    #[serde(default)]
    deleted: Option<bool>,
    repository: Repository,
}

/// A branch or tag of GitHub, Gitea or Forgejo that came or went.
#[derive(Debug, Deserialize)]
pub(super) struct Reference {
    #[serde(rename = "ref")]
    name: Option<String>,
    ref_type: Option<String>,
    /// Gitea and Forgejo tell it.
    sha: Option<String>,
    repository: Repository,
}

impl Repository {
    pub(super) fn hint(self, provider: Provider, kind: HintKind) -> Hint {
        let hosts = hosts([self.clone_url.as_deref(), self.html_url.as_deref()]);
        Hint { provider, hosts, paths: vec![self.full_name], id: self.id.map(|id| id.to_string()), kind }
    }
}

impl Push {
    pub(super) fn hint(self, provider: Provider) -> Hint {
        let moved = moved(&self.reference, self.after.as_deref(), self.deleted.unwrap_or_default());
        self.repository.hint(provider, refs(moved, "push"))
    }
}

impl Reference {
    /// Says that the reference came, or went. Its name is short; where `full` says so, it can also be whole.
    pub(super) fn hint(self, provider: Provider, deleted: bool, full: bool) -> Hint {
        let prefix = match self.ref_type.as_deref() {
            Some("branch") => "refs/heads/",
            Some("tag") => "refs/tags/",
            _ => return self.repository.hint(provider, HintKind::Repository),
        };
        let Some(name) = self.name.filter(|name| !name.is_empty()) else {
            return self.repository.hint(provider, HintKind::Repository);
        };
        let name = if full && name.starts_with(prefix) { name } else { format!("{prefix}{name}") };
        // For a tag it may be the commit that the tag names, and not the tag's own value.
        let branch = prefix == "refs/heads/";
        let new = self.sha.filter(|_| branch && !deleted).and_then(|sha| sha.parse().ok());
        self.repository.hint(provider, HintKind::Refs(vec![RefHint { name, new, deleted }]))
    }
}

/// Says what a push says of one reference; nothing when it is neither branch nor tag.
pub(super) fn moved(name: &str, after: Option<&str>, deleted: bool) -> Option<RefHint> {
    let short = name.strip_prefix("refs/heads/").or_else(|| name.strip_prefix("refs/tags/"))?;
    if short.is_empty() {
        return None;
    }
    // As many zeros as an id of the repository's format has digits.
    let zeros = after.is_some_and(|after| !after.is_empty() && after.bytes().all(|byte| byte == b'0'));
    let deleted = deleted || zeros;
    let new: Option<Oid> = if deleted { None } else { after.and_then(|after| after.parse().ok()) };
    Some(RefHint { name: name.to_owned(), new, deleted })
}

/// Says that references moved, or that nothing did that is synced.
pub(super) fn refs(moved: impl IntoIterator<Item = RefHint>, event: &str) -> HintKind {
    let moved: Vec<RefHint> = moved.into_iter().collect();
    if moved.is_empty() { HintKind::Other(event.to_owned()) } else { HintKind::Refs(moved) }
}

/// Returns the hosts of addresses over HTTP, each once, with the port where it is not the usual one.
pub(super) fn hosts<'a>(addresses: impl IntoIterator<Item = Option<&'a str>>) -> Vec<String> {
    let mut hosts: Vec<String> = Vec::with_capacity(1);
    for address in addresses.into_iter().flatten() {
        let Ok(url) = Url::parse(address) else { continue };
        let (Some(host), "http" | "https") = (url.host_str(), url.scheme()) else { continue };
        let host = url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"));
        if !hosts.contains(&host) {
            hosts.push(host);
        }
    }
    hosts
}

/// Returns what is said of something that is not looked into, after checking that it is JSON at all.
pub(super) fn unlooked(provider: Provider, kind: HintKind, json: &[u8]) -> Result<Hint, PayloadError> {
    serde_json::from_slice::<IgnoredAny>(json)?;
    Ok(Hint { provider, hosts: Vec::new(), paths: Vec::new(), id: None, kind })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zeros_of_either_format_mean_deleted() {
        for digits in [40, 64] {
            let hint = moved("refs/heads/x", Some(&"0".repeat(digits)), false).unwrap();
            assert_eq!((hint.new, hint.deleted), (None, true));
            let hint = moved("refs/tags/x", Some(&"1".repeat(digits)), false).unwrap();
            assert_eq!((hint.new.map(|new| new.to_string()), hint.deleted), (Some("1".repeat(digits)), false));
        }
        let told = moved("refs/heads/x", Some(&"1".repeat(40)), true).unwrap();
        assert_eq!((told.new, told.deleted), (None, true));
        let untold = moved("refs/heads/x", None, false).unwrap();
        assert_eq!((untold.new, untold.deleted), (None, false));
        for name in ["refs/notes/x", "refs/heads/", "x", ""] {
            assert_eq!(moved(name, None, false), None, "{name}");
        }
    }

    #[test]
    fn hosts_are_those_that_are_asked_over_http() {
        let addresses = [
            "https://Git.Example.org/a/b.git",
            "https://git.example.org:443/a/b",
            "http://localhost:3000/a/b",
            "http://ada:pw@[::1]:80/a",
            "ssh://git@other.example.org/a/b",
            "git@other.example.org:a/b",
            "",
        ];
        assert_eq!(hosts(addresses.map(Some)), ["git.example.org", "localhost:3000", "[::1]"]);
    }
}
