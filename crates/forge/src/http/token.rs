use std::sync::Arc;

use refray_core::config::SecretSource;
use refray_core::secret::Secret;
use tokio::sync::Mutex;

use crate::credentials::{CredentialError, Environment, resolve};

/// The site's token, read when it is first needed and once more when the forge refuses it: it may have been rotated.
pub(crate) struct Token {
    source: Option<SecretSource>,
    environment: Arc<dyn Environment>,
    known: Mutex<Option<Secret>>,
}

impl Token {
    pub(crate) fn new(source: Option<SecretSource>, environment: Arc<dyn Environment>) -> Self {
        Self { source, environment, known: Mutex::new(None) }
    }

    /// Returns the token; `None` when the site has none.
    pub(crate) async fn get(&self) -> Result<Option<Secret>, CredentialError> {
        let Some(source) = &self.source else { return Ok(None) };
        let mut known = self.known.lock().await;
        if known.is_none() {
            *known = Some(resolve(source, &*self.environment).await?);
        }
        Ok(known.clone())
    }

    /// Reads the token again after `refused` was refused, and says whether there is another one now.
    pub(crate) async fn renew(&self, refused: Option<&Secret>) -> Result<bool, CredentialError> {
        let (Some(source), Some(refused)) = (&self.source, refused) else { return Ok(false) };
        let mut known = self.known.lock().await;
        // Another request may have been here first.
        if known.as_ref().is_some_and(|secret| secret.expose() != refused.expose()) {
            return Ok(true);
        }
        let fresh = resolve(source, &*self.environment).await?;
        let other = fresh.expose() != refused.expose();
        *known = Some(fresh);
        Ok(other)
    }
}
