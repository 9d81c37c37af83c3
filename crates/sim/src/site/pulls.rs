use super::repositories::{known, signature};
use super::{Event, PullAction, RefChange, Site};
use crate::Kind;
use crate::world::{Comment, Merge, Pull, PullState, WorldError};

/// How the commits of a pull request get into its base.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum MergeMethod {
    /// By a merge commit.
    #[default]
    Merge,
    /// By one commit that holds all their changes.
    Squash,
    /// By moving the base on, which must be possible.
    FastForward,
}

/// A pull request to open.
#[derive(Clone, Debug, Default)]
pub struct NewPull {
    /// Its title.
    pub title: String,
    /// Its text.
    pub body: String,
    /// The branch whose commits are offered.
    pub head: String,
    /// The branch that is to take them.
    pub base: String,
    /// Not ready to be merged.
    pub draft: bool,
    /// The names of its labels.
    pub labels: Vec<String>,
}

/// What is to change about a pull request; what is `None` stays.
#[derive(Clone, Debug, Default)]
pub struct PullPatch {
    /// Another title.
    pub title: Option<String>,
    /// Another text.
    pub body: Option<String>,
    /// Another branch to take the commits.
    pub base: Option<String>,
    /// Open (true) or closed (false).
    pub open: Option<bool>,
    /// Other labels.
    pub labels: Option<Vec<String>>,
}

impl Site {
    /// Returns the ref under which a request's head is kept.
    #[must_use]
    pub fn pull_ref(&self, number: u64) -> String {
        match self.kind() {
            Kind::GitLab => format!("refs/merge-requests/{number}/head"),
            Kind::GitHub | Kind::Gitea | Kind::Forgejo => format!("refs/pull/{number}/head"),
        }
    }

    /// Opens a pull request.
    ///
    /// # Errors
    ///
    /// Fails when a branch is missing, such a request is open already, or there is nothing to merge. GitLab opens one
    /// even when there is nothing to merge.
    pub fn open_pull(&self, repository: u64, author: u64, new: NewPull) -> Result<Pull, WorldError> {
        known(&self.world(), repository)?;
        let bare = self.bare(repository);
        let tip = |branch: &str| bare.branch(branch)?.ok_or_else(|| WorldError::NoBranch(branch.to_owned()));
        let (head_oid, base_oid) = (tip(&new.head)?, tip(&new.base)?);
        let twin = self
            .world()
            .pulls_of(repository)
            .find(|it| it.state == PullState::Open && it.head == new.head && it.base == new.base)
            .map(|it| it.number);
        if let Some(number) = twin {
            return Err(WorldError::PullExists { number });
        }
        let (base, head) = (new.base.clone(), new.head.clone());
        if self.kind() != Kind::GitLab && bare.is_ancestor(&head_oid, &base_oid)? {
            return Err(WorldError::NothingToMerge { base, head });
        }
        if self.kind() == Kind::GitHub && bare.merge_base(&base_oid, &head_oid)?.is_none() {
            return Err(WorldError::NoCommonHistory { base, head });
        }
        let now = self.clock().tick();
        let mut world = self.world();
        let id = world.next_id();
        let Some(it) = world.repositories.get_mut(&repository) else {
            return Err(WorldError::NoRepository(repository.to_string()));
        };
        it.last_pull += 1;
        it.updated = now;
        let number = it.last_pull;
        drop(world);
        bare.force_ref(&self.pull_ref(number), &head_oid)?;
        let pull = Pull {
            id,
            number,
            repository,
            author,
            title: new.title,
            body: new.body,
            head,
            base,
            head_oid,
            base_oid,
            state: PullState::Open,
            draft: new.draft,
            labels: new.labels,
            merge_oid: None,
            merged_by: None,
            created: now,
            updated: now,
            closed: None,
            merged: None,
        };
        self.keep_pull(pull.clone(), author, PullAction::Opened)?;
        Ok(pull)
    }

    /// Changes a pull request, closes or reopens it.
    ///
    /// # Errors
    ///
    /// Fails when it or its new base is missing, or when it was merged and is to be opened again.
    pub fn edit_pull(&self, repository: u64, number: u64, patch: PullPatch, actor: u64) -> Result<Pull, WorldError> {
        let mut pull = self.pull(repository, number)?;
        let mut action = PullAction::Edited;
        if let Some(base) = patch.base {
            let tip = self.bare(repository).branch(&base)?;
            pull.base_oid = tip.ok_or_else(|| WorldError::NoBranch(base.clone()))?;
            pull.base = base;
        }
        pull.title = patch.title.unwrap_or(pull.title);
        pull.body = patch.body.unwrap_or(pull.body);
        pull.labels = patch.labels.unwrap_or(pull.labels);
        pull.updated = self.clock().tick();
        match (patch.open, pull.state) {
            (Some(false), PullState::Open) => {
                (pull.state, pull.closed) = (PullState::Closed, Some(pull.updated));
                action = PullAction::Closed;
            }
            (Some(true), PullState::Closed) => {
                let head = self.bare(repository).branch(&pull.head)?;
                pull.head_oid = head.ok_or_else(|| WorldError::NoBranch(pull.head.clone()))?;
                (pull.state, pull.closed) = (PullState::Open, None);
                action = PullAction::Reopened;
            }
            (Some(true), PullState::Merged) => return Err(WorldError::NotOpen(number)),
            _ => {}
        }
        self.keep_pull(pull.clone(), actor, action)?;
        Ok(pull)
    }

