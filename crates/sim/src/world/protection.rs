use std::collections::BTreeSet;

use jiff::Timestamp;
use serde_json::{Map, Value};

use super::Role;

/// Who may push to a protected branch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PushRule {
    /// Nobody.
    Nobody,
    /// These users only, by id.
    Users(BTreeSet<u64>),
    /// Everybody with at least this role.
    Role(Role),
}

impl PushRule {
    /// Tells whether this user, having this role, may push.
    #[must_use]
    pub fn allows(&self, user: u64, role: Role) -> bool {
        match self {
            Self::Nobody => false,
            Self::Users(users) => users.contains(&user),
            Self::Role(least) => role >= *least,
        }
    }
}

/// A rule about the branches that its pattern names.
#[derive(Clone, Debug)]
pub struct Protection {
    /// The id within the site.
    pub id: u64,
    /// A branch name, in which `*` stands for any characters.
    pub pattern: String,
    /// Who may push.
    pub push: PushRule,
    /// Lets those who may push do so with a rewritten history.
    pub force_push: bool,
    /// Lets those who may push delete the branch.
    pub deletion: bool,
    /// Refuses pushes, as changes come by pull request only.
    pub pull_request_required: bool,
    /// Holds for administrators of the repository as well.
    pub admins_included: bool,
    /// Is one of GitHub's rulesets, whose refusals read otherwise than a classic protection's.
    pub ruleset: bool,
    /// Fields that only their dialect understands, kept as they were sent.
    pub settings: Map<String, Value>,
    /// When it was made.
    pub created: Timestamp,
    /// When it changed.
    pub updated: Timestamp,
}

impl Protection {
    /// Returns the usual rule for a pattern: those who may write push, nobody forces or deletes, administrators included.
    #[must_use]
    pub fn new(pattern: impl Into<String>) -> Self {
        Self {
            id: 0,
            pattern: pattern.into(),
            push: PushRule::Role(Role::Developer),
            force_push: false,
            deletion: false,
            pull_request_required: false,
            admins_included: true,
            ruleset: false,
            settings: Map::new(),
            created: Timestamp::UNIX_EPOCH,
            updated: Timestamp::UNIX_EPOCH,
        }
    }

    /// Tells whether the rule is about this branch.
    #[must_use]
    pub fn matches(&self, branch: &str) -> bool {
        glob(self.pattern.as_bytes(), branch.as_bytes())
    }
}

/// Matches `*` against any run of bytes, slashes included.
fn glob(pattern: &[u8], text: &[u8]) -> bool {
    let (mut p, mut t) = (0, 0);
    let mut retry: Option<(usize, usize)> = None;
    while t < text.len() {
        if p < pattern.len() && pattern[p] == b'*' {
            retry = Some((p + 1, t));
            p += 1;
        } else if p < pattern.len() && pattern[p] == text[t] {
            p += 1;
            t += 1;
        } else if let Some((after_star, from)) = retry {
            p = after_star;
            t = from + 1;
            retry = Some((after_star, t));
        } else {
            return false;
        }
    }
    pattern[p..].iter().all(|byte| *byte == b'*')
}

#[cfg(test)]
mod tests {
    use super::Protection;

    #[test]
    fn a_star_stands_for_any_characters() {
        for (pattern, branch, fits) in [
            ("main", "main", true),
            ("main", "mainly", false),
            ("release/*", "release/1.0", true),
            ("release/*", "release", false),
            ("*", "a/b", true),
            ("*-stable", "v1-stable-stable", true),
            ("a*b*c", "axxbyyc", true),
            ("a*b*c", "axxbyy", false),
        ] {
            assert_eq!(Protection::new(pattern).matches(branch), fits, "{pattern} on {branch}");
        }
    }
}
