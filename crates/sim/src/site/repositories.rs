use std::fs;

use serde_json::Map;

use super::{Event, RepositoryAction, Site};
use crate::Kind;
use crate::world::{
    Account, NewRepository, Protection, PushRule, Repository, RepositoryPatch, Role, Signature, World, WorldError,
    check_repository_name,
};

impl Site {
    /// Makes a repository below an account, by its path, in the account's own name.
    ///
    /// # Errors
    ///
    /// Fails when the account is missing or the name is taken or not allowed.
    pub fn create_repo(&self, owner: &str, name: &str, options: NewRepository) -> Result<Repository, WorldError> {
        let owner = self.account(owner)?;
        let actor = if owner.is_user() { owner.id } else { owner.members.keys().next().copied().unwrap_or(owner.id) };
        self.create_repository(owner.id, NewRepository { path: name.to_owned(), ..options }, actor)
    }

    /// Makes a repository below an account, by id, and tells the hooks.
    ///
    /// # Errors
    ///
    /// Fails when the account is missing or the name is taken or not allowed.
    pub fn create_repository(&self, owner: u64, new: NewRepository, actor: u64) -> Result<Repository, WorldError> {
        let path = check_repository_name(self.kind(), &new.path)?;
        let mut world = self.world();
        let owner = world.accounts.get(&owner).cloned().ok_or_else(|| WorldError::NoAccount(owner.to_string()))?;
        let full_path = free_path(&world, &owner, &path)?;
        if let Some(limit) = owner.repository_limit
            && world.repositories_of(owner.id).count() >= limit
        {
            return Err(WorldError::LimitReached { limit });
        }
        let id = world.next_id();
        let now = self.clock().tick();
        let branch = new.default_branch.filter(|branch| !branch.is_empty()).unwrap_or_else(|| "main".to_owned());
        let bare = self.bare(id);
        bare.init(new.object_format, &branch)?;
        let mut repository = Repository {
            id,
            owner: owner.id,
            name: new.name.filter(|name| !name.is_empty()).unwrap_or_else(|| path.clone()),
            path,
            visibility: new.visibility,
            description: new.description,
            homepage: new.homepage,
            default_branch: branch.clone(),
            object_format: new.object_format,
            fork_of: new.fork_of,
            archived: false,
            disabled: false,
            empty: true,
            topics: new.topics,
            members: std::collections::BTreeMap::new(),
            protections: Vec::new(),
            marked_for_deletion: None,
            name_before_mark: None,
            settings: new.settings,
            last_pull: 0,
            created: now,
            updated: now,
            pushed: None,
        };
        if new.auto_init {
            let readme = format!("# {}\n\n{}\n", repository.name, repository.description);
            let by = signature(&world, actor, now);
            bare.commit_files(&branch, &[("README.md", &readme)], "Initial commit\n", &by)?;
            repository.empty = false;
            repository.pushed = Some(now);
            self.protect_new_default(&mut world, &mut repository);
        }
        // A new repository cuts the redirect that led from its name to another one.
        world.former_repositories.remove(&full_path.to_ascii_lowercase());
        world.repositories.insert(id, repository.clone());
        self.emit(&world, &repository, actor, Event::Repository(RepositoryAction::Created));
        Ok(repository)
    }

    /// Changes what is said about a repository, renames it too, and tells the hooks.
    ///
    /// # Errors
    ///
    /// Fails when the repository or the wished default branch is missing, or the name is taken or not allowed.
    pub fn update_repository(&self, id: u64, patch: RepositoryPatch, actor: u64) -> Result<Repository, WorldError> {
        if let Some(branch) = &patch.default_branch {
            let bare = self.bare(id);
            if bare.branch(branch)?.is_none() && bare.has_refs()? {
                return Err(WorldError::NoBranch(branch.clone()));
            }
            // Of an empty repository, Gitea and Forgejo only note it down.
            if !(known(&self.world(), id)?.empty && matches!(self.kind(), Kind::Gitea | Kind::Forgejo)) {
                bare.set_head(branch)?;
            }
        }
        let mut world = self.world();
        let before = known(&world, id)?;
        let owner = world.owner(&before).clone();
        let old_path = world.full_path(&before);
        let mut it = before.clone();
        if let Some(path) = patch.path {
            it.path = check_repository_name(self.kind(), &path)?;
            if !it.path.eq_ignore_ascii_case(&before.path) {
                free_path(&world, &owner, &it.path)?;
            }
            // Only GitLab shows another name than the one in the URL.
            if self.kind() != Kind::GitLab {
                it.name.clone_from(&it.path);
            }
        }
        it.name = patch.name.unwrap_or(it.name);
        it.visibility = patch.visibility.unwrap_or(it.visibility);
        it.description = patch.description.unwrap_or(it.description);
        it.homepage = patch.homepage.unwrap_or(it.homepage);
        it.default_branch = patch.default_branch.unwrap_or(it.default_branch);
        it.archived = patch.archived.unwrap_or(it.archived);
        it.disabled = patch.disabled.unwrap_or(it.disabled);
        it.topics = patch.topics.unwrap_or(it.topics);
        it.settings.extend(patch.settings);
        it.updated = self.clock().tick();
        world.repositories.insert(id, it.clone());
        if it.path != before.path {
            let new_path = world.full_path(&it);
            world.former_repositories.insert(old_path.to_ascii_lowercase(), id);
            world.former_repositories.remove(&new_path.to_ascii_lowercase());
        }
        for action in actions(&before, &it, &old_path) {
            self.emit(&world, &it, actor, Event::Repository(action));
        }
        Ok(it)
    }

