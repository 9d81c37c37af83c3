//! Which rights a token has, as far as reading tells.

use refray_core::config::Endpoint;
use serde::Deserialize;

use super::account::{User, is_organisation};
use super::adapter::Gitea;
use crate::api::{Purpose, Right};
use crate::error::{ErrorKind, ForgeError};
use crate::http::{Call, gitea_token_scopes};

/// What an account may do in an organisation.
#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(default)]
struct Permissions {
    can_create_repository: bool,
    is_admin: bool,
    is_owner: bool,
}

/// What is known of a token and of the account's standing in the namespace.
struct Known {
    /// The token's scopes, where the forge tells them.
    scopes: Option<Vec<String>>,
    /// Scopes that the token was found to lack.
    lacks: Vec<String>,
    /// The account may make repositories there.
    creates: Option<bool>,
    /// The account may do everything there.
    rules: Option<bool>,
}

/// Says whether scopes hold one. Writing includes reading; `all` includes everything, and so did `sudo`.
fn holds(scopes: &[String], wanted: &str) -> bool {
    let (level, category) = wanted.split_once(':').unwrap_or(("", wanted));
    scopes.iter().any(|scope| {
        let (held_level, held_category) = scope.split_once(':').unwrap_or(("", scope));
        matches!(scope.as_str(), "all" | "sudo")
            || held_category == category && (held_level == level || held_level == "write" && level == "read")
    })
}

/// What an attempt to read something has told.
#[derive(Default)]
struct Probed {
    /// It was allowed, or refused for want of a right.
    allowed: Option<bool>,
    /// The token's scopes, if the refusal names them.
    scopes: Option<Vec<String>>,
    /// The scope that is lacking.
    lacks: Option<String>,
}

impl Known {
    /// Says whether all of `scopes` are there and the account's standing, as far as it matters, is enough.
    fn granted(&self, scopes: &[&str], standing: Option<bool>) -> Option<bool> {
        match (self.by_scope(scopes), standing) {
            (Some(false), _) | (_, Some(false)) => Some(false),
            (Some(true), Some(true)) => Some(true),
            _ => None,
        }
    }

    fn by_scope(&self, scopes: &[&str]) -> Option<bool> {
        // Who may not read may not write either.
        let category = |scope: &str| scope.split_once(':').map(|(_, category)| category.to_owned());
        let lacks = |wanted: &&str| self.lacks.iter().any(|lacking| category(lacking) == category(wanted));
        match &self.scopes {
            Some(held) => Some(scopes.iter().all(|wanted| holds(held, wanted))),
            None => scopes.iter().any(lacks).then_some(false),
        }
    }
}

impl Gitea {
    /// Finds out what can be found out without writing. A token cannot be asked for its scopes, but a refusal names
    /// them, so things are read that refray has no need of and a token made for it no right to.
    pub(crate) async fn list_rights(&self, endpoint: &Endpoint) -> Result<Vec<Right>, ForgeError> {
        let namespace = endpoint.namespace.as_str();
        let organisation = is_organisation(endpoint);
        let me = match self.me().await {
            Ok(me) => Some(me),
            Err(error) if matches!(error.kind, ErrorKind::Forbidden { .. }) => None,
            Err(error) => return Err(error),
        };
        let (listing, listing_scopes): (_, &[&str]) = if organisation {
            (self.client.api_url(["orgs", namespace, "repos"]), &["read:organization"])
        } else {
            (self.client.api_url(["user", "repos"]), &["read:user", "read:repository"])
        };
        let listed = self.probe(listing, Some(1)).await?;
        let (lists, mut scopes, mut lacks) = (listed.allowed, listed.scopes, Vec::from_iter(listed.lacks));
        if let Some(me) = &me {
            let unneeded: [&[&str]; 3] = [&["notifications", "new"], &["packages", &me.login], &["admin", "cron"]];
            for segments in unneeded {
                if scopes.is_none() {
                    scopes = self.probe(self.client.api_url(segments), None).await?.scopes;
                }
            }
        }
        if scopes.is_none() {
            // Forgejo says only what is lacking, so each kind of scope that is needed is asked for.
            for (segments, limit) in [(&["repos", "issues", "search"][..], Some(1)), (&["repositories", "0"], None)] {
                lacks.extend(self.probe(self.client.api_url(segments), limit).await?.lacks);
            }
        }
        let (creates, rules) = self.standing(namespace, organisation, me.as_ref()).await?;
        let known = Known { scopes, lacks, creates, rules };

        let right = |purpose: Purpose, operation: &str, scopes: &[&str], granted: Option<bool>| Right {
            purpose,
            operation: operation.to_owned(),
            granted,
            scope: scopes.join(" and "),
            role: None,
            lacks_role: false,
        };
        let by_scopes = |purpose: Purpose, operation: &str, scopes: &[&str], standing: Option<bool>| Right {
            role: match purpose {
                Purpose::Create | Purpose::Change | Purpose::Delete | Purpose::Hooks if !organisation => {
                    (me.as_ref().is_none_or(|me| !me.owns(namespace))).then(|| format!("{namespace} itself"))
                }
                Purpose::Create => Some(format!("owner of {namespace}, or in a team that may create repositories")),
                Purpose::Change | Purpose::Delete | Purpose::Hooks => {
                    Some(format!("owner of {namespace}, or in a team that administers all of it"))
                }
                _ => None,
            },
            lacks_role: standing == Some(false) && known.by_scope(scopes) != Some(false),
            ..right(purpose, operation, scopes, known.granted(scopes, standing))
        };
        let creation: &[&str] =
            if organisation { &["write:organization"] } else { &["write:user", "write:repository"] };
        let mut rights = vec![
            right(Purpose::Read, "read the account", &["read:user"], Some(me.is_some())),
            right(Purpose::Read, "list repositories", listing_scopes, lists),
            by_scopes(Purpose::Read, "fetch by git and read repositories", &["read:repository"], Some(true)),
            by_scopes(Purpose::Push, "push by git", &["write:repository"], Some(true)),
            by_scopes(Purpose::Create, "create repositories", creation, known.creates),
            by_scopes(Purpose::Change, "change repositories", &["write:repository"], known.rules),
            by_scopes(Purpose::Delete, "delete repositories", self.dialect.deletion_scopes(organisation), known.rules),
            by_scopes(Purpose::Hooks, "install webhooks", &["write:repository"], known.rules),
            by_scopes(Purpose::PullRequests, "open pull requests", &["write:repository"], Some(true)),
            by_scopes(Purpose::PullRequests, "comment on pull requests", &["write:issue"], Some(true)),
        ];
        if known.scopes.as_ref().is_some_and(|held| held.iter().any(|scope| scope == "public-only")) {
            rights.push(right(Purpose::Read, "see private repositories", &["no public-only"], Some(false)));
        }
        Ok(rights)
    }

