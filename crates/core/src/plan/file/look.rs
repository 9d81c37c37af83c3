//! What a plan rests on, compared with what is there now.

use std::fmt::Display;

use crate::name::{EndpointId, RefName};
use crate::oid::Oid;
use crate::plan::action::{Cause, RepoPlan, RequestStep};
use crate::plan::file::model::{PlannedRepository, Seen, names, value};
use crate::plan::finding::{Finding, FindingKind};
use crate::plan::group::{Copy, RepoTask};
use crate::plan::view::{View, Views};

const REMEDY: &str =
    "Make the plan anew with `refray plan --out FILE`, or take what it does with this repository out of the file.";

/// Returns everything that the plan for a repository rests on and that is not as it was seen: references, default branches,
/// which copies there are and of which repository. `task` is `None` when the group has no such repository any more.
///
/// A plan that does nothing rests on nothing.
pub fn moved(planned: &PlannedRepository, task: Option<&RepoTask>, views: &Views) -> Vec<Finding> {
    if planned.plan.is_idle() {
        return Vec::new();
    }
    let Some(task) = task else {
        let message = "no endpoint has the repository any more, or the group's filters do not let it through";
        return vec![Finding::new(FindingKind::PlanMoved, message, REMEDY)];
    };
    let mut look = Look { planned, task, found: Vec::new() };
    for (endpoint, seen) in planned.seen.iter().filter(|(endpoint, _)| !planned.plan.apart.contains(*endpoint)) {
        look.copy(endpoint, seen, views.get(endpoint));
    }
    for endpoint in &planned.absent {
        if let Some(Copy::Present { repository, .. }) = task.copies.get(endpoint) {
            look.differs("the repository", endpoint, "absent", &repository.path);
        }
    }
    look.creates();
    look.deletes();
    look.found
}

/// Returns what planning anew would not do any more, though no reference moved: what is destructive and would now be held,
/// writes to endpoints that would now be held apart, and what shows a conflict in another way than it would be shown now.
pub fn doubted(plan: &RepoPlan, now: &RepoPlan) -> Vec<Finding> {
    let mut found = Vec::new();
    for endpoint in now.apart.difference(&plan.apart).filter(|endpoint| is_written(plan, endpoint)) {
        let message = format!("the repository on {endpoint} is another one of the same name by now");
        found.push(Finding::new(FindingKind::PlanMoved, message, REMEDY).side(endpoint, "?"));
    }
    let destructive = plan.updates.iter().filter(|update| update.cause.is_destructive());
    for update in destructive.filter(|update| now.held.contains_key(&update.name)) {
        let reasons = now.findings.iter().filter(|finding| finding.name.as_ref() == Some(&update.name));
        let why: Vec<&str> = reasons.map(|finding| finding.message.as_str()).collect();
        let message = format!("{} would not be written to {} any more", name_of(&update.name), update.endpoint);
        let message = if why.is_empty() { message } else { format!("{message}: {}", why.join("; ")) };
        found.push(Finding::new(FindingKind::PlanMoved, message, REMEDY).at(&update.name));
    }
    let shows = |cause| matches!(cause, Cause::Conflict | Cause::Resolved);
    for update in plan.updates.iter().filter(|update| shows(update.cause) && !now.updates.contains(update)) {
        let message = format!("{} would not be written to {} any more", name_of(&update.name), update.endpoint);
        found.push(Finding::new(FindingKind::PlanMoved, message, REMEDY).at(&update.name));
    }
    for request in plan.requests.iter().filter(|request| !now.requests.contains(request)) {
        let step = match request.step {
            RequestStep::Open => "opened",
            RequestStep::Refresh => "changed",
            RequestStep::Close => "closed",
        };
        let message = format!(
            "the pull request from `{}` into `{}` on {} would not be {step} any more",
            request.head, request.branch, request.endpoint
        );
        let name = RefName::Branch(request.branch.clone());
        found.push(Finding::new(FindingKind::PlanMoved, message, REMEDY).at(&name));
    }
    if plan.deletes.iter().any(|delete| !now.deletes.contains(delete)) {
        let why: Vec<&str> = now.findings.iter().map(|finding| finding.message.as_str()).collect();
        let message = format!("the repository would not be deleted any more: {}", why.join("; "));
        found.push(Finding::new(FindingKind::PlanMoved, message, REMEDY));
    }
    found
}

struct Look<'a> {
    planned: &'a PlannedRepository,
    task: &'a RepoTask,
    found: Vec<Finding>,
}

