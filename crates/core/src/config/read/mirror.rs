//! Reads `[[mirrors]]`.

use std::path::PathBuf;
use std::sync::Arc;

use super::context::Marked;
use super::site::{Declared, duplicate};
use super::table::Table;
use super::{names, namespace, pattern};
use crate::config::keys::{Choice, Key, endpoint, mirror as keys};
use crate::config::model::{Endpoint, MirrorGroup, Provider, Site};
use crate::config::problem::{ProblemKind, Span};
use crate::config::spell::{propose, shown};
use crate::name::{EndpointId, GroupName};
use crate::repository::Visibility;

/// Reads all groups.
pub(crate) fn read_all(tables: Vec<Table<'_>>, sites: &[Declared]) -> Vec<Arc<MirrorGroup>> {
    let mut names: Vec<Marked<GroupName>> = Vec::new();
    let mut groups = Vec::new();
    let mut given = Vec::new();
    for table in tables {
        let context = table.context;
        let (name, group) = read(table, sites, &mut given);
        if let Some(name) = name {
            match names.iter().find(|other| other.value == name.value) {
                Some(first) => duplicate(context.sink, "mirror groups", name.value.as_str(), &first.span, &name.span),
                None => names.push(name),
            }
        }
        groups.extend(group.map(Arc::new));
    }
    groups
}

fn read(
    table: Table<'_>,
    sites: &[Declared],
    given: &mut Vec<names::Given>,
) -> (Option<Marked<GroupName>>, Option<MirrorGroup>) {
    let name = table.text(&keys::NAME).and_then(|text| match GroupName::new(&text.value) {
        Ok(value) => Some(Marked { value, span: text.span }),
        Err(why) => {
            table
                .context
                .sink
                .error(ProblemKind::BadValue, format!("`{}` cannot be the name of a mirror group", shown(&text.value)))
                .at(&text.span, why.why);
            None
        }
    });
    let endpoints = read_endpoints(&table, sites, name.as_ref().map(|name| &name.span), given);
    let sync_visibility = choice(&table, &keys::SYNC_VISIBILITY).unwrap_or_default();
    let whitelist = pattern::read(&table, &keys::REPO_WHITELIST);
    let blacklist = pattern::read(&table, &keys::REPO_BLACKLIST);
    let create_missing = table.flag(&keys::CREATE_MISSING).value;
    let delete_missing = table.flag(&keys::DELETE_MISSING).value;
    let visibility = choice(&table, &keys::VISIBILITY).unwrap_or(Visibility::Private);
    let allow_force = table.flag(&keys::ALLOW_FORCE).value;
    let conflict_resolution = choice(&table, &keys::CONFLICT_RESOLUTION).unwrap_or_default();
    let rewrites = choice(&table, &keys::REWRITES).unwrap_or_default();
    table.finish();
    let group = name.as_ref().map(|name| MirrorGroup {
        name: name.value.clone(),
        endpoints,
        sync_visibility,
        whitelist,
        blacklist,
        create_missing,
        delete_missing,
        visibility,
        allow_force,
        conflict_resolution,
        rewrites,
    });
    (name, group)
}

fn choice<T: Copy + PartialEq + Sync>(table: &Table<'_>, key: &Key<Choice<T>>) -> Option<T> {
    table.choice(key).map(|choice| choice.value).or(key.shape.default)
}

