use std::collections::{BTreeMap, BTreeSet};

use super::Site;
use crate::world::{Account, AccountKind, Lock, Role, Token, Visibility, World, WorldError};
use crate::{Kind, ids};

/// A fresh credential.
#[derive(Clone, Debug)]
pub struct SiteToken {
    /// The id that lists of tokens show.
    pub id: u64,
    /// The text to send.
    pub secret: String,
}

impl Site {
    /// Adds a user.
    ///
    /// # Errors
    ///
    /// Fails when the name is taken.
    pub fn user(&self, login: &str) -> Result<Account, WorldError> {
        self.add_account(login, AccountKind::User, None)
    }

    /// Adds an organisation (GitLab: a group on the top level) that this user owns.
    ///
    /// # Errors
    ///
    /// Fails when the name is taken or the user is not there.
    pub fn org(&self, name: &str, owner: &str) -> Result<Account, WorldError> {
        self.group(name, owner)
    }

    /// Adds a group, with the groups above it that are still missing, that this user owns.
    ///
    /// # Errors
    ///
    /// Fails when the path is taken or the user is not there.
    pub fn group(&self, path: &str, owner: &str) -> Result<Account, WorldError> {
        let owner = self.account(owner)?.id;
        let mut parent = None;
        if let Some((above, _)) = path.rsplit_once('/') {
            let there = self.world().account(above).cloned();
            let above = match there {
                Some(above) => above,
                None => {
                    let login = self.world().accounts[&owner].path.clone();
                    self.group(above, &login)?
                }
            };
            parent = Some(above.id);
        }
        let mut group = self.add_account(path, AccountKind::Group, parent)?;
        group.members.insert(owner, Role::Owner);
        self.world().accounts.insert(group.id, group.clone());
        Ok(group)
    }

    /// Returns the account of this path.
    ///
    /// # Errors
    ///
    /// Fails when there is none.
    pub fn account(&self, path: &str) -> Result<Account, WorldError> {
        self.world().account(path).cloned().ok_or_else(|| WorldError::NoAccount(path.to_owned()))
    }

    /// Gives a user a role in a group.
    ///
    /// # Errors
    ///
    /// Fails when one of them is not there.
    pub fn add_member(&self, group: &str, user: &str, role: Role) -> Result<(), WorldError> {
        let (group, user) = (self.account(group)?.id, self.account(user)?.id);
        if let Some(group) = self.world().accounts.get_mut(&group) {
            group.members.insert(user, role);
        }
        Ok(())
    }

    /// Keeps a user out, or lets the user in again. Only Gitea and Forgejo know of it.
    ///
    /// # Errors
    ///
    /// Fails when the user is not there.
    pub fn lock_user(&self, user: &str, lock: Option<Lock>) -> Result<(), WorldError> {
        let id = self.account(user)?.id;
        if let Some(account) = self.world().accounts.get_mut(&id) {
            account.lock = lock;
        }
        Ok(())
    }

    /// Sets how many repositories an account may own. GitHub knows no such limit.
    ///
    /// # Errors
    ///
    /// Fails when the account is not there.
    pub fn limit_repositories(&self, account: &str, limit: Option<usize>) -> Result<(), WorldError> {
        let id = self.account(account)?.id;
        if let Some(account) = self.world().accounts.get_mut(&id) {
            account.repository_limit = limit;
        }
        Ok(())
    }

    /// Renames an account; the old path redirects from then on.
    ///
    /// # Errors
    ///
    /// Fails when the path is taken or the account is not there.
    pub fn rename_account(&self, path: &str, new_path: &str) -> Result<(), WorldError> {
        let account = self.account(path)?;
        let mut world = self.world();
        if world.account(new_path).is_some_and(|other| other.id != account.id) {
            return Err(WorldError::NameTaken { path: new_path.to_owned() });
        }
        let below = format!("{}/", account.path);
        let tree = world.group_tree(account.id);
        for id in tree {
            let Some(it) = world.accounts.get_mut(&id) else { continue };
            let old = it.path.clone();
            it.path = match old.strip_prefix(&below) {
                Some(rest) => format!("{new_path}/{rest}"),
                None => new_path.to_owned(),
            };
            world.former_accounts.insert(old.to_ascii_lowercase(), id);
        }
        world.former_accounts.remove(&new_path.to_ascii_lowercase());
        Ok(())
    }

    /// Makes a token that speaks for a user. The scopes are the forge's own words; `*` stands for all.
    ///
    /// # Errors
    ///
    /// Fails when the user is not there.
    pub fn token(&self, user: &str, scopes: &[&str]) -> Result<SiteToken, WorldError> {
        let user = self.account(user)?.id;
        let secret = match self.kind() {
            Kind::GitHub => format!("ghp_{}", ids::letters(36)),
            Kind::GitLab => format!("glpat-{}", ids::letters(20)),
            Kind::Gitea | Kind::Forgejo => ids::hex(40),
        };
        let mut world = self.world();
        let id = world.next_id();
        let token = Token {
            id,
            name: format!("token {id}"),
            secret: secret.clone(),
            user,
            scopes: scopes.iter().map(|scope| (*scope).to_owned()).collect(),
            private_hidden: false,
            hidden: BTreeSet::new(),
            revoked: false,
            created: self.clock().now(),
        };
        world.tokens.insert(secret.clone(), token);
        Ok(SiteToken { id, secret })
    }

    /// Changes what a token may do.
    pub fn narrow_token(&self, secret: &str, scopes: &[&str], private_hidden: bool) {
        if let Some(token) = self.world().tokens.get_mut(secret) {
            token.scopes = scopes.iter().map(|scope| (*scope).to_owned()).collect::<BTreeSet<_>>();
            token.private_hidden = private_hidden;
        }
    }

    /// Takes a private repository out of those that a token was given for.
    pub fn hide_from_token(&self, secret: &str, repository: u64) {
        if let Some(token) = self.world().tokens.get_mut(secret) {
            token.hidden.insert(repository);
        }
    }

    /// Takes a token back.
    pub fn revoke_token(&self, secret: &str) {
        if let Some(token) = self.world().tokens.get_mut(secret) {
            token.revoked = true;
        }
    }

    fn add_account(&self, path: &str, kind: AccountKind, parent: Option<u64>) -> Result<Account, WorldError> {
        let mut world: std::sync::MutexGuard<'_, World> = self.world();
        if world.account(path).is_some() {
            return Err(WorldError::NameTaken { path: path.to_owned() });
        }
        let id = world.next_id();
        let namespace_id = if kind == AccountKind::User { world.next_id() } else { id };
        let leaf = path.rsplit_once('/').map_or(path, |(_, leaf)| leaf);
        let account = Account {
            id,
            namespace_id,
            kind,
            path: path.to_owned(),
            name: leaf.to_owned(),
            email: format!("{leaf}@example.com"),
            description: String::new(),
            visibility: Visibility::Public,
            parent,
            members: BTreeMap::new(),
            admin: false,
            lock: None,
            repository_limit: None,
            created: self.clock().tick(),
        };
        world.former_accounts.remove(&path.to_ascii_lowercase());
        world.accounts.insert(id, account.clone());
        Ok(account)
    }
}