impl Look<'_> {
    fn copy(&mut self, endpoint: &EndpointId, seen: &Seen, view: Option<&View>) {
        let (id, path) = match self.task.copies.get(endpoint) {
            Some(Copy::Present { repository, .. }) => (&repository.id, &repository.path),
            Some(Copy::Delete(delete)) => (&delete.id, &delete.path),
            Some(Copy::Unreadable(why)) => return self.unreadable(endpoint, why),
            Some(Copy::Absent | Copy::Create(_)) | None => {
                let reported = self.reported(endpoint).unwrap_or_else(|| "nothing".to_owned());
                return self.differs("the repository", endpoint, &seen.path, &reported);
            }
        };
        if *path != seen.path {
            return self.differs("the repository", endpoint, &seen.path, path);
        }
        if *id != seen.id {
            let (planned, found) = (format!("the one with the id {}", seen.id.0), format!("one with the id {}", id.0));
            return self.differs("the repository", endpoint, &planned, &found);
        }
        let (snapshot, read_only) = match view {
            Some(View::Present { snapshot, read_only }) => (snapshot, read_only),
            Some(View::Unreadable(why)) => return self.unreadable(endpoint, why),
            Some(View::Absent | View::ToCreate) | None => return self.unreadable(endpoint, "it was not looked at"),
        };
        let plan = &self.planned.plan;
        if let Some(why) = read_only.as_deref().filter(|_| is_written(plan, endpoint)) {
            self.differs("the repository", endpoint, "writable", why);
        }
        if rests_on_default_branch(plan) && snapshot.default_branch != seen.default_branch {
            let text = |branch: &Option<_>| branch.as_ref().map_or_else(|| "none".to_owned(), ToString::to_string);
            let (planned, found) = (text(&seen.default_branch), text(&snapshot.default_branch));
            self.differs("the default branch", endpoint, &planned, &found);
        }
        let goes = plan.deletes.iter().any(|delete| delete.endpoint == *endpoint);
        let names = names(plan);
        let known = seen.refs.iter().filter(|(name, _)| goes || names.contains(*name));
        let new = snapshot.refs.keys().filter(|name| goes && !seen.refs.contains_key(name));
        for (name, planned) in known.map(|(name, planned)| (name, *planned)).chain(new.map(|name| (name, None))) {
            let found = value(snapshot, name);
            if found != planned {
                self.reference(name, endpoint, planned, found);
            }
        }
        for switch in plan.default_branches.iter().filter(|switch| switch.endpoint == *endpoint) {
            let name = RefName::Branch(switch.new.clone());
            let made = plan.updates.iter().any(|update| update.endpoint == *endpoint && update.name == name);
            if !made && value(snapshot, &name).is_none() {
                self.differs(&name_of(&name), endpoint, "there", "nothing");
            }
        }
    }

    fn creates(&mut self) {
        for create in &self.planned.plan.creates {
            match self.task.copies.get(&create.endpoint) {
                // Nobody may see more than may see the copies that there are now.
                Some(Copy::Create(now)) if create.visibility > now.visibility => {
                    let text = |visibility| format!("{visibility:?}").to_lowercase();
                    let (planned, found) = (text(create.visibility), text(now.visibility));
                    self.differs("the visibility of the new repository", &create.endpoint, &planned, &found);
                }
                // What is there has been reported.
                Some(Copy::Create(_) | Copy::Present { .. }) => {}
                _ => {
                    let why = self.reported(&create.endpoint).unwrap_or_else(|| "not created any more".to_owned());
                    self.differs("the repository", &create.endpoint, "to be created", &why);
                }
            }
        }
    }

    fn deletes(&mut self) {
        for delete in &self.planned.plan.deletes {
            if let Some(Copy::Present { .. }) = self.task.copies.get(&delete.endpoint) {
                let why: Vec<&str> = self.task.findings.iter().map(|finding| finding.message.as_str()).collect();
                let why = if why.is_empty() { "not deleted any more".to_owned() } else { why.join("; ") };
                self.differs("the repository", &delete.endpoint, "to be deleted", &why);
            }
        }
    }

    /// Returns what else is reported of a copy.
    fn reported(&self, endpoint: &EndpointId) -> Option<String> {
        // That it would be made anew is no reason why it is not there.
        let is_new = matches!(self.task.copies.get(endpoint), Some(Copy::Create(_)));
        let about = |finding: &&Finding| {
            finding.sides.contains_key(endpoint) && !(is_new && finding.kind == FindingKind::Deleted)
        };
        let finding = self.task.findings.iter().find(about);
        finding.map(|finding| finding.message.clone())
    }

    fn reference(&mut self, name: &RefName, endpoint: &EndpointId, planned: Option<Oid>, found: Option<Oid>) {
        let text = |oid: Option<Oid>| oid.map_or_else(|| "absent".to_owned(), |oid| oid.to_string());
        let message = sentence(&name_of(name), endpoint, text(planned), text(found));
        let side = found.map_or_else(|| "-".to_owned(), |oid| oid.to_string());
        self.found.push(Finding::new(FindingKind::PlanMoved, message, REMEDY).at(name).side(endpoint, side));
    }

    fn differs(&mut self, what: &str, endpoint: &EndpointId, planned: &str, found: &str) {
        let message = sentence(what, endpoint, planned, found);
        self.found.push(Finding::new(FindingKind::PlanMoved, message, REMEDY).side(endpoint, "?"));
    }

    fn unreadable(&mut self, endpoint: &EndpointId, why: &str) {
        let message = format!("{endpoint}, on which the plan rests, could not be read: {why}");
        self.found.push(Finding::new(FindingKind::PlanMoved, message, REMEDY).side(endpoint, "?"));
    }
}

fn sentence(what: &str, endpoint: &EndpointId, planned: impl Display, found: impl Display) -> String {
    format!("{what} on {endpoint} is not as the plan saw it: planned {planned}, found {found}")
}

fn name_of(name: &RefName) -> String {
    format!("the {} `{}`", if name.is_tag() { "tag" } else { "branch" }, name.short())
}

fn is_written(plan: &RepoPlan, endpoint: &EndpointId) -> bool {
    plan.updates.iter().any(|update| update.endpoint == *endpoint)
        || plan.default_branches.iter().any(|switch| switch.endpoint == *endpoint)
        || plan.requests.iter().any(|request| request.endpoint == *endpoint)
}

/// The default branch says what new copies get, what is switched, and which rewrites are followed.
fn rests_on_default_branch(plan: &RepoPlan) -> bool {
    !plan.creates.is_empty()
        || !plan.default_branches.is_empty()
        || !plan.deletes.is_empty()
        || plan.updates.iter().any(|update| update.cause.is_destructive())
}
