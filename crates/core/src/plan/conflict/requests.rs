//! Conflict branches and the pull requests that ask for them to be merged: what should be there, against what is.

use std::collections::{BTreeMap, BTreeSet};

use crate::name::{BranchName, EndpointId, RefName};
use crate::oid::Oid;
use crate::plan::action::{Cause, RefUpdate, RepoPlan, RequestAction, RequestStep};
use crate::plan::conflict::name::{conflict_branch, is_from, prefix, prefix_of};
use crate::plan::conflict::{Needs, Pair, Request, RequestState};
use crate::plan::finding::{Finding, FindingKind};
use crate::plan::side::Side;
use crate::plan::view::{View, World};

/// Collects what becomes of diverged branches, and plans what shows them.
pub(in crate::plan) struct Conflicts<'a> {
    world: &'a World<'a>,
    /// By endpoint and conflict branch: what it is to show.
    wanted: BTreeMap<(EndpointId, BranchName), Wanted>,
    asked: Vec<Asked>,
    /// What the conflict branches begin with whose branch is left as it is.
    undecided: BTreeSet<String>,
}

struct Wanted {
    branch: BranchName,
    pair: Pair,
}

/// A branch whose sides pull requests are to bring together.
struct Asked {
    branch: BranchName,
    tips: BTreeMap<EndpointId, Option<Oid>>,
    why: Option<String>,
}

impl<'a> Conflicts<'a> {
    pub(in crate::plan) const fn new(world: &'a World<'a>) -> Self {
        Self { world, wanted: BTreeMap::new(), asked: Vec::new(), undecided: BTreeSet::new() }
    }

    /// Leaves what shows a branch as it is.
    pub(in crate::plan) fn leave(&mut self, name: &RefName) {
        self.undecided.extend(name.branch().map(prefix));
    }

