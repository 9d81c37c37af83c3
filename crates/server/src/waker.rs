//! From a hint to the repositories that it is about, and into the queue, unless it tells nothing new.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use jiff::SignedDuration;
use refray_core::config::{Endpoint, Provider, Site};
use refray_core::name::{EndpointId, GroupName, RefName, RepoName};
use refray_core::outcome::RepoStatus;
use refray_core::repository::ForgeId;
use refray_engine::Engine;
use refray_engine::store::{RepoRecord, StoreError, Wake};
use url::Url;

use crate::hint::{Hint, HintKind, RefHint, WakeError, Waker, Woken};
use crate::intake::Intake;
use crate::live::Live;

/// A second event of one repository within this is taken for part of a burst,
const BURST: Duration = Duration::from_millis(250);
/// of which the rest is waited for this long.
const GATHER: SignedDuration = SignedDuration::from_millis(250);
/// So many repositories' last events are kept in mind.
const RECENT: usize = 10_000;

/// Puts what hints are about into the queue.
pub struct QueueWaker {
    live: Arc<Live>,
    intake: Intake,
    recent: Mutex<HashMap<(GroupName, String), Instant>>,
}

/// A repository of a group, and the endpoint of it where something happened.
struct Target {
    group: GroupName,
    name: RepoName,
    endpoint: EndpointId,
}

impl QueueWaker {
    /// Puts what it is told of into the queue by way of `intake`.
    pub fn new(live: Arc<Live>, intake: Intake) -> Self {
        Self { live, intake, recent: Mutex::default() }
    }

    async fn judge(&self, hint: &Hint) -> Result<Woken, WakeError> {
        let refs = match &hint.kind {
            HintKind::Refs(refs) => Some(refs),
            HintKind::Repository => None,
            HintKind::Ping | HintKind::Other(_) => return Ok(Woken::Known),
        };
        let engine = self.live.engine();
        let targets = targets(&engine, hint).await.map_err(|error| told(&error))?;
        if targets.is_empty() {
            return Ok(Woken::Unknown);
        }
        let mut wakes = Vec::new();
        for target in targets {
            if let Some(refs) = refs
                && is_known(&engine, &target, refs).await.map_err(|error| told(&error))?
            {
                continue;
            }
            let at = (engine.clock)();
            let due = if self.is_burst(&target) { at.saturating_add(GATHER).unwrap_or(at) } else { at };
            wakes.push(Wake { group: target.group, name: target.name, urgent: true, at, due });
        }
        if wakes.is_empty() {
            return Ok(Woken::Known);
        }
        let count = wakes.len();
        self.intake.put(wakes).await.map_err(|error| told(&error))?;
        self.live.ring();
        Ok(Woken::Queued(count))
    }

    /// Says whether another event of the repository came just before. The first of a burst goes at once.
    fn is_burst(&self, target: &Target) -> bool {
        let now = Instant::now();
        let mut recent = self.recent.lock().unwrap_or_else(PoisonError::into_inner);
        if recent.len() >= RECENT {
            recent.retain(|_, last| now.duration_since(*last) < BURST);
        }
        let last = recent.insert((target.group.clone(), target.name.key()), now);
        last.is_some_and(|last| now.duration_since(last) < BURST)
    }
}

#[async_trait]
impl Waker for QueueWaker {
    async fn wake(&self, hint: &Hint) -> Result<Woken, WakeError> {
        let woken = self.judge(hint).await;
        let outcome = match &woken {
            Ok(Woken::Queued(_)) => "queued",
            Ok(Woken::Known) => "known",
            Ok(Woken::Unknown) => "unknown",
            Err(_) => "failed",
        };
        self.live.stats.count("deliveries", &[("provider", hint.provider.as_str()), ("outcome", outcome)]);
        tracing::debug!(provider = hint.provider.as_str(), paths = ?hint.paths, outcome, "hint");
        woken
    }
}

fn told(error: &dyn std::error::Error) -> WakeError {
    let mut message = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        message = format!("{message}: {cause}");
        source = cause.source();
    }
    WakeError(message)
}

