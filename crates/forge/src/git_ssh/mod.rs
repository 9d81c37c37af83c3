//! Git over ssh, for sites with `transport = "ssh"`.

mod environment;
mod origin;
mod remote;

pub(crate) use environment::ssh;
pub(crate) use origin::Origin;
pub(crate) use remote::SshGit;
