use serde_json::json;

use super::adapter::{GitHub, PER_PAGE};
use super::wire::WirePull;
use crate::api::{NewPull, Pull, PullState};
use crate::error::ForgeError;
use crate::http::{Call, Paging, shorten};

/// How long a title and a text may be.
const LONGEST_TITLE: usize = 256;
const LONGEST_TEXT: usize = 65_000;

impl GitHub {
    pub(super) async fn list_pulls(&self, path: &str, head_prefix: &str) -> Result<Vec<Pull>, ForgeError> {
        let call = Call::get(self.repository_url(path, &["pulls"])?, format!("list the pull requests of `{path}`"))
            .query("state", "all")
            .query("sort", "created")
            .query("direction", "asc")
            .query("per_page", PER_PAGE);
        let paging = Paging::Link { per_page: PER_PAGE };
        let all: Vec<WirePull> = self.client.list(&call, paging, |pull: &WirePull| pull.number.to_string()).await?;
        // A fork may have branches of the same names; its pull requests are other people's.
        let own =
            |pull: &WirePull| pull.head.repo.as_ref().is_none_or(|head| head.full_name.eq_ignore_ascii_case(path));
        Ok(all
            .into_iter()
            .filter(|pull| pull.head.name.starts_with(head_prefix) && own(pull))
            .map(Pull::from)
            .collect())
    }

    pub(super) async fn create_pull(&self, path: &str, new: &NewPull) -> Result<Pull, ForgeError> {
        let doing = format!("open a pull request for `{}` in `{path}`", new.head);
        let body = json!({
            "title": shorten(&new.title, LONGEST_TITLE),
            "body": shorten(&new.body, LONGEST_TEXT),
            "head": new.head.as_str(),
            "base": new.base.as_str(),
        });
        match self.client.json::<WirePull>(&Call::post(self.repository_url(path, &["pulls"])?, doing).json(&body)).await
        {
            Ok(pull) => Ok(pull.into()),
            Err(error) if error.may_have_happened() => {
                let all = self.list_pulls(path, new.head.as_str()).await.unwrap_or_default();
                let opened = |pull: &Pull| {
                    pull.state == PullState::Open && pull.head == new.head.as_str() && pull.base == new.base.as_str()
                };
                all.into_iter().find(opened).ok_or(error)
            }
            Err(error) => Err(error),
        }
    }

    pub(super) async fn change_pull(
        &self,
        path: &str,
        number: u64,
        title: &str,
        body: &str,
    ) -> Result<Pull, ForgeError> {
        let body = json!({ "title": shorten(title, LONGEST_TITLE), "body": shorten(body, LONGEST_TEXT) });
        let url = self.repository_url(path, &["pulls", &number.to_string()])?;
        let call = Call::patch(url, format!("change pull request {number} of `{path}`")).json(&body);
        self.client.json::<WirePull>(&call).await.map(Pull::from)
    }

    pub(super) async fn end_pull(&self, path: &str, number: u64, comment: &str) -> Result<(), ForgeError> {
        let doing = format!("close pull request {number} of `{path}`");
        let number = number.to_string();
        let url = self.repository_url(path, &["pulls", &number])?;
        let pull: Pull = self.client.json::<WirePull>(&Call::get(url.clone(), doing.clone())).await?.into();
        if pull.state != PullState::Open {
            return Ok(());
        }
        self.client.send(&Call::patch(url, doing.clone()).json(&json!({ "state": "closed" }))).await?;
        if !comment.is_empty() {
            let url = self.repository_url(path, &["issues", &number, "comments"])?;
            let call = Call::post(url, doing).json(&json!({ "body": shorten(comment, LONGEST_TEXT) }));
            // The request is closed, which is what counts; the comment only explains it.
            if let Err(error) = self.client.send(&call).await {
                tracing::warn!(%error, "no comment could be left");
            }
        }
        Ok(())
    }
}
