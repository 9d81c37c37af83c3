//! What may be typed.

mod webhook;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum, ValueHint};

pub(crate) use self::webhook::{InstallArgs, StatusArgs, UninstallArgs, UpdateArgs, WebhookCommand};

/// Keeps one set of git repositories identical across all their forges, read and write from every side.
#[derive(Debug, Parser)]
#[command(name = "refray", version, propagate_version = true, max_term_width = 100)]
#[command(
    after_help = "Exit codes: 0 all agree; 1 something failed or is held; 2 usage or configuration; 3 interrupted."
)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) global: Global,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// Flags that every command takes, before or after its name.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Global options")]
pub(crate) struct Global {
    /// The configuration file [default: refray/config.toml in the XDG configuration directory]
    #[arg(long, global = true, value_name = "PATH", env = "REFRAY_CONFIG", value_hint = ValueHint::FilePath)]
    pub(crate) config: Option<PathBuf>,
    /// Where refray remembers: its database, backups and locks [default: refray in the XDG state directory]
    #[arg(long, global = true, value_name = "DIR", env = "REFRAY_STATE_DIR", value_hint = ValueHint::DirPath)]
    pub(crate) state_dir: Option<PathBuf>,
    /// Where bare mirrors are kept; can be thrown away [default: refray in the XDG cache directory]
    #[arg(long, global = true, value_name = "DIR", env = "REFRAY_WORK_DIR", value_hint = ValueHint::DirPath)]
    pub(crate) work_dir: Option<PathBuf>,
    /// How output is written: for people, or one JSON object a line
    #[arg(long, global = true, value_name = "FORMAT", default_value = "text")]
    pub(crate) format: Format,
    /// When output is coloured
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto")]
    pub(crate) color: ColorWhen,
    /// Say only what failed or is held
    #[arg(short, long, global = true, conflicts_with = "verbose")]
    pub(crate) quiet: bool,
    /// Say more; twice for what is asked of the forges
    #[arg(short, long, global = true, action = clap::ArgAction::Count)]
    pub(crate) verbose: u8,
}

/// How output is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}

/// When output is coloured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum ColorWhen {
    /// On a terminal, unless `NO_COLOR` is set.
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Bring every repository of every group into agreement
    Sync(SyncArgs),
    /// Stay, receive webhooks, and bring into agreement whatever changes
    Serve(ServeArgs),
    /// Show what `sync` would do, and write it to a file that `apply` carries out
    Plan(PlanArgs),
    /// Carry out a plan from a file, or nothing at all if anything that it rests on has changed
    Apply(ApplyArgs),
    /// Show what was done: all runs, or the actions of one
    Log(LogArgs),
    /// Put back what a run wrote, on every endpoint
    Undo(UndoArgs),
    /// Look at what is kept of what was deleted or overwritten, and put it back
    #[command(subcommand)]
    Backup(BackupCommand),
    /// Set up what is kept in sync, by a few questions on a terminal; or look at the configuration
    Config(ConfigArgs),
    /// Check rights, names, branch rules and this machine, and say what is missing; nothing is changed
    Doctor,
    /// See to the webhooks by which forges tell refray of pushes
    #[command(subcommand)]
    Webhook(WebhookCommand),
    /// Show how every repository stands by what was last seen, since when, why and what to do; asks no forge
    Status(StandingArgs),
    /// Show it all on four small forges inside this process: nothing to sign up for
    Demo(DemoArgs),
    /// Print a completion script for a shell
    Completions {
        /// The shell
        shell: clap_complete::Shell,
    },
    /// Write the manual pages into a folder
    Man {
        /// The folder, which is made when it is missing
        #[arg(value_hint = ValueHint::DirPath)]
        dir: PathBuf,
    },
}

#[derive(Debug, Clone, Args)]
pub(crate) struct SyncArgs {
    /// Only this group; may be given several times
    #[arg(long, value_name = "GROUP")]
    pub(crate) group: Vec<String>,
    /// Only this repository; may be given several times
    #[arg(long, value_name = "REPO")]
    pub(crate) repo: Vec<String>,
    /// Only repositories whose name matches this regular expression
    #[arg(long, value_name = "RE")]
    pub(crate) repo_pattern: Option<String>,
    /// How many repositories are worked on at a time [default: `jobs` of the configuration]
    #[arg(long, short, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=256))]
    pub(crate) jobs: Option<u16>,
    /// Show what would be done, and do nothing
    #[arg(long, short = 'n')]
    pub(crate) dry_run: bool,
    /// Create no repositories
    #[arg(long)]
    pub(crate) no_create: bool,
    /// Only repositories that failed or were held the last time
    #[arg(long)]
    pub(crate) retry_failed: bool,
    /// Force the newest tip of diverged branches on the other sides
    #[arg(long)]
    pub(crate) force: bool,
    /// Release deletions that are held, for the repositories named by --repo
    #[arg(long)]
    pub(crate) confirm_deletions: bool,
    /// Join repositories of this name though they share no history
    #[arg(long, value_name = "REPO")]
    pub(crate) join: Vec<String>,
    /// Compare every reference, also where nothing seems to have changed
    #[arg(long)]
    pub(crate) full: bool,
}

