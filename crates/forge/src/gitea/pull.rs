//! Pull requests as Gitea and Forgejo write them.

use serde::{Deserialize, Serialize};

use super::adapter::Gitea;
use crate::api::{NewPull, Pull, PullState};
use crate::error::ForgeError;
use crate::http::Call;

/// The longest title that is kept, in characters.
const LONGEST_TITLE: usize = 255;

/// What of a pull request's description is used here.
#[derive(Debug, Deserialize)]
struct Description {
    number: u64,
    title: Option<String>,
    body: Option<String>,
    state: String,
    merged: Option<bool>,
    html_url: Option<String>,
    head: Option<Side>,
    base: Option<Side>,
}

/// One of the two branches of a pull request.
#[derive(Debug, Deserialize)]
struct Side {
    label: Option<String>,
    #[serde(rename = "ref")]
    reference: Option<String>,
    sha: Option<String>,
    repo_id: Option<i64>,
}

impl Side {
    /// Returns the branch. Once it is deleted, only the label still names it, and the reference is the one that the
    /// forge keeps for the request.
    fn branch(&self) -> Option<&str> {
        let reference = self.reference.as_deref().filter(|text| !text.is_empty() && !text.starts_with("refs/pull/"));
        reference.or(self.label.as_deref())
    }
}

impl Description {
    /// Returns the branch that it would be merged from.
    fn head_branch(&self) -> &str {
        self.head.as_ref().and_then(Side::branch).unwrap_or_default()
    }

    /// Says whether both branches are in one repository. A fork's branch of the same name is somebody else's.
    fn is_internal(&self) -> bool {
        let id = |side: &Option<Side>| side.as_ref().and_then(|side| side.repo_id);
        match (id(&self.head), id(&self.base)) {
            (Some(head), Some(base)) => head == base,
            _ => true,
        }
    }

    /// Describes the pull request in the words of all forges.
    fn describe(self) -> Pull {
        Pull {
            number: self.number,
            web_url: self.html_url.clone().unwrap_or_default(),
            title: self.title.clone().unwrap_or_default(),
            body: self.body.clone().unwrap_or_default(),
            head: self.head_branch().to_owned(),
            head_oid: self.head.as_ref().and_then(|side| side.sha.clone()).filter(|sha| !sha.is_empty()),
            base: self.base.as_ref().and_then(Side::branch).unwrap_or_default().to_owned(),
            state: match (self.merged.unwrap_or(false), self.state.as_str()) {
                (true, _) => PullState::Merged,
                (false, "closed") => PullState::Closed,
                (false, _) => PullState::Open,
            },
        }
    }
}

/// A pull request to be opened.
#[derive(Serialize)]
struct New<'a> {
    head: &'a str,
    base: &'a str,
    title: String,
    body: &'a str,
}

/// Changes to a pull request.
#[derive(Serialize, Default)]
struct Change<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    title: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    body: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    state: Option<&'static str>,
}

/// A comment to be made.
#[derive(Serialize)]
struct Comment<'a> {
    body: &'a str,
}

fn shortened(title: &str) -> String {
    title.chars().take(LONGEST_TITLE).collect()
}

impl Gitea {
    /// Lists the pull requests within a repository whose head branch starts with `head_prefix`. Neither forge can filter
    /// by that, so all are read.
    pub(crate) async fn list_pulls(&self, path: &str, head_prefix: &str) -> Result<Vec<Pull>, ForgeError> {
        let doing = format!("list the pull requests of {path}");
        let url = self.repository_url(path, &doing, &["pulls"])?;
        let query = [("state", "all"), ("sort", "oldest")];
        let key = |request: &Description| request.number.to_string();
        let requests: Vec<Description> = self.listing(url, &doing, &query, false, key).await?;
        let wanted = |request: &Description| request.is_internal() && request.head_branch().starts_with(head_prefix);
        Ok(requests.into_iter().filter(wanted).map(Description::describe).collect())
    }

