//! What is known so far. Nothing of it is written anywhere before the end.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use refray_core::config::{
    Config, ConflictResolution, Endpoint, GitTransport, MirrorGroup, NamespaceKind, Provider, Rewrites, SecretSource,
    Site, SyncVisibility, Webhook,
};
use refray_core::name::{EndpointId, GroupName, SiteName};
use refray_core::repository::Visibility;
use refray_core::secret::Secret;
use refray_forge::Right;
use url::Url;

use super::address::Place;
use super::token::{Keep, Tried};

/// Everything that the questions are about.
#[derive(Debug, Clone)]
pub(crate) struct Draft {
    /// The group's settings; its endpoints are [`Self::accounts`].
    pub(crate) group: MirrorGroup,
    /// The name was chosen, not proposed.
    pub(crate) named: bool,
    /// The group of the file that is being changed.
    pub(crate) changing: Option<GroupName>,
    pub(crate) accounts: Vec<Account>,
    pub(crate) making: Making,
    /// What `[webhook]` is to be, when it changes.
    pub(crate) webhook: Option<Webhook>,
    pub(crate) task: Task,
}

/// What is to be done with the file in the end.
#[derive(Debug, Clone)]
pub(crate) enum Task {
    /// A group is added, or changed.
    Group,
    /// A group goes, and these sites with it.
    Delete(GroupName, Vec<SiteName>),
    /// A site goes.
    RemoveSite(SiteName),
    /// A site gets another token.
    Token(Arc<Site>, Keep, Secret),
}

/// An account that all is known of.
#[derive(Debug, Clone)]
pub(crate) struct Account {
    pub(crate) endpoint: Endpoint,
    /// Its site is in the file already.
    pub(crate) stored: bool,
    /// The site's token, where it was seen: what the configuration names may not be there yet.
    pub(crate) token: Option<Secret>,
    /// How the token is to be kept, when that is new.
    pub(crate) keep: Option<Keep>,
    pub(crate) rights: Vec<Right>,
}

/// An account that is being found out about.
#[derive(Debug, Clone, Default)]
pub(crate) struct Making {
    /// What was typed, to be changed when it was not right.
    pub(crate) typed: String,
    pub(crate) place: Option<Place>,
    pub(crate) folder: Option<PathBuf>,
    pub(crate) allow_http: bool,
    pub(crate) ca_file: Option<PathBuf>,
    /// Where the forge is, once that is known, and what of the path is the account's.
    pub(crate) found: Option<(Provider, Url, Vec<String>)>,
    pub(crate) kind: Option<NamespaceKind>,
    pub(crate) origin: Option<Origin>,
    pub(crate) tried: Option<Tried>,
    /// The site whose token is to be replaced: no account is made.
    pub(crate) replaces: Option<Arc<Site>>,
}

/// Where the token comes from.
#[derive(Debug, Clone)]
pub(crate) enum Origin {
    /// It was pasted, or copied from a tool: it must be kept somewhere.
    Loose(Secret),
    /// It can be had whenever it is needed.
    Had(SecretSource, Secret),
    /// It is that of a site that is there already.
    Site(Arc<Site>, bool, Secret),
}

impl Origin {
    pub(crate) const fn secret(&self) -> &Secret {
        match self {
            Self::Loose(secret) | Self::Had(_, secret) | Self::Site(_, _, secret) => secret,
        }
    }
}

impl Draft {
    /// Returns the draft of a new group.
    pub(crate) fn new(name: GroupName) -> Self {
        let group = MirrorGroup {
            name,
            endpoints: Vec::new(),
            sync_visibility: SyncVisibility::All,
            whitelist: Vec::new(),
            blacklist: Vec::new(),
            create_missing: true,
            delete_missing: false,
            visibility: Visibility::Private,
            allow_force: false,
            // Nothing is decided for anybody, and nobody has to look for it.
            conflict_resolution: ConflictResolution::PullRequest,
            rewrites: Rewrites::NonDefault,
        };
        Self {
            group,
            named: false,
            changing: None,
            accounts: Vec::new(),
            making: Making::default(),
            webhook: None,
            task: Task::Group,
        }
    }