    /// Gives a repository another name; the old one redirects from then on.
    ///
    /// # Errors
    ///
    /// Fails when the repository is missing or the name is taken or not allowed.
    pub fn rename(&self, owner: &str, name: &str, new_name: &str) -> Result<Repository, WorldError> {
        let repository = self.repository(owner, name)?;
        let patch = RepositoryPatch { path: Some(new_name.to_owned()), ..RepositoryPatch::default() };
        self.update_repository(repository.id, patch, repository.owner)
    }

    /// Gives a repository another owner, by id; the old path redirects from then on.
    ///
    /// # Errors
    ///
    /// Fails when one of them is missing or the new owner has a repository of that name.
    pub fn transfer_repository(&self, id: u64, new_owner: u64, actor: u64) -> Result<Repository, WorldError> {
        let mut world = self.world();
        let mut it = known(&world, id)?;
        let owner = world.accounts.get(&new_owner).cloned();
        let owner = owner.ok_or_else(|| WorldError::NoAccount(new_owner.to_string()))?;
        let (from, from_path) = (it.owner, world.full_path(&it));
        let new_path = free_path(&world, &owner, &it.path)?;
        it.owner = owner.id;
        it.updated = self.clock().tick();
        world.repositories.insert(id, it.clone());
        world.former_repositories.insert(from_path.to_ascii_lowercase(), id);
        world.former_repositories.remove(&new_path.to_ascii_lowercase());
        let action = RepositoryAction::Transferred { from, from_path };
        self.emit(&world, &it, actor, Event::Repository(action));
        Ok(it)
    }

    /// Deletes a repository at once, objects, hooks, redirects and all.
    ///
    /// # Errors
    ///
    /// Fails when it is missing.
    pub fn delete_repository(&self, id: u64, actor: u64) -> Result<(), WorldError> {
        let mut world = self.world();
        let repository = known(&world, id)?;
        self.emit(&world, &repository, actor, Event::Repository(RepositoryAction::Deleted));
        world.repositories.remove(&id);
        world.former_repositories.retain(|_, of| *of != id);
        world.pulls.retain(|(of, _), _| *of != id);
        world.comments.retain(|_, comment| comment.repository != id);
        world.hooks.retain(|_, hook| hook.target != crate::world::HookTarget::Repository(id));
        drop(world);
        let folder = self.repository_dir(id);
        // What a git child holds open goes when that child does, and few repositories have LFS objects.
        drop(fs::remove_dir_all(folder.with_extension("lfs")));
        drop(fs::remove_dir_all(folder));
        Ok(())
    }

    /// Marks a repository for deletion as GitLab does: it is archived and gives its name free, but stays for a while.
    ///
    /// # Errors
    ///
    /// Fails when it is missing.
    pub fn mark_for_deletion(&self, id: u64) -> Result<Repository, WorldError> {
        let mut world = self.world();
        let mut it = known(&world, id)?;
        if it.marked_for_deletion.is_none() {
            let now = self.clock().tick();
            it.name_before_mark = Some((it.path.clone(), it.name.clone()));
            it.path = format!("{}-deletion_scheduled-{id}", it.path);
            it.name = format!("{}-deletion_scheduled-{id}", it.name);
            it.marked_for_deletion = Some(now);
            it.archived = true;
            it.updated = now;
            world.repositories.insert(id, it.clone());
        }
        Ok(it)
    }

