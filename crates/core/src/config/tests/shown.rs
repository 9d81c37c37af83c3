use std::fmt::Write as _;

use proptest::prelude::*;

use super::*;
use crate::config::{edit::Editor, keys, show};

#[test]
fn the_effective_configuration_is_shown() {
    insta::assert_snapshot!(show(&config(EXAMPLE)), @r#"
    jobs = 8
    backup_keep_days = 90

    [[sites]]
    name = "github"
    provider = "github"
    base_url = "https://github.com"
    transport = "https"
    allow_http = false
    token = { env = "GITHUB_TOKEN" }

    [[sites]]
    name = "archive"
    provider = "directory"
    path = "/srv/git"

    [[mirrors]]
    name = "personal"
    sync_visibility = "all"
    repo_whitelist = ["^important-"]
    repo_blacklist = []
    create_missing = true
    delete_missing = false
    visibility = "private"
    allow_force = false
    conflict_resolution = "auto_rebase_pull_request"
    rewrites = "non_default"

    [[mirrors.endpoints]]
    site = "github"
    kind = "user"
    namespace = "my-user"
    include_subgroups = false
    names = {}

    [[mirrors.endpoints]]
    site = "archive"
    kind = "folder"
    namespace = "personal"
    include_subgroups = false
    names = {}

    [webhook]
    install = true
    url = "https://mirror.example.com/webhook"
    secret = { env = "REFRAY_WEBHOOK_SECRET" }
    full_sync_interval_minutes = 60
    reachability_check_interval_minutes = 15
    "#);
}

#[test]
fn what_is_shown_reads_as_the_same() {
    for text in [EXAMPLE, EVERYTHING, "", "[webhook]"] {
        let config = config(text);
        let text = show(&config);
        let again = self::config(&text);
        assert_eq!(format!("{config:?}"), format!("{again:?}"));
        assert_eq!(text, show(&again));
    }
}

#[test]
fn every_key_is_shown() {
    let shown = show(&config(EVERYTHING));
    for table in keys::ALL.iter().filter(|table| !std::ptr::eq(**table, &keys::secret::TABLE)) {
        for key in table.keys {
            assert!(shown.contains(key.name()), "{} of {}", key.name(), table.header);
        }
    }
}

#[test]
fn no_secret_is_shown() {
    let text = "[[sites]]\nname = 'a'\nprovider = 'github'\ntoken = { value = 'hunter2' }\n\
                [webhook]\nsecret = { value = 'hunter2' }\n[dashboard]\ntoken = { value = 'hunter2' }";
    let shown = show(&config(text));
    assert!(!shown.contains("hunter2"), "{shown}");
    assert_eq!(shown.matches("is a literal value, not shown").count(), 3);
}

/// A valid file with one to a few places changed, removed or repeated.
fn mutated() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        Just(String::new()),
        "[\\[\\]{}=\",'\\.#\\\\\n0-9a-z ü☃]{1,4}",
        prop::sample::select(vec![
            "\"\"\"",
            "'''",
            "[[sites]]",
            "[sites]",
            "name = 1\n",
            "token = ",
            "\\u00",
            "= {",
            "-1",
            "inf"
        ])
        .prop_map(str::to_owned),
    ];
    let change = (any::<prop::sample::Index>(), 0_usize..30, piece);
    (prop::sample::select(vec![EXAMPLE, EVERYTHING]), prop::collection::vec(change, 1..4)).prop_map(
        |(text, changes)| {
            let mut chars: Vec<char> = text.chars().collect();
            for (at, length, piece) in changes {
                let at = at.index(chars.len() + 1);
                let end = (at + length).min(chars.len());
                chars.splice(at..end, piece.chars());
            }
            chars.into_iter().collect()
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_file_makes_the_reader_panic(text in mutated()) {
        match read(&text) {
            Ok(parsed) => {
                let shown = show(&parsed.config);
                if !shown.contains("not shown") {
                    let again = read(&shown).map_err(|errors| TestCaseError::fail(format!("{}\n{shown}", drawn(&errors))))?;
                    prop_assert_eq!(format!("{:?}", parsed.config), format!("{:?}", again.config));
                }
            }
            Err(errors) => {
                prop_assert!(!errors.problems.is_empty());
                let mut report = String::new();
                write!(report, "{}", drawn(&errors)).unwrap();
                prop_assert!(report.contains("refray::config::"));
            }
        }
        if let Ok(editor) = Editor::new(&text, "config.toml") {
            prop_assert_eq!(read(&editor.to_string()).is_ok(), read(&text).is_ok());
        }
    }

    #[test]
    fn no_text_makes_the_reader_panic(text in "\\PC{0,200}") {
        drop(read(&text));
    }

    /// A secret stays out of every report, whatever else is wrong with the file.
    #[test]
    fn no_report_holds_a_secret(text in mutated(), at in any::<prop::sample::Index>()) {
        let marker = "MARKER-OF-A-SECRET";
        let lines: Vec<_> = text.lines().collect();
        let at = at.index(lines.len() + 1);
        let secret = format!("token = {{ value = \"{marker}\" }}");
        let text = [&lines[..at], &[&*secret], &lines[at..]].concat().join("\n");
        if let Err(errors) = read(&text) {
            for problem in errors.problems.iter().chain(&errors.warnings) {
                let report = drawn(problem);
                prop_assert!(!report.contains(marker) && !format!("{problem:?}").contains(marker), "{}", report);
            }
        }
    }
}
