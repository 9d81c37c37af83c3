//! Measures refray against git itself, in the same run on the same machine.
//!
//! Times on a shared machine mean little by themselves; the ratios are what to read. Every subcommand starts forges of
//! refray's own simulator on loopback, does the work with plain git, with refray, and with any other binary that is given
//! with `--peer` and takes the same configuration and `sync`.

mod ground;
mod history;
mod limits;
mod memory;
mod mirror;
mod noop;
mod picture;
mod process;
mod push;
mod rebase;
mod report;
mod serve;
mod webhooks;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};

type Error = Box<dyn std::error::Error + Send + Sync>;

/// Measures refray against git itself.
#[derive(Debug, Parser)]
#[command(name = "refray-bench", version)]
struct Cli {
    #[command(flatten)]
    common: Common,
    #[command(subcommand)]
    work: Work,
}

#[derive(Debug, Clone, Args)]
struct Common {
    /// The refray to measure
    #[arg(long, global = true, value_name = "PATH", default_value = "target/release/refray")]
    refray: PathBuf,
    /// Another program that takes the same configuration and `sync`
    #[arg(long, global = true, value_name = "PATH")]
    peer: Option<PathBuf>,
    /// How often each thing is measured; the median counts
    #[arg(long, global = true, value_name = "N", default_value_t = 3)]
    runs: usize,
}

#[derive(Debug, Subcommand)]
enum Work {
    /// A full sync in which nothing changed, against `git ls-remote` of every repository
    Noop {
        /// Repositories
        #[arg(long, default_value_t = 60)]
        repos: usize,
        /// Endpoints
        #[arg(long, default_value_t = 3)]
        endpoints: usize,
        /// Branches in each repository
        #[arg(long, default_value_t = 10)]
        branches: usize,
    },
    /// The first push of many references to an empty endpoint, against `git push` and the server's own work
    FirstPush {
        /// Branches
        #[arg(long, default_value_t = 5000)]
        branches: usize,
        /// Tags
        #[arg(long, default_value_t = 2000)]
        tags: usize,
        /// Leave out `git push`, which takes long
        #[arg(long)]
        no_git_push: bool,
    },
    /// The first mirror of a large history, against `git clone --mirror` and parallel `git push --mirror`
    FirstMirror {
        /// Commits
        #[arg(long, default_value_t = 20_000)]
        commits: usize,
        /// Endpoints beside the one that has it
        #[arg(long, default_value_t = 2)]
        endpoints: usize,
    },
    /// A rebase in a bare mirror, against `git rebase` in a working tree
    Rebase {
        /// Files in the tree
        #[arg(long, default_value_t = 20_000)]
        files: usize,
        /// Commits that are replayed
        #[arg(long, default_value_t = 200)]
        commits: usize,
        /// Commits that they are replayed on
        #[arg(long, default_value_t = 20)]
        upstream: usize,
        /// A folder that is kept in memory
        #[arg(long, value_name = "DIR", default_value = "/dev/shm")]
        memory: PathBuf,
    },
    /// Deliveries of webhooks to a receiver in this process: good ones, made durable, and then bad ones
    Webhooks {
        /// Good deliveries
        #[arg(long, default_value_t = 50_000)]
        good: usize,
        /// Repositories that they are about
        #[arg(long, default_value_t = 2000)]
        repos: usize,
        /// Connections
        #[arg(long, default_value_t = 64)]
        connections: usize,
        /// Bad deliveries
        #[arg(long, default_value_t = 10_000)]
        bad: usize,
    },
    /// From a push on one forge until all have it, under `refray serve`, against `git fetch` and parallel `git push`
    Serve {
        /// Pushes
        #[arg(long, default_value_t = 200)]
        pushes: usize,
        /// Forges
        #[arg(long, default_value_t = 4)]
        endpoints: usize,
        /// Other repositories that are pushed to meanwhile
        #[arg(long, default_value_t = 50)]
        others: usize,
    },
    /// The memory of `refray serve` that knows many repositories
    Memory {
        /// Repositories
        #[arg(long, default_value_t = 10_000)]
        repos: usize,
        /// Endpoints
        #[arg(long, default_value_t = 2)]
        endpoints: usize,
        /// Branches in each repository
        #[arg(long, default_value_t = 10)]
        branches: usize,
    },
    /// A first sync from GitHub to GitLab under their rate limits
    Limits {
        /// Repositories
        #[arg(long, default_value_t = 1000)]
        repos: usize,
        /// Requests that each of the two answers in a window
        #[arg(long, default_value_t = 400)]
        limit: u64,
        /// The window, in seconds
        #[arg(long, default_value_t = 12)]
        window: u64,
    },
    /// A picture of a run in a terminal, as SVG: of refray's demo, unless another command is given
    Picture {
        /// Where it is written
        #[arg(long, value_name = "PATH", default_value = "docs/demo.svg")]
        out: PathBuf,
        /// Longer lines are wrapped
        #[arg(long, default_value_t = 100)]
        columns: usize,
        /// What to run; it must write colours to a pipe
        #[arg(trailing_var_arg = true, allow_hyphen_values = true, value_name = "COMMAND")]
        command: Vec<String>,
    },
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return report::fail(&error),
    };
    let done = runtime.block_on(async {
        match cli.work {
            Work::Noop { repos, endpoints, branches } => noop::run(&cli.common, repos, endpoints, branches).await,
            Work::FirstPush { branches, tags, no_git_push } => {
                push::run(&cli.common, branches, tags, !no_git_push).await
            }
            Work::FirstMirror { commits, endpoints } => mirror::run(&cli.common, commits, endpoints).await,
            Work::Serve { pushes, endpoints, others } => serve::run(&cli.common, pushes, endpoints, others).await,
            Work::Rebase { files, commits, upstream, memory } => {
                rebase::run(&cli.common, rebase::Shape { files, commits, upstream }, &memory).await
            }
            Work::Memory { repos, endpoints, branches } => memory::run(&cli.common, repos, endpoints, branches).await,
            Work::Limits { repos, limit, window } => {
                limits::run(&cli.common, repos, limit, std::time::Duration::from_secs(window)).await
            }
            Work::Webhooks { good, repos, connections, bad } => webhooks::run(good, repos, connections, bad).await,
            Work::Picture { out, columns, command } => picture::run(&cli.common.refray, &out, columns, &command).await,
        }
    });
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => report::fail(&*error),
    }
}
