//! A store with something of everything in it, shared by the tests of pages and of browsers.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Mutex, RwLock};

use async_trait::async_trait;
use axum::Router;
use jiff::{SignedDuration, Timestamp};
use refray_core::baseline::Baseline;
use refray_core::config::Config;
use refray_core::name::{BranchName, EndpointId, GroupName, RefName, RepoName};
use refray_core::oid::Oid;
use refray_core::outcome::{Action, Outcome, RepoStatus, Summary};
use refray_core::plan::group::Known;
use refray_core::plan::{Cause, Finding, FindingKind, RefUpdate};
use refray_core::repository::ForgeId;
use refray_core::secret::Secret;
use refray_engine::store::{Problem, RepoRecordUpdate, SqliteStore, Store, Wake};
use refray_server::dashboard::{Access, ActionError, Actions, Broadcast, Dashboard, router};
use tempfile::TempDir;
use tokio_util::sync::CancellationToken;

const CONFIG: &str = r#"
[[sites]]
name = "github"
provider = "github"
token = { value = "not-shown-anywhere" }
[[sites]]
name = "codeberg"
provider = "forgejo"
base_url = "https://codeberg.org"
token = { env = "CODEBERG_TOKEN" }
[[mirrors]]
name = "personal"
[[mirrors.endpoints]]
site = "github"
kind = "user"
namespace = "ada"
[[mirrors.endpoints]]
site = "codeberg"
kind = "user"
namespace = "ada"
[[mirrors]]
name = "work"
[[mirrors.endpoints]]
site = "github"
kind = "org"
namespace = "analytical-engines"
[[mirrors.endpoints]]
site = "codeberg"
kind = "org"
namespace = "engines"
"#;

/// What a hostile forge says.
pub(crate) const HOSTILE: &str =
    "</p><script>alert(1)</script>\u{202e}<img src=https://evil.example/x onerror=alert(2)>";

pub(crate) const RUN: &str = "20260301T115800000-1";

/// The time that it is, some seconds ago.
pub(crate) fn at(seconds: i64) -> Timestamp {
    now() - SignedDuration::from_secs(seconds)
}

pub(crate) fn now() -> Timestamp {
    "2026-03-01T12:00:00Z".parse().unwrap()
}

pub(crate) fn group(name: &str) -> GroupName {
    GroupName::new(name).unwrap()
}

pub(crate) fn repo(name: &str) -> RepoName {
    RepoName::new(name).unwrap()
}

pub(crate) fn endpoint(name: &str) -> EndpointId {
    EndpointId::new(name).unwrap()
}

fn oid(byte: u8) -> Oid {
    Oid::from_bytes(&[byte; 20]).unwrap()
}

fn main_branch() -> RefName {
    RefName::from_full("refs/heads/main").unwrap()
}

/// Buttons that only note that they were pressed.
#[derive(Default)]
pub(crate) struct Noted(Mutex<Vec<String>>);

impl Noted {
    pub(crate) fn done(&self) -> Vec<String> {
        self.0.lock().unwrap().clone()
    }

    fn note(&self, what: String) -> Result<(), ActionError> {
        self.0.lock().unwrap().push(what);
        Ok(())
    }
}

#[async_trait]
impl Actions for Noted {
    async fn sync_now(&self, group: &GroupName, repository: &RepoName) -> Result<(), ActionError> {
        self.note(format!("sync {group} {repository}"))
    }

    async fn confirm_deletions(&self, group: &GroupName, repository: &RepoName) -> Result<(), ActionError> {
        self.note(format!("confirm {group} {repository}"))
    }

    fn can_undo(&self) -> bool {
        true
    }

    async fn undo(&self, run: &str, _repository: Option<&RepoName>) -> Result<(), ActionError> {
        self.note(format!("undo {run}"))
    }
}

pub(crate) struct Scene {
    _dir: TempDir,
    pub(crate) store: Arc<SqliteStore>,
    pub(crate) actions: Arc<Noted>,
    pub(crate) broadcast: Broadcast,
    pub(crate) stop: CancellationToken,
    config: Arc<Config>,
    /// The dashboard's token, which may be replaced.
    pub(crate) token: Arc<RwLock<Option<Secret>>>,
}

