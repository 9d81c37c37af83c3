//! Repositories: what the rules for their default branch leave refray to do.

use refray_core::config::{ConflictResolution, Endpoint, MirrorGroup, Rewrites};
use refray_core::repository::Repository;
use refray_forge::BranchRules;

use super::examination::Examination;
use super::report::Check;

const CHECK: &str = "default branch";

/// Looks at one copy; `None` when there is nothing to say, as of an empty one.
pub(super) async fn check(
    examined: &Examination,
    group: &MirrorGroup,
    endpoint: &Endpoint,
    repository: &Repository,
) -> Option<Check> {
    let branch = repository.default_branch.as_ref()?;
    let about = format!("{}: {}", endpoint.id, repository.name);
    let forge = examined.forge(endpoint)?;
    match forge.branch_rules(&repository.path, branch).await {
        Ok(rules) => judge(&about, branch.as_str(), &rules, forces(group)),
        Err(error) => Some(Check::warn(about, CHECK, error.to_string(), error.remedy())),
    }
}

/// Says whether a group's settings may have refray force a default branch.
const fn forces(group: &MirrorGroup) -> bool {
    group.allow_force
        || matches!(group.rewrites, Rewrites::Always)
        || matches!(
            group.conflict_resolution,
            ConflictResolution::AutoRebase | ConflictResolution::AutoRebasePullRequest
        )
}

fn judge(about: &str, branch: &str, rules: &BranchRules, forces: bool) -> Option<Check> {
    if !rules.protected && rules.push != Some(false) {
        return None;
    }
    let wants = match rules.wants.as_slice() {
        [] => String::new(),
        wants => format!("; its rules want {}", wants.join(", ")),
    };
    let check = match (rules.push, rules.force) {
        (Some(false), _) => Check::fail(
            about,
            CHECK,
            format!("`{branch}` cannot be pushed to{wants}"),
            "Let the token's account push to it or bypass its rules; until then this side stays behind.",
        ),
        (None, _) => Check::warn(
            about,
            CHECK,
            format!("`{branch}` is protected, and whether it can be pushed to is not told{wants}"),
            "Check on the forge that the token's account may push to it.",
        ),
        (Some(true), Some(false)) if forces => Check::warn(
            about,
            CHECK,
            format!("`{branch}` can be pushed to but not forced{wants}"),
            "A rebase or a forced update of it will be refused there; allow it, or choose a strategy with pull requests.",
        ),
        (Some(true), _) => Check::pass(about, CHECK, format!("`{branch}` is protected and can be pushed to{wants}")),
    };
    Some(check)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::Level;

    #[test]
    fn rules_are_judged_by_what_refray_may_have_to_do() {
        let rules = |push, force| BranchRules { protected: true, push, force, ..BranchRules::free() };
        let level = |rules: &BranchRules, forces| judge("r", "main", rules, forces).map(|check| check.level);
        assert_eq!(level(&BranchRules::free(), true), None);
        assert_eq!(level(&rules(Some(false), Some(false)), false), Some(Level::Fail));
        assert_eq!(level(&rules(None, None), false), Some(Level::Warn));
        assert_eq!(level(&rules(Some(true), Some(false)), false), Some(Level::Pass));
        assert_eq!(level(&rules(Some(true), Some(false)), true), Some(Level::Warn));
        assert_eq!(level(&rules(Some(true), Some(true)), true), Some(Level::Pass));
    }
}
