use std::path::PathBuf;

use thiserror::Error;

/// Why git did not do what it was asked.
#[derive(Debug, Error)]
pub enum GitError {
    /// The program could not be started or fed.
    #[error("git {verb} could not be run")]
    Start {
        /// The subcommand.
        verb: String,
        /// Why.
        source: std::io::Error,
    },
    /// The program said no.
    #[error("git {verb} failed: {message}")]
    Failed {
        /// The subcommand.
        verb: String,
        /// What it wrote to standard error.
        message: String,
    },
    /// The program answered something unexpected.
    #[error("git {verb} answered what was not expected")]
    Answer {
        /// The subcommand.
        verb: String,
    },
    /// A file of the repository could not be written.
    #[error("{path} could not be written")]
    File {
        /// The file or folder.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
}

/// Why a site's state did not change.
#[derive(Debug, Error)]
pub enum WorldError {
    /// Another repository or account has the name.
    #[error("{path} is taken")]
    NameTaken {
        /// The full path that was wanted.
        path: String,
    },
    /// The forge does not allow the name.
    #[error("{name} is not allowed: {reason}")]
    NameInvalid {
        /// The name that was wanted.
        name: String,
        /// What is wrong with it, in the forge's words as far as they are known.
        reason: &'static str,
    },
    /// The account has as many repositories as it may.
    #[error("no more than {limit} repositories are allowed")]
    LimitReached {
        /// How many that is.
        limit: usize,
    },
    /// There is no such account.
    #[error("no account {0}")]
    NoAccount(String),
    /// There is no such repository.
    #[error("no repository {0}")]
    NoRepository(String),
    /// There is no such branch.
    #[error("no branch {0}")]
    NoBranch(String),
    /// A ref is there already.
    #[error("{0} exists")]
    RefExists(String),
    /// A ref is not where it was expected.
    #[error("{0} has moved")]
    RefMoved(String),
    /// There is no such pull request.
    #[error("no pull request {0}")]
    NoPull(u64),
    /// A pull request between the two branches is open already.
    #[error("pull request {number} is open for the same branches")]
    PullExists {
        /// Its number.
        number: u64,
    },
    /// The head has nothing that the base lacks.
    #[error("no commits between {base} and {head}")]
    NothingToMerge {
        /// The branch that is to take the commits.
        base: String,
        /// The branch that offers them.
        head: String,
    },
    /// The two branches share no commit.
    #[error("{base} and {head} have no history in common")]
    NoCommonHistory {
        /// The branch that is to take the commits.
        base: String,
        /// The branch that offers them.
        head: String,
    },
    /// The pull request is closed or merged.
    #[error("pull request {0} is not open")]
    NotOpen(u64),
    /// The two sides changed the same lines.
    #[error("pull request {0} has conflicts")]
    MergeConflict(u64),
    /// The head is not the commit that was named.
    #[error("the head of pull request {0} was modified")]
    HeadMoved(u64),
    /// Git did not do its part.
    #[error(transparent)]
    Git(#[from] GitError),
}
