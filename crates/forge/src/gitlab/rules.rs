//! What protects a branch.

use refray_core::name::BranchName;
use serde::Deserialize;

use super::adapter::GitLab;
use super::list::PER_PAGE;
use crate::api::BranchRules;
use crate::error::{ErrorKind, ForgeError};
use crate::http::{Call, Paging};

/// What GitLab says of a branch to the account that asks.
#[derive(Debug, Deserialize)]
struct Branch {
    protected: bool,
    can_push: Option<bool>,
}

/// A rule, which is about one branch or about all that its wildcard fits.
#[derive(Debug, Deserialize)]
struct Rule {
    name: String,
    #[serde(default)]
    allow_force_push: bool,
    #[serde(default)]
    code_owner_approval_required: bool,
}

impl GitLab {
    pub(super) async fn read_branch_rules(&self, path: &str, branch: &BranchName) -> Result<BranchRules, ForgeError> {
        let doing = format!("look at the rules for `{branch}` of `{path}`");
        let url = self.project_url(path, &doing, &["repository", "branches", branch.as_str()])?;
        let told: Branch = match self.client.json(&Call::get(url, &doing)).await {
            Ok(told) => told,
            Err(error) if error.kind == ErrorKind::NotFound => return Ok(BranchRules::free()),
            Err(error) => return Err(error),
        };
        let mut found = BranchRules { protected: told.protected, ..BranchRules::free() };
        if !told.protected {
            found.push = told.can_push;
            return Ok(found);
        }
        found.push = told.can_push;
        found.delete = Some(false);
        let url = self.project_url(path, &doing, &["protected_branches"])?;
        let call = Call::get(url, &doing).query("per_page", PER_PAGE);
        let rules =
            self.client.list(&call, Paging::GitlabOffset { per_page: PER_PAGE }, |rule: &Rule| rule.name.clone());
        match rules.await {
            Ok(rules) => {
                let mut own = rules.iter().filter(|rule| fits(&rule.name, branch.as_str())).peekable();
                // Where several rules fit, the most permissive one holds.
                found.force = own.peek().is_some().then(|| own.clone().any(|rule| rule.allow_force_push));
                if own.any(|rule| rule.code_owner_approval_required) {
                    found.wants.push("approval by code owners".to_owned());
                }
            }
            Err(error) if matches!(error.kind, ErrorKind::NotFound | ErrorKind::Forbidden { .. }) => found.force = None,
            Err(error) => return Err(error),
        }
        Ok(found)
    }
}

/// Says whether a rule's name, in which `*` stands for any text, fits a branch.
fn fits(rule: &str, branch: &str) -> bool {
    let Some((start, rest)) = rule.split_once('*') else { return rule == branch };
    let Some(left) = branch.strip_prefix(start) else { return false };
    (0..=left.len()).filter(|at| left.is_char_boundary(*at)).any(|at| fits_rest(rest, &left[at..]))
}

fn fits_rest(rule: &str, text: &str) -> bool {
    if rule.contains('*') { fits(rule, text) } else { rule == text }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wildcards_fit_as_gitlab_takes_them() {
        for (rule, branch, expected) in [
            ("main", "main", true),
            ("main", "main2", false),
            ("*", "any/thing", true),
            ("release/*", "release/1.0", true),
            ("release/*", "releases", false),
            ("*-stable", "15-0-stable", true),
            ("a*b*c", "a-b-b-c", true),
            ("a*b*c", "a-c-b", false),
        ] {
            assert_eq!(fits(rule, branch), expected, "{rule} {branch}");
        }
    }
}
