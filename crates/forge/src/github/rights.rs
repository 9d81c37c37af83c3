//! Which rights a token has.

use refray_core::config::{Endpoint, NamespaceKind};
use serde::Deserialize;

use super::adapter::{GitHub, PER_PAGE};
use crate::api::{Purpose, Right};
use crate::error::{ErrorKind, ForgeError};
use crate::http::{Call, Paging};

/// What operations need: scopes of classic tokens, any of which is enough, and the permission of fine-grained ones.
const NEEDS: [(Purpose, &str, &[&str], &str); 7] = [
    (Purpose::Read, "list and read private repositories", &["repo"], "Metadata: read"),
    (Purpose::Push, "fetch and push", &["repo"], "Contents: read and write"),
    (Purpose::Workflows, "push changes to workflow files", &["workflow"], "Workflows: read and write"),
    (Purpose::Create, "create and change repositories", &["repo"], "Administration: read and write"),
    (Purpose::Delete, "delete repositories", &["delete_repo"], "Administration: read and write"),
    (Purpose::Hooks, "manage webhooks", &["admin:repo_hook", "write:repo_hook", "repo"], "Webhooks: read and write"),
    (Purpose::PullRequests, "open and close pull requests", &["repo"], "Pull requests: read and write"),
];

/// An organisation that the account belongs to.
#[derive(Debug, Deserialize)]
struct Membership {
    role: Option<String>,
    organization: Organization,
}

#[derive(Debug, Deserialize)]
struct Organization {
    id: u64,
    login: String,
}

/// Whether the account may make repositories in a namespace.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Standing {
    /// It is its own, or it owns the organisation.
    Owner,
    /// It is a member, and the organisation decides what members may do.
    Member,
    /// It is not in the organisation.
    Outsider,
    /// The namespace is another user's.
    Other,
    /// The token may not ask.
    Unknown,
}

impl GitHub {
    /// Judges by the scopes of the token, which only classic ones tell, and by what the account is in the namespace. What it may
    /// do with a repository that is there, each repository says by itself.
    pub(super) async fn read_rights(&self, endpoint: &Endpoint) -> Result<Vec<Right>, ForgeError> {
        let scopes = self.read_account().await?.scopes;
        let standing = match endpoint.kind {
            NamespaceKind::User if self.is_own(endpoint).await? => Standing::Owner,
            NamespaceKind::User => Standing::Other,
            _ => self.standing(endpoint).await?,
        };
        Ok(judge(scopes.as_deref(), standing, &endpoint.namespace))
    }

    /// Looks for an organisation among those of the account.
    async fn standing(&self, endpoint: &Endpoint) -> Result<Standing, ForgeError> {
        let doing = format!("look up the account's role in {}", endpoint.namespace);
        let call = Call::get(self.client.api_url(["user", "memberships", "orgs"]), doing)
            .query("state", "active")
            .query("per_page", PER_PAGE);
        let key = |membership: &Membership| membership.organization.id.to_string();
        let memberships: Vec<Membership> = match self.client.list(&call, Paging::Link { per_page: PER_PAGE }, key).await
        {
            Ok(memberships) => memberships,
            // It takes `read:org`, of which refray has no need otherwise.
            Err(error) if matches!(error.kind, ErrorKind::Forbidden { .. } | ErrorKind::NotFound) => {
                return Ok(Standing::Unknown);
            }
            Err(error) => return Err(error),
        };
        let own = memberships.iter().find(|it| it.organization.login.eq_ignore_ascii_case(&endpoint.namespace));
        Ok(match own.map(|membership| membership.role.as_deref()) {
            Some(Some("admin")) => Standing::Owner,
            Some(_) => Standing::Member,
            None => Standing::Outsider,
        })
    }
}

/// Holds scopes and standing against what is needed.
fn judge(scopes: Option<&[String]>, standing: Standing, namespace: &str) -> Vec<Right> {
    let right = |(purpose, operation, enough, permission): &(Purpose, &str, &[&str], &str)| {
        let by_scope = scopes.map(|held| enough.iter().any(|scope| held.iter().any(|held| held == scope)));
        let creates = *purpose == Purpose::Create;
        let granted = match standing {
            Standing::Outsider | Standing::Other if creates => Some(false),
            Standing::Member | Standing::Unknown if creates => by_scope.filter(|granted| !granted),
            _ => by_scope,
        };
        Right {
            purpose: *purpose,
            operation: (*operation).to_owned(),
            granted,
            scope: if scopes.is_some() { enough[0] } else { permission }.to_owned(),
            role: creates.then(|| match standing {
                // Nobody but a user makes repositories there.
                Standing::Other => format!("{namespace} itself"),
                _ => format!("owner of {namespace}, or a member where members may create repositories"),
            }),
            lacks_role: granted == Some(false) && by_scope != Some(false),
        }
    };
    NEEDS.iter().map(right).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classic_scopes_are_judged_and_fine_grained_ones_are_not_guessed() {
        let scopes = ["repo".to_owned(), "gist".to_owned()];
        let granted: Vec<_> =
            judge(Some(&scopes), Standing::Owner, "a").into_iter().map(|right| right.granted.unwrap()).collect();
        assert_eq!(granted, [true, true, false, true, false, true, true]);
        let fine = judge(None, Standing::Owner, "a");
        assert!(fine.iter().all(|right| right.granted.is_none() && right.scope.contains(':')));
    }

    #[test]
    fn who_is_no_member_creates_nothing() {
        let scopes = ["repo".to_owned()];
        for (standing, granted, lacks_role) in [
            (Standing::Owner, Some(true), false),
            (Standing::Member, None, false),
            (Standing::Unknown, None, false),
            (Standing::Outsider, Some(false), true),
            (Standing::Other, Some(false), true),
        ] {
            let right = judge(Some(&scopes), standing, "a").remove(3);
            assert_eq!((right.granted, right.lacks_role), (granted, lacks_role), "{standing:?}");
            assert_eq!(judge(Some(&[]), standing, "a").remove(3).granted, Some(false));
        }
    }
}
