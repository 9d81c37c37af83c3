//! Where secrets come from.

use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

use async_trait::async_trait;
use refray_core::config::SecretSource;
use refray_core::secret::Secret;

/// What the program around this crate offers: the environment, commands and the keyring are its to reach.
#[async_trait]
pub trait Environment: Send + Sync {
    /// Returns an environment variable.
    fn var(&self, name: &str) -> Option<String>;

    /// Runs a command line and returns what it printed.
    ///
    /// # Errors
    /// Why it could not be run, or how it failed.
    async fn run(&self, _command: &str) -> Result<String, String> {
        Err("this program runs no commands for secrets".into())
    }

    /// Reads an entry of the system's keyring.
    ///
    /// # Errors
    /// Why there is none.
    async fn keyring(&self, _entry: &str) -> Result<String, String> {
        Err("reading the system's keyring is not available in this build; `command` can call its own tool".into())
    }

    /// Hears of something that is not as it should be, though it works.
    fn warn(&self, text: &str) {
        tracing::warn!("{text}");
    }
}

/// A secret that could not be had. Never holds a part of one.
#[derive(Debug, thiserror::Error)]
pub enum CredentialError {
    /// The variable is not set.
    #[error("the environment variable `{0}` is not set")]
    NoVariable(String),
    /// The file cannot be read.
    #[error("the file `{path}` cannot be read: {source}")]
    File {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The command failed.
    #[error("the command for the secret failed: {0}")]
    Command(String),
    /// The keyring gave nothing.
    #[error("the keyring's entry `{entry}` could not be read: {why}")]
    Keyring {
        /// The entry.
        entry: String,
        /// Why.
        why: String,
    },
    /// It is empty, or holds characters that no header can carry.
    #[error("what {0} holds is empty or is no single line of text")]
    Unusable(String),
}

/// Reads a secret from where the configuration says it is.
///
/// # Errors
/// The place does not exist, cannot be read, or holds nothing usable.
pub async fn resolve(source: &SecretSource, environment: &dyn Environment) -> Result<Secret, CredentialError> {
    let (text, place) = match source {
        SecretSource::Value(secret) => (secret.expose().to_owned(), "the configuration's value".to_owned()),
        SecretSource::Env(name) => {
            let text = environment.var(name).ok_or_else(|| CredentialError::NoVariable(name.clone()))?;
            (text, format!("the environment variable `{name}`"))
        }
        SecretSource::File(path) => {
            let failed = |source| CredentialError::File { path: path.clone(), source };
            let text = tokio::fs::read_to_string(path).await.map_err(failed)?;
            let mode = tokio::fs::metadata(path).await.map_err(failed)?.permissions().mode();
            if mode & 0o077 != 0 {
                environment.warn(&format!(
                    "the secret's file `{}` can be read by other users; `chmod 600` mends that",
                    path.display()
                ));
            }
            (text, format!("the file `{}`", path.display()))
        }
        SecretSource::Command(command) => {
            let text = environment.run(command).await.map_err(CredentialError::Command)?;
            (text.lines().next().unwrap_or_default().to_owned(), "the command's output".to_owned())
        }
        SecretSource::Keyring(entry) => {
            let text = environment
                .keyring(entry)
                .await
                .map_err(|why| CredentialError::Keyring { entry: entry.clone(), why })?;
            (text, format!("the keyring's entry `{entry}`"))
        }
    };
    let text = text.trim_end_matches(['\n', '\r']);
    if text.trim().is_empty() || text.chars().any(char::is_control) {
        return Err(CredentialError::Unusable(place));
    }
    Ok(Secret::new(text.to_owned()))
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;

    #[derive(Default)]
    struct Fake {
        warnings: Mutex<Vec<String>>,
    }

    #[async_trait]
    impl Environment for Fake {
        fn var(&self, name: &str) -> Option<String> {
            match name {
                "TOKEN" => Some("from-env\n".into()),
                "EMPTY" => Some(String::new()),
                "TWO" => Some("a\nb".into()),
                _ => None,
            }
        }

        async fn run(&self, command: &str) -> Result<String, String> {
            if command == "good" { Ok("first\nsecond\n".into()) } else { Err("exit status 1".into()) }
        }

        fn warn(&self, text: &str) {
            self.warnings.lock().unwrap().push(text.to_owned());
        }
    }

    async fn read(source: SecretSource) -> Result<String, String> {
        let fake = Fake::default();
        resolve(&source, &fake).await.map(|secret| secret.expose().to_owned()).map_err(|error| error.to_string())
    }

    #[tokio::test]
    async fn every_source_gives_its_text_or_says_why_not() {
        assert_eq!(read(SecretSource::Env("TOKEN".into())).await.unwrap(), "from-env");
        assert!(read(SecretSource::Env("NONE".into())).await.unwrap_err().contains("`NONE` is not set"));
        assert!(read(SecretSource::Env("EMPTY".into())).await.unwrap_err().contains("empty"));
        assert!(read(SecretSource::Env("TWO".into())).await.unwrap_err().contains("single line"));
        assert_eq!(read(SecretSource::Command("good".into())).await.unwrap(), "first");
        assert!(read(SecretSource::Command("bad".into())).await.unwrap_err().contains("exit status 1"));
        assert!(read(SecretSource::Keyring("k".into())).await.unwrap_err().contains("not available"));
        assert_eq!(read(SecretSource::Value(Secret::new("v".into()))).await.unwrap(), "v");
    }

    #[tokio::test]
    async fn files_lose_their_newline_and_loose_modes_are_warned_of() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("token");
        let mut file = tokio::fs::File::create(&path).await.unwrap();
        tokio::io::AsyncWriteExt::write_all(&mut file, b"abc\n").await.unwrap();
        // Without this the file may still be empty.
        tokio::io::AsyncWriteExt::flush(&mut file).await.unwrap();
        for (mode, warnings) in [(0o600, 0), (0o644, 1)] {
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
            let fake = Fake::default();
            let secret = resolve(&SecretSource::File(path.clone()), &fake).await.unwrap();
            assert_eq!(secret.expose(), "abc");
            assert_eq!(fake.warnings.lock().unwrap().len(), warnings);
        }
        assert!(read(SecretSource::File(folder.path().join("none"))).await.unwrap_err().contains("cannot be read"));
    }
}
