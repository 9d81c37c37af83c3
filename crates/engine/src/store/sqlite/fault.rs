//! What went wrong, before it is known in which file.

use std::path::Path;

use crate::store::StoreError;

/// Primary result codes of SQLite: the low byte of an extended one.
mod code {
    pub(super) const BUSY: i64 = 5;
    pub(super) const LOCKED: i64 = 6;
    pub(super) const READONLY: i64 = 8;
    pub(super) const CORRUPT: i64 = 11;
    pub(super) const FULL: i64 = 13;
    pub(super) const CANTOPEN: i64 = 14;
    pub(super) const NOTADB: i64 = 26;
    /// The index of the write-ahead log could not be given its size: on a full disk this comes before any write.
    pub(super) const IOERR_SHMSIZE: i64 = 4874;
}

/// What went wrong.
#[derive(Debug)]
pub(super) enum Fault {
    /// SQLite or the pool says so.
    Sql(sqlx::Error),
    /// A row holds something that refray would not have written.
    Value { what: &'static str, text: String },
    /// The file has a newer format.
    Newer { found: i64, supported: i64 },
    /// The file has an older format, and is only looked at.
    Older,
    /// The file is another program's.
    Foreign,
}

impl From<sqlx::Error> for Fault {
    fn from(error: sqlx::Error) -> Self {
        Self::Sql(error)
    }
}

impl Fault {
    /// Says which file it is about.
    pub(super) fn at(self, path: &Path) -> StoreError {
        let path = path.to_owned();
        match self {
            Self::Value { what, text } => StoreError::Value { path, what, text },
            Self::Newer { found, supported } => StoreError::Newer { path, found, supported },
            Self::Older => StoreError::Older { path },
            Self::Foreign => StoreError::Foreign { path },
            Self::Sql(source @ sqlx::Error::PoolTimedOut) => StoreError::Busy { path, source },
            Self::Sql(source) => match result_code(&source) {
                Some(code::IOERR_SHMSIZE) => StoreError::Full { path, source },
                Some(extended) => match extended & 0xff {
                    code::BUSY | code::LOCKED => StoreError::Busy { path, source },
                    code::READONLY => StoreError::ReadOnly { path, source },
                    code::CORRUPT | code::NOTADB => StoreError::Damaged { path, source },
                    code::FULL => StoreError::Full { path, source },
                    _ => StoreError::Failed { path, source },
                },
                None => StoreError::Failed { path, source },
            },
        }
    }

    /// Says whether another process was in the way.
    pub(super) fn is_busy(&self) -> bool {
        matches!(self, Self::Sql(error) if result_code(error).is_some_and(|code| code & 0xff == code::BUSY))
    }

    /// Says whether the place can be read and not written to.
    pub(super) fn is_read_only(&self) -> bool {
        matches!(self, Self::Sql(error) if result_code(error)
            .is_some_and(|code| matches!(code & 0xff, code::READONLY | code::CANTOPEN)))
    }
}

fn result_code(error: &sqlx::Error) -> Option<i64> {
    error.as_database_error()?.code()?.parse().ok()
}
