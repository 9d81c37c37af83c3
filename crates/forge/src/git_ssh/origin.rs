use refray_core::config::{Provider, Site};
use refray_git::transport::{SshAddress, SshAddressError};
use serde::Deserialize;
use tokio::sync::Mutex;
use url::Url;

use crate::error::ForgeError;
use crate::http::{Call, Client};

/// Where a site's repositories are for ssh: what stands before each repository's path.
///
/// User, host, port and folder are the forge's to say, as they often differ from those of its web pages. It says so with
/// every repository, so one look at one of them is enough for all.
#[derive(Debug, Default)]
pub(crate) struct Origin(Mutex<Option<String>>);

/// What is read of a repository's description. GitLab has other names for both.
#[derive(Debug, Deserialize)]
struct Described {
    #[serde(alias = "full_name")]
    path_with_namespace: String,
    #[serde(alias = "ssh_url")]
    ssh_url_to_repo: Option<String>,
}

impl Origin {
    /// Returns the address of the repository at `path`.
    pub(crate) async fn address(
        &self,
        client: &Client,
        path: &str,
    ) -> Result<Result<SshAddress, SshAddressError>, ForgeError> {
        // Held while the forge is asked, so that it is asked once.
        let mut known = self.0.lock().await;
        let before = match &*known {
            Some(before) => before.clone(),
            None => {
                let described: Described = client.json(&look(client, path)).await?;
                let before = described.before().unwrap_or_else(|| usual(client.site()));
                tracing::debug!(site = %client.site().name, before, "where ssh goes");
                known.insert(before).clone()
            }
        };
        Ok(format!("{before}{path}.git").parse())
    }

    /// Forgets it: the server may have moved.
    pub(crate) async fn forget(&self) {
        *self.0.lock().await = None;
    }
}

fn look(client: &Client, path: &str) -> Call {
    let doing = format!("ask where `{path}` is for ssh");
    let url: Url = match client.site().provider {
        Provider::Gitlab => client.api_url(["projects", path]),
        _ => client.api_url(["repos"].into_iter().chain(path.split('/'))),
    };
    Call::get(url, doing)
}

impl Described {
    /// Returns what stands before the path; `None` when the forge gives no address, or one of another kind.
    fn before(&self) -> Option<String> {
        let address = self.ssh_url_to_repo.as_deref()?;
        let end = format!("{}.git", self.path_with_namespace);
        let at = address.len().checked_sub(end.len())?;
        let (before, rest) = address.split_at_checked(at)?;
        (rest.eq_ignore_ascii_case(&end) && before.ends_with(['/', ':'])).then(|| before.to_owned())
    }
}

/// Returns what stands before the path on most servers.
fn usual(site: &Site) -> String {
    format!("git@{}:", site.base_url.host_str().unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stands_before_the_path_is_found() {
        for (json, before) in [
            (r#"{"full_name": "o/r", "ssh_url": "git@github.com:o/r.git"}"#, Some("git@github.com:")),
            (
                r#"{"full_name": "o/r", "ssh_url": "ssh://git@git.example:2222/o/r.git"}"#,
                Some("ssh://git@git.example:2222/"),
            ),
            (
                r#"{"path_with_namespace": "a/b/c", "ssh_url_to_repo": "ssh://git@git.example:2222/x/A/b/c.git"}"#,
                Some("ssh://git@git.example:2222/x/"),
            ),
            (r#"{"full_name": "o/r", "ssh_url": "git@github.com:o/other.git"}"#, None),
            (r#"{"full_name": "o/r", "ssh_url": "git@github.com:xo/r.git"}"#, None),
            (r#"{"full_name": "o/r", "ssh_url": ""}"#, None),
            (r#"{"full_name": "o/r", "ssh_url": null}"#, None),
            (r#"{"full_name": "o/r"}"#, None),
        ] {
            let described: Described = serde_json::from_str(json).unwrap();
            assert_eq!(described.before().as_deref(), before, "{json}");
        }
    }
}
