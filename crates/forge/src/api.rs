//! What every forge can do, in one vocabulary.

use std::sync::Arc;

use async_trait::async_trait;
use jiff::Timestamp;
use refray_core::config::{Endpoint, NamespaceKind, Site};
use refray_core::name::{BranchName, RepoName};
use refray_core::oid::ObjectFormat;
use refray_core::repository::{AccountId, ForgeId, Repository, Visibility};
use refray_core::secret::Secret;
use refray_git::transport::Remote;

use crate::error::ForgeError;

/// The account behind a site's token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// The forge's lasting id of it.
    pub id: AccountId,
    /// Its login name.
    pub login: String,
    /// The token's scopes, where the forge tells.
    pub scopes: Option<Vec<String>>,
}

/// What a namespace turned out to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NamespaceInfo {
    /// User, organisation or group.
    pub kind: NamespaceKind,
    /// The forge's id of it.
    pub id: String,
    /// Its path as the forge spells it.
    pub path: String,
}

/// The answer to a direct look at a repository.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Lookup {
    /// It is there, under this very path.
    Found(Repository),
    /// The path redirects: the repository was renamed or transferred, and now looks like this.
    Moved(Repository),
    /// The forge says that there is none, or none that this token may see.
    NotFound,
}

/// A repository to be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewRepository {
    /// Its name, and on GitLab its path.
    pub name: RepoName,
    /// Who may see it. A forge without `internal` makes such a one private.
    pub visibility: Visibility,
    /// Its description; shortened to what the forge takes.
    pub description: String,
    /// The branch that is to be the default one, once it was pushed.
    pub default_branch: Option<BranchName>,
    /// The hash function.
    pub format: ObjectFormat,
}

/// Changes to a repository; `None` leaves a thing as it is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RepositoryPatch {
    /// The new default branch, which must exist.
    pub default_branch: Option<BranchName>,
    /// The new description.
    pub description: Option<String>,
    /// The new visibility.
    pub visibility: Option<Visibility>,
}

/// How a repository was deleted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Deletion {
    /// It is gone.
    Done,
    /// The forge only marked it, and will delete it later (GitLab).
    Scheduled {
        /// The day on which it was marked, as the forge writes it. How long it waits is a setting of the forge.
        on: Option<String>,
        /// The path under which it waits.
        path: String,
    },
}

/// The state of a pull or merge request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PullState {
    /// It waits for a person.
    Open,
    /// It was merged.
    Merged,
    /// It was closed without being merged.
    Closed,
}

/// A pull or merge request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pull {
    /// The number within the repository.
    pub number: u64,
    /// The page that a person opens.
    pub web_url: String,
    /// Its title.
    pub title: String,
    /// Its text.
    pub body: String,
    /// The branch that it would be merged from.
    pub head: String,
    /// The commit at the tip of that branch, where the forge says so.
    pub head_oid: Option<String>,
    /// The branch that it would be merged into.
    pub base: String,
    /// Where it stands.
    pub state: PullState,
}

/// A pull or merge request to be opened within one repository.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewPull {
    /// The branch to merge from.
    pub head: BranchName,
    /// The branch to merge into.
    pub base: BranchName,
    /// Its title.
    pub title: String,
    /// Its text, in Markdown.
    pub body: String,
}

/// An event that refray wants to be woken by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum HookEvent {
    /// A branch moved, or came or went where the forge tells so by a push.
    Push,
    /// A tag came or went.
    Tag,
    /// A branch or tag was created (where that is an event of its own).
    Create,
    /// A branch or tag was deleted (where that is an event of its own).
    Delete,
    /// The repository was created, renamed, transferred, deleted or changed visibility.
    Repository,
}

/// A webhook to be made or to be brought into this form.
#[derive(Debug, Clone)]
pub struct HookSpec {
    /// Where deliveries go.
    pub url: String,
    /// What deliveries are signed with.
    pub secret: Secret,
}

/// A webhook as the forge describes it. The secret is never told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hook {
    /// The forge's id of it.
    pub id: String,
    /// Where deliveries go.
    pub url: String,
    /// Deliveries are made.
    pub active: bool,
    /// The events it subscribes to are exactly what refray asks for on this forge, as JSON bodies.
    pub as_wanted: bool,
    /// What differs, when something does.
    pub differs: Option<String>,
}

/// What refray needs a right for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Purpose {
    /// To see what is there.
    Read,
    /// To fetch and push by git.
    Push,
    /// To push what changes the forge's own automation.
    Workflows,
    /// To make repositories that are missing.
    Create,
    /// To follow default branches and descriptions.
    Change,
    /// To delete repositories, which only `delete_missing` asks for.
    Delete,
    /// To install webhooks.
    Hooks,
    /// To show conflicts in pull requests.
    PullRequests,
}

/// A right that an operation needs, for `doctor`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Right {
    /// What it is needed for.
    pub purpose: Purpose,
    /// The operation, as a phrase.
    pub operation: String,
    /// Whether token and account have the right; `None` when the forge does not tell without trying.
    pub granted: Option<bool>,
    /// The scope or permission that the token needs, by its name on this forge.
    pub scope: String,
    /// What the account has to be in the namespace, where that matters.
    pub role: Option<String>,
    /// It is the account that lacks the right, by its role, and not the token.
    pub lacks_role: bool,
}

