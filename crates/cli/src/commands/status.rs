//! `refray status`: how things stand by what is remembered. It asks no forge and writes nothing.

use std::collections::BTreeSet;
use std::io::IsTerminal;
use std::time::Duration;

use jiff::Timestamp;
use miette::{IntoDiagnostic, Result};
use refray_core::config::{Config, likely};
use refray_core::name::GroupName;
use refray_engine::standing::{Counts, GroupStanding, RepoStanding, Standing};
use refray_engine::store::{SqliteStore, Store};

use crate::args::{Format, Global, StandingArgs};
use crate::commands::sync;
use crate::environment;
use crate::exit::Exit;
use crate::load;
use crate::output;
use crate::paths::Paths;
use crate::render::{Level, Look, Shape, Wake, Window, standing};

/// How often is looked whether something has changed.
const LOOK: Duration = Duration::from_secs(2);
/// The width where there is no terminal to fit into: whatever reads a pipe wants whole lines.
const WIDTH: usize = usize::MAX;

/// Runs the command.
pub(crate) async fn run(global: &Global, args: &StandingArgs) -> Result<Exit> {
    let paths = Paths::find(global)?;
    let config = load::config(&paths)?;
    let group = args.group.as_deref().map(|name| sync::group(name, &config)).transpose()?;
    let names = args.repo.iter().map(|name| sync::key(name)).collect::<Result<BTreeSet<_>, _>>()?;
    let view = View { global, args, paths: &paths, config: &config, group, names };
    if !args.watch {
        let now = view.read().await?;
        view.warn_of_unknown(&now).await?;
        output::print(&view.render(&now)?)?;
        return Ok(view.exit(&now));
    }
    match global.format {
        Format::Text if std::io::stdout().is_terminal() && !environment::is_dumb() => view.watch_in_place().await,
        _ => view.watch_in_pipe().await,
    }
}

/// What is looked at, and for whom.
struct View<'a> {
    global: &'a Global,
    args: &'a StandingArgs,
    paths: &'a Paths,
    config: &'a Config,
    group: Option<GroupName>,
    names: BTreeSet<String>,
}

impl View<'_> {
    async fn read(&self) -> Result<Standing> {
        read(self.paths, self.config, self.group.as_ref(), &self.names).await
    }

    fn exit(&self, standing: &Standing) -> Exit {
        if is_good(standing, &self.names) { Exit::Agreed } else { Exit::Failed }
    }

    /// Says which names that were asked for nothing is known of.
    async fn warn_of_unknown(&self, now: &Standing) -> Result<()> {
        let unknown: Vec<&String> = self.names.iter().filter(|name| !is_known(now, name)).collect();
        if unknown.is_empty() {
            return Ok(());
        }
        let all = read(self.paths, self.config, self.group.as_ref(), &BTreeSet::new()).await?;
        let all: Vec<&str> = repositories(&all).map(|repository| repository.repository.as_str()).collect();
        for name in unknown {
            let remedy = match likely(name, all.iter().copied()) {
                Some(likely) => format!("did you mean `{likely}`?"),
                None => "`refray sync` has not seen one".to_owned(),
            };
            tracing::warn!("no repository `{name}` is known: {remedy}");
        }
        Ok(())
    }

    fn render(&self, standing: &Standing) -> Result<String> {
        match self.global.format {
            Format::Json => json(standing.groups.iter().flat_map(|group| &group.repositories)),
            Format::Text => Ok(self.text(standing)),
        }
    }

    fn text(&self, shown: &Standing) -> String {
        let look = Look::stdout(self.global).with_pages(self.config);
        let told = || environment::var("COLUMNS").and_then(|columns| columns.parse().ok());
        let width = look.width.or_else(told).filter(|width| *width > 0).unwrap_or(WIDTH);
        let level = if self.args.repo.is_empty() { Level::of(self.global) } else { Level::Verbose };
        standing(shown, Timestamp::now(), &Shape { look, width, level })
    }

    /// Keeps the terminal's window up to date until it is told to stop, and leaves the last state in the terminal.
    async fn watch_in_place(&self) -> Result<Exit> {
        let mut window = Window::open().into_diagnostic()?;
        let last = loop {
            let now = self.read().await?;
            window.show(&self.text(&now)).into_diagnostic()?;
            match window.wait(LOOK).await {
                Wake::Look => {}
                Wake::Stop => break now,
            }
        };
        drop(window);
        output::print(&self.text(&last))?;
        Ok(self.exit(&last))
    }

    /// Says all of it once, and then whatever changes, until it is told to stop or nobody reads any more.
    async fn watch_in_pipe(&self) -> Result<Exit> {
        let mut shown: Option<Standing> = None;
        // One for all rounds: what comes while the store is read is heard as well.
        let stop = sync::stop_signal();
        tokio::pin!(stop);
        loop {
            let now = self.read().await?;
            let exit = self.exit(&now);
            if let Some(text) = self.news(shown.as_ref(), &now)?
                && !output::read(&text)?
            {
                return Ok(exit);
            }
            shown = Some(now);
            tokio::select! {
                () = tokio::time::sleep(LOOK) => {}
                () = &mut stop => return Ok(exit),
            }
        }
    }

    fn news(&self, shown: Option<&Standing>, now: &Standing) -> Result<Option<String>> {
        let Some(shown) = shown else { return self.render(now).map(Some) };
        if shown.groups == now.groups {
            return Ok(None);
        }
        let news = match self.global.format {
            Format::Text => {
                let time = Timestamp::now().strftime("%Y-%m-%d %H:%M:%SZ");
                format!("\n{time}\n{}", self.text(now))
            }
            Format::Json => {
                let known: Vec<_> = shown.groups.iter().flat_map(|group| &group.repositories).collect();
                let all = now.groups.iter().flat_map(|group| &group.repositories);
                json(all.filter(|repository| !known.contains(repository)))?
            }
        };
        Ok(Some(news))
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
    // Of a group without any of them there is nothing to say.
    standing.groups.retain(|group| names.is_empty() || !group.repositories.is_empty());
    Ok(standing)
}

/// Says whether all agree: also every name that was asked for, which must be known.
fn is_good(standing: &Standing, names: &BTreeSet<String>) -> bool {
    standing.is_good() && names.iter().all(|name| is_known(standing, name))
}

fn is_known(standing: &Standing, name: &str) -> bool {
    repositories(standing).any(|repository| repository.repository.key() == name)
}

fn repositories(standing: &Standing) -> impl Iterator<Item = &RepoStanding> {
    standing.groups.iter().flat_map(|group: &GroupStanding| &group.repositories)
}

fn json<'a>(repositories: impl Iterator<Item = &'a RepoStanding>) -> Result<String> {
    let mut text = String::new();
    for repository in repositories {
        text += &serde_json::to_string(repository).into_diagnostic()?;
        text.push('\n');
    }
    Ok(text)
}
