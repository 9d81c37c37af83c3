//! Everything, one after the other.

use std::collections::BTreeMap;
use std::sync::Arc;

use futures_util::future::join_all;
use jiff::Timestamp;
use refray_core::config::{Config, Endpoint};
use refray_core::name::SiteName;
use refray_forge::{Environment, Forge};

use super::report::Report;
use super::{endpoint, machine, site, state, webhook};
use crate::engine::{Dirs, LazyGit};
use crate::named;

/// Why something cannot be had, and what the user can do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// What is wrong.
    pub message: String,
    /// The remedy, as sentences.
    pub remedy: String,
}

/// What is examined. It takes no open store and no lock: a look must be possible where a run is not.
pub struct Examination {
    /// The configuration.
    pub config: Arc<Config>,
    /// The sites of its groups, connected as far as that was possible.
    pub forges: BTreeMap<SiteName, Result<Arc<dyn Forge>, Problem>>,
    /// The git binary, looked for when it is first needed.
    pub git: LazyGit,
    /// Where things are kept, or would be.
    pub dirs: Dirs,
    /// What credentials are resolved with.
    pub environment: Arc<dyn Environment>,
    /// Tells the time.
    pub clock: fn() -> Timestamp,
}

impl Examination {
    /// Looks at this machine, at every site, at every endpoint and at the address for webhooks.
    pub async fn run(&self) -> Report {
        let mut checks = machine::checks(self);
        checks.push(state::check(&self.dirs.state).await);
        let sites = site::checks(self);
        let groups = join_all(self.config.mirrors.iter().map(|group| endpoint::checks(self, group)));
        let webhooks = webhook::checks(self);
        let (sites, groups, webhooks) = futures_util::future::join3(sites, groups, webhooks).await;
        checks.extend(sites);
        checks.extend(groups.into_iter().flatten());
        checks.extend(webhooks);
        Report { checks }
    }

    /// Returns the forge of an endpoint's site, which knows repositories by the names that the group has for them; `None`
    /// where it could not be connected, which its site says.
    pub(super) fn forge(&self, endpoint: &Endpoint) -> Option<Arc<dyn Forge>> {
        Some(named::at(self.forges.get(&endpoint.site.name)?.as_ref().ok()?, endpoint))
    }
}
