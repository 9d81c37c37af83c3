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
                Some(NamespaceKind::User) => {
                    "repository, user and issue: read and write each (write:repository, write:user, write:issue)"
                }
                Some(_) => {
                    "repository, organization and issue: read and write each; user: read (write:repository, \
                     write:organization, write:issue, read:user)"
                }
                None => {
                    "repository, user, organization and issue: read and write each (write:repository, write:user, \
                     write:organization, write:issue)"
                }
            },
        },
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::path::Path;

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
    }

    /// Returns the scopes that a text names, such as `write:issue`.
    fn scopes(text: &str) -> BTreeSet<&str> {
        let words = text.split(|c: char| !c.is_ascii_lowercase() && c != ':');
        words.filter(|word| word.starts_with("write:") || word.starts_with("read:")).collect()
    }

    #[test]
    fn what_is_written_elsewhere_of_a_token_is_what_is_asked_for() {
        let asked = |kind| scopes(page(Provider::Gitea, &Url::parse("https://x").unwrap(), kind).scopes);
        let user = asked(Some(NamespaceKind::User));
        let organisation = asked(Some(NamespaceKind::Org));
        assert_eq!(user, BTreeSet::from(["write:repository", "write:user", "write:issue"]));
        assert_eq!(
            organisation,
            BTreeSet::from(["write:repository", "write:organization", "write:issue", "read:user"])
        );
        let all: BTreeSet<_> = user.union(&organisation).copied().collect();
        for (file, begins, ends) in
            [("README.md", "What a token needs:", "\n\n"), ("docs/guide/src/first-sync.md", "| Gitea, Forgejo |", "\n")]
        {
            let text = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(file)).unwrap();
            let part = text.split_once(begins).unwrap().1.split(ends).next().unwrap();
            assert_eq!(scopes(part), all, "{file}");
        }
    }
}
