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

/// What ssh, or what a forge runs behind it, complained of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SshComplaint {
    /// Nobody has said yet that the host's key is the right one.
    HostKeyUnknown,
    /// The host's key is another one than before, or was revoked.
    HostKeyChanged,
    /// None of the user's keys is accepted.
    KeyRefused,
    /// There is no connection: refused, unreachable, no such host.
    Unreachable,
    /// There is no answer in time.
    TooSlow,
    /// The user's configuration of ssh is wrong.
    Settings,
    /// There is no such repository, or this key may not see it.
    NoRepository,
    /// This key may not do what was asked.
    NotAllowed,
    /// The server closed the connection before anything was said.
    Dropped,
}

/// Recognises what `ssh` and forges' own programs behind it write to stderr, as
/// [`bounded_text`](crate::child::bounded_text) made it, and returns the line that tells.
pub(crate) fn ssh_complaint(stderr: &str) -> Option<(SshComplaint, String)> {
    let lines = || stderr.split("; ").map(|line| line.strip_prefix("remote: ").unwrap_or(line));
    // The change of a key takes a page to tell, and ends like an unknown one.
    let changed = lines().find(|line| {
        line.contains("REMOTE HOST IDENTIFICATION HAS CHANGED")
            || (line.starts_with("Host key for ") && line.contains(" has changed and you have requested strict"))
            || line.contains("REVOKED HOST KEY DETECTED")
    });
    if let Some(line) = changed {
        return Some((SshComplaint::HostKeyChanged, line.trim_matches(['@', ' ']).to_owned()));
    }
    lines().find_map(|line| Some((line_complaint(line)?, line.to_owned())))
}

