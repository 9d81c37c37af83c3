//! Tells by what was said why something was not taken. The only file of this crate that looks at such texts.

use super::catalogue::{CATALOGUE, Known, Refusal};

/// What a refusal means for the run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Meaning {
    /// The reference is not where it was seen: look again.
    Moved,
    /// It does not take this reference.
    Refused(Refusal),
}

const UNKNOWN: Refusal =
    Refusal { code: "unknown", remedy: "Look at what the forge says, and try the same push by hand." };

/// Texts of git's own receive-pack that mean that somebody else was faster.
const MOVED: &[&str] = &[
    "incorrect old value provided",
    "reference already exists",
    "cannot lock ref",
    "failed to lock",
    "failed to update ref",
    "fetch first",
    "stale info",
];

/// What is said to be helpful, with the names of other branches in it (Gitea and Forgejo, GitHub, GitLab).
const INVITATIONS: &[&str] =
    &["create a new pull request for ", "create a pull request for ", "to create a merge request for "];

/// Judges why the reference of that full name was not taken: `reason` is the word in git's report, `remote` what the
/// server printed, possibly of other references too.
pub(crate) fn judge(name: &str, reason: &str, remote: &str) -> Meaning {
    // In the report these look like a name that somebody else was faster with.
    let in_the_way = format!("' exists; cannot create '{name}'");
    if remote.lines().any(|line| line.trim_end().ends_with(&in_the_way)) {
        return Meaning::Refused(known("directory/file conflict").unwrap_or(UNKNOWN));
    }
    if let Some(line) = remote.lines().find(|line| is_about_unwritable(name, line)) {
        return Meaning::Refused(known(line).unwrap_or(UNKNOWN));
    }
    if MOVED.iter().any(|moved| reason.to_lowercase().contains(moved)) {
        return Meaning::Moved;
    }
    Meaning::Refused(known(&format!("{reason}\n{remote}")).unwrap_or(UNKNOWN))
}

/// Finds the refusal that a text tells of.
pub(crate) fn known(text: &str) -> Option<Refusal> {
    find(text).map(|known| known.refusal)
}

pub(super) fn find(text: &str) -> Option<&'static Known> {
    let text = text.to_lowercase();
    let lines = text.lines().filter(|line| !INVITATIONS.iter().any(|begin| line.trim_start().starts_with(begin)));
    let text = lines.collect::<Vec<_>>().join("\n");
    CATALOGUE.iter().find(|known| holds_in_order(&text, known.parts))
}

/// Says whether a line tells that the reference's lock could not be made, and not because there is one.
fn is_about_unwritable(name: &str, line: &str) -> bool {
    let start = format!("cannot lock ref '{name}': Unable to create '");
    line.contains(&start) && !line.contains("': File exists")
}

/// Says whether a hook judged the push as a whole, so that one bad reference took all others with it.
pub(crate) fn is_about_whole_push(reason: &str) -> bool {
    reason.contains("pre-receive hook declined")
}

fn holds_in_order(text: &str, parts: &[&str]) -> bool {
    let mut rest = text;
    parts.iter().all(|part| match rest.find(part) {
        Some(at) => {
            rest = &rest[at + part.len()..];
            true
        }
        None => false,
    })
}
