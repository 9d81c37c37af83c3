//! Rights, against what the group's settings ask for.

use refray_core::config::MirrorGroup;
use refray_core::name::EndpointId;
use refray_forge::{Purpose, Right};

use super::report::Check;

/// What of a group's settings decides which rights are needed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wanted {
    /// Repositories are created where they are missing.
    pub create: bool,
    /// Repositories are deleted.
    pub delete: bool,
    /// Conflicts are shown in pull requests.
    pub requests: bool,
    /// Webhooks are installed.
    pub hooks: bool,
}

impl Wanted {
    /// Reads it off a group's settings and whether webhooks are installed.
    pub fn of(group: &MirrorGroup, hooks: bool) -> Self {
        let requests = group.conflict_resolution.opens_pull_requests();
        Self { create: group.create_missing, delete: group.delete_missing, requests, hooks }
    }

    /// Returns the setting that asks for a right; `None` when nothing does.
    const fn asked_by(self, purpose: Purpose) -> Option<&'static str> {
        match purpose {
            Purpose::Read | Purpose::Push | Purpose::Change => Some("syncing"),
            Purpose::Create if self.create => Some("`create_missing`"),
            Purpose::Delete if self.delete => Some("`delete_missing`"),
            Purpose::Hooks if self.hooks => Some("`[webhook].install`"),
            Purpose::PullRequests if self.requests => Some("`conflict_resolution`"),
            _ => None,
        }
    }
}

/// Judges all rights of an endpoint. What the forge does not tell is said once.
pub(super) fn judge_all(endpoint: &EndpointId, rights: &[Right], wanted: Wanted) -> Vec<Check> {
    let hidden = |right: &&Right| right.granted.is_none() && wanted.asked_by(right.purpose).is_some();
    let hidden: Vec<&Right> = rights.iter().filter(hidden).collect();
    if hidden.len() < 2 {
        return rights.iter().map(|right| judge(endpoint, right, wanted)).collect();
    }
    let told = rights.iter().filter(|right| !hidden.contains(right));
    let mut checks: Vec<Check> = told.map(|right| judge(endpoint, right, wanted)).collect();
    let listed = |text: &mut Vec<String>, item: String| {
        if !text.contains(&item) {
            text.push(item);
        }
    };
    let (mut operations, mut scopes, mut roles) = (Vec::new(), Vec::new(), Vec::new());
    for right in hidden {
        operations.push(right.operation.clone());
        for scope in right.scope.split(" and ") {
            listed(&mut scopes, format!("`{scope}`"));
        }
        if let Some(role) = &right.role {
            listed(&mut roles, role.clone());
        }
    }
    let roles = match roles.as_slice() {
        [] => String::new(),
        roles => format!(", and that the account is {}", roles.join(", and ")),
    };
    checks.push(Check::warn(
        endpoint,
        "other rights",
        format!("the forge does not tell without trying: {}", operations.join(", ")),
        format!("Check on the forge that the token has {}{roles}.", scopes.join(", ")),
    ));
    checks
}

/// Judges one right.
pub fn judge(endpoint: &EndpointId, right: &Right, wanted: Wanted) -> Check {
    let what = format!("right to {}", right.operation);
    let asked = wanted.asked_by(right.purpose);
    let role = right.role.as_deref();
    let give = || match role {
        Some(role) if right.lacks_role => format!("The account has to be {role}."),
        _ => format!("Give the token `{}`.", right.scope),
    };
    let missing = if right.lacks_role { "the account lacks it" } else { "missing" };
    match (right.granted, asked) {
        (Some(true), _) => Check::pass(endpoint, &what, "granted"),
        (Some(false), Some(asked)) => {
            Check::fail(endpoint, &what, format!("{missing}, and {asked} asks for it"), give())
        }
        (Some(false), None) if right.purpose == Purpose::Workflows => {
            Check::warn(endpoint, &what, "missing: commits that touch `.github/workflows` will be refused", give())
        }
        (Some(false), None) => {
            Check::pass(endpoint, &what, format!("{missing}, and nothing in the configuration asks for it"))
        }
        (None, None) if right.purpose != Purpose::Workflows => {
            Check::pass(endpoint, &what, "not told by the forge, and nothing in the configuration asks for it")
        }
        (None, _) => {
            let role = role.map(|role| format!(", and that the account is {role}")).unwrap_or_default();
            Check::warn(
                endpoint,
                &what,
                "the forge does not tell without trying",
                format!("Check on the forge that the token has `{}`{role}.", right.scope),
            )
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::Level;

    #[test]
    fn a_missing_right_is_a_failure_only_where_it_is_asked_for() {
        let all = Wanted { create: true, delete: true, requests: true, hooks: true };
        let none = Wanted { create: false, delete: false, requests: false, hooks: false };
        let endpoint = EndpointId::new("github/ada").unwrap();
        let right = |purpose, granted| Right {
            purpose,
            operation: "x".into(),
            granted,
            scope: "s".into(),
            role: None,
            lacks_role: false,
        };
        for (purpose, with_all, with_none) in [
            (Purpose::Read, Level::Fail, Level::Fail),
            (Purpose::Push, Level::Fail, Level::Fail),
            (Purpose::Change, Level::Fail, Level::Fail),
            (Purpose::Workflows, Level::Warn, Level::Warn),
            (Purpose::Create, Level::Fail, Level::Pass),
            (Purpose::Delete, Level::Fail, Level::Pass),
            (Purpose::Hooks, Level::Fail, Level::Pass),
            (Purpose::PullRequests, Level::Fail, Level::Pass),
        ] {
            assert_eq!(judge(&endpoint, &right(purpose, Some(false)), all).level, with_all, "{purpose:?}");
            assert_eq!(judge(&endpoint, &right(purpose, Some(false)), none).level, with_none, "{purpose:?}");
            assert_eq!(judge(&endpoint, &right(purpose, Some(true)), all).level, Level::Pass);
            assert_eq!(judge(&endpoint, &right(purpose, None), all).level, Level::Warn);
            let untold = if with_none == Level::Pass { Level::Pass } else { Level::Warn };
            assert_eq!(judge(&endpoint, &right(purpose, None), none).level, untold, "{purpose:?}");
        }
    }
}
