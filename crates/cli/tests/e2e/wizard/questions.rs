//! From an empty home to a finished sync, and changes afterwards.

use std::os::unix::fs::PermissionsExt;

use refray_sim::Kind;
use refray_sim::world::Visibility;

use super::terminal::{CTRL_C, DOWN, ENTER, ESCAPE, Terminal};
use crate::world::{OWNER, Session, World, files_below, has, users};

fn typed(text: &str) -> String {
    format!("{text}{ENTER}")
}

fn page(world: &World, kind: Kind) -> String {
    typed(&format!("{}/{OWNER}", world.site(kind).base_url()))
}

/// Two forges with a token each, one of them with a repository.
async fn two() -> World {
    let mut world = World::of_sites(&[Kind::GitHub, Kind::Forgejo], false).await;
    world.seed(Kind::GitHub, "alpha", Visibility::Private);
    world.env.clear();
    for (name, kind) in [("GITHUB_TOKEN", Kind::GitHub), ("FORGEJO_TOKEN", Kind::Forgejo)] {
        let token = world.site(kind).token(OWNER, &["*"]).unwrap().secret;
        world.env.insert(name.to_owned(), token);
    }
    world
}

fn config(world: &World) -> std::path::PathBuf {
    world.home().join(".config/refray/config.toml")
}

