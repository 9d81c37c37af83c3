//! What protects a branch.

use refray_core::name::BranchName;
use serde::Deserialize;

use super::adapter::Gitea;
use super::dialect::Dialect;
use crate::api::BranchRules;
use crate::error::{ErrorKind, ForgeError};
use crate::http::Call;

/// What the server says of a branch to the account that asks.
#[derive(Debug, Deserialize)]
struct Branch {
    #[serde(default)]
    protected: bool,
    user_can_push: Option<bool>,
    #[serde(default)]
    effective_branch_protection_name: String,
    #[serde(default)]
    required_approvals: u64,
}

/// A rule, which only those who administer the repository may read.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Rule {
    enable_force_push: bool,
    enable_push: bool,
    require_signed_commits: bool,
    required_approvals: u64,
}

impl Gitea {
    pub(crate) async fn read_branch_rules(&self, path: &str, branch: &BranchName) -> Result<BranchRules, ForgeError> {
        let doing = format!("look at the rules for `{branch}` of `{path}`");
        let segments: Vec<&str> = std::iter::once("branches").chain(branch.as_str().split('/')).collect();
        let url = self.repository_url(path, &doing, &segments)?;
        let told: Branch = match self.client.json(&Call::get(url, &doing)).await {
            Ok(told) => told,
            Err(error) if error.kind == ErrorKind::NotFound => return Ok(BranchRules::free()),
            Err(error) => return Err(error),
        };
        let mut found = BranchRules { protected: told.protected, push: told.user_can_push, ..BranchRules::free() };
        if !told.protected {
            return Ok(found);
        }
        found.delete = Some(false);
        // Forgejo has no such permission: a protected branch is never forced there.
        found.force = if self.dialect == Dialect::Forgejo { Some(false) } else { None };
        let name = &told.effective_branch_protection_name;
        let mut approvals = told.required_approvals;
        if !name.is_empty() {
            let url = self.repository_url(path, &doing, &["branch_protections", name])?;
            match self.client.json::<Rule>(&Call::get(url, &doing)).await {
                Ok(rule) => {
                    if self.dialect == Dialect::Gitea {
                        found.force = Some(rule.enable_push && rule.enable_force_push);
                    }
                    approvals = approvals.max(rule.required_approvals);
                    if rule.require_signed_commits {
                        found.wants.push("signed commits".to_owned());
                    }
                }
                Err(error) if matches!(error.kind, ErrorKind::NotFound | ErrorKind::Forbidden { .. }) => {}
                Err(error) => return Err(error),
            }
        }
        if approvals > 0 && found.push == Some(false) {
            found.wants.push("a pull request".to_owned());
        }
        Ok(found)
    }
}