    /// Reads something, and says what can be told from that.
    async fn probe(&self, url: url::Url, limit: Option<u32>) -> Result<Probed, ForgeError> {
        let mut call = Call::get(url, "try the token's rights");
        if let Some(limit) = limit {
            call = call.query("limit", limit);
        }
        match self.client.send(&call).await {
            Ok(_) => Ok(Probed { allowed: Some(true), ..Probed::default() }),
            Err(error) => match error.kind {
                ErrorKind::Forbidden { missing } => {
                    Ok(Probed { allowed: Some(false), scopes: gitea_token_scopes(&error.message), lacks: missing })
                }
                ErrorKind::Unauthorized => Err(error),
                _ if error.is_transient() => Err(error),
                _ => Ok(Probed::default()),
            },
        }
    }

    /// Says whether the account may make repositories in a namespace, and whether it may do everything there.
    async fn standing(
        &self,
        namespace: &str,
        organisation: bool,
        me: Option<&User>,
    ) -> Result<(Option<bool>, Option<bool>), ForgeError> {
        let Some(me) = me else { return Ok((None, None)) };
        if me.is_admin {
            return Ok((Some(true), Some(true)));
        }
        if !organisation {
            let own = me.owns(namespace);
            // In another's repository one can be a collaborator, so only the making is ruled out.
            return Ok((Some(own), own.then_some(true)));
        }
        let url = self.client.api_url(["users", &me.login, "orgs", namespace, "permissions"]);
        let doing = format!("look up the account's rights in {namespace}");
        match self.client.json::<Permissions>(&Call::get(url, doing)).await {
            Ok(may) => {
                let rules = may.is_owner || may.is_admin;
                Ok((Some(rules || may.can_create_repository), rules.then_some(true)))
            }
            Err(error) if error.is_transient() || error.kind == ErrorKind::Unauthorized => Err(error),
            Err(_) => Ok((None, None)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scopes(text: &str) -> Vec<String> {
        text.split(',').map(str::to_owned).collect()
    }

    #[test]
    fn writing_includes_reading() {
        for (held, wanted, expected) in [
            ("write:repository,read:user", "read:repository", true),
            ("write:repository,read:user", "write:repository", true),
            ("write:repository,read:user", "write:user", false),
            ("read:organization", "write:organization", false),
            ("all", "write:issue", true),
            ("public-only,read:user", "read:issue", false),
        ] {
            assert_eq!(holds(&scopes(held), wanted), expected, "{held} {wanted}");
        }
    }

    #[test]
    fn scopes_and_standing_count_together() {
        for (held, standing, expected) in [
            (Some("write:repository"), Some(true), Some(true)),
            (Some("write:repository"), Some(false), Some(false)),
            (Some("write:repository"), None, None),
            (Some("read:repository"), None, Some(false)),
            (None, Some(true), None),
            (None, Some(false), Some(false)),
        ] {
            let known = Known { scopes: held.map(scopes), lacks: Vec::new(), creates: None, rules: None };
            assert_eq!(known.granted(&["write:repository"], standing), expected, "{held:?} {standing:?}");
        }
    }

    #[test]
    fn who_may_not_read_may_not_write() {
        let known = Known { scopes: None, lacks: scopes("read:issue"), creates: None, rules: None };
        for (wanted, expected) in [("write:issue", Some(false)), ("read:issue", Some(false)), ("write:user", None)] {
            assert_eq!(known.granted(&[wanted], Some(true)), expected, "{wanted}");
        }
    }
}
