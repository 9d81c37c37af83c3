//! The GitHub adapter against a simulated GitHub, and git's side of every simulated forge.

#![expect(clippy::unwrap_used, reason = "in a test, a failed step is the end")]

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use refray_core::config::{Endpoint, GitTransport, Names, NamespaceKind, Provider, SecretSource, Site};
use refray_core::name::{BranchName, EndpointId, RefName, RepoName, SiteName};
use refray_core::oid::ObjectFormat;
use refray_core::repository::{ForgeId, Visibility};
use refray_core::secret::Secret;
use refray_forge::{
    Deletion, Environment, ErrorKind, Forge, HookSpec, Lookup, NewPull, NewRepository, Options, PullState,
    RepositoryPatch,
};
use refray_git::transport::{ProtocolVersion, Service, TransportErrorKind};
use refray_sim::{Effect, Kind, Sim};
use url::Url;

struct NoEnvironment;

#[async_trait]
impl Environment for NoEnvironment {
    fn var(&self, _name: &str) -> Option<String> {
        None
    }
}

/// A simulated forge with the user `ann`, who owns `acme`.
struct Stage {
    sim: Sim,
    forge: Arc<refray_sim::Site>,
}

impl Stage {
    async fn new(kind: Kind, tls: bool) -> Self {
        let sim = Sim::builder().site("hub", kind).tls(tls).start().await.unwrap();
        let forge = sim.site("hub");
        forge.user("ann").unwrap();
        forge.user("bob").unwrap();
        forge.org("acme", "ann").unwrap();
        Self { sim, forge }
    }

    fn adapter(&self, provider: Provider, scopes: &[&str]) -> Arc<dyn Forge> {
        self.adapter_with(provider, &self.forge.token("ann", scopes).unwrap().secret)
    }

    fn adapter_with(&self, provider: Provider, token: &str) -> Arc<dyn Forge> {
        let site = Arc::new(Site {
            name: SiteName::new("simulated").unwrap(),
            provider,
            base_url: Url::parse(self.forge.base_url()).unwrap(),
            api_url: None,
            git_username: None,
            transport: GitTransport::Https,
            ca_file: self.sim.ca_file().map(std::path::Path::to_owned),
            allow_http: false,
            token: Some(SecretSource::Value(Secret::new(token.to_owned()))),
            path: None,
        });
        let options = Options { backoff: Duration::from_millis(5), ..Options::default() };
        refray_forge::connect(site, Arc::new(NoEnvironment), options).unwrap()
    }
}

const ALL: &[&str] = &["repo", "delete_repo", "admin:repo_hook", "workflow", "read:org"];

fn endpoint(forge: &dyn Forge, kind: NamespaceKind, namespace: &str) -> Endpoint {
    let site = Arc::clone(forge.site());
    let id = EndpointId::of(&site.name, namespace);
    Endpoint { id, site, kind, namespace: namespace.to_owned(), include_subgroups: false, names: Names::default() }
}

fn new(name: &str, visibility: Visibility) -> NewRepository {
    NewRepository {
        name: RepoName::new(name).unwrap(),
        visibility,
        description: "Made by refray.".into(),
        default_branch: Some(BranchName::new("main").unwrap()),
        format: ObjectFormat::Sha1,
    }
}

fn private() -> refray_sim::world::NewRepository {
    refray_sim::world::NewRepository { visibility: refray_sim::world::Visibility::Private, ..Default::default() }
}

