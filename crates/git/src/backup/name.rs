//! How the references that keep backups are called.

use std::fmt::Write as _;

use refray_core::Oid;
use refray_core::name::{BranchName, EndpointId, RefName};
use sha2::{Digest, Sha256};

use crate::mirror::BACKUP_PREFIX;

/// Longer parts are cut, because they may become file names.
const LONGEST: usize = 180;

/// Returns the reference that keeps a branch's old tip. `stamp` is the time, in a form that a reference's name allows.
pub fn branch_ref(branch: &BranchName, stamp: &str, tip: Oid) -> String {
    format!("{BACKUP_PREFIX}branches/{}/{}-{}", encode(branch.as_str()), encode(stamp), tip.short())
}

/// Returns the reference that keeps one reference of a repository that is to be deleted at `endpoint`.
pub fn repository_ref(stamp: &str, endpoint: &EndpointId, name: &RefName) -> String {
    let kind = if name.is_tag() { "tags" } else { "heads" };
    format!("{BACKUP_PREFIX}repos/{}/{}/{kind}/{}", encode(stamp), encode(endpoint.as_str()), encode(name.short()))
}

/// What a reference that keeps a backup says by its name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin {
    /// When it was made, as it was given.
    pub stamp: String,
    /// Where the repository was, when a whole one was kept.
    pub endpoint: Option<String>,
    /// The reference that it keeps; `None` when its name was too long to be told in full.
    pub name: Option<RefName>,
}

/// Reads a name made by [`branch_ref`] or [`repository_ref`].
pub fn origin(kept: &str) -> Option<Origin> {
    let parts: Vec<&str> = kept.strip_prefix(BACKUP_PREFIX)?.split('/').collect();
    match parts.as_slice() {
        ["branches", branch, last] => {
            let (stamp, _) = last.rsplit_once('-')?;
            let name = decode(branch).and_then(|branch| RefName::from_full(&format!("refs/heads/{branch}")).ok());
            Some(Origin { stamp: decode(stamp)?, endpoint: None, name })
        }
        ["repos", stamp, endpoint, kind @ ("heads" | "tags"), short] => {
            let name = decode(short).and_then(|short| RefName::from_full(&format!("refs/{kind}/{short}")).ok());
            Some(Origin { stamp: decode(stamp)?, endpoint: decode(endpoint), name })
        }
        _ => None,
    }
}

/// Takes [`encode`] back, unless something was cut off.
fn decode(part: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(part.len());
    let mut rest = part.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        if *first == b'%' {
            let hex = std::str::from_utf8(after.get(..2)?).ok()?;
            let byte = u8::from_str_radix(hex, 16).ok()?;
            if byte == b'~' {
                // No reference has one: what was longer ends here.
                return None;
            }
            bytes.push(byte);
            rest = &after[2..];
        } else {
            bytes.push(*first);
            rest = after;
        }
    }
    String::from_utf8(bytes).ok()
}

/// Makes one part of a reference's name of any text, two different ones of two different texts.
fn encode(text: &str) -> String {
    let mut part = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' => part.push(byte as char),
            // Writing to a string cannot fail.
            _ => write!(part, "%{byte:02X}").unwrap_or_default(),
        }
    }
    if part.len() > LONGEST {
        let hash: [u8; 32] = Sha256::digest(text.as_bytes()).into();
        part.truncate(LONGEST);
        part.push_str("%7E");
        for byte in &hash[..8] {
            write!(part, "{byte:02x}").unwrap_or_default();
        }
    }
    part
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_parts_that_git_allows() {
        let tip: Oid = "0123456789abcdef0123456789abcdef01234567".parse().unwrap();
        let name = branch_ref(&BranchName::new("feature/a.b").unwrap(), "20240102T030405Z", tip);
        assert_eq!(name, "refs/refray-backups/branches/feature%2Fa%2Eb/20240102T030405Z-0123456789");
        let tag = RefName::from_full("refs/tags/v1.0").unwrap();
        let endpoint = EndpointId::new("gitlab/group/sub").unwrap();
        assert_eq!(
            repository_ref("20240102T030405Z", &endpoint, &tag),
            "refs/refray-backups/repos/20240102T030405Z/gitlab%2Fgroup%2Fsub/tags/v1%2E0"
        );
        let kept = origin(&name).unwrap();
        assert_eq!((kept.stamp.as_str(), kept.endpoint), ("20240102T030405Z", None));
        assert_eq!(kept.name.unwrap().full(), "refs/heads/feature/a.b");
        let kept = origin(&repository_ref("20240102T030405Z", &endpoint, &tag)).unwrap();
        assert_eq!((kept.endpoint.as_deref(), kept.name), (Some("gitlab/group/sub"), Some(tag)));
        let cut = branch_ref(&BranchName::new("b".repeat(200)).unwrap(), "20240102T030405Z", tip);
        assert_eq!(origin(&cut).map(|kept| kept.name), Some(None));
        assert_eq!(origin("refs/heads/main"), None);
        let long = |end| encode(&format!("{}{end}", "ü".repeat(300)));
        assert!(long("a").len() < 255 && long("a") != long("b"));
    }
}
