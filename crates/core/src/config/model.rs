//! The checked configuration: what it means, not how it was written.

use std::path::PathBuf;
use std::sync::Arc;

use regex::Regex;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use url::Url;

use super::names::Names;
use crate::name::{EndpointId, GroupName, RepoName, SiteName};
use crate::repository::{Repository, Visibility};
use crate::secret::Secret;

/// The whole configuration. Every reference in it resolves: an endpoint's site exists.
#[derive(Debug, Clone)]
pub struct Config {
    /// How many repositories are worked on at a time. At least 1.
    pub jobs: usize,
    /// The forge installations, in the order of the file.
    pub sites: Vec<Arc<Site>>,
    /// The mirror groups, in the order of the file.
    pub mirrors: Vec<Arc<MirrorGroup>>,
    /// Webhooks, when they are configured.
    pub webhook: Option<Webhook>,
    /// The daemon's settings.
    pub serve: Serve,
    /// The dashboard's settings.
    pub dashboard: Dashboard,
    /// How many days a backup is kept before it may be pruned.
    pub backup_keep_days: u32,
}

impl Config {
    /// Returns the site of that name.
    pub fn site(&self, name: &SiteName) -> Option<&Arc<Site>> {
        self.sites.iter().find(|site| site.name == *name)
    }

    /// Returns what repositories are called at an endpoint: the same in every group that it is in.
    pub fn names_at(&self, id: &EndpointId) -> Names {
        let endpoint = self.mirrors.iter().find_map(|group| group.endpoint(id));
        endpoint.map(|endpoint| endpoint.names.clone()).unwrap_or_default()
    }
}

/// The kind of software that a site runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Provider {
    /// github.com or GitHub Enterprise Server.
    Github,
    /// gitlab.com or a GitLab of one's own.
    Gitlab,
    /// Gitea.
    Gitea,
    /// Forgejo, such as codeberg.org.
    Forgejo,
    /// A folder of bare repositories on this machine.
    Directory,
}

impl Provider {
    /// Returns the name as the configuration spells it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Github => "github",
            Self::Gitlab => "gitlab",
            Self::Gitea => "gitea",
            Self::Forgejo => "forgejo",
            Self::Directory => "directory",
        }
    }

    /// Returns the name as the project itself writes it.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Github => "GitHub",
            Self::Gitlab => "GitLab",
            Self::Gitea => "Gitea",
            Self::Forgejo => "Forgejo",
            Self::Directory => "directory",
        }
    }

    /// Returns where the site is when the configuration does not say, for the providers that have one such place.
    pub const fn default_base_url(self) -> Option<&'static str> {
        match self {
            Self::Github => Some("https://github.com"),
            Self::Gitlab => Some("https://gitlab.com"),
            Self::Gitea | Self::Forgejo | Self::Directory => None,
        }
    }
}

/// How git's objects travel to and from a site.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum GitTransport {
    /// Over the same HTTPS client as the forge's API, with the same token.
    #[default]
    Https,
    /// Through the user's own `ssh` and keys.
    Ssh,
}

/// Where a secret comes from. Only [`SecretSource::Value`] holds it.
#[derive(Debug, Clone)]
pub enum SecretSource {
    /// An environment variable.
    Env(String),
    /// A file, whose trailing newline is dropped.
    File(PathBuf),
    /// A command whose first line of output it is.
    Command(String),
    /// An entry in the system's keyring.
    Keyring(String),
    /// The secret itself, written in the file.
    Value(Secret),
}

/// One forge installation and the credential used there.
#[derive(Debug, Clone)]
pub struct Site {
    /// Its name in the configuration.
    pub name: SiteName,
    /// What it runs.
    pub provider: Provider,
    /// Where a person opens it, without a trailing slash. For a directory, a `file:` URL of [`Site::path`].
    pub base_url: Url,
    /// Where the API is, when it is not where the provider has it by default.
    pub api_url: Option<Url>,
    /// The user name that goes with the token when git talks to the site.
    pub git_username: Option<String>,
    /// How git's objects travel.
    pub transport: GitTransport,
    /// A PEM file with further certificate authorities to trust.
    pub ca_file: Option<PathBuf>,
    /// Plain `http` is accepted though the host is not loopback.
    pub allow_http: bool,
    /// The credential. Directories have none.
    pub token: Option<SecretSource>,
    /// The folder of a directory site.
    pub path: Option<PathBuf>,
}

/// What kind of namespace an endpoint is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum NamespaceKind {
    /// A person's own repositories.
    User,
    /// An organisation (GitHub, Gitea, Forgejo).
    Org,
    /// A group, possibly nested (GitLab).
    Group,
    /// A folder of a directory site.
    Folder,
}

/// A namespace on a site.
#[derive(Debug, Clone)]
pub struct Endpoint {
    /// `SITE/NAMESPACE`.
    pub id: EndpointId,
    /// The site that it is on.
    pub site: Arc<Site>,
    /// What kind of namespace.
    pub kind: NamespaceKind,
    /// The user, organisation or group path; for a directory, the folder below the site's path, possibly empty.
    pub namespace: String,
    /// Repositories of groups below this one count too (GitLab).
    pub include_subgroups: bool,
    /// What repositories are called there, where that is another name than the group's.
    pub names: Names,
}

