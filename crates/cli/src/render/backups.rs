//! Backups.

use std::collections::BTreeSet;

use indicatif::HumanBytes;
use jiff::Timestamp;
use refray_core::name::EndpointId;
use refray_core::oid::Oid;
use refray_engine::restore::{Pruned, Shelved};
use serde::Serialize;

use crate::render::layout::{clean, columns, pad};
use crate::render::look::Look;
use crate::render::push;

/// A backup as it is shown.
#[derive(Debug, Serialize)]
pub(crate) struct Backup {
    /// Its name: what `backup show` and `backup restore` take.
    backup: String,
    /// The group.
    group: String,
    /// The repository.
    repository: String,
    /// When it was made.
    made: Option<Timestamp>,
    /// How many bytes it has.
    size: u64,
    /// What it was made before.
    why: Option<String>,
    /// The file: a bundle, which git itself can read.
    path: String,
    /// How many references it keeps.
    kept: usize,
    /// The references; only with `backup show`.
    #[serde(skip_serializing_if = "Option::is_none")]
    refs: Option<Vec<Kept>>,
    /// It holds all that it names; only with `backup show`.
    #[serde(skip_serializing_if = "Option::is_none")]
    verified: Option<bool>,
    /// What is wrong with it.
    #[serde(skip_serializing_if = "Option::is_none")]
    problem: Option<String>,
}

/// A reference that is kept.
#[derive(Debug, Serialize)]
struct Kept {
    /// Its name.
    #[serde(rename = "ref")]
    name: String,
    /// What it pointed to.
    value: Oid,
    /// Where it was.
    endpoints: BTreeSet<EndpointId>,
}

impl Backup {
    /// Describes a backup in short.
    pub(crate) fn new(shelved: &Shelved) -> Self {
        let note = shelved.note.as_ref();
        Self {
            backup: shelved.id.to_string(),
            group: shelved.id.group.to_string(),
            repository: note.map_or_else(|| shelved.id.key.clone(), |note| note.repository.to_string()),
            made: shelved.made(),
            size: shelved.size,
            why: note.map(|note| note.why.clone()),
            path: shelved.path.display().to_string(),
            kept: shelved.bundle.as_ref().map_or(0, |bundle| bundle.refs.len()),
            refs: None,
            verified: None,
            problem: shelved.bundle.as_ref().err().cloned(),
        }
    }

    /// Adds what it keeps.
    pub(crate) fn with_refs(mut self, shelved: &Shelved) -> Self {
        let kept = shelved.refs().into_iter().map(|noted| Kept {
            name: noted.name.full(),
            value: noted.oid,
            endpoints: noted.endpoints,
        });
        self.refs = Some(kept.collect());
        self
    }

    /// Adds whether it is whole.
    pub(crate) fn checked(mut self, verified: Result<(), String>) -> Self {
        self.verified = Some(verified.is_ok());
        self.problem = verified.err();
        self
    }
}

fn when(made: Option<Timestamp>) -> String {
    made.map_or_else(|| "at an unknown time".to_owned(), |made| made.strftime("%Y-%m-%d %H:%M:%SZ").to_string())
}

/// What the reasons of backups need beside the rest of the line, at least.
const ROOM: usize = 24;

/// Renders a list.
pub(crate) fn list(backups: &[Backup], look: &Look) -> String {
    if backups.is_empty() {
        return "There are no backups.\n".to_owned();
    }
    let style = look.style;
    let names = backups.iter().map(|backup| columns(&clean(&backup.backup))).max().unwrap_or(0);
    let dates = backups.iter().map(|backup| columns(&when(backup.made))).max().unwrap_or(0);
    // Where a line has no room for all of it, the name, which is what is copied, has one of its own.
    let stacked = look.width.is_some_and(|width| names + dates + 2 + 2 + 10 + 2 + ROOM > width);
    let mut text = String::new();
    for backup in backups {
        let what = match (&backup.problem, &backup.why) {
            (Some(problem), _) => style.bad(&clean(problem)),
            (None, Some(why)) => clean(why),
            (None, None) => String::new(),
        };
        let name = style.strong(&clean(&backup.backup));
        let made = style.dim(&pad(&when(backup.made), dates));
        let size = HumanBytes(backup.size).to_string();
        let line = if stacked {
            format!("{name}\n    {made}  {size}  {what}")
        } else {
            format!("{}  {made}  {size:>10}  {what}", pad(&name, names))
        };
        push(&mut text, format_args!("{}\n", line.trim_end()));
    }
    look.fit(&text)
}

/// Renders one with all that it keeps.
pub(crate) fn show(backup: &Backup, look: &Look) -> String {
    let style = look.style;
    let mut text = format!("{}\n", style.strong(&clean(&backup.backup)));
    let mut line = |what: &str, value: &str| push(&mut text, format_args!("    {what:<11} {value}\n"));
    line("repository", &clean(&format!("{} of {}", backup.repository, backup.group)));
    line("made", &when(backup.made));
    line("before", &clean(backup.why.as_deref().unwrap_or("not written down")));
    line("size", &HumanBytes(backup.size).to_string());
    line("file", &clean(&backup.path));
    match (&backup.problem, backup.verified) {
        (Some(problem), _) => line("verified", &style.bad(&clean(problem))),
        (None, Some(true)) => line("verified", &style.good("it holds all that it names")),
        (None, _) => {}
    }
    for Kept { name, value, endpoints } in backup.refs.iter().flatten() {
        let from: Vec<&str> = endpoints.iter().map(EndpointId::as_str).collect();
        let from = if from.is_empty() { String::new() } else { format!("  {}", style.dim(&clean(&from.join(", ")))) };
        push(&mut text, format_args!("    {}  {}{from}\n", value.short(), clean(name)));
    }
    look.fit(&text)
}

/// Says what was removed.
pub(crate) fn pruned(pruned: &Pruned, days: u32, dry_run: bool) -> String {
    let verb = if dry_run { "would be removed" } else { "removed" };
    let count = match pruned.backups.len() {
        0 => return format!("No backup is older than {days} days.\n"),
        1 => "1 backup".to_owned(),
        more => format!("{more} backups"),
    };
    let mut text = String::new();
    for id in &pruned.backups {
        push(&mut text, format_args!("    {id}\n"));
    }
    push(&mut text, format_args!("{count} of more than {days} days {verb}, {}.\n", HumanBytes(pruned.bytes)));
    text
}