impl Scene {
    /// A store in which nothing is known yet.
    pub(crate) async fn empty() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let store = Arc::new(SqliteStore::open(dir.path()).await.unwrap());
        let parsed = refray_core::config::parse(CONFIG, "config.toml", Path::new("/"), None).unwrap();
        let config = Arc::new(parsed.config);
        let (actions, broadcast) = (Arc::default(), Broadcast::new());
        Self { _dir: dir, store, actions, broadcast, stop: CancellationToken::new(), config, token: Arc::default() }
    }

    pub(crate) async fn new() -> Self {
        let scene = Self::empty().await;
        let store = &scene.store;
        store.start_run("20260228T080000000-1", at(100_000), "sync").await.unwrap();
        let summary = Summary { repositories: 6, agreed: 6, ..Summary::default() };
        store.finish_run("20260228T080000000-1", at(99_998), &summary).await.unwrap();
        store.start_run(RUN, at(120), "sync").await.unwrap();
        for name in ["harbour", "lantern", "notes", "Tide tables"] {
            scene.record("personal", name, RepoStatus::Agreed, &[], 400_000).await;
        }
        scene.record("work", "difference-engine", RepoStatus::Agreed, &[], 900_000).await;
        scene.diverged().await;
        let held = Finding::new(
            FindingKind::DeletionHeld,
            "7 of 9 branches vanished at once from codeberg/ada",
            "Look whether that was meant; if so, run `refray sync --repo weather --confirm-deletions`.",
        );
        scene.record("personal", "weather", RepoStatus::Held, &[held], 7_500).await;
        let hostile = Finding::new(FindingKind::Unreadable, HOSTILE, HOSTILE).side(&endpoint("codeberg/ada"), HOSTILE);
        scene.record("personal", "<i>&amp;", RepoStatus::Failed, &[hostile], 300).await;
        let problem = Problem {
            message: "the local mirror could not be written: no space left on device".into(),
            remedy: "Make space on the disk of the work directory and run again.".into(),
        };
        store.record_problem(&group("work"), &repo("mill"), at(3_000), &problem).await.unwrap();
        let wake = |name, urgent| Wake { group: group("work"), name: repo(name), urgent, at: at(20), due: at(10) };
        store.enqueue(&[wake("new-arrival", true), wake("difference-engine", false)]).await.unwrap();
        let summary = Summary {
            repositories: 9,
            agreed: 5,
            held: 2,
            failed: 2,
            endpoints_failed: 2,
            actions: 1,
            ..Summary::default()
        };
        store.finish_run(RUN, at(118), &summary).await.unwrap();
        scene
    }

    /// A repository with a conflict, its pull request, and a refused push in the journal.
    async fn diverged(&self) {
        let mut finding = Finding::new(
            FindingKind::InConflict,
            "the tips have diverged, and pull requests ask for them to be brought together",
            "Merge the pull request on either side.",
        )
        .at(&main_branch())
        .side(&endpoint("github/ada"), oid(0xab))
        .side(&endpoint("codeberg/ada"), oid(0xcd));
        finding.links.insert(endpoint("github/ada"), "https://github.com/ada/compiler/pull/7".into());
        finding.links.insert(endpoint("codeberg/ada"), "javascript:alert(3)".into());
        self.record("personal", "compiler", RepoStatus::Agreed, &[], 500_000).await;
        let push = |at: &str, old, new| {
            Action::UpdateRef(RefUpdate {
                endpoint: endpoint(at),
                name: RefName::Branch(BranchName::new("topic/parser").unwrap()),
                old: Some(oid(old)),
                new: Some(oid(new)),
                cause: Cause::FastForward,
            })
        };
        let actions = vec![push("github/ada", 0x11, 0x22), push("codeberg/ada", 0x33, 0x22)];
        let (group, name) = (group("personal"), repo("compiler"));
        let begun = self.store.begin_actions(RUN, &group, &name, at(119), actions.clone()).await.unwrap();
        let refused = Outcome::Refused {
            refusal: "protected_branch".into(),
            message: "the branch is protected".into(),
            remedy: "Let the token's account push to it.".into(),
        };
        let outcomes: Vec<_> = actions.into_iter().zip([Outcome::Done, refused]).collect();
        let settled = begun.settle(&outcomes, &[], |_| None);
        self.update("personal", "compiler", RepoStatus::Held, &[finding], 7_300, Some(&settled)).await;
    }

    pub(crate) fn config(&self) -> Arc<Config> {
        self.config.clone()
    }

    pub(crate) async fn record(&self, group: &str, name: &str, status: RepoStatus, findings: &[Finding], ago: i64) {
        self.update(group, name, status, findings, ago, None).await;
    }

    pub(crate) async fn update(
        &self,
        of: &str,
        name: &str,
        status: RepoStatus,
        findings: &[Finding],
        ago: i64,
        settled: Option<&refray_engine::store::Settled>,
    ) {
        let config = self.config();
        let mirror = config.mirrors.iter().find(|mirror| mirror.name.as_str() == of).unwrap();
        let known = |path: &str| Known {
            name: repo(name),
            id: ForgeId(format!("{of}/{name}")),
            path: format!("{path}/{name}"),
            account: None,
            agreed: true,
            doubt: None,
        };
        let copies: BTreeMap<_, _> =
            mirror.endpoints.iter().map(|endpoint| (endpoint.id.clone(), known(&endpoint.namespace))).collect();
        let values: BTreeMap<_, _> = copies.keys().map(|id| (id.clone(), oid(0x44))).collect();
        let branches = copies.keys().map(|id| (id.clone(), BranchName::new("main").unwrap())).collect();
        let baseline = Baseline { refs: BTreeMap::from([(main_branch(), values)]), default_branch: branches };
        let update = RepoRecordUpdate {
            group: &mirror.name,
            name: &repo(name),
            at: at(ago),
            copies: &copies,
            baseline: &baseline,
            fingerprint: None,
            status,
            problem: None,
            findings,
            settled,
        };
        self.store.record(update).await.unwrap();
    }

    pub(crate) fn router(&self, token: Option<&str>) -> Router {
        *self.token.write().unwrap() = token.map(|token| Secret::new(token.into()));
        let config = self.config();
        router(Dashboard {
            store: self.store.clone(),
            config: Box::new(move || config.clone()),
            broadcast: self.broadcast.clone(),
            actions: self.actions.clone(),
            access: Access::new("127.0.0.1:8788".parse().unwrap(), self.token.clone()),
            clock: now,
            stop: self.stop.clone(),
        })
        .unwrap()
    }
}
