//! Which rights a token has.

use refray_core::config::Endpoint;
use serde::Deserialize;

use super::account::{Group, User, is_group};
use super::adapter::GitLab;
use crate::api::{Purpose, Right};
use crate::error::{ErrorKind, ForgeError};
use crate::http::Call;

/// GitLab's numbers of the roles that matter here.
pub(super) const DEVELOPER: u32 = 30;
pub(super) const MAINTAINER: u32 = 40;
const OWNER: u32 = 50;
/// Less than any role.
const NOBODY: u32 = 0;

/// What an operation takes: one of these scopes, and this role in the namespace.
struct Need {
    purpose: Purpose,
    operation: &'static str,
    scopes: &'static [&'static str],
    role: Option<u32>,
}

const fn need(purpose: Purpose, operation: &'static str, scopes: &'static [&'static str], role: Option<u32>) -> Need {
    Need { purpose, operation, scopes, role }
}

/// The operations, each with its least scope first. Whoever creates in a group is judged by the group's own rule.
const NEEDS: [Need; 8] = [
    need(Purpose::Read, "read the account", &["read_user", "read_api", "api"], None),
    need(Purpose::Read, "list and read repositories", &["read_api", "api"], None),
    need(Purpose::Read, "fetch by git", &["read_repository", "write_repository", "api"], None),
    need(Purpose::Push, "push by git", &["write_repository", "api"], Some(DEVELOPER)),
    need(Purpose::PullRequests, "open merge requests", &["api"], Some(DEVELOPER)),
    need(Purpose::Change, "change default branch and description", &["api"], Some(MAINTAINER)),
    need(Purpose::Hooks, "install webhooks", &["api"], Some(MAINTAINER)),
    need(Purpose::Delete, "change visibility and delete repositories", &["api"], Some(OWNER)),
];

/// A membership.
#[derive(Debug, Deserialize)]
struct Member {
    access_level: u32,
}

/// Says whether scopes and role are enough; `None` where one of them is not known and the other does not forbid it.
fn granted(by_scope: Option<bool>, by_role: Option<bool>) -> Option<bool> {
    match (by_scope, by_role) {
        (Some(false), _) | (_, Some(false)) => Some(false),
        (Some(true), Some(true)) => Some(true),
        _ => None,
    }
}

/// What is known of token and account.
struct Known {
    /// The token's scopes, where the forge tells them.
    scopes: Option<Vec<String>>,
    /// The account's role in the namespace.
    role: Option<u32>,
    /// The namespace.
    namespace: String,
}

impl Known {
    /// Judges one right. `least` is the role that it takes; the inner `None` is one that is not known.
    fn right(&self, purpose: Purpose, operation: &str, needed: &[&str], least: Option<Option<u32>>) -> Right {
        let by_scope = self.scopes.as_ref().map(|held| held.iter().any(|scope| needed.contains(&scope.as_str())));
        let by_role = least.map_or(Some(true), |least| self.role.zip(least).map(|(role, least)| role >= least));
        Right {
            purpose,
            operation: operation.to_owned(),
            granted: granted(by_scope, by_role),
            scope: needed[0].to_owned(),
            role: least.flatten().map(|least| format!("{} of {}", role_name(least), self.namespace)),
            lacks_role: by_role == Some(false) && by_scope != Some(false),
        }
    }
}

/// Returns the role that making projects in a group takes; `None` for a rule that is not known.
fn creation_role(group: &Group) -> Option<u32> {
    match group.project_creation_level.as_deref()? {
        "developer" => Some(DEVELOPER),
        "maintainer" => Some(MAINTAINER),
        "owner" => Some(OWNER),
        // Nobody, or administrators, who are above all roles.
        "noone" | "administrator" => Some(OWNER + 1),
        _ => None,
    }
}

const fn role_name(role: u32) -> &'static str {
    match role {
        DEVELOPER => "Developer",
        MAINTAINER => "Maintainer",
        OWNER => "Owner",
        _ => "administrator",
    }
}

