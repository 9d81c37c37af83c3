//! One running forge: its world, its repositories on disk, and everything that can be done to them.

mod event;
mod inner;
mod people;
mod pulls;
mod refs;
mod repositories;
mod snapshot;

pub(crate) use event::Emitted;
pub use event::{Event, PullAction, RefChange, RepositoryAction};
pub use inner::Site;
pub(crate) use inner::SiteParts;
pub use people::SiteToken;
pub use pulls::{MergeMethod, NewPull, PullPatch};
pub use snapshot::Snapshot;
