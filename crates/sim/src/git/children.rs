use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::process::Child;
use tokio::task::AbortHandle;

/// The git children that are at work for a site, so that all of them end with it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Children(Arc<Mutex<Table>>);

#[derive(Debug, Default)]
struct Table {
    last: u64,
    running: BTreeMap<u64, Child>,
}

/// Kills its child, and the task that feeds it, when dropped.
#[derive(Debug)]
pub(crate) struct Running {
    children: Children,
    key: u64,
    feeder: Option<AbortHandle>,
}

impl Children {
    /// Takes a child in, together with the task that feeds it.
    pub(crate) fn add(&self, child: Child, feeder: Option<AbortHandle>) -> Running {
        let mut table = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        table.last += 1;
        let key = table.last;
        table.running.insert(key, child);
        Running { children: self.clone(), key, feeder }
    }

    /// Kills all of them.
    pub(crate) fn end(&self) {
        let mut table = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for child in table.running.values_mut() {
            // One that has ended already needs no killing.
            drop(child.start_kill());
        }
    }
}

impl Running {
    /// Waits for the child to end by itself.
    pub(crate) async fn finish(mut self) {
        let child = self.take();
        if let Some(mut child) = child {
            // How it ended shows in its answer.
            drop(child.wait().await);
        }
    }

    fn take(&mut self) -> Option<Child> {
        self.children.0.lock().unwrap_or_else(PoisonError::into_inner).running.remove(&self.key)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if let Some(feeder) = &self.feeder {
            feeder.abort();
        }
        // Started with `kill_on_drop`: one that is still at work has lost its client.
        drop(self.take());
    }
}
