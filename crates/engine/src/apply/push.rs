//! Writing references: one request an endpoint, and as many more as a hook that judges whole pushes makes necessary.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use futures_util::future::join_all;
use refray_core::config::{GitTransport, MirrorGroup, Provider};
use refray_core::event::Direction;
use refray_core::name::{BranchName, EndpointId, RefName, RepoName};
use refray_core::oid::{ObjectFormat, Oid};
use refray_core::outcome::Outcome;
use refray_core::plan::{RefUpdate, View, Views};
use refray_forge::Forge;
use refray_git::pack::SharedPack;
use refray_git::push::{PackSource, PushCommand, PushError, PushReport, PushRequest, RefOutcome, push};
use refray_git::transport::TransportErrorKind;
use refray_git::{Mirror, ProtocolError};

use super::{Paths, failed};
use crate::engine::Engine;
use crate::refusal::{self, Meaning};
use crate::transfer::Transfer;

/// What all pushes of a repository have in common.
#[derive(Clone, Copy)]
pub(super) struct Job<'a> {
    pub(super) engine: &'a Engine,
    pub(super) group: &'a MirrorGroup,
    pub(super) repository: &'a RepoName,
    pub(super) paths: &'a Paths,
    pub(super) views: &'a Views,
    pub(super) mirror: Option<&'a Arc<Mirror>>,
    pub(super) format: ObjectFormat,
    /// The branch that is created first: a forge takes it for the default branch of an empty repository.
    pub(super) first: Option<&'a BranchName>,
}

/// What became of the pushes.
#[derive(Default)]
pub(super) struct Pushed {
    pub(super) outcomes: Vec<(RefUpdate, Outcome)>,
    /// Something moved, or its fate is not known.
    pub(super) look_again: bool,
    /// What may have been done or not.
    pub(super) unknown: Vec<RefUpdate>,
}

/// Pushes to all endpoints at once. Endpoints that need the same objects share one pack.
pub(super) async fn push_all(job: Job<'_>, updates: &[&RefUpdate]) -> Pushed {
    let mut by_endpoint: BTreeMap<&EndpointId, Vec<&RefUpdate>> = BTreeMap::new();
    for update in updates {
        by_endpoint.entry(&update.endpoint).or_default().push(update);
    }
    let mut needs: BTreeMap<(Vec<Oid>, Vec<Oid>), usize> = BTreeMap::new();
    let mut wanted = BTreeMap::new();
    for (endpoint, updates) in &by_endpoint {
        let need = need(job.views.get(*endpoint), updates);
        *needs.entry(need.clone()).or_default() += 1;
        wanted.insert(*endpoint, need);
    }
    let mut packs: BTreeMap<&(Vec<Oid>, Vec<Oid>), SharedPack> = BTreeMap::new();
    if let (Some(mirror), Ok(git)) = (job.mirror, job.engine.git.get()) {
        for need in needs.keys().filter(|(wants, _)| !wants.is_empty()) {
            packs.insert(need, SharedPack::build(git, mirror, &need.0, &need.1));
        }
    }
    let pushes = by_endpoint.iter().map(|(endpoint, updates)| {
        let pack = packs.get(&wanted[*endpoint]).cloned();
        push_one(job, endpoint, updates, pack)
    });
    let mut all = Pushed::default();
    for pushed in join_all(pushes).await {
        all.outcomes.extend(pushed.outcomes);
        all.look_again |= pushed.look_again;
        all.unknown.extend(pushed.unknown);
    }
    all
}

/// Returns the objects that an endpoint is to get, and those that it has.
fn need(view: Option<&View>, updates: &[&RefUpdate]) -> (Vec<Oid>, Vec<Oid>) {
    let wants: BTreeSet<Oid> = updates.iter().filter_map(|update| update.new).collect();
    let has: BTreeSet<Oid> =
        view.and_then(View::snapshot).into_iter().flat_map(|snapshot| snapshot.refs.values().copied()).collect();
    (wants.difference(&has).copied().collect(), has.into_iter().collect())
}

