use refray_core::config::Endpoint;

use super::adapter::GitHub;
use crate::api::{Purpose, Right};
use crate::error::ForgeError;

/// What refray does, the classic scopes of which one is enough, and the permission that a fine-grained token needs.
const NEEDS: [(Purpose, &str, &[&str], &str); 7] = [
    (Purpose::Read, "list and read private repositories", &["repo"], "Metadata: read"),
    (Purpose::Push, "fetch and push", &["repo"], "Contents: read and write"),
    (Purpose::Workflows, "push changes to workflow files", &["workflow"], "Workflows: read and write"),
    (Purpose::Create, "create and change repositories", &["repo"], "Administration: read and write"),
    (Purpose::Delete, "delete repositories", &["delete_repo"], "Administration: read and write"),
    (Purpose::Hooks, "manage webhooks", &["admin:repo_hook", "write:repo_hook", "repo"], "Webhooks: read and write"),
    (Purpose::PullRequests, "open and close pull requests", &["repo"], "Pull requests: read and write"),
];

impl GitHub {
    pub(super) async fn read_rights(&self, _endpoint: &Endpoint) -> Result<Vec<Right>, ForgeError> {
        let scopes = self.read_account().await?.scopes;
        Ok(judge(scopes.as_deref()))
    }
}

/// Judges a classic token's scopes. Of a fine-grained token, for which `scopes` is `None`, GitHub tells nothing.
fn judge(scopes: Option<&[String]>) -> Vec<Right> {
    let right = |(purpose, operation, enough, permission): &(Purpose, &str, &[&str], &str)| match scopes {
        Some(scopes) => Right {
            purpose: *purpose,
            operation: (*operation).to_owned(),
            granted: Some(enough.iter().any(|scope| scopes.iter().any(|held| held == scope))),
            scope: enough[0].to_owned(),
        },
        None => Right {
            purpose: *purpose,
            operation: (*operation).to_owned(),
            granted: None,
            scope: (*permission).to_owned(),
        },
    };
    NEEDS.iter().map(right).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classic_scopes_are_judged_and_fine_grained_ones_are_not_guessed() {
        let scopes = ["repo".to_owned(), "gist".to_owned()];
        let granted: Vec<_> = judge(Some(&scopes)).into_iter().map(|right| right.granted.unwrap()).collect();
        assert_eq!(granted, [true, true, false, true, false, true, true]);
        assert!(judge(None).iter().all(|right| right.granted.is_none() && right.scope.contains(':')));
    }
}
