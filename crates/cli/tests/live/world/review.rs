//! What a forge's API says of requests, protected branches and webhooks.

use std::time::{Duration, Instant};

use reqwest::Method;
use serde_json::json;

use super::{Forge, Kind};

/// An open pull or merge request.
#[derive(Debug)]
pub(crate) struct Pull {
    pub(crate) number: u64,
    pub(crate) head: String,
    pub(crate) base: String,
}

/// What a protected branch does not take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Rule {
    /// Updates that forget commits.
    Forced,
    /// Any push.
    Pushed,
    /// Commits that nobody signed.
    Unsigned,
    /// Changes to `*.yml`.
    Files,
}

impl Forge {
    pub(crate) fn protect(&self, name: &str, branch: &str, rule: Rule) {
        let own = self.own(name);
        match self.kind {
            Kind::GitHub => {
                let reviews = (rule == Rule::Pushed).then(|| json!({"required_approving_review_count": 1}));
                let body = json!({
                    "required_status_checks": null, "enforce_admins": true, "restrictions": null,
                    "required_pull_request_reviews": reviews,
                });
                self.tell(Method::PUT, &format!("{own}/branches/{branch}/protection"), Some(body));
            }
            Kind::GitLab => {
                self.ask(Method::DELETE, &format!("{own}/protected_branches/{branch}"), None);
                let level = if rule == Rule::Pushed { 0 } else { 40 };
                let body = json!({"name": branch, "push_access_level": level, "merge_access_level": 40});
                self.tell(Method::POST, &format!("{own}/protected_branches"), Some(body));
            }
            Kind::Gitea | Kind::Forgejo => {
                let body = json!({
                    "rule_name": branch, "branch_name": branch, "enable_push": rule != Rule::Pushed,
                    "require_signed_commits": rule == Rule::Unsigned,
                    "protected_file_patterns": if rule == Rule::Files { "*.yml" } else { "" },
                });
                self.tell(Method::POST, &format!("{own}/branch_protections"), Some(body));
            }
        }
    }

    pub(crate) fn unprotect(&self, name: &str, branch: &str) {
        let own = self.own(name);
        let path = match self.kind {
            Kind::GitHub => format!("{own}/branches/{branch}/protection"),
            Kind::GitLab => format!("{own}/protected_branches/{branch}"),
            Kind::Gitea | Kind::Forgejo => format!("{own}/branch_protections/{branch}"),
        };
        self.tell(Method::DELETE, &path, None);
    }

    /// Lets nobody but somebody else write the tags that begin with `v` (Gitea, Forgejo). Not possible where there is
    /// nobody else.
    pub(crate) fn protect_tags(&self, name: &str) -> bool {
        let found = self.get("/users/search?limit=20");
        let others = found["data"].as_array().into_iter().flatten().filter_map(|user| user["login"].as_str());
        let Some(other) = others.into_iter().find(|login| !login.eq_ignore_ascii_case(&self.user)) else {
            return false;
        };
        let body = json!({"name_pattern": "v*", "whitelist_usernames": [other], "whitelist_teams": []});
        self.tell(Method::POST, &format!("{}/tag_protections", self.own(name)), Some(body));
        true
    }

    /// The open requests.
    pub(crate) fn pulls(&self, name: &str) -> Vec<Pull> {
        let own = self.own(name);
        let is_lab = self.kind == Kind::GitLab;
        let path =
            if is_lab { format!("{own}/merge_requests?state=opened") } else { format!("{own}/pulls?state=open") };
        let answer = self.get(&path);
        let pulls = answer.as_array().unwrap().iter().map(|pull| {
            let (number, head, base) = if is_lab {
                (&pull["iid"], &pull["source_branch"], &pull["target_branch"])
            } else {
                (&pull["number"], &pull["head"]["ref"], &pull["base"]["ref"])
            };
            let text = |value: &serde_json::Value| value.as_str().unwrap().to_owned();
            Pull { number: number.as_u64().unwrap(), head: text(head), base: text(base) }
        });
        pulls.collect()
    }

    /// Merges a request. A forge may still be looking whether that can be done.
    pub(crate) fn merge(&self, name: &str, number: u64) {
        let own = self.own(name);
        let (method, path, body) = match self.kind {
            Kind::GitHub => (Method::PUT, format!("{own}/pulls/{number}/merge"), json!({"merge_method": "merge"})),
            Kind::GitLab => (Method::PUT, format!("{own}/merge_requests/{number}/merge"), json!({})),
            Kind::Gitea | Kind::Forgejo => {
                (Method::POST, format!("{own}/pulls/{number}/merge"), json!({"Do": "merge"}))
            }
        };
        let started = Instant::now();
        loop {
            let (status, answer) = self.ask(method.clone(), &path, Some(body.clone()));
            if (200..300).contains(&status) {
                return;
            }
            assert!(started.elapsed() < Duration::from_secs(60), "{path}: {status} {answer}");
            std::thread::sleep(Duration::from_millis(500));
        }
    }

    /// Where the webhooks of a repository send to.
    pub(crate) fn hooks(&self, name: &str) -> Vec<String> {
        let answer = self.get(&format!("{}/hooks", self.own(name)));
        let urls = answer.as_array().unwrap().iter().map(|hook| {
            let url = if self.kind == Kind::GitLab { &hook["url"] } else { &hook["config"]["url"] };
            url.as_str().unwrap().to_owned()
        });
        urls.collect()
    }
}
