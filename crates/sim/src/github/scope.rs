use crate::world::{Repository, Token, Viewer, Visibility, World};

/// The classic scopes that a token with all of them shows.
pub(super) const ALL_CLASSIC: &[&str] = &[
    "admin:org",
    "admin:org_hook",
    "admin:public_key",
    "admin:repo_hook",
    "delete_repo",
    "gist",
    "notifications",
    "repo",
    "user",
    "workflow",
    "write:discussion",
    "write:packages",
];

/// What an operation asks of a token: one of some classic scopes, or a fine-grained permission.
#[derive(Clone, Copy, Debug)]
pub(super) struct Need {
    classic: &'static [&'static str],
    /// Whether `public_repo` does for a public repository.
    public: bool,
    permission: &'static str,
    write: bool,
    /// What `X-Accepted-OAuth-Scopes` says.
    pub(super) accepted: &'static str,
}

impl Need {
    pub(super) const READ: Self = Self::of(&["repo"], "metadata", false, "repo");
    pub(super) const ADMINISTER: Self = Self::of(&["repo"], "administration", true, "public_repo, repo").or_public();
    pub(super) const READ_ADMINISTRATION: Self = Self::of(&["repo"], "administration", false, "repo").or_public();
    pub(super) const DELETE: Self = Self::of(&["delete_repo"], "administration", true, "delete_repo");
    pub(super) const CONTENTS: Self = Self::of(&["repo"], "contents", true, "public_repo, repo").or_public();
    pub(super) const PULLS: Self = Self::of(&["repo"], "pull_requests", true, "public_repo, repo").or_public();
    pub(super) const READ_HOOKS: Self = Self::of(
        &["admin:repo_hook", "write:repo_hook", "read:repo_hook", "repo"],
        "repository_hooks",
        false,
        "admin:repo_hook, public_repo, read:repo_hook, repo, write:repo_hook",
    )
    .or_public();
    pub(super) const HOOKS: Self = Self::of(
        &["admin:repo_hook", "write:repo_hook", "repo"],
        "repository_hooks",
        true,
        "admin:repo_hook, public_repo, repo, write:repo_hook",
    )
    .or_public();
    pub(super) const ORG_HOOKS: Self = Self::of(&["admin:org_hook"], "organization_hooks", true, "admin:org_hook");
    pub(super) const READ_ORGS: Self = Self::of(
        &["user", "read:org", "write:org", "admin:org"],
        "members",
        false,
        "admin:org, read:org, user, write:org",
    );

    const fn of(
        classic: &'static [&'static str],
        permission: &'static str,
        write: bool,
        accepted: &'static str,
    ) -> Self {
        Self { classic, public: false, permission, write, accepted }
    }

    const fn or_public(mut self) -> Self {
        self.public = true;
        self
    }

    /// Tells whether a token holds fine-grained permissions (`contents:write`) rather than classic scopes (`write:org`).
    pub(super) fn is_fine_grained(token: &Token) -> bool {
        token.scopes.iter().any(|scope| scope.ends_with(":read") || scope.ends_with(":write"))
    }

    /// Tells whether the viewer's token has what it takes. Without a repository, a private one is meant.
    pub(super) fn met(self, viewer: &Viewer, repository: Option<&Repository>) -> bool {
        let Some(token) = &viewer.token else { return false };
        if Self::is_fine_grained(token) {
            // Reading metadata comes with every fine-grained token.
            let free = self.permission == "metadata";
            let read = !self.write && token.has(&format!("{}:read", self.permission));
            return free || read || token.has(&format!("{}:write", self.permission));
        }
        let public = repository.is_some_and(|it| it.visibility == Visibility::Public);
        // Hooks on what is not public take `repo` besides, as it would not even be seen without.
        token.has_any(self.classic) || (self.public && public && token.has("public_repo"))
    }

    /// Tells whether the token may make a repository of this visibility.
    pub(super) fn met_for_new(self, viewer: &Viewer, visibility: Visibility) -> bool {
        let public = visibility == Visibility::Public;
        self.met(viewer, None) || (self.public && public && viewer.has_any(&["public_repo"]))
    }

    /// Returns the value of `X-Accepted-GitHub-Permissions`.
    pub(super) fn permission(self) -> String {
        format!("{}={}", self.permission, if self.write { "write" } else { "read" })
    }
}

/// Tells whether the viewer sees a repository: by role, and what is not public by the token's scopes as well.
pub(super) fn can_read(world: &World, viewer: &Viewer, repository: &Repository) -> bool {
    let visible = repository.visibility == Visibility::Public || Need::READ.met(viewer, None);
    visible && world.access(viewer, repository).read
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::Need;
    use crate::world::{Token, Viewer, Visibility};

    fn viewer(scopes: &[&str]) -> Viewer {
        let token = Token {
            id: 1,
            name: String::new(),
            secret: String::new(),
            user: 1,
            scopes: scopes.iter().map(|it| (*it).to_owned()).collect(),
            private_hidden: false,
            hidden: std::collections::BTreeSet::new(),
            revoked: false,
            created: Timestamp::UNIX_EPOCH,
        };
        Viewer { token: Some(token) }
    }

    #[test]
    fn classic_and_fine_grained_tokens_are_told_apart() {
        assert!(Need::DELETE.met(&viewer(&["delete_repo"]), None));
        assert!(!Need::DELETE.met(&viewer(&["repo", "write:org"]), None));
        assert!(Need::DELETE.met(&viewer(&["administration:write"]), None));
        assert!(!Need::DELETE.met(&viewer(&["administration:read"]), None));
        assert!(Need::READ_ADMINISTRATION.met(&viewer(&["administration:read"]), None));
        assert!(Need::READ.met(&viewer(&["contents:read"]), None));
        assert!(Need::ADMINISTER.met_for_new(&viewer(&["public_repo"]), Visibility::Public));
        assert!(!Need::ADMINISTER.met_for_new(&viewer(&["public_repo"]), Visibility::Private));
        assert!(Need::HOOKS.met(&viewer(&["*"]), None));
    }
}
