//! Whether all that a configuration needs is there: rights, names, rules, room. Nothing is changed anywhere.

mod endpoint;
mod machine;
mod report;
mod repository;
mod right;
mod site;

pub use report::{Check, Level, Report};
pub use right::{Wanted, judge};

use futures_util::future::join_all;

use crate::engine::Engine;

impl Engine {
    /// Looks at this machine, at every site and at every endpoint.
    pub async fn examine(&self) -> Report {
        let mut checks = machine::checks(self);
        let sites = site::checks(self);
        let groups = join_all(self.config.mirrors.iter().map(|group| endpoint::checks(self, group)));
        let (sites, groups) = futures_util::future::join(sites, groups).await;
        checks.extend(sites);
        checks.extend(groups.into_iter().flatten());
        Report { checks }
    }
}
