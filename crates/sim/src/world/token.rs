use std::collections::BTreeSet;

use jiff::Timestamp;

/// A credential: who it speaks for and what it may do.
#[derive(Clone, Debug)]
pub struct Token {
    /// The id that lists of tokens show.
    pub id: u64,
    /// The name that its maker gave it.
    pub name: String,
    /// The text that is sent.
    pub secret: String,
    /// The user it speaks for.
    pub user: u64,
    /// Scopes, in the forge's own words. `*` means every scope there is.
    pub scopes: BTreeSet<String>,
    /// Hides private repositories from the bearer: what a token limited to public repositories sees.
    pub private_hidden: bool,
    /// Hides these private repositories: what a token limited to chosen repositories does not see.
    pub hidden: BTreeSet<u64>,
    /// Set once the token was taken back.
    pub revoked: bool,
    /// When it was made.
    pub created: Timestamp,
}

impl Token {
    /// Tells whether the token has exactly this scope, or all of them.
    #[must_use]
    pub fn has(&self, scope: &str) -> bool {
        self.scopes.contains(scope) || self.scopes.contains("*")
    }

    /// Tells whether the token has one of these scopes.
    #[must_use]
    pub fn has_any(&self, scopes: &[&str]) -> bool {
        scopes.iter().any(|scope| self.has(scope))
    }
}

/// Who is asking: a token's user, or nobody in particular.
#[derive(Clone, Debug, Default)]
pub struct Viewer {
    /// The credential that came along.
    pub token: Option<Token>,
}

impl Viewer {
    /// Returns the viewer that has not said who it is.
    #[must_use]
    pub fn anonymous() -> Self {
        Self::default()
    }

    /// Returns the id of the user behind the credential.
    #[must_use]
    pub fn user(&self) -> Option<u64> {
        self.token.as_ref().map(|token| token.user)
    }

    /// Tells whether the credential has one of these scopes; nobody in particular has none.
    #[must_use]
    pub fn has_any(&self, scopes: &[&str]) -> bool {
        self.token.as_ref().is_some_and(|token| token.has_any(scopes))
    }
}
