//! Carrying a plan for one repository's webhooks out.

use refray_core::config::Endpoint;
use refray_core::name::{GroupName, RepoName};
use refray_forge::{ErrorKind, Forge, ForgeError, Hook as Seen, HookSpec};

use super::plan::{Goal, HookPlan, State, Step, plan};
use super::remedy::remedy;
use super::report::{Change, ChangeKind, HookReport};
use super::target::Target;
use crate::engine::Engine;
use crate::lock::RepoLock;
use crate::store::{Hook as Remembered, SecretFingerprint, StoreError};

/// How often it is looked again when something was done by somebody else meanwhile, or its fate is unknown.
const ATTEMPTS: usize = 3;

/// What the locks of webhooks are kept under. They are not those of the repositories: an endpoint may be in several groups.
const LOCKS: &str = "webhooks";

/// What is wanted everywhere.
#[derive(Clone, Copy)]
pub(super) struct Order<'a> {
    pub(super) goal: Goal<'a>,
    /// What to make and repair with; `None` when only something is to go, or nothing is written.
    pub(super) spec: Option<&'a HookSpec>,
    /// Say what would be done only.
    pub(super) dry_run: bool,
}

/// Why one repository was not finished.
enum Failure {
    Forge(ForgeError),
    Other { message: String, remedy: String },
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        Self::Other { message: error.to_string(), remedy: error.remedy() }
    }
}

impl From<ForgeError> for Failure {
    fn from(error: ForgeError) -> Self {
        Self::Forge(error)
    }
}

/// Brings the webhooks of one repository at one endpoint into the wanted form.
pub(super) async fn settle(engine: &Engine, target: &Target, order: Order<'_>) -> HookReport {
    let mut report = HookReport {
        group: target.group.clone(),
        repository: target.repository.clone(),
        endpoint: target.endpoint.id.clone(),
        state: State::Unknown,
        faults: Vec::new(),
        changes: Vec::new(),
        foreign: 0,
        error: None,
        remedy: None,
    };
    if let Err(failure) = attempts(engine, target, order, &mut report).await {
        let (message, remedy) = match failure {
            Failure::Forge(error) => (error.to_string(), remedy(&target.endpoint.site, &error)),
            Failure::Other { message, remedy } => (message, remedy),
        };
        report.error = Some(message);
        report.remedy = Some(remedy);
    }
    report
}

async fn attempts(engine: &Engine, target: &Target, order: Order<'_>, report: &mut HookReport) -> Result<(), Failure> {
    let forge = engine
        .forge(&target.endpoint)
        .map_err(|message| Failure::Other { message, remedy: "Check the sites of the configuration.".to_owned() })?;
    let wants_one = !matches!(order.goal, Goal::Removed { .. });
    if target.archived && wants_one {
        report.state = State::Archived;
        return Ok(());
    }
    // Two that look at the same time would both find none.
    let _lock = if order.dry_run { None } else { Some(lock(engine, &target.endpoint, &target.repository).await?) };
    for attempt in 1..=ATTEMPTS {
        let memory = remembered(engine, &target.endpoint, &target.repository).await?;
        if let Goal::Removed { urls: [], .. } = order.goal
            && memory.is_empty()
        {
            report.state = State::Missing;
            return Ok(());
        }
        let hooks = forge.hooks(&target.path).await?;
        let plan = plan(order.goal, &hooks, &memory, target.archived);
        if attempt == 1 {
            report.state = plan.state;
            report.faults.clone_from(&plan.faults);
            report.foreign = plan.foreign;
        }
        if order.dry_run {
            // A mere look intends nothing.
            let looks = wants_one && order.spec.is_none();
            report.changes = plan.steps.iter().filter(|_| !looks).map(intended).collect();
            return Ok(());
        }
        match carry_out(engine, &*forge, target, order, &plan, &mut report.changes).await {
            Err(Failure::Forge(error)) if attempt < ATTEMPTS && is_worth_a_look(&error) => {}
            ended => return ended,
        }
    }
    Ok(())
}

/// Says whether a second look may find that all is well: it was done after all, or by somebody else.
fn is_worth_a_look(error: &ForgeError) -> bool {
    error.kind == ErrorKind::AlreadyExists || error.may_have_happened()
}

async fn carry_out(
    engine: &Engine,
    forge: &dyn Forge,
    target: &Target,
    order: Order<'_>,
    plan: &HookPlan,
    changes: &mut Vec<Change>,
) -> Result<(), Failure> {
    for step in &plan.steps {
        match (step, order.spec) {
            (Step::Create, Some(spec)) => {
                let made = forge.create_hook(&target.path, spec).await?;
                remember(engine, target, order, spec, &made).await?;
                changes.push(Change { kind: ChangeKind::Created, hook: Some(made.id), url: None });
            }
            (Step::Repair { id, url }, Some(spec)) => {
                let repaired = forge.update_hook(&target.path, id, spec).await?;
                remember(engine, target, order, spec, &repaired).await?;
                let change = Change { kind: ChangeKind::Repaired, hook: Some(repaired.id), url: Some(url.clone()) };
                changes.push(change);
            }
            (Step::Remove { id, .. }, _) => {
                forge.delete_hook(&target.path, id).await?;
                changes.push(intended(step));
            }
            // Whoever wants one says what it is to be like.
            (_, None) => {}
        }
    }
    for url in &plan.forget {
        engine.store.remove_hook(&target.endpoint.id, &target.repository.key(), url).await?;
    }
    Ok(())
}

fn intended(step: &Step) -> Change {
    match step {
        Step::Create => Change { kind: ChangeKind::Created, hook: None, url: None },
        Step::Repair { id, url } => {
            Change { kind: ChangeKind::Repaired, hook: Some(id.clone()), url: Some(url.clone()) }
        }
        Step::Remove { id, url } => {
            Change { kind: ChangeKind::Removed, hook: Some(id.clone()), url: Some(url.clone()) }
        }
    }
}

async fn remember(
    engine: &Engine,
    target: &Target,
    order: Order<'_>,
    spec: &HookSpec,
    made: &Seen,
) -> Result<(), StoreError> {
    let secret: Option<SecretFingerprint> = match order.goal {
        Goal::Installed(wanted) | Goal::Moved { to: wanted, .. } => wanted.secret,
        Goal::Removed { .. } => None,
    };
    let hook = Remembered {
        endpoint: target.endpoint.id.clone(),
        repository: target.repository.clone(),
        url: spec.url.clone(),
        id: made.id.clone(),
        secret,
        changed: (engine.clock)(),
    };
    engine.store.put_hook(&hook).await
}

/// Returns what is remembered of a repository's webhooks at an endpoint.
pub(super) async fn remembered(
    engine: &Engine,
    endpoint: &Endpoint,
    repository: &RepoName,
) -> Result<Vec<Remembered>, StoreError> {
    let mut hooks = engine.store.hooks_of(&repository.key()).await?;
    hooks.retain(|hook| hook.endpoint == endpoint.id);
    Ok(hooks)
}

async fn lock(engine: &Engine, endpoint: &Endpoint, repository: &RepoName) -> Result<RepoLock, Failure> {
    let failed = |message: String, remedy: String| Failure::Other { message, remedy };
    let group = GroupName::new(LOCKS).map_err(|error| failed(error.to_string(), String::new()))?;
    let key = format!("{}/{}", endpoint.id, repository.key());
    let notice = || tracing::debug!(%repository, "its webhooks are being worked on");
    engine.locks.acquire(&group, &key, &notice).await.map_err(|error| failed(error.to_string(), error.remedy()))
}
