//! What a forge does not take stops itself alone.

use refray_sim::world::{Lock, Protection, PushRule, RepositoryPatch, Visibility};
use refray_sim::{Kind, ReceiveFault};

use crate::world::{OWNER, Place, World, has, put, users};

/// Two forges that agree, and then get three new things on the first; `main` is moved on.
async fn moved_on(kind: Kind, rule: impl FnOnce(&mut Protection)) -> (World, Kind, String) {
    let other = if kind == Kind::Gitea { Kind::Forgejo } else { Kind::Gitea };
    let world = World::of_forges(&[other, kind]).await;
    world.seed(other, "one", Visibility::Private);
    world.seed(other, "two", Visibility::Private);
    world.refray(&["sync"]).exits(0);
    let mut protection = Protection::new("main");
    rule(&mut protection);
    let there = world.site(kind).repository(OWNER, "one").unwrap();
    world.site(kind).protect(there.id, protection).unwrap();
    let from = world.site(other);
    let id = from.repository(OWNER, "one").unwrap().id;
    let tip = from.commit(OWNER, "one", "main", &[("f", "2")], "second\n").unwrap();
    from.move_ref(id, "refs/heads/free", &tip).unwrap();
    from.move_ref(id, "refs/heads/also-free", &tip).unwrap();
    from.move_ref(id, "refs/tags/v1", &tip).unwrap();
    from.commit(OWNER, "two", "main", &[("f", "2")], "second\n").unwrap();
    (world, other, tip)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_protected_branch_stops_itself_alone_on_each_forge() {
    for kind in Kind::ALL {
        let (world, other, tip) = moved_on(kind, |rule| rule.push = PushRule::Nobody).await;
        let said = world.refray(&["sync"]).exits(1);
        let words = match kind {
            Kind::GitHub => "GH006: Protected branch update failed for refs/heads/main",
            Kind::GitLab => "You are not allowed to push code to protected branches on this project",
            Kind::Gitea | Kind::Forgejo => "Not allowed to push to protected branch main",
        };
        has(&said, &["! one", &format!("forward branch main on {kind}/ada"), "refused (protected_branch)", words]);
        has(&said, &["remedy: Let the token's account push to the protected branch", "+ two: branch main forwarded"]);
        let place = Place::Forge(kind, OWNER);
        let refs = world.refs(&place, "one");
        for name in ["refs/heads/free", "refs/heads/also-free", "refs/tags/v1"] {
            has(&refs, &[&format!("{tip} {name}")]);
        }
        assert!(!refs.contains(&format!("{tip} refs/heads/main")), "{kind}: {refs}");
        // Once the protection is lifted, the rest follows.
        world.site(kind).unprotect(world.site(kind).repository(OWNER, "one").unwrap().id, "main").unwrap();
        world.refray(&["sync", "--retry-failed"]).exits(0);
        world.agree(&users(&[other, kind]), "one");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_ruleset_that_wants_a_pull_request_is_named() {
    let (world, _, _) = moved_on(Kind::GitHub, |rule| {
        rule.ruleset = true;
        rule.pull_request_required = true;
    })
    .await;
    let said = world.refray(&["sync"]).exits(1);
    has(&said, &["refused (ruleset)", "GH013", "Changes must be made through a pull request", "bypass the ruleset"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rewrite_that_a_forge_does_not_take_is_named_and_the_rest_goes_through() {
    for kind in Kind::ALL {
        let (world, other, _) = moved_on(kind, |rule| rule.pattern = "topic".into()).await;
        let from = world.site(other);
        let id = from.repository(OWNER, "one").unwrap().id;
        from.commit(OWNER, "one", "topic", &[("t", "1")], "as it was\n").unwrap();
        world.refray(&["sync"]).exits(0);
        from.move_ref(id, "refs/heads/topic", from.repository(OWNER, "one").unwrap().object_format.zeros()).unwrap();
        let new = from.commit(OWNER, "one", "topic", &[("t", "2")], "as it is\n").unwrap();
        let fine = from.commit(OWNER, "one", "main", &[("f", "3")], "third\n").unwrap();
        let said = world.refray(&["sync"]).exits(1);
        has(&said, &[&format!("rewrite branch topic on {kind}/ada"), "refused (protected_branch)", "remedy:"]);
        let refs = world.refs(&Place::Forge(kind, OWNER), "one");
        has(&refs, &[&format!("{fine} refs/heads/main")]);
        assert!(!refs.contains(&new), "{kind}: {refs}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_workflow_file_needs_a_right_of_its_own() {
    let kinds = [Kind::GitHub, Kind::Gitea];
    let mut world = World::of_forges(&kinds).await;
    let narrow = world.site(Kind::GitHub).token(OWNER, &["repo", "delete_repo", "read:org"]).unwrap().secret;
    world.env.insert(World::token_variable(Kind::GitHub), narrow);
    world.seed(Kind::Gitea, "one", Visibility::Private);
    world.refray(&["sync"]).exits(0);
    let tea = world.site(Kind::Gitea);
    let file = [(".github/workflows/ci.yml", "on: push\n")];
    tea.commit(OWNER, "one", "ci", &file, "a workflow\n").unwrap();
    let fine = tea.commit(OWNER, "one", "main", &[("f", "2")], "second\n").unwrap();
    let said = world.refray(&["sync"]).exits(1);
    has(&said, &["create branch ci on github/ada", "refused (workflow_scope)", "Give the token the `workflow` scope"]);
    let refs = world.refs(&Place::Forge(Kind::GitHub, OWNER), "one");
    has(&refs, &[&format!("{fine} refs/heads/main")]);
    assert!(!refs.contains("refs/heads/ci"), "{refs}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_archived_repository_is_named_and_its_changes_still_go_out() {
    for kind in [Kind::GitHub, Kind::GitLab] {
        let (world, other, tip) = moved_on(kind, |_| {}).await;
        let site = world.site(kind);
        let there = site.repository(OWNER, "one").unwrap();
        let patch = RepositoryPatch { archived: Some(true), ..Default::default() };
        site.update_repository(there.id, patch, there.owner).unwrap();
        let said = world.refray(&["sync"]).exits(1);
        has(&said, &["archived", &format!("{kind}/ada"), "remedy:", "+ two:"]);
        has(&said, &["`repo_blacklist`, or take the endpoint out of the group if that forge is being left."]);
        let doctor = world.refray(&["doctor"]).stdout;
        has(&doctor, &["`one` is archived, and will stay behind the other sides\n", "Unarchive it, leave it out with"]);
        assert_eq!(doctor.matches("or take the endpoint out of the group").count(), 1, "{doctor}");
        assert!(!world.refs(&Place::Forge(kind, OWNER), "one").contains(&tip));
        has(&world.refs(&Place::Forge(other, OWNER), "one"), &[&tip]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_forge_whose_disk_is_full_is_named_and_the_next_run_goes_through() {
    let kinds = [Kind::GitHub, Kind::Gitea, Kind::Forgejo];
    let world = World::of_forges(&kinds).await;
    world.seed(Kind::GitHub, "one", Visibility::Private);
    world.refray(&["sync"]).exits(0);
    let tip = world.site(Kind::GitHub).commit(OWNER, "one", "main", &[("f", "2")], "second\n").unwrap();
    world.site(Kind::Gitea).faults().break_receive(ReceiveFault::DiskFull);
    let said = world.refray(&["sync"]).exits(1);
    has(&said, &["forward branch main on gitea/ada", "remedy:"]);
    has(&world.refs(&Place::Forge(Kind::Forgejo, OWNER), "one"), &[&tip]);
    assert!(!world.refs(&Place::Forge(Kind::Gitea, OWNER), "one").contains(&tip));
    world.refray(&["sync"]).exits(0);
    world.agree(&users(&kinds), "one");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_that_is_the_folder_of_another_is_named_and_the_rest_goes_through() {
    let kinds = [Kind::GitHub, Kind::Gitea];
    let mut world = World::of_forges(&kinds).await;
    world.add_folders(&["disk"]);
    world.seed(Kind::GitHub, "one", Visibility::Private);
    world.refray(&["sync"]).exits(0);
    world.site(Kind::GitHub).commit(OWNER, "one", "topic", &[("t", "1")], "shallow\n").unwrap();
    let work = world.work("hand");
    let disk = Place::Folder("disk");
    work.git(&["fetch", "-q", &world.bare(&disk, "one").display().to_string(), "main"]);
    work.git(&["checkout", "-q", "-B", "main", "FETCH_HEAD"]);
    let tip = work.commit("second");
    work.push(&disk, "one", &["main", "main:refs/heads/topic/deep"]);
    let said = world.refray(&["sync"]).exits(1);
    has(&said, &["refused (name_conflict)", "topic/deep on github/ada", "topic on disk/disk", "delete one of the two"]);
    for kind in kinds {
        has(&world.refs(&Place::Forge(kind, OWNER), "one"), &[&format!("{tip} refs/heads/main")]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn more_than_the_other_side_takes_at_once_is_named() {
    let mut world = World::of_forges(&[Kind::GitHub]).await;
    world.add_folders(&["disk"]);
    world.seed(Kind::GitHub, "one", Visibility::Private);
    world.refray(&["sync"]).exits(0);
    let disk = Place::Folder("disk");
    let bare = world.bare(&disk, "one").display().to_string();
    world.work("hand").git(&["--git-dir", &bare, "config", "receive.maxInputSize", "100"]);
    let large: String = (0..2000).map(|number| format!("{number}\n")).collect();
    let tip = world.site(Kind::GitHub).commit(OWNER, "one", "main", &[("large", &large)], "second\n").unwrap();
    let said = world.refray(&["sync"]).exits(1);
    has(&said, &["forward branch main on disk/disk", "refused (push_too_large)", "`receive.maxInputSize`"]);
    assert!(!world.refs(&disk, "one").contains(&tip));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_that_is_locked_out_is_told_so_and_nothing_is_deleted() {
    for kind in [Kind::Gitea, Kind::Forgejo] {
        let kinds = [Kind::GitHub, kind];
        let mut world = World::of_forges(&kinds).await;
        world.config.set("delete_missing = true");
        world.seed(Kind::GitHub, "one", Visibility::Private);
        world.refray(&["sync"]).exits(0);
        let site = world.site(kind);
        let tip = world.site(Kind::GitHub).commit(OWNER, "one", "main", &[("f", "2")], "second\n").unwrap();
        for (lock, words) in [
            (Lock::SignInProhibited, "This account is prohibited from signing in"),
            (Lock::PasswordExpired, "You must change your password"),
        ] {
            site.lock_user(OWNER, Some(lock)).unwrap();
            let said = world.refray(&["sync"]).exits(1);
            has(&said, &[&format!("{kind}/ada"), "the account is locked out (403)", words, "in a browser"]);
            has(&world.refray(&["doctor"]).exits(1), &["FAIL  account", "the account is locked out"]);
            assert!(!world.refs(&Place::Forge(kind, OWNER), "one").contains(&tip));
        }
        site.lock_user(OWNER, None).unwrap();
        world.refray(&["sync"]).exits(0);
        world.agree(&users(&kinds), "one");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_with_as_many_repositories_as_it_may_is_named_and_the_rest_goes_through() {
    for (kind, words) in [
        (Kind::Gitea, "reached maximum limit of repositories"),
        (Kind::Forgejo, "Forgejo says no more than that when the account has as many repositories as it may"),
        (Kind::GitLab, "Your project limit is 1 projects"),
    ] {
        let kinds = [Kind::GitHub, kind];
        let world = World::of_forges(&kinds).await;
        world.seed(Kind::GitHub, "one", Visibility::Private);
        world.refray(&["sync"]).exits(0);
        world.site(kind).limit_repositories(OWNER, Some(1)).unwrap();
        world.seed(Kind::GitHub, "two", Visibility::Private);
        world.site(Kind::GitHub).commit(OWNER, "one", "main", &[("f", "2")], "second\n").unwrap();
        let said = world.refray(&["sync"]).exits(1);
        has(
            &said,
            &[&format!("create repository two on {kind}/ada"), words, "remedy: ", "+ one: branch main forwarded"],
        );
        world.site(kind).limit_repositories(OWNER, None).unwrap();
        world.refray(&["sync", "--retry-failed"]).exits(0);
        world.agree(&users(&kinds), "two");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_forge_fills_itself_takes_no_push_and_is_not_called_archived() {
    for kind in [Kind::Gitea, Kind::Forgejo] {
        let (world, other, tip) = moved_on(kind, |_| {}).await;
        let site = world.site(kind);
        let there = site.repository(OWNER, "one").unwrap();
        let mut patch = RepositoryPatch::default();
        patch.settings.insert("mirror".into(), true.into());
        site.update_repository(there.id, patch, there.owner).unwrap();
        let said = world.refray(&["sync"]).exits(1);
        has(&said, &[&format!("{kind}/ada stays behind"), "the forge itself fills the repository from elsewhere"]);
        has(&said, &["turn a mirror into an ordinary repository", "+ two: branch main forwarded"]);
        assert!(!said.contains("archived there"), "{said}");
        assert!(!world.refs(&Place::Forge(kind, OWNER), "one").contains(&tip));
        // What comes to it from elsewhere goes out to the others.
        let own = site.commit(OWNER, "one", "pulled", &[("p", "1")], "pulled\n").unwrap();
        world.refray(&["sync"]).exits(1);
        has(&world.refs(&Place::Forge(other, OWNER), "one"), &[&own]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_object_that_the_other_side_does_not_take_is_named_and_the_rest_goes_through() {
    let mut world = World::of_forges(&[Kind::GitHub]).await;
    world.add_folders(&["disk"]);
    world.seed(Kind::GitHub, "one", Visibility::Private);
    world.seed(Kind::GitHub, "two", Visibility::Private);
    world.refray(&["sync"]).exits(0);
    let disk = Place::Folder("disk");
    let bare = world.bare(&disk, "one").display().to_string();
    let work = world.work("hand");
    work.git(&["--git-dir", &bare, "config", "receive.fsckObjects", "true"]);
    work.git(&["fetch", "-q", &bare, "main"]);
    work.git(&["checkout", "-q", "-B", "main", "FETCH_HEAD"]);
    let (tree, parent) = (work.git(&["rev-parse", "HEAD^{tree}"]), work.tip("HEAD"));
    let person = "ada 1700000000 +0000";
    let text = format!("tree {tree}\nparent {parent}\nauthor {person}\ncommitter {person}\n\nnobody to write to\n");
    put(&world.path("odd.txt"), &text);
    let file = world.path("odd.txt").display().to_string();
    let tip = work.git(&["hash-object", "-t", "commit", "-w", "--literally", &file]);
    work.git(&["update-ref", "refs/heads/odd", &tip]);
    work.push(&Place::Forge(Kind::GitHub, OWNER), "one", &["odd"]);
    world.site(Kind::GitHub).commit(OWNER, "two", "main", &[("f", "2")], "second\n").unwrap();
    let said = world.refray(&["sync"]).exits(1);
    has(&said, &["create branch odd on disk/disk", "refused (bad_object)", "`receive.fsckObjects`", "+ two:"]);
    assert!(!world.refs(&disk, "one").contains(&tip));
}

#[test]
fn a_refusal_that_holds_for_the_whole_repository_is_met_once() {
    use std::os::unix::fs::PermissionsExt;
    let world = World::of_folders(&["a", "b"]);
    let work = world.seeded("a", "one");
    world.refray(&["sync"]).exits(0);
    let (hook, count) = (world.path("disk/b/one.git/hooks/pre-receive"), world.path("count"));
    put(&hook, &format!("#!/bin/sh\necho once >> '{}'\necho 'quota exceeded' >&2\nexit 1\n", count.display()));
    std::fs::set_permissions(&hook, std::fs::Permissions::from_mode(0o755)).unwrap();
    let place = Place::Folder("a");
    for number in 0..9 {
        work.git(&["branch", &format!("b{number}")]);
        work.push(&place, "one", &[&format!("b{number}")]);
    }
    has(&world.refray(&["sync"]).exits(1), &["refused (quota)", "Free space in the account"]);
    assert_eq!(std::fs::read_to_string(&count).unwrap(), "once\n", "every try would have sent everything again");
    std::fs::remove_file(&hook).unwrap();
    world.refray(&["sync"]).exits(0);
    world.agree(&[place, Place::Folder("b")], "one");
}

#[test]
fn a_hook_that_speaks_of_one_branch_in_such_words_holds_up_no_other() {
    use std::os::unix::fs::PermissionsExt;
    let world = World::of_folders(&["a", "b"]);
    let work = world.seeded("a", "one");
    world.refray(&["sync"]).exits(0);
    let hook = world.path("disk/b/one.git/hooks/pre-receive");
    let refuses =
        "while read -r _ _ name; do case $name in *old) echo \"the branch 'old' is archived\" >&2; exit 1;; esac; done";
    put(&hook, &format!("#!/bin/sh\n{refuses}\n"));
    std::fs::set_permissions(&hook, std::fs::Permissions::from_mode(0o755)).unwrap();
    for name in ["new", "old", "other"] {
        work.git(&["branch", name]);
        work.push(&Place::Folder("a"), "one", &[name]);
    }
    has(&world.refray(&["sync"]).exits(1), &["the branch 'old' is archived", "create branch old on disk/b"]);
    let refs = world.refs(&Place::Folder("b"), "one");
    has(&refs, &["refs/heads/new", "refs/heads/other"]);
    assert!(!refs.contains("refs/heads/old"), "{refs}");
}
