//! The simulator's forges, which deliver over real connections what they sign themselves.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use refray_core::secret::Secret;
use refray_server::hint::{Hint, HintKind, RefHint};
use refray_sim::world::{ContentType, Hook, HookTarget, NewRepository};
use refray_sim::{Kind, Sim, Site};

use crate::world::{SECRET, SIGNING_TOKEN, World};

/// How a hook is set up.
#[derive(Debug, Clone, Copy)]
enum Way {
    Json,
    Form,
    Signed,
}

struct Ground {
    _sim: Sim,
    site: Arc<Site>,
    repository: u64,
    world: World,
}

impl Ground {
    async fn new(kind: Kind, way: Way, secret: &str) -> Self {
        let sim = Sim::builder().site("forge", kind).start().await.unwrap();
        let site = sim.site("forge");
        let octo = site.user("octo").unwrap().id;
        let repository = site.create_repo("octo", "r", NewRepository::default()).unwrap().id;
        let world = World::with(|options| {
            options.secret = Secret::new(secret.to_owned());
            options.clock = Timestamp::now;
        });
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/webhook", listener.local_addr().unwrap());
        let router = world.router.clone();
        tokio::spawn(async move { axum::serve(listener, router).await });
        let target = if kind == Kind::GitLab { HookTarget::System } else { HookTarget::Account(octo) };
        let mut hook = Hook::new(target, url);
        hook.events = BTreeSet::from(["*".to_owned()]);
        hook.secret = Some(SECRET.to_owned());
        match way {
            Way::Json => {}
            Way::Form => hook.content_type = ContentType::Form,
            Way::Signed => hook.signing_token = Some(SIGNING_TOKEN.to_owned()),
        }
        site.world().add_hook(hook);
        Self { _sim: sim, site, repository, world }
    }

    /// Waits for a hint that is `wanted`, and checks that all deliveries are answered with `statuses`.
    async fn until(&self, what: &str, statuses: &[u16], wanted: impl Fn(&Hint) -> bool) -> Hint {
        let mut hints = Vec::new();
        loop {
            let all = self.site.deliveries().all();
            assert!(all.iter().all(|it| it.status.is_some_and(|it| statuses.contains(&it))), "{what}: {all:?}");
            hints.extend(self.world.recorder.take());
            if let Some(hint) = hints.iter().find(|hint| wanted(hint)) {
                return hint.clone();
            }
            let more = self.site.deliveries().wait(all.len() + 1, Duration::from_secs(20)).await;
            assert!(more.len() > all.len(), "{what}: {hints:?}");
        }
    }

    /// Waits for word of a reference.
    async fn moved(&self, name: &str, new: Option<&str>) {
        let new = new.map(|new| new.parse().unwrap());
        let wanted = HintKind::Refs(vec![RefHint { name: name.to_owned(), new, deleted: new.is_none() }]);
        let hint = self.until(name, &[200, 202], |hint| hint.kind == wanted).await;
        let place = (hint.paths, hint.id, hint.hosts);
        let expected =
            (vec!["octo/r".to_owned()], Some(self.repository.to_string()), vec![self.site.authority().to_owned()]);
        assert_eq!(place, expected);
    }
}

async fn forge_is_understood(kind: Kind, way: Way) {
    let ground = Ground::new(kind, way, SECRET).await;
    let site = &ground.site;
    let tip = site.commit("octo", "r", "main", &[("a", "1\n")], "one").unwrap();
    ground.moved("refs/heads/main", Some(&tip)).await;
    site.move_ref(ground.repository, "refs/heads/topic", &tip).unwrap();
    ground.moved("refs/heads/topic", Some(&tip)).await;
    site.move_ref(ground.repository, "refs/heads/topic", &"0".repeat(40)).unwrap();
    ground.moved("refs/heads/topic", None).await;
    site.move_ref(ground.repository, "refs/tags/v1", &tip).unwrap();
    ground.moved("refs/tags/v1", Some(&tip)).await;
    // Gitea and Forgejo tell nobody of a new name.
    if matches!(kind, Kind::GitHub | Kind::GitLab) {
        site.rename("octo", "r", "s").unwrap();
        let hint = ground.until("renamed", &[200, 202], |hint| hint.paths.len() == 2).await;
        assert_eq!((hint.paths, hint.kind), (vec!["octo/s".to_owned(), "octo/r".to_owned()], HintKind::Repository));
        assert_eq!(hint.hosts, [site.authority()], "{kind:?}");
    }
    let octo = site.account("octo").unwrap().id;
    site.delete_repository(ground.repository, octo).unwrap();
    let hint =
        ground.until("deleted", &[200, 202], |hint| hint.kind == HintKind::Repository && hint.paths.len() == 1).await;
    assert_eq!(hint.id, Some(ground.repository.to_string()));
}

#[tokio::test]
async fn every_forge_is_understood_in_every_way_that_it_signs() {
    for (kind, way) in [
        (Kind::GitHub, Way::Json),
        (Kind::GitHub, Way::Form),
        (Kind::Gitea, Way::Json),
        (Kind::Gitea, Way::Form),
        (Kind::Forgejo, Way::Json),
        (Kind::Forgejo, Way::Form),
        (Kind::GitLab, Way::Json),
        (Kind::GitLab, Way::Signed),
    ] {
        forge_is_understood(kind, way).await;
    }
}

#[tokio::test]
async fn no_forge_is_believed_whose_hook_has_another_secret() {
    for (kind, way) in
        [(Kind::GitHub, Way::Json), (Kind::Gitea, Way::Form), (Kind::Forgejo, Way::Json), (Kind::GitLab, Way::Json)]
    {
        let ground = Ground::new(kind, way, "another").await;
        ground.site.commit("octo", "r", "main", &[("a", "1\n")], "one").unwrap();
        let all = ground.site.deliveries().wait(1, Duration::from_secs(20)).await;
        assert!(!all.is_empty() && all.iter().all(|it| it.status == Some(401)), "{kind:?}: {all:?}");
        assert_eq!(ground.world.recorder.take(), [], "{kind:?}");
    }
}
