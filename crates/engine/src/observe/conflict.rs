//! What planning needs to know of diverged branches: whether their tips can be brought together, and which pull requests
//! there are.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::future::join_all;
use refray_core::ancestry::{Ancestry, Question};
use refray_core::config::{ConflictResolution, Provider};
use refray_core::name::{BranchName, CONFLICT_PREFIX, EndpointId, RefName};
use refray_core::oid::Oid;
use refray_core::plan::group::Copy;
use refray_core::plan::{
    self, CombineStrategy, ConflictFacts, Needs, Pair, Request, RequestState, Requests, Trial, TrialResult, Trials,
    View, World,
};
use refray_git::Mirror;
use refray_git::combine::{self, Combined, MergeMessage};

use super::history::{Facts, Subject};
use crate::engine::Engine;
use crate::mirror;

/// How often a plan may ask for more: trials first, then what stands in for those that failed.
const ROUNDS: usize = 4;

/// What was found out about diverged branches.
#[derive(Debug, Default)]
pub(crate) struct Found {
    pub(crate) order: Vec<EndpointId>,
    pub(crate) trials: Trials,
    pub(crate) requests: Option<Requests>,
}

impl Found {
    /// Returns it in the form that planning takes.
    pub(crate) const fn facts<'a>(&'a self, refused: &'a BTreeSet<(EndpointId, RefName)>) -> ConflictFacts<'a> {
        ConflictFacts {
            order: self.order.as_slice(),
            trials: Some(&self.trials),
            requests: self.requests.as_ref(),
            refused: Some(refused),
        }
    }
}

/// Answers what planning asks of diverged branches, until it asks no more.
///
/// # Errors
/// What is wrong with the local mirror, and the remedy.
pub(super) async fn answer(engine: &Engine, subject: Subject<'_>, facts: &mut Facts) -> Result<(), (String, String)> {
    facts.conflicts.order = subject.group.endpoints.iter().map(|endpoint| endpoint.id.clone()).collect();
    if !may_ask(subject) {
        return Ok(());
    }
    for _ in 0..ROUNDS {
        let Subject { policy, releases, views, baseline, .. } = subject;
        let conflicts = facts.conflicts.facts(subject.refused);
        let world = World { policy, releases, views, baseline, ancestry: &facts.ancestry, conflicts };
        let needs = plan::repository::needs(&subject.task.name, &world);
        if needs.is_empty() {
            break;
        }
        let Needs { trials, times, requests } = needs;
        try_out(subject, facts, trials, times).await?;
        if requests {
            let listed = list(engine, subject).await;
            relate(facts, plan::questions::of_requests(views, &listed)).await?;
            facts.conflicts.requests = Some(listed);
        }
    }
    Ok(())
}

/// Says whether anything but leaving diverged branches alone is possible.
fn may_ask(subject: Subject<'_>) -> bool {
    let shown = || {
        let mut snapshots = subject.views.values().filter_map(View::snapshot);
        snapshots.any(|snapshot| !snapshot.conflict_branches.is_empty())
    };
    subject.policy.conflict_resolution != ConflictResolution::Fail
        || subject.policy.allow_force
        || subject.releases.force
        || shown()
}

/// Answers further questions from the mirror.
async fn relate(facts: &mut Facts, asked: BTreeSet<Question>) -> Result<(), (String, String)> {
    let Some(mirror) = facts.mirror.as_ref().filter(|_| !asked.is_empty()) else { return Ok(()) };
    let asked: Vec<Question> = asked.into_iter().collect();
    let questions = asked.clone();
    let answers = mirror::blocking(mirror, move |mirror| mirror.ancestry(&questions)).await?;
    note(facts, asked.into_iter().zip(answers));
    Ok(())
}

fn note(facts: &mut Facts, answers: impl IntoIterator<Item = (Question, Option<bool>)>) {
    for (question, answer) in answers {
        if let Some(answer) = answer {
            facts.ancestry.insert(question, answer);
        }
    }
}

