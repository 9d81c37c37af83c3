//! What is remembered from one run to the next.
//!
//! [`Store`] says what can be kept; [`SqliteStore`] keeps it in `state.db`. No other part of refray knows any SQL, so
//! that another backend, shared by several machines, is another implementation of the trait.

mod error;
mod interface;
mod journal;
mod queue;
mod remote;
mod repository;
mod sqlite;

pub use error::StoreError;
pub use interface::Store;
pub use journal::{ActionResult, ActionState, Intended, JournalAction, Run, Settled};
pub use queue::{Claim, Completion, Enqueued, QueueEntry, Ticket, Wake};
pub use remote::{Hook, Pull, PullState, SecretFingerprint};
pub(crate) use repository::is_good;
pub use repository::{Glance, Problem, RepoRecord, RepoRecordUpdate};
pub use sqlite::SqliteStore;
