use std::collections::BTreeMap;

use super::repositories::{known, signature};
use super::{Event, PullAction, RefChange, Site};
use crate::Kind;
use crate::world::{PullState, Repository, WorldError};

impl Site {
    /// Adds a commit with these files to a branch as a push by the owner would, and returns its id.
    ///
    /// # Errors
    ///
    /// Fails when the repository is missing or git refuses.
    pub fn commit(
        &self,
        owner: &str,
        name: &str,
        branch: &str,
        files: &[(&str, &str)],
        message: &str,
    ) -> Result<String, WorldError> {
        let repository = self.repository(owner, name)?;
        let bare = self.bare(repository.id);
        let zeros = repository.object_format.zeros();
        let old = bare.branch(branch)?.unwrap_or_else(|| zeros.to_owned());
        let by = signature(&self.world(), repository.owner, self.clock().tick());
        let new = bare.commit_files(branch, files, message, &by)?;
        let change = RefChange { name: format!("refs/heads/{branch}"), old, new: new.clone() };
        self.refs_changed(repository.id, repository.owner, vec![change])?;
        Ok(new)
    }

    /// Moves, makes or deletes refs, each only if it holds what it is expected to, as a push would.
    ///
    /// # Errors
    ///
    /// Fails when the repository is missing, a ref has moved, or git refuses.
    pub fn change_refs(&self, id: u64, actor: u64, updates: &[(&str, &str, &str)]) -> Result<(), WorldError> {
        let bare = self.bare(id);
        let mut changes = Vec::new();
        let mut lines = Vec::new();
        for (name, old, new) in updates {
            let change = RefChange { name: (*name).to_owned(), old: (*old).to_owned(), new: (*new).to_owned() };
            lines.push((change.name.clone(), change.old.clone(), change.new.clone()));
            changes.push(change);
        }
        bare.update_refs(&lines)?;
        self.refs_changed(id, actor, changes)
    }

    /// Sets a ref to any value without asking anybody, as an administrator on the forge's own disk could, and tells the
    /// hooks.
    ///
    /// # Errors
    ///
    /// Fails when the repository is missing or git refuses.
    pub fn move_ref(&self, id: u64, name: &str, new: &str) -> Result<(), WorldError> {
        let zeros = known(&self.world(), id)?.object_format.zeros();
        let old = self.bare(id).resolve(name)?.unwrap_or_else(|| zeros.to_owned());
        if old == new {
            return Ok(());
        }
        let owner = known(&self.world(), id)?.owner;
        self.change_refs(id, owner, &[(name, &old, new)])
    }

    /// Does what a forge does once refs have moved: times, the first default branch, pull requests' heads, webhooks.
    ///
    /// # Errors
    ///
    /// Fails when the repository is missing or git refuses.
    pub fn refs_changed(&self, id: u64, actor: u64, changes: Vec<RefChange>) -> Result<(), WorldError> {
        if changes.is_empty() {
            return Ok(());
        }
        let bare = self.bare(id);
        let was_empty = known(&self.world(), id)?.empty;
        let first_default = if was_empty { self.first_default_branch(id, &changes)? } else { None };
        let filled = |change: &RefChange| !change.deleted() && (change.branch().is_some() || change.tag().is_some());
        let empty = !changes.iter().any(filled) && !bare.has_refs()?;
        let mut world = self.world();
        let mut repository = known(&world, id)?;
        let now = self.clock().tick();
        repository.updated = now;
        repository.pushed = Some(now);
        let late = was_empty && !empty && self.is_gitea() && self.faults().puts_off(id, first_default.as_deref());
        repository.empty = empty || late;
        if was_empty && !empty && !late {
            if let Some(branch) = first_default {
                self.choose(&mut repository, branch)?;
            }
            if changes.iter().any(|change| change.branch() == Some(repository.default_branch.as_str())) {
                self.protect_new_default(&mut world, &mut repository);
            }
        }
        world.repositories.insert(id, repository.clone());
        self.emit(&world, &repository, actor, Event::Push { changes: changes.clone() });
        drop(world);
        self.follow_heads(id, actor, &changes)
    }