    /// Takes the mark for deletion away.
    ///
    /// # Errors
    ///
    /// Fails when the repository is missing or its name was taken meanwhile.
    pub fn unmark_for_deletion(&self, id: u64) -> Result<Repository, WorldError> {
        let mut world = self.world();
        let mut it = known(&world, id)?;
        if let Some((path, name)) = it.name_before_mark.take() {
            free_path(&world, world.owner(&it), &path)?;
            (it.path, it.name) = (path, name);
            it.marked_for_deletion = None;
            it.archived = false;
            it.updated = self.clock().tick();
            world.repositories.insert(id, it.clone());
        }
        Ok(it)
    }

    /// Adds or replaces a branch protection, by its pattern.
    ///
    /// # Errors
    ///
    /// Fails when the repository is missing.
    pub fn protect(&self, id: u64, mut rule: Protection) -> Result<Protection, WorldError> {
        let mut world = self.world();
        let mut it = known(&world, id)?;
        let now = self.clock().tick();
        let old = it.protections.iter().position(|other| other.pattern == rule.pattern);
        let old = old.map(|index| it.protections.remove(index));
        rule.id = old.as_ref().map_or_else(|| world.next_id(), |old| old.id);
        rule.created = old.map_or(now, |old| old.created);
        rule.updated = now;
        it.protections.push(rule.clone());
        world.repositories.insert(id, it);
        Ok(rule)
    }

    /// Takes the branch protection of this pattern away and tells whether it was there.
    ///
    /// # Errors
    ///
    /// Fails when the repository is missing.
    pub fn unprotect(&self, id: u64, pattern: &str) -> Result<bool, WorldError> {
        let mut world = self.world();
        let mut it = known(&world, id)?;
        let before = it.protections.len();
        it.protections.retain(|rule| rule.pattern != pattern);
        let gone = it.protections.len() < before;
        world.repositories.insert(id, it);
        Ok(gone)
    }

    /// GitLab protects the default branch of every new project: Maintainers push, nobody forces.
    pub(crate) fn protect_new_default(&self, world: &mut World, repository: &mut Repository) {
        if self.kind() != Kind::GitLab || !repository.protections.is_empty() {
            return;
        }
        let now = self.clock().now();
        let rule = Protection {
            id: world.next_id(),
            push: PushRule::Role(Role::Maintainer),
            created: now,
            updated: now,
            settings: Map::new(),
            ..Protection::new(repository.default_branch.clone())
        };
        repository.protections.push(rule);
    }
}

/// Returns a user's name and address for a commit.
pub(super) fn signature(world: &World, user: u64, time: jiff::Timestamp) -> Signature {
    let account = world.accounts.get(&user);
    Signature {
        name: account.map_or_else(|| "ghost".to_owned(), |it| it.name.clone()),
        email: account.map_or_else(|| "ghost@example.com".to_owned(), |it| it.email.clone()),
        time,
    }
}

pub(super) fn known(world: &World, id: u64) -> Result<Repository, WorldError> {
    world.repositories.get(&id).cloned().ok_or_else(|| WorldError::NoRepository(id.to_string()))
}

/// Returns the full path that a repository would have, if nothing else has it.
fn free_path(world: &World, owner: &Account, path: &str) -> Result<String, WorldError> {
    let full_path = format!("{}/{path}", owner.path);
    if world.repository(&full_path).is_some() || world.account(&full_path).is_some() {
        return Err(WorldError::NameTaken { path: full_path });
    }
    Ok(full_path)
}

/// Returns what hooks are told about the difference.
fn actions(before: &Repository, after: &Repository, old_path: &str) -> Vec<RepositoryAction> {
    let mut actions = Vec::new();
    if after.path != before.path {
        actions.push(RepositoryAction::Renamed { from: before.path.clone(), from_path: old_path.to_owned() });
    }
    if after.visibility != before.visibility {
        let wider = after.visibility > before.visibility;
        actions.push(if wider { RepositoryAction::Publicized } else { RepositoryAction::Privatized });
    }
    if after.archived != before.archived {
        actions.push(if after.archived { RepositoryAction::Archived } else { RepositoryAction::Unarchived });
    }
    let moved = after.default_branch != before.default_branch;
    if moved || after.description != before.description || after.homepage != before.homepage {
        let default_branch_from = moved.then(|| before.default_branch.clone());
        actions.push(RepositoryAction::Edited { default_branch_from });
    }
    actions
}
