//! Merge requests as GitLab writes them.

use serde::{Deserialize, Serialize};

use super::adapter::GitLab;
use super::list::PER_PAGE;
use crate::api::{NewPull, Pull, PullState};
use crate::error::ForgeError;
use crate::http::{Call, Paging};

/// The longest title that GitLab takes, in characters.
const LONGEST_TITLE: usize = 255;

/// What of a merge request's description is used here.
#[derive(Debug, Deserialize)]
struct Description {
    iid: u64,
    title: Option<String>,
    description: Option<String>,
    state: String,
    source_branch: String,
    target_branch: String,
    source_project_id: Option<u64>,
    target_project_id: Option<u64>,
    sha: Option<String>,
    web_url: Option<String>,
}

impl Description {
    /// Says whether both branches are in one project. A fork's branch of the same name is somebody else's.
    fn is_internal(&self) -> bool {
        match (self.source_project_id, self.target_project_id) {
            (Some(source), Some(target)) => source == target,
            // The source of a request from a fork that was deleted is null.
            (None, Some(_)) => false,
            _ => true,
        }
    }

    /// Describes the merge request in the words of all forges.
    fn describe(self) -> Pull {
        Pull {
            number: self.iid,
            web_url: self.web_url.unwrap_or_default(),
            title: self.title.unwrap_or_default(),
            body: self.description.unwrap_or_default(),
            head: self.source_branch,
            head_oid: self.sha.filter(|sha| !sha.is_empty()),
            base: self.target_branch,
            state: match self.state.as_str() {
                "merged" => PullState::Merged,
                "closed" => PullState::Closed,
                // `locked` is what a request is while GitLab merges it.
                _ => PullState::Open,
            },
        }
    }
}

/// A merge request to be opened.
#[derive(Serialize)]
struct New<'a> {
    source_branch: &'a str,
    target_branch: &'a str,
    title: String,
    description: &'a str,
}

/// Changes to a merge request.
#[derive(Serialize, Default)]
struct Change<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    title: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    state_event: Option<&'static str>,
}

fn shortened(title: &str) -> String {
    title.chars().take(LONGEST_TITLE).collect()
}

impl GitLab {
    /// Lists the merge requests within a project whose source branch starts with `head_prefix`. GitLab can filter by a
    /// whole name only, so all are read.
    pub(crate) async fn list_requests(&self, path: &str, head_prefix: &str) -> Result<Vec<Pull>, ForgeError> {
        let doing = format!("list the merge requests of {path}");
        let call = Call::get(self.project_url(path, &doing, &["merge_requests"])?, &doing)
            .query("state", "all")
            .query("scope", "all")
            .query("order_by", "created_at")
            .query("sort", "asc")
            .query("per_page", PER_PAGE);
        let requests: Vec<Description> = self
            .client
            .list(&call, Paging::GitlabOffset { per_page: PER_PAGE }, |request: &Description| request.iid.to_string())
            .await?;
        let wanted = |request: &Description| request.is_internal() && request.source_branch.starts_with(head_prefix);
        Ok(requests.into_iter().filter(wanted).map(Description::describe).collect())
    }

    /// Opens a merge request within a project.
    pub(crate) async fn open_request(&self, path: &str, new: &NewPull) -> Result<Pull, ForgeError> {
        let doing = format!("open a merge request of {} against {} in {path}", new.head, new.base);
        let call = Call::post(self.project_url(path, &doing, &["merge_requests"])?, &doing).json(&New {
            source_branch: new.head.as_str(),
            target_branch: new.base.as_str(),
            title: shortened(&new.title),
            description: &new.body,
        });
        Ok(self.client.json::<Description>(&call).await?.describe())
    }

    /// Changes title and text of a merge request.
    pub(crate) async fn edit_request(
        &self,
        path: &str,
        number: u64,
        title: &str,
        body: &str,
    ) -> Result<Pull, ForgeError> {
        let doing = format!("edit merge request !{number} of {path}");
        let change = Change { title: Some(shortened(title)), description: Some(body), ..Change::default() };
        let url = self.project_url(path, &doing, &["merge_requests", &number.to_string()])?;
        Ok(self.client.json::<Description>(&Call::put(url, &doing).json(&change)).await?.describe())
    }

    /// Says why in a comment and closes a merge request, unless it is closed or merged already.
    pub(crate) async fn close_request(&self, path: &str, number: u64, comment: &str) -> Result<(), ForgeError> {
        let doing = format!("close merge request !{number} of {path}");
        let number = number.to_string();
        let url = self.project_url(path, &doing, &["merge_requests", &number])?;
        let request: Description = self.client.json(&Call::get(url.clone(), &doing)).await?;
        if request.describe().state != PullState::Open {
            return Ok(());
        }
        let change = Change { state_event: Some("close"), ..Change::default() };
        self.client.send(&Call::put(url, &doing).json(&change)).await?;
        // One that is refused, as in a locked discussion, leaves nothing undone.
        let notes = self.project_url(path, &doing, &["merge_requests", &number, "notes"])?;
        if let Err(error) = self.client.send(&Call::post(notes, &doing).json(&Note { body: comment })).await {
            tracing::warn!(%error, "a merge request is closed without a word on why");
        }
        Ok(())
    }
}

/// A comment to be made.
#[derive(Serialize)]
struct Note<'a> {
    body: &'a str,
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn merge_requests_are_read() {
        for (state, expected) in [
            ("opened", PullState::Open),
            ("locked", PullState::Open),
            ("merged", PullState::Merged),
            ("closed", PullState::Closed),
        ] {
            let request: Description = serde_json::from_value(json!({
                "id": 84, "iid": 14, "project_id": 4, "title": "Conflict", "description": null, "state": state,
                "target_branch": "main", "source_branch": "refray/conflicts/main/x", "source_project_id": 4,
                "target_project_id": 4, "sha": "8888888888888888888888888888888888888888",
                "web_url": "https://gitlab.example.com/a/x/-/merge_requests/14", "merge_status": "unchecked"
            }))
            .unwrap();
            assert!(request.is_internal());
            let pull = request.describe();
            assert_eq!((pull.number, pull.state, pull.body.as_str()), (14, expected, ""));
            assert_eq!((pull.head.as_str(), pull.base.as_str()), ("refray/conflicts/main/x", "main"));
            assert_eq!(pull.head_oid.as_deref(), Some("8888888888888888888888888888888888888888"));
        }
    }

    #[test]
    fn requests_from_forks_are_told() {
        for (source, target, expected) in [
            (json!(4), json!(4), true),
            (json!(5), json!(4), false),
            (json!(null), json!(4), false),
            (json!(null), json!(null), true),
        ] {
            let request: Description = serde_json::from_value(json!({
                "iid": 1, "state": "opened", "source_branch": "a", "target_branch": "b",
                "source_project_id": source, "target_project_id": target
            }))
            .unwrap();
            assert_eq!(request.is_internal(), expected);
        }
    }
}
