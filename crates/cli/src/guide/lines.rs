//! The reference of `--format json`: every line and every field, from the types that are written.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use refray_core::plan::{FindingKind, Severity};

use super::declared::{Enumeration, Field, Kind, Sources};

const FILES: &[&str] = &[
    "crates/core/src/event.rs",
    "crates/core/src/outcome.rs",
    "crates/core/src/plan/action.rs",
    "crates/core/src/plan/finding.rs",
    "crates/core/src/repository.rs",
    "crates/engine/src/doctor/report.rs",
    "crates/engine/src/standing/reason.rs",
    "crates/engine/src/standing/repository.rs",
    "crates/engine/src/webhooks/plan.rs",
    "crates/engine/src/webhooks/report.rs",
    "crates/cli/src/render/backups.rs",
    "crates/cli/src/render/journal.rs",
    "crates/cli/src/render/line.rs",
];

/// Objects without the field `event`: what commands list.
const LISTED: &[(&str, &str, &str)] = &[
    ("log", "One line for each run, newest first: `refray log`.", "Logged"),
    ("status", "One line for each repository: `refray status`.", "RepoStanding"),
    ("backup", "One line for each backup: `refray backup list`; one line: `refray backup show`.", "Backup"),
];

/// Returns the page.
pub(super) fn page() -> String {
    let mut writer = Writer { sources: Sources::read(FILES), page: String::new(), named: BTreeSet::new() };
    writer.page.push_str(
        "# Every line of JSON\n\n\
         With `--format json` standard output has one JSON object a line, but for what prints a file: `config path`, \
         `config show`, `config schema` and `completions`. What refray says of itself goes to standard \
         error, as JSON too. Lines and fields that are listed here keep their names and meaning until the next major \
         version; new ones may come at any time, so pass over what you do not know. A field that *may be missing* is left out when there is \
         nothing to say.\n\n",
    );
    writer.page.push_str(
        "## Events of a run\n\n`refray sync`, `refray plan`, `refray apply`, `refray undo`, `refray backup restore` and \
         `refray serve` print these as they happen, and the `webhook` commands where an endpoint \
         cannot be listed. Each has a field `event` that names it.\n\n",
    );
    // How many bytes have passed at some moment is for eyes, and not written.
    writer.lines("Event", &["transfer"]);
    writer.page.push_str("## Other lines\n\nThese have a field `event` too.\n\n");
    writer.lines("Line", &[]);
    writer.page.push_str("## Lists\n\nThese have no field `event`: a command prints nothing else.\n\n");
    for (name, doc, structure) in LISTED {
        writeln!(writer.page, "### `{name}`\n\n{doc}\n").unwrap();
        writer.structure(structure);
    }
    writer.page.push_str("## What fields hold\n\n");
    writer.inner();
    writer.page.truncate(writer.page.trim_end().len());
    writer.page.push('\n');
    writer.page
}

struct Writer {
    sources: Sources,
    page: String,
    /// The types that were spoken of.
    named: BTreeSet<String>,
}

impl Writer {
    fn lines(&mut self, name: &str, but: &[&str]) {
        let variants = std::mem::take(&mut self.sources.enums.get_mut(name).unwrap().variants);
        for variant in variants.iter().filter(|variant| !but.contains(&variant.name.as_str())) {
            writeln!(self.page, "### `{}`\n\n{}\n", variant.name, variant.doc).unwrap();
            self.fields(&variant.fields);
        }
    }

    fn structure(&mut self, name: &str) {
        let fields = self.sources.structs.remove(name).unwrap_or_else(|| panic!("there is no {name}"));
        self.fields(&fields);
        self.sources.structs.insert(name.to_owned(), fields);
    }

    fn fields(&mut self, fields: &[Field]) {
        writeln!(self.page, "| field | holds | meaning |\n|---|---|---|").unwrap();
        self.rows(fields);
        self.page.push('\n');
    }

