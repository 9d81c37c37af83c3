use std::time::Duration;

use http::{HeaderMap, StatusCode};

use super::said;
use super::status::Said;

/// What an answer says of a rate limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Limit {
    /// A limit is why the request was refused.
    pub(crate) limited: bool,
    /// How long the forge wants to be left alone.
    pub(crate) wait: Option<Duration>,
    /// The forge named no time: this is what it asks for at least in its documentation.
    pub(crate) guessed: bool,
}

/// How much of a limit is left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Left {
    /// How many requests will still be answered.
    pub(crate) requests: u64,
    /// When the limit starts anew, from now.
    pub(crate) reset: Duration,
}

impl Left {
    /// Reads it from any answer. Limits on something else than the API as a whole say nothing of the next request.
    pub(crate) fn read(headers: &HeaderMap) -> Option<Self> {
        let resource = headers.get("x-ratelimit-resource").and_then(|value| value.to_str().ok());
        if resource.is_some_and(|resource| resource != "core") {
            return None;
        }
        let requests =
            ["x-ratelimit-remaining", "ratelimit-remaining"].iter().find_map(|name| number(headers, name))?;
        Some(Self { requests, reset: reset(headers)? })
    }
}

/// What GitHub asks clients to wait at least when its secondary limit names no time.
const SECONDARY_WAIT: Duration = Duration::from_secs(60);

impl Limit {
    /// Reads the headers, and the message where the headers do not tell.
    pub(crate) fn read(status: StatusCode, headers: &HeaderMap, said: &Said) -> Self {
        let spent =
            ["x-ratelimit-remaining", "ratelimit-remaining"].iter().any(|name| number(headers, name) == Some(0));
        let retry_after = retry_after(headers);
        let secondary = said::is_secondary_limit(&said.message);
        let limited = match status.as_u16() {
            429 => true,
            403 => spent || retry_after.is_some() || secondary || said::is_primary_limit(&said.message),
            _ => false,
        };
        // Without Retry-After the reset counts, but only if it is this limit that is spent: GitLab's headers
        // describe another limit than the one that was hit, as long as something remains of it.
        let wait = retry_after.or_else(|| if limited && spent { reset(headers) } else { None });
        let guessed = limited && secondary && wait.is_none();
        Self { limited, wait: wait.or(if guessed { Some(SECONDARY_WAIT) } else { None }), guessed }
    }
}

/// No forge's limit lasts for longer. What names a later time does not mean it, and is asked again then.
const LONGEST: Duration = Duration::from_secs(24 * 60 * 60);
/// From here on a moment is one in milliseconds: in seconds it is thousands of years away.
const IN_MILLISECONDS: u64 = 100_000_000_000;

/// Reads `Retry-After`: seconds, or a date that is compared with the answer's own, so that no clock has to be right.
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let text = headers.get("retry-after")?.to_str().ok()?.trim();
    if let Ok(seconds) = text.parse::<u64>() {
        return Some(Duration::from_secs(seconds).min(LONGEST));
    }
    let at = httpdate::parse_http_date(text).ok()?;
    Some(at.duration_since(date(headers)?).unwrap_or_default().min(LONGEST))
}

/// Reads when the limit starts anew: a moment in Unix seconds, or, in the form of the IETF's draft, seconds from now.
fn reset(headers: &HeaderMap) -> Option<Duration> {
    let reset = ["x-ratelimit-reset", "ratelimit-reset"].iter().find_map(|name| number(headers, name))?;
    if reset < 1_000_000_000 {
        return Some(Duration::from_secs(reset).min(LONGEST));
    }
    let reset = if reset > IN_MILLISECONDS { reset / 1000 } else { reset };
    let now = date(headers)?.duration_since(std::time::UNIX_EPOCH).ok()?.as_secs();
    // The answer's time is cut down to a whole second and the way here took some: by then the moment is over.
    Some(Duration::from_secs(reset.saturating_sub(now)).min(LONGEST))
}

fn number(headers: &HeaderMap, name: &str) -> Option<u64> {
    headers.get(name)?.to_str().ok()?.trim().parse().ok()
}

