//! What protects a branch: rulesets, which everybody may read, and classic protection, whose details are for administrators.

use refray_core::name::BranchName;
use serde::Deserialize;

use super::adapter::GitHub;
use crate::api::BranchRules;
use crate::error::{ErrorKind, ForgeError};
use crate::http::Call;

/// A rule of a ruleset that holds for a branch.
#[derive(Debug, Deserialize)]
struct Rule {
    #[serde(rename = "type")]
    kind: String,
}

#[derive(Debug, Deserialize)]
struct Branch {
    protected: bool,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Enabled {
    enabled: bool,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Protection {
    allow_force_pushes: Enabled,
    allow_deletions: Enabled,
    lock_branch: Enabled,
    required_signatures: Enabled,
    required_linear_history: Enabled,
    enforce_admins: Enabled,
    required_pull_request_reviews: Option<serde_json::Value>,
    required_status_checks: Option<serde_json::Value>,
    restrictions: Option<serde_json::Value>,
}

impl GitHub {
    pub(super) async fn read_branch_rules(&self, path: &str, branch: &BranchName) -> Result<BranchRules, ForgeError> {
        let doing = || format!("look at the rules for `{branch}` of `{path}`");
        let parts = |first: &[&'static str]| -> Vec<String> {
            first.iter().map(|part| (*part).to_owned()).chain(branch.as_str().split('/').map(str::to_owned)).collect()
        };
        let address = |first: &[&'static str], last: &[&str]| {
            let mut segments = parts(first);
            segments.extend(last.iter().map(|part| (*part).to_owned()));
            self.repository_url(path, &segments.iter().map(String::as_str).collect::<Vec<_>>())
        };
        let rules: Vec<Rule> = match self.client.json(&Call::get(address(&["rules", "branches"], &[])?, doing())).await
        {
            Ok(rules) => rules,
            // Servers without rulesets, and plans that have none for private repositories.
            Err(error) if matches!(error.kind, ErrorKind::NotFound | ErrorKind::Forbidden { .. }) => Vec::new(),
            Err(error) => return Err(error),
        };
        let mut found = by_ruleset(&rules);
        let protected = match self.client.json::<Branch>(&Call::get(address(&["branches"], &[])?, doing())).await {
            Ok(branch) => branch.protected,
            Err(error) if error.kind == ErrorKind::NotFound => false,
            Err(error) => return Err(error),
        };
        if protected {
            let call = Call::get(address(&["branches"], &["protection"])?, doing());
            let classic = match self.client.json::<Protection>(&call).await {
                Ok(classic) => Some(classic),
                // Only rulesets protect it, or the token may not know.
                Err(error) if matches!(error.kind, ErrorKind::NotFound | ErrorKind::Forbidden { .. }) => None,
                Err(error) => return Err(error),
            };
            found.protected = true;
            match classic {
                Some(classic) => by_protection(&classic, &mut found),
                None if rules.is_empty() => found.push = None,
                None => {}
            }
        }
        Ok(found)
    }
}

fn by_ruleset(rules: &[Rule]) -> BranchRules {
    let mut found = BranchRules { protected: !rules.is_empty(), ..BranchRules::free() };
    for rule in rules {
        match rule.kind.as_str() {
            "non_fast_forward" => found.force = Some(false),
            "deletion" => found.delete = Some(false),
            "update" => found.push = Some(false),
            "pull_request" => found.want("a pull request", true),
            "required_status_checks" | "workflows" | "code_scanning" => found.want("passed checks", true),
            "required_signatures" => found.want("signed commits", false),
            "required_linear_history" => found.want("a history without merges", false),
            "merge_queue" => found.want("a merge queue", true),
            "commit_message_pattern" | "commit_author_email_pattern" | "committer_email_pattern" => {
                found.want("commits of a certain form", false);
            }
            _ => {}
        }
    }
    found
}

fn by_protection(classic: &Protection, found: &mut BranchRules) {
    if !classic.allow_force_pushes.enabled {
        found.force = Some(false);
    }
    if !classic.allow_deletions.enabled {
        found.delete = Some(false);
    }
    if classic.required_signatures.enabled {
        found.want("signed commits", false);
    }
    if classic.required_linear_history.enabled {
        found.want("a history without merges", false);
    }
    // Administrators are exempt unless they are included, and whether the token's account is one is not told here.
    let bars = classic.enforce_admins.enabled;
    if classic.required_pull_request_reviews.is_some() {
        found.want("a pull request", bars);
    }
    if classic.required_status_checks.is_some() {
        found.want("passed checks", bars);
    }
    if classic.lock_branch.enabled {
        found.push = Some(false);
    } else if classic.restrictions.is_some() && found.push == Some(true) {
        found.push = None;
        found.wants.push("being among those who may push".to_owned());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_are_understood() {
        let rules: Vec<Rule> = serde_json::from_value(serde_json::json!([
            { "type": "non_fast_forward" }, { "type": "pull_request", "parameters": {} }, { "type": "new kind" },
        ]))
        .unwrap();
        let found = by_ruleset(&rules);
        assert_eq!((found.push, found.force, found.delete), (Some(false), Some(false), Some(true)));
        assert_eq!(found.wants, ["a pull request"]);
        assert!(!by_ruleset(&[]).protected);
    }

    #[test]
    fn classic_protection_is_understood() {
        let classic: Protection = serde_json::from_value(serde_json::json!({
            "allow_force_pushes": { "enabled": false }, "allow_deletions": { "enabled": true },
            "enforce_admins": { "enabled": false }, "required_pull_request_reviews": {}, "restrictions": { "users": [] },
        }))
        .unwrap();
        let mut found = BranchRules { protected: true, ..BranchRules::free() };
        by_protection(&classic, &mut found);
        assert_eq!((found.push, found.force, found.delete), (None, Some(false), Some(true)));
        assert_eq!(found.wants, ["a pull request", "being among those who may push"]);
    }
}