fn read_endpoints(
    group: &Table<'_>,
    sites: &[Declared],
    name: Option<&Span>,
    given: &mut Vec<names::Given>,
) -> Vec<Endpoint> {
    let sink = group.context.sink;
    let tables = match group.tables(&keys::ENDPOINTS) {
        Some(tables) => tables,
        None if group.key_span(&keys::ENDPOINTS).is_some() => return Vec::new(),
        None => Vec::new(),
    };
    let place = name.unwrap_or_else(|| group.span());
    match tables.len() {
        0 => drop(
            sink.error(ProblemKind::NoEndpoints, "a mirror group has no endpoints")
                .at(place, "this group")
                .help("add `[[mirrors.endpoints]]` with `site`, `kind` and `namespace` below it, two of them or more"),
        ),
        1 => drop(
            sink.warning(ProblemKind::OneEndpoint, "a mirror group has only one endpoint")
                .at(place, "nothing will be mirrored")
                .help("add another `[[mirrors.endpoints]]` below it"),
        ),
        _ => {}
    }
    let mut seen: Vec<(Place, Span)> = Vec::new();
    let mut endpoints = Vec::new();
    for table in tables {
        let span = table.span().clone();
        let place_of_names = table.key_span(&endpoint::NAMES).unwrap_or_else(|| span.clone());
        let Some(endpoint) = read_endpoint(table, sites) else { continue };
        let place = Place::of(&endpoint);
        if let Some((_, first)) = seen.iter().find(|(other, _)| *other == place) {
            sink.error(ProblemKind::Duplicate, "two endpoints of a mirror group are the same namespace")
                .at(&span, "the second")
                .at(first, "the first")
                .help("remove one of them");
        } else {
            seen.push((place, span));
            names::compare(sink, &endpoint, place_of_names, given);
        }
        endpoints.push(endpoint);
    }
    endpoints
}

/// Where an endpoint's repositories really are, whatever its site is called.
#[derive(PartialEq)]
enum Place {
    Forge { host: Option<String>, port: Option<u16>, path: String, namespace: String },
    Folder(PathBuf),
}

impl Place {
    fn of(endpoint: &Endpoint) -> Self {
        let Site { base_url, path, .. } = &*endpoint.site;
        match path {
            Some(path) => Self::Folder(path.join(&endpoint.namespace)),
            None => Self::Forge {
                host: base_url.host_str().map(str::to_owned),
                port: base_url.port_or_known_default(),
                path: base_url.path().to_owned(),
                namespace: endpoint.namespace.to_lowercase(),
            },
        }
    }
}

fn read_endpoint(table: Table<'_>, sites: &[Declared]) -> Option<Endpoint> {
    let site = table.text(&endpoint::SITE);
    let kind = table.choice(&endpoint::KIND);
    let namespace = table.text(&endpoint::NAMESPACE);
    let include_subgroups = table.flag(&endpoint::INCLUDE_SUBGROUPS);
    let names = names::read(&table, &endpoint::NAMES);
    let declared = site.as_ref().and_then(|site| find(&table, site, sites));
    let provider = declared.and_then(|declared| declared.provider);

    let kind = provider.and_then(|provider| {
        let kind = namespace::kind(&table, provider, kind);
        namespace::subgroups(&table, provider, kind, &include_subgroups);
        kind
    });
    let namespace = namespace::path(&table, provider, kind, namespace);
    let endpoint = match (declared.and_then(|declared| declared.site.as_ref()), kind, namespace) {
        (Some(site), Some(kind), Some(namespace)) => Some(Endpoint {
            id: EndpointId::of(&site.name, &namespace),
            site: Arc::clone(site),
            kind,
            namespace,
            include_subgroups: include_subgroups.value && site.provider == Provider::Gitlab,
            names,
        }),
        _ => None,
    };
    table.finish();
    endpoint
}

fn find<'a>(table: &Table<'_>, name: &Marked<String>, sites: &'a [Declared]) -> Option<&'a Declared> {
    let found = sites.iter().find(|site| site.name.value.as_str() == name.value);
    if found.is_none() {
        let names: Vec<_> = sites.iter().map(|site| site.name.value.as_str()).collect();
        table
            .context
            .sink
            .error(ProblemKind::UnknownSite, format!("there is no site `{}`", shown(&name.value)))
            .at(&name.span, "not the name of a `[[sites]]`")
            .help(propose(&name.value, &names, "known sites"));
    }
    found
}
