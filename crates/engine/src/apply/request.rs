//! Opening, refreshing and closing the pull requests that show a conflict.

use std::sync::Arc;

use futures_util::future::join_all;
use refray_core::config::MirrorGroup;
use refray_core::name::{EndpointId, RefName, RepoName};
use refray_core::outcome::{Action, Outcome};
use refray_core::plan::{RequestAction, RequestStep, View, Views};
use refray_forge::{Forge, ForgeError, NewPull, Pull};
use refray_git::Mirror;

use super::setting::target;
use super::{Paths, failure};
use crate::apply::text::{self, Sides};
use crate::engine::Engine;
use crate::mirror;
use crate::store::{self, PullState};

/// Where, and of what.
#[derive(Clone, Copy)]
pub(super) struct Job<'a> {
    pub(super) engine: &'a Engine,
    pub(super) group: &'a MirrorGroup,
    pub(super) repository: &'a RepoName,
    pub(super) paths: &'a Paths,
    /// What the endpoints hold after the pushes.
    pub(super) views: &'a Views,
    pub(super) mirror: Option<&'a Arc<Mirror>>,
}

/// What became of a request.
pub(super) struct Done {
    pub(super) action: RequestAction,
    pub(super) outcome: Outcome,
    /// The request as the forge shows it, when it was opened or refreshed.
    pub(super) pull: Option<Pull>,
}

impl Done {
    pub(super) fn told(self) -> (Action, Outcome) {
        (Action::PullRequest(self.action), self.outcome)
    }
}

/// Carries out what is to be done with requests: at all endpoints at once, one after the other at each.
pub(super) async fn carry_out(job: Job<'_>, actions: &[RequestAction]) -> Vec<Done> {
    let by_endpoint = actions.chunk_by(|a, b| a.endpoint == b.endpoint).map(|actions| async move {
        let mut done = Vec::new();
        for action in actions {
            done.extend(one(job, action).await);
        }
        done
    });
    join_all(by_endpoint).await.into_iter().flatten().collect()
}

async fn one(job: Job<'_>, action: &RequestAction) -> Option<Done> {
    let done = |outcome, pull| Done { action: action.clone(), outcome, pull };
    if action.step != RequestStep::Close && !is_shown(job.views, action) {
        // The conflict branch could not be pushed, which has been told.
        return None;
    }
    let (forge, path) = match target(job.engine, job.group, job.paths, &action.endpoint) {
        Ok(target) => target,
        Err(outcome) => return Some(done(outcome, None)),
    };
    let pull = match (action.step, action.number) {
        (RequestStep::Close, Some(number)) => close(&forge, path, number).await.map(|()| None),
        (RequestStep::Refresh, Some(number)) => {
            let (title, body) = words(job, action).await;
            forge.edit_pull(path, number, &title, &body).await.map(Some)
        }
        (RequestStep::Open, _) => {
            let (title, body) = words(job, action).await;
            let new = NewPull { head: action.head.clone(), base: action.branch.clone(), title, body };
            forge.open_pull(path, &new).await.map(Some)
        }
        (RequestStep::Close | RequestStep::Refresh, None) => return None,
    };
    Some(match pull {
        Ok(pull) => {
            remember(job, action, pull.as_ref()).await;
            done(Outcome::Done, pull)
        }
        Err(error) => done(failure(&error), None),
    })
}

async fn close(forge: &Arc<dyn Forge>, path: &str, number: u64) -> Result<(), ForgeError> {
    forge.close_pull(path, number, text::SETTLED).await
}

/// Says whether the conflict branch that a request needs stands where it should.
fn is_shown(views: &Views, action: &RequestAction) -> bool {
    let snapshot = views.get(&action.endpoint).and_then(View::snapshot);
    let name = RefName::Branch(action.head.clone());
    snapshot.and_then(|snapshot| snapshot.conflict_branches.get(&name).copied()) == action.other
}

/// Words a request: title and text, with the commits of both sides as far as the mirror has them.
async fn words(job: Job<'_>, action: &RequestAction) -> (String, String) {
    let mut sides = Sides::default();
    if let (Some(mirror), Some(own), Some(other)) = (job.mirror, action.own, action.other) {
        let logs = mirror::blocking(mirror, move |mirror| {
            let most = text::LISTED + 1;
            Ok((mirror.log_between(own, other, most)?, mirror.log_between(other, own, most)?))
        });
        match logs.await {
            Ok((own, other)) => sides = Sides { own, other },
            Err((why, _)) => tracing::debug!(repository = %job.repository, why, "commits are not listed"),
        }
    }
    let name = RefName::Branch(action.branch.clone());
    let holds = |endpoint: &&EndpointId| {
        action.other.is_some() && job.views.get(*endpoint).and_then(|view| view.get(&name)) == action.other
    };
    let sources: Vec<&EndpointId> = job.group.endpoints.iter().map(|endpoint| &endpoint.id).filter(holds).collect();
    (text::title(action, &sources), text::body(action, &sources, &sides))
}

/// Writes down how a request stands, for whoever shows it. It is found on the forge without this as well.
async fn remember(job: Job<'_>, action: &RequestAction, pull: Option<&Pull>) {
    let number = pull.map(|pull| pull.number).or(action.number);
    let known = job.engine.store.pulls(&job.group.name, &job.repository.key()).await.unwrap_or_default();
    let old = known.into_iter().find(|known| known.endpoint == action.endpoint && Some(known.number) == number);
    let at = (job.engine.clock)();
    let state = if action.step == RequestStep::Close { PullState::Closed } else { PullState::Open };
    let entry = match (old, number, action.own, action.other) {
        (old, Some(number), Some(own), Some(other)) => store::Pull {
            group: job.group.name.clone(),
            repository: job.repository.clone(),
            endpoint: action.endpoint.clone(),
            number,
            branch: action.branch.clone(),
            head: action.head.clone(),
            own,
            other,
            url: pull.map(|pull| pull.web_url.clone()).or_else(|| old.and_then(|old| old.url)),
            state,
            changed: at,
        },
        (Some(old), ..) => store::Pull { state, changed: at, ..old },
        _ => return,
    };
    if let Err(error) = job.engine.store.put_pull(&entry).await {
        tracing::warn!(repository = %job.repository, %error, "a pull request could not be remembered");
    }
}
