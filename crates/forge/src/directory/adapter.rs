use std::path::PathBuf;
use std::sync::{Arc, OnceLock};

use async_trait::async_trait;
use jiff::Timestamp;
use refray_core::config::{Endpoint, NamespaceKind, Site};
use refray_core::name::{BranchName, RepoName};
use refray_core::repository::{AccountId, ForgeId, Repository};
use refray_git::transport::Remote;
use refray_git::{Git, LocalRemote};

use super::folder::identity;
use super::store::{Failure, Store};
use crate::api::{
    Account, BranchRules, Deletion, Forge, Hook, HookSpec, Lookup, NamespaceInfo, NewPull, NewRepository, Pull,
    Purpose, RepositoryPatch, Right,
};
use crate::credentials::Environment;
use crate::error::{ErrorKind, ForgeError};
use crate::http::one_line;

/// How long a description may be: what other tools show of it.
const LONGEST_DESCRIPTION: usize = 1000;

/// A directory site.
pub struct Directory {
    site: Arc<Site>,
    store: Store,
    git: OnceLock<Git>,
    environment: Arc<dyn Environment>,
}

impl Directory {
    /// Sees the site's folder as a forge. Without `git`, the binary is looked for when it is first needed.
    ///
    /// # Errors
    /// The site names no folder.
    pub fn new(site: Arc<Site>, environment: Arc<dyn Environment>, git: Option<Git>) -> Result<Self, ForgeError> {
        let Some(root) = site.path.clone() else {
            return Err(ForgeError {
                site: site.name.to_string(),
                doing: "find the folder".into(),
                kind: ErrorKind::Invalid,
                message: "the site has no `path`".into(),
            });
        };
        Ok(Self { site, store: Store { root }, git: git.map_or_else(OnceLock::new, OnceLock::from), environment })
    }

    fn error(&self, doing: impl Into<String>, kind: ErrorKind, message: impl Into<String>) -> ForgeError {
        ForgeError { site: self.site.name.to_string(), doing: doing.into(), kind, message: message.into() }
    }

    fn unsupported<T>(&self, doing: &str) -> Result<T, ForgeError> {
        Err(self.error(doing, ErrorKind::Unsupported, ""))
    }

    fn git(&self, doing: &str) -> Result<Git, ForgeError> {
        if let Some(git) = self.git.get() {
            return Ok(git.clone());
        }
        let git = Git::discover().map_err(|error| self.error(doing, ErrorKind::Io, error.to_string()))?;
        Ok(self.git.get_or_init(|| git).clone())
    }

    /// Works on the folder on a thread that may block.
    async fn work<T: Send + 'static>(
        &self,
        doing: String,
        act: impl FnOnce(&Store) -> Result<T, Failure> + Send + 'static,
    ) -> Result<T, ForgeError> {
        let store = self.store.clone();
        match tokio::task::spawn_blocking(move || act(&store)).await {
            Ok(done) => done.map_err(|failure| self.error(doing, failure.kind, failure.message)),
            Err(error) => Err(self.error(doing, ErrorKind::Io, error.to_string())),
        }
    }
}

#[async_trait]
impl Forge for Directory {
    fn site(&self) -> &Arc<Site> {
        &self.site
    }

    async fn account(&self) -> Result<Account, ForgeError> {
        let id = rustix::process::geteuid().as_raw().to_string();
        let login =
            ["USER", "LOGNAME"].iter().find_map(|name| self.environment.var(name)).filter(|name| !name.is_empty());
        Ok(Account { login: login.unwrap_or_else(|| id.clone()), id: AccountId(id), scopes: None })
    }

    async fn namespace(&self, endpoint: &Endpoint) -> Result<NamespaceInfo, ForgeError> {
        let path = endpoint.namespace.clone();
        let doing = format!("look for the folder `{path}`");
        self.work(doing, move |store| {
            store.check_root()?;
            let folder = store.namespace(&path)?;
            let metadata = std::fs::metadata(&folder).map_err(|error| match error.kind() {
                std::io::ErrorKind::NotFound => Failure::new(ErrorKind::NoFolder, folder.display().to_string()),
                _ => Failure::new(ErrorKind::Io, format!("{}: {error}", folder.display())),
            })?;
            Ok(NamespaceInfo { kind: NamespaceKind::Folder, id: identity(&metadata), path })
        })
        .await
    }

    async fn list(&self, endpoint: &Endpoint) -> Result<Vec<Repository>, ForgeError> {
        let namespace = endpoint.namespace.clone();
        let doing = match namespace.as_str() {
            "" => "list the repositories".to_owned(),
            below => format!("list the repositories of `{below}`"),
        };
        self.work(doing, move |store| store.list(&namespace)).await
    }

    async fn get(&self, path: &str) -> Result<Lookup, ForgeError> {
        let (doing, path) = (format!("look at `{path}`"), path.to_owned());
        self.work(doing, move |store| Ok(store.get(&path)?.map_or(Lookup::NotFound, Lookup::Found))).await
    }

    async fn get_by_id(&self, _id: &ForgeId) -> Result<Lookup, ForgeError> {
        Ok(Lookup::NotFound)
    }

