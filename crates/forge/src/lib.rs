//! The only crate that speaks HTTP to forges: one trait, one folder a forge, and manners that all of them share.

mod api;
mod connect;
mod credentials;
pub mod directory;
mod error;
pub mod git_http;
mod git_ssh;
pub mod gitea;
pub mod github;
pub mod gitlab;
pub mod http;

pub use api::{
    Account, BranchRules, Deletion, Forge, Hook, HookEvent, HookSpec, Lookup, NamespaceInfo, NewPull, NewRepository,
    Pull, PullState, Purpose, RepositoryPatch, Right,
};
pub use connect::connect;
pub use credentials::{CredentialError, Environment, resolve};
pub use error::{ErrorKind, ForgeError};
pub use http::{Identified, Options, Reached, identify, probe};
