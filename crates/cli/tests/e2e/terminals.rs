//! What a person sees in a terminal's window.

use std::io::{BufRead as _, BufReader};
use std::process::Command;

use refray_sim::world::Visibility;
use refray_sim::{Effect, Kind};
use rustix::process::{Pid, Signal, kill_process};
use unicode_width::UnicodeWidthStr as _;

use crate::log::newest;
use crate::world::terminal::Terminal;
use crate::world::{OWNER, Place, Work, World, spawn, wait};

const A: Place = Place::Folder("a");
const B: Place = Place::Folder("b");
const LONG: &str = "the-services-of-the-department-of-mirrors-and-of-reflections-eu-west";

/// The binary, to be run in a terminal that follows links.
fn command(world: &World, args: &[&str]) -> Command {
    let mut command = world.command(args);
    command.env("TERM", "xterm-kitty");
    command
}

fn diverge(work: &Work<'_>, repository: &str) {
    let first = work.tip("main");
    work.commit("here");
    work.push(&A, repository, &["main"]);
    work.git(&["reset", "-q", "--hard", &first]);
    work.commit("there");
    work.push(&B, repository, &["main"]);
}

/// Takes out of a text what differs from run to run.
fn settled(text: &str) -> String {
    let mut text = text.to_owned();
    for (pattern, with) in [
        (r"\d{8}T\d{9}-[0-9a-f]+", "20261123T060109721-3c4f"),
        (r"\d{8}T\d{6}Z", "20261123T060109Z"),
        (r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\dZ", "2026-11-23 06:01:09Z"),
        (r"\d+\.\d s", "0.1 s"),
        (r" +\d+ (s|min)\n", "  0 s\n"),
        (r"\d+(\.\d+)? KiB", "1 KiB"),
    ] {
        text = regex::Regex::new(pattern).unwrap().replace_all(&text, with).into_owned();
    }
    text
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_watched_is_redrawn_in_place() {
    let world = World::of_folders(&["a", "b"]);
    let one = world.seeded("a", "one");
    for name in ["two", "three", "four"] {
        world.seeded("a", name);
    }
    world.refray(&["sync"]).exits(0);
    let terminal = Terminal::run(command(&world, &["status", "--watch"]), (60, 12));
    let screen = terminal.until(|screen| screen.text().contains("agreed    two"));
    assert!(screen.is_full() && !screen.cursor && !screen.scrolled, "{}", screen.text());
    assert!(screen.text().starts_with("all: 4 agreed\n"), "{}", screen.text());
    diverge(&one, "one");
    world.refray(&["sync"]).exits(1);
    let screen = terminal.until(|screen| screen.text().contains("all: 1 diverged, 3 agreed"));
    assert!(screen.text().contains("  diverged  one"), "{}", screen.text());
    assert!(!screen.text().contains("all: 4 agreed"), "nothing of before is left:\n{}", screen.text());
    // What has no room any more is counted, and nothing is pushed out of the window.
    terminal.resize(40, 5);
    let screen = terminal.until(|screen| screen.text().contains("lines more"));
    assert_eq!(screen.text().lines().count(), 5, "{}", screen.text());
    assert!(!screen.scrolled && screen.text().lines().all(|line| line.width() <= 40), "{}", screen.text());
    terminal.resize(60, 20);
    terminal.until(|screen| screen.text().contains("agreed    two"));
    assert!(!terminal.raw().contains("\u{1b}[2J"), "clearing everything is what flickers");
    terminal.interrupt();
    let (code, screen) = terminal.leaves();
    assert_eq!(code, Some(1), "one repository needs a person");
    assert!(!screen.is_full() && screen.cursor, "the terminal is given back");
    assert!(screen.text().contains("all: 1 diverged, 3 agreed"), "the last state stays:\n{}", screen.text());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_watch_that_is_paused_gives_the_terminal_back() {
    let world = World::of_folders(&["a", "b"]);
    world.seeded("a", "one");
    world.refray(&["sync"]).exits(0);
    let terminal = Terminal::run(command(&world, &["status", "--watch"]), (60, 12));
    terminal.until(|screen| screen.is_full() && screen.text().contains("one"));
    assert!(terminal.is_raw(), "what is typed does not stand in the text");
    terminal.signal(Signal::TSTP);
    terminal.until(|screen| !screen.is_full() && screen.cursor);
    terminal.pauses();
    terminal.signal(Signal::CONT);
    terminal.until(|screen| screen.is_full() && !screen.cursor && screen.text().contains("one"));
    terminal.signal(Signal::TERM);
    assert_eq!(terminal.leaves().0, Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_watched_in_a_pipe_is_said_when_it_changes() {
    let world = World::of_folders(&["a", "b"]);
    let one = world.seeded("a", "one");
    world.seeded("a", "two");
    world.refray(&["sync"]).exits(0);
    let mut text = spawn(&mut command(&world, &["status", "--watch"]));
    let mut json = spawn(&mut command(&world, &["status", "--watch", "--format", "json"]));
    let mut lines = BufReader::new(text.stdout.take().unwrap()).lines().map(Result::unwrap);
    let mut objects = BufReader::new(json.stdout.take().unwrap()).lines().map(Result::unwrap);
    tokio::task::block_in_place(|| {
        assert_eq!(lines.next().unwrap(), "all: 2 agreed");
        assert!(lines.next().unwrap().starts_with("  agreed    one"));
        assert!(lines.next().unwrap().starts_with("  agreed    two"));
        assert!(objects.next().unwrap().contains("\"repository\":\"one\""));
        assert!(objects.next().unwrap().contains("\"repository\":\"two\""));
    });
    diverge(&one, "one");
    world.refray(&["sync"]).exits(1);
    tokio::task::block_in_place(|| {
        // When, and then everything.
        assert_eq!(lines.next().unwrap(), "");
        assert_eq!(settled(&lines.next().unwrap()), "2026-11-23 06:01:09Z");
        let head = lines.by_ref().find(|line| line.starts_with("all: 1 diverged")).unwrap();
        assert!(!head.contains(['\u{1b}', '\r']), "{head:?}");
        // To programs only what has changed.
        let object = objects.by_ref().find(|line| line.contains("\"status\":\"diverged\"")).unwrap();
        assert!(object.contains("\"repository\":\"one\""), "{object}");
    });
    for child in [text, json] {
        kill_process(Pid::from_child(&child), Signal::INT).unwrap();
        wait(child).exits(1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_over_many_repositories_has_a_bar_that_leaves_nothing_behind() {
    let world = World::of_folders(&["a", "b"]);
    world.seeded("a", "repo-0");
    for number in 1..30 {
        world.git("disk/a", &["clone", "-q", "--bare", "repo-0.git", &format!("repo-{number}.git")]);
    }
    let terminal = Terminal::run(command(&world, &["sync", "--jobs", "2"]), (60, 10));
    let screen = terminal.until(|screen| screen.text().contains("/30"));
    let bar = screen.text().lines().last().unwrap().to_owned();
    assert!(bar.width() <= 60 && bar.contains(['╌', '━']), "{bar}");
    let (code, screen) = terminal.leaves();
    let text = screen.text();
    assert_eq!(code, Some(0), "{text}");
    assert!(!text.contains(['╌', '━']) && screen.cursor, "{text}");
    for number in 0..30 {
        let line = format!("+ repo-{number}: created on disk/b with 1 branch\n");
        assert_eq!(text.matches(&line).count(), 1, "{line} in\n{text}");
    }
    assert_eq!(text.lines().count(), 33, "nothing stands between them:\n{text}");

    // What is said on standard error stands above it.
    let clone = world.path("disk/b");
    std::fs::remove_dir_all(&clone).unwrap();
    std::fs::create_dir_all(&clone).unwrap();
    let mut terminal = Terminal::run(command(&world, &["sync", "--jobs", "1", "--full"]), (100, 10));
    terminal.until(|screen| screen.text().contains("/30"));
    // The terminal echoes the key, and throws away what it has not shown by then. The signal comes from here, as it does not
    // rule the process.
    terminal.keys("\u{3}");
    terminal.sees("^C");
    terminal.interrupt();
    let (code, screen) = terminal.leaves();
    let text = screen.text();
    assert_eq!(code, Some(3), "{text}");
    let warned: Vec<_> = text.lines().filter(|line| line.contains("stopping when")).collect();
    assert!(warned.len() == 1 && warned[0].trim_start().starts_with("WARN stopping"), "{text}");
    assert!(!text.contains(['╌', '━']), "{text}");

    for args in [&["sync", "-n", "--quiet", "--color", "never"][..], &["sync", "-n", "--format", "json"]] {
        let terminal = Terminal::run(command(&world, args), (100, 10));
        terminal.until(|_| true);
        let raw = terminal.ends_raw();
        assert!(!raw.contains(['\u{1b}', '╌', '━']), "{args:?}: {raw:?}");
    }
    // What is the same for many is said of a few.
    let run = world.refray(&["sync", "-n"]);
    assert_eq!((run.stdout.matches("remedy:").count(), run.stdout.matches("\n? likewise repo-").count()), (3, 1));
    let said = world.refray(&["status"]).stdout;
    assert!(said.matches("remedy:").count() <= 1, "{said}");
    assert!(!(run.stdout + &run.stderr).contains(['\u{1b}', '\r', '╌', '━']));
}

#[tokio::test(flavor = "multi_thread")]
async fn names_lead_to_their_pages_where_the_terminal_can() {
    let mut world = World::of_forges(&[Kind::GitHub, Kind::GitLab]).await;
    world.config.set("conflict_resolution = \"pull_request\"");
    world.seed(Kind::GitHub, "one", Visibility::Public);
    let shows = |args: &[&str], variables: &[(&str, &str)]| {
        let mut command = command(&world, args);
        command.envs(variables.iter().copied());
        Terminal::run(command, (100, 40)).leaves().1
    };
    let page =
        |kind: Kind, below: &str| format!("{}/{OWNER}{below}", world.site(kind).base_url().trim_end_matches('/'));
    let has = |screen: &crate::world::Screen, text: &str, url: String| {
        assert!(screen.links.contains(&(text.to_owned(), url.clone())), "{text} -> {url}: {:?}", screen.links);
    };
    let synced = shows(&["sync"], &[]);
    has(&synced, "one", page(Kind::GitLab, "/one"));
    has(&synced, "gitlab/ada", page(Kind::GitLab, "/one"));
    has(&shows(&["status"], &[]), "one", page(Kind::GitHub, "/one"));
    let logged = shows(&["log", &newest(&world)], &[]);
    has(&logged, "gitlab/ada", page(Kind::GitLab, ""));
    has(&logged, "gitlab/ada", page(Kind::GitLab, "/one"));

    for kind in [Kind::GitHub, Kind::GitLab] {
        let text = format!("from {kind}");
        world.site(kind).commit(OWNER, "one", "main", &[("file", text.as_str())], &text).unwrap();
    }
    let synced = shows(&["sync"], &[]);
    let request = synced.links.iter().find(|(text, _)| text.contains("/pull/")).cloned().unwrap();
    assert_eq!(request.0, request.1, "an address leads to itself");
    has(&shows(&["log", &newest(&world)], &[]), &request.0, request.1.clone());
    has(&shows(&["status"], &[]), &request.0, request.1);

    for (args, variables) in [
        (&["status"][..], &[("NO_COLOR", "1")][..]),
        (&["status"], &[("TERM", "dumb")]),
        (&["status"], &[("TERM", "xterm")]),
        (&["status", "--color", "never"], &[]),
        (&["status", "--format", "json"], &[]),
    ] {
        let screen = shows(args, variables);
        assert!(screen.links.is_empty() && screen.text().contains("one"), "{args:?} {variables:?}: {:?}", screen.links);
    }
    let mut piped = command(&world, &["status", "--color", "always"]);
    let piped: crate::world::Run = tokio::task::block_in_place(|| piped.output().unwrap()).into();
    assert!(piped.stdout.contains("\u{1b}[") && !piped.stdout.contains("\u{1b}]"), "{:?}", piped.stdout);
}

#[tokio::test(flavor = "multi_thread")]
async fn everything_fits_into_sixty_columns() {
    let world = World::of_folders(&["a", "b"]);
    let one = world.seeded("a", "one");
    let long = world.seeded("a", LONG);
    for number in 1..=8 {
        one.push(&A, "one", &[&format!("main:refs/heads/b{number}")]);
    }
    world.refray(&["sync"]).exits(0);
    diverge(&long, LONG);
    // Too many at once: a brake holds that.
    for number in 1..=7 {
        world.git("disk/b/one.git", &["update-ref", "-d", &format!("refs/heads/b{number}")]);
    }
    let fits = |name: &str, args: &[&str]| {
        let (_, screen) = Terminal::run(command(&world, args), (60, 60)).leaves();
        let text = settled(&screen.text());
        // A name has no place to be broken at; it goes on in the next line by itself.
        assert!(text.lines().all(|line| line.width() <= 60), "{args:?}:\n{text}");
        let mut settings = insta::Settings::clone_current();
        settings.set_prepend_module_to_snapshot(false);
        settings.bind(|| insta::assert_snapshot!(format!("sixty_columns_{name}"), text));
    };
    fits("dry_run", &["sync", "-n", "--jobs", "1"]);
    fits("sync", &["sync", "--jobs", "1"]);
    fits("status", &["status"]);
    fits("log", &["log"]);
    // A branch goes, and is kept.
    world.git("disk/b/one.git", &["update-ref", "-d", "refs/heads/b8"]);
    world.refray(&["sync", "--repo", "one", "--confirm-deletions"]).exits(0);
    fits("log_run", &["log", &newest(&world)]);
    fits("backup_list", &["backup", "list"]);
    fits("undo", &["undo", &newest(&world), "-n"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_endpoint_that_fails_is_told_of_above_the_bar() {
    let mut world = World::of_forges(&[Kind::GitHub, Kind::Gitea]).await;
    world.config.tail = "[webhook]\nurl = \"http://127.0.0.1:9/webhook\"\nsecret = { env = \"HOOK_SECRET\" }\n".into();
    world.env.insert("HOOK_SECRET".into(), "a secret of the test".into());
    world.env.insert(World::token_variable(Kind::Gitea), "wrong".into());
    // Long enough for the bar to be there before.
    let slow = Effect::Delay(std::time::Duration::from_secs(1));
    world.site(Kind::Gitea).faults().add("/user", None, slow).unwrap();
    for args in [&["webhook", "status"][..], &["webhook", "uninstall", "--dry-run"]] {
        let terminal = Terminal::run(command(&world, args), (100, 20));
        terminal.until(|screen| screen.text().contains("asking what there is"));
        let (code, screen) = terminal.leaves();
        let text = screen.text();
        assert_eq!(code, Some(1), "{text}");
        assert!(text.starts_with("! gitea/ada: could not "), "{args:?}\n{text}");
        assert!(!text.contains("asking what there is") && screen.cursor, "{args:?}\n{text}");
    }
}