    async fn create(&self, endpoint: &Endpoint, new: &NewRepository) -> Result<Repository, ForgeError> {
        let namespace = endpoint.namespace.trim_end_matches('/');
        let path = if namespace.is_empty() { new.name.to_string() } else { format!("{namespace}/{}", new.name) };
        let doing = format!("create `{path}`");
        let new = new.clone();
        self.work(doing, move |store| {
            let description = one_line(&new.description, LONGEST_DESCRIPTION);
            store.create(&path, &description, new.default_branch.as_ref(), new.format)
        })
        .await
    }

    async fn update(&self, path: &str, patch: &RepositoryPatch) -> Result<Repository, ForgeError> {
        let (doing, path, patch) = (format!("change the settings of `{path}`"), path.to_owned(), patch.clone());
        // Who may see a folder is a matter of its owner's, so a change of visibility changes nothing.
        self.work(doing, move |store| {
            let description = patch.description.map(|text| one_line(&text, LONGEST_DESCRIPTION));
            store.update(&path, patch.default_branch.as_ref(), description.as_deref())
        })
        .await
    }

    async fn delete(&self, path: &str, id: &ForgeId) -> Result<Deletion, ForgeError> {
        let (doing, path, id) = (format!("delete `{path}`"), path.to_owned(), id.clone());
        self.work(doing, move |store| store.delete(&path, &id).map(|()| Deletion::Done)).await
    }

    async fn rename(&self, path: &str, id: &ForgeId, to: &RepoName) -> Result<Repository, ForgeError> {
        let (doing, path, id, to) = (format!("rename `{path}` to `{to}`"), path.to_owned(), id.clone(), to.clone());
        self.work(doing, move |store| store.rename(&path, &id, &to)).await
    }

    fn remote(&self, path: &str) -> Result<Arc<dyn Remote>, ForgeError> {
        let doing = format!("reach `{path}`");
        let folder = self.store.folder(path).map_err(|failure| self.error(&doing, failure.kind, failure.message))?;
        Ok(Arc::new(LocalRemote::new(self.git(&doing)?, folder)))
    }

    fn local_path(&self, path: &str) -> Option<PathBuf> {
        self.store.folder(path).ok()
    }

    async fn pulls(&self, _path: &str, _head_prefix: &str) -> Result<Vec<Pull>, ForgeError> {
        self.unsupported("list pull requests")
    }

    async fn open_pull(&self, _path: &str, _new: &NewPull) -> Result<Pull, ForgeError> {
        self.unsupported("open a pull request")
    }

    async fn edit_pull(&self, _path: &str, _number: u64, _title: &str, _body: &str) -> Result<Pull, ForgeError> {
        self.unsupported("change a pull request")
    }

    async fn close_pull(&self, _path: &str, _number: u64, _comment: &str) -> Result<(), ForgeError> {
        self.unsupported("close a pull request")
    }

    async fn hooks(&self, _path: &str) -> Result<Vec<Hook>, ForgeError> {
        self.unsupported("list webhooks")
    }

    async fn create_hook(&self, _path: &str, _spec: &HookSpec) -> Result<Hook, ForgeError> {
        self.unsupported("make a webhook")
    }

    async fn update_hook(&self, _path: &str, _id: &str, _spec: &HookSpec) -> Result<Hook, ForgeError> {
        self.unsupported("change a webhook")
    }

    async fn delete_hook(&self, _path: &str, _id: &str) -> Result<(), ForgeError> {
        self.unsupported("remove a webhook")
    }

    async fn rights(&self, endpoint: &Endpoint) -> Result<Vec<Right>, ForgeError> {
        let namespace = endpoint.namespace.clone();
        self.work(format!("look at the rights of `{namespace}`"), move |store| {
            store.check_root()?;
            let folder = store.namespace(&namespace)?;
            // A folder that does not exist yet would be made in the site's.
            let folder = if folder.exists() { folder } else { store.root.clone() };
            let may = |access| Some(rustix::fs::access(&folder, access).is_ok());
            let shown = folder.display();
            use rustix::fs::Access;
            let right = |purpose, operation: &str, granted, scope: &str| Right {
                purpose,
                operation: operation.into(),
                granted,
                scope: scope.into(),
                // There is no token whose scope could be wider.
                role: Some(format!("able to {} in {shown}", if scope.contains('w') { "write" } else { "read" })),
                lacks_role: granted == Some(false),
            };
            Ok(vec![
                right(Purpose::Read, "list and read repositories", may(Access::READ_OK | Access::EXEC_OK), "r-x"),
                right(
                    Purpose::Create,
                    "create and delete repositories",
                    may(Access::WRITE_OK | Access::EXEC_OK),
                    "-wx",
                ),
            ])
        })
        .await
    }

    async fn branch_rules(&self, _path: &str, _branch: &BranchName) -> Result<BranchRules, ForgeError> {
        Ok(BranchRules::free())
    }

    fn check_name(&self, name: &RepoName) -> Result<(), &'static str> {
        // `NAME.git` has to be one file name.
        if name.as_str().len() > 251 { Err("a folder's name has at most 255 bytes") } else { Ok(()) }
    }

    fn server_time(&self) -> Option<Timestamp> {
        None
    }
}
