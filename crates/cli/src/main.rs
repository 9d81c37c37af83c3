//! The `refray` command: arguments, rendering, and nothing else. The only crate that prints.

mod args;
mod commands;
mod environment;
mod exit;
#[cfg(test)]
mod guide;
mod keyring;
mod load;
mod log_line;
mod output;
mod paths;
mod render;
mod rewrite;
mod wizard;

use std::io::Write;
use std::process::ExitCode;

use clap::Parser;
use tracing_subscriber::EnvFilter;

use crate::args::{Cli, Command, Format, Global};
use crate::exit::Exit;
use crate::log_line::Flush;
use crate::render::{AboveBar, Style};

fn main() -> ExitCode {
    leave_no_core();
    open_enough_files();
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            let arguments = std::env::args_os().skip(1).map(|argument| argument.to_string_lossy().into_owned());
            return exit::answer(&error, &arguments.collect::<Vec<_>>()).into();
        }
    };
    start_log(&cli.global, matches!(cli.command, Command::Serve(_)));
    color_reports(&cli.global);
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            drop(writeln!(std::io::stderr(), "Error: no runtime could be started: {error}"));
            return Exit::Failed.into();
        }
    };
    let result = runtime.block_on(run(&cli));
    // A read of a terminal or a slow disk must not hold up the end.
    runtime.shutdown_timeout(std::time::Duration::from_secs(2));
    match result {
        Ok(exit) => exit.into(),
        Err(report) => {
            exit::print(&report, cli.global.format);
            Exit::Usage.into()
        }
    }
}

/// Sees to it that a crash does not write this process's memory, in which tokens are, anywhere.
fn leave_no_core() {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    // Lowering a limit is always allowed.
    let _ = setrlimit(Resource::Core, Rlimit { current: Some(0), ..getrlimit(Resource::Core) });
    // The limit does not hold where dumps go to a program; this does, and keeps other processes of the user from looking in.
    #[cfg(target_os = "linux")]
    let _ = rustix::process::set_dumpable_behavior(rustix::process::DumpableBehavior::NotDumpable);
}

/// Raises the limit on open files: the usual one is there for programs of former times, and whoever opens connections to
/// the receiver could use it up.
fn open_enough_files() {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    /// All connections that the listeners bear, many times over.
    const ENOUGH: u64 = 65_536;
    let limit = getrlimit(Resource::Nofile);
    let wanted = limit.maximum.map_or(ENOUGH, |most| most.min(ENOUGH));
    if limit.current.is_some_and(|current| current < wanted) {
        // Where it cannot be raised, it stays.
        let _ = setrlimit(Resource::Nofile, Rlimit { current: Some(wanted), ..limit });
    }
}

async fn run(cli: &Cli) -> miette::Result<Exit> {
    match &cli.command {
        Command::Sync(args) => commands::sync::run(&cli.global, args).await,
        Command::Serve(args) => commands::serve::run(&cli.global, args).await,
        Command::Plan(args) => commands::plan::run(&cli.global, args).await,
        Command::Apply(args) => commands::apply::run(&cli.global, args).await,
        Command::Log(args) => commands::log::run(&cli.global, args).await,
        Command::Undo(args) => commands::undo::run(&cli.global, args).await,
        Command::Backup(command) => commands::backup::run(&cli.global, command).await,
        Command::Config(args) => commands::config::run(&cli.global, args.command).await,
        Command::Doctor => commands::doctor::run(&cli.global).await,
        Command::Webhook(command) => commands::webhook::run(&cli.global, command).await,
        Command::Status(args) => commands::status::run(&cli.global, args).await,
        Command::Demo(args) => commands::demo::run(&cli.global, args).await,
        Command::Completions { shell } => commands::shell::completions(*shell),
        Command::Man { dir } => commands::shell::man(dir),
    }
}

/// Diagnostics for whoever looks for a fault, on standard error. The answers of commands never go this way.
fn start_log(global: &Global, stays: bool) {
    // Other libraries' words are for whoever asks for everything: what they complain of, refray reports by itself.
    let (others, own) = match (global.quiet, global.verbose) {
        (true, _) => ("off", "error"),
        (_, 0) if !stays => ("off", "warn"),
        (_, 0 | 1) => ("off", "info"),
        (_, 2) => ("warn", "debug"),
        _ => ("debug", "trace"),
    };
    let crates = ["refray", "refray_core", "refray_engine", "refray_forge", "refray_git", "refray_server"];
    let own: Vec<String> = crates.iter().map(|name| format!("{name}={own}")).collect();
    let level = format!("{others},{}", own.join(","));
    let filter = match environment::var("REFRAY_LOG") {
        Some(filter) => EnvFilter::new(filter),
        None => EnvFilter::new(level),
    };
    let subscriber = tracing_subscriber::fmt().with_env_filter(filter).with_writer(AboveBar).with_target(false);
    if global.format == Format::Json {
        subscriber.json().init();
    } else if stays {
        // What is read days later needs its time.
        subscriber.with_ansi(colored_stderr(global)).init();
    } else {
        subscriber.event_format(Flush::new(colored_stderr(global))).init();
    }
}

fn colored_stderr(global: &Global) -> bool {
    Style::for_stderr(global.color, environment::var("NO_COLOR").is_some()).is_colored()
}

fn color_reports(global: &Global) {
    let colored = colored_stderr(global);
    let width = environment::columns(&std::io::stderr());
    // Set once, at the start; a second time cannot happen.
    drop(miette::set_hook(Box::new(move |_| {
        let handler = exit::handler(colored);
        Box::new(match width {
            Some(width) => handler.with_width(width),
            None => handler,
        })
    })));
}