fn line_complaint(line: &str) -> Option<SshComplaint> {
    use SshComplaint as C;
    let starts = |prefixes: &[&str]| prefixes.iter().any(|prefix| line.starts_with(prefix));
    let own = line.strip_prefix("ssh: ");
    Some(if line == "Host key verification failed." {
        C::HostKeyUnknown
    } else if line.contains(": Permission denied (")
        || line.starts_with("Permission denied (")
        || starts(&["Received disconnect from "]) && line.contains("Too many authentication failures")
    {
        C::KeyRefused
    } else if line.ends_with("Connection timed out")
        || line.ends_with("Operation timed out")
        || line == "Connection timed out during banner exchange"
        || (starts(&["Connection to ", "Timeout, server "])
            && (line.ends_with(" timed out") || line.ends_with(" not responding.")))
    {
        C::TooSlow
    } else if own
        .is_some_and(|own| own.starts_with("connect to host ") || own.starts_with("Could not resolve hostname "))
    {
        C::Unreachable
    } else if starts(&["Bad owner or permissions on ", "Can't open user config file "])
        || line.contains(": Bad configuration option: ")
        || line.contains("terminating, ") && line.contains(" bad configuration option")
    {
        C::Settings
    } else if starts(&[
        "kex_exchange_identification: ",
        "ssh_exchange_identification: ",
        "Connection closed by ",
        "Connection reset by ",
    ]) {
        C::Dropped
    } else if starts(&[
        // GitHub, GitLab, Gitea and Forgejo, in this order; then git itself.
        "ERROR: Repository not found.",
        "ERROR: The project you were looking for could not be found",
        "The project you were looking for could not be found",
        "GitLab: The project you were looking for could not be found",
        "ERROR: A repository for this project does not exist yet.",
        "Gitea: Cannot find repository: ",
        "Forgejo: Cannot find repository: ",
        "Gitea: Unknown repository: ",
        "Forgejo: Unknown repository: ",
    ]) || (line.starts_with("fatal: '") && line.ends_with("' does not appear to be a git repository"))
    {
        C::NoRepository
    } else if (line.starts_with("ERROR: Permission to ") && line.contains(" denied to "))
        || starts(&[
            "ERROR: The key you are authenticating with has been marked as read only.",
            "ERROR: This repository was archived so it is read-only.",
            "ERROR: You are not allowed to ",
            "ERROR: You don't have permission ",
            "ERROR: This deploy key does not have write access to this project.",
            "GitLab: You are not allowed to ",
        ])
        || (starts(&["Gitea: ", "Forgejo: "])
            && (line.contains(" is not authorized to ")
                || line.contains(" is not allowed to ")
                || line.ends_with(" is archived. Write access is denied.")
                || line.contains("repo is archived")))
    {
        C::NotAllowed
    } else {
        return None;
    })
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

    #[test]
    fn recorded_samples_of_ssh_are_recognised() {
        use SshComplaint as C;
        for (sample, expected) in [
            ("Host key verification failed.", C::HostKeyUnknown),
            (
                "@    WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED!     @; IT IS POSSIBLE THAT SOMEONE IS DOING SOMETHING \
                 NASTY!; Host key for [127.0.0.1]:22422 has changed and you have requested strict checking.; Host key \
                 verification failed.",
                C::HostKeyChanged,
            ),
            (
                "…ou have requested strict checking.; Host key for h has changed and you have requested strict checking.; \
              Host key verification failed.",
                C::HostKeyChanged,
            ),
            ("git@github.com: Permission denied (publickey).", C::KeyRefused),
            (
                "no such identity: /home/ada/.ssh/id: No such file or directory; ada@127.0.0.1: Permission denied \
                 (publickey,password,keyboard-interactive).",
                C::KeyRefused,
            ),
            ("Received disconnect from 127.0.0.1 port 22:2: Too many authentication failures", C::KeyRefused),
            ("ssh: connect to host 127.0.0.1 port 1: Connection refused", C::Unreachable),
            ("ssh: connect to host 192.0.2.1 port 22: Network is unreachable", C::Unreachable),
            ("ssh: connect to host 192.0.2.1 port 22: Connection timed out", C::TooSlow),
            ("ssh: Could not resolve hostname nosuch.invalid: Name or service not known", C::Unreachable),
            ("Connection timed out during banner exchange; Connection to 192.0.2.1 port 22 timed out", C::TooSlow),
            ("Timeout, server git.example not responding.", C::TooSlow),
            (
                "kex_exchange_identification: read: Connection reset by peer; Connection reset by 127.0.0.1 port 22423",
                C::Dropped,
            ),
            ("kex_exchange_identification: Connection closed by remote host", C::Dropped),
            (
                "/home/ada/.ssh/config: line 1: Bad configuration option: nonsense; /home/ada/.ssh/config: terminating, 1 \
                 bad configuration options",
                C::Settings,
            ),
            ("Bad owner or permissions on /home/ada/.ssh/config", C::Settings),
            ("fatal: '/x' does not appear to be a git repository", C::NoRepository),
            ("ERROR: Repository not found.", C::NoRepository),
            (
                "remote: ; remote: ========================================================================; remote: ; \
                 remote: ERROR: The project you were looking for could not be found or you don't have permission to view \
                 it.; remote: ; remote: ========================================================================; remote: ",
                C::NoRepository,
            ),
            ("Gitea: Cannot find repository: ada/none", C::NoRepository),
            ("Forgejo: Cannot find repository: ada/none", C::NoRepository),
            ("ERROR: Permission to ada/one.git denied to bob.", C::NotAllowed),
            ("ERROR: The key you are authenticating with has been marked as read only.", C::NotAllowed),
            ("ERROR: This deploy key does not have write access to this project.", C::NotAllowed),
            ("remote: ERROR: You are not allowed to push code to this project.", C::NotAllowed),
            ("Gitea: User: 2:bob with Key: 3:laptop is not authorized to write to ada/one.", C::NotAllowed),
            ("Forgejo: Public (Deploy) Key: 3:ci is not authorized to read ada/one.", C::NotAllowed),
        ] {
            assert_eq!(ssh_complaint(sample).map(|(complaint, _)| complaint), Some(expected), "{sample}");
        }
        for sample in ["", "warning: remote port forwarding failed", "Killed by signal 15."] {
            assert_eq!(ssh_complaint(sample), None, "{sample}");
        }
    }
}
