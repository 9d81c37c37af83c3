use std::ffi::OsString;

use refray_git::transport::{Ssh, SshOptions, SshProgram};

use crate::credentials::Environment;
use crate::http::Options;

/// What ssh, its agent, its key helpers and its proxies may need of the user's environment. Everything else stays away from
/// them, the variables that hold tokens first of all.
const HANDED_ON: &[&str] = &[
    "DBUS_SESSION_BUS_ADDRESS",
    "HOME",
    "KRB5CCNAME",
    "KRB5_CONFIG",
    "LOGNAME",
    "PATH",
    "SHELL",
    "SSH_AGENT_PID",
    "SSH_AUTH_SOCK",
    "SSH_SK_PROVIDER",
    "TMPDIR",
    "USER",
    "XDG_RUNTIME_DIR",
];

/// Returns the ssh of a site: the user's own, chosen as git chooses it.
pub(crate) fn ssh(environment: &dyn Environment, options: &Options) -> Ssh {
    let handed_on = HANDED_ON
        .iter()
        .filter_map(|name| Some((OsString::from(name), OsString::from(environment.var(name)?))))
        .collect();
    Ssh::new(SshOptions {
        program: SshProgram::choose(environment.var("GIT_SSH_COMMAND"), environment.var("GIT_SSH")),
        environment: handed_on,
        connect_timeout: options.connect_timeout,
        at_once: options.ssh_concurrency,
    })
}
