//! Bare repositories in directories: the operations that a forge has an API for.

mod directory;
mod error;
mod snapshot;

pub use directory::{
    create, delete, description, identity, is_repository, list, rename, set_default_branch, set_description,
};
pub use error::LocalError;
pub use snapshot::snapshot;