/// Reads the forge's own clock.
pub(crate) fn date(headers: &HeaderMap) -> Option<std::time::SystemTime> {
    httpdate::parse_http_date(headers.get("date")?.to_str().ok()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(status: u16, headers: &[(&'static str, &'static str)], message: &str) -> (bool, Option<u64>) {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.insert(*name, value.parse().unwrap());
        }
        let said = Said { message: message.to_owned(), ..Said::default() };
        let limit = Limit::read(StatusCode::from_u16(status).unwrap(), &map, &said);
        (limit.limited, limit.wait.map(|wait| wait.as_secs()))
    }

    const DATE: (&str, &str) = ("date", "Thu, 01 Jan 2026 00:00:00 GMT");
    const SECONDARY: &str = "You have exceeded a secondary rate limit. Please wait a few minutes before you try again.";

    #[test]
    fn every_way_to_say_wait_is_understood() {
        for (status, headers, message, expected) in [
            (429, &[("retry-after", "7")][..], "", (true, Some(7))),
            (429, &[("retry-after", "Thu, 01 Jan 2026 00:00:30 GMT"), DATE], "", (true, Some(30))),
            (429, &[("retry-after", "Wed, 31 Dec 2025 00:00:00 GMT"), DATE], "", (true, Some(0))),
            (403, &[("x-ratelimit-remaining", "0"), ("x-ratelimit-reset", "1767225660"), DATE], "", (true, Some(60))),
            (403, &[("x-ratelimit-remaining", "0"), ("x-ratelimit-reset", "1767225660")], "", (true, None)),
            (429, &[("ratelimit-remaining", "0"), ("ratelimit-reset", "1767225610"), DATE], "", (true, Some(10))),
            (429, &[("ratelimit-remaining", "0"), ("ratelimit-reset", "12")], "", (true, Some(12))),
            (
                429,
                &[("ratelimit-remaining", "400"), ("ratelimit-reset", "1767225610"), DATE],
                "Retry later",
                (true, None),
            ),
            (403, &[("x-ratelimit-remaining", "4000")], SECONDARY, (true, Some(60))),
            (403, &[("x-ratelimit-remaining", "4000")], "Must have admin rights to Repository.", (false, None)),
            (503, &[("retry-after", "3")], "", (false, Some(3))),
            (200, &[("x-ratelimit-remaining", "0"), ("x-ratelimit-reset", "1767225660"), DATE], "", (false, None)),
        ] {
            assert_eq!(read(status, headers, message), expected, "{status} {headers:?} {message}");
        }
    }

    #[test]
    fn what_is_left_is_read_from_any_answer() {
        let read = |headers: &[(&'static str, &'static str)]| {
            let mut map = HeaderMap::new();
            for (name, value) in headers {
                map.insert(*name, value.parse().unwrap());
            }
            Left::read(&map).map(|left| (left.requests, left.reset.as_secs()))
        };
        let core = [("x-ratelimit-remaining", "4999"), ("x-ratelimit-reset", "1767225660"), DATE];
        assert_eq!(read(&core), Some((4999, 60)));
        assert_eq!(read(&[&core[..], &[("x-ratelimit-resource", "core")]].concat()), Some((4999, 60)));
        assert_eq!(read(&[&core[..], &[("x-ratelimit-resource", "search")]].concat()), None);
        assert_eq!(read(&[("ratelimit-remaining", "7"), ("ratelimit-reset", "12")]), Some((7, 12)));
        assert_eq!(read(&[("ratelimit-remaining", "7")]), None);
        assert_eq!(read(&[DATE]), None);
    }

    #[test]
    fn a_time_that_no_forge_can_mean_is_cut_down() {
        let date = ("date", "Sun, 06 Nov 2039 08:49:37 GMT");
        let day = Some(24 * 60 * 60);
        let (limited, wait) = read(429, &[date, ("retry-after", "18446744073709551615")], "");
        assert_eq!((limited, wait), (true, day));
        let spent = |reset| read(429, &[date, ("x-ratelimit-remaining", "0"), ("x-ratelimit-reset", reset)], "").1;
        assert_eq!((spent("18446744073709551615"), spent("9999999999")), (day, day));
        // The same moment in milliseconds.
        assert_eq!((spent("2204182187"), spent("2204182187000")), (Some(10), Some(10)));
    }
}