#[tokio::test(flavor = "multi_thread")]
async fn from_an_empty_home_to_two_accounts_in_sync() {
    let world = two().await;
    tokio::task::block_in_place(|| {
        let mut terminal = Terminal::start(&world, 80, &["config"]);
        terminal.sees("nothing is written before");
        terminal.answer("First account:", &page(&world, Kind::GitHub));
        terminal.sees("GitHub at 127.0.0.1");
        terminal.answer("Token for", ENTER);
        terminal.sees("signed in as ada");
        terminal.answer("Second account:", &page(&world, Kind::Forgejo));
        terminal.answer("Token for", ENTER);
        terminal.sees("Forgejo, 0 repositories, 1 to be made");
        terminal.sees("alpha");
        terminal.answer("All good?", ENTER);
        terminal.sees("saved in");
        terminal.sees("alpha: created on");
        terminal.sees("1 synced");
        let (code, shown) = terminal.ends();
        assert_eq!(code, Some(0), "{shown}");
    });
    world.agree(&users(&[Kind::GitHub, Kind::Forgejo]), "alpha");
    assert_eq!(std::fs::metadata(config(&world)).unwrap().permissions().mode() & 0o777, 0o600);
    // What was written is what every other command reads.
    let again = world.bare_run(&["sync"]);
    has(&again.exits(0), &["1 agreed already"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pasted_token_is_shown_nowhere() {
    let world = two().await;
    let tokens: Vec<String> = world.env.values().cloned().collect();
    let mut bare = world;
    bare.env.clear();
    let (first, second) = (tokens[1].clone(), tokens[0].clone());
    let shown = tokio::task::block_in_place(|| {
        let mut terminal = Terminal::start(&bare, 60, &["config"]);
        terminal.answer("First account:", &page(&bare, Kind::GitHub));
        terminal.sees("/settings/tokens/new?description=refray");
        terminal.answer("Token for", &typed(&first));
        terminal.answer("Where is the token kept?", ENTER);
        terminal.answer("Second account:", &page(&bare, Kind::Forgejo));
        terminal.answer("Token for", &typed(&second));
        terminal.answer("Where is the token kept?", ENTER);
        terminal.answer("All good?", &format!("{DOWN}{ENTER}"));
        terminal.sees("saved in");
        let raw = terminal.raw();
        assert!(raw.contains("\u{1b}[38;5;"), "colours on a terminal: {raw:?}");
        let (code, shown) = terminal.ends();
        assert_eq!(code, Some(0), "{shown}");
        shown + &raw
    });
    for token in [&first, &second] {
        assert!(!shown.contains(token.as_str()), "{shown}");
        assert!(!std::fs::read_to_string(config(&bare)).unwrap().contains(token.as_str()));
    }
    has(&bare.bare_run(&["sync"]).exits(0), &["+ alpha: created on"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_is_refused_is_not_added_to_and_hints_keep_their_words_whole() {
    let world = two().await;
    tokio::task::block_in_place(|| {
        let mut terminal = Terminal::start(&world, 60, &["config"]);
        terminal.answer("First account:", &typed("ftp://foo/bar"));
        terminal.sees("this is not an address");
        terminal.answer("First account:", &page(&world, Kind::GitHub));
        terminal.answer("Token for", ENTER);
        terminal.answer("Second account:", &page(&world, Kind::Forgejo));
        terminal.answer("Token for", ENTER);
        terminal.answer("All good?", &format!("{}{ENTER}", DOWN.repeat(3)));
        terminal.answer("Which setting?", &format!("{}{ENTER}", DOWN.repeat(4)));
        let screen = terminal.until(|screen| screen.text().contains("webhooks off]"));
        has(&screen.text(), &["[what a proxy passes on to port 8787 here; empty switches\n", "\n webhooks off]"]);
        // The address is typed where it is asked for, though the hint below has two lines.
        terminal.keys("http://127.0.0.1:9/webhook");
        terminal.until(|screen| screen.text().contains("Public address: http://127.0.0.1:9/webhook\n[what"));
        terminal.keys(CTRL_C);
        let (code, shown) = terminal.ends();
        assert_eq!(code, Some(3), "{shown}");
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_ends_it_early_leaves_the_file_and_the_terminal_as_they_were() {
    let mut world = two().await;
    world.env.insert("NO_COLOR".to_owned(), "1".to_owned());
    tokio::task::block_in_place(|| {
        // At the first question, and at one further on.
        let mut terminal = Terminal::start(&world, 80, &["config"]);
        terminal.answer("First account:", CTRL_C);
        let (code, shown) = terminal.ends();
        assert_eq!(code, Some(3), "{shown}");
        has(&shown, &["Nothing was saved."]);
        let mut terminal = Terminal::start(&world, 80, &["config"]);
        terminal.answer("First account:", &page(&world, Kind::GitHub));
        terminal.answer("Token for", ESCAPE);
        terminal.answer("First account:", ESCAPE);
        let raw = terminal.raw();
        let (code, _) = terminal.ends();
        assert_eq!(code, Some(3));
        assert!(["[38;5;", "[32m", "[2m", "[1m"].iter().all(|code| !raw.contains(code)), "{raw:?}");
        // A signal from elsewhere, in the middle of a question.
        let mut terminal = Terminal::start(&world, 80, &["config"]);
        terminal.answer("First account:", "half an addr");
        terminal.sees("half an addr");
        assert!(terminal.is_raw());
        terminal.interrupt();
        let (code, shown) = terminal.ends();
        assert_eq!(code, Some(3), "{shown}");
    });
    assert!(!config(&world).exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn leaving_after_the_look_leaves_nothing_behind() {
    let world = two().await;
    let before = files_below(&world.home());
    tokio::task::block_in_place(|| {
        let mut terminal = Terminal::start(&world, 80, &["config"]);
        terminal.answer("First account:", &page(&world, Kind::GitHub));
        terminal.answer("Token for", ENTER);
        terminal.answer("Second account:", &page(&world, Kind::Forgejo));
        terminal.answer("Token for", ENTER);
        terminal.sees("1 to be made");
        terminal.answer("All good?", CTRL_C);
        let (code, shown) = terminal.ends();
        assert_eq!(code, Some(3), "{shown}");
    });
    assert_eq!(files_below(&world.home()), before);
    assert!(!world.state().exists() && !world.cache().exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_first_sync_installs_the_webhooks_that_were_chosen() {
    let world = two().await;
    tokio::task::block_in_place(|| {
        let mut terminal = Terminal::start(&world, 80, &["config"]);
        terminal.answer("First account:", &page(&world, Kind::GitHub));
        terminal.answer("Token for", ENTER);
        terminal.answer("Second account:", &page(&world, Kind::Forgejo));
        terminal.answer("Token for", ENTER);
        terminal.answer("All good?", &format!("{}{ENTER}", DOWN.repeat(3)));
        terminal.answer("Which setting?", &format!("{}{ENTER}", DOWN.repeat(4)));
        terminal.answer("Public address:", &typed("http://127.0.0.1:9/webhook"));
        terminal.sees("nothing answers there");
        terminal.answer("All good?", ENTER);
        terminal.sees("1 synced. 2 webhooks installed");
        terminal.sees("`refray serve` receives what they");
        let (code, shown) = terminal.ends();
        assert_eq!(code, Some(0), "{shown}");
    });
    for kind in [Kind::GitHub, Kind::Forgejo] {
        let site = world.site(kind);
        let there = site.world();
        let urls: Vec<&str> = there.hooks.values().map(|hook| hook.url.as_str()).collect();
        assert_eq!(urls, ["http://127.0.0.1:9/webhook"], "{kind}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_goes_into_the_keyring_where_there_is_one() {
    let mut world = two().await;
    let folder = world.path("session");
    std::fs::create_dir_all(&folder).unwrap();
    let Some(session) = Session::start(&folder) else { return };
    world.env.insert("DBUS_SESSION_BUS_ADDRESS".to_owned(), session.address.clone());
    let token = world.env.remove("GITHUB_TOKEN").unwrap();
    tokio::task::block_in_place(|| {
        let mut terminal = Terminal::start(&world, 80, &["config"]);
        terminal.answer("First account:", &page(&world, Kind::GitHub));
        terminal.answer("Token for", &typed(&token));
        terminal.sees("The system's keyring");
        terminal.sees("]");
        terminal.keys(ENTER);
        terminal.answer("Second account:", &page(&world, Kind::Forgejo));
        terminal.answer("Token for", ENTER);
        terminal.answer("All good?", &format!("{DOWN}{ENTER}"));
        terminal.sees("saved in");
        let (code, shown) = terminal.ends();
        assert_eq!(code, Some(0), "{shown}");
    });
    let text = std::fs::read_to_string(config(&world)).unwrap();
    has(&text, &["token = { keyring = \""]);
    assert!(!text.contains(&token));
    has(&world.bare_run(&["sync"]).exits(0), &["+ alpha: created on"]);
}
