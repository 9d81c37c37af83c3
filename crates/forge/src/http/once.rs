use std::collections::HashMap;

use bytes::Bytes;
use refray_core::secret::Secret;
use serde::de::DeserializeOwned;
use tokio::sync::Mutex;
use tokio::time::Instant;

use super::call::Call;
use super::client::Client;
use crate::error::ForgeError;

/// Answers that hold for a while, as long as the same token is used, by their addresses.
#[derive(Default)]
pub(crate) struct Once(Mutex<HashMap<String, Known>>);

struct Known {
    token: Option<Secret>,
    body: Bytes,
    since: Instant,
}

impl Client {
    /// Asks what has the same answer for every repository, such as who is behind the token: once for each token, and
    /// again when the answer has been taken for granted long enough.
    ///
    /// # Errors
    /// As [`Client::json`].
    pub(crate) async fn json_once<T: DeserializeOwned>(&self, call: &Call) -> Result<T, ForgeError> {
        let token = self.inner.token.get().await.map_err(|error| self.credential_error(&call.doing, &error))?;
        let mut known = self.inner.once.0.lock().await;
        if let Some(known) = known.get(call.url.as_str())
            && known.since.elapsed() < self.inner.options.taken_for_granted
            && known.token.as_ref().map(Secret::expose) == token.as_ref().map(Secret::expose)
            && let Ok(value) = serde_json::from_slice(&known.body)
        {
            return Ok(value);
        }
        // Whoever else wants to know waits here, rather than asking as well.
        let answer = self.send(call).await?;
        let value = answer.json()?;
        // A token that was refused has been read again meanwhile.
        let token = self.inner.token.get().await.map_err(|error| self.credential_error(&call.doing, &error))?;
        known.insert(call.url.to_string(), Known { token, body: answer.body.clone(), since: Instant::now() });
        Ok(value)
    }

    /// Forgets what was asked once: something that rested on it was refused.
    pub(crate) async fn forget(&self) {
        self.inner.once.0.lock().await.clear();
    }
}
