//! The user guide against the program: what it shows is what happens, and what is printed stands in its reference.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use refray_sim::Kind;
use refray_sim::world::Visibility;
use regex::Regex;
use serde_json::Value;

use crate::world::{OWNER, Place, World, program, put};

/// The pages that are one story, told in one home with two folders.
const STORY: &[&str] = &["first-sync.md", "reading.md", "conflicts.md", "undo.md", "brakes.md", "json.md"];
/// What separates the output of one command from that of the next.
const MARK: char = '\u{1e}';
/// With this set, pages get what the commands print.
const UPDATE: &str = "REFRAY_UPDATE_REFERENCE";

fn page_path(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/guide/src").join(name)
}

/// A command that a page shows, and what it says that it prints.
struct Shown {
    page: &'static str,
    command: String,
    output: String,
    /// The number of the line of the page after the last one of it.
    end: usize,
}

/// Reads `console` blocks: a line after `$ ` is typed, what follows is printed. A configuration of folders alone holds
/// from there on.
fn story() -> Vec<Shown> {
    let mut shown: Vec<Shown> = Vec::new();
    for page in STORY.iter().copied() {
        let text = std::fs::read_to_string(page_path(page)).unwrap();
        let mut block: Option<(&str, String)> = None;
        for (index, line) in text.lines().enumerate() {
            match (line.strip_prefix("```"), block.take()) {
                (Some(language), None) => block = Some((language, String::new())),
                (Some(_), Some(("toml", config))) if config.contains("\"directory\"") => {
                    let command = format!("cat > ~/.config/refray/config.toml <<'END'\n{config}END");
                    shown.push(Shown { page, command, output: String::new(), end: 0 });
                }
                (Some(_), Some(_)) | (None, None) => {}
                (None, Some(("console", _))) => {
                    if let Some(command) = line.strip_prefix("$ ") {
                        shown.push(Shown { page, command: command.to_owned(), output: String::new(), end: index + 1 });
                    } else {
                        let last = shown.last_mut().unwrap();
                        last.output.extend([line, "\n"]);
                        last.end = index + 1;
                    }
                    block = Some(("console", String::new()));
                }
                (None, Some((language, text))) => block = Some((language, text + line + "\n")),
            }
        }
    }
    shown
}

fn run(world: &World, story: &[Shown]) -> Vec<String> {
    let mut script = format!("exec 2>&1\nmark() {{ local code=$?; printf '{MARK}'; return $code; }}\n");
    for shown in story {
        write!(script, "mark\n{}\n", shown.command).unwrap();
    }
    put(&world.path("story.sh"), &script);
    std::fs::create_dir_all(world.home().join(".config/refray")).unwrap();
    let own = Path::new(env!("CARGO_BIN_EXE_refray")).parent().unwrap();
    let mut bash = program("bash");
    let git = world.git_command(".", &[]);
    bash.env_clear().envs(git.get_envs().filter_map(|(name, value)| Some((name, value?))));
    let path = git.get_envs().find(|(name, _)| *name == "PATH").and_then(|(_, value)| value).unwrap();
    let paths = [own.to_owned()].into_iter().chain(std::env::split_paths(path));
    bash.env("PATH", std::env::join_paths(paths).unwrap()).env("TZ", "UTC");
    // The newest side of a divergence is told by the clock.
    bash.env_remove("GIT_AUTHOR_DATE").env_remove("GIT_COMMITTER_DATE");
    let output = bash.arg(world.path("story.sh")).current_dir(world.home()).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    text.replace(&world.home().display().to_string(), "/home/ada").split(MARK).skip(1).map(str::to_owned).collect()
}

