use bytes::Bytes;
use http::Method;
use refray_core::secret::Secret;
use serde::Serialize;
use url::Url;

/// One request to a forge's API, before it is sent.
#[derive(Debug, Clone)]
pub struct Call {
    pub(crate) method: Method,
    pub(crate) url: Url,
    pub(crate) body: Option<Bytes>,
    pub(crate) doing: String,
    pub(crate) safe: bool,
    /// What the body holds that no error may repeat.
    pub(crate) secret: Option<Secret>,
}

impl Call {
    /// Builds a request. `doing` is a phrase that fits "could not …".
    pub fn new(method: Method, url: Url, doing: impl Into<String>) -> Self {
        let safe = method == Method::GET || method == Method::HEAD;
        Self { method, url, body: None, doing: doing.into(), safe, secret: None }
    }

    /// Builds a GET.
    pub fn get(url: Url, doing: impl Into<String>) -> Self {
        Self::new(Method::GET, url, doing)
    }

    /// Builds a POST.
    pub fn post(url: Url, doing: impl Into<String>) -> Self {
        Self::new(Method::POST, url, doing)
    }

    /// Builds a PUT.
    pub fn put(url: Url, doing: impl Into<String>) -> Self {
        Self::new(Method::PUT, url, doing)
    }

    /// Builds a PATCH.
    pub fn patch(url: Url, doing: impl Into<String>) -> Self {
        Self::new(Method::PATCH, url, doing)
    }

    /// Builds a DELETE.
    pub fn delete(url: Url, doing: impl Into<String>) -> Self {
        Self::new(Method::DELETE, url, doing)
    }

    /// Adds a query parameter, or replaces the one of that name.
    #[must_use]
    pub fn query(mut self, name: &str, value: impl ToString) -> Self {
        self.set_query(name, &value.to_string());
        self
    }

    /// Sets the body.
    #[must_use]
    pub fn json(mut self, body: &impl Serialize) -> Self {
        // What is sent are structs and maps with text keys, whose serialisation cannot fail.
        self.body = serde_json::to_vec(body).ok().map(Bytes::from);
        self
    }

    /// Says which secret the body holds: a forge may say back what it was sent.
    #[must_use]
    pub fn holding(mut self, secret: &Secret) -> Self {
        self.secret = Some(secret.clone());
        self
    }

    pub(crate) fn set_query(&mut self, name: &str, value: &str) {
        let others: Vec<(String, String)> = self
            .url
            .query_pairs()
            .filter(|(key, _)| key != name)
            .map(|(key, value)| (key.into_owned(), value.into_owned()))
            .collect();
        self.url.query_pairs_mut().clear().extend_pairs(others).append_pair(name, value);
    }
}
