//! The system's keyring: what speaks the Secret Service interface on the session's D-Bus (GNOME Keyring, KWallet,
//! KeePassXC).
//!
//! An entry called NAME is the item with the attributes `service = "refray"` and `username = "NAME"`, which is also what
//! `secret-tool store --label NAME service refray username NAME` makes. Nothing here asks a person for anything when it
//! reads: a keyring that is locked is an error, because nobody may be there to answer.

use std::collections::HashMap;
use std::time::Duration;

use refray_core::secret::Secret;
use secret_service::{Collection, EncryptionType, SecretService};
use thiserror::Error;
use zbus::Connection;

/// The attribute that tells refray's entries from those of others.
const SERVICE: &str = "refray";

/// How long the keyring may take to answer. It does so at once, unless something is wrong with it.
const READ_LIMIT: Duration = Duration::from_secs(10);

/// How long storing may take: the keyring may ask the person who is there to agree.
const WRITE_LIMIT: Duration = Duration::from_secs(60);

/// Reads an entry.
///
/// # Errors
/// Why there is none to be had, with the remedy.
pub(crate) async fn read(entry: &str) -> Result<String, String> {
    Keyring::default().read(entry).await.map_err(|error| error.to_string())
}

/// Stores an entry; one of the same name is replaced. Only for when a person is there: the keyring may ask them.
///
/// # Errors
/// Why it could not be stored, with the remedy.
pub(crate) async fn write(entry: &str, secret: &Secret) -> Result<(), String> {
    Keyring::default().write(entry, secret).await.map_err(|error| error.to_string())
}

/// Says whether there is a keyring in which an entry can be stored, as things stand.
pub(crate) async fn reachable() -> bool {
    Keyring::default().reachable().await
}

/// Why the keyring did not do what was asked. Never holds a part of a secret.
#[derive(Debug, Error)]
enum KeyringError {
    #[error(
        "there is no D-Bus session to reach a keyring through ({0}): start refray in a session that has a keyring, or \
         give the secret as `file` or `command`"
    )]
    NoSession(#[source] zbus::Error),
    #[error(
        "no keyring answers on the D-Bus session ({0}): start one that offers the Secret Service (GNOME Keyring, KWallet, \
         KeePassXC), or give the secret as `file` or `command`"
    )]
    NoService(#[source] secret_service::Error),
    #[error("the keyring did not answer within {} s: see whether it waits for somebody to unlock it", .0.as_secs())]
    Timeout(Duration),
    #[error("the keyring is locked: unlock it (signing in to the desktop does, as a rule), then run again")]
    Locked,
    #[error("there is no such entry: store it with `secret-tool store --label '{0}' service {SERVICE} username '{0}'`")]
    NoEntry(String),
    #[error("the keyring has no default collection to store an entry in: make one with its own program")]
    NoCollection,
    #[error("what the entry holds is not text: store it anew")]
    NotText,
    #[error("the keyring failed: {0}")]
    Other(#[source] secret_service::Error),
}

impl From<secret_service::Error> for KeyringError {
    fn from(error: secret_service::Error) -> Self {
        match error {
            // Whoever dismisses the question has left it locked.
            secret_service::Error::Locked | secret_service::Error::Prompt => Self::Locked,
            error => Self::Other(error),
        }
    }
}

/// A way to the keyring.
#[derive(Debug)]
struct Keyring {
    /// The address of the D-Bus session; the user's own where it is not given.
    address: Option<String>,
    read_limit: Duration,
}

impl Default for Keyring {
    fn default() -> Self {
        Self { address: None, read_limit: READ_LIMIT }
    }
}

impl Keyring {
    async fn read(&self, entry: &str) -> Result<String, KeyringError> {
        within(self.read_limit, async {
            let service = self.open().await?;
            let found = service.search_items(attributes(entry)).await?;
            let Some(item) = found.unlocked.first() else {
                return Err(if found.locked.is_empty() {
                    KeyringError::NoEntry(entry.to_owned())
                } else {
                    KeyringError::Locked
                });
            };
            String::from_utf8(item.get_secret().await?).map_err(|_| KeyringError::NotText)
        })
        .await
    }

    async fn write(&self, entry: &str, secret: &Secret) -> Result<(), KeyringError> {
        within(WRITE_LIMIT, async {
            let service = self.open().await?;
            let collection = default_collection(&service).await?;
            let label = format!("refray: {entry}");
            let secret = secret.expose().as_bytes();
            collection.create_item(&label, attributes(entry), secret, true, "text/plain").await?;
            Ok(())
        })
        .await
    }

    async fn reachable(&self) -> bool {
        let looked = within(self.read_limit, async {
            let service = self.open().await?;
            default_collection(&service).await.map(drop)
        });
        looked.await.is_ok()
    }

    async fn open(&self) -> Result<SecretService<'static>, KeyringError> {
        let connection = match &self.address {
            Some(address) => zbus::connection::Builder::address(address.as_str()),
            None => zbus::connection::Builder::session(),
        };
        let connection: Connection = async { connection?.build().await }.await.map_err(KeyringError::NoSession)?;
        // The secret goes over the bus encrypted, whoever else listens there.
        let service = SecretService::connect_with_existing(EncryptionType::Dh, connection);
        service.await.map_err(KeyringError::NoService)
    }
}

