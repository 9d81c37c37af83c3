//! The user's own `ssh`.

use std::ffi::{OsStr, OsString};
use std::path::PathBuf;
use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Semaphore;

use super::address::SshAddress;
use super::kept::Kept;
use crate::child::{Child, ChildError, counted};
use crate::transport::{ProtocolMemory, ProtocolVersion, Service};

/// How long ssh may take to end when its stdout has ended.
const END: Duration = Duration::from_secs(30);

/// Which program is started.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum SshProgram {
    /// `ssh` from `PATH`.
    #[default]
    Usual,
    /// Another program that takes the options of OpenSSH's, as `GIT_SSH` names it.
    Other(PathBuf),
    /// A command line for the shell, as `GIT_SSH_COMMAND` has it.
    Line(String),
}

/// How a site's ssh is run.
#[derive(Debug, Clone)]
pub struct SshOptions {
    /// The program.
    pub program: SshProgram,
    /// Its whole environment: what ssh, its agent and its proxies need of the user's, and never a secret of refray's.
    pub environment: Vec<(OsString, OsString)>,
    /// How long a connection may take to come up.
    pub connect_timeout: Duration,
    /// How many conversations may be under way at once. An ssh server turns those away that come while many others have
    /// not signed in yet.
    pub at_once: usize,
}

/// The ssh of one site. Clones share what is remembered of the server, and the limit on conversations.
#[derive(Clone)]
pub struct Ssh {
    pub(super) inner: Arc<Inner>,
}

pub(super) struct Inner {
    pub(super) options: SshOptions,
    pub(super) slots: Arc<Semaphore>,
    pub(super) memory: ProtocolMemory,
    pub(super) kept: Kept,
}

impl Ssh {
    /// Prepares to run ssh. Nothing is started yet.
    pub fn new(options: SshOptions) -> Self {
        let slots = Arc::new(Semaphore::new(options.at_once.max(1)));
        Self { inner: Arc::new(Inner { options, slots, memory: ProtocolMemory::new(), kept: Kept::default() }) }
    }

    /// Starts a conversation with one of git's two programs on the server.
    pub(super) fn spawn(
        &self,
        address: &SshAddress,
        service: Service,
        version: ProtocolVersion,
    ) -> Result<Child, ChildError> {
        let options = &self.inner.options;
        let mut command = start(&options.program);
        command.args(arguments(options.connect_timeout, address, service));
        command.env_clear().envs(options.environment.iter().map(|(name, value)| (name, value)));
        // What the system says is recognised in English only.
        command.env("LC_ALL", "C").env("SSH_ASKPASS_REQUIRE", "never");
        if let Some(value) = version.header() {
            command.env("GIT_PROTOCOL", value);
        }
        command
            .current_dir("/")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .process_group(0)
            .kill_on_drop(true);
        counted(&mut command, "ssh", END)
    }
}

#[expect(clippy::disallowed_methods, reason = "this is the crate that starts processes")]
fn start(program: &SshProgram) -> tokio::process::Command {
    match program {
        SshProgram::Usual => tokio::process::Command::new("ssh"),
        SshProgram::Other(path) => tokio::process::Command::new(path),
        SshProgram::Line(line) => {
            let mut shell = tokio::process::Command::new("sh");
            shell.arg("-c").arg(format!("{line} \"$@\"")).arg(line);
            shell
        }
    }
}

/// Puts the arguments together. What is not said here is for the user's configuration to say: keys, host keys, proxies.
fn arguments(connect_timeout: Duration, address: &SshAddress, service: Service) -> Vec<OsString> {
    // Nobody is there to be asked; the server gets neither the agent nor a terminal nor a tunnel.
    let mut arguments: Vec<OsString> = ["-T", "-a", "-x"].map(OsString::from).into();
    let seconds = connect_timeout.as_secs().max(1);
    for option in [
        "BatchMode=yes".to_owned(),
        format!("ConnectTimeout={seconds}"),
        "ServerAliveInterval=30".to_owned(),
        "ClearAllForwardings=yes".to_owned(),
        "SendEnv=GIT_PROTOCOL".to_owned(),
    ] {
        arguments.extend([OsString::from("-o"), option.into()]);
    }
    if let Some(port) = address.port() {
        arguments.extend([OsString::from("-p"), port.to_string().into()]);
    }
    arguments.push(address.destination().into());
    arguments.push(format!("{service} {}", quote(address.path())).into());
    arguments
}

/// Quotes a path for the shell at the other end, in the way that git does, which some forges' servers rely on.
fn quote(path: &str) -> String {
    let mut quoted = String::with_capacity(path.len() + 2);
    quoted.push('\'');
    for c in path.chars() {
        match c {
            '\'' | '!' => {
                quoted.push_str("'\\");
                quoted.push(c);
                quoted.push('\'');
            }
            _ => quoted.push(c),
        }
    }
    quoted.push('\'');
    quoted
}

impl SshProgram {
    /// Chooses as git does: `GIT_SSH_COMMAND` before `GIT_SSH` before `ssh`.
    pub fn choose(line: Option<String>, path: Option<impl AsRef<OsStr>>) -> Self {
        match (line, path) {
            (Some(line), _) => Self::Line(line),
            (None, Some(path)) => Self::Other(path.as_ref().into()),
            (None, None) => Self::Usual,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_quoted_for_a_shell_elsewhere() {
        for (path, expected) in
            [("o/r.git", "'o/r.git'"), ("/a b/$(id).git", "'/a b/$(id).git'"), ("it's!", "'it'\\''s'\\!''")]
        {
            assert_eq!(quote(path), expected);
        }
    }

    #[test]
    fn checks_of_host_keys_are_never_touched_and_nothing_is_asked() {
        let address = "ssh://git@git.example:2222/o/r.git".parse().unwrap();
        let arguments = arguments(Duration::from_secs(15), &address, Service::ReceivePack);
        let text: Vec<&str> = arguments.iter().filter_map(|argument| argument.to_str()).collect();
        assert_eq!(
            text.join(" "),
            "-T -a -x -o BatchMode=yes -o ConnectTimeout=15 -o ServerAliveInterval=30 -o ClearAllForwardings=yes \
             -o SendEnv=GIT_PROTOCOL -p 2222 git@git.example git-receive-pack '/o/r.git'"
        );
        assert_eq!(text[text.len() - 2..], ["git@git.example", "git-receive-pack '/o/r.git'"]);
    }

    #[test]
    fn gits_own_variables_choose_the_program() {
        let none: Option<&str> = None;
        assert_eq!(SshProgram::choose(None, none), SshProgram::Usual);
        assert_eq!(SshProgram::choose(None, Some("/opt/ssh")), SshProgram::Other("/opt/ssh".into()));
        assert_eq!(SshProgram::choose(Some("ssh -i k".into()), Some("x")), SshProgram::Line("ssh -i k".into()));
    }
}