#[derive(Debug, Clone, Args)]
pub(crate) struct LogArgs {
    /// A run, by its id or a beginning of it
    pub(crate) run: Option<String>,
    /// Only what was done to this repository
    #[arg(long, value_name = "REPO")]
    pub(crate) repo: Option<String>,
    /// How many runs are shown, the newest first
    #[arg(long, short = 'n', value_name = "N", default_value_t = 50, value_parser = at_least_one())]
    pub(crate) limit: usize,
}

#[derive(Debug, Clone, Args)]
pub(crate) struct UndoArgs {
    /// The run, by its id or a beginning of it: `refray log` lists them
    pub(crate) run: String,
    /// Only this repository; may be given several times
    #[arg(long, value_name = "REPO")]
    pub(crate) repo: Vec<String>,
    /// Show what would be done, and do nothing
    #[arg(long, short = 'n')]
    pub(crate) dry_run: bool,
}

#[derive(Debug, Clone, Subcommand)]
pub(crate) enum BackupCommand {
    /// List all backups
    List {
        /// Only those of this group
        #[arg(long, value_name = "GROUP")]
        group: Option<String>,
        /// Only those of this repository
        #[arg(long, value_name = "REPO")]
        repo: Option<String>,
    },
    /// Show what a backup has, when and why it was made, and check that it is whole
    Show {
        /// The backup, as `backup list` names it, or as much of it as is enough
        id: String,
    },
    /// Put references of a backup back; what stands at another value stays, unless forced
    Restore(RestoreArgs),
    /// Remove backups whose time is over
    Prune {
        /// Those older than this [default: `backup_keep_days` of the configuration]
        #[arg(long, value_name = "DAYS")]
        older_than: Option<u32>,
        /// Show what would be removed, and do nothing
        #[arg(long, short = 'n')]
        dry_run: bool,
    },
}

#[derive(Debug, Clone, Args)]
pub(crate) struct RestoreArgs {
    /// The backup, as `backup list` names it, or as much of it as is enough
    pub(crate) id: String,
    /// Where to, or `all`; may be given several times [default: where it was taken]
    #[arg(long, value_name = "ENDPOINT")]
    pub(crate) to: Vec<String>,
    /// Only this branch or tag; may be given several times
    #[arg(long = "ref", value_name = "NAME")]
    pub(crate) refs: Vec<String>,
    /// The name that the branch or tag gets
    #[arg(long = "as", value_name = "NAME")]
    pub(crate) name: Option<String>,
    /// Overwrite what stands at another value, after a backup
    #[arg(long)]
    pub(crate) force: bool,
    /// Show what would be done, and do nothing
    #[arg(long, short = 'n')]
    pub(crate) dry_run: bool,
}

#[derive(Debug, Clone, Args)]
pub(crate) struct ServeArgs {
    /// Where webhooks are received
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:8787")]
    pub(crate) listen: String,
    /// Where the dashboard, /metrics, /healthz and /readyz are; beyond this machine only with a `[dashboard].token`
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:8788")]
    pub(crate) dashboard: String,
    /// Minutes between full syncs, apart from the one at the start [default: that of the configuration]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) full_sync_interval_minutes: Option<u32>,
}

#[derive(Debug, Clone, Args)]
#[command(mut_arg("dry_run", |arg| arg.hide(true)))]
pub(crate) struct PlanArgs {
    #[command(flatten)]
    pub(crate) sync: SyncArgs,
    /// Write the plan to this file; `-` is standard output
    #[arg(long, short, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) out: Option<PathBuf>,
}

#[derive(Debug, Clone, Args)]
pub(crate) struct ApplyArgs {
    /// The file that `plan --out` wrote; `-` is standard input
    #[arg(value_hint = ValueHint::FilePath)]
    pub(crate) file: PathBuf,
    /// How many repositories are worked on at a time [default: `jobs` of the configuration]
    #[arg(long, short, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=256))]
    pub(crate) jobs: Option<u16>,
}

#[derive(Debug, Clone, Args)]
pub(crate) struct StandingArgs {
    /// Only this group
    #[arg(long, value_name = "GROUP")]
    pub(crate) group: Option<String>,
    /// Only this repository; may be given several times
    #[arg(long, value_name = "REPO")]
    pub(crate) repo: Vec<String>,
    /// Show it anew whenever it changes, until Ctrl-C
    #[arg(long)]
    pub(crate) watch: bool,
}

#[derive(Debug, Clone, Copy, Args)]
pub(crate) struct ConfigArgs {
    /// Without one, the questions
    #[command(subcommand)]
    pub(crate) command: Option<ConfigCommand>,
}

#[derive(Debug, Clone, Copy, Subcommand)]
pub(crate) enum ConfigCommand {
    /// Check the configuration and say what is wrong with it
    Check,
    /// Print the configuration as it is understood, with every default, and no secret
    Show,
    /// Print where the configuration is looked for
    Path,
    /// Print a JSON Schema of the configuration, for editors
    Schema,
}

#[derive(Debug, Clone, Args)]
pub(crate) struct DemoArgs {
    /// How many repositories are seeded: those in which somebody works later, and more
    #[arg(long, value_name = "N", default_value_t = 12, value_parser = clap::value_parser!(u16).range(3..=200))]
    pub(crate) repos: u16,
    /// Leave the forges running until Ctrl-C, and print how to play with them
    #[arg(long)]
    pub(crate) keep: bool,
}

/// A number of things that are asked for: whoever asks for none gets no answer.
fn at_least_one() -> clap::builder::RangedU64ValueParser<usize> {
    clap::builder::RangedU64ValueParser::new().range(1..)
}