/// Takes out what is another each time.
fn plain(text: &str) -> String {
    let rules = [
        (r"\d{8}T\d{9}-[0-9a-f]+", "RUN"),
        // A second one within the same second has a number.
        (r"\d{8}T\d{6}Z(-\d+)?", "BACKUP"),
        (r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+)?Z", "TIME"),
        (r"\b[0-9a-f]{40}\b", "OBJECT"),
        (r"\b[0-9a-f]{10}\b", "OBJECT"),
        (r"\b\d+(\.\d)? (s|min)\b", "SECONDS"),
        (r"\d+(\.\d+)? [KMGT]iB", "ROOM"),
        (r" +\d+ B\b", " SIZE"),
        (r"version \d[\d.]*", "version"),
        // Columns are as wide as what stands in them.
        (r" {2,}", "  "),
    ];
    rules.iter().fold(text.trim_end().to_owned(), |text, (from, to)| {
        Regex::new(from).unwrap().replace_all(&text, *to).into_owned()
    })
}

/// What stands for a run, a backup and an object, through the whole story.
const THINGS: &str = r"\d{8}T\d{9}-[0-9a-f]+|[^\s/]+/[^\s/]+/\d{8}T\d{6}Z(-\d+)?|\b[0-9a-f]{10}([0-9a-f]{30})?\b";

/// Which of the things that are printed is which of those on the pages, and the other way round.
#[derive(Default)]
struct Things {
    printed: BTreeMap<String, String>,
    shown: BTreeMap<String, String>,
}

impl Things {
    /// Pairs what two outputs have in the same places. Says whether each is what it was in every output before.
    fn pair(&mut self, shown: &str, printed: &str) -> bool {
        let things = Regex::new(THINGS).unwrap();
        // A short object is the beginning of a long one.
        let name = |thing: regex::Match<'_>| {
            let thing = thing.as_str();
            if thing.len() == 40 { thing[..10].to_owned() } else { thing.to_owned() }
        };
        let (shown, printed): (Vec<_>, Vec<_>) =
            (things.find_iter(shown).map(name).collect(), things.find_iter(printed).map(name).collect());
        shown.len() == printed.len()
            && shown.into_iter().zip(printed).all(|(shown, printed)| {
                self.printed.entry(shown.clone()).or_insert_with(|| printed.clone()) == &printed
                    && self.shown.entry(printed).or_insert_with(|| shown.clone()) == &shown
            })
    }
}

#[test]
fn what_the_guide_shows_is_what_happens() {
    let world = World::of_folders(&[]);
    let story = story();
    assert!(story.len() > 30, "{} commands", story.len());
    let printed = run(&world, &story);
    assert_eq!(printed.len(), story.len(), "{}", printed.join("\n"));
    let mut things = Things::default();
    let mut wrong = String::new();
    for (shown, printed) in story.iter().zip(&printed) {
        let same = things.pair(&shown.output, printed);
        if plain(&shown.output) != plain(printed) {
            write!(wrong, "{}: $ {}\n{printed}", shown.page, shown.command).unwrap();
        } else if !same {
            write!(wrong, "{}: $ {}\nhas other things than before\n", shown.page, shown.command).unwrap();
        }
    }
    // What is taken over comes out of one run, as the next page goes on with what is on this one.
    if !wrong.is_empty() && std::env::vars().any(|(name, _)| name == UPDATE) {
        return take_over(&story, &printed);
    }
    assert!(wrong.is_empty(), "this is printed, and not what the guide shows; {UPDATE}=1 has it shown:\n{wrong}");
}

fn take_over(story: &[Shown], printed: &[String]) {
    // From the last to the first, so that the lines above stay where they are.
    for (shown, printed) in story.iter().zip(printed).rev() {
        let path = page_path(shown.page);
        let text = std::fs::read_to_string(&path).unwrap();
        let mut lines: Vec<&str> = text.lines().collect();
        lines.splice(shown.end - shown.output.lines().count()..shown.end, printed.trim_end().lines());
        put(&path, &(lines.join("\n") + "\n"));
    }
}

