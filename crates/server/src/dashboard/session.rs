//! Sessions: a cookie that says by itself what it is worth.

use axum::http::HeaderMap;
use axum::http::header::{COOKIE, HOST};
use jiff::{SignedDuration, Timestamp};
use refray_core::secret::Secret;

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

    /// Reads the one that a request carries, unless it is over or not ours, or was given before the token was another one.
    pub(super) fn of(headers: &HeaderMap, key: &Key, token: Option<&Secret>, now: Timestamp) -> Option<Self> {
        let name = cookie_name(headers);
        let cookies = headers.get_all(COOKIE).iter().filter_map(|value| value.to_str().ok());
        let mut pairs = cookies.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
        pairs.find_map(|(found, value)| if found == name { Self::parse(value, key, token, now) } else { None })
    }

    fn parse(value: &str, key: &Key, token: Option<&Secret>, now: Timestamp) -> Option<Self> {
        let (content, mac) = value.rsplit_once('.')?;
        if !key.same(&sealed(content, key, token), mac) {
            return None;
        }
        let mut parts = content.split('.');
        let (id, ends, known) = (parts.next()?, parts.next()?, parts.next()?);
        let ends = Timestamp::from_second(ends.parse().ok()?).ok()?;
        (ends > now).then(|| Self { id: id.to_owned(), ends, known: known == "1" })
    }

    /// Returns the header that gives it to the browser.
    pub(super) fn cookie(&self, headers: &HeaderMap, key: &Key, token: Option<&Secret>) -> String {
        let content = format!("{}.{}.{}", self.id, self.ends.as_second(), u8::from(self.known));
        let mac = sealed(&content, key, token);
        format!("{}={content}.{mac}; Path=/; HttpOnly; SameSite=Strict", cookie_name(headers))
    }

    /// Returns what the session's forms carry.
    pub(super) fn form_token(&self, key: &Key) -> String {
        key.sign("form", &self.id)
    }
}

/// Signs what a cookie says, together with the token of the moment: who replaces the token ends what was let in with it.
fn sealed(content: &str, key: &Key, token: Option<&Secret>) -> String {
    key.sign("session", &format!("{content}\n{}", token.map_or("", |token| token.expose())))
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
        let cookie = session.cookie(&carrying("x=y"), &key, None);
        let (pair, rest) = cookie.split_once(';').unwrap();
        assert_eq!(rest, " Path=/; HttpOnly; SameSite=Strict");
        assert_eq!(Session::of(&carrying(pair), &key, None, now), Some(session.clone()));
        // Not after its end, not with another key, not with a word changed, not under another token.
        let token = Secret::new("open sesame".to_owned());
        assert_eq!(Session::of(&carrying(pair), &key, Some(&token), now), None);
        assert_eq!(Session::of(&carrying(pair), &key, None, now + LIFE), None);
        assert_eq!(Session::of(&carrying(pair), &Key::new().unwrap(), None, now), None);
        assert_eq!(Session::of(&carrying(&pair.replace(".0.", ".1.")), &key, None, now), None);
        assert_eq!(Session::of(&carrying("refray_8788=x"), &key, None, now), None);
        assert_ne!(session.form_token(&key), Session::new(now, false).unwrap().form_token(&key));
    }
}
