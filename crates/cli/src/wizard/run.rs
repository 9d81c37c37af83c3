//! `refray config` itself: a terminal, the questions, and what comes of them.

use std::io::{IsTerminal, Write as _};
use std::sync::Arc;

use miette::{Diagnostic, Result};
use refray_engine::SyncOptions;
use rustix::termios::{OptionalActions, Termios, tcgetattr, tcsetattr};
use thiserror::Error;

use super::draft::Task;
use super::flow::Wizard;
use super::prompt::Leave;
use super::step::End;
use super::terminal::Terminal;
use crate::args::{Format, Global};
use crate::commands::sync;
use crate::environment::{self, ProcessEnvironment};
use crate::exit::Exit;
use crate::keyring;
use crate::load;
use crate::paths::Paths;
use crate::render::Style;

#[derive(Debug, Error, Diagnostic)]
enum WizardError {
    #[error("`refray config` asks questions, and there is no terminal to ask them on")]
    #[diagnostic(
        code(refray::no_terminal),
        help(
            "Run it in a terminal. Or write {path} by hand, as the README shows, and check it with `refray config check`; \
             `refray config --help` lists what works without a terminal."
        )
    )]
    NoTerminal { path: String },
    #[error("the terminal cannot be used: {0}")]
    #[diagnostic(code(refray::terminal), help("Run it in another terminal, or write the configuration by hand."))]
    Terminal(String),
    #[error("nothing was saved: {0}")]
    #[diagnostic(code(refray::not_saved), help("Mend that, and run `refray config` again."))]
    NotSaved(String),
}

/// Runs the questions.
pub(crate) async fn run(global: &Global) -> Result<Exit> {
    let paths = Paths::find(global)?;
    let terminal = std::io::stdin().is_terminal() && std::io::stderr().is_terminal();
    let dumb = environment::var("TERM").as_deref() == Some("dumb");
    if !terminal || dumb || global.format == Format::Json {
        return Err(WizardError::NoTerminal { path: paths.config.display().to_string() }.into());
    }
    let file = if paths.config.exists() {
        let parsed = load::parse(&paths)??;
        let text = std::fs::read_to_string(&paths.config).map_err(|error| WizardError::NotSaved(error.to_string()))?;
        Some((text, parsed.config))
    } else {
        None
    };
    let no_color = environment::var("NO_COLOR").is_some();
    let style = Style::for_stderr(global.color, no_color);
    let prompt = Box::new(Terminal::new(style.is_colored()));
    let environment = Arc::new(ProcessEnvironment::default());
    let wizard = Wizard::new(prompt, environment, paths, style, file);
    let mut wizard = wizard.map_err(|error| WizardError::Terminal(error.to_string()))?;
    wizard.keyring = keyring::reachable().await;
    greet(&mut wizard);
    let mended = Mended::new();
    // A signal from elsewhere, or Ctrl-C while a forge is asked, ends it as Ctrl-C at a question does.
    let ended = tokio::select! {
        ended = wizard.ask_all() => ended,
        () = sync::stop_signal() => Err(Leave::Interrupted),
    };
    drop(mended);
    match ended {
        Ok(End::Leave) => Ok(Exit::Agreed),
        Ok(End::Save { sync }) => finish(global, wizard, sync).await,
        Err(Leave::Broken(why)) => Err(WizardError::Terminal(why).into()),
        Err(Leave::Back | Leave::Interrupted) => {
            wizard.say("Nothing was saved.");
            Ok(Exit::Interrupted)
        }
    }
}

fn greet(wizard: &mut Wizard) {
    if wizard.config.is_some() {
        return;
    }
    let title = wizard.style.strong("refray keeps your repositories the same on several forges.");
    wizard.say(&title);
    wizard.say("A few questions, and two accounts are in sync. Esc goes back, Ctrl-C leaves; nothing is written before the end.");
}

async fn finish(global: &Global, mut wizard: Wizard, sync: bool) -> Result<Exit> {
    let config = if sync { Some(wizard.config_to_save().map_err(WizardError::NotSaved)?) } else { None };
    let told = wizard.write().await.map_err(WizardError::NotSaved)?;
    wizard.prompt.say("");
    for line in told {
        wizard.good(&line);
    }
    let mut todos: Vec<String> =
        wizard.draft.accounts.iter().filter_map(|account| account.keep.as_ref()?.todo.clone()).collect();
    if let Task::Token(_, keep, _) = &wizard.draft.task {
        todos.extend(keep.todo.clone());
    }
    todos.dedup();
    for todo in todos {
        wizard.warn(&todo);
    }
    let Some(config) = config else {
        wizard.say("`refray sync` brings all into agreement, `refray doctor` checks rights, `refray serve` stays.");
        return Ok(Exit::Agreed);
    };
    wizard.prompt.say("");
    let options = SyncOptions { groups: vec![wizard.draft.group.name.clone()], ..SyncOptions::default() };
    let engine = load::connect(Arc::new(config), &wizard.paths, sync::sink(global)).await?;
    let exit = sync::sync(&engine, &options).await;
    engine.store.close().await;
    if wizard.draft.webhook.as_ref().is_some_and(|webhook| webhook.install) {
        wizard.say("Webhooks are put on the forges by every sync; `refray serve` receives what they send.");
    } else if matches!(exit, Ok(Exit::Agreed)) {
        wizard.say("Run `refray sync` whenever you like, or `refray serve` to have it done.");
    }
    exit
}

/// Gives the terminal its settings back when the questions are left in the middle of one.
struct Mended(Option<Termios>);

impl Mended {
    fn new() -> Self {
        Self(tcgetattr(std::io::stdin()).ok())
    }
}

impl Drop for Mended {
    fn drop(&mut self) {
        let Some(settings) = &self.0 else { return };
        let now = tcgetattr(std::io::stdin()).ok();
        if now.is_some_and(|now| now.local_modes != settings.local_modes) {
            // The cursor is shown again, and what is pasted is not bracketed any more.
            drop(write!(std::io::stderr(), "\x1b[?25h\x1b[?2004l\r\n"));
            // Where there is no terminal any more there is nothing to mend.
            let _ = tcsetattr(std::io::stdin(), OptionalActions::Now, settings);
        }
    }
}