    /// Counts an API request about a repository, after which what was pushed may be taken in.
    pub(crate) fn looked_at(&self, id: u64) -> Result<(), WorldError> {
        let Some(branch) = self.faults().look(id) else { return Ok(()) };
        let mut world = self.world();
        let mut repository = known(&world, id)?;
        repository.empty = false;
        if let Some(branch) = branch {
            self.choose(&mut repository, branch)?;
        }
        world.repositories.insert(id, repository);
        Ok(())
    }

    fn is_gitea(&self) -> bool {
        matches!(self.kind(), Kind::Gitea | Kind::Forgejo)
    }

    /// Makes a branch the default one of a repository that was empty.
    fn choose(&self, repository: &mut Repository, branch: String) -> Result<(), WorldError> {
        // Gitea and Forgejo take it that HEAD names what it names in a new repository.
        if !self.is_gitea() || branch != "main" {
            self.bare(repository.id).set_head(&branch)?;
        }
        repository.default_branch = branch;
        Ok(())
    }

    /// Returns the branch that becomes the default of a repository that was empty before this push.
    fn first_default_branch(&self, id: u64, changes: &[RefChange]) -> Result<Option<String>, WorldError> {
        let default = known(&self.world(), id)?.default_branch;
        let mut pushed = changes.iter().filter(|change| !change.deleted()).filter_map(RefChange::branch);
        let branches: Vec<&str> = pushed.by_ref().collect();
        // Gitea and Forgejo do not mind what was asked for when the repository was made.
        if !self.is_gitea() && branches.contains(&default.as_str()) {
            return Ok(None);
        }
        let usual = ["main", "master"].into_iter().find(|name| branches.contains(name));
        Ok(usual.or_else(|| branches.first().copied()).map(str::to_owned))
    }

    /// Lets open pull requests follow their head branch, and close when its commits have reached the base.
    fn follow_heads(&self, id: u64, actor: u64, changes: &[RefChange]) -> Result<(), WorldError> {
        let moved: BTreeMap<&str, &RefChange> =
            changes.iter().filter_map(|change| Some((change.branch()?, change))).collect();
        let open: Vec<_> = self.world().pulls_of(id).filter(|pull| pull.state == PullState::Open).cloned().collect();
        for mut pull in open {
            let now = self.clock().now();
            let head = moved.get(pull.head.as_str());
            let base = moved.get(pull.base.as_str());
            let mut action = None;
            if let Some(head) = head {
                if head.deleted() {
                    // GitLab keeps such a request open; the others close it.
                    if self.kind() != Kind::GitLab {
                        (pull.state, pull.closed) = (PullState::Closed, Some(now));
                        action = Some(PullAction::Closed);
                    }
                } else {
                    pull.head_oid.clone_from(&head.new);
                    self.bare(id).force_ref(&self.pull_ref(pull.number), &head.new)?;
                    action = Some(PullAction::Synchronized);
                }
            }
            if let Some(base) = base.filter(|base| !base.deleted()) {
                pull.base_oid.clone_from(&base.new);
                // Commits that reached the base by a push count as merged.
                if pull.state == PullState::Open && self.bare(id).is_ancestor(&pull.head_oid, &base.new)? {
                    (pull.state, pull.merged, pull.closed) = (PullState::Merged, Some(now), Some(now));
                    pull.merged_by = Some(actor);
                    pull.merge_oid = Some(base.new.clone());
                    action = Some(PullAction::Merged);
                }
            } else if base.is_some() && pull.state == PullState::Open {
                (pull.state, pull.closed) = (PullState::Closed, Some(now));
                action = Some(PullAction::Closed);
            }
            if let Some(action) = action {
                pull.updated = now;
                self.keep_pull(pull, actor, action)?;
            }
        }
        Ok(())
    }
}
