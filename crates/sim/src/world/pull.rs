use jiff::Timestamp;

/// Where a pull or merge request stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PullState {
    /// Waiting.
    Open,
    /// Given up without merging.
    Closed,
    /// Merged.
    Merged,
}

/// A pull or merge request between two branches of one repository.
#[derive(Clone, Debug)]
pub struct Pull {
    /// The id within the site.
    pub id: u64,
    /// The number within the repository.
    pub number: u64,
    /// The repository.
    pub repository: u64,
    /// The user who opened it.
    pub author: u64,
    /// Its title.
    pub title: String,
    /// Its text.
    pub body: String,
    /// The branch whose commits are offered.
    pub head: String,
    /// The branch that is to take them.
    pub base: String,
    /// The tip that is offered, which stays when the head branch is gone.
    pub head_oid: String,
    /// The base's tip when the request was opened or last looked at.
    pub base_oid: String,
    /// Where it stands.
    pub state: PullState,
    /// Not ready to be merged.
    pub draft: bool,
    /// The names of its labels.
    pub labels: Vec<String>,
    /// The merge commit.
    pub merge_oid: Option<String>,
    /// The user who merged it.
    pub merged_by: Option<u64>,
    /// When it was opened.
    pub created: Timestamp,
    /// When anything about it changed.
    pub updated: Timestamp,
    /// When it was closed or merged.
    pub closed: Option<Timestamp>,
    /// When it was merged.
    pub merged: Option<Timestamp>,
}

/// What somebody wrote below a pull request.
#[derive(Clone, Debug)]
pub struct Comment {
    /// The id within the site.
    pub id: u64,
    /// The repository.
    pub repository: u64,
    /// The number of the pull request.
    pub pull: u64,
    /// The user who wrote it.
    pub author: u64,
    /// What it says.
    pub body: String,
    /// When it was written.
    pub created: Timestamp,
    /// When it changed.
    pub updated: Timestamp,
}