    /// Returns the draft of a group of the file.
    pub(crate) fn of(group: &MirrorGroup) -> Self {
        let known = |endpoint: &Endpoint| Account {
            endpoint: endpoint.clone(),
            stored: true,
            token: None,
            keep: None,
            rights: Vec::new(),
        };
        Self {
            accounts: group.endpoints.iter().map(known).collect(),
            changing: Some(group.name.clone()),
            named: true,
            group: group.clone(),
            ..Self::new(group.name.clone())
        }
    }

    /// Returns the group as it is to be.
    pub(crate) fn whole_group(&self) -> MirrorGroup {
        let endpoints = self.accounts.iter().map(|account| account.endpoint.clone()).collect();
        MirrorGroup { endpoints, ..self.group.clone() }
    }

    /// Says whether an account is in the group already.
    pub(crate) fn has(&self, base: &Url, namespace: &str) -> bool {
        self.accounts.iter().any(|account| {
            let site = &account.endpoint.site;
            same_address(&site.base_url, base) && account.endpoint.namespace.eq_ignore_ascii_case(namespace)
        })
    }

    /// Adds a folder.
    pub(crate) fn add_folder(&mut self, path: &Path, config: Option<&Config>) -> Result<(), &'static str> {
        let base_url = Url::from_file_path(path).map_err(|()| "this path cannot be used")?;
        let last = path.file_name().and_then(|name| name.to_str()).unwrap_or("folder");
        // A site that is called like an account or a group could not be told from it.
        let same = |name: &str| name.eq_ignore_ascii_case(last);
        let of_account = |account: &Account| account.endpoint.namespace.rsplit('/').next().is_some_and(same);
        let of_group = config.is_some_and(|config| config.mirrors.iter().any(|group| same(group.name.as_str())));
        let clashes = of_group || self.named && same(self.group.name.as_str()) || self.accounts.iter().any(of_account);
        let name = self.site_name(if clashes { "folder" } else { last }, config);
        let site = Arc::new(Site {
            name,
            provider: Provider::Directory,
            base_url,
            api_url: None,
            git_username: None,
            transport: GitTransport::Https,
            ca_file: None,
            allow_http: false,
            token: None,
            path: Some(path.to_owned()),
        });
        let known = config.into_iter().flat_map(|config| &config.sites);
        let known = known.chain(self.accounts.iter().map(|account| &account.endpoint.site));
        let known = known.filter(|site| site.path.as_deref() == Some(path)).min_by_key(|site| site.name.clone());
        let (site, stored) = match known.cloned() {
            Some(site) => {
                let stored = config.is_some_and(|config| config.site(&site.name).is_some());
                (site, stored)
            }
            None => (site, false),
        };
        let id = EndpointId::of(&site.name, "");
        let endpoint = Endpoint {
            names: config.map(|config| config.names_at(&id)).unwrap_or_default(),
            id,
            kind: NamespaceKind::Folder,
            namespace: String::new(),
            include_subgroups: false,
            site,
        };
        if self.accounts.iter().any(|account| account.endpoint.id == endpoint.id) {
            return Err("this folder is in the group already");
        }
        self.accounts.push(Account { endpoint, stored, token: None, keep: None, rights: Vec::new() });
        Ok(())
    }

    /// Returns a name for a site that no other one has.
    pub(crate) fn site_name(&self, wanted: &str, config: Option<&Config>) -> SiteName {
        let taken = |name: &str| {
            config.is_some_and(|config| config.sites.iter().any(|site| site.name.as_str() == name))
                || self.accounts.iter().any(|account| account.endpoint.site.name.as_str() == name)
        };
        free(wanted, "site", taken, |name| SiteName::new(name).ok())
    }

    /// Proposes a name for the group, after its first account, unless one was chosen.
    pub(crate) fn propose_name(&mut self, config: Option<&Config>) {
        if self.named {
            return;
        }
        let Some(first) = self.accounts.first() else { return };
        let namespace = first.endpoint.namespace.rsplit('/').next().unwrap_or_default();
        let wanted = if namespace.is_empty() { first.endpoint.site.name.as_str() } else { namespace };
        let taken =
            |name: &str| config.is_some_and(|config| config.mirrors.iter().any(|group| group.name.as_str() == name));
        self.group.name = free(wanted, "group", taken, |name| GroupName::new(name).ok());
    }
}

