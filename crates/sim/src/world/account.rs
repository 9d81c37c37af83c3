use std::collections::BTreeMap;

use jiff::Timestamp;

use super::Visibility;

/// What an account is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AccountKind {
    /// A person.
    User,
    /// An organisation, or at GitLab a group, which may lie in another group.
    Group,
}

/// What somebody may do in a group or a repository, weakest first.
///
/// The names are GitLab's. GitHub's and Gitea's read, write and admin are [`Role::Reporter`], [`Role::Developer`] and
/// [`Role::Owner`] ([`Role::Maintainer`] where it must not include deleting).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    /// Sees that it is there.
    Guest,
    /// Reads.
    Reporter,
    /// Pushes.
    Developer,
    /// Sets it up.
    Maintainer,
    /// May do everything.
    Owner,
}

impl Role {
    /// Returns GitLab's number for the role.
    #[must_use]
    pub fn level(self) -> u64 {
        match self {
            Self::Guest => 10,
            Self::Reporter => 20,
            Self::Developer => 30,
            Self::Maintainer => 40,
            Self::Owner => 50,
        }
    }
}

/// What keeps a user of Gitea or Forgejo out, whatever the token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lock {
    /// An administrator does not let the user in.
    SignInProhibited,
    /// The user has to choose another password first.
    PasswordExpired,
}

/// A user, organisation or group: whatever can own repositories.
#[derive(Clone, Debug)]
pub struct Account {
    /// The forge's id of the user or group.
    pub id: u64,
    /// GitLab's id of the namespace: a group's own id, but a number of its own for a user.
    pub namespace_id: u64,
    /// Whether it is a person.
    pub kind: AccountKind,
    /// The full path, as it was written when the account was made: `octo`, or `top/middle/leaf` for a nested group.
    pub path: String,
    /// The name shown to people.
    pub name: String,
    /// The mail address shown to people.
    pub email: String,
    /// Some words about the account.
    pub description: String,
    /// Who sees the account.
    pub visibility: Visibility,
    /// The group in which this group lies.
    pub parent: Option<u64>,
    /// The members of a group by user id.
    pub members: BTreeMap<u64, Role>,
    /// Whether a user administers the whole site.
    pub admin: bool,
    /// What keeps a user out.
    pub lock: Option<Lock>,
    /// As many repositories as it may own.
    pub repository_limit: Option<usize>,
    /// When it was made.
    pub created: Timestamp,
}

impl Account {
    /// Returns the last part of the path.
    #[must_use]
    pub fn leaf(&self) -> &str {
        self.path.rsplit_once('/').map_or(self.path.as_str(), |(_, leaf)| leaf)
    }

    /// Tells whether the account is a person.
    #[must_use]
    pub fn is_user(&self) -> bool {
        self.kind == AccountKind::User
    }
}
