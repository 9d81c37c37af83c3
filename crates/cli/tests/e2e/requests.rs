//! Diverged branches under the strategies: brought together by refray, or by people through pull requests.

use refray_sim::world::{Protection, Pull, PullState, Visibility};
use refray_sim::{Effect, Kind, MergeMethod, PullPatch};

use crate::world::{OWNER, Place, World, files_below, has, users};

/// Forges, configured in this order, that agree on `one`, of which the first two then get a commit of their own each.
async fn diverged(kinds: &[Kind], strategy: &str) -> World {
    let mut world = World::of_sites(kinds, false).await;
    for kind in kinds {
        world.config.endpoint(kind.as_str(), &format!("kind = \"user\"\nnamespace = \"{OWNER}\""));
    }
    world.config.set(&format!("conflict_resolution = \"{strategy}\""));
    world.seed(kinds[0], "one", Visibility::Private);
    world.refray(&["sync"]).exits(0);
    let site = |kind| world.site(kind);
    site(kinds[0]).commit(OWNER, "one", "main", &[("here", "1")], "here\n").unwrap();
    site(kinds[1]).commit(OWNER, "one", "main", &[("there", "1")], "there\n").unwrap();
    world
}

fn pulls(world: &World, kind: Kind) -> Vec<Pull> {
    let site = world.site(kind);
    let id = site.repository(OWNER, "one").unwrap().id;
    let state = site.world();
    state.pulls_of(id).cloned().collect()
}

fn open(world: &World, kind: Kind) -> Vec<String> {
    let open = pulls(world, kind).into_iter().filter(|pull| pull.state == PullState::Open);
    open.map(|pull| format!("{} into {}", pull.head.trim_start_matches("refray/conflicts/"), pull.base)).collect()
}

