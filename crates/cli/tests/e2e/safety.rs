//! Unreadable is not deleted: scenes in which a careless tool would delete.

use refray_sim::world::{NewRepository, Visibility};
use refray_sim::{Effect, Kind};

use crate::world::{OWNER, Place, Run, World, files_below, has, users};

const BOTH: [Kind; 2] = [Kind::GitHub, Kind::Gitea];
const HUB: Place = Place::Forge(Kind::GitHub, OWNER);
const TEA: Place = Place::Forge(Kind::Gitea, OWNER);

/// Two forges that agree on some private repositories with two branches, and may delete.
async fn agreed(kinds: &[Kind], repositories: usize) -> World {
    let mut world = World::of_forges(kinds).await;
    world.config.set("delete_missing = true");
    let site = world.site(kinds[0]);
    for number in 0..repositories {
        let name = format!("repo-{number}");
        let first = world.seed(kinds[0], &name, Visibility::Private);
        site.move_ref(site.repository(OWNER, &name).unwrap().id, "refs/heads/side", &first).unwrap();
    }
    world.refray(&["sync"]).exits(0);
    world
}

/// All that some places hold of the first so many repositories.
fn everything(world: &World, places: &[Place], repositories: usize) -> Vec<String> {
    let of = |place: &Place| (0..repositories).map(|n| world.refs(place, &format!("repo-{n}"))).collect::<Vec<_>>();
    places.iter().flat_map(of).collect()
}

