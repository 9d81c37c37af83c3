//! What the user can do when a forge refuses something about a webhook.

use refray_core::config::{Provider, Site};
use refray_forge::{ErrorKind, ForgeError};

/// Returns the remedy, with the rights by the names that the forge itself has for them.
pub(super) fn remedy(site: &Site, error: &ForgeError) -> String {
    match error.kind {
        // Forges hide what a token may not manage: the repository itself was listed a moment ago.
        ErrorKind::Forbidden { .. } | ErrorKind::NotFound => {
            let (token, account) = match site.provider {
                Provider::Github => (
                    "the scope `admin:repo_hook` (a fine-grained one: Webhooks, read and write)",
                    "admin rights on the repository",
                ),
                Provider::Gitlab => ("the scope `api`", "the role Maintainer in the project"),
                Provider::Gitea | Provider::Forgejo => {
                    ("the scope `write:repository`", "admin rights on the repository")
                }
                Provider::Directory => return error.remedy(),
            };
            format!("Give the token of site `{}` {token}, and its account {account}.", site.name)
        }
        _ => error.remedy(),
    }
}
