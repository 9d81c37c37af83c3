//! What fills listings: requests and webhooks of other people's.

use reqwest::Method;
use serde_json::json;

use super::{Forge, Kind};

impl Forge {
    /// Opens a request of one branch against another, as a person would.
    pub(crate) fn open(&self, name: &str, head: &str, base: &str) {
        let own = self.own(name);
        let (path, body) = match self.kind {
            Kind::GitLab => (
                format!("{own}/merge_requests"),
                json!({"source_branch": head, "target_branch": base, "title": format!("Take {head}")}),
            ),
            Kind::GitHub | Kind::Gitea | Kind::Forgejo => {
                (format!("{own}/pulls"), json!({"head": head, "base": base, "title": format!("Take {head}")}))
            }
        };
        self.tell(Method::POST, &path, Some(body));
    }

    /// Adds a webhook that is none of refray's.
    pub(crate) fn add_hook(&self, name: &str, url: &str) {
        let body = match self.kind {
            Kind::GitLab => json!({"url": url, "push_events": true}),
            Kind::GitHub => json!({"config": {"url": url, "content_type": "json"}, "events": ["star"]}),
            Kind::Gitea | Kind::Forgejo => {
                json!({"type": "gitea", "active": false, "config": {"url": url, "content_type": "json"}})
            }
        };
        self.tell(Method::POST, &format!("{}/hooks", self.own(name)), Some(body));
    }
}
