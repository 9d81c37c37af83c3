//! What a site was asked and what it answered.

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};

use sha2::{Digest, Sha256};

use crate::ids::to_hex;

/// One request and its answer. Secrets are replaced by a hash of theirs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Logged {
    /// The method.
    pub method: String,
    /// The path.
    pub path: String,
    /// The query.
    pub query: Option<String>,
    /// The version of HTTP.
    pub version: String,
    /// The names of the request's headers.
    pub headers: Vec<String>,
    /// Hashes of the credentials that came along.
    pub credentials: Vec<String>,
    /// The body of a REST request.
    pub body: Option<String>,
    /// The answer's status; 0 when the connection was broken instead.
    pub status: u16,
    /// The names of the answer's headers.
    pub answer_headers: Vec<String>,
    /// The body of a REST answer.
    pub answer: Option<String>,
    /// Whether it was a REST request and not one for git or LFS.
    pub rest: bool,
}

/// The requests that a site was sent, oldest first.
#[derive(Debug, Default)]
pub struct RequestLog {
    entries: Mutex<Vec<Logged>>,
    secrets: Mutex<BTreeSet<String>>,
}

impl RequestLog {
    /// Returns all entries.
    #[must_use]
    pub fn all(&self) -> Vec<Logged> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Returns the number of entries.
    #[must_use]
    pub fn count(&self) -> usize {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner).len()
    }

    /// Forgets all entries.
    pub fn clear(&self) {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    /// Tells whether this credential came along with any request, from the log's start or its last clearing.
    #[must_use]
    pub fn saw_token(&self, token: &str) -> bool {
        let hash = digest(token);
        let entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        entries.iter().any(|entry| entry.credentials.contains(&hash))
    }

    pub(crate) fn add(&self, mut entry: Logged, secrets: &[&str]) {
        {
            let mut known = self.secrets.lock().unwrap_or_else(PoisonError::into_inner);
            known.extend(secrets.iter().map(|secret| (*secret).to_owned()));
            for text in [&mut entry.query, &mut entry.body, &mut entry.answer].into_iter().flatten() {
                // A short one would be found by chance.
                for secret in known.iter().filter(|secret| secret.len() >= 8) {
                    if text.contains(secret.as_str()) {
                        *text = text.replace(secret.as_str(), &digest(secret));
                    }
                }
            }
        }
        entry.credentials = secrets.iter().map(|secret| digest(secret)).collect();
        self.entries.lock().unwrap_or_else(PoisonError::into_inner).push(entry);
    }
}

/// Returns what stands for a secret in a log.
fn digest(secret: &str) -> String {
    format!("sha256:{}", &to_hex(&Sha256::digest(secret))[..16])
}

#[cfg(test)]
mod tests {
    use super::{Logged, RequestLog};

    #[test]
    fn a_secret_is_known_again_but_not_kept() {
        let log = RequestLog::default();
        let entry = Logged { query: Some("token=very-secret-1".to_owned()), ..Logged::default() };
        log.add(entry, &["very-secret-1"]);
        assert!(log.saw_token("very-secret-1") && !log.saw_token("very-secret-2"));
        assert!(!format!("{:?}", log.all()).contains("very-secret"));
    }
}
