//! What is changed on a forge beside references: default branches, and repositories that go.

use std::collections::BTreeMap;

use futures_util::future::join_all;
use refray_core::config::MirrorGroup;
use refray_core::name::EndpointId;
use refray_core::outcome::{Action, Outcome};
use refray_core::plan::{DefaultSwitch, DeleteRepository, Finding, FindingKind, View};
use refray_core::repository::Repository;
use refray_forge::{Deletion, RepositoryPatch};

use super::{Paths, failed, failure};
use crate::engine::Engine;

/// Switches default branches, all at once. `created` are repositories that were empty before this plan.
pub(super) async fn switch_defaults(
    engine: &Engine,
    group: &MirrorGroup,
    paths: &Paths,
    created: &BTreeMap<EndpointId, Repository>,
    switches: &[&DefaultSwitch],
) -> Vec<(Action, Outcome)> {
    let switched = switches.iter().map(|switch| async move {
        let patch = RepositoryPatch { default_branch: Some(switch.new.clone()), ..RepositoryPatch::default() };
        let outcome = match target(engine, group, paths, &switch.endpoint) {
            // A forge chooses the first branch that it gets. A look by git costs nothing of what the API's limits allow.
            Ok((forge, path))
                if created.contains_key(&switch.endpoint)
                    && forge.head_is_default()
                    && is_default(engine, group, path, switch).await =>
            {
                Outcome::Done
            }
            Ok((forge, path)) => match forge.update(path, &patch).await {
                Ok(_) => Outcome::Done,
                Err(error) => failure(&error),
            },
            Err(outcome) => outcome,
        };
        (Action::SwitchDefaultBranch((*switch).clone()), outcome)
    });
    join_all(switched).await
}

/// Says whether the branch that is to be the default one is it already.
async fn is_default(engine: &Engine, group: &MirrorGroup, path: &str, switch: &DefaultSwitch) -> bool {
    let seen = crate::observe::snapshot(engine, group, &switch.endpoint, path).await;
    seen.is_ok_and(|snapshot| snapshot.default_branch.as_ref() == Some(&switch.new))
}

/// Says why a repository is not to be deleted after all: somebody pushed to it since it was looked at, and that is in no
/// backup; or it cannot be seen whether somebody did.
async fn changed_since(
    engine: &Engine,
    group: &MirrorGroup,
    views: &BTreeMap<EndpointId, View>,
    delete: &DeleteRepository,
) -> Option<Outcome> {
    let Some(View::Present { snapshot: seen, .. }) = views.get(&delete.endpoint) else { return None };
    match crate::observe::snapshot(engine, group, &delete.endpoint, &delete.path).await {
        Ok(now) if now.refs == seen.refs && now.conflict_branches == seen.conflict_branches => None,
        Ok(_) => Some(Outcome::Moved),
        Err(why) => Some(Outcome::Failed {
            message: format!("it is not deleted, as what is in it now could not be seen: {why}"),
            remedy: "Run again.".to_owned(),
        }),
    }
}

/// Deletes repositories, all at once, unless they have changed since. Their backups have been made.
pub(super) async fn delete_repositories(
    engine: &Engine,
    group: &MirrorGroup,
    paths: &Paths,
    views: &BTreeMap<EndpointId, View>,
    deletes: &[DeleteRepository],
) -> Deleted {
    let deleted = deletes.iter().map(|delete| async move {
        if let Some(outcome) = changed_since(engine, group, views, delete).await {
            return (Action::DeleteRepository(delete.clone()), outcome, None);
        }
        let (outcome, waiting) = match target(engine, group, paths, &delete.endpoint) {
            Ok((forge, _)) => match forge.delete(&delete.path, &delete.id).await {
                Ok(Deletion::Done) => (Outcome::Done, None),
                Ok(Deletion::Scheduled { on, path }) => (Outcome::Done, Some(Waiting { path, since: on })),
                Err(error) => (failure(&error), None),
            },
            Err(outcome) => (outcome, None),
        };
        (Action::DeleteRepository(delete.clone()), outcome, waiting)
    });
    let mut all = Deleted { outcomes: Vec::new(), waiting: BTreeMap::new() };
    for (action, outcome, waiting) in join_all(deleted).await {
        all.waiting.extend(waiting.map(|waiting| (action.endpoint().clone(), waiting)));
        all.outcomes.push((action, outcome));
    }
    all
}

/// What became of repositories that were to be deleted.
pub(super) struct Deleted {
    pub(super) outcomes: Vec<(Action, Outcome)>,
    /// Those that their forge keeps for a while.
    pub(super) waiting: BTreeMap<EndpointId, Waiting>,
}

/// A repository that counts as deleted, and that its forge keeps for a while, out of the way.
#[derive(Debug, Clone, serde::Serialize)]
pub(crate) struct Waiting {
    /// Where it waits.
    pub(crate) path: String,
    /// The day on which it was marked.
    pub(crate) since: Option<String>,
}

impl Waiting {
    /// Says where it waits, and what a person can do.
    pub(crate) fn note(&self, endpoint: &EndpointId) -> Finding {
        let since = self.since.as_ref().map_or(String::new(), |day| format!(", counted from {day}"));
        let message = format!(
            "{endpoint} deletes it later: it waits as `{}` until the days are over for which the instance keeps what is \
             deleted (30 as a rule){since}",
            self.path
        );
        let remedy = "If it was not meant to go, restore it there in time; it then comes back on the other sides.";
        Finding::new(FindingKind::Deleted, message, remedy).side(endpoint, &self.path)
    }
}

pub(super) type Target<'a> = (std::sync::Arc<dyn refray_forge::Forge>, &'a str);

/// Returns the forge and the path of a repository's copy, or why it cannot be written to.
pub(super) fn target<'a>(
    engine: &'a Engine,
    group: &MirrorGroup,
    paths: &'a Paths,
    endpoint: &EndpointId,
) -> Result<Target<'a>, Outcome> {
    let missing = || failed("the repository is not there", "Run again.");
    let path = paths.get(endpoint).ok_or_else(missing)?;
    let endpoint = group.endpoint(endpoint).ok_or_else(missing)?;
    let forge = engine.forge(endpoint).map_err(|message| failed(&message, "Check the site in the configuration."))?;
    Ok((forge, path))
}
