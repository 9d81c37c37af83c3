//! The one path: observe, plan, apply, record. A command, a timer and a webhook all wake it for a repository.
//!
//! Nothing later in the line is used by anything earlier, and no function both decides and acts: what to do is decided by
//! [`refray_core::plan`] alone.

mod apply;
pub mod doctor;
mod doubt;
mod engine;
pub mod lock;
mod mirror;
mod named;
mod observe;
mod options;
mod planned;
mod reconcile;
mod record;
mod refusal;
pub mod restore;
mod run;
pub mod standing;
pub mod store;
mod transfer;
mod wake;
pub mod webhooks;
mod writing;

pub use engine::{Dirs, Engine, LazyGit};
pub use options::SyncOptions;
pub use planned::ApplyError;
pub use run::SyncError;
pub use wake::{Prints, Surveys, Visit};
pub use writing::Writing;