async fn push_one(job: Job<'_>, endpoint: &EndpointId, updates: &[&RefUpdate], pack: Option<SharedPack>) -> Pushed {
    let give_up = |message: &str, remedy: &str| {
        let outcomes = updates.iter().map(|update| ((*update).clone(), failed(message, remedy)));
        Pushed { outcomes: outcomes.collect(), ..Pushed::default() }
    };
    let Some(configured) = job.group.endpoint(endpoint) else {
        return give_up("the endpoint is not configured any more", "Run again.");
    };
    let Some(path) = job.paths.get(endpoint) else {
        // Its creation failed, which has been told.
        return Pushed::default();
    };
    let forge = match job.engine.forge(configured) {
        Ok(forge) => forge,
        Err(message) => return give_up(&message, "Check the site in the configuration."),
    };
    let target = Target { job, endpoint, path, forge };
    let mut pushed = Pushed::default();
    // A hook that judges whole pushes is met by halving: what is refused alone is what it minds.
    let mut waiting: Vec<Vec<&RefUpdate>> = vec![updates.to_vec()];
    while let Some(batch) = waiting.pop() {
        match target.send(&batch, pack.clone()).await {
            Ok(report) => target.judge(&batch, report, &mut pushed, &mut waiting),
            Err(error) => target.failed(&batch, &error, &mut pushed),
        }
    }
    pushed
}

struct Target<'a> {
    job: Job<'a>,
    endpoint: &'a EndpointId,
    path: &'a str,
    forge: Arc<dyn Forge>,
}

