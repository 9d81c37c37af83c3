//! A forge that the environment names, and its API.

use std::sync::LazyLock;
use std::time::Duration;

use reqwest::{Client, Method};
use serde_json::Value;
use tokio::runtime::Runtime;

/// What all names of the suite's repositories begin with.
pub(crate) const PREFIX: &str = "refray-live-";

/// Drives all requests of the suite.
static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| Runtime::new().unwrap());

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    GitHub,
    GitLab,
    Gitea,
    Forgejo,
}

impl Kind {
    const ALL: [Self; 4] = [Self::GitHub, Self::GitLab, Self::Gitea, Self::Forgejo];

    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::GitHub => "github",
            Self::GitLab => "gitlab",
            Self::Gitea => "gitea",
            Self::Forgejo => "forgejo",
        }
    }
}

/// An account on a forge.
#[derive(Clone, Debug)]
pub(crate) struct Forge {
    pub(crate) kind: Kind,
    pub(crate) url: String,
    pub(crate) user: String,
    pub(crate) token: String,
    /// An organisation or group in which the account may make repositories.
    pub(crate) org: Option<String>,
    /// A token of the same account that may read, and nothing else.
    pub(crate) narrow: Option<String>,
    client: Client,
}

#[expect(clippy::disallowed_methods, reason = "the environment says which forges there are")]
fn variable(kind: Kind, what: &str) -> Option<String> {
    let name = format!("REFRAY_LIVE_{}_{what}", kind.as_str().to_uppercase());
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

impl Forge {
    /// All that the environment names.
    pub(crate) fn named() -> Vec<Self> {
        // Somebody else may have installed it, which is as well.
        drop(rustls::crypto::ring::default_provider().install_default());
        #[expect(
            clippy::disallowed_methods,
            reason = "a second opinion: not refray's own client asks what stands there"
        )]
        let client = Client::builder().timeout(Duration::from_secs(60)).user_agent("refray-live").build().unwrap();
        let named = Kind::ALL.into_iter().filter_map(|kind| {
            let url = variable(kind, "URL")?;
            let must = |what| variable(kind, what).unwrap_or_else(|| panic!("{kind:?} has a URL and no {what}"));
            let (user, token) = (must("USER"), must("TOKEN"));
            let (org, narrow) = (variable(kind, "ORG"), variable(kind, "NARROW_TOKEN"));
            let url = url.trim_end_matches('/').to_owned();
            Some(Self { kind, url, user, token, org, narrow, client: client.clone() })
        });
        let named: Vec<Self> = named.collect();
        assert!(!named.is_empty(), "no forge is named: set REFRAY_LIVE_<KIND>_URL, _USER and _TOKEN");
        named
    }

    /// Whether it runs on this machine, so that it can deliver to this machine.
    pub(crate) fn is_here(&self) -> bool {
        ["://127.0.0.1", "://localhost", "://[::1]"].iter().any(|host| self.url.contains(host))
    }

    fn api(&self) -> String {
        match self.kind {
            Kind::GitHub if self.url == "https://github.com" => "https://api.github.com".to_owned(),
            Kind::GitHub => format!("{}/api/v3", self.url),
            Kind::GitLab => format!("{}/api/v4", self.url),
            Kind::Gitea | Kind::Forgejo => format!("{}/api/v1", self.url),
        }
    }

    /// Asks the API, and returns the status and the body. Nothing is written to a repository but the suite's own.
    pub(crate) fn ask(&self, method: Method, path: &str, body: Option<Value>) -> (u16, Value) {
        let is_own = path.contains(&format!("/{PREFIX}")) || path.contains(&format!("%2F{PREFIX}"));
        let creates = method == Method::POST && (path.ends_with("/repos") || path == "/projects");
        assert!(method == Method::GET || is_own || creates, "{method} {path} would touch somebody's repository");
        let mut request = self.client.request(method, format!("{}{path}", self.api()));
        request = match self.kind {
            Kind::GitHub => request.bearer_auth(&self.token).header("accept", "application/vnd.github+json"),
            Kind::GitLab => request.header("private-token", &self.token),
            Kind::Gitea | Kind::Forgejo => request.header("authorization", format!("token {}", self.token)),
        };
        if let Some(body) = body {
            request = request.json(&body);
        }
        RUNTIME.block_on(async {
            let response = request.send().await.unwrap();
            let (status, text) = (response.status().as_u16(), response.text().await.unwrap());
            (status, serde_json::from_str(&text).unwrap_or(Value::String(text)))
        })
    }

    /// The same, which must succeed.
    #[track_caller]
    pub(crate) fn tell(&self, method: Method, path: &str, body: Option<Value>) -> Value {
        let (status, answer) = self.ask(method.clone(), path, body.clone());
        assert!((200..300).contains(&status), "{:?} {method} {path} {body:?}: {status} {answer}", self.kind);
        answer
    }

    #[track_caller]
    pub(crate) fn get(&self, path: &str) -> Value {
        self.tell(Method::GET, path, None)
    }
}