/// What a forge's rules say about a branch to the account behind the token. `None` where the forge does not tell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BranchRules {
    /// Some rule holds for it.
    pub protected: bool,
    /// It may be fast-forwarded by a push.
    pub push: Option<bool>,
    /// It may be forced.
    pub force: Option<bool>,
    /// It may be deleted.
    pub delete: Option<bool>,
    /// What the rules want besides, as phrases.
    pub wants: Vec<String>,
}

impl BranchRules {
    /// Returns the rules of a branch that nothing protects.
    pub const fn free() -> Self {
        Self { protected: false, push: Some(true), force: Some(true), delete: Some(true), wants: Vec::new() }
    }

    /// Notes something that a rule wants, which may bar pushes altogether.
    pub(crate) fn want(&mut self, what: &str, bars: bool) {
        if !self.wants.iter().any(|known| known == what) {
            self.wants.push(what.to_owned());
        }
        if bars {
            self.push = Some(false);
        }
    }
}

/// One site, reached with its credential.
///
/// Adding a forge is adding an implementation. Paths are what [`Repository::path`] holds. Every listing is whole or an
/// error; an operation that a forge lacks is [`crate::ErrorKind::Unsupported`].
#[async_trait]
pub trait Forge: Send + Sync {
    /// Returns the site that this is.
    fn site(&self) -> &Arc<Site>;

    /// Returns the account behind the token. Directories answer with the local user.
    async fn account(&self) -> Result<Account, ForgeError>;

    /// Looks a namespace up.
    async fn namespace(&self, endpoint: &Endpoint) -> Result<NamespaceInfo, ForgeError>;

    /// Lists every repository of a namespace, filters not applied. Repositories that the forge has marked for deletion
    /// are left out.
    async fn list(&self, endpoint: &Endpoint) -> Result<Vec<Repository>, ForgeError>;

    /// Looks at one repository by its path.
    async fn get(&self, path: &str) -> Result<Lookup, ForgeError>;

    /// Looks at one repository by its id; `NotFound` where ids cannot be looked up.
    async fn get_by_id(&self, id: &ForgeId) -> Result<Lookup, ForgeError>;

    /// Creates a repository in a namespace. The name in the answer is the one that the forge gave; a forge that silently
    /// alters a name is caught before anything is made.
    async fn create(&self, endpoint: &Endpoint, new: &NewRepository) -> Result<Repository, ForgeError>;

    /// Changes a repository and returns it as it is then.
    async fn update(&self, path: &str, patch: &RepositoryPatch) -> Result<Repository, ForgeError>;

    /// Deletes a repository, if it still has that id.
    async fn delete(&self, path: &str, id: &ForgeId) -> Result<Deletion, ForgeError>;

    /// Gives a repository back that was deleted and that the forge still has, if it is to have that path again. `None`
    /// where it does not, or nobody may ask it to.
    async fn revive(&self, _path: &str, _id: &ForgeId) -> Result<Option<Repository>, ForgeError> {
        Ok(None)
    }

    /// Renames a repository within its namespace.
    async fn rename(&self, path: &str, id: &ForgeId, to: &RepoName) -> Result<Repository, ForgeError>;

    /// Returns the git side of a repository.
    fn remote(&self, path: &str) -> Result<Arc<dyn Remote>, ForgeError>;

    /// Returns the folder of a directory repository, which is read without a server; `None` on a forge.
    fn local_path(&self, path: &str) -> Option<std::path::PathBuf>;

    /// Lists pull requests, whatever their state, whose head branch starts with `head_prefix`.
    async fn pulls(&self, path: &str, head_prefix: &str) -> Result<Vec<Pull>, ForgeError>;

    /// Opens a pull request.
    async fn open_pull(&self, path: &str, new: &NewPull) -> Result<Pull, ForgeError>;

    /// Changes title and text of a pull request.
    async fn edit_pull(&self, path: &str, number: u64, title: &str, body: &str) -> Result<Pull, ForgeError>;

    /// Closes a pull request without merging it, with a comment that says why.
    async fn close_pull(&self, path: &str, number: u64, comment: &str) -> Result<(), ForgeError>;

    /// Lists the webhooks of a repository.
    async fn hooks(&self, path: &str) -> Result<Vec<Hook>, ForgeError>;

    /// Makes a webhook.
    async fn create_hook(&self, path: &str, spec: &HookSpec) -> Result<Hook, ForgeError>;

    /// Brings a webhook into the wanted form; where a forge cannot change a secret, it is made anew.
    async fn update_hook(&self, path: &str, id: &str, spec: &HookSpec) -> Result<Hook, ForgeError>;

    /// Removes a webhook. One that is already gone is no error.
    async fn delete_hook(&self, path: &str, id: &str) -> Result<(), ForgeError>;

    /// Says which rights the token has and lacks, without changing anything.
    async fn rights(&self, endpoint: &Endpoint) -> Result<Vec<Right>, ForgeError>;

    /// Says what the forge's rules allow with a branch. A branch or repository without rules is free.
    async fn branch_rules(&self, path: &str, branch: &BranchName) -> Result<BranchRules, ForgeError>;

    /// Says whether the forge would take a repository's name as it is: if not, why.
    fn check_name(&self, name: &RepoName) -> Result<(), &'static str>;

    /// Says whether what a repository's `HEAD` names, as git lists it, is its default branch at any time. Where it is not,
    /// only the API knows.
    fn head_is_default(&self) -> bool {
        false
    }

    /// Returns when the forge's clock last said a time, for comparing clocks; `None` before the first answer.
    fn server_time(&self) -> Option<Timestamp>;
}