/// Returns the collection that entries are stored in, which must be open.
async fn default_collection<'a>(service: &'a SecretService<'static>) -> Result<Collection<'a>, KeyringError> {
    let collection = service.get_default_collection().await.map_err(|error| match error {
        secret_service::Error::NoResult => KeyringError::NoCollection,
        error => error.into(),
    })?;
    if collection.is_locked().await? { Err(KeyringError::Locked) } else { Ok(collection) }
}

fn attributes(entry: &str) -> HashMap<&str, &str> {
    HashMap::from([("service", SERVICE), ("username", entry)])
}

async fn within<T>(limit: Duration, work: impl Future<Output = Result<T, KeyringError>>) -> Result<T, KeyringError> {
    tokio::time::timeout(limit, work).await.unwrap_or(Err(KeyringError::Timeout(limit)))
}

#[cfg(test)]
#[path = "../tests/e2e/world/session.rs"]
mod session;

#[cfg(test)]
mod tests {
    use super::*;

    fn at(address: String) -> Keyring {
        Keyring { address: Some(address), ..Keyring::default() }
    }

    #[tokio::test]
    async fn without_a_session_it_is_said_what_to_do() {
        let folder = tempfile::tempdir().unwrap();
        let keyring = at(format!("unix:path={}/none", folder.path().display()));
        for error in [keyring.read("x").await.unwrap_err(), keyring.write("x", &secret("s3cret")).await.unwrap_err()] {
            assert!(matches!(error, KeyringError::NoSession(_)), "{error}");
            let said = error.to_string();
            assert!(said.contains("no D-Bus session") && said.contains("`file` or `command`"), "{said}");
            assert!(!format!("{error:?}").contains("s3cret"), "{error:?}");
        }
        assert!(!keyring.reachable().await);
    }

    #[tokio::test]
    async fn one_that_does_not_answer_is_not_waited_for() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("bus");
        let _silent = std::os::unix::net::UnixListener::bind(&path).unwrap();
        let address = Some(format!("unix:path={}", path.display()));
        let keyring = Keyring { address, read_limit: Duration::from_millis(100) };
        let error = keyring.read("x").await.unwrap_err();
        assert!(matches!(error, KeyringError::Timeout(_)), "{error}");
        assert!(!keyring.reachable().await);
    }

    #[tokio::test]
    async fn a_session_without_a_keyring_is_told_from_none() {
        let folder = tempfile::tempdir().unwrap();
        let Some(session) = session::Session::without_keyring(folder.path()) else { return };
        let error = at(session.address.clone()).read("x").await.unwrap_err();
        assert!(matches!(error, KeyringError::NoService(_)), "{error}");
        assert!(error.to_string().contains("GNOME Keyring"), "{error}");
    }

    #[tokio::test]
    async fn entries_are_stored_read_and_replaced_and_a_locked_keyring_is_left_locked() {
        let folder = tempfile::tempdir().unwrap();
        let Some(session) = session::Session::start(folder.path()) else { return };
        let keyring = at(session.address.clone());
        assert!(keyring.reachable().await);
        let error = keyring.read("github").await.unwrap_err();
        assert!(matches!(&error, KeyringError::NoEntry(name) if name == "github"), "{error}");
        assert!(error.to_string().contains("secret-tool store --label 'github' service refray username 'github'"));
        keyring.write("github", &secret("s3cret")).await.unwrap();
        keyring.write("gitlab", &secret("other")).await.unwrap();
        assert_eq!(keyring.read("github").await.unwrap(), "s3cret");
        keyring.write("github", &secret("rotated")).await.unwrap();
        assert_eq!(keyring.read("github").await.unwrap(), "rotated");
        assert_eq!(keyring.read("gitlab").await.unwrap(), "other");

        let service = keyring.open().await.unwrap();
        service.get_default_collection().await.unwrap().lock().await.unwrap();
        for error in [keyring.read("github").await.unwrap_err(), keyring.write("x", &secret("y")).await.unwrap_err()] {
            assert!(matches!(error, KeyringError::Locked), "{error}");
        }
        assert!(!keyring.reachable().await);
        assert!(service.get_default_collection().await.unwrap().is_locked().await.unwrap(), "nobody was asked");
    }

    fn secret(text: &str) -> Secret {
        Secret::new(text.to_owned())
    }
}
