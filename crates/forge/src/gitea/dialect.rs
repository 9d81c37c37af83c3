use refray_core::config::Provider;

/// Which of the two a site runs. They share an API but for what hangs on this.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dialect {
    /// Gitea.
    Gitea,
    /// Forgejo, which branched off from it.
    Forgejo,
}

impl Dialect {
    /// Returns the dialect of a provider. Any other provider than Forgejo counts as Gitea.
    pub const fn of(provider: Provider) -> Self {
        match provider {
            Provider::Forgejo => Self::Forgejo,
            _ => Self::Gitea,
        }
    }

    /// Returns the type that a webhook is to have.
    ///
    /// Forgejo also offers `gitea`, which cuts the reference of `create` and `delete` events down to its short name, so
    /// that a branch and a tag of one name look alike.
    pub(crate) const fn hook_type(self) -> &'static str {
        match self {
            Self::Gitea => "gitea",
            Self::Forgejo => "forgejo",
        }
    }

    /// Returns the scopes that deleting a repository of a user or of an organisation takes. Forgejo asks for the owner's
    /// since version 15, and asked for the repository's before.
    pub(crate) const fn deletion_scopes(self, organisation: bool) -> &'static [&'static str] {
        match (self, organisation) {
            (Self::Gitea, _) => &["write:repository"],
            (Self::Forgejo, true) => &["write:organization", "write:repository"],
            (Self::Forgejo, false) => &["write:user", "write:repository"],
        }
    }
}
