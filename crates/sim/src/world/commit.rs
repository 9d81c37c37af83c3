use jiff::Timestamp;

/// A name, an address and a time, as a commit holds them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signature {
    /// Whose name.
    pub name: String,
    /// Whose address.
    pub email: String,
    /// When.
    pub time: Timestamp,
}

/// A commit, and the files that it changed against its first parent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Commit {
    /// Its id.
    pub oid: String,
    /// Its tree's id.
    pub tree: String,
    /// Its parents' ids.
    pub parents: Vec<String>,
    /// Who wrote it.
    pub author: Signature,
    /// Who made the commit.
    pub committer: Signature,
    /// What it says, title and all.
    pub message: String,
    /// Files that came.
    pub added: Vec<String>,
    /// Files that went.
    pub removed: Vec<String>,
    /// Files that changed.
    pub modified: Vec<String>,
}

impl Commit {
    /// Returns the first line of the message.
    #[must_use]
    pub fn title(&self) -> &str {
        self.message.lines().next().unwrap_or_default()
    }
}