impl GitLab {
    /// Compares what the operations take with the token's scopes and the account's role.
    pub(crate) async fn list_rights(&self, endpoint: &Endpoint) -> Result<Vec<Right>, ForgeError> {
        let me = self.me().await?;
        let scopes = self.scopes().await?;
        let (role, creation) = if me.is_admin == Some(true) {
            (Some(u32::MAX), Some(OWNER))
        } else if is_group(endpoint) {
            let group = self.group(&endpoint.namespace).await?;
            (self.role(&group, &me).await?, creation_role(&group))
        } else {
            // With another user, roles differ from project to project, and only administrators make projects.
            let own = me.owns(&endpoint.namespace);
            (own.then_some(OWNER), Some(if own { OWNER } else { OWNER + 1 }))
        };
        let elsewhere = !is_group(endpoint) && role.is_none();
        let known = Known { scopes, role, namespace: endpoint.namespace.clone() };
        let mut create = known.right(Purpose::Create, "create repositories", &["api"], Some(creation));
        if elsewhere && create.granted != Some(false) {
            create = Right { granted: Some(false), lacks_role: true, ..create };
        }
        let others =
            NEEDS.iter().map(|need| known.right(need.purpose, need.operation, need.scopes, need.role.map(Some)));
        Ok(others.chain([create]).collect())
    }

    /// Returns the account's role in a group, inherited ones too; `None` when it is not told.
    async fn role(&self, group: &Group, me: &User) -> Result<Option<u32>, ForgeError> {
        let url = self.client.api_url(["groups", &group.id.to_string(), "members", "all", &me.id.to_string()]);
        let doing = format!("look up the account's role in {}", group.full_path);
        match self.client.json::<Member>(&Call::get(url, doing)).await {
            Ok(member) => Ok(Some(member.access_level)),
            // The group is there, so what is not is the membership.
            Err(error) if error.kind == ErrorKind::NotFound => Ok(Some(NOBODY)),
            Err(error) if matches!(error.kind, ErrorKind::Forbidden { .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scopes_and_roles_count_together() {
        let scopes = |text: &str| text.split(' ').map(str::to_owned).collect::<Vec<_>>();
        for (held, role, needed, least, expected, lacks_role) in [
            (Some("api"), Some(50), &["api"][..], Some(Some(OWNER)), Some(true), false),
            (Some("api"), Some(40), &["api"], Some(Some(OWNER)), Some(false), true),
            (Some("api"), Some(NOBODY), &["api"], Some(Some(DEVELOPER)), Some(false), true),
            (Some("api"), None, &["api"], Some(Some(OWNER)), None, false),
            (Some("api"), Some(50), &["api"], Some(None), None, false),
            (Some("read_api"), None, &["api"], Some(Some(OWNER)), Some(false), false),
            (Some("read_api"), Some(10), &["api"], Some(Some(OWNER)), Some(false), false),
            (Some("read_api"), None, &["read_api", "api"], None, Some(true), false),
            (None, Some(50), &["api"], Some(Some(OWNER)), None, false),
            (None, Some(10), &["api"], Some(Some(OWNER)), Some(false), true),
            (
                Some("read_user write_repository"),
                Some(30),
                &["write_repository", "api"],
                Some(Some(30)),
                Some(true),
                false,
            ),
        ] {
            let right = Known { scopes: held.map(scopes), role, namespace: "a".to_owned() }.right(
                Purpose::Push,
                "x",
                needed,
                least,
            );
            let found = (right.granted, right.lacks_role);
            assert_eq!(found, (expected, lacks_role), "{held:?} {role:?} {needed:?} {least:?}");
        }
    }

    #[test]
    fn the_groups_own_rule_says_who_creates() {
        for (level, expected) in [
            (Some("developer"), Some(DEVELOPER)),
            (Some("maintainer"), Some(MAINTAINER)),
            (Some("noone"), Some(OWNER + 1)),
            (Some("new rule"), None),
            (None, None),
        ] {
            let group = Group { id: 1, full_path: "a".into(), project_creation_level: level.map(str::to_owned) };
            assert_eq!(creation_role(&group), expected);
        }
    }
}
