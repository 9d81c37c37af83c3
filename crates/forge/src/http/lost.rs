use std::error::Error;

use crate::error::ErrorKind;

/// How far a request came before it was lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Phase {
    /// There was no connection: the forge cannot have seen the request.
    Connect,
    /// The other side is not trusted: no connection came about, and the forge cannot have seen the request.
    Tls,
    /// No answer in time.
    Timeout,
    /// The connection broke on the way.
    Broken,
}

/// A request without an answer.
#[derive(Debug, Clone)]
pub(crate) struct Lost {
    pub(crate) phase: Phase,
    pub(crate) why: String,
}

impl Lost {
    pub(crate) fn timeout(why: impl Into<String>) -> Self {
        Self { phase: Phase::Timeout, why: why.into() }
    }

    pub(crate) fn kind(&self) -> ErrorKind {
        match self.phase {
            Phase::Connect | Phase::Broken => ErrorKind::Connect,
            Phase::Tls => ErrorKind::Tls,
            Phase::Timeout => ErrorKind::Timeout,
        }
    }
}

impl From<reqwest::Error> for Lost {
    fn from(error: reqwest::Error) -> Self {
        let error = error.without_url();
        // An alert on a connection that stands breaks it when the request may have been carried out.
        let phase = if error.is_connect() {
            if is_tls(&error) { Phase::Tls } else { Phase::Connect }
        } else if error.is_timeout() {
            Phase::Timeout
        } else {
            Phase::Broken
        };
        // The last cause says what happened; what is above it only says where.
        let mut why = error.to_string();
        let mut cause = error.source();
        while let Some(deeper) = cause {
            why = deeper.to_string();
            cause = deeper.source();
        }
        Self { phase, why }
    }
}

fn is_tls(error: &(dyn Error + 'static)) -> bool {
    if error.is::<rustls::Error>() {
        return true;
    }
    // An I/O error's source is the source of what it wraps, so the wrapped error itself has to be looked at as well.
    let wrapped = error.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref);
    wrapped.is_some_and(|inner| is_tls(inner)) || error.source().is_some_and(is_tls)
}
