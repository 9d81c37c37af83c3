//! Sessions: a cookie that says by itself what it is worth.

use axum::http::HeaderMap;
use axum::http::header::{COOKIE, HOST};
use jiff::{SignedDuration, Timestamp};

use super::key::{Key, random};

/// How long a session lasts.
const LIFE: SignedDuration = SignedDuration::from_hours(12);

/// A browser that we have seen before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Session {
    pub(super) id: String,
    pub(super) ends: Timestamp,
    /// It has shown the token.
    pub(super) known: bool,
}

impl Session {
    pub(super) fn new(now: Timestamp, known: bool) -> Result<Self, getrandom::Error> {
        Ok(Self { id: random()?, ends: now + LIFE, known })
    }

    /// Reads the one that a request carries, unless it is over or not ours.
    pub(super) fn of(headers: &HeaderMap, key: &Key, now: Timestamp) -> Option<Self> {
        let name = cookie_name(headers);
        let cookies = headers.get_all(COOKIE).iter().filter_map(|value| value.to_str().ok());
        let mut pairs = cookies.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
        pairs.find_map(|(found, value)| if found == name { Self::parse(value, key, now) } else { None })
    }

    fn parse(value: &str, key: &Key, now: Timestamp) -> Option<Self> {
        let (content, mac) = value.rsplit_once('.')?;
        if !key.same(&key.sign("session", content), mac) {
            return None;
        }
        let mut parts = content.split('.');
        let (id, ends, known) = (parts.next()?, parts.next()?, parts.next()?);
        let ends = Timestamp::from_second(ends.parse().ok()?).ok()?;
        (ends > now).then(|| Self { id: id.to_owned(), ends, known: known == "1" })
    }

    /// Returns the header that gives it to the browser.
    pub(super) fn cookie(&self, headers: &HeaderMap, key: &Key) -> String {
        let content = format!("{}.{}.{}", self.id, self.ends.as_second(), u8::from(self.known));
        let mac = key.sign("session", &content);
        format!("{}={content}.{mac}; Path=/; HttpOnly; SameSite=Strict", cookie_name(headers))
    }

    /// Returns what the session's forms carry.
    pub(super) fn form_token(&self, key: &Key) -> String {
        key.sign("form", &self.id)
    }
}

/// Returns the cookie's name. Cookies do not know ports: two dashboards on one machine would take each other's place.
fn cookie_name(headers: &HeaderMap) -> String {
    let host = headers.get(HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    let port =
        host.rsplit_once(':').map(|(_, port)| port).filter(|port| port.bytes().all(|byte| byte.is_ascii_digit()));
    format!("refray_{}", port.filter(|port| !port.is_empty()).unwrap_or("session"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn carrying(cookie: &str) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert(HOST, "localhost:8788".parse().unwrap());
        headers.insert(COOKIE, format!("a=b; {cookie}; c=d").parse().unwrap());
        headers
    }

    #[test]
    fn a_session_is_worth_what_we_signed() {
        let (key, now) = (Key::new().unwrap(), Timestamp::UNIX_EPOCH);
        let session = Session::new(now, false).unwrap();
        let cookie = session.cookie(&carrying("x=y"), &key);
        let (pair, rest) = cookie.split_once(';').unwrap();
        assert_eq!(rest, " Path=/; HttpOnly; SameSite=Strict");
        assert_eq!(Session::of(&carrying(pair), &key, now), Some(session.clone()));
        // Not after its end, not with another key, not with a word changed.
        assert_eq!(Session::of(&carrying(pair), &key, now + LIFE), None);
        assert_eq!(Session::of(&carrying(pair), &Key::new().unwrap(), now), None);
        assert_eq!(Session::of(&carrying(&pair.replace(".0.", ".1.")), &key, now), None);
        assert_eq!(Session::of(&carrying("refray_8788=x"), &key, now), None);
        assert_ne!(session.form_token(&key), Session::new(now, false).unwrap().form_token(&key));
    }
}
