//! The state of one forge, in words that none of the four dialects owns.
//!
//! Everything here is data and rules about data; speaking HTTP or JSON about it is the dialects' work. A [`World`] is
//! `Clone`, which is how a whole site is rolled back.

mod access;
mod account;
mod bare;
mod clock;
mod commit;
mod error;
mod hook;
mod name;
mod protection;
mod pull;
mod repository;
mod state;
mod stored;
mod token;

pub use access::Access;
pub use account::{Account, AccountKind, Lock, Role};
pub use bare::{Bare, Merge, RefEntry};
pub use clock::Clock;
pub use commit::{Commit, Signature};
pub use error::{GitError, WorldError};
pub use hook::{ContentType, Hook, HookTarget};
pub use name::check_repository_name;
pub use protection::{Protection, PushRule};
pub use pull::{Comment, Pull, PullState};
pub use repository::{NewRepository, ObjectFormat, Repository, RepositoryPatch, Visibility};
pub use state::{Found, World};
pub use token::{Token, Viewer};
