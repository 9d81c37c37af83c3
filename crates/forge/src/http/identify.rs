//! Which software answers at an address, found out without any credential.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use refray_core::config::Provider;
use serde_json::Value;
use url::Url;

use super::address::join;
use super::connection;
use super::lost::Lost;
use super::options::Options;
use super::probe::stranger;
use super::redact::clean;
use crate::credentials::Environment;
use crate::error::ErrorKind;

/// How long one of the questions may take.
const PATIENCE: Duration = Duration::from_secs(15);
/// No answer that matters is longer.
const LARGEST_ANSWER: usize = 64 << 10;
/// A server may send from `http` to `https` and from one name to another; not further.
const MOST_HOPS: usize = 2;

/// What is asked: each of these exists on one kind of forge alone, or is told apart by its answer.
const QUESTIONS: [&[&str]; 4] = [
    &["api", "forgejo", "v1", "version"],
    &["api", "v1", "version"],
    &["api", "v4", "version"],
    &["api", "v3", "meta"],
];

/// What became of a look at a server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Identified {
    /// It runs this, and is reached at this address, without a slash at its end.
    Runs(Provider, Url),
    /// Something answers that is none of the forges refray knows, or does not say so.
    Unknown,
    /// Nothing answers, or what does is not trusted: which of the two, and why.
    Silent(ErrorKind, String),
}

/// Finds out what runs at `base`, without any credential. A redirect on the same host, such as to `https`, is followed.
pub async fn identify(base: &Url, ca_file: Option<&Path>, environment: Arc<dyn Environment>) -> Identified {
    let mut base = base.clone();
    for _ in 0..=MOST_HOPS {
        let Some(site) = stranger(&base, ca_file) else { return Identified::Unknown };
        let client = match connection::build(&site, &base, &*environment, &Options::default()) {
            Ok(client) => client,
            Err((kind, why)) => return Identified::Silent(kind, why),
        };
        let asked = QUESTIONS.map(|path| ask(&client, join(&base, path)));
        let answers: Vec<Result<Seen, Lost>> = join_all(asked).await;
        let seen: Vec<Option<Seen>> = answers.iter().map(|answer| answer.as_ref().ok().cloned()).collect();
        if let Some(provider) = judge(&seen) {
            let path = base.path().trim_end_matches('/').to_owned();
            base.set_path(&path);
            return Identified::Runs(provider, base);
        }
        if let Some(next) = seen.iter().zip(QUESTIONS).find_map(|(seen, path)| moved(&base, seen.as_ref()?, path)) {
            base = next;
            continue;
        }
        if let Some(Err(lost)) = answers.iter().find(|answer| answer.is_err())
            && seen.iter().all(Option::is_none)
        {
            return Identified::Silent(lost.kind(), clean(&lost.why, None));
        }
        return Identified::Unknown;
    }
    Identified::Unknown
}

/// What of an answer tells forges apart.
#[derive(Debug, Clone, Default)]
struct Seen {
    status: u16,
    body: Value,
    location: Option<String>,
    /// It has headers that only GitHub sends.
    github: bool,
}

impl Seen {
    fn text(&self, key: &str) -> Option<&str> {
        self.body.get(key).and_then(Value::as_str)
    }
}

async fn ask(client: &reqwest::Client, url: Url) -> Result<Seen, Lost> {
    let mut answer = client.get(url).timeout(PATIENCE).send().await.map_err(Lost::from)?;
    let header = |name: &str| answer.headers().get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
    let mut seen = Seen {
        status: answer.status().as_u16(),
        body: Value::Null,
        location: header("location"),
        github: header("x-github-request-id").or_else(|| header("x-github-media-type")).is_some(),
    };
    let mut body = Vec::new();
    while let Some(chunk) = answer.chunk().await.map_err(Lost::from)? {
        body.extend_from_slice(&chunk);
        if body.len() > LARGEST_ANSWER {
            return Ok(seen);
        }
    }
    seen.body = serde_json::from_slice(&body).unwrap_or_default();
    Ok(seen)
}

/// Judges the answers, in the order of [`QUESTIONS`].
fn judge(seen: &[Option<Seen>]) -> Option<Provider> {
    let [forgejo, gitea, gitlab, github] = seen else { return None };
    let [forgejo, gitea, gitlab, github] = [forgejo, gitea, gitlab, github].map(Option::as_ref);
    if let Some(told) = version(gitea) {
        // Forgejo tells behind its own version which Gitea it is compatible with.
        let is_forgejo = told.contains("+gitea-") || version(forgejo).is_some();
        return Some(if is_forgejo { Provider::Forgejo } else { Provider::Gitea });
    }
    if version(forgejo).is_some() {
        return Some(Provider::Forgejo);
    }
    // Where everybody has to sign in first, the refusal still has the form of these two.
    let refused = |seen: Option<&Seen>| {
        let seen = seen.filter(|seen| matches!(seen.status, 401 | 403));
        seen.is_some_and(|seen| seen.text("url").is_some_and(|url| url.ends_with("/api/swagger")))
    };
    if refused(gitea) {
        let known = forgejo.is_some_and(|seen| seen.status != 404);
        return Some(if known { Provider::Forgejo } else { Provider::Gitea });
    }
    if let Some(seen) = gitlab {
        let refused = seen.status == 401 && seen.text("message").is_some_and(|text| text.starts_with("401"));
        let told = seen.status == 200 && seen.text("version").is_some() && seen.text("revision").is_some();
        if refused || told {
            return Some(Provider::Gitlab);
        }
    }
    if let Some(seen) = github {
        let told = seen.status == 200 && seen.body.get("verifiable_password_authentication").is_some();
        let documented = seen.text("documentation_url").is_some_and(|url| url.contains("docs.github.com"));
        if told || (matches!(seen.status, 401 | 403) && (seen.github || documented)) {
            return Some(Provider::Github);
        }
    }
    None
}

