//! What can be wrong with the store.

use std::io::ErrorKind;
use std::path::PathBuf;

/// The store cannot be opened, read or written. Nothing of what was asked for has happened.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The state directory or the file in it cannot be made or its rights set.
    #[error("cannot prepare `{}`", path.display())]
    Folder {
        /// The directory or file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The file was written by a newer refray.
    #[error("`{}` has format {found}, and this refray knows formats up to {supported}", path.display())]
    Newer {
        /// The file.
        path: PathBuf,
        /// Its format.
        found: i64,
        /// The newest format that this refray knows.
        supported: i64,
    },
    /// The file was written by an older refray, and is only to be looked at.
    #[error("`{}` has the format of an older refray", path.display())]
    Older {
        /// The file.
        path: PathBuf,
    },
    /// The file is another program's database.
    #[error("`{}` is a database of another program", path.display())]
    Foreign {
        /// The file.
        path: PathBuf,
    },
    /// There is no space left.
    #[error("there is no space left to write `{}`", path.display())]
    Full {
        /// The file.
        path: PathBuf,
        /// What the database said.
        source: sqlx::Error,
    },
    /// The file, its directory or its file system can only be read.
    #[error("`{}` cannot be written", path.display())]
    ReadOnly {
        /// The file.
        path: PathBuf,
        /// What the database said.
        source: sqlx::Error,
    },
    /// The file is not a database, or its pages are damaged.
    #[error("`{}` is damaged", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What the database said.
        source: sqlx::Error,
    },
    /// A row holds something that refray would not have written.
    #[error("`{}` holds a {what} that is not one: `{text}`", path.display())]
    Value {
        /// The file.
        path: PathBuf,
        /// What it should be.
        what: &'static str,
        /// What is there.
        text: String,
    },
    /// Other processes kept the store locked for too long.
    #[error("`{}` is locked by another process", path.display())]
    Busy {
        /// The file.
        path: PathBuf,
        /// What the database said.
        source: sqlx::Error,
    },
    /// Anything else.
    #[error("cannot use `{}`", path.display())]
    Failed {
        /// The file.
        path: PathBuf,
        /// What the database said.
        source: sqlx::Error,
    },
}

impl StoreError {
    /// Returns what the user can do, as sentences.
    pub fn remedy(&self) -> String {
        match self {
            Self::Folder { source, .. }
                if matches!(source.kind(), ErrorKind::AlreadyExists | ErrorKind::NotADirectory) =>
            {
                "It, or what it is to be in, is a file: choose a folder with `--state-dir`."
            }
            Self::Folder { .. } => {
                "Check that the state directory's disk is there and that you own the directory, or choose another with \
                 `--state-dir`."
            }
            Self::Newer { .. } => "Use the newer refray, or choose another state directory with `--state-dir`.",
            Self::Older { .. } => "Run `refray sync`, which brings it up to date.",
            Self::Foreign { .. } => "Choose another state directory with `--state-dir`.",
            Self::Full { .. } => {
                "Make space on the disk of the state directory and run again; what was recorded before is intact."
            }
            Self::ReadOnly { .. } => {
                "Check the rights of the state directory and that its disk is mounted for writing."
            }
            Self::Damaged { .. } | Self::Value { .. } => {
                "Check the disk, and put `state.db` back from a backup together with its `-wal` file. Without one, move them \
                 away: the next run makes a new one from what the forges hold, and until then takes nothing for deleted."
            }
            Self::Busy { .. } => "Wait for the other refray to finish, or end it, and run again.",
            Self::Failed { .. } => "Check the state directory, its disk and its rights, and run again.",
        }
        .to_owned()
    }
}
