//! Others push at the same moment.

use std::sync::{Arc, Mutex};

use refray_sim::Kind;
use refray_sim::world::{NewRepository, Visibility};

use crate::world::{OWNER, Place, World, has, put, real_git, spawn, users, wait};

const HUB: Place = Place::Forge(Kind::GitHub, OWNER);

async fn agreed(kinds: &[Kind]) -> World {
    let world = World::of_forges(kinds).await;
    world.seed(Kind::GitHub, "one", Visibility::Private);
    world.refray(&["sync"]).exits(0);
    world
}

#[tokio::test(flavor = "multi_thread")]
async fn a_push_that_is_overtaken_looks_again_and_all_agree() {
    for kind in Kind::ALL.into_iter().filter(|kind| *kind != Kind::GitHub) {
        let kinds = [Kind::GitHub, kind];
        let world = agreed(&kinds).await;
        let tip = world.site(Kind::GitHub).commit(OWNER, "one", "main", &[("f", "2")], "second\n").unwrap();
        // The same commit and one more arrive there by another way, just before refray's push.
        let (from, to) = (world.bare(&HUB, "one"), world.bare(&Place::Forge(kind, OWNER), "one"));
        let mut push = world.git_command(".", &["-C"]);
        push.arg(&from).args(["push", "-q"]).arg(&to).arg("main");
        let raced = Arc::new(Mutex::new(String::new()));
        let further = Arc::clone(&raced);
        let id = world.site(kind).repository(OWNER, "one").unwrap().id;
        world.site(kind).faults().before_receive(id, move |site| {
            assert!(push.status().unwrap().success());
            *further.lock().unwrap() = site.commit(OWNER, "one", "main", &[("g", "3")], "third, and faster\n").unwrap();
        });
        world.refray(&["sync"]).exits(0);
        let further = raced.lock().unwrap().clone();
        assert!(!further.is_empty() && further != tip);
        has(&world.agree(&users(&kinds), "one"), &[&format!("{further} refs/heads/main")]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_push_that_is_overtaken_by_other_work_overwrites_nothing() {
    let world = agreed(&Kind::ALL).await;
    let ours = world.site(Kind::GitHub).commit(OWNER, "one", "main", &[("f", "2")], "ours\n").unwrap();
    let lab = world.site(Kind::GitLab);
    let raced = Arc::new(Mutex::new(String::new()));
    let theirs = Arc::clone(&raced);
    lab.faults().before_receive(lab.repository(OWNER, "one").unwrap().id, move |site| {
        *theirs.lock().unwrap() = site.commit(OWNER, "one", "main", &[("g", "2")], "theirs\n").unwrap();
    });
    let run = world.refray(&["sync", "--format", "json"]);
    assert_eq!(run.findings(), [("one".to_owned(), "diverged".to_owned())]);
    run.exits(1);
    let theirs = raced.lock().unwrap().clone();
    has(&world.refs(&Place::Forge(Kind::GitLab, OWNER), "one"), &[&format!("{theirs} refs/heads/main")]);
    has(&world.refs(&HUB, "one"), &[&format!("{ours} refs/heads/main")]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_branch_that_comes_into_being_meanwhile_is_not_overwritten() {
    let kinds = [Kind::GitHub, Kind::Gitea];
    let world = agreed(&kinds).await;
    let hub = world.site(Kind::GitHub);
    let new = hub.commit(OWNER, "one", "topic", &[("f", "2")], "second\n").unwrap();
    let tea = world.site(Kind::Gitea);
    let id = tea.repository(OWNER, "one").unwrap().id;
    let raced = Arc::new(Mutex::new(String::new()));
    let theirs = Arc::clone(&raced);
    tea.faults().before_receive(id, move |site| {
        *theirs.lock().unwrap() = site.commit(OWNER, "one", "topic", &[("g", "2")], "theirs\n").unwrap();
    });
    let run = world.refray(&["sync", "--format", "json"]);
    assert_eq!(run.findings(), [("one".to_owned(), "diverged".to_owned())]);
    run.exits(1);
    let theirs = raced.lock().unwrap().clone();
    has(&world.refs(&Place::Forge(Kind::Gitea, OWNER), "one"), &[&format!("{theirs} refs/heads/topic")]);
    has(&world.refs(&HUB, "one"), &[&format!("{new} refs/heads/topic")]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deletion_that_is_overtaken_by_a_push_is_not_carried_out() {
    let kinds = [Kind::GitHub, Kind::Gitea];
    let world = agreed(&kinds).await;
    let hub = world.site(Kind::GitHub);
    hub.commit(OWNER, "one", "topic", &[("f", "2")], "second\n").unwrap();
    world.refray(&["sync"]).exits(0);
    let there = hub.repository(OWNER, "one").unwrap();
    hub.move_ref(there.id, "refs/heads/topic", there.object_format.zeros()).unwrap();
    let tea = world.site(Kind::Gitea);
    let raced = Arc::new(Mutex::new(String::new()));
    let theirs = Arc::clone(&raced);
    tea.faults().before_receive(tea.repository(OWNER, "one").unwrap().id, move |site| {
        *theirs.lock().unwrap() = site.commit(OWNER, "one", "topic", &[("g", "3")], "still at it\n").unwrap();
    });
    let run = world.refray(&["sync", "--format", "json"]);
    assert_eq!(run.findings(), [("one".to_owned(), "deleted_and_changed".to_owned())]);
    run.exits(1);
    let theirs = raced.lock().unwrap().clone();
    has(&world.refs(&Place::Forge(Kind::Gitea, OWNER), "one"), &[&format!("{theirs} refs/heads/topic")]);
}

#[tokio::test(flavor = "multi_thread")]
async fn two_runs_at_once_do_not_disturb_one_another() {
    let kinds = [Kind::GitHub, Kind::Gitea, Kind::Forgejo];
    let world = World::of_forges(&kinds).await;
    for number in 0..12 {
        world.seed(kinds[number % 3], &format!("repo-{number}"), Visibility::Private);
    }
    let (one, two) = (spawn(&mut world.command(&["sync"])), spawn(&mut world.command(&["sync"])));
    let (one, two) = (wait(one), wait(two));
    // One of the two may find the name taken that the other was about to take; the next run has nothing left to do.
    for run in [one, two] {
        assert!(matches!(run.code, Some(0 | 1)), "{}{}", run.stdout, run.stderr);
    }
    has(&world.refray(&["sync"]).exits(0), &["12 repositories"]);
    for number in 0..12 {
        world.agree(&users(&kinds), &format!("repo-{number}"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_pushed_while_a_repository_is_about_to_be_deleted_is_not_lost() {
    for kind in [Kind::GitHub, Kind::GitLab, Kind::Gitea, Kind::Forgejo] {
        let hub = if kind == Kind::GitHub { Kind::GitLab } else { Kind::GitHub };
        let mut world = World::of_forges(&[hub, kind]).await;
        world.config.set("delete_missing = true");
        for name in ["one", "two", "three", "four"] {
            world.seed(hub, name, Visibility::Private);
        }
        world.refray(&["sync"]).exits(0);
        let (here, there) = (world.site(hub), world.site(kind));
        let gone = here.repository(OWNER, "one").unwrap();
        here.delete_repository(gone.id, gone.owner).unwrap();
        // While the backup is made, somebody pushes what is in none.
        let place = Place::Forge(kind, OWNER);
        let folder = world.bare(&place, "one");
        let late = there.commit(OWNER, "one", "aside", &[("g", "2")], "late\n").unwrap();
        world.git(folder.to_str().unwrap(), &["update-ref", "-d", "refs/heads/aside"]);
        let push = format!(
            "case \"$*\" in *bundle*) '{}' -C '{}' update-ref refs/heads/late {late};; esac\n",
            real_git().display(),
            folder.display()
        );
        put(&world.path("before-git"), &push);
        let said = world.refray(&["sync"]).exits(1);
        has(&said, &["one", "held", "3 agreed already"]);
        has(&world.refs(&place, "one"), &[&format!("{late} refs/heads/late")]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_copy_that_was_deleted_is_not_missed_because_another_was_pushed_to() {
    let kinds = [Kind::GitHub, Kind::Gitea, Kind::Forgejo];
    let mut world = World::of_forges(&kinds).await;
    world.config.set("delete_missing = true");
    for name in ["one", "two", "three", "four"] {
        world.seed(Kind::GitHub, name, Visibility::Private);
    }
    world.refray(&["sync"]).exits(0);
    world.delete(Kind::GitHub, "one");
    let place = Place::Forge(Kind::Forgejo, OWNER);
    let folder = world.bare(&place, "one");
    let late = world.site(Kind::Forgejo).commit(OWNER, "one", "aside", &[("g", "2")], "late\n").unwrap();
    world.git(folder.to_str().unwrap(), &["update-ref", "-d", "refs/heads/aside"]);
    let push = format!(
        "case \"$*\" in *bundle*) '{}' -C '{}' update-ref refs/heads/late {late};; esac\n",
        real_git().display(),
        folder.display()
    );
    world.before_git(&push);
    let said = world.refray(&["sync"]).exits(1);
    has(&said, &["deleted on gitea/ada", "held", "forgejo/ada was changed since all agreed"]);
    assert!(!said.contains("could not be read"), "{said}");
    world.before_git("");
    // Whoever wants it after all makes it anew where it was deleted; the side that refray deleted it on follows.
    let private = NewRepository { visibility: Visibility::Private, ..NewRepository::default() };
    world.site(Kind::GitHub).create_repo(OWNER, "one", private).unwrap();
    world.refray(&["sync"]).exits(0);
    has(&world.agree(&users(&kinds), "one"), &[&format!("{late} refs/heads/late")]);
}
