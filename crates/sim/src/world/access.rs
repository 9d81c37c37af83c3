use super::{Account, Repository, Role, Viewer, Visibility, World};

/// What a viewer may do with a repository, by role; a dialect looks at the token's scopes besides.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Access {
    /// Sees and reads it.
    pub read: bool,
    /// Pushes to it.
    pub write: bool,
    /// Changes its settings, hooks and protections.
    pub admin: bool,
    /// Deletes or transfers it.
    pub owner: bool,
}

impl World {
    /// Returns the role that a user has in a group, its own or one that comes from a group above.
    #[must_use]
    pub fn role_in_group(&self, user: u64, group: u64) -> Option<Role> {
        let mut best = None;
        let mut next = Some(group);
        while let Some(account) = next.and_then(|id| self.accounts.get(&id)) {
            best = best.max(account.members.get(&user).copied());
            next = account.parent;
        }
        best
    }

    /// Returns the role that a user has in an account: owner of the own one, a member's role in a group.
    #[must_use]
    pub fn role_in_account(&self, user: u64, account: u64) -> Option<Role> {
        let admin = self.accounts.get(&user).is_some_and(|it| it.admin);
        if user == account || admin { Some(Role::Owner) } else { self.role_in_group(user, account) }
    }

    /// Returns the role that a user has in a repository, if any.
    #[must_use]
    pub fn role(&self, user: u64, repository: &Repository) -> Option<Role> {
        self.role_in_account(user, repository.owner).max(repository.members.get(&user).copied())
    }

    /// Returns the role of the viewer in a repository, if any.
    #[must_use]
    pub fn viewer_role(&self, viewer: &Viewer, repository: &Repository) -> Option<Role> {
        self.role(viewer.user()?, repository)
    }

    /// Returns what the viewer may do with a repository.
    #[must_use]
    pub fn access(&self, viewer: &Viewer, repository: &Repository) -> Access {
        let role = self.viewer_role(viewer, repository);
        let hidden =
            viewer.token.as_ref().is_some_and(|token| token.private_hidden || token.hidden.contains(&repository.id))
                && repository.visibility != Visibility::Public;
        let read = !hidden
            && match repository.visibility {
                Visibility::Public => true,
                Visibility::Internal => viewer.user().is_some(),
                Visibility::Private => role.is_some_and(|role| role >= Role::Reporter),
            };
        let least = |least| read && role.is_some_and(|role| role >= least);
        Access { read, write: least(Role::Developer), admin: least(Role::Maintainer), owner: least(Role::Owner) }
    }

    /// Tells whether the viewer may see an account.
    #[must_use]
    pub fn can_see_account(&self, viewer: &Viewer, account: &Account) -> bool {
        match account.visibility {
            Visibility::Public => true,
            Visibility::Internal => viewer.user().is_some(),
            Visibility::Private => viewer.user().is_some_and(|user| self.role_in_account(user, account.id).is_some()),
        }
    }
}