impl Target<'_> {
    async fn send(&self, batch: &[&RefUpdate], pack: Option<SharedPack>) -> Result<PushReport, PushError> {
        let Job { engine, group, repository, format, first, .. } = self.job;
        let command = |update: &&RefUpdate| PushCommand { name: update.name.clone(), old: update.old, new: update.new };
        let progress = Transfer::new(engine, group, repository, self.endpoint, Direction::Push);
        let request = PushRequest {
            commands: batch.iter().map(command).collect(),
            pack: pack.map(PackSource::Shared),
            format,
            first: first.cloned(),
            progress: &progress,
        };
        let remote = self.forge.remote(self.path).map_err(|error| {
            let kind = TransportErrorKind::Other;
            let error = refray_git::transport::TransportError::new(kind, self.endpoint.as_str(), error.to_string());
            PushError::Protocol(error.into())
        })?;
        push(&*remote, &request).await
    }

    /// Turns a report into outcomes; what a whole-push hook refused together goes back to be sent apart.
    fn judge<'u>(
        &self,
        batch: &[&'u RefUpdate],
        report: PushReport,
        pushed: &mut Pushed,
        waiting: &mut Vec<Vec<&'u RefUpdate>>,
    ) {
        let messages = report.messages.join("\n");
        let mut together = Vec::new();
        for update in batch {
            let outcome = match report.outcomes.get(&update.name) {
                Some(RefOutcome::Ok { .. }) => Outcome::Done,
                Some(RefOutcome::Moved { .. }) => Outcome::Moved,
                Some(RefOutcome::Refused { reason }) if refusal::is_about_whole_push(reason) && batch.len() > 1 => {
                    together.push(*update);
                    continue;
                }
                Some(RefOutcome::Refused { reason }) => {
                    self.refused(update, reason, &messages, report.unpack_error.as_deref())
                }
                Some(RefOutcome::Unknown) => {
                    pushed.look_again = true;
                    pushed.unknown.push((*update).clone());
                    continue;
                }
                Some(RefOutcome::NotSent) | None => {
                    let why = report.stopped.as_ref().map_or_else(|| "it was not sent".to_owned(), ToString::to_string);
                    failed(&why, "Run again.")
                }
            };
            pushed.look_again |= outcome == Outcome::Moved;
            pushed.outcomes.push(((*update).clone(), outcome));
        }
        self.split(together, &report, &messages, pushed, waiting);
    }

    /// Sends apart what was refused together, but for what no other division would bring through: every try sends all
    /// objects once more.
    fn split<'u>(
        &self,
        together: Vec<&'u RefUpdate>,
        report: &PushReport,
        messages: &str,
        pushed: &mut Pushed,
        waiting: &mut Vec<Vec<&'u RefUpdate>>,
    ) {
        let told = |update: &RefUpdate| match report.outcomes.get(&update.name) {
            Some(RefOutcome::Refused { reason }) => {
                self.refused(update, reason, messages, report.unpack_error.as_deref())
            }
            _ => Outcome::Moved,
        };
        // Who names some of them does not speak of all, whatever the words are.
        let is_for_all = named(&together, messages).is_empty()
            && together.first().is_some_and(
                |update| matches!(told(update), Outcome::Refused { refusal, .. } if FOR_ALL.contains(&refusal.as_str())),
            );
        // What takes away may still be taken, once it is by itself.
        let writes = together.iter().any(|update| update.new.is_some());
        let (refused, apart): (Vec<_>, Vec<_>) =
            together.into_iter().partition(|update| is_for_all && (update.new.is_some() || !writes));
        pushed.outcomes.extend(refused.into_iter().map(|update| (update.clone(), told(update))));
        if is_for_all {
            waiting.extend((!apart.is_empty()).then_some(apart));
        } else {
            split(apart, messages, waiting);
        }
    }

    fn refused(&self, update: &RefUpdate, reason: &str, messages: &str, unpack: Option<&str>) -> Outcome {
        let said = [reason, unpack.unwrap_or_default(), messages];
        let remote = said[1..].join("\n");
        match refusal::judge(&update.name.to_string(), reason, &remote) {
            Meaning::Moved => Outcome::Moved,
            Meaning::Refused(refusal) => {
                tracing::debug!(endpoint = %self.endpoint, name = %update.name, reason, "refused");
                let lines = said.iter().flat_map(|text| text.lines()).map(str::trim);
                // Gitea puts what it says between two lines that say nothing.
                let lines = lines.filter(|line| !line.is_empty() && *line != "error:");
                Outcome::Refused {
                    refusal: refusal.code.to_owned(),
                    message: lines.take(MESSAGE_LINES).collect::<Vec<_>>().join("\n"),
                    remedy: refusal.remedy.to_owned(),
                }
            }
        }
    }

    fn failed(&self, batch: &[&RefUpdate], error: &PushError, pushed: &mut Pushed) {
        if matches!(error, PushError::OutcomeUnknown { .. }) {
            tracing::warn!(endpoint = %self.endpoint, repository = %self.job.repository, %error, "looking again");
            pushed.look_again = true;
            pushed.unknown.extend(batch.iter().map(|update| (*update).clone()));
            return;
        }
        let mut message = error.to_string();
        if let Some(source) = std::error::Error::source(error) {
            message = format!("{message}: {source}");
        }
        let denial = match error {
            PushError::Protocol(ProtocolError::Transport(error)) if is_denial(&error.kind) => {
                refusal::known(&error.message)
            }
            _ => None,
        };
        if let Some(denial) = denial {
            let outcome =
                Outcome::Refused { refusal: denial.code.to_owned(), message, remedy: denial.remedy.to_owned() };
            pushed.outcomes.extend(batch.iter().map(|update| ((*update).clone(), outcome.clone())));
            return;
        }
        let site = self.forge.site();
        let remedy = match error {
            PushError::Pack(_) => {
                "Check the space and the rights of the work directory; what is in it can be thrown away.".to_owned()
            }
            PushError::Protocol(ProtocolError::Transport(error)) => match error.kind {
                TransportErrorKind::Forbidden | TransportErrorKind::NotFound
                    if site.provider == Provider::Directory =>
                {
                    CHECK_PATH.to_owned()
                }
                // What ssh minds is told with what mends it.
                _ if site.transport == GitTransport::Ssh && !error.is_transient() => {
                    "Mend what is said there, then run again.".to_owned()
                }
                TransportErrorKind::Unauthorized | TransportErrorKind::Forbidden | TransportErrorKind::NotFound => {
                    format!("Give the token of site `{}` the right to push to the repository.", site.name)
                }
                TransportErrorKind::Io | TransportErrorKind::Other => CHECK_PATH.to_owned(),
                _ => "Run again later.".to_owned(),
            },
            _ => "Run again later; if it lasts, check that what answers there is a git server.".to_owned(),
        };
        pushed.outcomes.extend(batch.iter().map(|update| ((*update).clone(), failed(&message, &remedy))));
    }
}

