use std::sync::Arc;
use std::time::Duration;

use refray_git::Git;

use super::cache::{MemoryCache, ValidatorCache};

/// How patient and how busy the client of a site is.
#[derive(Clone)]
pub struct Options {
    /// What the client calls itself.
    pub user_agent: String,
    /// How long a connection may take to come up.
    pub connect_timeout: Duration,
    /// How long one API request may take, answer included.
    pub api_timeout: Duration,
    /// How long a stream of git's may stand still.
    pub idle_timeout: Duration,
    /// How many API requests may be under way at once.
    pub api_concurrency: usize,
    /// How many git requests may be under way at once.
    pub git_concurrency: usize,
    /// How many ssh conversations may be under way at once. A server takes few that have not signed in yet, ten as a rule.
    pub ssh_concurrency: usize,
    /// How long one call may wait in all for limits to pass and for retries.
    pub patience: Duration,
    /// How often a call is tried when the forge names no time to wait.
    pub attempts: u32,
    /// The first wait between two tries; it doubles from try to try.
    pub backoff: Duration,
    /// How long it is taken for granted who is behind a token, and what a group is: long enough for many repositories in
    /// a row, too short for a service that runs for months to put one into a group that has another name by now.
    pub taken_for_granted: Duration,
    /// The git binary, for directory sites. Without it, it is looked for when it is first needed.
    pub git: Option<Git>,
    /// Where validators of earlier answers are kept.
    pub validators: Arc<dyn ValidatorCache>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            user_agent: concat!("refray/", env!("CARGO_PKG_VERSION")).to_owned(),
            connect_timeout: Duration::from_secs(15),
            api_timeout: Duration::from_secs(60),
            idle_timeout: Duration::from_secs(120),
            api_concurrency: 16,
            git_concurrency: 16,
            ssh_concurrency: 4,
            patience: Duration::from_secs(240),
            attempts: 5,
            backoff: Duration::from_millis(500),
            taken_for_granted: Duration::from_secs(60),
            git: None,
            validators: Arc::new(MemoryCache::default()),
        }
    }
}
