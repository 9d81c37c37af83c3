//! The adapters of GitLab, Gitea and Forgejo against simulated forges, from the first listing to the last deletion.

#![expect(clippy::unwrap_used, reason = "a test that cannot set its stage has failed")]

use std::collections::BTreeSet;
use std::sync::Arc;

use async_trait::async_trait;
use refray_core::config::{Endpoint, GitTransport, Names, NamespaceKind, Provider, SecretSource, Site};
use refray_core::name::{BranchName, EndpointId, RepoName, SiteName};
use refray_core::oid::ObjectFormat;
use refray_core::repository::{ForgeId, Visibility};
use refray_core::secret::Secret;
use refray_forge::gitea::{Dialect, Gitea};
use refray_forge::gitlab::GitLab;
use refray_forge::http::{Client, Options};
use refray_forge::{
    Deletion, Environment, ErrorKind, Forge, HookSpec, Identified, Lookup, NewPull, NewRepository, PullState,
    RepositoryPatch, identify,
};
use refray_sim::{Kind, Sim};
use url::Url;

struct NoEnvironment;

#[async_trait]
impl Environment for NoEnvironment {
    fn var(&self, _name: &str) -> Option<String> {
        None
    }
}

/// A simulated forge with the user `ann`, who owns `acme`, and the adapter that speaks for her.
struct Stage {
    _sim: Sim,
    forge: Arc<refray_sim::Site>,
    adapter: Box<dyn Forge>,
    kind: Kind,
}

fn adapter(forge: &refray_sim::Site, kind: Kind, token: String) -> Box<dyn Forge> {
    let provider = match kind {
        Kind::GitHub => Provider::Github,
        Kind::GitLab => Provider::Gitlab,
        Kind::Gitea => Provider::Gitea,
        Kind::Forgejo => Provider::Forgejo,
    };
    let site = Arc::new(Site {
        name: SiteName::new("simulated").unwrap(),
        provider,
        base_url: Url::parse(forge.base_url()).unwrap(),
        api_url: None,
        git_username: None,
        transport: GitTransport::Https,
        ca_file: None,
        allow_http: false,
        token: Some(SecretSource::Value(Secret::new(token))),
        path: None,
    });
    let client = Client::new(site, Arc::new(NoEnvironment), Options::default()).unwrap();
    match kind {
        Kind::GitLab => Box::new(GitLab::new(client)),
        _ => Box::new(Gitea::new(client, Dialect::of(provider))),
    }
}

impl Stage {
    async fn new(kind: Kind) -> Self {
        let sim = Sim::builder().site("hub", kind).start().await.unwrap();
        let forge = sim.site("hub");
        forge.user("ann").unwrap();
        forge.user("bob").unwrap();
        forge.org("acme", "ann").unwrap();
        let scopes: &[&str] = if kind == Kind::GitLab { &["api"] } else { &["all"] };
        let token = forge.token("ann", scopes).unwrap();
        Self { adapter: adapter(&forge, kind, token.secret), forge, kind, _sim: sim }
    }

    fn endpoint(&self, kind: NamespaceKind, namespace: &str) -> Endpoint {
        let site = Arc::clone(self.adapter.site());
        let id = EndpointId::of(&site.name, namespace);
        Endpoint { id, site, kind, namespace: namespace.to_owned(), include_subgroups: false, names: Names::default() }
    }

