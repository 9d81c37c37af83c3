use http::header::LOCATION;
use http::{HeaderMap, StatusCode};
use refray_git::transport::TransportErrorKind;
use url::Url;

use crate::http::{Limit, Lost, Phase, clean};

/// What a status means for git.
pub(super) fn kind(status: StatusCode, headers: &HeaderMap, from: &Url, limit: Limit) -> TransportErrorKind {
    use TransportErrorKind as K;
    if limit.limited {
        return K::RateLimited { retry_after: limit.wait };
    }
    match status.as_u16() {
        300..=399 => {
            let to = headers.get(LOCATION).and_then(|value| value.to_str().ok()).and_then(|to| from.join(to).ok());
            match to {
                Some(to) => K::Redirected { to: clean(to.as_str(), None) },
                None => K::Other,
            }
        }
        401 => K::Unauthorized,
        403 => K::Forbidden,
        404 | 410 => K::NotFound,
        407 => K::Connect,
        status @ 500..=599 => K::Server { status },
        status @ 400..=499 => K::Refused { status },
        _ => K::Other,
    }
}

/// What the loss of a connection means for git.
pub(super) fn lost(lost: &Lost) -> TransportErrorKind {
    match lost.phase {
        Phase::Connect => TransportErrorKind::Connect,
        Phase::Tls => TransportErrorKind::Tls,
        Phase::Timeout => TransportErrorKind::Timeout,
        Phase::Broken => TransportErrorKind::Broken,
    }
}

/// Says whether a request may be sent again after a status, and after how long if the server named a time.
///
/// `harmless`: it changes nothing, so that even a failure of unknown extent may be repeated.
pub(super) fn again(status: StatusCode, limit: Limit, harmless: bool) -> Option<Option<std::time::Duration>> {
    match status.as_u16() {
        // A forge that says `now` and refuses again is not asked for ever.
        _ if limit.limited => Some(limit.wait.filter(|wait| !wait.is_zero())),
        // Also with a time to come back: a proxy in front may have passed a push on before it gave up.
        503 if harmless && limit.wait.is_some() => Some(limit.wait),
        408 | 502..=504 if harmless => Some(None),
        _ => None,
    }
}
