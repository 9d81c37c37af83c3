use bytes::Bytes;
use http::{HeaderMap, StatusCode};
use serde::de::DeserializeOwned;
use url::Url;

use crate::error::{ErrorKind, ForgeError};

/// A successful answer of a forge's API, read to its end.
#[derive(Debug, Clone)]
pub struct Answer {
    /// The status, always a 2xx one.
    pub status: StatusCode,
    /// The headers.
    pub headers: HeaderMap,
    /// The body.
    pub body: Bytes,
    /// The address that answered.
    pub url: Url,
    /// A permanent redirect led here: what was asked for has another name now.
    pub moved: bool,
    pub(crate) site: String,
    pub(crate) doing: String,
}

impl Answer {
    /// Reads the body as JSON.
    ///
    /// # Errors
    /// [`ErrorKind::Protocol`] when it is something else than is expected here.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T, ForgeError> {
        serde_json::from_slice(&self.body).map_err(|error| {
            self.broken(if self.body.trim_ascii_start().starts_with(b"<") {
                "the answer is a page for browsers, not an API's".to_owned()
            } else {
                format!("the answer cannot be read: {error}")
            })
        })
    }

    /// Returns a header's text.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    pub(crate) fn broken(&self, message: impl Into<String>) -> ForgeError {
        ForgeError {
            site: self.site.clone(),
            doing: self.doing.clone(),
            kind: ErrorKind::Protocol,
            message: message.into(),
        }
    }
}
