//! What a store can do.

use std::collections::BTreeMap;

use async_trait::async_trait;
use jiff::Timestamp;
use refray_core::baseline::Baseline;
use refray_core::name::{EndpointId, GroupName, RefName, RepoName, SiteName};
use refray_core::oid::Oid;
use refray_core::outcome::{Action, RepoStatus, Summary};
use refray_core::plan::group::{Doubted, Renamed};
use refray_core::repository::{AccountId, ForgeId};

use super::error::StoreError;
use super::journal::{Intended, JournalAction, Run};
use super::queue::{Claim, Completion, Enqueued, QueueEntry, Ticket, Wake};
use super::remote::{Hook, Pull};
use super::repository::{Glance, Problem, RepoRecord, RepoRecordUpdate};

/// What is remembered from one run to the next.
///
/// Every method that writes is one transaction, and has reached the disk when it returns. Repositories are named by
/// their [key](RepoName::key) where only they are looked up. A method's future may be dropped at any point: then its
/// transaction has happened or it has not.
#[async_trait]
pub trait Store: Send + Sync {
    /// Returns the account that was last behind a site's token.
    async fn account(&self, site: &SiteName) -> Result<Option<AccountId>, StoreError>;

    /// Remembers the account behind a site's token; `None` forgets it.
    async fn set_account(&self, site: &SiteName, account: Option<&AccountId>) -> Result<(), StoreError>;

    /// Returns what is remembered of a group's repositories, by key.
    async fn group_state(&self, group: &GroupName) -> Result<BTreeMap<String, RepoRecord>, StoreError>;

    /// Returns how many repositories of each group stand how.
    async fn standing(&self) -> Result<Vec<(GroupName, RepoStatus, u64)>, StoreError>;

    /// Returns what a list says of a group's repositories, by key.
    async fn glances(&self, group: &GroupName) -> Result<Vec<Glance>, StoreError>;

    /// Returns what is remembered of one repository.
    async fn repository(&self, group: &GroupName, key: &str) -> Result<Option<RepoRecord>, StoreError>;

    /// Returns the groups and keys of the repositories of which `id` at `endpoint` is a copy.
    async fn find_copy(&self, endpoint: &EndpointId, id: &ForgeId) -> Result<Vec<(GroupName, String)>, StoreError>;

    /// Returns the keys of the repositories whose last run left something to be done.
    async fn failed(&self, group: &GroupName) -> Result<Vec<String>, StoreError>;

    /// Returns what was last agreed in a repository; nothing for an unknown one.
    async fn baseline(&self, group: &GroupName, key: &str) -> Result<Baseline, StoreError>;

    /// Returns the agreed value of one reference at one endpoint.
    async fn agreed(
        &self,
        group: &GroupName,
        key: &str,
        endpoint: &EndpointId,
        name: &RefName,
    ) -> Result<Option<Oid>, StoreError>;

