//! Repositories that are reached through the user's own `ssh`.

mod address;
mod kept;
mod program;
mod remote;
#[cfg(test)]
mod tests;
mod trouble;

pub use address::{SshAddress, SshAddressError};
pub use program::{Ssh, SshOptions, SshProgram};
pub use remote::SshRemote;
