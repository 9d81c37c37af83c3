//! Fetching: what is missing comes in as one pack, is checked, and only then counts.

mod error;
mod index;
mod negotiate;
mod request;
mod response;
mod run;

pub use error::FetchError;
pub(crate) use index::{Indexed, Indexer, check_connected};
pub use run::{FetchReport, FetchRequest, fetch};
