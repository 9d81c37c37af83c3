//! What ssh's failures mean, and what a person can do about them.

use super::address::SshAddress;
use crate::child::ChildError;
use crate::transport::{TransportError, TransportErrorKind};
use crate::words::{SshComplaint, ssh_complaint};

/// How ssh ends when it fails by itself, rather than the program at the other end.
const OWN_FAILURE: i32 = 255;

/// How the shell ends when there is no such program.
const NO_PROGRAM: i32 = 127;

/// Explains a failure that came before the server's git said anything: nothing was sent.
pub(super) fn before_the_first_word(address: &SshAddress, error: &ChildError) -> TransportError {
    use TransportErrorKind as K;
    let (kind, message) = match error {
        ChildError::Spawn { source, .. } if source.kind() == std::io::ErrorKind::NotFound => {
            (K::Io, "there is no ssh here: install OpenSSH's client, or name another with `GIT_SSH_COMMAND`".to_owned())
        }
        ChildError::Failed { status, stderr, .. } => match (ssh_complaint(stderr), status.code()) {
            (Some((complaint, said)), _) => explain(address, complaint, &said),
            (None, Some(NO_PROGRAM)) => (K::Io, format!("the ssh command could not be run: {stderr}")),
            (None, Some(OWN_FAILURE)) => (K::Broken, said_or(stderr, "ssh gave no reason")),
            (None, _) => (K::Other, said_or(stderr, &format!("the server's program ended with {status}"))),
        },
        ChildError::Timeout { limit, .. } => (K::Timeout, format!("nobody answered within {} s", limit.as_secs())),
        error => later_kind(error),
    };
    TransportError::new(kind, address.to_string(), message)
}

/// Explains a failure in the middle of a conversation.
pub(super) fn later(address: &SshAddress, error: &ChildError) -> TransportError {
    let (kind, message) = later_kind(error);
    TransportError::new(kind, address.to_string(), message)
}

fn later_kind(error: &ChildError) -> (TransportErrorKind, String) {
    use TransportErrorKind as K;
    match error {
        ChildError::Failed { stderr, .. } => (K::Broken, stderr.clone()),
        ChildError::Timeout { limit, .. } => (K::Timeout, format!("nothing came for {} s", limit.as_secs())),
        ChildError::Spawn { source, .. } | ChildError::Io { source, .. } => (K::Io, source.to_string()),
        ChildError::TooMuch { .. } => (K::Other, String::new()),
    }
}

fn said_or(stderr: &str, otherwise: &str) -> String {
    if stderr.is_empty() { otherwise.to_owned() } else { stderr.to_owned() }
}

fn explain(address: &SshAddress, complaint: SshComplaint, said: &str) -> (TransportErrorKind, String) {
    use TransportErrorKind as K;
    let (host, port, to) = (address.known_as(), address.port_option(), address.destination());
    match complaint {
        SshComplaint::HostKeyUnknown => (
            K::HostKeyUnknown,
            format!(
                "run `ssh {port}{to}` once as the user that runs refray, compare the fingerprint with the one that the \
                 forge publishes, and say yes if it is the same"
            ),
        ),
        SshComplaint::HostKeyChanged => (
            K::HostKeyChanged,
            format!(
                "somebody may be listening in; if the forge says that it has a new key, remove the old one with \
                 `ssh-keygen -R '{host}'` and run `ssh {port}{to}` to take the new one"
            ),
        ),
        SshComplaint::KeyRefused => (
            K::KeyRefused,
            format!(
                "add the public key to the account on the forge, and see to it that `ssh {port}-o BatchMode=yes {to}` \
                 signs in for the user that runs refray: a key with a passphrase needs an agent ({said})"
            ),
        ),
        SshComplaint::Unreachable => {
            (K::Connect, format!("check the network, and the host and port that the forge gives for ssh ({said})"))
        }
        SshComplaint::TooSlow => (K::Timeout, said.to_owned()),
        SshComplaint::Settings => (K::Io, format!("correct the configuration of ssh ({said})")),
        SshComplaint::NoRepository => (K::NotFound, said.to_owned()),
        SshComplaint::NotAllowed => (
            K::Forbidden,
            format!("give the account that the ssh key belongs to the right to do this, or take another key ({said})"),
        ),
        SshComplaint::Dropped => (K::Broken, said.to_owned()),
    }
}
