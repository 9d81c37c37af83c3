//! Which rights a token has.

use refray_core::config::Endpoint;
use serde::Deserialize;

use super::account::{Group, User, is_group};
use super::adapter::GitLab;
use crate::api::{Purpose, Right};
use crate::error::{ErrorKind, ForgeError};
use crate::http::Call;

/// GitLab's numbers of the roles that matter here.
const DEVELOPER: u32 = 30;
const MAINTAINER: u32 = 40;
const OWNER: u32 = 50;

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
fn granted(scopes: Option<&[String]>, role: Option<u32>, needed: &[&str], least: Option<u32>) -> Option<bool> {
    let by_scope = scopes.map(|held| held.iter().any(|scope| needed.contains(&scope.as_str())));
    let by_role = least.map_or(Some(true), |least| role.map(|role| role >= least));
    match (by_scope, by_role) {
        (Some(false), _) | (_, Some(false)) => Some(false),
        (Some(true), Some(true)) => Some(true),
        _ => None,
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
        let create = Right {
            purpose: Purpose::Create,
            operation: "create repositories".to_owned(),
            granted: match creation {
                _ if elsewhere => Some(false),
                Some(least) => granted(scopes.as_deref(), role, &["api"], Some(least)),
                None => granted(scopes.as_deref(), None, &["api"], Some(DEVELOPER)),
            },
            scope: creation.map_or_else(|| "api".to_owned(), |least| format!("api, role {}", role_name(least))),
        };
        let others = NEEDS.iter().map(|need| Right {
            purpose: need.purpose,
            operation: need.operation.to_owned(),
            granted: granted(scopes.as_deref(), role, need.scopes, need.role),
            scope: match need.role {
                Some(role) => format!("{}, role {}", need.scopes[0], role_name(role)),
                None => need.scopes[0].to_owned(),
            },
        });
        Ok(others.chain([create]).collect())
    }

    /// Returns the account's role in a group, inherited ones too; `None` when it is not told.
    async fn role(&self, group: &Group, me: &User) -> Result<Option<u32>, ForgeError> {
        let url = self.client.api_url(["groups", &group.id.to_string(), "members", "all", &me.id.to_string()]);
        let doing = format!("look up the account's role in {}", group.full_path);
        match self.client.json::<Member>(&Call::get(url, doing)).await {
            Ok(member) => Ok(Some(member.access_level)),
            Err(error) if matches!(error.kind, ErrorKind::NotFound | ErrorKind::Forbidden { .. }) => Ok(None),
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
        for (held, role, needed, least, expected) in [
            (Some("api"), Some(50), &["api"][..], Some(OWNER), Some(true)),
            (Some("api"), Some(40), &["api"], Some(OWNER), Some(false)),
            (Some("api"), None, &["api"], Some(OWNER), None),
            (Some("read_api"), None, &["api"], Some(OWNER), Some(false)),
            (Some("read_api"), None, &["read_api", "api"], None, Some(true)),
            (None, Some(50), &["api"], Some(OWNER), None),
            (None, Some(10), &["api"], Some(OWNER), Some(false)),
            (Some("read_user write_repository"), Some(30), &["write_repository", "api"], Some(DEVELOPER), Some(true)),
        ] {
            let held = held.map(scopes);
            assert_eq!(
                granted(held.as_deref(), role, needed, least),
                expected,
                "{held:?} {role:?} {needed:?} {least:?}"
            );
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