/// Returns the repositories that a hint is about: by the host and path that it names, or by the forge's id where that
/// host is not the one that the configuration has.
async fn targets(engine: &Engine, hint: &Hint) -> Result<Vec<Target>, StoreError> {
    let mut found: Vec<Target> = Vec::new();
    let id = hint.id.as_ref().map(|id| ForgeId(id.clone()));
    for group in &engine.config.mirrors {
        for endpoint in group.endpoints.iter().filter(|endpoint| speaks(endpoint.site.provider, hint.provider)) {
            let here = is_at(&endpoint.site, &hint.hosts);
            let mut names = Vec::new();
            if let Some(id) = &id {
                for (owner, key) in engine.store.find_copy(&endpoint.id, id).await? {
                    let record = if owner == group.name { engine.store.repository(&owner, &key).await? } else { None };
                    // Ids of different installations may be equal; then the path tells.
                    let known = record.filter(|record| here || is_remembered_there(record, endpoint, hint));
                    // Its own name, and not the key, which has no capitals: filters tell them apart.
                    names.extend(known.map(|record| record.name));
                }
            }
            if names.is_empty() && here {
                names.extend(hint.paths.iter().filter_map(|path| name_in(endpoint, path)));
            }
            names.retain(|name| group.selects_name(name));
            for name in names {
                let key = name.key();
                if !found.iter().any(|target| target.group == group.name && target.name.key() == key) {
                    found.push(Target { group: group.name.clone(), name, endpoint: endpoint.id.clone() });
                }
            }
        }
    }
    Ok(found)
}

/// Says whether a site of kind `own` can have sent a delivery that looks like one of `sender`. Gitea and Forgejo send one
/// another's headers.
const fn speaks(own: Provider, sender: Provider) -> bool {
    match own {
        Provider::Gitea | Provider::Forgejo => matches!(sender, Provider::Gitea | Provider::Forgejo),
        Provider::Github => matches!(sender, Provider::Github),
        Provider::Gitlab => matches!(sender, Provider::Gitlab),
        Provider::Directory => false,
    }
}

fn is_remembered_there(record: &RepoRecord, endpoint: &Endpoint, hint: &Hint) -> bool {
    let known = record.copies.get(&endpoint.id);
    known.is_some_and(|known| hint.paths.iter().any(|path| same(path, &known.path)))
}

/// Says whether a site is at one of these hosts.
fn is_at(site: &Site, hosts: &[String]) -> bool {
    let own = [Some(&site.base_url), site.api_url.as_ref()];
    let own: Vec<String> = own.into_iter().flatten().filter_map(authority).collect();
    hosts.iter().any(|host| {
        let host = host.to_ascii_lowercase();
        let plain = host.strip_suffix(":443").or_else(|| host.strip_suffix(":80")).unwrap_or(&host);
        own.iter().any(|own| own == plain || own.strip_prefix("www.") == Some(plain))
    })
}

fn authority(url: &Url) -> Option<String> {
    let host = url.host_str()?.to_ascii_lowercase();
    Some(url.port().map_or_else(|| host.clone(), |port| format!("{host}:{port}")))
}

/// Returns the group's name of the repository at `path`, if it is in the namespace of `endpoint`.
fn name_in(endpoint: &Endpoint, path: &str) -> Option<RepoName> {
    let (namespace, name) = path.trim_matches('/').rsplit_once('/')?;
    let own = endpoint.namespace.trim_matches('/');
    let below = || {
        let lower = namespace.to_lowercase();
        lower.strip_prefix(&own.to_lowercase()).is_some_and(|rest| rest.starts_with('/'))
    };
    if !(same(namespace, own) || endpoint.include_subgroups && below()) {
        return None;
    }
    let name = RepoName::new(name.strip_suffix(".git").unwrap_or(name)).ok()?;
    Some(endpoint.names.here(&name))
}

fn same(one: &str, other: &str) -> bool {
    one.to_lowercase() == other.to_lowercase()
}

