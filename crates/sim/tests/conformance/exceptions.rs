//! What is right on the forges, though their descriptions do not have it. Each with the reason; one that nothing needs any
//! more makes the test fail.

use std::collections::BTreeSet;

/// Requests that are not described: the forges that take them, the method, the path with `*` for any part, and why.
const PATHS: &[(&[&str], &str, &str, &str)] = &[
];

/// Answers that are not described: the forges, the operation (`*` for all), the status, and why.
const STATUSES: &[(&[&str], &str, u64, &str)] = &[
];

/// Other things: the forges, the operation (`*` for all), the finding's beginning, and why.
const FINDINGS: &[(&[&str], &str, &str, &str)] = &[
];

/// Which of them were needed.
#[derive(Default)]
pub(crate) struct Exceptions {
    used: BTreeSet<(&'static str, usize, String)>,
}

impl Exceptions {
    pub(crate) fn allows_path(&mut self, kind: &str, method: &str, path: &str) -> bool {
        let fits = |pattern: &str| {
            let (own, given): (Vec<_>, Vec<_>) = (pattern.split('/').collect(), path.split('/').collect());
            own.len() == given.len() && own.iter().zip(&given).all(|(own, given)| *own == "*" || own == given)
        };
        let found = PATHS.iter().position(|(kinds, own, pattern, _)| kinds.contains(&kind) && *own == method && fits(pattern));
        self.note("path", found, kind)
    }

    pub(crate) fn allows_status(&mut self, kind: &str, operation: &str, status: u64) -> bool {
        let found = STATUSES
            .iter()
            .position(|(kinds, own, code, _)| kinds.contains(&kind) && (*own == "*" || *own == operation) && *code == status);
        self.note("status", found, kind)
    }

    pub(crate) fn allows_finding(&mut self, kind: &str, operation: &str, finding: &str) -> bool {
        let found = FINDINGS.iter().position(|(kinds, own, start, _)| {
            kinds.contains(&kind) && (*own == "*" || *own == operation) && finding.starts_with(start)
        });
        self.note("finding", found, kind)
    }

    fn note(&mut self, list: &'static str, found: Option<usize>, kind: &str) -> bool {
        if let Some(index) = found {
            self.used.insert((list, index, kind.to_owned()));
        }
        found.is_some()
    }

    /// Returns how many were needed, once for each forge.
    pub(crate) fn used(&self) -> usize {
        self.used.len()
    }

    /// Returns those that were not needed for a forge that they name.
    pub(crate) fn idle(&self) -> Vec<String> {
        let mut idle = Vec::new();
        let mut look = |list: &'static str, index: usize, kinds: &[&str], what: String| {
            for kind in kinds.iter().filter(|kind| !self.used.contains(&(list, index, (**kind).to_owned()))) {
                idle.push(format!("{kind}: {what}"));
            }
        };
        for (index, (kinds, method, path, _)) in PATHS.iter().enumerate() {
            look("path", index, kinds, format!("{method} {path}"));
        }
        for (index, (kinds, operation, status, _)) in STATUSES.iter().enumerate() {
            look("status", index, kinds, format!("{operation} with {status}"));
        }
        for (index, (kinds, operation, start, _)) in FINDINGS.iter().enumerate() {
            look("finding", index, kinds, format!("{operation}: {start}"));
        }
        idle
    }
}
