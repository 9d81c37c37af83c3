use std::collections::BTreeMap;

use super::{Account, Comment, Hook, Pull, Repository, Token, Viewer};

/// The answer to a look-up by a name that may have been given up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Found<T> {
    /// It has this name.
    Here(T),
    /// It once had this name: a forge answers with a redirect.
    Moved(T),
    /// Nothing has or had this name.
    Nowhere,
}

impl<T> Found<T> {
    /// Returns what has the name now.
    pub fn here(self) -> Option<T> {
        match self {
            Self::Here(it) => Some(it),
            Self::Moved(_) | Self::Nowhere => None,
        }
    }
}

/// Everything that a site knows, but for the git objects.
#[derive(Clone, Debug, Default)]
pub struct World {
    /// Users, organisations and groups by id.
    pub accounts: BTreeMap<u64, Account>,
    /// Repositories by id.
    pub repositories: BTreeMap<u64, Repository>,
    /// Credentials by secret.
    pub tokens: BTreeMap<String, Token>,
    /// Webhooks by id.
    pub hooks: BTreeMap<u64, Hook>,
    /// Pull requests by repository and number.
    pub pulls: BTreeMap<(u64, u64), Pull>,
    /// Comments by id.
    pub comments: BTreeMap<u64, Comment>,
    /// GitLab: what is deleted goes at once, as where delayed deletion is not configured.
    pub deletes_at_once: bool,
    /// Names that repositories had before, in lower case, and the repository's id.
    pub(crate) former_repositories: BTreeMap<String, u64>,
    /// Names that accounts had before, in lower case, and the account's id.
    pub(crate) former_accounts: BTreeMap<String, u64>,
    pub(crate) last_id: u64,
}

impl World {
    /// Returns an id that nothing has had.
    pub fn next_id(&mut self) -> u64 {
        self.last_id += 1;
        self.last_id
    }

    /// Returns the account of this path, in whatever case it is written.
    #[must_use]
    pub fn account(&self, path: &str) -> Option<&Account> {
        self.accounts.values().find(|account| account.path.eq_ignore_ascii_case(path))
    }

    /// Returns the account that has or had this path.
    #[must_use]
    pub fn find_account(&self, path: &str) -> Found<&Account> {
        if let Some(account) = self.account(path) {
            return Found::Here(account);
        }
        let former = self.former_accounts.get(&path.to_ascii_lowercase());
        former.and_then(|id| self.accounts.get(id)).map_or(Found::Nowhere, Found::Moved)
    }

    /// Returns the account whose GitLab namespace has this id.
    #[must_use]
    pub fn account_of_namespace(&self, namespace_id: u64) -> Option<&Account> {
        self.accounts.values().find(|account| account.namespace_id == namespace_id)
    }

    /// Returns the account that owns a repository.
    ///
    /// # Panics
    ///
    /// Panics when the repository is not of this world.
    #[must_use]
    pub fn owner(&self, repository: &Repository) -> &Account {
        &self.accounts[&repository.owner]
    }

    /// Returns the user who is asking.
    #[must_use]
    pub fn user_of(&self, viewer: &Viewer) -> Option<&Account> {
        viewer.user().and_then(|id| self.accounts.get(&id))
    }

    /// Returns `owner/name`.
    #[must_use]
    pub fn full_path(&self, repository: &Repository) -> String {
        format!("{}/{}", self.owner(repository).path, repository.path)
    }

    /// Returns the repository of this full path, in whatever case it is written.
    #[must_use]
    pub fn repository(&self, full_path: &str) -> Option<&Repository> {
        let (owner, name) = full_path.rsplit_once('/')?;
        let owner = self.account(owner)?.id;
        self.repositories.values().find(|it| it.owner == owner && it.path.eq_ignore_ascii_case(name))
    }

    /// Returns the repository that has or had this full path.
    #[must_use]
    pub fn find_repository(&self, full_path: &str) -> Found<&Repository> {
        if let Some(repository) = self.repository(full_path) {
            return Found::Here(repository);
        }
        let former = self.former_repositories.get(&full_path.to_ascii_lowercase());
        if let Some(repository) = former.and_then(|id| self.repositories.get(id)) {
            return Found::Moved(repository);
        }
        // The owner may have been renamed instead.
        let Some((owner, name)) = full_path.rsplit_once('/') else { return Found::Nowhere };
        let Found::Moved(owner) = self.find_account(owner) else { return Found::Nowhere };
        self.repositories_of(owner.id)
            .find(|it| it.path.eq_ignore_ascii_case(name))
            .map_or(Found::Nowhere, Found::Moved)
    }

    /// Returns the repositories that an account owns itself, oldest first.
    pub fn repositories_of(&self, account: u64) -> impl Iterator<Item = &Repository> {
        self.repositories.values().filter(move |repository| repository.owner == account)
    }

    /// Returns the ids of a group and of all groups below it.
    #[must_use]
    pub fn group_tree(&self, group: u64) -> Vec<u64> {
        let mut ids = vec![group];
        let mut next = 0;
        while next < ids.len() {
            let parent = ids[next];
            ids.extend(self.accounts.values().filter(|it| it.parent == Some(parent)).map(|it| it.id));
            next += 1;
        }
        ids
    }

    /// Returns the viewer that a secret stands for; `None` when it is unknown or was taken back.
    #[must_use]
    pub fn viewer(&self, secret: &str) -> Option<Viewer> {
        let token = self.tokens.get(secret).filter(|token| !token.revoked)?;
        Some(Viewer { token: Some(token.clone()) })
    }

    /// Returns the pull requests of a repository, oldest first.
    pub fn pulls_of(&self, repository: u64) -> impl DoubleEndedIterator<Item = &Pull> {
        self.pulls.range((repository, 0)..=(repository, u64::MAX)).map(|(_, pull)| pull)
    }

    /// Adds a hook and returns it with the ids it got.
    pub fn add_hook(&mut self, mut hook: Hook) -> Hook {
        hook.id = self.next_id();
        hook.uuid = crate::ids::uuid();
        self.hooks.insert(hook.id, hook.clone());
        hook
    }
}
