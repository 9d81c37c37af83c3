//! Small faithful forges in one process: the REST endpoints, git over smart HTTP and webhooks of GitHub, GitLab, Gitea and
//! Forgejo on loopback, over real bare repositories.
//!
//! ```no_run
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! use refray_sim::{Kind, Sim};
//!
//! let sim = Sim::builder().site("hub", Kind::GitHub).start().await?;
//! let hub = sim.site("hub");
//! hub.user("octo")?;
//! let token = hub.token("octo", &["repo"])?;
//! hub.create_repo("octo", "hello", Default::default())?;
//! hub.commit("octo", "hello", "main", &[("README.md", "hello\n")], "first")?;
//! println!("{} {}", hub.clone_url("octo/hello"), token.secret);
//! # Ok(())
//! # }
//! ```
//!
//! It is a test double and says so: it is no forge to host code on.

// The objects of the APIs are long, and `json!` goes one deeper with every field.
#![recursion_limit = "512"]
#![expect(clippy::result_large_err, reason = "a handler's error is the answer that it gives, and the rare one at that")]

mod admin;
mod dialect;
mod faults;
mod git;
mod gitea;
mod github;
mod gitlab;
mod hooks;
mod ids;
mod kind;
mod recording;
mod requests;
mod server;
mod sim;
mod site;
#[cfg(test)]
mod test_client;
pub mod world;

pub use faults::{Effect, Faults, ReceiveFault};
pub use hooks::{Delivery, DeliveryLog};
pub use kind::{Kind, UnknownKind};
pub use requests::{Logged, RequestLog};
pub use server::TlsError;
pub use sim::{Sim, SimBuilder, StartError};
pub use site::{
    Event, MergeMethod, NewPull, PullAction, PullPatch, RefChange, RepositoryAction, Site, SiteToken, Snapshot,
};
