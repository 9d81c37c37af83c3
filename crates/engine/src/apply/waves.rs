//! The order in which references are written.

use std::collections::BTreeSet;

use refray_core::name::RefName;
use refray_core::plan::{Cause, RefUpdate, RepoPlan};

/// References to write, in three goes.
pub(super) struct Waves<'a> {
    /// Rebases are forced first: where that is refused, nobody is forwarded to what not all can have.
    pub(super) rebased: Vec<&'a RefUpdate>,
    main: Vec<&'a RefUpdate>,
    /// An old default branch goes only after the new one was chosen, and a conflict branch only after its request was
    /// closed.
    late: Vec<&'a RefUpdate>,
}

impl<'a> Waves<'a> {
    /// Sorts updates of a plan.
    pub(super) fn of(plan: &RepoPlan, updates: impl IntoIterator<Item = &'a RefUpdate>) -> Self {
        let is_late = |update: &RefUpdate| {
            let switched = || plan.default_branches.iter().any(|switch| switch.endpoint == update.endpoint);
            update.new.is_none() && (update.name.is_conflict_branch() || switched())
        };
        let (late, now): (Vec<_>, Vec<_>) = updates.into_iter().partition(|update| is_late(update));
        let (rebased, main) = now.into_iter().partition(|update| update.cause == Cause::Rebase);
        Self { rebased, main, late }
    }

    /// Returns what is written second: not the branches of which a rebase was not carried out.
    pub(super) fn main_after(&self, is_done: impl Fn(&RefUpdate) -> bool) -> Vec<&'a RefUpdate> {
        let stuck: BTreeSet<&RefName> =
            self.rebased.iter().filter(|update| !is_done(update)).map(|update| &update.name).collect();
        self.main.iter().copied().filter(|update| !stuck.contains(&update.name)).collect()
    }

    /// Returns what is written last: not the conflict branches whose requests are still open. Without them nobody would
    /// look for those again.
    pub(super) fn late_after(&self, is_open: impl Fn(&RefUpdate) -> bool) -> Vec<&'a RefUpdate> {
        self.late.iter().copied().filter(|update| !is_open(update)).collect()
    }
}

#[cfg(test)]
mod tests {
    use refray_core::name::BranchName;
    use refray_core::oid::Oid;
    use refray_core::plan::DefaultSwitch;

    use super::*;

    fn update(endpoint: &str, branch: &str, new: bool, cause: Cause) -> RefUpdate {
        let oid: Oid = "1111111111111111111111111111111111111111".parse().unwrap();
        RefUpdate {
            endpoint: endpoint.parse().unwrap(),
            name: RefName::from_full(&format!("refs/heads/{branch}")).unwrap(),
            old: Some(oid),
            new: new.then_some(oid),
            cause,
        }
    }

    fn names(updates: &[&RefUpdate]) -> Vec<String> {
        updates.iter().map(|update| format!("{}:{}", update.endpoint, update.name.short())).collect()
    }

    #[test]
    fn what_others_depend_on_is_written_first_and_what_depends_on_others_last() {
        let updates = [
            update("a/x", "old-default", false, Cause::Delete),
            update("b/x", "old-default", false, Cause::Delete),
            update("a/x", "refray/conflicts/main/b", false, Cause::Resolved),
            update("a/x", "main", true, Cause::Rebase),
            update("b/x", "main", true, Cause::FastForward),
            update("b/x", "side", true, Cause::FastForward),
        ];
        let mut plan = RepoPlan::nothing("one".parse().unwrap());
        plan.default_branches.push(DefaultSwitch {
            endpoint: "a/x".parse().unwrap(),
            old: None,
            new: BranchName::new("main").unwrap(),
        });
        let waves = Waves::of(&plan, &updates);
        assert_eq!(names(&waves.rebased), ["a/x:main"]);
        assert_eq!(names(&waves.late_after(|_| false)), ["a/x:old-default", "a/x:refray/conflicts/main/b"]);
        assert_eq!(names(&waves.late_after(|update| update.name.is_conflict_branch())), ["a/x:old-default"]);
        assert_eq!(names(&waves.main_after(|_| true)), ["b/x:old-default", "b/x:main", "b/x:side"]);
        assert_eq!(names(&waves.main_after(|_| false)), ["b/x:old-default", "b/x:side"]);
    }
}