/// Returns the name that people have for a forge: without what all addresses have in common.
pub(crate) fn site_title(base: &Url) -> String {
    let host = base.host_str().unwrap_or_default();
    match host.split('.').collect::<Vec<_>>().as_slice() {
        [name, "com" | "org"] => (*name).to_owned(),
        _ => match base.port() {
            Some(port) => format!("{host}-{port}"),
            None => host.to_owned(),
        },
    }
}

/// Says whether two addresses are the same but for a slash at the end.
pub(crate) fn same_address(a: &Url, b: &Url) -> bool {
    a.as_str().trim_end_matches('/') == b.as_str().trim_end_matches('/')
}

/// Returns the wanted name, as far as it can be one, or one like it with a number that is free.
fn free<N>(wanted: &str, else_: &str, taken: impl Fn(&str) -> bool, make: impl Fn(&str) -> Option<N>) -> N {
    let fit: String =
        wanted.chars().map(|c| if c.is_alphanumeric() || matches!(c, '-' | '_' | '.') { c } else { '-' }).collect();
    let fit = fit.trim_matches(['-', '.']);
    let fit = if fit.is_empty() { else_ } else { fit };
    let numbered = (2..).map(|number| format!("{fit}-{number}"));
    let mut names = std::iter::once(fit.to_owned()).chain(numbered).filter(|name| !taken(name));
    // What is left after the filter above is always a name.
    loop {
        if let Some(name) = names.next().and_then(|name| make(&name)) {
            return name;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn draft() -> Draft {
        Draft::new(GroupName::new("group").unwrap())
    }

    #[test]
    fn names_are_proposed_and_free() {
        let at = |text: &str| site_title(&Url::parse(text).unwrap());
        assert_eq!(
            ["https://github.com", "https://codeberg.org/", "https://git.example.com", "http://127.0.0.1:3000"].map(at),
            ["github", "codeberg", "git.example.com", "127.0.0.1-3000"]
        );
        let mut draft = draft();
        draft.add_folder(Path::new("/srv/git"), None).unwrap();
        draft.add_folder(Path::new("/mnt/git"), None).unwrap();
        let ids: Vec<_> = draft.accounts.iter().map(|account| account.endpoint.id.to_string()).collect();
        assert_eq!(ids, ["git", "git-2"]);
        assert!(draft.add_folder(Path::new("/srv/git"), None).is_err());
        draft.propose_name(None);
        assert_eq!(draft.group.name.as_str(), "git");
        draft.accounts[0].endpoint.namespace = "Team/Octo".to_owned();
        draft.add_folder(Path::new("/srv/octo"), None).unwrap();
        draft.named = true;
        draft.add_folder(Path::new("/home/git"), None).unwrap();
        let names: Vec<_> = draft.accounts[2..].iter().map(|account| account.endpoint.site.name.as_str()).collect();
        assert_eq!(names, ["folder", "folder-2"]);
        let name = free("[::1]", "site", |_| false, |name| SiteName::new(name).ok());
        assert_eq!(name.as_str(), "1");
        assert_eq!(free("..", "site", |name| name == "site", |name| Some(name.to_owned())), "site-2");
    }
}
