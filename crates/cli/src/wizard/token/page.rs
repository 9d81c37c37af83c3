//! Where a token is made, and what it must be given there.

use refray_core::config::{NamespaceKind, Provider};
use url::Url;

/// The page on which a token is made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Page {
    /// Its address, with all filled in that the forge lets be filled in.
    pub(crate) url: String,
    /// What is to be ticked there, or is already.
    pub(crate) scopes: &'static str,
}

/// Returns the page of a forge. `kind` is what the token is for, as far as that is known.
pub(crate) fn page(provider: Provider, base: &Url, kind: Option<NamespaceKind>) -> Page {
    let base = base.as_str().trim_end_matches('/');
    match provider {
        Provider::Github => Page {
            url: format!("{base}/settings/tokens/new?description=refray&scopes=repo,workflow"),
            scopes: "repo and workflow (ticked already)",
        },
        Provider::Gitlab => Page {
            url: format!("{base}/-/user_settings/personal_access_tokens?name=refray&scopes=api"),
            scopes: "api (ticked already)",
        },
        Provider::Gitea | Provider::Forgejo | Provider::Directory => Page {
            url: format!("{base}/user/settings/applications"),
            scopes: match kind {
                Some(NamespaceKind::User) => "repository, user and issue: read and write each",
                Some(_) => "repository, organization and issue: read and write each; user: read",
                None => "repository, user, organization and issue: read and write each",
            },
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_lies_below_the_forge() {
        for (provider, base, kind, url) in [
            (
                Provider::Github,
                "https://github.com",
                None,
                "https://github.com/settings/tokens/new?description=refray&scopes=repo,workflow",
            ),
            (
                Provider::Gitlab,
                "https://git.example/lab/",
                None,
                "https://git.example/lab/-/user_settings/personal_access_tokens?name=refray&scopes=api",
            ),
            (
                Provider::Forgejo,
                "https://codeberg.org/",
                Some(NamespaceKind::Org),
                "https://codeberg.org/user/settings/applications",
            ),
        ] {
            assert_eq!(page(provider, &Url::parse(base).unwrap(), kind).url, url);
        }
        let scopes = |kind| page(Provider::Gitea, &Url::parse("https://x").unwrap(), kind).scopes;
        assert!(scopes(Some(NamespaceKind::Org)).contains("organization"));
        assert!(!scopes(Some(NamespaceKind::User)).contains("organization"));
    }
}
