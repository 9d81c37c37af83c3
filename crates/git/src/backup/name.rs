//! How the references that keep backups are called.

use refray_core::name::{BranchName, EndpointId, RefName};
use refray_core::{Oid, RefPart};

use crate::mirror::BACKUP_PREFIX;

/// How names are written; longer ones are cut, because they may become file names.
const PART: RefPart = RefPart { mark: '%', longest: 180, dots: false };

/// Returns the reference that keeps a branch's old tip. `stamp` is the time, in a form that a reference's name allows.
pub fn branch_ref(branch: &BranchName, stamp: &str, tip: Oid) -> String {
    format!("{BACKUP_PREFIX}branches/{}/{}-{}", PART.encode(branch.as_str()), PART.encode(stamp), tip.short())
}

/// Returns the reference that keeps one reference of a repository that is to be deleted at `endpoint`.
pub fn repository_ref(stamp: &str, endpoint: &EndpointId, name: &RefName) -> String {
    let kind = if name.is_tag() { "tags" } else { "heads" };
    format!(
        "{BACKUP_PREFIX}repos/{}/{}/{kind}/{}",
        PART.encode(stamp),
        PART.encode(endpoint.as_str()),
        PART.encode(name.short())
    )
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
            let name = PART.decode(branch).and_then(|branch| RefName::from_full(&format!("refs/heads/{branch}")).ok());
            Some(Origin { stamp: PART.decode(stamp)?, endpoint: None, name })
        }
        ["repos", stamp, endpoint, kind @ ("heads" | "tags"), short] => {
            let name = PART.decode(short).and_then(|short| RefName::from_full(&format!("refs/{kind}/{short}")).ok());
            Some(Origin { stamp: PART.decode(stamp)?, endpoint: PART.decode(endpoint), name })
        }
        _ => None,
    }
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
    }
}