    fn rows(&mut self, fields: &[Field]) {
        for field in fields {
            if field.flat {
                let name = field.kind.name();
                let inner = self.sources.structs.remove(&name).unwrap();
                self.rows(&inner);
                self.sources.structs.insert(name, inner);
                continue;
            }
            assert!(!field.doc.is_empty(), "the field {} has no documentation", field.name);
            let mut holds = self.words(&field.kind, field.skipped);
            if field.skipped {
                holds.push_str("; may be missing");
            }
            let doc = field.doc.replace('|', "\\|").replace("`None`", "`null`");
            writeln!(self.page, "| `{}` | {holds} | {doc} |", field.name).unwrap();
        }
    }

    fn words(&mut self, kind: &Kind, skipped: bool) -> String {
        match kind {
            // What is left out is never `null`.
            Kind::Maybe(inner) if skipped => self.words(inner, false),
            Kind::Maybe(inner) => format!("{} or `null`", self.words(inner, false)),
            Kind::List(inner) => format!("list: {}", self.words(inner, false)),
            Kind::Map(inner) => format!("object, by name: {}", self.words(inner, false)),
            Kind::Links => "list: object with `endpoint` and `url`".to_owned(),
            Kind::Plain(name) => match name.as_str() {
                "String" | "str" | "Path" | "ForgeId" => "text".to_owned(),
                "bool" => "`true` or `false`".to_owned(),
                "usize" | "u32" | "u64" => "number".to_owned(),
                "Timestamp" => "time, as in `2026-01-31T12:00:00Z`".to_owned(),
                "EndpointId" => "endpoint, as in `github/my-user`".to_owned(),
                "GroupName" => "group".to_owned(),
                "RepoName" => "name of a repository".to_owned(),
                "BranchName" => "name of a branch".to_owned(),
                "RefName" => "reference, as in `refs/heads/main`".to_owned(),
                "Oid" => "object id".to_owned(),
                "" => panic!("a field has a type that the guide has no words for"),
                other => {
                    self.named.insert(other.to_owned());
                    format!("[{other}](#type-{})", other.to_lowercase())
                }
            },
        }
    }

    /// Writes a chapter for each type that was spoken of, and for those that these speak of.
    fn inner(&mut self) {
        let mut done = BTreeSet::new();
        while let Some(name) = self.named.iter().find(|name| !done.contains(*name)).cloned() {
            done.insert(name.clone());
            // Some are called like an event.
            writeln!(self.page, "### Type {name}\n").unwrap();
            match self.sources.enums.remove(&name) {
                Some(enumeration) => self.enumeration(&enumeration),
                None => self.structure(&name),
            }
        }
    }

    fn enumeration(&mut self, enumeration: &Enumeration) {
        let Some(tag) = &enumeration.tag else {
            writeln!(self.page, "A word:\n\n| word | meaning |\n|---|---|").unwrap();
            for variant in &enumeration.variants {
                writeln!(self.page, "| `{}` | {} |", variant.name, variant.doc).unwrap();
            }
            self.page.push('\n');
            return;
        };
        writeln!(self.page, "An object. The field `{tag}` says which of these it is:\n").unwrap();
        for variant in &enumeration.variants {
            writeln!(self.page, "**`{}`**: {}\n", variant.name, variant.doc).unwrap();
            match &variant.holds {
                Some(held) => self.structure(held),
                None if variant.fields.is_empty() => {}
                None => self.fields(&variant.fields),
            }
        }
    }
}

/// Returns the page of what a run reports instead of doing.
pub(super) fn findings_page() -> String {
    let sources = Sources::read(FILES);
    let mut page = String::from(
        "# Findings\n\n\
         What a run reports instead of doing. A finding that is *held* waits for a person to release it; one that *failed* \
         needs a person; a *note* needs nobody. The first two make a run end with exit code 1. The text of each says \
         what is the case and what to do; with `--format json` the name stands in `kind`.\n\n\
         | name | gravity | meaning |\n|---|---|---|\n",
    );
    for variant in &sources.enumeration("FindingKind").variants {
        let kind: FindingKind = serde_json::from_value(variant.name.as_str().into()).unwrap();
        let gravity = match kind.severity() {
            Severity::Note => "note",
            Severity::Held => "held",
            Severity::Failed => "failed",
        };
        writeln!(page, "| `{}` | {gravity} | {} |", variant.name, variant.doc).unwrap();
    }
    assert_eq!(sources.structure("Finding").first().map(|field| field.name.as_str()), Some("kind"));
    page
}
