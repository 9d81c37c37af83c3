//! What can go wrong between refray and a git server.

use std::fmt;
use std::time::Duration;

/// An exchange with a git server that did not take place as meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TransportError {
    /// What kind of failure it is. Decided once, where the answer came in.
    pub kind: TransportErrorKind,
    /// The remote, as [`Remote::describe`](super::Remote::describe) names it.
    pub remote: String,
    /// What was being done, and what the server or the system said, shortened; may be empty. Never holds a secret.
    pub message: String,
}

/// Kinds of failure that callers tell apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TransportErrorKind {
    /// No such repository, or not visible with this credential.
    NotFound,
    /// The credential is missing, wrong, expired or revoked.
    Unauthorized,
    /// Known, but not allowed.
    Forbidden,
    /// Too many requests.
    RateLimited {
        /// How long the server wants to be left alone.
        retry_after: Option<Duration>,
    },
    /// The server names another address, which was not followed.
    Redirected {
        /// The address that it names, without user information.
        to: String,
    },
    /// 5xx: the server failed. A request that writes may have been carried out.
    Server {
        /// The status code.
        status: u16,
    },
    /// Any other 4xx: the server refused the request without carrying it out.
    Refused {
        /// The status code.
        status: u16,
    },
    /// No connection: nothing was sent.
    Connect,
    /// No answer in time. The request may have been carried out.
    Timeout,
    /// The certificate is not trusted, or the TLS handshake failed: nothing was sent.
    Tls,
    /// The ssh server showed a host key that is not known here: nothing was sent.
    HostKeyUnknown,
    /// The ssh server showed another host key than the one that is known here: nothing was sent.
    HostKeyChanged,
    /// The ssh server takes none of the keys that it was offered: nothing was sent.
    KeyRefused,
    /// The connection broke after the request was sent, or sent in part.
    Broken,
    /// What was to be sent could not be produced here, so that the other side got an unusable part of it.
    Body,
    /// A file or process on this machine failed.
    Io,
    /// Anything else.
    Other,
}

impl TransportError {
    /// Builds an error of `kind` about `remote`.
    pub fn new(kind: TransportErrorKind, remote: impl Into<String>, message: impl Into<String>) -> Self {
        Self { kind, remote: remote.into(), message: message.into() }
    }

    /// Says whether the same request may succeed later without anybody changing anything.
    pub const fn is_transient(&self) -> bool {
        use TransportErrorKind as K;
        matches!(self.kind, K::RateLimited { .. } | K::Server { .. } | K::Connect | K::Timeout | K::Broken)
    }

    /// Says whether it is certain that the server did not carry out the request.
    pub const fn is_certainly_undone(&self) -> bool {
        use TransportErrorKind as K;
        !matches!(self.kind, K::Server { .. } | K::Timeout | K::Broken | K::Io | K::Other)
    }
}

impl fmt::Display for TransportError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.remote, self.kind)?;
        if self.message.is_empty() { Ok(()) } else { write!(f, ": {}", self.message) }
    }
}

impl std::error::Error for TransportError {}

impl fmt::Display for TransportErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotFound => f.write_str("there is no such repository, or it is not visible with this credential"),
            Self::Unauthorized => f.write_str("the credential is not accepted"),
            Self::Forbidden => f.write_str("access is not allowed"),
            Self::RateLimited { retry_after: Some(wait) } => {
                write!(f, "the rate limit is used up for another {} s", wait.as_secs())
            }
            Self::RateLimited { retry_after: None } => f.write_str("the rate limit is used up"),
            Self::Redirected { to } => write!(f, "the repository has moved to {to}"),
            Self::Server { status } => write!(f, "the server failed ({status})"),
            Self::Refused { status } => write!(f, "the server refused the request ({status})"),
            Self::Connect => f.write_str("no connection"),
            Self::Timeout => f.write_str("no answer in time"),
            Self::Tls => f.write_str("no trusted connection"),
            Self::HostKeyUnknown => f.write_str("the ssh server's host key is not known here"),
            Self::HostKeyChanged => f.write_str("the ssh server's host key is not the one that is known here"),
            Self::KeyRefused => f.write_str("the ssh server takes none of the keys that it was offered"),
            Self::Broken => f.write_str("the connection broke"),
            Self::Body => f.write_str("what was to be sent could not be produced"),
            Self::Io => f.write_str("the local system failed"),
            Self::Other => f.write_str("the exchange failed"),
        }
    }
}