    /// Records what a run found out about a repository. Returns how many rows of its baseline were written.
    async fn record(&self, update: RepoRecordUpdate<'_>) -> Result<u64, StoreError>;

    /// Records that a repository could not be worked on. Its copies and its baseline stay as they are; its fingerprint
    /// goes, so that the next run takes notice of it.
    async fn record_problem(
        &self,
        group: &GroupName,
        name: &RepoName,
        at: Timestamp,
        problem: &Problem,
    ) -> Result<(), StoreError>;

    /// Follows renames. They are taken as happening at once, so names may be exchanged. What was remembered under a new
    /// name, and was not itself renamed, is forgotten.
    async fn rename_all(&self, group: &GroupName, renamed: &[Renamed]) -> Result<(), StoreError>;

    /// Follows one rename.
    async fn rename(&self, group: &GroupName, from: &str, to: &RepoName) -> Result<(), StoreError> {
        self.rename_all(group, &[Renamed { from: from.to_owned(), to: to.clone() }]).await
    }

    /// Forgets a repository: its copies, baseline, requests and place in the queue. The journal keeps what was done.
    async fn forget(&self, group: &GroupName, key: &str) -> Result<(), StoreError>;

    /// Remembers of every copy on a site, whatever its group, that its absence does not count as a deletion: something on
    /// the site looks as if an old backup had been restored.
    async fn doubt_site(&self, site: &SiteName, reason: &str) -> Result<(), StoreError>;

    /// Remembers which absences are held, and which copies were seen again.
    async fn remember_doubts(
        &self,
        group: &GroupName,
        doubted: &[Doubted],
        cleared: &[(String, EndpointId)],
    ) -> Result<(), StoreError>;

    /// Writes a run's beginning to the journal. Ids are given by the caller and sort by time.
    async fn start_run(&self, run: &str, at: Timestamp, command: &str) -> Result<(), StoreError>;

    /// Writes a run's end to the journal.
    async fn finish_run(&self, run: &str, at: Timestamp, summary: &Summary) -> Result<(), StoreError>;

    /// Writes to the journal what is about to be done to a repository. What became of it is told to
    /// [`record`](Store::record); if the process ends before, the journal says that it was intended. A run that was not
    /// started begins with this, under the command `serve`.
    async fn begin_actions(
        &self,
        run: &str,
        group: &GroupName,
        name: &RepoName,
        at: Timestamp,
        actions: Vec<Action>,
    ) -> Result<Intended, StoreError>;

    /// Returns the newest runs, newest first.
    async fn runs(&self, limit: usize) -> Result<Vec<Run>, StoreError>;

    /// Returns a run.
    async fn run(&self, run: &str) -> Result<Option<Run>, StoreError>;

    /// Returns a run's actions in the order in which they were begun: all, or those on repositories with the key `repo`.
    async fn actions(&self, run: &str, repo: Option<&str>) -> Result<Vec<JournalAction>, StoreError>;

    /// Returns some of a run's actions in the order in which they were begun, from the `skip`th on.
    async fn some_actions(&self, run: &str, skip: usize, limit: usize) -> Result<Vec<JournalAction>, StoreError>;

    /// Returns the number of a run's actions.
    async fn count_actions(&self, run: &str) -> Result<usize, StoreError>;

    /// Returns the newest actions on a repository over all runs, newest first.
    async fn history(&self, group: &GroupName, key: &str, limit: usize) -> Result<Vec<JournalAction>, StoreError>;

    /// Returns the newest runs before the one with the id `before`, newest first.
    async fn runs_before(&self, before: &str, limit: usize) -> Result<Vec<Run>, StoreError>;

    /// Removes runs that began before `before`, and their actions. Returns how many.
    async fn prune_runs(&self, before: Timestamp) -> Result<u64, StoreError>;

    /// Puts a repository into the queue.
    async fn enqueue(&self, wakes: &[Wake]) -> Result<Vec<Enqueued>, StoreError>;

    /// Takes the entry that is most due and that nobody holds, if there is one, until `until`. What is urgent goes first,
    /// and what has been due for minutes counts as urgent; of equals, the group of which least is in hand.
    async fn claim(&self, holder: &str, now: Timestamp, until: Timestamp) -> Result<Option<Claim>, StoreError>;

    /// Makes a lease last until `until`. Returns whether it is still held.
    async fn renew(&self, claim: &Claim, until: Timestamp) -> Result<bool, StoreError>;

    /// Gives up a lease after the work was done. If the repository was woken meanwhile, it waits for another turn.
    async fn complete(&self, claim: &Claim, now: Timestamp) -> Result<Completion, StoreError>;

    /// Gives up a lease after the work failed. The repository is due again at `due`, or when it was woken meanwhile.
    async fn retry(&self, claim: &Claim, due: Timestamp) -> Result<Completion, StoreError>;

    /// Gives up a lease without having done the work, as when the process is to end. It does not count as a failure.
    async fn release(&self, claim: &Claim, now: Timestamp) -> Result<Completion, StoreError>;

    /// Takes every lease back, for whoever is certain that no holder is left. What was in hand counts as failed, and is
    /// due at `now`. Returns how many there were.
    async fn take_back(&self, now: Timestamp) -> Result<u64, StoreError>;

    /// Returns when there is next something to claim: the earliest due time or expiry.
    async fn next_due(&self) -> Result<Option<Timestamp>, StoreError>;

    /// Returns what waits now and is held by nobody.
    async fn tickets(&self) -> Result<Vec<Ticket>, StoreError>;

    /// Takes out of the queue what a look that began after the tickets were taken has found in agreement. What was woken or
    /// claimed since stays.
    async fn settle(&self, tickets: &[Ticket]) -> Result<(), StoreError>;

    /// Returns the whole queue, in the order in which it will be worked on.
    async fn queue(&self) -> Result<Vec<QueueEntry>, StoreError>;

    /// Returns the entry of one repository.
    async fn queued(&self, group: &GroupName, key: &str) -> Result<Option<QueueEntry>, StoreError>;

    /// Remembers a webhook, in place of the one that was remembered for its repository and address.
    async fn put_hook(&self, hook: &Hook) -> Result<(), StoreError>;

    /// Forgets a webhook.
    async fn remove_hook(&self, endpoint: &EndpointId, key: &str, url: &str) -> Result<(), StoreError>;

    /// Returns the webhooks of an endpoint.
    async fn hooks(&self, endpoint: &EndpointId) -> Result<Vec<Hook>, StoreError>;

    /// Returns the webhooks of a repository, at all endpoints.
    async fn hooks_of(&self, key: &str) -> Result<Vec<Hook>, StoreError>;

    /// Returns what secrets of webhooks are hashed with. It is made at random with the store and never changes.
    async fn hook_key(&self) -> Result<Vec<u8>, StoreError>;

    /// Remembers a pull request and how it stands.
    async fn put_pull(&self, pull: &Pull) -> Result<(), StoreError>;

    /// Returns the pull requests of a repository, open or not.
    async fn pulls(&self, group: &GroupName, key: &str) -> Result<Vec<Pull>, StoreError>;

    /// Returns the pull requests of a group that are open.
    async fn open_pulls(&self, group: &GroupName) -> Result<Vec<Pull>, StoreError>;

    /// Closes the store. What was written is safe without this as well; it only tidies up.
    async fn close(&self);
}
