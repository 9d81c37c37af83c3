//! `refray backup list | show | restore | prune`.

use miette::{Diagnostic, IntoDiagnostic, Result};
use refray_core::config::Config;
use refray_core::name::{EndpointId, RefName};
use refray_engine::LazyGit;
use refray_engine::restore::{RestoreOptions, Shelf, ShelfError, Shelved, Target};
use thiserror::Error;

use crate::args::{BackupCommand, Format, Global, RestoreArgs};
use crate::commands::sync::{self, keys, sink, sink_for, until_stopped};
use crate::commands::undo::report;
use crate::exit::Exit;
use crate::load;
use crate::output;
use crate::paths::Paths;
use crate::render::{self, Backup, Line, Look, clean};

#[derive(Debug, Error, Diagnostic)]
enum UsageError {
    #[error("`{name}` cannot be the name of {what}: {why}")]
    #[diagnostic(code(refray::name), help("{help}"))]
    Name { name: String, what: &'static str, why: &'static str, help: &'static str },
    #[error("{whole} has no `{name}`")]
    #[diagnostic(code(refray::name), help("It has {there}."))]
    Missing { name: String, whole: String, there: String },
}

/// Runs the command.
pub(crate) async fn run(global: &Global, command: &BackupCommand) -> Result<Exit> {
    let paths = Paths::find(global)?;
    let shelf = Shelf::new(&paths.state_dir);
    match command {
        BackupCommand::List { group, repo } => list(global, &paths, &shelf, group.as_deref(), repo.as_ref()),
        BackupCommand::Show { id } => show(global, &shelf.find(id).map_err(refused)?).await,
        BackupCommand::Restore(args) => restore(global, &paths, &shelf.find(&args.id).map_err(refused)?, args).await,
        BackupCommand::Prune { older_than, dry_run } => prune(global, &paths, *older_than, *dry_run).await,
    }
}

fn refused(error: ShelfError) -> miette::Report {
    let remedy = error.remedy();
    load::refusal(&error, remedy)
}

fn list(global: &Global, paths: &Paths, shelf: &Shelf, group: Option<&str>, repo: Option<&String>) -> Result<Exit> {
    let key = keys(repo.map(std::slice::from_ref).unwrap_or_default())?.pop_first();
    let mut found = shelf.ids().map_err(refused)?;
    // What was kept of a group stays when the group is gone, and without a configuration: only a name that is in neither is
    // a mistake.
    if let Some(name) = group
        && !found.iter().any(|(id, _)| id.group.as_str() == name)
        && let Ok(Ok(parsed)) = load::parse(paths)
    {
        sync::group(name, &parsed.config)?;
    }
    found.retain(|(id, _)| {
        group.is_none_or(|group| id.group.as_str() == group) && key.as_ref().is_none_or(|key| id.key == *key)
    });
    let backups: Vec<Backup> = found.into_iter().map(|(id, path)| Backup::new(&Shelf::read(id, path))).collect();
    let text = match global.format {
        Format::Json => backups.iter().map(json).collect::<Result<String>>()?,
        Format::Text if backups.is_empty() && (group.is_some() || repo.is_some()) => {
            let group = group.map(|group| format!(" of the group `{}`", clean(group))).unwrap_or_default();
            let repo = repo.map(|repo| format!(" of the repository `{}`", clean(repo))).unwrap_or_default();
            let joint = if group.is_empty() || repo.is_empty() { "" } else { " and" };
            format!("There is no backup{group}{joint}{repo}.\n")
        }
        Format::Text => render::list(&backups, &Look::stdout(global)),
    };
    output::print(&text)?;
    Ok(Exit::Agreed)
}

async fn show(global: &Global, shelved: &Shelved) -> Result<Exit> {
    let verified = shelved.verify(&LazyGit::default()).await;
    let exit = if verified.is_ok() { Exit::Agreed } else { Exit::Failed };
    let backup = Backup::new(shelved).with_refs(shelved).checked(verified);
    output::print(&match global.format {
        Format::Json => json(&backup)?,
        Format::Text => render::show(&backup, &Look::stdout(global)),
    })?;
    Ok(exit)
}

fn json(backup: &Backup) -> Result<String> {
    Ok(serde_json::to_string(backup).into_diagnostic()? + "\n")
}

async fn restore(global: &Global, paths: &Paths, shelved: &Shelved, args: &RestoreArgs) -> Result<Exit> {
    let config = load::config(paths)?;
    let options = options(shelved, args, &config)?;
    let events = sink_for(global, &config);
    let engine = load::connect(config, paths, events).await?;
    let run = async { engine.restore_backup(shelved, &options).await.map_err(report) };
    let exit = until_stopped(&engine, run).await;
    engine.store.close().await;
    exit
}

/// Reads what is asked for. What cannot be meant is a slip of the pen, and no run.
fn options(shelved: &Shelved, args: &RestoreArgs, config: &Config) -> Result<RestoreOptions> {
    let to = if args.to.is_empty() {
        Target::Origin
    } else if args.to.iter().any(|to| to == "all") {
        Target::All
    } else {
        Target::These(args.to.iter().map(|name| endpoint(name)).collect::<Result<_, _>>()?)
    };
    let group = config.mirrors.iter().find(|group| group.name == shelved.id.group);
    if let (Target::These(these), Some(group)) = (&to, group) {
        let ids = || group.endpoints.iter().map(|endpoint| &endpoint.id);
        if let Some(missing) = these.iter().find(|wanted| !ids().any(|id| id == *wanted)) {
            let (name, whole) = (missing.to_string(), format!("the group `{}`", group.name));
            return Err(UsageError::Missing { name, whole, there: named(ids()) }.into());
        }
    }
    let there = shelved.refs();
    let noted = |name: &String| match there.iter().find(|noted| noted.name.short() == name) {
        Some(noted) => Ok(noted.name.clone()),
        None => reference(name, "refs/heads/"),
    };
    let refs = args.refs.iter().map(noted).collect::<Result<std::collections::BTreeSet<RefName>, _>>()?;
    if let Some(missing) = refs.iter().find(|name| !there.iter().any(|noted| noted.name == **name)) {
        let whole = format!("the backup {}", shelved.id);
        let there = named(there.iter().map(|noted| noted.name.short()));
        return Err(UsageError::Missing { name: missing.short().to_owned(), whole, there }.into());
    }
    let only = if refs.is_empty() { there.first().map(|noted| &noted.name) } else { refs.first() };
    let below = if only.is_some_and(RefName::is_tag) { "refs/tags/" } else { "refs/heads/" };
    let name = args.name.as_ref().map(|name| reference(name, below)).transpose()?;
    Ok(RestoreOptions { to, refs, name, force: args.force, dry_run: args.dry_run })
}

/// Names some of what there is.
fn named<T: std::fmt::Display>(all: impl Iterator<Item = T>) -> String {
    const MOST: usize = 8;
    let names: Vec<String> = all.map(|name| format!("`{name}`")).collect();
    match names.len() {
        0 => "none".to_owned(),
        count if count > MOST => format!("{} and {} more", names[..MOST].join(", "), count - MOST),
        _ => names.join(", "),
    }
}

fn endpoint(name: &str) -> Result<EndpointId, UsageError> {
    let help = "Endpoints are named `SITE/NAMESPACE`, as in `refray config show`.";
    let what = "an endpoint";
    EndpointId::new(name).map_err(|error| UsageError::Name { name: name.to_owned(), what, why: error.why, help })
}

fn reference(name: &str, below: &str) -> Result<RefName, UsageError> {
    let full = if name.starts_with("refs/") { name.to_owned() } else { format!("{below}{name}") };
    let help = "Give a branch or tag, as in `--ref topic` or `--ref refs/tags/v1`.";
    let what = "a branch or tag";
    RefName::from_full(&full).map_err(|error| UsageError::Name { name: name.to_owned(), what, why: error.why, help })
}

async fn prune(global: &Global, paths: &Paths, days: Option<u32>, dry_run: bool) -> Result<Exit> {
    let config = load::config(paths)?;
    let days = days.unwrap_or(config.backup_keep_days);
    let engine = load::connect(config, paths, sink(global)).await?;
    let pruned = engine.prune_backups(days, dry_run).await;
    engine.store.close().await;
    let pruned = pruned.map_err(refused)?;
    output::print(&match global.format {
        Format::Json => {
            let backups: Vec<String> = pruned.backups.iter().map(ToString::to_string).collect();
            let line = Line::BackupsPruned { days, dry_run, backups, bytes: pruned.bytes };
            line.text() + "\n"
        }
        Format::Text => render::pruned(&pruned, days, dry_run),
    })?;
    Ok(Exit::Agreed)
}