fn merge(world: &World, kind: Kind, number: u64, method: MergeMethod) {
    let site = world.site(kind);
    let there = site.repository(OWNER, "one").unwrap();
    site.merge_pull(there.id, number, method, None, None, there.owner).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn one_request_merged_on_any_forge_settles_a_conflict_on_all() {
    for merged_on in Kind::ALL {
        let world = diverged(&Kind::ALL, "pull_request").await;
        let [hub, lab, tea, jo] = Kind::ALL;
        let said = world.refray(&["sync"]).exits(1);
        has(
            &said,
            &["? one", "held: the branch `main` has diverged; pull requests show both sides", "remedy: Merge one"],
        );
        assert_eq!(open(&world, hub), [format!("main/{lab}=2Fada into main")]);
        assert_eq!(open(&world, lab), [format!("main/{hub}=2Fada into main")]);
        for kind in [tea, jo] {
            // These have neither: one request for each side.
            assert_eq!(
                open(&world, kind),
                [format!("main/{hub}=2Fada into main"), format!("main/{lab}=2Fada into main")]
            );
        }
        let pull = pulls(&world, hub).remove(0);
        has(&pull.title, &["Bring `main` together with gitlab/ada"]);
        has(&pull.body, &["### Only on gitlab/ada\n\n* `", "` there (", "### Only on github/ada\n\n* `", "` here ("]);
        has(&said, &["http://"]);
        // Nothing is opened twice, whether or not anything is remembered.
        world.refray(&["sync"]).exits(1);
        std::fs::remove_dir_all(world.state()).unwrap();
        world.refray(&["sync"]).exits(1);
        assert_eq!(Kind::ALL.map(|kind| pulls(&world, kind).len()), [1, 1, 2, 2]);

        for pull in pulls(&world, merged_on) {
            merge(&world, merged_on, pull.number, MergeMethod::Merge);
        }
        let said = world.refray(&["sync"]).exits(0);
        has(&said, &["+ one: ", "closed on"]);
        let refs = world.agree(&users(&Kind::ALL), "one");
        assert!(!refs.contains("refray/conflicts"), "{refs}");
        for kind in Kind::ALL {
            assert_eq!(open(&world, kind), [""; 0], "{kind}");
        }
        world.refray(&["sync"]).exits(0);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_that_a_person_closed_is_opened_again_only_when_a_tip_moves_on() {
    let kinds = [Kind::GitLab, Kind::Forgejo];
    let world = diverged(&kinds, "pull_request").await;
    world.refray(&["sync"]).exits(1);
    for kind in kinds {
        let site = world.site(kind);
        let there = site.repository(OWNER, "one").unwrap();
        let number = pulls(&world, kind)[0].number;
        let patch = PullPatch { open: Some(false), ..PullPatch::default() };
        site.edit_pull(there.id, number, patch, there.owner).unwrap();
    }
    std::fs::remove_dir_all(world.state()).unwrap();
    let said = world.refray(&["sync"]).exits(1);
    has(&said, &["its pull requests were closed without merging"]);
    assert_eq!(kinds.map(|kind| (pulls(&world, kind).len(), open(&world, kind).len())), [(1, 0), (1, 0)]);
    assert!(!world.refs(&Place::Forge(Kind::GitLab, OWNER), "one").contains("refray/conflicts"));
    world.site(Kind::Forgejo).commit(OWNER, "one", "main", &[("there", "2")], "further\n").unwrap();
    world.refray(&["sync"]).exits(1);
    assert_eq!(kinds.map(|kind| open(&world, kind).len()), [1, 1]);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_open_request_follows_the_tips() {
    let kinds = [Kind::GitHub, Kind::Gitea];
    let world = diverged(&kinds, "pull_request").await;
    world.refray(&["sync"]).exits(1);
    let tip = world.site(Kind::Gitea).commit(OWNER, "one", "main", &[("there", "2")], "further\n").unwrap();
    let said = world.refray(&["sync"]).exits(1);
    has(&said, &["in_conflict"].map(|_| "pull requests show both sides"));
    let pull = pulls(&world, Kind::GitHub).remove(0);
    assert_eq!((pull.head_oid.as_str(), pulls(&world, Kind::GitHub).len()), (tip.as_str(), 1));
    has(&pull.body, &["` further (", "` there (", &tip]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_conflict_can_be_settled_in_the_editor_of_a_forge() {
    let kinds = [Kind::GitHub, Kind::Gitea];
    let world = diverged(&kinds, "pull_request").await;
    let hub = Place::Forge(Kind::GitHub, OWNER);
    world.refray(&["sync"]).exits(1);
    // Such an editor merges the branch into the one of the request.
    let head = "refray/conflicts/main/gitea=2Fada";
    let work = world.work("hand");
    work.git(&["fetch", "-q", &world.bare(&hub, "one").display().to_string(), "+refs/heads/*:refs/remotes/hub/*"]);
    work.git(&["checkout", "-q", "-b", head, &format!("hub/{head}")]);
    work.git(&["merge", "-q", "-m", "Merge branch 'main' into the conflict", "hub/main"]);
    work.push(&hub, "one", &[head]);
    let resolved = work.tip(head);
    // refray comes by before it is merged, more than once, and also when the other side moves on.
    world.refray(&["sync"]).exits(1);
    let said = world.refray(&["sync"]).exits(1);
    has(&said, &["has diverged", &format!("what was added to `{head}` on github/ada stays until it is merged")]);
    world.site(Kind::Gitea).commit(OWNER, "one", "topic", &[("topic", "1")], "elsewhere\n").unwrap();
    world.refray(&["sync"]).exits(1);
    has(&world.refs(&hub, "one"), &[&format!("{resolved} refs/heads/{head}")]);
    merge(&world, Kind::GitHub, pulls(&world, Kind::GitHub)[0].number, MergeMethod::Merge);
    world.refray(&["sync"]).exits(0);
    let refs = world.agree(&users(&kinds), "one");
    assert!(!refs.contains("refray/conflicts"), "{refs}");
    assert!(log(&world, &hub).iter().any(|line| line.ends_with("into the conflict")));
    assert_eq!(kinds.map(|kind| open(&world, kind).len()), [0, 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_added_to_a_conflict_branch_is_backed_up_with_its_repository() {
    let kinds = [Kind::GitHub, Kind::Gitea];
    let mut world = diverged(&kinds, "pull_request").await;
    let tea = Place::Forge(Kind::Gitea, OWNER);
    world.refray(&["sync"]).exits(1);
    let head = "refray/conflicts/main/github=2Fada";
    let added = world.site(Kind::Gitea).commit(OWNER, "one", head, &[("by", "hand")], "by hand\n").unwrap();
    world.delete(Kind::GitHub, "one");
    world.config.set("delete_missing = true");
    world.refray(&["sync", "--confirm-deletions", "--repo", "one"]).exits(0);
    assert!(world.site(Kind::Gitea).repository(OWNER, "one").is_err());
    let bundles: Vec<_> = files_below(&world.state().join("backups"))
        .into_iter()
        .filter(|path| path.extension().is_some_and(|extension| extension == "bundle"))
        .collect();
    assert_eq!(bundles.len(), 1, "{bundles:?}");
    has(&world.git(".", &["bundle", "list-heads", bundles[0].to_str().unwrap()]), &[&added]);
    // It comes back with the rest.
    let said = world.refray(&["backup", "list"]).exits(0);
    let id = said.split_whitespace().find(|word| word.starts_with("all/one/")).unwrap();
    world.refray(&["backup", "restore", id]).exits(0);
    has(&world.refs(&tea, "one"), &[&format!("{added} refs/heads/{head}")]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_that_could_not_be_closed_is_closed_by_the_next_run() {
    let kinds = [Kind::GitHub, Kind::GitLab];
    let world = diverged(&kinds, "pull_request").await;
    world.refray(&["sync"]).exits(1);
    let refusal = Effect::Status(400, "not now".to_owned());
    world.site(Kind::GitLab).faults().add_for(Some("PUT"), "/merge_requests/[0-9]+$", Some(1), refusal).unwrap();
    // A person gives up what GitHub has: no merge settles the request on GitLab by itself.
    let hub = world.bare(&Place::Forge(Kind::GitHub, OWNER), "one").display().to_string();
    world.git(&hub, &["update-ref", "refs/heads/main", "refs/heads/refray/conflicts/main/gitlab=2Fada"]);
    has(&world.refray(&["sync"]).exits(1), &["gitlab/ada", "not now"]);
    assert_eq!(open(&world, Kind::GitLab).len(), 1);
    world.refray(&["sync"]).exits(0);
    assert_eq!(open(&world, Kind::GitLab), [""; 0]);
    let refs = world.agree(&users(&kinds), "one");
    assert!(!refs.contains("refray/conflicts"), "{refs}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_forge_fails_to_open_is_opened_by_the_next_run() {
    let kinds = [Kind::GitHub, Kind::Gitea];
    let world = diverged(&kinds, "pull_request").await;
    let refusal = Effect::Status(422, "not now".to_owned());
    world.site(Kind::GitHub).faults().add_for(Some("POST"), "/pulls$", Some(1), refusal).unwrap();
    let said = world.refray(&["sync"]).exits(1);
    has(&said, &["! one", "open pull request on github/ada", "remedy: "]);
    assert_eq!(kinds.map(|kind| open(&world, kind).len()), [0, 1]);
    world.refray(&["sync"]).exits(1);
    assert_eq!(kinds.map(|kind| open(&world, kind).len()), [1, 1]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_forge_without_the_right_to_requests_is_named_and_the_others_get_theirs() {
    let kinds = [Kind::GitHub, Kind::Gitea];
    let world = diverged(&kinds, "pull_request").await;
    world.site(Kind::GitHub).faults().add("/pulls", None, Effect::Status(403, "no".to_owned())).unwrap();
    let said = world.refray(&["sync"]).exits(1);
    has(&said, &["the pull requests on github/ada could not be listed", "remedy: None is opened"]);
    assert_eq!(kinds.map(|kind| open(&world, kind).len()), [0, 1]);
}

/// The commits of `main` at a place: author, dates and subject, oldest first.
fn log(world: &World, place: &Place) -> Vec<String> {
    let bare = world.bare(place, "one").display().to_string();
    let format = "--format=%an %ae %ad %s";
    let said = world.git(".", &["-C", &bare, "log", "--reverse", "--date=raw", format, "main"]);
    said.lines().map(str::to_owned).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rebase_keeps_authors_and_forces_nobody_who_can_be_forwarded() {
    // GitLab protects default branches of itself, so the forced one is another.
    let kinds = [Kind::GitHub, Kind::Gitea, Kind::GitLab, Kind::Forgejo];
    let world = diverged(&kinds, "auto_rebase").await;
    let [hub, tea, ..] = kinds.map(|kind| Place::Forge(kind, OWNER));
    let before = [log(&world, &hub), log(&world, &tea)];
    let first = world.refs(&hub, "one");
    let said = world.refray(&["sync"]).exits(0);
    has(&said, &["+ one: ", "branch main rebased on gitea/ada", "branch main forwarded on"]);
    world.agree(&users(&Kind::ALL), "one");
    let after = log(&world, &hub);
    assert_eq!(after[..2], before[0][..]);
    assert_eq!(after[2], before[1][1], "author, date and subject stay");
    let bare = world.bare(&hub, "one").display().to_string();
    let tip = first.lines().find_map(|line| line.strip_suffix(" refs/heads/main")).unwrap();
    world.git(".", &["-C", &bare, "merge-base", "--is-ancestor", tip, "main"]);
    world.refray(&["sync"]).exits(0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_merge_forwards_all_sides() {
    let world = diverged(&[Kind::Gitea, Kind::GitHub, Kind::GitLab], "auto_merge").await;
    let kinds = [Kind::Gitea, Kind::GitHub, Kind::GitLab];
    let said = world.refray(&["sync"]).exits(0);
    has(&said, &["+ one: branch main forwarded on 3 endpoints"]);
    world.agree(&users(&kinds), "one");
    let bare = world.bare(&Place::Forge(Kind::GitLab, OWNER), "one").display().to_string();
    let said = world.git(".", &["-C", &bare, "log", "-1", "--format=%s|%P", "main"]);
    let (subject, parents) = said.trim().split_once('|').unwrap();
    assert_eq!(subject, "Merge branch 'main' of github/ada into gitea/ada");
    assert_eq!(parents.split(' ').count(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_conflicts_in_its_content_becomes_requests() {
    for strategy in ["auto_rebase_pull_request", "auto_merge_pull_request"] {
        let kinds = [Kind::GitHub, Kind::GitLab, Kind::Gitea];
        let world = diverged(&kinds, strategy).await;
        world.site(Kind::GitHub).commit(OWNER, "one", "main", &[("both", "github\n")], "one way\n").unwrap();
        world.site(Kind::GitLab).commit(OWNER, "one", "main", &[("both", "gitlab\n")], "the other\n").unwrap();
        let said = world.refray(&["sync"]).exits(1);
        has(&said, &["? one", "has diverged (", "both", "pull requests show both sides"]);
        assert_eq!(kinds.map(|kind| open(&world, kind).len()), [1, 1, 2]);
        // A person resolves it on one side.
        let work = world.work("hand");
        let bare = world.bare(&Place::Forge(Kind::GitHub, OWNER), "one").display().to_string();
        work.git(&["fetch", "-q", &bare, "+refs/heads/*:refs/remotes/hub/*"]);
        work.git(&["checkout", "-q", "-B", "main", "hub/main"]);
        work.git(&["merge", "-q", "-X", "ours", "hub/refray/conflicts/main/gitlab=2Fada"]);
        work.push(&Place::Forge(Kind::GitHub, OWNER), "one", &["main"]);
        world.refray(&["sync"]).exits(0);
        let refs = world.agree(&users(&kinds), "one");
        has(&refs, &[&format!("{} refs/heads/main", work.tip("main"))]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_forced_update_that_a_protected_branch_refuses_becomes_a_request() {
    for kind in [Kind::GitHub, Kind::GitLab, Kind::Gitea, Kind::Forgejo] {
        let other = if kind == Kind::Gitea { Kind::Forgejo } else { Kind::Gitea };
        let third = if kind == Kind::GitHub { Kind::GitLab } else { Kind::GitHub };
        let kinds = [other, kind, third];
        let world = diverged(&kinds, "auto_rebase_pull_request").await;
        let there = world.site(kind).repository(OWNER, "one").unwrap();
        let protection = Protection { force_push: false, ..Protection::new("main") };
        world.site(kind).protect(there.id, protection).unwrap();
        let before = world.refs(&Place::Forge(other, OWNER), "one");
        let said = world.refray(&["sync"]).exits(1);
        has(&said, &["refuses forced updates of it", "pull requests show both sides"]);
        let after = world.refs(&Place::Forge(other, OWNER), "one");
        assert!(after.starts_with(&before.lines().next().unwrap().to_owned()), "{kind}");
        for line in before.lines() {
            has(&after, &[line]);
        }
        assert_eq!(kinds.map(|kind| open(&world, kind).len()), [1, 1, 2], "{kind}");
        for pull in pulls(&world, kind) {
            merge(&world, kind, pull.number, MergeMethod::Merge);
        }
        world.refray(&["sync"]).exits(0);
        world.agree(&users(&kinds), "one");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_newest_side_wins_when_a_person_says_so() {
    let kinds = [Kind::GitHub, Kind::Gitea];
    let world = World::of_forges(&kinds).await;
    world.seed(Kind::GitHub, "one", Visibility::Private);
    world.refray(&["sync"]).exits(0);
    // Commits made by hand have a fixed date, years before those that a forge makes now.
    let old = Place::Forge(Kind::GitHub, OWNER);
    let work = world.work("hand");
    work.git(&["fetch", "-q", &world.bare(&old, "one").display().to_string(), "main"]);
    work.git(&["checkout", "-q", "-B", "main", "FETCH_HEAD"]);
    work.commit("long ago");
    work.push(&old, "one", &["main"]);
    let newest = world.site(Kind::Gitea).commit(OWNER, "one", "main", &[("there", "2")], "newest\n").unwrap();
    world.refray(&["sync"]).exits(1);
    let lost = world.refs(&old, "one");
    let said = world.refray(&["sync", "--force", "--dry-run"]).exits(0);
    has(&said, &["force branch main on github/ada"]);
    let said = world.refray(&["sync", "--force"]).exits(0);
    has(&said, &["branch main forced on github/ada"]);
    has(&world.agree(&users(&kinds), "one"), &[&format!("{newest} refs/heads/main")]);
    let lost = lost.lines().find_map(|line| line.strip_suffix(" refs/heads/main")).unwrap().to_owned();
    let bundles = crate::world::files_below(&world.state().join("backups"));
    let bundle = bundles.iter().find(|path| path.extension().is_some_and(|end| end == "bundle")).unwrap();
    has(&world.git(".", &["bundle", "list-heads", &bundle.display().to_string()]), &[&lost]);
}

#[tokio::test(flavor = "multi_thread")]
async fn folders_and_forges_settle_conflicts_together() {
    let mut world = diverged(&[Kind::GitHub, Kind::Gitea], "pull_request").await;
    world.add_folders(&["disk"]);
    let said = world.refray(&["sync"]).exits(1);
    has(&said, &["pull requests show both sides"]);
    merge(&world, Kind::Gitea, pulls(&world, Kind::Gitea)[0].number, MergeMethod::Merge);
    world.refray(&["sync"]).exits(0);
    let places = [users(&[Kind::GitHub, Kind::Gitea]), vec![Place::Folder("disk")]].concat();
    world.agree(&places, "one");
}