/// Refusals that hold for whatever is written to the repository, each by its code in the catalogue.
const FOR_ALL: [&str; 5] = ["archived", "account_locked", "quota", "disk_full", "not_writable"];

/// Says whether the server turned the whole request away, which it may say more about.
const fn is_denial(kind: &TransportErrorKind) -> bool {
    use TransportErrorKind as K;
    matches!(kind, K::Unauthorized | K::Forbidden | K::NotFound | K::Refused { .. })
}

const CHECK_PATH: &str = "Check the path, its rights, and the space on the disk.";

/// How much of what a forge says is passed on.
const MESSAGE_LINES: usize = 12;

/// Returns the references that a hook names.
fn named<'u>(together: &[&'u RefUpdate], messages: &str) -> Vec<&'u RefUpdate> {
    let words: BTreeSet<&str> = messages
        .split(|c: char| c.is_whitespace() || matches!(c, '\'' | '"' | '`' | ',' | ':'))
        .map(|word| word.trim_end_matches('.'))
        .collect();
    let is_named = |name: &RefName| words.contains(name.short()) || words.contains(name.full().as_str());
    together.iter().copied().filter(|update| is_named(&update.name)).collect()
}

/// Splits a batch that a hook refused as a whole: those that it names from the rest if it names any, else in halves.
fn split<'u>(together: Vec<&'u RefUpdate>, messages: &str, waiting: &mut Vec<Vec<&'u RefUpdate>>) {
    if together.is_empty() {
        return;
    }
    let named = named(&together, messages);
    let rest: Vec<_> = together.iter().copied().filter(|update| !named.contains(update)).collect();
    if named.is_empty() || rest.is_empty() {
        let (one, other) = together.split_at(together.len() / 2);
        waiting.extend([other.to_vec(), one.to_vec()]);
    } else {
        // One at a time: each gets the hook's own words.
        waiting.extend(named.into_iter().map(|update| vec![update]));
        waiting.push(rest);
    }
    waiting.retain(|batch| !batch.is_empty());
}

#[cfg(test)]
mod tests {
    use refray_core::plan::Cause;

    use super::*;

    fn update(name: &str) -> RefUpdate {
        RefUpdate {
            endpoint: EndpointId::new("e").unwrap(),
            name: RefName::from_full(name).unwrap(),
            old: None,
            new: Oid::from_bytes(&[1; 20]).ok(),
            cause: Cause::Create,
        }
    }

    #[test]
    fn a_branch_that_the_hook_names_is_sent_apart() {
        let updates = [update("refs/heads/main"), update("refs/heads/a"), update("refs/tags/v1")];
        let mut waiting = Vec::new();
        split(updates.iter().collect(), "error: Not allowed to push to protected branch main", &mut waiting);
        assert_eq!(waiting, vec![vec![&updates[0]], vec![&updates[1], &updates[2]]]);
    }

    #[test]
    fn without_a_name_it_is_halved_until_it_is_alone() {
        let updates: Vec<_> = (0..5).map(|n| update(&format!("refs/heads/b{n}"))).collect();
        let mut waiting = Vec::new();
        split(updates.iter().collect(), "You are not allowed to push code to protected branches", &mut waiting);
        assert_eq!(waiting.iter().map(Vec::len).collect::<Vec<_>>(), [3, 2]);
    }
}