impl Endpoint {
    /// Returns the path that a repository of the group has there, if it is in the namespace itself; `None` where its name
    /// is another repository's.
    pub fn path_of(&self, name: &RepoName) -> Option<String> {
        let name = self.names.there(name)?;
        Some(match self.namespace.as_str() {
            "" => name.to_string(),
            namespace => format!("{namespace}/{name}"),
        })
    }
}

/// Which repositories are synced by who may see them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum SyncVisibility {
    /// All of them.
    #[default]
    All,
    /// Only those that are not public.
    Private,
    /// Only public ones.
    Public,
}

/// What is done when the tips of a branch have diverged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ConflictResolution {
    /// Report it, leave the branch alone.
    #[default]
    Fail,
    /// Replay the others' commits on the first endpoint's.
    AutoRebase,
    /// Make a merge commit of the tips.
    AutoMerge,
    /// Open pull requests that show the conflict.
    PullRequest,
    /// Rebase, or open pull requests where that is not possible.
    AutoRebasePullRequest,
    /// Merge, or open pull requests where that is not possible.
    AutoMergePullRequest,
}

impl ConflictResolution {
    /// Says whether pull requests are opened when nothing else helps.
    pub const fn opens_pull_requests(self) -> bool {
        matches!(self, Self::PullRequest | Self::AutoRebasePullRequest | Self::AutoMergePullRequest)
    }
}

/// Whether a one-sided rewrite of a branch is followed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Rewrites {
    /// On every branch but the default one.
    #[default]
    NonDefault,
    /// On every branch.
    Always,
    /// On none: a rewrite counts as a divergence.
    Never,
}

/// Endpoints that are to hold the same repositories.
#[derive(Debug, Clone)]
pub struct MirrorGroup {
    /// Its name in the configuration.
    pub name: GroupName,
    /// The endpoints, in the order of the file. At least one.
    pub endpoints: Vec<Endpoint>,
    /// Which repositories are synced by who may see them.
    pub sync_visibility: SyncVisibility,
    /// When not empty, only repositories whose name matches one of these are synced.
    pub whitelist: Vec<Regex>,
    /// Repositories whose name matches one of these are not synced.
    pub blacklist: Vec<Regex>,
    /// Repositories are created where they are missing.
    pub create_missing: bool,
    /// Repositories that vanished from one endpoint are deleted on the others, past the brake.
    pub delete_missing: bool,
    /// The visibility of a new repository whose model's is not known.
    pub visibility: Visibility,
    /// The newest tip of a diverged branch is forced on the others.
    pub allow_force: bool,
    /// What is done when the tips of a branch have diverged.
    pub conflict_resolution: ConflictResolution,
    /// Whether one-sided rewrites are followed.
    pub rewrites: Rewrites,
}

impl MirrorGroup {
    /// Returns the endpoint of that id.
    pub fn endpoint(&self, id: &EndpointId) -> Option<&Endpoint> {
        self.endpoints.iter().find(|endpoint| endpoint.id == *id)
    }

    /// Says whether the filters on names let `name` through.
    pub fn selects_name(&self, name: &RepoName) -> bool {
        let name = name.as_str();
        (self.whitelist.is_empty() || self.whitelist.iter().any(|regex| regex.is_match(name)))
            && !self.blacklist.iter().any(|regex| regex.is_match(name))
    }

    /// Says whether `sync_visibility` lets a repository through, given how it looks wherever it exists. One that is
    /// private anywhere counts as private. One whose visibility is nowhere known passes (directories do not say).
    pub fn selects_visibility<'a>(&self, copies: impl IntoIterator<Item = &'a Repository>) -> bool {
        let narrowest = copies.into_iter().filter_map(|copy| copy.visibility).min();
        match (self.sync_visibility, narrowest) {
            (SyncVisibility::All, _) | (_, None) => true,
            (SyncVisibility::Private, Some(visibility)) => visibility != Visibility::Public,
            (SyncVisibility::Public, Some(visibility)) => visibility == Visibility::Public,
        }
    }
}

/// The settings of `[webhook]`.
#[derive(Debug, Clone)]
pub struct Webhook {
    /// `sync` installs hooks where they are missing.
    pub install: bool,
    /// The public address that forges deliver to.
    pub url: Option<Url>,
    /// What deliveries are signed with.
    pub secret: Option<SecretSource>,
    /// The token of webhooks that GitLab signs and that were made by hand.
    pub signing_token: Option<SecretSource>,
    /// Minutes between full syncs under `serve`; `None` for only the one at start.
    pub full_sync_interval_minutes: Option<u32>,
    /// Minutes between looks at whether the public address answers; `None` for never.
    pub reachability_check_interval_minutes: Option<u32>,
}

/// The settings of `[serve]`.
#[derive(Debug, Clone, Default)]
pub struct Serve {
    /// Seconds between looks at repositories that no webhook covers; `None` for never.
    pub poll_interval_seconds: Option<u32>,
}

/// The settings of `[dashboard]`.
#[derive(Debug, Clone, Default)]
pub struct Dashboard {
    /// What a browser must show. Needed unless the listener is on loopback.
    pub token: Option<SecretSource>,
}
