//! Adapters as the program makes them, and what they are asked for.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use refray_core::config::{Endpoint, GitTransport, Names, NamespaceKind, Provider, SecretSource, Site};
use refray_core::name::{BranchName, EndpointId, RepoName, SiteName};
use refray_core::oid::ObjectFormat;
use refray_core::repository::Visibility;
use refray_core::secret::Secret;
use refray_forge::{Environment, Forge, HookSpec, NewPull, NewRepository, Options};
use refray_sim::Kind;
use url::Url;

struct NoEnvironment;

#[async_trait]
impl Environment for NoEnvironment {
    fn var(&self, _name: &str) -> Option<String> {
        None
    }
}

/// Returns the adapter of a forge that is reached at a loopback address.
pub(crate) fn adapter(kind: Kind, base_url: &str, token: &str) -> Arc<dyn Forge> {
    let provider = match kind {
        Kind::GitHub => Provider::Github,
        Kind::GitLab => Provider::Gitlab,
        Kind::Gitea => Provider::Gitea,
        Kind::Forgejo => Provider::Forgejo,
    };
    let site = Arc::new(Site {
        name: SiteName::new("simulated").unwrap(),
        provider,
        base_url: Url::parse(base_url).unwrap(),
        api_url: None,
        git_username: None,
        transport: GitTransport::Https,
        ca_file: None,
        allow_http: false,
        token: Some(SecretSource::Value(Secret::new(token.to_owned()))),
        path: None,
    });
    let options = Options { backoff: Duration::from_millis(5), attempts: 2, ..Options::default() };
    refray_forge::connect(site, Arc::new(NoEnvironment), options).unwrap()
}

pub(crate) fn endpoint(forge: &dyn Forge, kind: NamespaceKind, namespace: &str) -> Endpoint {
    let site = Arc::clone(forge.site());
    let id = EndpointId::of(&site.name, namespace);
    Endpoint { id, site, kind, namespace: namespace.to_owned(), include_subgroups: false, names: Names::default() }
}

pub(crate) fn new(name: &str) -> NewRepository {
    NewRepository {
        name: RepoName::new(name).unwrap(),
        visibility: Visibility::Private,
        description: "Kept the same everywhere.".into(),
        default_branch: branch("main"),
        format: ObjectFormat::Sha1,
    }
}

pub(crate) fn branch(name: &str) -> Option<BranchName> {
    BranchName::new(name).ok()
}

pub(crate) fn pull(head: &str) -> NewPull {
    NewPull {
        head: BranchName::new(head).unwrap(),
        base: BranchName::new("main").unwrap(),
        title: "Conflict".into(),
        body: "Both sides.".into(),
    }
}

pub(crate) fn hook(url: &str, secret: &str) -> HookSpec {
    HookSpec { url: url.to_owned(), secret: Secret::new(secret.to_owned()) }
}
