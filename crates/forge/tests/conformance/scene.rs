//! A scene in which everything that an adapter can do is done to a simulated forge. It is played with the suite, so that
//! it is in its record, and for the conformance test alone when there is no such record.

use std::path::Path;

use std::time::Duration;

use axum::Router;
use axum::routing::post;
use refray_core::config::NamespaceKind;
use refray_core::name::{BranchName, RepoName};
use refray_core::repository::{ForgeId, Visibility};
use refray_forge::{Forge, Lookup, RepositoryPatch};
use refray_sim::world::{
    Hook, HookTarget, NewRepository, Protection, PushRule, RepositoryPatch as RepositoryChange, Visibility as Seen,
};
use refray_sim::{Kind, Sim, Site};

use crate::stage::{adapter, branch, endpoint, hook, new, pull};

/// Plays the scene, and records it in a folder or where the whole suite is recorded.
pub(crate) async fn play(kind: Kind, record: Option<&Path>) {
    let builder = Sim::builder().site("hub", kind);
    let builder = match record {
        Some(folder) => builder.record(folder.join(kind.as_str())),
        None => builder,
    };
    let sim = builder.start().await.unwrap();
    let site = sim.site("hub");
    for user in ["ann", "bob", "root"] {
        site.user(user).unwrap();
    }
    let id = site.account("root").unwrap().id;
    site.world().accounts.get_mut(&id).unwrap().admin = true;
    site.org("acme", "ann").unwrap();
    let forge = adapter(kind, site.base_url(), &site.token("ann", &["*"]).unwrap().secret);
    let forge = &*forge;
    reading(kind, &site, forge).await;
    changing(kind, &site, forge).await;
    hooks(&site, forge).await;
    if kind == Kind::GitHub {
        life(&site).await;
    }
    pulls(&site, forge).await;
    rules(kind, &site, forge).await;
    refusals(kind, &site).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn all_operations_of_github_do_what_they_say() {
    play(Kind::GitHub, None).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn all_operations_of_gitlab_do_what_they_say() {
    play(Kind::GitLab, None).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn all_operations_of_gitea_do_what_they_say() {
    play(Kind::Gitea, None).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn all_operations_of_forgejo_do_what_they_say() {
    play(Kind::Forgejo, None).await;
}

fn group(kind: Kind) -> NamespaceKind {
    if kind == Kind::GitLab { NamespaceKind::Group } else { NamespaceKind::Org }
}

async fn reading(kind: Kind, site: &Site, forge: &dyn Forge) {
    // The pages of GitHub's lists lie elsewhere than their beginnings.
    let many = if kind == Kind::GitHub { 101 } else { 3 };
    for number in 0..many {
        site.create_repo("acme", &format!("r{number:03}"), NewRepository::default()).unwrap();
    }
    site.create_repo("bob", "shown", NewRepository::default()).unwrap();
    site.create_repo("ann", "mine", NewRepository::default()).unwrap();
    let acme = endpoint(forge, group(kind), "acme");
    forge.account().await.unwrap();
    for (space, count) in [(&acme, many), (&endpoint(forge, NamespaceKind::User, "ann"), 1)] {
        forge.namespace(space).await.unwrap();
        assert_eq!(forge.list(space).await.unwrap().len(), count);
        // The second time the forge is asked whether anything is new.
        assert_eq!(forge.list(space).await.unwrap().len(), count);
        forge.rights(space).await.unwrap();
    }
    forge.list(&endpoint(forge, NamespaceKind::User, "bob")).await.unwrap();
    forge.namespace(&endpoint(forge, NamespaceKind::User, "nobody")).await.unwrap_err();
    forge.list(&endpoint(forge, group(kind), "nobody")).await.unwrap_err();
    assert_eq!(forge.get("acme/missing").await.unwrap(), Lookup::NotFound);
    assert_eq!(forge.get_by_id(&ForgeId("999999".into())).await.unwrap(), Lookup::NotFound);
}

async fn changing(kind: Kind, site: &Site, forge: &dyn Forge) {
    let acme = endpoint(forge, group(kind), "acme");
    let made = forge.create(&acme, &new("widget")).await.unwrap();
    forge.create(&acme, &new("Widget")).await.unwrap_err();
    let own = forge.create(&endpoint(forge, NamespaceKind::User, "ann"), &new("own")).await.unwrap();
    site.commit("acme", "widget", "main", &[("a", "1\n")], "first").unwrap();
    site.commit("acme", "widget", "other", &[("b", "1\n")], "second").unwrap();
    let patch = RepositoryPatch {
        default_branch: branch("other"),
        description: Some("New.".into()),
        visibility: Some(Visibility::Public),
    };
    // A group on GitLab bounds who may see what is in it.
    if forge.update("acme/widget", &patch).await.is_err() {
        let visibility = Some(Visibility::Private);
        forge.update("acme/widget", &RepositoryPatch { visibility, ..patch }).await.unwrap();
    }
    let patch = RepositoryPatch { default_branch: branch("missing"), ..RepositoryPatch::default() };
    forge.update("acme/widget", &patch).await.unwrap_err();
    assert!(matches!(forge.get("acme/widget").await.unwrap(), Lookup::Found(_)));
    assert!(matches!(forge.get_by_id(&made.id).await.unwrap(), Lookup::Found(_)));
    let to = RepoName::new("gadget").unwrap();
    forge.rename("acme/widget", &made.id, &to).await.unwrap();
    assert!(matches!(forge.get("acme/widget").await.unwrap(), Lookup::Moved(_)));
    forge.delete("acme/widget", &made.id).await.unwrap_err();
    forge.delete("acme/gadget", &made.id).await.unwrap();
    forge.revive("acme/gadget", &made.id).await.unwrap();
    forge.delete("ann/own", &own.id).await.unwrap();
    let root = adapter(kind, site.base_url(), &site.token("root", &["*"]).unwrap().secret);
    // Only some forges let administrators do it.
    drop(root.create(&endpoint(&*root, NamespaceKind::User, "bob"), &new("given")).await);
    root.rights(&endpoint(&*root, group(kind), "acme")).await.unwrap();
}

async fn receiver() -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/hook", listener.local_addr().unwrap());
    let router = Router::new().route("/hook", post(async || "ok"));
    tokio::spawn(async move { axum::serve(listener, router).await });
    url
}

async fn hooks(site: &Site, forge: &dyn Forge) {
    let url = receiver().await;
    let id = site.create_repo("acme", "hooked", NewRepository::default()).unwrap().id;
    let made = forge.create_hook("acme/hooked", &hook(&url, "one-secret")).await.unwrap();
    assert_eq!(forge.hooks("acme/hooked").await.unwrap().len(), 1);
    forge.update_hook("acme/hooked", &made.id, &hook(&url, "another-secret")).await.unwrap();
    let first = site.commit("acme", "hooked", "main", &[("a", "1\n")], "first").unwrap();
    let zero = "0".repeat(40);
    let actor = site.account("ann").unwrap().id;
    for (name, old, new) in [
        ("refs/heads/topic/one", &zero, &first),
        ("refs/heads/topic/one", &first, &zero),
        ("refs/tags/v1", &zero, &first),
        ("refs/tags/v1", &first, &zero),
    ] {
        site.change_refs(id, actor, &[(name, old.as_str(), new.as_str())]).unwrap();
    }
    site.deliveries().wait(5, Duration::from_secs(10)).await;
    let renamed = site.rename("acme", "hooked", "caught").unwrap();
    assert_eq!(renamed.id, id);
    site.deliveries().wait(6, Duration::from_secs(2)).await;
    let hooks = forge.hooks("acme/caught").await.unwrap();
    forge.delete_hook("acme/caught", &hooks[0].id).await.unwrap();
    forge.delete_hook("acme/caught", &hooks[0].id).await.unwrap();
    forge.hooks("acme/missing").await.unwrap_err();
    forge.create_hook("acme/missing", &hook(&url, "one-secret")).await.unwrap_err();
}

/// Lets everything happen to a repository that GitHub has an event for.
async fn life(site: &Site) {
    let (url, ann) = (receiver().await, site.account("ann").unwrap().id);
    let listen = |target: HookTarget| {
        let mut hook = Hook::new(target, url.as_str());
        hook.events = ["push", "create", "delete", "repository"].map(str::to_owned).into();
        hook.secret = Some("one-secret".to_owned());
        site.world().add_hook(hook);
    };
    listen(HookTarget::Account(site.account("acme").unwrap().id));
    let id = site.create_repo("acme", "lively", NewRepository::default()).unwrap().id;
    listen(HookTarget::Repository(id));
    for branch in ["main", "other"] {
        site.commit("acme", "lively", branch, &[("a", branch)], "first").unwrap();
    }
    let is = RepositoryChange::default;
    for change in [
        RepositoryChange { visibility: Some(Seen::Public), ..is() },
        RepositoryChange { visibility: Some(Seen::Private), ..is() },
        RepositoryChange { default_branch: Some("other".into()), ..is() },
        RepositoryChange { archived: Some(true), ..is() },
        RepositoryChange { archived: Some(false), ..is() },
    ] {
        site.update_repository(id, change, ann).unwrap();
    }
    let doomed = site.create_repo("acme", "doomed", NewRepository::default()).unwrap().id;
    site.delete_repository(doomed, ann).unwrap();
    site.transfer_repository(id, ann, ann).unwrap();
    for last in ["\"deleted\"", "\"transferred\""] {
        let mut count = 1;
        loop {
            let all = site.deliveries().wait(count, Duration::from_secs(10)).await;
            assert!(all.len() >= count, "no delivery says {last}");
            if all.iter().any(|delivery| delivery.body.contains(last)) {
                break;
            }
            count = all.len() + 1;
        }
    }
}

async fn pulls(site: &Site, forge: &dyn Forge) {
    let id = site.create_repo("acme", "pulled", NewRepository::default()).unwrap().id;
    let first = site.commit("acme", "pulled", "main", &[("a", "1\n")], "first").unwrap();
    for head in ["conflict/main/p", "conflict/main/q"] {
        let made = (format!("refs/heads/{head}"), "0".repeat(40), first.clone());
        site.bare(id).update_refs(&[made]).unwrap();
        site.commit("acme", "pulled", head, &[("b", head)], "second").unwrap();
    }
    let opened = forge.open_pull("acme/pulled", &pull("conflict/main/p")).await.unwrap();
    forge.open_pull("acme/pulled", &pull("conflict/main/q")).await.unwrap();
    forge.open_pull("acme/pulled", &pull("conflict/main/p")).await.unwrap_err();
    forge.open_pull("acme/pulled", &pull("missing")).await.unwrap_err();
    forge.edit_pull("acme/pulled", opened.number, "Still", "More.").await.unwrap();
    forge.close_pull("acme/pulled", opened.number, "Solved.").await.unwrap();
    assert_eq!(forge.pulls("acme/pulled", "conflict/").await.unwrap().len(), 2);
    forge.pulls("acme/missing", "").await.unwrap_err();
}

async fn rules(kind: Kind, site: &Site, forge: &dyn Forge) {
    let id = site.create_repo("acme", "ruled", NewRepository::default()).unwrap().id;
    let tip = site.commit("acme", "ruled", "main", &[("a", "1\n")], "first").unwrap();
    for name in ["deep/er", "free"] {
        site.bare(id).update_refs(&[(format!("refs/heads/{name}"), "0".repeat(40), tip.clone())]).unwrap();
    }
    site.protect(id, Protection::new("main")).unwrap();
    let mut users = Protection::new("deep/*");
    users.push = PushRule::Users([site.account("ann").unwrap().id].into());
    users.pull_request_required = true;
    users.force_push = true;
    site.protect(id, users).unwrap();
    if kind == Kind::GitHub {
        let mut ruleset = Protection::new("main");
        ruleset.ruleset = true;
        site.protect(id, ruleset).unwrap();
    }
    for name in ["main", "deep/er", "free", "missing"] {
        forge.branch_rules("acme/ruled", &BranchName::new(name).unwrap()).await.unwrap();
    }
}

/// Looks with a token that may do little, with one that is none, and at what is archived or beyond a limit.
async fn refusals(kind: Kind, site: &Site) {
    let base = site.base_url();
    let id = site.create_repo("acme", "old", NewRepository::default()).unwrap().id;
    let scopes: &[&str] = match kind {
        Kind::GitHub => &["read:user"],
        Kind::GitLab => &["read_api"],
        Kind::Gitea | Kind::Forgejo => &["read:user", "read:repository", "read:organization"],
    };
    let narrow = adapter(kind, base, &site.token("ann", scopes).unwrap().secret);
    let acme = endpoint(&*narrow, group(kind), "acme");
    narrow.rights(&acme).await.unwrap();
    narrow.create(&acme, &new("refused")).await.unwrap_err();
    narrow.delete("acme/old", &ForgeId(id.to_string())).await.unwrap_err();
    narrow.create_hook("acme/old", &hook("http://127.0.0.1:9/hook", "one-secret")).await.unwrap_err();
    let stranger = adapter(kind, base, "nobody-has-this-token");
    stranger.account().await.unwrap_err();
    stranger.list(&acme).await.unwrap_err();
    stranger.get("acme/old").await.unwrap_err();
    let forge = adapter(kind, base, &site.token("ann", &["*"]).unwrap().secret);
    site.world().repositories.get_mut(&id).unwrap().archived = true;
    forge.get("acme/old").await.unwrap();
    drop(forge.open_pull("acme/old", &pull("missing")).await);
}
