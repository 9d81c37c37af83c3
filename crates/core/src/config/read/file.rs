//! Reads a whole file.

use std::path::Path;

use toml_edit::Document;

use super::context::Context;
use super::table::Table;
use super::{mirror, site, webhook};
use crate::config::keys::root as keys;
use crate::config::mask;
use crate::config::model::Config;
use crate::config::problem::{ConfigErrors, Problem, ProblemKind, Sink};

/// A configuration file that can be used.
#[derive(Debug, Clone)]
pub struct Parsed {
    /// What it means.
    pub config: Config,
    /// What is worth a look, in the order of the file.
    pub warnings: Vec<Problem>,
}

/// Reads the text of a configuration file.
///
/// `file_name` is what problems call it. Relative paths in it start from `base_dir`, the absolute path of its folder, and
/// `~/` stands for `home`.
///
/// # Errors
/// Everything that is wrong with it, unless it is not TOML: then the first fault.
pub fn parse(text: &str, file_name: &str, base_dir: &Path, home: Option<&Path>) -> Result<Parsed, ConfigErrors> {
    let document = document(text, file_name)?;
    let sink = Sink::new(file_name, mask::document(text, document.as_table()));
    let context = Context { sink: &sink, text, base_dir, home };
    let config = read(&Table::new(&context, &keys::TABLE, document.as_table(), 0..0));
    if config.mirrors.is_empty() && document.get(keys::MIRRORS.name).is_none() {
        sink.warning(ProblemKind::NoGroups, "there is no mirror group, so there is nothing to sync")
            .help("add `[[mirrors]]` with a `name` and two `[[mirrors.endpoints]]`, or run `refray config`");
    }
    let (problems, warnings) = sink.sorted();
    if problems.is_empty() {
        Ok(Parsed { config, warnings })
    } else {
        Err(ConfigErrors { file_name: file_name.to_owned(), problems, warnings })
    }
}

/// Reads the text as TOML.
pub(crate) fn document<'a>(text: &'a str, file_name: &str) -> Result<Document<&'a str>, ConfigErrors> {
    Document::parse(text).map_err(|error| {
        let sink = Sink::new(file_name, mask::broken(text));
        let span = error.span().unwrap_or(text.len()..text.len());
        let help = match text.get(span.clone()).unwrap_or_default() {
            "yes" | "on" => "write `true`",
            "no" | "off" => "write `false`",
            _ => "each key has a line of its own, as `key = value`; texts stand in quotes, numbers and `true` do not",
        };
        sink.error(ProblemKind::Syntax, "the file is not valid TOML").at(&span, error.message().to_owned()).help(help);
        let (problems, warnings) = sink.sorted();
        ConfigErrors { file_name: file_name.to_owned(), problems, warnings }
    })
}

fn read(table: &Table<'_>) -> Config {
    let jobs = table.number(&keys::JOBS);
    let backup_keep_days = table.number(&keys::BACKUP_KEEP_DAYS);
    let declared = site::read_all(table.tables(&keys::SITES).unwrap_or_default());
    let mirrors = mirror::read_all(table.tables(&keys::MIRRORS).unwrap_or_default(), &declared);
    let config = Config {
        jobs: usize::try_from(jobs).unwrap_or(usize::MAX),
        sites: declared.into_iter().filter_map(|declared| declared.site).collect(),
        mirrors,
        webhook: table.table(&keys::WEBHOOK).map(webhook::read),
        serve: table.table(&keys::SERVE).map(webhook::read_serve).unwrap_or_default(),
        dashboard: table.table(&keys::DASHBOARD).map(webhook::read_dashboard).unwrap_or_default(),
        backup_keep_days,
    };
    table.finish();
    config
}