#[tokio::test(flavor = "multi_thread")]
async fn listings_are_whole() {
    let stage = Stage::new(Kind::GitHub, false).await;
    let adapter = stage.adapter(Provider::Github, ALL);
    for number in 0..250 {
        stage.forge.create_repo("acme", &format!("r{number:03}"), private()).unwrap();
    }
    stage.forge.create_repo("ann", "mine", private()).unwrap();
    stage.forge.create_repo("bob", "hidden", private()).unwrap();
    let acme = endpoint(&*adapter, NamespaceKind::Org, "acme");
    let listed = adapter.list(&acme).await.unwrap();
    let names: BTreeSet<_> = listed.iter().map(|repository| repository.name.to_string()).collect();
    assert_eq!((listed.len(), names.len()), (250, 250));
    let of = async |name: &str| {
        let listed = adapter.list(&endpoint(&*adapter, NamespaceKind::User, name)).await.unwrap();
        listed.into_iter().map(|repository| repository.path).collect::<Vec<_>>()
    };
    assert_eq!(of("Ann").await, ["ann/mine"]);
    assert!(of("bob").await.is_empty());
    assert_eq!(adapter.account().await.unwrap().login, "ann");
    assert_eq!(adapter.namespace(&acme).await.unwrap().kind, NamespaceKind::Org);
    assert!(adapter.rights(&acme).await.unwrap().iter().all(|right| right.granted == Some(true)));
    assert!(adapter.server_time().is_some());

    let before = stage.forge.requests().count();
    assert_eq!(adapter.list(&acme).await.unwrap(), listed);
    let again = stage.forge.requests().all().split_off(before);
    assert!(again.iter().all(|request| request.status == 304), "nothing changed, so nothing is counted or sent");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_damaged_listing_is_mended_or_refused() {
    let stage = Stage::new(Kind::GitHub, false).await;
    for number in 0..250 {
        stage.forge.create_repo("acme", &format!("r{number:03}"), private()).unwrap();
    }
    let faults = stage.forge.faults();
    for (effect, times, whole) in [
        (Effect::Status(502, String::new()), Some(2), true),
        (Effect::Drop, Some(2), true),
        (Effect::Reset(1000), Some(2), true),
        (Effect::NoNextPage, Some(1), true),
        (Effect::EmptyPage(2), Some(2), true),
        (Effect::EmptyPage(2), None, false),
        (Effect::EmptyPage(3), None, false),
        (Effect::Reset(1000), None, false),
    ] {
        // A new client each time, which remembers no earlier answer.
        let adapter = stage.adapter(Provider::Github, ALL);
        let acme = endpoint(&*adapter, NamespaceKind::Org, "acme");
        // The pages after the first are at an address by the id.
        faults.add("/(orgs|organizations)/[^/]+/repos", times, effect.clone()).unwrap();
        match adapter.list(&acme).await {
            Ok(listed) => assert!(whole && listed.len() == 250, "{effect:?}: {}", listed.len()),
            Err(error) => assert!(!whole, "{effect:?}: {error}"),
        }
        faults.clear();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn repositories_come_change_and_go() {
    let stage = Stage::new(Kind::GitHub, true).await;
    let adapter = stage.adapter(Provider::Github, ALL);
    let acme = endpoint(&*adapter, NamespaceKind::Org, "acme");
    let made = adapter.create(&acme, &new("widget", Visibility::Public)).await.unwrap();
    assert_eq!((made.path.as_str(), made.visibility), ("acme/widget", Some(Visibility::Public)));
    let again = adapter.create(&acme, &new("Widget", Visibility::Private)).await.unwrap_err();
    assert_eq!(again.kind, ErrorKind::AlreadyExists);
    let own = endpoint(&*adapter, NamespaceKind::User, "ann");
    assert_eq!(
        adapter.create(&own, &new("own", Visibility::Internal)).await.unwrap().visibility,
        Some(Visibility::Private)
    );

    stage.forge.commit("acme", "widget", "main", &[("a", "1\n")], "first").unwrap();
    stage.forge.commit("acme", "widget", "other", &[("b", "1\n")], "other").unwrap();
    let branch = |name: &str| Some(BranchName::new(name).unwrap());
    let patch = RepositoryPatch {
        default_branch: branch("other"),
        description: Some("New.".into()),
        visibility: Some(Visibility::Private),
    };
    let changed = adapter.update("acme/widget", &patch).await.unwrap();
    assert_eq!((changed.default_branch, changed.description.as_str()), (branch("other"), "New."));
    assert_eq!(changed.visibility, Some(Visibility::Private));
    let patch = RepositoryPatch { default_branch: branch("missing"), ..RepositoryPatch::default() };
    assert_eq!(adapter.update("acme/widget", &patch).await.unwrap_err().kind, ErrorKind::Invalid);

    let renamed = adapter.rename("acme/widget", &made.id, &RepoName::new("gadget").unwrap()).await.unwrap();
    assert_eq!((renamed.path.as_str(), &renamed.id), ("acme/gadget", &made.id));
    assert!(matches!(adapter.get("acme/widget").await.unwrap(), Lookup::Moved(it) if it.path == "acme/gadget"));
    assert!(matches!(adapter.get_by_id(&made.id).await.unwrap(), Lookup::Found(it) if it.path == "acme/gadget"));
    assert!(matches!(adapter.delete("acme/widget", &made.id).await.unwrap_err().kind, ErrorKind::Moved { .. }));
    assert!(adapter.delete("acme/gadget", &ForgeId("999999".into())).await.is_err());

    let narrow = stage.adapter(Provider::Github, &["repo"]);
    let refused = narrow.delete("acme/gadget", &made.id).await.unwrap_err();
    assert_eq!(refused.kind, ErrorKind::Forbidden { missing: Some("delete_repo".into()) });
    let blind = stage.adapter(Provider::Github, &["gist"]);
    let unseen = blind.get("acme/gadget").await.unwrap_err();
    assert!(matches!(unseen.kind, ErrorKind::Forbidden { .. }), "not seeing is no proof of absence: {unseen}");

    assert_eq!(adapter.delete("acme/gadget", &made.id).await.unwrap(), Deletion::Done);
    assert_eq!(adapter.get("acme/gadget").await.unwrap(), Lookup::NotFound);
}

#[tokio::test(flavor = "multi_thread")]
async fn hooks_and_pull_requests_work() {
    let stage = Stage::new(Kind::GitHub, false).await;
    let adapter = stage.adapter(Provider::Github, ALL);
    adapter.create(&endpoint(&*adapter, NamespaceKind::Org, "acme"), &new("x", Visibility::Private)).await.unwrap();
    let tip = stage.forge.commit("acme", "x", "main", &[("a", "1\n")], "commit").unwrap();
    let id = stage.forge.repository("acme", "x").unwrap().id;
    for (branch, file) in [("refray/conflicts/main/p", "b"), ("feature", "c")] {
        stage.forge.move_ref(id, &format!("refs/heads/{branch}"), &tip).unwrap();
        stage.forge.commit("acme", "x", branch, &[(file, "1\n")], "commit").unwrap();
    }
    let spec = HookSpec { url: "http://127.0.0.1:9/webhook".into(), secret: Secret::new("one".into()) };
    let made = adapter.create_hook("acme/x", &spec).await.unwrap();
    assert!(made.as_wanted, "{made:?}");
    assert_eq!(adapter.hooks("acme/x").await.unwrap(), std::slice::from_ref(&made));
    let spec = HookSpec { secret: Secret::new("two".into()), ..spec };
    adapter.update_hook("acme/x", &made.id, &spec).await.unwrap();
    assert_eq!(stage.forge.world().hooks[&made.id.parse().unwrap()].secret.as_deref(), Some("two"));
    for _ in 0..2 {
        adapter.delete_hook("acme/x", &made.id).await.unwrap();
    }
    assert!(adapter.hooks("acme/x").await.unwrap().is_empty());

    let pull = |head: &str| NewPull {
        head: BranchName::new(head).unwrap(),
        base: BranchName::new("main").unwrap(),
        title: "Conflict".into(),
        body: "Both sides.".into(),
    };
    let opened = adapter.open_pull("acme/x", &pull("refray/conflicts/main/p")).await.unwrap();
    adapter.open_pull("acme/x", &pull("feature")).await.unwrap();
    let twice = adapter.open_pull("acme/x", &pull("feature")).await.unwrap_err();
    assert_eq!(twice.kind, ErrorKind::AlreadyExists);
    let edited = adapter.edit_pull("acme/x", opened.number, "Still", "More.").await.unwrap();
    assert_eq!((edited.title.as_str(), edited.body.as_str()), ("Still", "More."));
    for _ in 0..2 {
        adapter.close_pull("acme/x", opened.number, "Solved.").await.unwrap();
    }
    let listed = adapter.pulls("acme/x", "refray/conflicts/").await.unwrap();
    assert_eq!(listed.len(), 1);
    assert_eq!(
        (listed[0].number, listed[0].state, listed[0].base.as_str()),
        (opened.number, PullState::Closed, "main")
    );
    assert_eq!(stage.forge.world().comments.values().filter(|comment| comment.body == "Solved.").count(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn git_is_spoken_to_every_forge() {
    for (kind, provider, scopes) in [
        (Kind::GitHub, Provider::Github, ALL),
        (Kind::GitLab, Provider::Gitlab, &["api", "write_repository"]),
        (Kind::Gitea, Provider::Gitea, &["all"]),
        (Kind::Forgejo, Provider::Forgejo, &["all"]),
    ] {
        let stage = Stage::new(kind, true).await;
        let adapter = stage.adapter(provider, scopes);
        stage.forge.create_repo("acme", "x", private()).unwrap();
        let tip = stage.forge.commit("acme", "x", "main", &[("a", "1\n")], "first").unwrap();
        let remote = adapter.remote("acme/x").unwrap();
        let snapshot = refray_git::ls_refs(&*remote).await.unwrap();
        let main = snapshot.get(&RefName::from_full("refs/heads/main").unwrap());
        assert_eq!(main.map(|oid| oid.to_string()), Some(tip.to_string()), "{kind:?}");

        let missing = adapter.remote("acme/none").unwrap();
        let error = missing.advertise(Service::UploadPack, ProtocolVersion::V2).await.err().unwrap();
        assert_eq!(error.kind, TransportErrorKind::NotFound, "{kind:?}");

        let wrong = stage.adapter_with(provider, "no-such-token").remote("acme/x").unwrap();
        let error = wrong.advertise(Service::ReceivePack, ProtocolVersion::V0).await.err().unwrap();
        assert_eq!(error.kind, TransportErrorKind::Unauthorized, "{kind:?}");
        assert!(!error.to_string().contains("no-such-token"));
    }
}
