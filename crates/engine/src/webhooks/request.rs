//! What is asked for.

use refray_core::config::Endpoint;
use refray_core::name::{GroupName, SiteName};
use refray_core::plan::group::Selection;
use refray_core::secret::Secret;
use refray_forge::HookSpec;

/// What is to be done about the webhooks of repositories.
#[derive(Debug, Clone)]
pub struct HookRequest {
    /// Only these groups; all when empty.
    pub groups: Vec<GroupName>,
    /// Only at endpoints of these sites; at all when empty.
    pub sites: Vec<SiteName>,
    /// Which of their repositories.
    pub selection: Selection,
    /// What to do.
    pub job: HookJob,
    /// Say what would be done, and do nothing.
    pub dry_run: bool,
}

/// What to do about a repository's webhooks.
#[derive(Debug, Clone)]
pub enum HookJob {
    /// See that there is one as wanted.
    Install(HookSpec),
    /// See that what sends to one address sends to another.
    Update {
        /// The address so far.
        from: String,
        /// What it is to become.
        to: HookSpec,
    },
    /// See that there is none.
    Uninstall {
        /// None that sends to one of these.
        urls: Vec<String>,
        /// None that is remembered, either.
        remembered: bool,
    },
    /// Look only.
    Status {
        /// The address that is expected.
        url: String,
        /// The secret that is expected; `None` where it is not to be judged.
        secret: Option<Secret>,
    },
}

impl HookRequest {
    /// Says whether it is about what is at this endpoint.
    pub(super) fn is_about(&self, endpoint: &Endpoint) -> bool {
        self.sites.is_empty() || self.sites.contains(&endpoint.site.name)
    }

    /// Says whether nothing is to be written.
    pub(super) const fn only_looks(&self) -> bool {
        self.dry_run || matches!(self.job, HookJob::Status { .. })
    }
}
