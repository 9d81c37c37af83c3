use crate::world::{Hook, Repository};

/// A ref that moved, came or went.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RefChange {
    /// The full name.
    pub name: String,
    /// What it held; zeros when it came.
    pub old: String,
    /// What it holds; zeros when it went.
    pub new: String,
}

impl RefChange {
    /// Tells whether the ref came.
    #[must_use]
    pub fn created(&self) -> bool {
        self.old.bytes().all(|byte| byte == b'0')
    }

    /// Tells whether the ref went.
    #[must_use]
    pub fn deleted(&self) -> bool {
        self.new.bytes().all(|byte| byte == b'0')
    }

    /// Returns the branch's name, if it is one.
    #[must_use]
    pub fn branch(&self) -> Option<&str> {
        self.name.strip_prefix("refs/heads/")
    }

    /// Returns the tag's name, if it is one.
    #[must_use]
    pub fn tag(&self) -> Option<&str> {
        self.name.strip_prefix("refs/tags/")
    }
}

/// What happened to a repository as a whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RepositoryAction {
    /// It was made.
    Created,
    /// It was deleted.
    Deleted,
    /// It has another name; the full path it had before.
    Renamed {
        /// The name it had.
        from: String,
        /// The full path it had.
        from_path: String,
    },
    /// It has another owner; the full path it had before.
    Transferred {
        /// The account that had it, by id.
        from: u64,
        /// The full path it had.
        from_path: String,
    },
    /// It became read-only.
    Archived,
    /// It became writable again.
    Unarchived,
    /// Fewer people see it.
    Privatized,
    /// More people see it.
    Publicized,
    /// Something else about it changed; the default branch it had, if that is what changed.
    Edited {
        /// The default branch it had.
        default_branch_from: Option<String>,
    },
}

/// What happened to a pull request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PullAction {
    /// It was opened.
    Opened,
    /// It was opened again.
    Reopened,
    /// Its words changed.
    Edited,
    /// Its head moved.
    Synchronized,
    /// It was given up.
    Closed,
    /// It was merged.
    Merged,
}

/// Something that webhooks tell of.
#[derive(Clone, Debug)]
pub enum Event {
    /// Refs moved by one push or one request.
    Push {
        /// The refs that really changed.
        changes: Vec<RefChange>,
    },
    /// Something happened to the repository as a whole.
    Repository(RepositoryAction),
    /// Something happened to a pull request.
    Pull {
        /// Its number.
        number: u64,
        /// What happened.
        action: PullAction,
    },
    /// A hook was made, or somebody asked for a try.
    Ping,
}

/// An event on its way to the hooks that were there when it happened.
#[derive(Clone, Debug)]
pub(crate) struct Emitted {
    pub(crate) event: Event,
    /// The repository as it was then: it may be gone when the hooks are told.
    pub(crate) repository: Repository,
    /// The user who did it, by id.
    pub(crate) actor: u64,
    pub(crate) hooks: Vec<Hook>,
}
