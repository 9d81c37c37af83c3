use std::time::Duration;

use http::StatusCode;

use super::limits::Limit;

/// How a request is tried again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Again {
    /// After a short while.
    Soon,
    /// After the time that the forge asked for.
    After(Duration),
    /// When a limit, which holds for every request of the site, has passed.
    Limited(Limit),
}

/// Says whether and how a request is tried again after a status.
pub(super) fn after_status(safe: bool, status: StatusCode, limit: Limit) -> Option<Again> {
    match status.as_u16() {
        _ if limit.limited => Some(Again::Limited(limit)),
        // Also with a time to come back: a proxy in front may have passed the request on before it gave up.
        503 if safe && limit.wait.is_some() => limit.wait.map(Again::After),
        408 | 502..=504 if safe => Some(Again::Soon),
        _ => None,
    }
}