    fn group(&self) -> Endpoint {
        let kind = if self.kind == Kind::GitLab { NamespaceKind::Group } else { NamespaceKind::Org };
        self.endpoint(kind, "acme")
    }
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

async fn listings(kind: Kind) {
    let stage = Stage::new(kind).await;
    let (forge, adapter) = (&stage.forge, &stage.adapter);
    for number in 0..120 {
        forge.create_repo("acme", &format!("r{number:03}"), private()).unwrap();
    }
    forge.create_repo("ann", "mine", private()).unwrap();
    forge.create_repo("bob", "hidden", private()).unwrap();
    forge.create_repo("bob", "shown", refray_sim::world::NewRepository::default()).unwrap();
    let opened = refray_sim::world::Visibility::Public;
    let id = forge.repository("bob", "shown").unwrap().id;
    forge.world().repositories.get_mut(&id).unwrap().visibility = opened;

    let listed = adapter.list(&stage.group()).await.unwrap();
    let names: BTreeSet<String> = listed.iter().map(|repository| repository.name.to_string()).collect();
    assert_eq!((listed.len(), names.len()), (120, 120));
    assert!(listed.iter().all(|it| it.visibility == Some(Visibility::Private) && it.path.starts_with("acme/")));

    let of = async |name: &str| {
        let listed = adapter.list(&stage.endpoint(NamespaceKind::User, name)).await.unwrap();
        listed.into_iter().map(|repository| repository.path).collect::<Vec<_>>()
    };
    assert_eq!(of("ann").await, ["ann/mine"]);
    assert_eq!(of("bob").await, ["bob/shown"]);

    assert_eq!(adapter.account().await.unwrap().login, "ann");
    assert_eq!(adapter.namespace(&stage.group()).await.unwrap().kind, stage.group().kind);
    let wrong = stage.endpoint(stage.group().kind, "bob");
    assert_eq!(adapter.namespace(&wrong).await.unwrap().kind, NamespaceKind::User);
    let nobody = stage.endpoint(NamespaceKind::User, "nobody");
    assert_eq!(adapter.namespace(&nobody).await.unwrap_err().kind, ErrorKind::NotFound);
    assert!(adapter.server_time().is_some());
    let rights = adapter.rights(&stage.group()).await.unwrap();
    assert!(rights.iter().all(|right| right.granted != Some(false)), "{rights:?}");
}

async fn repositories(kind: Kind) {
    let stage = Stage::new(kind).await;
    let (forge, adapter) = (&stage.forge, &stage.adapter);
    let made = adapter.create(&stage.group(), &new("widget", Visibility::Public)).await;
    // A group on GitLab bounds who may see what is in it.
    let made = match made {
        Err(error) if kind == Kind::GitLab && error.kind == ErrorKind::Invalid => {
            adapter.create(&stage.group(), &new("widget", Visibility::Private)).await.unwrap()
        }
        made => made.unwrap(),
    };
    assert_eq!((made.path.as_str(), made.description.as_str()), ("acme/widget", "Made by refray."));
    let again = adapter.create(&stage.group(), &new("Widget", Visibility::Private)).await;
    assert_eq!(again.unwrap_err().kind, ErrorKind::AlreadyExists);
    let own =
        adapter.create(&stage.endpoint(NamespaceKind::User, "Ann"), &new("own", Visibility::Private)).await.unwrap();
    assert_eq!((own.path.as_str(), own.visibility), ("ann/own", Some(Visibility::Private)));
    let bad = adapter.create(&stage.group(), &new("bad.atom", Visibility::Private)).await.unwrap_err();
    assert_eq!(bad.kind, ErrorKind::BadName);

    forge.commit("acme", "widget", "main", &[("a", "1\n")], "first").unwrap();
    forge.commit("acme", "widget", "other", &[("b", "1\n")], "other").unwrap();
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

    let taken = adapter.create(&stage.group(), &new("taken", Visibility::Private)).await.unwrap();
    let to = RepoName::new("gadget").unwrap();
    assert_eq!(adapter.rename("acme/widget", &made.id, &taken.name).await.unwrap_err().kind, ErrorKind::AlreadyExists);
    assert_eq!(adapter.rename("acme/widget", &made.id, &to).await.unwrap().path, "acme/gadget");
    let (old, new) = (adapter.get("acme/widget").await.unwrap(), adapter.get("ACME/Gadget").await.unwrap());
    assert!(matches!(&old, Lookup::Moved(it) if it.path == "acme/gadget" && it.id == made.id), "{old:?}");
    assert!(matches!(&new, Lookup::Found(it) if it.id == made.id), "{new:?}");
    assert_eq!(adapter.get_by_id(&made.id).await.unwrap(), new);

    let moved = ErrorKind::Moved { to: "acme/gadget".into() };
    assert_eq!(adapter.delete("acme/widget", &made.id).await.unwrap_err().kind, moved);
    assert_eq!(adapter.delete("acme/taken", &made.id).await.unwrap_err().kind, moved);
    assert_eq!(adapter.delete("acme/taken", &ForgeId("999999".into())).await.unwrap_err().kind, ErrorKind::NotFound);
    let deletion = adapter.delete("acme/gadget", &made.id).await.unwrap();
    assert_eq!(matches!(deletion, Deletion::Scheduled { .. }), kind == Kind::GitLab, "{deletion:?}");
    assert_eq!(adapter.get("acme/gadget").await.unwrap(), Lookup::NotFound);
    assert_eq!(adapter.get_by_id(&made.id).await.unwrap(), Lookup::NotFound);
    let left = adapter.list(&stage.group()).await.unwrap();
    assert_eq!(left.iter().map(|it| it.path.as_str()).collect::<Vec<_>>(), ["acme/taken"]);
}

async fn hooks_and_pulls(kind: Kind) {
    let stage = Stage::new(kind).await;
    let (forge, adapter) = (&stage.forge, &stage.adapter);
    adapter.create(&stage.group(), &new("x", Visibility::Private)).await.unwrap();
    let root = forge.commit("acme", "x", "main", &[("a", "1\n")], "first").unwrap();
    let repository = forge.repository("acme", "x").unwrap();
    for branch in ["refray/conflicts/main/p", "feature"] {
        let made = (format!("refs/heads/{branch}"), "0".repeat(40), root.clone());
        forge.bare(repository.id).update_refs(&[made]).unwrap();
        forge.commit("acme", "x", branch, &[("b", branch)], "second").unwrap();
    }

    let spec = |secret: &str| HookSpec { url: "http://127.0.0.1:9/webhook".into(), secret: Secret::new(secret.into()) };
    for _ in 0..60 {
        adapter.create_hook("acme/x", &spec("one")).await.unwrap();
    }
    let hooks = adapter.hooks("acme/x").await.unwrap();
    assert_eq!(hooks.len(), 60);
    assert!(hooks.iter().all(|hook| hook.active && hook.as_wanted && hook.differs.is_none()), "{:?}", hooks[0]);
    let updated = adapter.update_hook("acme/x", &hooks[0].id, &spec("two")).await.unwrap();
    let secret = forge.world().hooks[&updated.id.parse().unwrap()].secret.clone();
    assert_eq!(secret.as_deref(), Some("two"));
    assert_eq!(adapter.hooks("acme/x").await.unwrap().len(), 60);
    for _ in 0..2 {
        adapter.delete_hook("acme/x", &updated.id).await.unwrap();
    }
    assert_eq!(adapter.hooks("acme/x").await.unwrap().len(), 59);

    let pull = |head: &str| NewPull {
        head: BranchName::new(head).unwrap(),
        base: BranchName::new("main").unwrap(),
        title: "Conflict".into(),
        body: "Both sides.".into(),
    };
    let opened = adapter.open_pull("acme/x", &pull("refray/conflicts/main/p")).await.unwrap();
    adapter.open_pull("acme/x", &pull("feature")).await.unwrap();
    let twice = adapter.open_pull("acme/x", &pull("refray/conflicts/main/p")).await.unwrap_err();
    assert_eq!(twice.kind, ErrorKind::AlreadyExists);
    let edited = adapter.edit_pull("acme/x", opened.number, "Still", "More.").await.unwrap();
    assert_eq!((edited.title.as_str(), edited.body.as_str()), ("Still", "More."));
    let listed = adapter.pulls("acme/x", "refray/conflicts/").await.unwrap();
    assert_eq!(listed.len(), 1);
    assert_eq!((listed[0].number, listed[0].state, listed[0].base.as_str()), (opened.number, PullState::Open, "main"));
    let tip = forge.bare(forge.repository("acme", "x").unwrap().id).branch("refray/conflicts/main/p").unwrap();
    assert_eq!(listed[0].head_oid, tip);

    adapter.close_pull("acme/x", opened.number, "Solved.").await.unwrap();
    adapter.close_pull("acme/x", opened.number, "Solved.").await.unwrap();
    let id = forge.repository("acme", "x").unwrap().id;
    forge.bare(id).delete_ref("refs/heads/refray/conflicts/main/p").unwrap();
    let listed = adapter.pulls("acme/x", "refray/conflicts/").await.unwrap();
    assert_eq!(
        (listed.len(), listed[0].state, listed[0].head.as_str()),
        (1, PullState::Closed, "refray/conflicts/main/p")
    );
    let said = forge.world().comments.values().filter(|comment| comment.body == "Solved.").count();
    assert_eq!(said, 1);
}

macro_rules! against {
    ($module:ident, $kind:expr) => {
        mod $module {
            use super::*;

            #[tokio::test(flavor = "multi_thread")]
            async fn listings_are_whole() {
                listings($kind).await;
            }

            #[tokio::test(flavor = "multi_thread")]
            async fn repositories_come_change_and_go() {
                repositories($kind).await;
            }

            #[tokio::test(flavor = "multi_thread")]
            async fn hooks_and_pull_requests_work() {
                hooks_and_pulls($kind).await;
            }
        }
    };
}

against!(gitea, Kind::Gitea);
against!(forgejo, Kind::Forgejo);
against!(gitlab, Kind::GitLab);

#[tokio::test]
async fn each_forge_is_known_by_what_it_answers_to_anybody() {
    for (kind, provider) in [
        (Kind::GitHub, Provider::Github),
        (Kind::GitLab, Provider::Gitlab),
        (Kind::Gitea, Provider::Gitea),
        (Kind::Forgejo, Provider::Forgejo),
    ] {
        let sim = Sim::builder().site("hub", kind).start().await.unwrap();
        let base = Url::parse(sim.site("hub").base_url()).unwrap();
        let found = identify(&base, None, Arc::new(NoEnvironment)).await;
        assert!(matches!(&found, Identified::Runs(known, _) if *known == provider), "{kind}: {found:?}");
        // Below another path, the same server is no forge.
        let below = base.join("/elsewhere").unwrap();
        assert_eq!(identify(&below, None, Arc::new(NoEnvironment)).await, Identified::Unknown, "{kind}");
    }
    let sim = Sim::builder().site("hub", Kind::Gitea).tls(true).start().await.unwrap();
    let site = sim.site("hub");
    let base = Url::parse(site.base_url()).unwrap();
    let found = identify(&base, None, Arc::new(NoEnvironment)).await;
    assert!(matches!(found, Identified::Silent(ErrorKind::Tls, _)), "{found:?}");
    let found = identify(&base, sim.ca_file(), Arc::new(NoEnvironment)).await;
    assert!(matches!(found, Identified::Runs(Provider::Gitea, _)), "{found:?}");
    let gone = Url::parse("http://127.0.0.1:1").unwrap();
    let found = identify(&gone, None, Arc::new(NoEnvironment)).await;
    assert!(matches!(found, Identified::Silent(ErrorKind::Connect, _)), "{found:?}");
}