/// Returns the fields that the reference has, by the heading that they stand below.
fn documented() -> BTreeMap<String, BTreeSet<String>> {
    let text = std::fs::read_to_string(page_path("reference/json.md")).unwrap();
    let mut fields: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let mut heading = String::new();
    for line in text.lines() {
        if let Some(name) = line.strip_prefix("### ") {
            name.trim_matches('`').clone_into(&mut heading);
        } else if let Some(row) = line.strip_prefix("| `") {
            let field = row.split('`').next().unwrap().to_owned();
            fields.entry(heading.clone()).or_default().insert(field);
        }
    }
    fields
}

#[tokio::test(flavor = "multi_thread")]
async fn every_field_that_is_printed_is_in_the_reference() {
    let mut world = World::of_forges(&[Kind::GitHub, Kind::Forgejo]).await;
    world.add_folders(&["a"]);
    world.env.insert("SECRET".to_owned(), "a-secret-that-is-long-enough".to_owned());
    world.config.tail += "[webhook]\nurl = \"https://mirror.example.com/webhook\"\nsecret = { env = \"SECRET\" }\n";
    world.seed(Kind::GitHub, "one", Visibility::Private);
    world.seed(Kind::GitHub, "two", Visibility::Private);
    let mut seen: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let mut take = |world: &World, args: &[&str], list: Option<&str>| {
        let mut all = vec!["--format", "json"];
        all.extend(args);
        let run = world.refray(&all);
        let lines = run.stdout.lines().chain(run.stderr.lines().filter(|_| run.code == Some(2)));
        let mut lines = lines.map(|line| serde_json::from_str::<Value>(line).unwrap()).peekable();
        assert!(lines.peek().is_some(), "{args:?} printed nothing: {}", run.stderr);
        for line in lines {
            let name = line["event"].as_str().or(list).unwrap().to_owned();
            let fields = line.as_object().unwrap().keys().filter(|key| *key != "event").cloned();
            seen.entry(name).or_default().extend(fields);
        }
    };
    take(&world, &["config", "check"], None);
    take(&world, &["sync", "--dry-run"], None);
    take(&world, &["sync"], None);
    // One side is ahead, a branch is gone, another has diverged: actions, a backup and a finding.
    let site = world.site(Kind::GitHub);
    site.commit(OWNER, "one", "topic", &[("b", "b")], "second\n").unwrap();
    take(&world, &["sync"], None);
    let copy = world.bare(&Place::Folder("a"), "one").display().to_string();
    world.git(".", &["-C", &copy, "branch", "-D", "topic"]);
    for kind in [Kind::GitHub, Kind::Forgejo] {
        world.site(kind).commit(OWNER, "two", "main", &[("c", kind.as_str())], "third\n").unwrap();
    }
    take(&world, &["sync"], None);
    take(&world, &["status"], Some("status"));
    take(&world, &["log"], Some("log"));
    take(&world, &["backup", "list"], Some("backup"));
    let backups = world.refray(&["--format", "json", "backup", "list"]).events();
    take(&world, &["backup", "show", backups[0]["backup"].as_str().unwrap()], Some("backup"));
    take(&world, &["backup", "prune", "--dry-run"], None);
    take(&world, &["doctor"], None);
    take(&world, &["webhook", "install"], None);
    take(&world, &["webhook", "update", "--url", "https://other.example.com/webhook"], None);
    take(&world, &["sync", "--group", "nobody"], None);
    let documented = documented();
    for (name, fields) in &seen {
        let known = documented.get(name).unwrap_or_else(|| panic!("`{name}` is not in the reference"));
        let unknown: Vec<_> = fields.difference(known).collect();
        assert!(unknown.is_empty(), "`{name}` has fields that the reference lacks: {unknown:?}");
    }
    for name in ["run_started", "planned", "action", "finding", "check", "webhook", "config_changed", "error"] {
        assert!(seen.contains_key(name), "no `{name}` was seen");
    }
}
