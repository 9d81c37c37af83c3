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
#[cfg_attr(not(test), expect(dead_code, reason = "for whoever asks a person for a token"))]
pub(crate) async fn write(entry: &str, secret: &Secret) -> Result<(), String> {
    Keyring::default().write(entry, secret).await.map_err(|error| error.to_string())
}

/// Says whether there is a keyring in which an entry can be stored, as things stand.
#[cfg_attr(not(test), expect(dead_code, reason = "for whoever asks a person for a token"))]
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
#[derive(Debug, Default)]
struct Keyring {
    /// The address of the D-Bus session; the user's own where it is not given.
    address: Option<String>,
}

impl Keyring {
    async fn read(&self, entry: &str) -> Result<String, KeyringError> {
        within(READ_LIMIT, async {
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
        let looked = within(READ_LIMIT, async {
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
