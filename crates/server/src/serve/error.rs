//! Why nothing is served.

use std::net::SocketAddr;
use std::path::PathBuf;

use refray_engine::store::StoreError;

/// Why `refray serve` does not start, or cannot go on.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// An address cannot be listened on.
    #[error("cannot listen on {address} for {what}")]
    Listen {
        /// The address as it was given.
        address: String,
        /// What it is for.
        what: &'static str,
        /// The flag that names another.
        flag: &'static str,
        /// What the system said.
        source: std::io::Error,
    },
    /// The dashboard could be seen by others.
    #[error("the dashboard would listen on {address}, which is not loopback, and has no token")]
    Open {
        /// The address.
        address: SocketAddr,
    },
    /// Another one serves from the same state directory.
    #[error("another `refray serve` runs on the state directory `{}`{}", path.display(), holder(process.as_deref()))]
    Another {
        /// The state directory.
        path: PathBuf,
        /// Its process id, where it could be read.
        process: Option<String>,
    },
    /// The lock that keeps a second one away cannot be had.
    #[error("cannot lock `{}`", path.display())]
    Lock {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// A secret of the configuration cannot be had.
    #[error("the {what} cannot be had")]
    Secret {
        /// What it is.
        what: &'static str,
        /// Why.
        source: refray_forge::CredentialError,
    },
    /// Signals cannot be listened for.
    #[error("signals cannot be listened for")]
    Signals(#[source] std::io::Error),
    /// There is no random for the dashboard's sessions.
    #[error("the operating system gives no random: {0}")]
    Random(String),
    /// The store cannot be used.
    #[error(transparent)]
    Store(#[from] StoreError),
}

fn holder(process: Option<&str>) -> String {
    process.map_or_else(String::new, |process| format!(", as process {process}"))
}

impl ServeError {
    /// Returns what the user can do, as sentences.
    pub fn remedy(&self) -> String {
        match self {
            Self::Listen { source, flag, .. } if source.kind() == std::io::ErrorKind::AddrInUse => {
                format!(
                    "Another program listens there, perhaps another `refray serve`: stop it, or name another address with `{flag}`."
                )
            }
            Self::Listen { flag, .. } => {
                format!("Name another address with `{flag}`, such as `127.0.0.1:0` for any free port.")
            }
            Self::Open { .. } => {
                "Set `[dashboard].token` in the configuration, or listen on `127.0.0.1` with `--dashboard`.".to_owned()
            }
            Self::Another { .. } => {
                "Stop it first, or give this one another state directory with `--state-dir`.".to_owned()
            }
            Self::Lock { .. } => {
                "Check the rights of the state directory, and that its file system has locks.".to_owned()
            }
            Self::Secret { what, .. } => format!("Check where the configuration says that the {what} is."),
            Self::Random(_) => "Check that `/dev/urandom` can be read.".to_owned(),
            Self::Signals(_) => "Check the limits of the system.".to_owned(),
            Self::Store(error) => error.remedy(),
        }
    }
}
