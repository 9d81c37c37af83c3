//! How conflict branches are called.

use crate::name::{BranchName, CONFLICT_PREFIX, EndpointId, InvalidName};
use crate::ref_part::RefPart;

/// How a branch and a source are written. `=` means nothing to git, to shells or in addresses' paths, and dots stay for the
/// sake of versions; longer parts are cut, because a server may keep a branch as a file.
const PART: RefPart = RefPart { mark: '=', longest: 150, dots: true };

/// Returns the branch under which the tip that `branch` has at `source` is shown elsewhere. It stays the same when tips
/// move on, so that a pull request of it is refreshed by a push.
///
/// # Errors
/// Never for valid names; the type of the result asks for it.
pub fn conflict_branch(branch: &BranchName, source: &EndpointId) -> Result<BranchName, InvalidName> {
    BranchName::new(format!("{}{}", prefix(branch), PART.encode(source.as_str())))
}

/// Returns what the names of a branch's conflict branches start with, and no others.
pub(super) fn prefix(branch: &BranchName) -> String {
    format!("{CONFLICT_PREFIX}{}/", PART.encode(branch.as_str()))
}

/// Returns that start of a conflict branch's name; `None` for what is not called like one.
pub(super) fn prefix_of(conflict: &str) -> Option<&str> {
    let rest = conflict.strip_prefix(CONFLICT_PREFIX)?;
    let (_, source) = rest.split_once('/')?;
    Some(&conflict[..conflict.len() - source.len()])
}

/// Says whether a conflict branch shows what an endpoint has.
pub(super) fn is_from(conflict: &str, source: &EndpointId) -> bool {
    prefix_of(conflict).is_some_and(|start| conflict[start.len()..] == PART.encode(source.as_str()))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::name::RefName;

    #[test]
    fn names_tell_branch_and_source() {
        let name = |branch, source| {
            let branch = BranchName::new(branch).unwrap();
            conflict_branch(&branch, &EndpointId::new(source).unwrap()).unwrap().to_string()
        };
        assert_eq!(name("main", "github/ada"), "refray/conflicts/main/github=2Fada");
        assert_eq!(name("release-1.2", "disk"), "refray/conflicts/release-1.2/disk");
        assert_eq!(name("a/b", "x"), "refray/conflicts/a=2Fb/x");
        assert_eq!(name("a=2Fb", "x"), "refray/conflicts/a=3D2Fb/x");
        let long = ["ü"; 60].join("/");
        assert!(name(&long, "x").len() < 250);
        assert_eq!(prefix_of("refray/conflicts/a=2Fb/x"), Some("refray/conflicts/a=2Fb/"));
        assert_eq!(prefix_of("refray/conflicts/a"), None);
    }

    proptest! {
        #[test]
        fn two_branches_never_share_a_conflict_branch(a in "[a-zA-Z0-9./=_ü-]{1,12}", b in "[a-zA-Z0-9./=_ü-]{1,12}") {
            let (Ok(a), Ok(b)) = (BranchName::new(&a), BranchName::new(&b)) else { return Ok(()) };
            let source = EndpointId::new("github/ada").unwrap();
            let (one, other) = (conflict_branch(&a, &source).unwrap(), conflict_branch(&b, &source).unwrap());
            prop_assert_eq!(one == other, a == b);
            prop_assert!(RefName::Branch(one.clone()).is_conflict_branch());
            let start = prefix(&a);
            prop_assert_eq!(prefix_of(one.as_str()), Some(start.as_str()));
        }
    }
}