fn kinds_of(run: &Run) -> Vec<String> {
    let mut kinds: Vec<_> = run.findings().into_iter().map(|(_, kind)| kind).collect();
    kinds.dedup();
    kinds
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_that_sees_less_deletes_nothing() {
    for kind in Kind::ALL {
        let other = if kind == Kind::GitHub { Kind::GitLab } else { Kind::GitHub };
        let kinds = [other, kind];
        let world = agreed(&kinds, 3).await;
        let before = everything(&world, &users(&kinds), 3);
        let scopes: &[&str] = if kind == Kind::GitHub { &["public_repo"] } else { &["*"] };
        world.site(kind).narrow_token(world.token(kind), scopes, true);
        let said = world.refray(&["sync"]).exits(1);
        has(&said, &[&format!("{kind}/ada"), "remedy: "]);
        assert_eq!(everything(&world, &users(&kinds), 3), before, "{kind}");
        assert_eq!(world.site(kind).world().repositories.len(), 3, "{kind}: nothing is made anew");
        world.site(kind).narrow_token(world.token(kind), &["*"], false);
        has(&world.refray(&["sync"]).exits(0), &["3 agreed already"]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_of_another_account_deletes_nothing() {
    let mut world = agreed(&BOTH, 2).await;
    let before = everything(&world, &users(&BOTH), 2);
    let tea = world.site(Kind::Gitea);
    tea.user("eve").unwrap();
    let token = tea.token("eve", &["*"]).unwrap().secret;
    world.env.insert(World::token_variable(Kind::Gitea), token);
    let said = world.refray(&["sync"]).exits(1);
    has(&said, &["gitea/ada", "remedy: "]);
    assert_eq!(everything(&world, &users(&BOTH), 2), before);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_repository_emptied_by_force_empties_no_other() {
    let world = agreed(&BOTH, 2).await;
    let before = world.refs(&HUB, "repo-0");
    let tea = world.site(Kind::Gitea);
    let there = tea.repository(OWNER, "repo-0").unwrap();
    for name in ["refs/heads/main", "refs/heads/side"] {
        tea.move_ref(there.id, name, there.object_format.zeros()).unwrap();
    }
    let run = world.refray(&["sync", "--format", "json"]);
    assert_eq!(kinds_of(&run), ["deletion_held"]);
    run.exits(1);
    assert_eq!(world.refs(&HUB, "repo-0"), before);
    let said = world.refray(&["sync"]).exits(1);
    has(&said, &["? repo-0", "held: the deletion of the branch", "--confirm-deletions", "1 agreed already, 1 held"]);
    has(&said, &["gitea/ada has none of the branches left that it had"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_repository_made_anew_with_other_content_is_not_joined() {
    let world = agreed(&BOTH, 2).await;
    let before = world.refs(&HUB, "repo-0");
    world.delete(Kind::Gitea, "repo-0");
    let tea = world.site(Kind::Gitea);
    tea.create_repo(OWNER, "repo-0", NewRepository::default()).unwrap();
    let other = tea.commit(OWNER, "repo-0", "main", &[("else", "else")], "something else\n").unwrap();
    let run = world.refray(&["sync", "--format", "json"]);
    assert_eq!(run.findings(), [("repo-0".to_owned(), "unrelated".to_owned())]);
    run.exits(1);
    has(&world.refray(&["sync"]).exits(1), &["share no history", "--join"]);
    assert_eq!(world.refs(&HUB, "repo-0"), before);
    has(&world.refs(&TEA, "repo-0"), &[&format!("{other} refs/heads/main")]);
    assert!(!world.refs(&TEA, "repo-0").contains("side"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_repository_made_anew_and_empty_is_filled() {
    let world = agreed(&BOTH, 2).await;
    let before = world.refs(&HUB, "repo-0");
    world.delete(Kind::Gitea, "repo-0");
    world.site(Kind::Gitea).create_repo(OWNER, "repo-0", NewRepository::default()).unwrap();
    world.refray(&["sync"]).exits(0);
    assert_eq!(world.agree(&[HUB, TEA], "repo-0"), before);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rename_is_neither_a_deletion_nor_a_creation() {
    for kind in Kind::ALL {
        let other = if kind == Kind::GitHub { Kind::GitLab } else { Kind::GitHub };
        let kinds = [other, kind];
        let world = agreed(&kinds, 2).await;
        let before = world.refs(&Place::Forge(other, OWNER), "repo-0");
        world.site(kind).rename(OWNER, "repo-0", "better").unwrap();
        let run = world.refray(&["sync", "--format", "json"]);
        assert!(kinds_of(&run).contains(&"renamed".to_owned()), "{kind}: {:?}", run.findings());
        run.exits(1);
        has(&world.refray(&["sync"]).exits(1), &["was renamed or moved to", "better", "Rename it alike"]);
        assert_eq!(world.refs(&Place::Forge(other, OWNER), "repo-0"), before);
        assert_eq!(world.refs(&Place::Forge(kind, OWNER), "better"), before);
        for at in kinds {
            assert_eq!(world.site(at).world().repositories.len(), 2, "{kind}: none more and none less on {at}");
        }
        world.site(other).rename(OWNER, "repo-0", "better").unwrap();
        world.refray(&["sync"]).exits(0);
        let tip = world.site(kind).commit(OWNER, "better", "main", &[("g", "2")], "second\n").unwrap();
        world.refray(&["sync"]).exits(0);
        has(&world.agree(&users(&kinds), "better"), &[&tip]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_listing_that_is_cut_short_deletes_nothing() {
    for kind in Kind::ALL {
        let other = if kind == Kind::GitHub { Kind::GitLab } else { Kind::GitHub };
        let kinds = [other, kind];
        let world = agreed(&kinds, 5).await;
        let before = everything(&world, &users(&kinds), 5);
        let faults = ["/user/repos", "/users/[^/]*/(repos|projects)", "/projects\\?"];
        for path in faults {
            world.site(kind).faults().add(path, None, Effect::LessItems(2)).unwrap();
        }
        world.refray(&["sync"]);
        assert_eq!(everything(&world, &users(&kinds), 5), before, "{kind}");
        world.site(kind).faults().clear();
        for path in faults {
            world.site(kind).faults().add(path, None, Effect::EmptyPage(1)).unwrap();
        }
        world.refray(&["sync"]);
        assert_eq!(everything(&world, &users(&kinds), 5), before, "{kind}");
        world.site(kind).faults().clear();
        has(&world.refray(&["sync"]).exits(0), &["5 agreed already"]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn all_branches_but_one_gone_is_held_and_can_be_released() {
    let world = agreed(&BOTH, 1).await;
    let hub = world.site(Kind::GitHub);
    let id = hub.repository(OWNER, "repo-0").unwrap().id;
    let tip = hub.bare(id).branch("main").unwrap().unwrap();
    for number in 0..8 {
        hub.move_ref(id, &format!("refs/heads/topic-{number}"), &tip).unwrap();
    }
    world.refray(&["sync"]).exits(0);
    let before = world.refs(&HUB, "repo-0");
    let tea = world.site(Kind::Gitea);
    let there = tea.repository(OWNER, "repo-0").unwrap();
    let branches = (0..8).map(|number| format!("refs/heads/topic-{number}")).chain(["refs/heads/side".to_owned()]);
    for name in branches {
        tea.move_ref(there.id, &name, there.object_format.zeros()).unwrap();
    }
    let fine = tea.commit(OWNER, "repo-0", "fine", &[("f", "2")], "goes through all the same\n").unwrap();
    let run = world.refray(&["sync", "--format", "json"]);
    assert_eq!(kinds_of(&run), ["deletion_held"]);
    run.exits(1);
    assert_eq!(world.refs(&HUB, "repo-0").replace(&format!("{fine} refs/heads/fine\n"), ""), before);
    has(&world.refs(&HUB, "repo-0"), &[&fine]);
    world.refray(&["sync", "--confirm-deletions", "--repo", "repo-0"]).exits(0);
    let refs = world.agree(&[HUB, TEA], "repo-0");
    assert!(!refs.contains("topic") && refs.contains("refs/heads/main"), "{refs}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deleted_repository_is_deleted_elsewhere_after_a_bundle() {
    let kinds = [Kind::GitHub, Kind::Gitea, Kind::GitLab];
    let world = agreed(&kinds, 5).await;
    let tip = world.refs(&HUB, "repo-0").lines().find(|it| it.ends_with("/main") && it.len() > 40).unwrap().to_owned();
    world.delete(Kind::Gitea, "repo-0");
    has(&world.refray(&["sync"]).exits(0), &["+ repo-0: deleted on github/ada and gitlab/ada"]);
    assert!(world.site(Kind::GitHub).repository(OWNER, "repo-0").is_err());
    let mut bundles = files_below(&world.state().join("backups/all/repo-0"));
    bundles.retain(|path| path.extension().is_some_and(|end| end == "bundle"));
    world.git(".", &["init", "-q", "--bare", "empty.git"]);
    let heads = |bundle: &std::path::PathBuf| {
        world.git("empty.git", &["bundle", "verify", "-q", &bundle.display().to_string()]);
        world.git("empty.git", &["bundle", "list-heads", &bundle.display().to_string()])
    };
    assert!(bundles.iter().any(|bundle| heads(bundle).contains(&tip[..40])), "{bundles:?}");
    has(&world.refray(&["sync"]).exits(0), &["4 agreed already"]);
    assert!(world.site(Kind::Gitea).repository(OWNER, "repo-0").is_err(), "it does not come back");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deleted_repository_is_kept_elsewhere_unless_asked_for() {
    let mut world = agreed(&BOTH, 5).await;
    world.config.unset();
    world.delete(Kind::Gitea, "repo-0");
    world.refray(&["sync"]);
    has(&world.refs(&HUB, "repo-0"), &[" refs/heads/main", " refs/heads/side"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn many_that_vanish_at_once_are_held_and_can_be_released_one_by_one() {
    let world = agreed(&BOTH, 6).await;
    for number in 0..4 {
        world.delete(Kind::Gitea, &format!("repo-{number}"));
    }
    let run = world.refray(&["sync", "--format", "json"]);
    assert_eq!(kinds_of(&run), ["absence_held"]);
    run.exits(1);
    has(&world.refray(&["sync"]).exits(1), &["4 of the group's 6 repositories vanished at once", "4 held"]);
    world.refray(&["sync", "--confirm-deletions", "--repo", "repo-1"]).exits(0);
    let there = |number| world.site(Kind::GitHub).repository(OWNER, &format!("repo-{number}")).is_ok();
    assert_eq!([there(0), there(1), there(2), there(3), there(4)], [true, false, true, true, true]);
    // That fewer are left makes the others no less doubtful.
    has(&world.refray(&["sync"]).exits(1), &["4 of the group's 6 repositories vanished at once", "3 held"]);
    assert_eq!([there(0), there(1), there(2), there(3), there(4)], [true, false, true, true, true]);
}

#[test]
fn unrelated_repositories_of_one_name_are_joined_on_demand_only() {
    let world = World::of_folders(&["a", "b"]);
    let (a, b) = (Place::Folder("a"), Place::Folder("b"));
    let work = world.seeded("a", "one");
    work.git(&["checkout", "-q", "--orphan", "other"]);
    work.commit("unrelated");
    world.init("b", "one", "sha1");
    work.push(&b, "one", &["other:refs/heads/other", "other:refs/heads/shared"]);
    work.push(&a, "one", &["main:refs/heads/shared"]);
    let before = (world.refs(&a, "one"), world.refs(&b, "one"));
    let run = world.refray(&["sync", "--format", "json"]);
    assert_eq!(run.findings(), [("one".to_owned(), "unrelated".to_owned())]);
    run.exits(1);
    assert_eq!((world.refs(&a, "one"), world.refs(&b, "one")), before);
    has(&world.refray(&["sync"]).exits(1), &["? one", "held: ", "share no history", "refray sync --join"]);
    // What is on both sides under one name is still for a person to settle.
    has(&world.refray(&["sync", "--join", "one"]).exits(1), &["shared"]);
    for place in [&a, &b] {
        has(&world.refs(place, "one"), &[" refs/heads/main", " refs/heads/other"]);
    }
    work.push(&b, "one", &[":shared"]);
    world.refray(&["sync"]);
    has(&world.refs(&a, "one"), &[" refs/heads/other", &format!("{} refs/heads/main", work.tip("main"))]);
}