    /// Merges a pull request for real. `head`, when given, is what its head must be.
    ///
    /// # Errors
    ///
    /// Fails when it is missing, not open, not where it was expected, or has conflicts.
    pub fn merge_pull(
        &self,
        repository: u64,
        number: u64,
        method: MergeMethod,
        head: Option<&str>,
        message: Option<&str>,
        actor: u64,
    ) -> Result<Pull, WorldError> {
        let pull = self.pull(repository, number)?;
        if pull.state != PullState::Open {
            return Err(WorldError::NotOpen(number));
        }
        if head.is_some_and(|head| head != pull.head_oid) {
            return Err(WorldError::HeadMoved(number));
        }
        let bare = self.bare(repository);
        let base = bare.branch(&pull.base)?.ok_or_else(|| WorldError::NoBranch(pull.base.clone()))?;
        let by = signature(&self.world(), actor, self.clock().tick());
        let merged = if method == MergeMethod::FastForward {
            if !bare.is_ancestor(&base, &pull.head_oid)? {
                return Err(WorldError::MergeConflict(number));
            }
            pull.head_oid.clone()
        } else {
            let Merge::Tree(tree) = bare.merge_trees(&base, &pull.head_oid)? else {
                return Err(WorldError::MergeConflict(number));
            };
            let usual = format!("Merge pull request #{number} from {}\n\n{}\n", pull.head, pull.title);
            let parents: &[&str] = if method == MergeMethod::Squash { &[&base] } else { &[&base, &pull.head_oid] };
            bare.commit_tree(&tree, parents, message.unwrap_or(&usual), &by)?
        };
        // Kept as merged first, so that the move of its base is not taken for somebody else's push.
        let mut done = pull.clone();
        done.state = PullState::Merged;
        done.base_oid.clone_from(&base);
        done.merge_oid = Some(merged.clone());
        done.merged_by = Some(actor);
        (done.updated, done.merged, done.closed) = (by.time, Some(by.time), Some(by.time));
        let name = format!("refs/heads/{}", pull.base);
        bare.update_refs(&[(name.clone(), base.clone(), merged.clone())])?;
        self.keep_pull(done.clone(), actor, PullAction::Merged)?;
        let change = RefChange { name, old: base, new: merged };
        self.refs_changed(repository, actor, vec![change])?;
        Ok(done)
    }

    /// Tells whether a pull request could be merged now.
    ///
    /// # Errors
    ///
    /// Fails when git does.
    pub fn mergeable(&self, pull: &Pull) -> Result<bool, WorldError> {
        let bare = self.bare(pull.repository);
        let Some(base) = bare.branch(&pull.base)? else { return Ok(false) };
        Ok(pull.state == PullState::Open && matches!(bare.merge_trees(&base, &pull.head_oid)?, Merge::Tree(_)))
    }

    /// Writes something below a pull request.
    ///
    /// # Errors
    ///
    /// Fails when it is missing.
    pub fn comment(&self, repository: u64, number: u64, author: u64, body: &str) -> Result<Comment, WorldError> {
        self.pull(repository, number)?;
        let now = self.clock().tick();
        let mut world = self.world();
        let id = world.next_id();
        let comment =
            Comment { id, repository, pull: number, author, body: body.to_owned(), created: now, updated: now };
        world.comments.insert(id, comment.clone());
        Ok(comment)
    }

    /// Returns a pull request.
    ///
    /// # Errors
    ///
    /// Fails when it is missing.
    pub fn pull(&self, repository: u64, number: u64) -> Result<Pull, WorldError> {
        self.world().pulls.get(&(repository, number)).cloned().ok_or(WorldError::NoPull(number))
    }

    pub(super) fn keep_pull(&self, pull: Pull, actor: u64, action: PullAction) -> Result<(), WorldError> {
        let mut world = self.world();
        let repository = known(&world, pull.repository)?;
        let number = pull.number;
        world.pulls.insert((pull.repository, number), pull);
        self.emit(&world, &repository, actor, Event::Pull { number, action });
        Ok(())
    }
}
