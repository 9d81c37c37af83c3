//! Plans as files: made by a dry run, and carried out later on the same path as everything else.

mod carry;
mod gather;
mod prepare;

pub use carry::ApplyError;
pub(crate) use gather::Gathered;