    /// Has a branch's sides brought together by pull requests. A side that exactly one of the diverged tips contains is
    /// forwarded to it: that loses nothing and leaves fewer requests.
    pub(in crate::plan) fn ask(
        &mut self,
        name: &RefName,
        sides: &[Side<'_>],
        why: Option<String>,
        plan: &mut RepoPlan,
    ) {
        let Some(branch) = name.branch() else { return };
        let contains = |tip: Oid, other: Oid| self.world.ancestry.descends(tip, other) == Some(true);
        let tips: BTreeSet<Oid> = sides.iter().filter_map(|side| side.tip).collect();
        let heads: Vec<Oid> = tips
            .iter()
            .copied()
            .filter(|tip| !tips.iter().any(|other| other != tip && contains(*other, *tip)))
            .collect();
        for side in sides {
            let Some(tip) = side.tip else { continue };
            let mut own = tip;
            let mut over = heads.iter().filter(|head| contains(**head, tip));
            if let (Some(head), None) = (over.next(), over.next())
                && *head != tip
                && !self.is_read_only(side.endpoint)
            {
                own = *head;
                plan.updates.push(RefUpdate {
                    endpoint: side.endpoint.clone(),
                    name: name.clone(),
                    old: Some(tip),
                    new: Some(own),
                    cause: Cause::FastForward,
                });
            }
            for other in heads.iter().copied().filter(|head| !contains(own, *head)) {
                let holders = sides.iter().filter(|side| side.tip == Some(other)).map(|side| side.endpoint);
                let source = holders.min_by_key(|endpoint| (self.world.conflicts.position(endpoint), *endpoint));
                let Some(Ok(head)) = source.map(|source| conflict_branch(branch, source)) else { continue };
                let wanted = Wanted { branch: branch.clone(), pair: Pair { own, other } };
                self.wanted.insert((side.endpoint.clone(), head), wanted);
            }
        }
        let tips = sides.iter().map(|side| (side.endpoint.clone(), side.tip)).collect();
        self.asked.push(Asked { branch: branch.clone(), tips, why });
    }

    fn is_read_only(&self, endpoint: &EndpointId) -> bool {
        matches!(self.world.views.get(endpoint), Some(View::Present { read_only: Some(_), .. }))
    }

    /// Plans what has to change so that exactly the wanted branches and requests are there.
    pub(in crate::plan) fn finish(self, members: &[&EndpointId], plan: &mut RepoPlan, needs: &mut Needs) {
        let shown = members.iter().any(|endpoint| !self.conflict_branches(endpoint).is_empty());
        if self.wanted.is_empty() && self.asked.is_empty() && !shown {
            return;
        }
        if self.world.conflicts.requests.is_none() {
            needs.requests = true;
        }
        let owners = owners(self.world, members);
        let mut kept: BTreeSet<(&EndpointId, &BranchName)> = BTreeSet::new();
        let mut links: Links<'_> = BTreeMap::new();
        let mut added: Added<'_> = BTreeMap::new();
        for ((endpoint, head), wanted) in &self.wanted {
            if self.is_read_only(endpoint) {
                continue;
            }
            let listed = self.listed(endpoint);
            let own = || {
                let all = listed.and_then(|listed| listed.as_ref().ok()).into_iter().flatten();
                all.filter(|request| request.head == *head && request.base == wanted.branch)
            };
            let open = own().find(|request| request.state == RequestState::Open);
            if open.is_none() && own().any(|request| was_turned_down(request, wanted.pair)) {
                continue;
            }
            kept.insert((endpoint, head));
            if let Some(request) = open {
                links.entry(&wanted.branch).or_default().insert(endpoint, &request.url);
            }
            // Merged, but not in such a way that the sides came together, or closed: what is there has had its time.
            let is_over = open.is_none() && own().next().is_some();
            if !is_over && self.was_added_to(endpoint, head, wanted, open, &owners) {
                added.entry(&wanted.branch).or_default().push((endpoint, head));
                continue;
            }
            let update = self.show(endpoint, head, wanted, &owners);
            // While nobody can tell what was shown, somebody's work may be what would be overwritten.
            let is_blind = matches!(listed, Some(Err(_)));
            plan.updates.extend(update.filter(|update| !is_blind || update.cause != Cause::Rewrite));
            match (listed, open) {
                (Some(Ok(_)), None) => plan.requests.push(action(endpoint, head, wanted, None)),
                (Some(Ok(_)), Some(request)) if request.pair != Some(wanted.pair) => {
                    plan.requests.push(action(endpoint, head, wanted, Some(request.number)));
                }
                _ => {}
            }
        }
        self.clear(members, &kept, &owners, plan);
        self.report(&kept, &links, &added, plan);
    }

    /// Says whether a person works on a conflict branch: it holds what refray showed there, and more that no branch has. A
    /// forge's own editor for conflicts puts its merge there. That work stays until its request is merged or closed.
    fn was_added_to(
        &self,
        endpoint: &EndpointId,
        head: &BranchName,
        wanted: &Wanted,
        open: Option<&Request>,
        owners: &Owners,
    ) -> bool {
        let Some(tip) = self.conflict_branches(endpoint).get(&RefName::Branch(head.clone())).copied() else {
            return false;
        };
        // Without a request that says what was shown, it can only have been what is to be shown now.
        let shown = open.and_then(|request| request.pair).unwrap_or(wanted.pair).other;
        tip != shown
            && self.world.ancestry.descends(tip, shown) == Some(true)
            && self.world.ancestry.descends(wanted.pair.other, tip) != Some(true)
            && !self.is_elsewhere(owners, head, tip)
    }

    /// Returns what brings one conflict branch to the tip that it is to show.
    fn show(&self, endpoint: &EndpointId, head: &BranchName, wanted: &Wanted, owners: &Owners) -> Option<RefUpdate> {
        let name = RefName::Branch(head.clone());
        let old = self.conflict_branches(endpoint).get(&name).copied();
        let new = wanted.pair.other;
        if old == Some(new) {
            return None;
        }
        let keeps = |old| self.world.ancestry.descends(new, old) == Some(true) || self.is_elsewhere(owners, head, old);
        let cause = if old.is_none_or(keeps) { Cause::Conflict } else { Cause::Rewrite };
        Some(RefUpdate { endpoint: endpoint.clone(), name, old, new: Some(new), cause })
    }

    /// Closes and removes what is settled. What another installation may have made, and what shows a tip of an endpoint
    /// that cannot be read, stays.
    fn clear(
        &self,
        members: &[&EndpointId],
        kept: &BTreeSet<(&EndpointId, &BranchName)>,
        owners: &Owners,
        plan: &mut RepoPlan,
    ) {
        for endpoint in members.iter().copied().filter(|endpoint| !self.is_read_only(endpoint)) {
            let requests = self.listed(endpoint).and_then(|listed| listed.as_ref().ok()).into_iter().flatten();
            for request in requests.filter(|request| request.state == RequestState::Open) {
                if !kept.contains(&(endpoint, &request.head)) && self.is_settled(&request.head) {
                    plan.requests.push(RequestAction {
                        endpoint: endpoint.clone(),
                        step: RequestStep::Close,
                        branch: request.base.clone(),
                        head: request.head.clone(),
                        number: Some(request.number),
                        own: None,
                        other: None,
                    });
                }
            }
            for (name, old) in self.conflict_branches(endpoint) {
                let Some(head) = name.branch() else { continue };
                if kept.contains(&(endpoint, head)) || !self.is_settled(head) {
                    continue;
                }
                let cause = if self.is_elsewhere(owners, head, *old) { Cause::Resolved } else { Cause::Delete };
                let name = name.clone();
                plan.updates.push(RefUpdate { endpoint: endpoint.clone(), name, old: Some(*old), new: None, cause });
            }
        }
    }

    /// Says whether a conflict branch is one of this group's, of a branch that is judged, from an endpoint that was read.
    fn is_settled(&self, head: &BranchName) -> bool {
        let Some(start) = prefix_of(head.as_str()) else { return false };
        if self.undecided.contains(start) {
            return false;
        }
        let source = self.world.views.iter().find(|(endpoint, _)| is_from(head.as_str(), endpoint));
        source.is_some_and(|(_, view)| !matches!(view, View::Unreadable(_)))
    }

    fn report(
        &self,
        kept: &BTreeSet<(&EndpointId, &BranchName)>,
        links: &Links<'_>,
        added: &Added<'_>,
        plan: &mut RepoPlan,
    ) {
        for Asked { branch, tips, why } in &self.asked {
            let shown = self
                .wanted
                .iter()
                .any(|((endpoint, head), wanted)| wanted.branch == *branch && kept.contains(&(endpoint, head)));
            let because = why.as_ref().map_or_else(String::new, |why| format!(" ({why})"));
            let asked = self.wanted.iter().any(|((endpoint, _), wanted)| {
                wanted.branch == *branch && self.listed(endpoint).is_some() && !self.is_read_only(endpoint)
            });
            let (kind, message, remedy) = if shown && !asked {
                // Folders have no pull requests.
                (
                    FindingKind::InConflict,
                    format!(
                        "the branch `{branch}` has diverged{because}; conflict branches show each side what the others have"
                    ),
                    "Merge the branch below `refray/conflicts/` on one side, and push the result there; \
                     the next run brings it everywhere and removes the conflict branches.",
                )
            } else if shown {
                (
                    FindingKind::InConflict,
                    format!("the branch `{branch}` has diverged{because}; pull requests show both sides"),
                    "Merge one of them with a merge commit, or push a commit that contains both sides; \
                     the next run brings it everywhere and closes the rest.",
                )
            } else {
                (
                    FindingKind::Diverged,
                    format!(
                        "the branch `{branch}` has diverged{because}, and its pull requests were closed without merging"
                    ),
                    "Merge the sides by hand and push, or open the pull request again; refray opens another one when a tip \
                     moves on.",
                )
            };
            let places: Vec<String> =
                added.get(branch).into_iter().flatten().map(|(at, head)| format!("`{head}` on {at}")).collect();
            let message = if places.is_empty() {
                message
            } else {
                format!("{message}; what was added to {} stays until it is merged", places.join(" and "))
            };
            let mut finding = Finding::new(kind, message, remedy).at(&RefName::Branch(branch.clone()));
            for (endpoint, tip) in tips {
                finding = finding.side(endpoint, tip.map_or_else(|| "-".to_owned(), |oid| oid.to_string()));
            }
            for (endpoint, url) in links.get(branch).into_iter().flatten() {
                finding.links.insert((*endpoint).clone(), (*url).to_owned());
            }
            plan.findings.push(finding);
        }
        let unlisted = self.world.conflicts.requests.into_iter().flat_map(|requests| &requests.at);
        for (endpoint, why) in unlisted.filter_map(|(endpoint, listed)| Some((endpoint, listed.as_ref().err()?))) {
            plan.findings.push(
                Finding::new(
                    FindingKind::Unreadable,
                    format!("the pull requests on {endpoint} could not be listed: {why}"),
                    "None is opened or closed there until they can be; check the token's right to pull requests.",
                )
                .side(endpoint, "?"),
            );
        }
    }

    fn listed(&self, endpoint: &EndpointId) -> Option<&Result<Vec<Request>, String>> {
        self.world.conflicts.requests?.at.get(endpoint)
    }

    fn conflict_branches(&self, endpoint: &EndpointId) -> &'a BTreeMap<RefName, Oid> {
        static NONE: BTreeMap<RefName, Oid> = BTreeMap::new();
        self.world.views.get(endpoint).and_then(View::snapshot).map_or(&NONE, |snapshot| &snapshot.conflict_branches)
    }

