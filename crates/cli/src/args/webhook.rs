//! What may be typed behind `refray webhook`.

use clap::{Args, Subcommand};

#[derive(Debug, Clone, Subcommand)]
pub(crate) enum WebhookCommand {
    /// See that every repository has a webhook, as wanted; others' webhooks are left alone
    Install(InstallArgs),
    /// Remove the webhooks: all of refray's, those of one repository, or those that send to one address
    Uninstall(UninstallArgs),
    /// Let the webhooks send to another address, and write it into the configuration
    Update(UpdateArgs),
    /// Show where webhooks are, are missing, or are not as they should be
    Status(StatusArgs),
}

#[derive(Debug, Clone, Args)]
pub(crate) struct InstallArgs {
    /// The public address that forges deliver to [default: `[webhook].url` of the configuration]
    #[arg(long, value_name = "URL")]
    pub(crate) url: Option<String>,
    /// The environment variable with the secret [default: `[webhook].secret` of the configuration]
    #[arg(long, value_name = "NAME")]
    pub(crate) secret_env: Option<String>,
    /// Only this group; may be given several times
    #[arg(long, value_name = "GROUP")]
    pub(crate) group: Vec<String>,
    /// Only at this site; may be given several times
    #[arg(long, value_name = "SITE")]
    pub(crate) site: Vec<String>,
    /// Only repositories whose name matches this regular expression
    #[arg(long, value_name = "RE")]
    pub(crate) repo_pattern: Option<String>,
    /// Only this repository; may be given several times
    #[arg(long, value_name = "REPO")]
    pub(crate) repo: Vec<String>,
    /// Show what would be done, and do nothing
    #[arg(long, short = 'n')]
    pub(crate) dry_run: bool,
}

#[derive(Debug, Clone, Args)]
pub(crate) struct UninstallArgs {
    /// Only this repository, or only webhooks that send to this address
    #[arg(value_name = "REPO | URL")]
    pub(crate) what: Option<String>,
    /// Only this group; may be given several times
    #[arg(long, value_name = "GROUP")]
    pub(crate) group: Vec<String>,
    /// Only at this site; may be given several times
    #[arg(long, value_name = "SITE")]
    pub(crate) site: Vec<String>,
    /// Show what would be done, and do nothing
    #[arg(long, short = 'n')]
    pub(crate) dry_run: bool,
}

#[derive(Debug, Clone, Args)]
pub(crate) struct UpdateArgs {
    /// The address so far [default: the one that the configuration or the installed webhooks have]
    #[arg(value_name = "URL")]
    pub(crate) old: Option<String>,
    /// The new address [default: `[webhook].url` of the configuration]
    #[arg(long, value_name = "URL")]
    pub(crate) url: Option<String>,
    /// The environment variable with the secret [default: `[webhook].secret` of the configuration]
    #[arg(long, value_name = "NAME")]
    pub(crate) secret_env: Option<String>,
    /// Show what would be done, and do nothing
    #[arg(long, short = 'n')]
    pub(crate) dry_run: bool,
}

#[derive(Debug, Clone, Args)]
pub(crate) struct StatusArgs {
    /// Only this group; may be given several times
    #[arg(long, value_name = "GROUP")]
    pub(crate) group: Vec<String>,
    /// Only at this site; may be given several times
    #[arg(long, value_name = "SITE")]
    pub(crate) site: Vec<String>,
}
