use std::path::{Path, PathBuf};
use std::process::Command;

use base64::Engine;
use bytes::Bytes;
use http::{HeaderMap, Method, Request, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use jiff::Timestamp;
use refray_sim::world::NewRepository;
use refray_sim::{Kind, Sim, Site};
use serde_json::Value;

/// A running simulator of one site named `forge`, with the user `octo`, whose token may do everything.
pub(crate) struct Forge {
    pub(crate) sim: Sim,
    pub(crate) site: std::sync::Arc<Site>,
    pub(crate) token: String,
    pub(crate) work: tempfile::TempDir,
}

/// What git said and how it ended.
pub(crate) struct Said {
    pub(crate) ok: bool,
    pub(crate) text: String,
}

impl Forge {
    pub(crate) async fn new(kind: Kind) -> Self {
        Self::start(kind, false).await
    }

    pub(crate) async fn start(kind: Kind, tls: bool) -> Self {
        let start = Timestamp::from_second(1_750_000_000).unwrap();
        let sim = Sim::builder().site("forge", kind).tls(tls).clock(start).start().await.unwrap();
        let site = sim.site("forge");
        site.user("octo").unwrap();
        let token = site.token("octo", &["*"]).unwrap().secret;
        Self { sim, site, token, work: tempfile::tempdir().unwrap() }
    }

    pub(crate) fn repository(&self, name: &str) -> u64 {
        self.site.create_repo("octo", name, NewRepository::default()).unwrap().id
    }

    /// Returns the URL of a repository with the token in it, as a person would type it.
    pub(crate) fn url(&self, path: &str) -> String {
        let url = self.site.clone_url(path);
        url.replacen("://", &format!("://any:{}@", self.token), 1)
    }

    /// Runs git without blocking the simulator, which runs in the same runtime.
    pub(crate) async fn git(&self, folder: &Path, args: &[&str]) -> Said {
        let (folder, args) = (folder.to_owned(), args.iter().map(|it| (*it).to_owned()).collect::<Vec<_>>());
        let (home, ca) = (self.work.path().to_owned(), self.site.ca_file().map(Path::to_owned));
        tokio::task::spawn_blocking(move || git(&folder, &args, &home, ca.as_deref())).await.unwrap()
    }

    /// Makes a working copy with one commit on `main`, and the repository as its `origin`.
    pub(crate) async fn working_copy(&self, name: &str) -> PathBuf {
        let folder = self.work.path().join(name);
        for args in [
            vec!["init", "-q", "-b", "main", name],
            vec!["-C", name, "commit", "-q", "--allow-empty", "-m", "one"],
            vec!["-C", name, "remote", "add", "origin", &self.url(&format!("octo/{name}"))],
        ] {
            let said = self.git(self.work.path(), &args).await;
            assert!(said.ok, "{args:?}: {}", said.text);
        }
        folder
    }

    pub(crate) async fn api(&self, method: Method, path: &str, body: Option<Value>) -> Answer {
        self.call(method, path, body, Some(&self.token)).await
    }

    pub(crate) async fn call(&self, method: Method, path: &str, body: Option<Value>, token: Option<&str>) -> Answer {
        let mut request = Request::builder().method(method).uri(format!("{}{path}", self.site.api_url()));
        request = request.header("user-agent", "test");
        if let Some(token) = token {
            request = request.header("authorization", format!("Bearer {token}"));
        }
        let body = body.map(|body| body.to_string()).unwrap_or_default();
        send(request.body(Full::new(Bytes::from(body))).unwrap()).await.unwrap()
    }
}

/// An answer, read to its end.
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) text: String,
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error} in {}", self.text))
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }
}

pub(crate) async fn send(request: Request<Full<Bytes>>) -> Result<Answer, String> {
    let client: Client<_, Full<Bytes>> = Client::builder(TokioExecutor::new()).build_http();
    let answer = client.request(request).await.map_err(|error| error.to_string())?;
    let (status, headers) = (answer.status(), answer.headers().clone());
    let body = answer.into_body().collect().await.map_err(|error| error.to_string())?.to_bytes();
    Ok(Answer { status, headers, text: String::from_utf8_lossy(&body).into_owned() })
}

pub(crate) fn basic(user: &str, password: &str) -> String {
    format!("Basic {}", base64::engine::general_purpose::STANDARD.encode(format!("{user}:{password}")))
}

#[expect(clippy::disallowed_methods, reason = "git itself is the client that these tests are about")]
fn git(folder: &Path, args: &[String], home: &Path, ca: Option<&Path>) -> Said {
    let mut command = Command::new("git");
    command.args(args).current_dir(folder).env_clear();
    if let Some(path) = std::env::var_os("PATH") {
        command.env("PATH", path);
    }
    command.env("HOME", home).env("LC_ALL", "C").env("GIT_CONFIG_NOSYSTEM", "1").env("GIT_CONFIG_GLOBAL", "/dev/null");
    command.env("GIT_TERMINAL_PROMPT", "0").env("GIT_ASKPASS", "/bin/false");
    for who in ["AUTHOR", "COMMITTER"] {
        command.env(format!("GIT_{who}_NAME"), "A U Thor").env(format!("GIT_{who}_EMAIL"), "author@example.com");
        command.env(format!("GIT_{who}_DATE"), "1700000000 +0000");
    }
    if let Some(ca) = ca {
        command.env("GIT_SSL_CAINFO", ca);
    }
    let output = command.output().unwrap();
    let text = [output.stdout, output.stderr].concat();
    Said { ok: output.status.success(), text: String::from_utf8_lossy(&text).into_owned() }
}