    /// Opens a pull request within a repository.
    pub(crate) async fn make_pull(&self, path: &str, new: &NewPull) -> Result<Pull, ForgeError> {
        let doing = format!("open a pull request of {} against {} in {path}", new.head, new.base);
        let call = Call::post(self.repository_url(path, &doing, &["pulls"])?, &doing).json(&New {
            head: new.head.as_str(),
            base: new.base.as_str(),
            title: shortened(&new.title),
            body: &new.body,
        });
        Ok(self.client.json::<Description>(&call).await?.describe())
    }

    /// Changes title and text of a pull request.
    pub(crate) async fn change_pull(
        &self,
        path: &str,
        number: u64,
        title: &str,
        body: &str,
    ) -> Result<Pull, ForgeError> {
        let doing = format!("edit pull request #{number} of {path}");
        let change = Change { title: Some(shortened(title)), body: Some(body), ..Change::default() };
        let url = self.repository_url(path, &doing, &["pulls", &number.to_string()])?;
        Ok(self.client.json::<Description>(&Call::patch(url, &doing).json(&change)).await?.describe())
    }

    /// Says why in a comment and closes a pull request, unless it is closed or merged already.
    pub(crate) async fn end_pull(&self, path: &str, number: u64, comment: &str) -> Result<(), ForgeError> {
        let doing = format!("close pull request #{number} of {path}");
        let number = number.to_string();
        let url = self.repository_url(path, &doing, &["pulls", &number])?;
        let request: Description = self.client.json(&Call::get(url.clone(), &doing)).await?;
        if request.describe().state != PullState::Open {
            return Ok(());
        }
        let change = Change { state: Some("closed"), ..Change::default() };
        self.client.send(&Call::patch(url, &doing).json(&change)).await?;
        // A pull request's comments are those of the issue of its number. One that is refused, as in a locked discussion,
        // leaves nothing undone.
        let comments = self.repository_url(path, &doing, &["issues", &number, "comments"])?;
        if let Err(error) = self.client.send(&Call::post(comments, &doing).json(&Comment { body: comment })).await {
            tracing::warn!(%error, "a pull request is closed without a word on why");
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(state: &str, merged: bool, head: &serde_json::Value) -> Description {
        serde_json::from_value(json!({
            "id": 900, "number": 3, "title": "Conflict", "body": "text", "state": state, "merged": merged,
            "html_url": "https://gitea.example.com/o/x/pulls/3", "head": head,
            "base": {"label": "main", "ref": "main", "sha": "1111111111111111111111111111111111111111", "repo_id": 7}
        }))
        .unwrap()
    }

    #[test]
    fn pull_requests_are_read() {
        let head = json!({"label": "refray/conflicts/a", "ref": "refray/conflicts/a", "sha": "2222222222222222222222222222222222222222", "repo_id": 7});
        for (state, merged, expected) in [
            ("open", false, PullState::Open),
            ("closed", false, PullState::Closed),
            ("closed", true, PullState::Merged),
        ] {
            let request = read(state, merged, &head);
            assert!(request.is_internal());
            let pull = request.describe();
            assert_eq!(
                (pull.number, pull.state, pull.head.as_str(), pull.base.as_str()),
                (3, expected, "refray/conflicts/a", "main")
            );
            assert_eq!(pull.head_oid.as_deref(), Some("2222222222222222222222222222222222222222"));
        }
    }

    #[test]
    fn a_deleted_branch_is_still_named() {
        let head = json!({"label": "refray/conflicts/a", "ref": "refs/pull/3/head", "sha": "", "repo_id": 7});
        let request = read("closed", false, &head);
        assert_eq!(request.head_branch(), "refray/conflicts/a");
        assert_eq!(request.describe().head_oid, None);
    }

    #[test]
    fn requests_from_forks_are_told() {
        assert!(!read("open", false, &json!({"label": "a", "ref": "a", "repo_id": 8})).is_internal());
        assert!(!read("closed", false, &json!({"label": "a", "ref": "refs/pull/3/head", "repo_id": -1})).is_internal());
    }
}
