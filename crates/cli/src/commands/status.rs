//! `refray status`: how things stand by what is remembered. It asks no forge and writes nothing.

use std::collections::BTreeSet;
use std::io::{IsTerminal, Write};
use std::time::Duration;

use jiff::Timestamp;
use miette::{IntoDiagnostic, Result};
use refray_core::config::Config;
use refray_core::name::GroupName;
use refray_engine::standing::{Counts, GroupStanding, Standing};
use refray_engine::store::{SqliteStore, Store};

use crate::args::{Format, Global, StandingArgs};
use crate::commands::sync;
use crate::environment;
use crate::exit::Exit;
use crate::load;
use crate::paths::Paths;
use crate::render::{Shape, Style, standing};

/// How often is looked whether something has changed.
const LOOK: Duration = Duration::from_secs(2);
/// The width where there is no terminal to fit into.
const WIDTH: usize = 100;

/// Runs the command.
pub(crate) async fn run(global: &Global, args: &StandingArgs) -> Result<Exit> {
    let paths = Paths::find(global)?;
    let config = load::config(&paths)?;
    let group = args.group.as_deref().map(|name| sync::group(name, &config)).transpose()?;
    let names = args.repo.iter().map(|name| sync::key(name)).collect::<Result<BTreeSet<_>, _>>()?;
    let terminal = std::io::stdout().is_terminal();
    let mut shown: Option<Standing> = None;
    loop {
        let now = read(&paths, &config, group.as_ref(), &names).await?;
        let good = is_good(&now, &names);
        // On a terminal times go on; in a pipe only what changed is said again.
        let same = shown.as_ref().is_some_and(|shown| shown.groups == now.groups);
        if !same || terminal {
            let text = match global.format {
                Format::Json => json(&now)?,
                Format::Text => text(&now, global, args),
            };
            let clear = if args.watch && terminal && global.format == Format::Text { "\x1b[H\x1b[2J" } else { "" };
            let mut out = std::io::stdout().lock();
            if !(same && global.format == Format::Json) {
                write!(out, "{clear}{text}").and_then(|()| out.flush()).into_diagnostic()?;
            }
        }
        let exit = if good { Exit::Agreed } else { Exit::Failed };
        if !args.watch {
            return Ok(exit);
        }
        shown = Some(now);
        tokio::select! {
            () = tokio::time::sleep(LOOK) => {}
            () = sync::stop_signal() => return Ok(exit),
        }
    }
}

async fn read(paths: &Paths, config: &Config, group: Option<&GroupName>, names: &BTreeSet<String>) -> Result<Standing> {
    // The file may come, go or be replaced while it is watched; nothing is kept open.
    let Some(store) = load::look(paths).await? else {
        return Ok(Standing { groups: Vec::new(), last_run: None });
    };
    let result = gather(&store, config, group, names).await;
    store.close().await;
    result
}

async fn gather(
    store: &SqliteStore,
    config: &Config,
    group: Option<&GroupName>,
    names: &BTreeSet<String>,
) -> Result<Standing> {
    let read = Standing::read(store, config, group).await;
    let mut standing = read.map_err(|error| load::report(error.into()))?;
    for group in &mut standing.groups {
        if !names.is_empty() {
            group.repositories.retain(|repository| names.contains(&repository.repository.key()));
            group.counts = Counts::default();
            for repository in &group.repositories {
                group.counts.add(repository.status);
            }
        }
        for repository in &mut group.repositories {
            repository.tell_failures(store).await.map_err(|error| load::report(error.into()))?;
        }
    }
    Ok(standing)
}

/// Says whether all agree: also every name that was asked for, which must be known.
fn is_good(standing: &Standing, names: &BTreeSet<String>) -> bool {
    let known = |name: &String| {
        let mut all = standing.groups.iter().flat_map(|group: &GroupStanding| &group.repositories);
        all.any(|repository| repository.repository.key() == *name)
    };
    standing.is_good() && names.iter().all(known)
}

fn json(standing: &Standing) -> Result<String> {
    let mut text = String::new();
    for repository in standing.groups.iter().flat_map(|group| &group.repositories) {
        text += &serde_json::to_string(repository).into_diagnostic()?;
        text.push('\n');
    }
    Ok(text)
}

fn text(shown: &Standing, global: &Global, args: &StandingArgs) -> String {
    let shape = Shape {
        style: Style::for_stdout(global.color, environment::var("NO_COLOR").is_some()),
        width: width(),
        quiet: global.quiet,
        all: global.verbose > 0 || !args.repo.is_empty(),
    };
    standing(shown, Timestamp::now(), shape)
}

fn width() -> usize {
    let told = environment::var("COLUMNS").and_then(|columns| columns.parse().ok());
    let seen = || rustix::termios::tcgetwinsize(std::io::stdout()).ok().map(|size| usize::from(size.ws_col));
    told.or_else(seen).filter(|width| *width > 0).unwrap_or(WIDTH)
}