/// Returns the version that an answer names.
fn version(seen: Option<&Seen>) -> Option<&str> {
    seen.filter(|seen| seen.status == 200)?.text("version")
}

/// Returns the base that a redirect leads to, when it keeps the question's path and the host, and gives up no security.
fn moved(base: &Url, seen: &Seen, path: &[&str]) -> Option<Url> {
    if !(300..400).contains(&seen.status) {
        return None;
    }
    let target = base.join(seen.location.as_deref()?).ok()?;
    let root = target.path().trim_end_matches('/').strip_suffix(&format!("/{}", path.join("/")))?.to_owned();
    let safe = target.scheme() == "https" || target.scheme() == base.scheme();
    let mut next = target.clone();
    next.set_path(&root);
    next.set_query(None);
    next.set_fragment(None);
    (safe && target.host_str() == base.host_str() && next.as_str() != base.as_str()).then_some(next)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn seen(status: u16, body: Value) -> Option<Seen> {
        Some(Seen { status, body, ..Seen::default() })
    }

    #[test]
    fn each_forge_is_told_by_its_answers() {
        let none = || seen(404, Value::Null);
        let version = |text: &str| seen(200, json!({ "version": text }));
        let swagger =
            json!({ "message": "Only signed in user is allowed to call APIs.", "url": "https://x/api/swagger" });
        let refused = || seen(403, swagger.clone());
        let unauthorized = || seen(401, json!({ "message": "401 Unauthorized" }));
        let meta = || seen(200, json!({ "verifiable_password_authentication": true, "installed_version": "3.18.1" }));
        let private = || {
            Some(Seen {
                status: 401,
                body: json!({ "message": "Must authenticate to access this API." }),
                github: true,
                ..Seen::default()
            })
        };
        let cases = [
            ([version("17.0.0+gitea-1.22.0"), version("17.0.0+gitea-1.22.0"), none(), none()], Some(Provider::Forgejo)),
            ([none(), version("17.0.0+gitea-1.22.0"), none(), none()], Some(Provider::Forgejo)),
            ([version("17.0.0"), refused(), none(), none()], Some(Provider::Forgejo)),
            ([none(), version("1.26.0"), none(), none()], Some(Provider::Gitea)),
            ([none(), version("1.26.0+dev-12-gabc"), none(), none()], Some(Provider::Gitea)),
            ([none(), refused(), none(), none()], Some(Provider::Gitea)),
            ([refused(), refused(), none(), none()], Some(Provider::Forgejo)),
            ([none(), none(), unauthorized(), none()], Some(Provider::Gitlab)),
            (
                [none(), none(), seen(200, json!({ "version": "18.6.2", "revision": "5f1b" })), none()],
                Some(Provider::Gitlab),
            ),
            ([none(), none(), none(), meta()], Some(Provider::Github)),
            ([none(), none(), none(), private()], Some(Provider::Github)),
            ([none(), none(), none(), none()], None),
            ([None, None, None, None], None),
            // A page that says yes to everything, and one that wants a password for everything.
            ([seen(200, Value::Null), seen(200, Value::Null), seen(200, Value::Null), seen(200, Value::Null)], None),
            ([seen(401, Value::Null), seen(401, Value::Null), seen(401, Value::Null), seen(401, Value::Null)], None),
        ];
        for (answers, expected) in cases {
            assert_eq!(judge(&answers), expected, "{answers:?}");
        }
    }

    #[test]
    fn a_redirect_is_followed_to_where_the_same_question_can_be_asked() {
        let at = |text: &str| Url::parse(text).unwrap();
        let to = |location: &str| Seen { status: 301, location: Some(location.to_owned()), ..Seen::default() };
        for (base, location, expected) in [
            ("http://git.example", "https://git.example/api/v1/version", Some("https://git.example/")),
            ("https://git.example", "/forge/api/v1/version", Some("https://git.example/forge")),
            ("https://git.example", "/user/login", None),
            ("https://git.example", "http://git.example/api/v1/version", None),
            ("https://git.example", "https://other.example/api/v1/version", None),
            ("https://git.example", "https://git.example/api/v1/version", None),
        ] {
            let found = moved(&at(base), &to(location), &["api", "v1", "version"]);
            assert_eq!(found.as_ref().map(Url::as_str), expected, "{base} {location}");
        }
    }
}