/// Makes trials in the mirror, and notes how their results relate to the tips.
async fn try_out(
    subject: Subject<'_>,
    facts: &mut Facts,
    trials: BTreeSet<Trial>,
    times: BTreeSet<Oid>,
) -> Result<(), (String, String)> {
    let Some(mirror) = facts.mirror.clone() else {
        let why = || TrialResult::NotPossible("the commits could not be fetched".to_owned());
        facts.conflicts.trials.results.extend(trials.into_iter().map(|trial| (trial, why())));
        facts.conflicts.trials.times.extend(times.into_iter().map(|oid| (oid, None)));
        return Ok(());
    };
    let messages: Vec<(Trial, MergeMessage)> =
        trials.into_iter().map(|trial| (trial.clone(), message(subject, &facts.ancestry, &trial))).collect();
    let (made, relations, times) = mirror::blocking(&mirror, move |mirror| {
        let times: BTreeMap<Oid, Option<i64>> = times.into_iter().map(|oid| (oid, mirror.commit_time(oid))).collect();
        let mut made = Vec::new();
        let mut relations = Vec::new();
        for (trial, message) in messages {
            let result = one(mirror, &trial, &message)?;
            if let TrialResult::Tip(tip) = result {
                let asked: Vec<_> = trial.tips.iter().map(|old| Question { ancestor: *old, descendant: tip }).collect();
                relations.extend(asked.iter().copied().zip(mirror.ancestry(&asked)?));
            }
            made.push((trial, result));
        }
        Ok((made, relations, times))
    })
    .await?;
    facts.conflicts.trials.results.extend(made);
    facts.conflicts.trials.times.extend(times);
    note(facts, relations);
    Ok(())
}

fn one(mirror: &Mirror, trial: &Trial, message: &MergeMessage) -> Result<TrialResult, refray_git::mirror::MirrorError> {
    let held = mirror.holds(trial.tips.iter().copied())?;
    if trial.tips.iter().any(|tip| !held.contains(tip)) {
        return Ok(TrialResult::NotPossible("the commits of one side could not be fetched".to_owned()));
    }
    let combined = match trial.strategy {
        CombineStrategy::Rebase => combine::rebase(mirror, &trial.tips),
        CombineStrategy::Merge => combine::merge(mirror, &trial.tips, message),
    };
    Ok(match combined {
        Ok(Combined::Tip(tip)) => TrialResult::Tip(tip),
        Ok(Combined::NotPossible(obstacle)) => TrialResult::NotPossible(obstacle.to_string()),
        // A trial that cannot be made is one that gave nothing: a person decides, the rest goes on.
        Err(error) => TrialResult::NotPossible(error.to_string()),
    })
}

/// Words a merge so that the same tips always give the same commit.
fn message(subject: Subject<'_>, ancestry: &Ancestry, trial: &Trial) -> MergeMessage {
    let place =
        |tip: &Oid| {
            let mut places =
                subject.group.endpoints.iter().map(|endpoint| &endpoint.id).filter(|endpoint| {
                    subject.views.get(*endpoint).and_then(|view| view.get(&trial.name)) == Some(*tip)
                });
            places.next().map_or_else(|| tip.short(), ToString::to_string)
        };
    // What another tip contains is no parent of the merge.
    let is_parent =
        |tip: &&Oid| !trial.tips.iter().any(|other| other != *tip && ancestry.descends(*other, **tip) == Some(true));
    let places: Vec<String> = trial.tips.iter().filter(is_parent).map(place).collect();
    let (first, rest) = places.split_first().map_or(("", &[][..]), |(first, rest)| (first.as_str(), rest));
    let text = format!("Merge branch '{}' of {} into {first}\n", trial.name.short(), rest.join(" and "));
    MergeMessage::new(&text)
}

/// Lists the pull requests that show conflicts, at every endpoint that can have some.
async fn list(engine: &Engine, subject: Subject<'_>) -> Requests {
    let lists = subject.task.copies.iter().filter_map(|(id, copy)| {
        let Copy::Present { repository, .. } = copy else { return None };
        let endpoint = subject.group.endpoint(id)?;
        if endpoint.site.provider == Provider::Directory || subject.views.get(id)?.snapshot().is_none() {
            return None;
        }
        Some(async move {
            let listed = match engine.forge(endpoint) {
                Ok(forge) => forge.pulls(&repository.path, CONFLICT_PREFIX).await.map_err(|error| error.to_string()),
                Err(why) => Err(why),
            };
            (id.clone(), listed.map(|pulls| pulls.iter().filter_map(request).collect()))
        })
    });
    Requests { at: join_all(lists).await.into_iter().collect() }
}

fn request(pull: &refray_forge::Pull) -> Option<Request> {
    Some(Request {
        number: pull.number,
        url: pull.web_url.clone(),
        head: BranchName::new(&pull.head).ok()?,
        base: BranchName::new(&pull.base).ok()?,
        state: match pull.state {
            refray_forge::PullState::Open => RequestState::Open,
            refray_forge::PullState::Merged => RequestState::Merged,
            refray_forge::PullState::Closed => RequestState::Closed,
        },
        pair: Pair::find(&pull.body),
    })
}