    /// Says whether a conflict branch's tip is in the branch that it is about, at some endpoint: nothing is lost with it.
    fn is_elsewhere(&self, owners: &Owners, head: &BranchName, tip: Oid) -> bool {
        let tips = prefix_of(head.as_str()).and_then(|start| owners.get(start));
        tips.is_some_and(|tips| tips.iter().any(|other| self.world.ancestry.descends(*other, tip) == Some(true)))
    }
}

type Owners = BTreeMap<String, BTreeSet<Oid>>;

/// The pages of the open requests, by branch.
type Links<'a> = BTreeMap<&'a BranchName, BTreeMap<&'a EndpointId, &'a str>>;

/// The conflict branches that a person works on, by branch.
type Added<'a> = BTreeMap<&'a BranchName, Vec<(&'a EndpointId, &'a BranchName)>>;

/// Returns the tips of the branches that conflict branches are about, by what the conflict branches begin with.
pub(in crate::plan) fn owners(world: &World<'_>, members: &[&EndpointId]) -> Owners {
    let snapshots = || members.iter().filter_map(|endpoint| world.views.get(*endpoint)?.snapshot());
    let mut owners: Owners = snapshots()
        .flat_map(|snapshot| snapshot.conflict_branches.keys())
        .filter_map(|name| Some((prefix_of(name.short())?.to_owned(), BTreeSet::new())))
        .collect();
    if owners.is_empty() {
        return owners;
    }
    for (branch, tip) in snapshots().flat_map(|snapshot| snapshot.branches()) {
        if let Some(tips) = owners.get_mut(&prefix(branch)) {
            tips.insert(tip);
        }
    }
    owners
}

fn was_turned_down(request: &Request, pair: Pair) -> bool {
    request.state == RequestState::Closed && request.pair.is_none_or(|closed| closed == pair)
}

fn action(endpoint: &EndpointId, head: &BranchName, wanted: &Wanted, number: Option<u64>) -> RequestAction {
    RequestAction {
        endpoint: endpoint.clone(),
        step: if number.is_some() { RequestStep::Refresh } else { RequestStep::Open },
        branch: wanted.branch.clone(),
        head: head.clone(),
        number,
        own: Some(wanted.pair.own),
        other: Some(wanted.pair.other),
    }
}
