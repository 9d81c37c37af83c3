//! From a site's configuration to the forge that it is.

use std::sync::Arc;

use refray_core::config::{Provider, Site};

use crate::api::Forge;
use crate::credentials::Environment;
use crate::directory::Directory;
use crate::error::ForgeError;
use crate::gitea::{Dialect, Gitea};
use crate::github::GitHub;
use crate::gitlab::GitLab;
use crate::http::{Client, Options};

/// Makes the forge of a site. Nothing is sent and no secret is read yet: both happen at the first use.
///
/// # Errors
/// An address that may not be used, or a `ca_file`, proxy or folder that cannot be.
pub fn connect(
    site: Arc<Site>,
    environment: Arc<dyn Environment>,
    options: Options,
) -> Result<Arc<dyn Forge>, ForgeError> {
    let provider = site.provider;
    if provider == Provider::Directory {
        return Ok(Arc::new(Directory::new(site, environment, options.git)?));
    }
    let client = Client::new(site, environment, options)?;
    Ok(match provider {
        Provider::Github => Arc::new(GitHub::new(client)),
        Provider::Gitlab => Arc::new(GitLab::new(client)),
        Provider::Gitea | Provider::Forgejo | Provider::Directory => {
            Arc::new(Gitea::new(client, Dialect::of(provider)))
        }
    })
}
