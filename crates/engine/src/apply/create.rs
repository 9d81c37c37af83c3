//! Creating what is missing.

use std::collections::BTreeMap;

use futures_util::future::join_all;
use refray_core::config::MirrorGroup;
use refray_core::name::{BranchName, EndpointId};
use refray_core::oid::ObjectFormat;
use refray_core::outcome::{Action, Outcome};
use refray_core::plan::CreateRepository;
use refray_core::repository::Repository;
use refray_forge::{ErrorKind, ForgeError, Lookup, NewRepository};

use super::failure;
use crate::engine::Engine;

/// Creates every repository of a plan, all at once, and returns those that are there now.
pub(super) async fn create(
    engine: &Engine,
    group: &MirrorGroup,
    creates: &[CreateRepository],
    default_branch: Option<&BranchName>,
    format: ObjectFormat,
) -> (BTreeMap<EndpointId, Repository>, Vec<(Action, Outcome)>) {
    let made = join_all(creates.iter().map(|create| one(engine, group, create, default_branch, format))).await;
    let mut repositories = BTreeMap::new();
    let mut outcomes = Vec::new();
    for (create, made) in creates.iter().zip(made) {
        let outcome = match made {
            Ok(repository) => {
                repositories.insert(create.endpoint.clone(), repository);
                Outcome::Done
            }
            Err(error) if error.kind == ErrorKind::Invalid => Outcome::Failed {
                message: error.to_string(),
                remedy: "Change what is objected to; if that is the name, give it another one there in the endpoint's \
                         `names`. Or leave the repository out with `repo_blacklist`."
                    .to_owned(),
            },
            Err(error) => failure(&error),
        };
        outcomes.push((Action::CreateRepository(create.clone()), outcome));
    }
    (repositories, outcomes)
}

async fn one(
    engine: &Engine,
    group: &MirrorGroup,
    create: &CreateRepository,
    default_branch: Option<&BranchName>,
    format: ObjectFormat,
) -> Result<Repository, ForgeError> {
    let missing = |message: String| ForgeError {
        site: create.endpoint.to_string(),
        doing: format!("create {}", create.name),
        kind: ErrorKind::Credential,
        message,
    };
    let endpoint = group.endpoint(&create.endpoint).ok_or_else(|| missing("the endpoint is not configured".into()))?;
    let forge = engine.forge(endpoint).map_err(missing)?;
    let Some(path) = endpoint.path_of(&create.name) else {
        let message = "another repository of the group is called so there, by `names`".to_owned();
        return Err(ForgeError { kind: ErrorKind::BadName, ..missing(message) });
    };
    if let Some(former) = &create.former
        && let Some(repository) = forge.revive(&path, former).await?
    {
        return Ok(repository);
    }
    let new = NewRepository {
        name: create.name.clone(),
        visibility: create.visibility,
        description: create.description.clone(),
        default_branch: default_branch.cloned(),
        format,
    };
    match forge.create(endpoint, &new).await {
        // The answer may have been lost after the forge had made it: look before calling it a failure.
        Err(error) if matches!(error.kind, ErrorKind::Timeout | ErrorKind::Server { .. } | ErrorKind::Connect) => {
            match forge.get(&path).await {
                Ok(Lookup::Found(repository)) => Ok(repository),
                _ => Err(error),
            }
        }
        made => made,
    }
}
