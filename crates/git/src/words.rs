//! What git only says in words. Each pattern is anchored and stands beside a recorded sample.

use refray_core::Oid;

/// What a failed git process complained of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Complaint {
    /// There is no repository at the path.
    NotARepository,
    /// The repository belongs to another user of this machine.
    SomebodyElses,
    /// An object that should be there is missing or unreadable.
    DamagedObjects,
}

/// Recognises the end of a git process's stderr, as [`bounded_text`](crate::child::bounded_text) made it.
pub(crate) fn complaint(stderr: &str) -> Option<Complaint> {
    stderr.split("; ").find_map(|line| {
        if line.starts_with("fatal: detected dubious ownership in repository at ") {
            Some(Complaint::SomebodyElses)
        } else if line.starts_with("fatal: not a git repository")
            || (line.starts_with("fatal: '") && line.ends_with("' does not appear to be a git repository"))
        {
            Some(Complaint::NotARepository)
        } else if line.starts_with("fatal: bad object ")
            || line.starts_with("error: Could not read ")
            || line.starts_with("fatal: unable to read ")
            || line.starts_with("fatal: missing blob object ")
            || line.starts_with("error: packfile ")
            || line.starts_with("fatal: packed object ")
        {
            Some(Complaint::DamagedObjects)
        } else {
            None
        }
    })
}

/// Recognises what a server says when an object that was asked for is not a reference of its any more.
pub(crate) fn want_refused(message: &str) -> Option<Oid> {
    let rest = message.strip_prefix("upload-pack: ").unwrap_or(message);
    rest.strip_prefix("not our ref ").and_then(|hex| hex.trim().parse().ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn recorded_samples_are_recognised() {
        for (sample, expected) in [
            ("fatal: '/srv/none.git' does not appear to be a git repository", Some(Complaint::NotARepository)),
            ("fatal: not a git repository: '/nonexistent'", Some(Complaint::NotARepository)),
            (
                "fatal: detected dubious ownership in repository at '/srv/a.git'; To add an exception for this directory, \
                 call:; git config --global --add safe.directory /srv/a.git",
                Some(Complaint::SomebodyElses),
            ),
            ("fatal: bad object 1111111111111111111111111111111111111111", Some(Complaint::DamagedObjects)),
            ("error: remote unpack failed: index-pack abnormal exit", None),
        ] {
            assert_eq!(complaint(sample), expected, "{sample}");
        }
        let hex = "0123456789abcdef0123456789abcdef01234567";
        assert_eq!(want_refused(&format!("upload-pack: not our ref {hex}")), hex.parse().ok());
        assert_eq!(want_refused("access denied"), None);
    }
}
