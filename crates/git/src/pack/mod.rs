//! Packs that are made once and sent to several remotes.

mod error;
mod shared;
mod spool;

pub use error::PackError;
pub use shared::SharedPack;
