use std::collections::HashMap;

use bytes::Bytes;
use refray_core::secret::Secret;
use serde::de::DeserializeOwned;
use tokio::sync::Mutex;

use super::call::Call;
use super::client::Client;
use crate::error::ForgeError;

/// Answers that hold as long as the same token is used, by their addresses.
#[derive(Default)]
pub(crate) struct Once(Mutex<HashMap<String, (Option<Secret>, Bytes)>>);

impl Client {
    /// Asks what has the same answer for every repository, such as who is behind the token: once for each token.
    ///
    /// # Errors
    /// As [`Client::json`].
    pub(crate) async fn json_once<T: DeserializeOwned>(&self, call: &Call) -> Result<T, ForgeError> {
        let token = self.inner.token.get().await.map_err(|error| self.credential_error(&call.doing, &error))?;
        let mut known = self.inner.once.0.lock().await;
        if let Some((with, body)) = known.get(call.url.as_str())
            && with.as_ref().map(Secret::expose) == token.as_ref().map(Secret::expose)
            && let Ok(value) = serde_json::from_slice(body)
        {
            return Ok(value);
        }
        // Whoever else wants to know waits here, rather than asking as well.
        let answer = self.send(call).await?;
        let value = answer.json()?;
        // A token that was refused has been read again meanwhile.
        let token = self.inner.token.get().await.map_err(|error| self.credential_error(&call.doing, &error))?;
        known.insert(call.url.to_string(), (token, answer.body.clone()));
        Ok(value)
    }

    /// Forgets what was asked once: something that rested on it was refused.
    pub(crate) async fn forget(&self) {
        self.inner.once.0.lock().await.clear();
    }
}