/// Says whether every reference stands at the value that it is said to have, by what was agreed or by what a run in hand
/// has just written. Anything else is worth a look.
async fn is_known(engine: &Engine, target: &Target, refs: &[RefHint]) -> Result<bool, StoreError> {
    let Target { group, name, endpoint } = target;
    let key = name.key();
    if refs.is_empty() {
        return Ok(false);
    }
    let mut agreed: Vec<RefName> = Vec::new();
    for hint in refs {
        let Ok(name) = RefName::from_full(&hint.name) else { continue };
        if name.is_conflict_branch() {
            continue;
        }
        let value = match (hint.new, hint.deleted) {
            (_, true) => None,
            (Some(new), false) => Some(new),
            (None, false) => return Ok(false),
        };
        if engine.writing.covers(group, &key, endpoint, &name, value) {
            continue;
        }
        // While somebody is at it, what was agreed is about to change: an older value that is back since would pass for
        // nothing new.
        if engine.locks.is_held(group, &key) || engine.store.agreed(group, &key, endpoint, &name).await? != value {
            return Ok(false);
        }
        agreed.push(name);
    }
    if agreed.is_empty() {
        return Ok(true);
    }
    let record = engine.store.repository(group, &key).await?;
    Ok(record.is_none_or(|record| agreed.iter().all(|name| stood_as_agreed(&record, name))))
}

/// Says whether a reference stood as it was agreed at the last look. Where it did not, the agreed value is no old news: a
/// side that is taken back to it ends a conflict, a refused push or a held deletion.
fn stood_as_agreed(record: &RepoRecord, name: &RefName) -> bool {
    let is_told = record.findings.iter().any(|finding| finding.name.as_ref() == Some(name));
    // What is held is named; what failed may be any.
    !is_told
        && !record.unfinished
        && matches!(record.status, RepoStatus::Agreed | RepoStatus::Synced | RepoStatus::Held)
}

#[cfg(test)]
mod tests {
    use refray_core::config::{GitTransport, Names, NamespaceKind};

    use super::*;

    fn site(provider: Provider, base_url: &str, api_url: Option<&str>) -> Site {
        Site {
            name: "s".parse().unwrap(),
            provider,
            base_url: Url::parse(base_url).unwrap(),
            api_url: api_url.map(|url| Url::parse(url).unwrap()),
            git_username: None,
            transport: GitTransport::Https,
            ca_file: None,
            allow_http: false,
            token: None,
            path: None,
        }
    }

    fn endpoint(namespace: &str, include_subgroups: bool) -> Endpoint {
        let site = Arc::new(site(Provider::Gitlab, "https://gitlab.com", None));
        let id = EndpointId::of(&site.name, namespace);
        Endpoint {
            id,
            site,
            kind: NamespaceKind::Group,
            namespace: namespace.into(),
            include_subgroups,
            names: Names::default(),
        }
    }

    #[test]
    fn hosts_are_compared_with_their_ports() {
        let own = site(Provider::Gitea, "https://git.example.org:3000/gitea", Some("https://api.example.org/v1"));
        let at = |host: &str| is_at(&own, &[host.to_owned()]);
        assert!(at("git.example.org:3000") && at("GIT.example.org:3000") && at("api.example.org"));
        assert!(at("api.example.org:443"));
        assert!(!at("git.example.org") && !at("example.org") && !at("git.example.org:3001") && !at(""));
    }

    #[test]
    fn names_are_those_of_the_namespace() {
        let name = |endpoint: &Endpoint, path| name_in(endpoint, path).map(|name| name.to_string());
        let flat = endpoint("acme/Tools", false);
        assert_eq!(name(&flat, "acme/tools/Saw"), Some("Saw".into()));
        assert_eq!(name(&flat, "acme/tools/saw.git"), Some("saw".into()));
        for path in ["acme/tools/sub/saw", "acme/toolset/saw", "acme/saw", "saw", "", "acme/tools/.."] {
            assert_eq!(name(&flat, path), None, "{path}");
        }
        let deep = endpoint("acme/tools", true);
        assert_eq!(name(&deep, "acme/tools/sub/saw"), Some("saw".into()));
        assert_eq!(name(&deep, "acme/toolset/saw"), None);
        let mut named = flat;
        named.names.add("files".parse().unwrap(), "files-repo".parse().unwrap()).unwrap();
        assert_eq!(name(&named, "acme/tools/Files-Repo.git"), Some("files".into()));
        assert_eq!(name(&named, "acme/tools/saw"), Some("saw".into()));
    }

    #[test]
    fn gitea_and_forgejo_are_taken_for_one_another() {
        assert!(speaks(Provider::Gitea, Provider::Forgejo) && speaks(Provider::Forgejo, Provider::Gitea));
        assert!(!speaks(Provider::Gitea, Provider::Github) && !speaks(Provider::Directory, Provider::Directory));
    }
}
