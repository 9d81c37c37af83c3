//! What is changed on a forge beside references: default branches, and repositories that go.

use futures_util::future::join_all;
use refray_core::config::MirrorGroup;
use refray_core::name::EndpointId;
use refray_core::outcome::{Action, Outcome};
use refray_core::plan::{DefaultSwitch, DeleteRepository};
use refray_forge::RepositoryPatch;

use super::{Paths, failed, failure};
use crate::engine::Engine;

/// Switches default branches, all at once.
pub(super) async fn switch_defaults(
    engine: &Engine,
    group: &MirrorGroup,
    paths: &Paths,
    switches: &[&DefaultSwitch],
) -> Vec<(Action, Outcome)> {
    let switched = switches.iter().map(|switch| async move {
        let patch = RepositoryPatch { default_branch: Some(switch.new.clone()), ..RepositoryPatch::default() };
        let outcome = match target(engine, group, paths, &switch.endpoint) {
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

/// Deletes repositories, all at once. Their backups have been made.
pub(super) async fn delete_repositories(
    engine: &Engine,
    group: &MirrorGroup,
    paths: &Paths,
    deletes: &[DeleteRepository],
) -> Vec<(Action, Outcome)> {
    let deleted = deletes.iter().map(|delete| async move {
        let outcome = match target(engine, group, paths, &delete.endpoint) {
            Ok((forge, _)) => match forge.delete(&delete.path, &delete.id).await {
                Ok(_) => Outcome::Done,
                Err(error) => failure(&error),
            },
            Err(outcome) => outcome,
        };
        (Action::DeleteRepository(delete.clone()), outcome)
    });
    join_all(deleted).await
}

type Target<'a> = (&'a std::sync::Arc<dyn refray_forge::Forge>, &'a str);

fn target<'a>(
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
