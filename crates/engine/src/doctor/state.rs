//! What refray remembers: whether it can be opened and is sound.

use std::error::Error as _;
use std::path::Path;

use super::report::Check;
use crate::store::{SqliteStore, Store as _, StoreError};

const ABOUT: &str = "machine";
const CHECK: &str = "state file";

/// Looks at the store without making or changing it.
pub(super) async fn check(state_dir: &Path) -> Check {
    let looked = match SqliteStore::look(state_dir).await {
        Ok(Some(store)) => {
            let sound = store.is_sound().await;
            store.close().await;
            sound.map(|()| "can be read, and is sound")
        }
        Ok(None) => Ok("none yet; the first sync makes it"),
        // To be old is no fault: what comes next brings it up to date.
        Err(StoreError::Older { .. }) => Ok("of an earlier version; the next sync brings it up to date"),
        Err(error) => Err(error),
    };
    match looked {
        Ok(found) => Check::pass(ABOUT, CHECK, found),
        Err(error @ StoreError::Busy { .. }) => Check::warn(ABOUT, CHECK, error.to_string(), error.remedy()),
        Err(error) => {
            let why = error.source().map_or_else(String::new, |source| format!(": {source}"));
            Check::fail(ABOUT, CHECK, format!("{error}{why}"), error.remedy())
        }
    }
}
