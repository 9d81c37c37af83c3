//! GitHub's JSON, as far as it is read. Whatever can be done without is optional.

use jiff::Timestamp;
use refray_core::name::{BranchName, RepoName};
use refray_core::repository::{Access, ForgeId, Repository, Visibility};
use serde::Deserialize;

use crate::api::{Hook, Pull, PullState};

/// The events that a hook of refray's has. A push event covers tags.
pub(super) const EVENTS: [&str; 4] = ["create", "delete", "push", "repository"];

#[derive(Debug, Deserialize)]
pub(super) struct WireAccount {
    pub(super) id: u64,
    pub(super) login: String,
    #[serde(rename = "type")]
    pub(super) kind: Option<String>,
}

#[derive(Debug, Deserialize)]
pub(super) struct WireOwner {
    pub(super) login: String,
}

#[derive(Debug, Deserialize)]
pub(super) struct WireRepository {
    pub(super) id: u64,
    pub(super) name: String,
    pub(super) full_name: String,
    pub(super) owner: Option<WireOwner>,
    private: Option<bool>,
    visibility: Option<String>,
    description: Option<String>,
    default_branch: Option<String>,
    archived: Option<bool>,
    disabled: Option<bool>,
    fork: Option<bool>,
    html_url: Option<String>,
    pushed_at: Option<String>,
    updated_at: Option<String>,
    permissions: Option<WirePermissions>,
}

/// What the account may do with a repository.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct WirePermissions {
    admin: bool,
    push: bool,
}

impl WirePermissions {
    const fn access(&self) -> Access {
        match self {
            Self { admin: true, .. } => Access::Admin,
            Self { push: true, .. } => Access::Write,
            Self { .. } => Access::Read,
        }
    }
}

impl WireRepository {
    /// Makes a repository of it, or says what cannot be understood.
    pub(super) fn into_repository(self) -> Result<Repository, String> {
        let name = RepoName::new(&self.name).map_err(|error| error.to_string())?;
        let visibility = match self.visibility.as_deref() {
            Some("public") => Some(Visibility::Public),
            Some("internal") => Some(Visibility::Internal),
            Some("private") => Some(Visibility::Private),
            _ => self.private.map(|private| if private { Visibility::Private } else { Visibility::Public }),
        };
        Ok(Repository {
            id: ForgeId(self.id.to_string()),
            name,
            path: self.full_name,
            visibility,
            description: self.description.unwrap_or_default(),
            default_branch: self.default_branch.and_then(|branch| BranchName::new(branch).ok()),
            archived: self.archived.unwrap_or(false),
            mirror: false,
            disabled: self.disabled.unwrap_or(false),
            fork: self.fork.unwrap_or(false),
            web_url: self.html_url,
            access: self.permissions.as_ref().map(WirePermissions::access),
            updated: self.pushed_at.or(self.updated_at).and_then(|at| at.parse::<Timestamp>().ok()),
        })
    }
}

#[derive(Debug, Deserialize)]
pub(super) struct WirePull {
    pub(super) number: u64,
    html_url: Option<String>,
    title: Option<String>,
    body: Option<String>,
    state: String,
    merged: Option<bool>,
    merged_at: Option<String>,
    pub(super) head: WireEnd,
    base: WireEnd,
}

#[derive(Debug, Deserialize)]
pub(super) struct WireEnd {
    #[serde(rename = "ref")]
    pub(super) name: String,
    sha: Option<String>,
    pub(super) repo: Option<WireEndRepository>,
}

#[derive(Debug, Deserialize)]
pub(super) struct WireEndRepository {
    pub(super) full_name: String,
}

impl From<WirePull> for Pull {
    fn from(pull: WirePull) -> Self {
        let merged = pull.merged == Some(true) || pull.merged_at.is_some();
        Self {
            number: pull.number,
            web_url: pull.html_url.unwrap_or_default(),
            title: pull.title.unwrap_or_default(),
            body: pull.body.unwrap_or_default(),
            head: pull.head.name,
            head_oid: pull.head.sha,
            base: pull.base.name,
            state: match pull.state.as_str() {
                _ if merged => PullState::Merged,
                "open" => PullState::Open,
                _ => PullState::Closed,
            },
        }
    }
}

#[derive(Debug, Deserialize)]
pub(super) struct WireHook {
    pub(super) id: u64,
    pub(super) name: Option<String>,
    active: Option<bool>,
    #[serde(default)]
    events: Vec<String>,
    #[serde(default)]
    config: WireHookConfig,
}

#[derive(Debug, Default, Deserialize)]
struct WireHookConfig {
    url: Option<String>,
    content_type: Option<String>,
    /// A text on github.com, a number in some answers.
    insecure_ssl: Option<serde_json::Value>,
}

impl From<WireHook> for Hook {
    fn from(hook: WireHook) -> Self {
        let active = hook.active.unwrap_or(true);
        let mut events = hook.events;
        events.sort_unstable();
        let mut differs = Vec::new();
        if events != EVENTS {
            differs.push(format!("its events are {}", events.join(", ")));
        }
        if hook.config.content_type.as_deref() != Some("json") {
            differs.push("it does not send JSON".to_owned());
        }
        if hook.config.insecure_ssl.is_some_and(|value| value == "1" || value == 1) {
            differs.push("it does not check certificates".to_owned());
        }
        Self {
            id: hook.id.to_string(),
            url: hook.config.url.unwrap_or_default(),
            active,
            as_wanted: differs.is_empty(),
            differs: (!differs.is_empty()).then(|| differs.join("; ")),
        }
    }
}
