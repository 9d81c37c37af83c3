//! Endpoints: what they are, what may be done there, and what is there.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::future::join_all;
use futures_util::{StreamExt, stream};
use refray_core::config::{Endpoint, GitTransport, MirrorGroup, Provider};
use refray_core::name::{EndpointId, RepoName};
use refray_core::repository::Repository;
use refray_forge::{ErrorKind, Forge};

use super::examination::Examination;
use super::report::Check;
use super::right::{Wanted, judge_all};
use super::{access, lfs, repository};

/// How many repositories' rules are looked at, a few requests each.
const LOOKED_AT: usize = 200;

/// How many of them at once.
const AT_ONCE: usize = 8;

/// How many archived copies are named.
const NAMED: usize = 8;

pub(super) async fn checks(examined: &Examination, group: &MirrorGroup) -> Vec<Check> {
    let hooks = examined.config.webhook.as_ref().is_some_and(|webhook| webhook.install);
    let wanted = Wanted::of(group, hooks);
    let looked = join_all(group.endpoints.iter().map(|endpoint| one(examined, group, endpoint, wanted))).await;
    let mut checks = Vec::new();
    let mut listings = BTreeMap::new();
    for (endpoint, (found, listed)) in group.endpoints.iter().zip(looked) {
        checks.extend(found);
        if let Some(listed) = listed {
            checks.extend(clashes(endpoint, &listed));
            listings.insert(endpoint.id.clone(), listed);
        }
    }
    checks.extend(given_names(group, &listings));
    checks.extend(names(examined, group, &listings));
    checks.extend(rules(examined, group, &listings).await);
    let selected: BTreeMap<String, RepoName> = listings
        .values()
        .flatten()
        .filter(|repository| group.selects_name(&repository.name))
        .map(|repository| (repository.name.key(), repository.name.clone()))
        .collect();
    checks.extend(lfs::check(examined, group, selected.into_values().collect()).await);
    checks
}

/// Looks at an endpoint by itself.
async fn one(
    examined: &Examination,
    group: &MirrorGroup,
    endpoint: &Endpoint,
    wanted: Wanted,
) -> (Vec<Check>, Option<Vec<Repository>>) {
    let id = &endpoint.id;
    // Its site says why it is not.
    let Some(forge) = examined.forge(endpoint) else { return (Vec::new(), None) };
    let mut checks = Vec::new();
    if endpoint.site.provider != Provider::Directory {
        match forge.namespace(endpoint).await {
            Ok(found) if found.kind == endpoint.kind => {
                checks.push(Check::pass(id, "namespace", format!("{} is there", found.path)));
            }
            Ok(found) => checks.push(Check::fail(
                id,
                "namespace",
                format!("{} is a {:?}", found.path, found.kind).to_lowercase(),
                format!("Write `kind = \"{}\"` for it.", format!("{:?}", found.kind).to_lowercase()),
            )),
            Err(error) => {
                checks.push(Check::fail(id, "namespace", error.to_string(), error.remedy()));
                return (checks, None);
            }
        }
    }
    if endpoint.site.provider == Provider::Directory
        && let Err(error) = forge.namespace(endpoint).await
        && error.kind == ErrorKind::NoFolder
    {
        checks.push(Check::warn(
            id,
            "folder",
            format!("{} is not there", error.message),
            "If it is new, the first sync makes it. If it was there before, mount the disk or correct the namespace: until \
             then a sync leaves it alone.",
        ));
    }
    let listed = forge.list(endpoint).await;
    match forge.rights(endpoint).await {
        Ok(mut rights) => {
            if let Ok(listed) = &listed
                && endpoint.site.transport != GitTransport::Ssh
            {
                access::try_to_push(&*forge, listed, &mut rights).await;
            }
            checks.extend(judge_all(id, &rights, wanted));
        }
        Err(error) => checks.push(Check::fail(id, "rights", error.to_string(), error.remedy())),
    }
    match listed {
        Ok(listed) => {
            checks.push(Check::pass(id, "listing", count(&listed)));
            let selected: Vec<_> = listed.iter().filter(|it| group.selects_name(&it.name)).collect();
            checks.extend(archived(id, &selected));
            checks.extend(access::checks(id, &selected, wanted));
            if endpoint.site.transport == GitTransport::Ssh {
                checks.push(ssh(id, &*forge, &listed).await);
            }
            (checks, Some(listed))
        }
        Err(error) => {
            checks.push(Check::fail(id, "listing", error.to_string(), error.remedy()));
            (checks, None)
        }
    }
}

/// Reads one repository over ssh: host key, keys and address are right if that works.
async fn ssh(endpoint: &EndpointId, forge: &dyn Forge, listed: &[Repository]) -> Check {
    const CHECK: &str = "ssh";
    let Some(repository) = listed.iter().find(|repository| !repository.disabled) else {
        let remedy = "Look again once there is one.";
        return Check::warn(endpoint, CHECK, "not tried: there is no repository to read", remedy);
    };
    let path = &repository.path;
    let read = match forge.remote(path) {
        Ok(remote) => refray_git::ls_refs(&*remote).await.map_err(|error| error.to_string()),
        Err(error) => Err(error.to_string()),
    };
    match read {
        Ok(_) => Check::pass(endpoint, CHECK, format!("{path} can be read with your key")),
        Err(why) => Check::fail(endpoint, CHECK, why, "Mend what is said there; `ssh` must get in without a question."),
    }
}

/// Names archived copies: what changes elsewhere does not reach them.
fn archived(endpoint: &EndpointId, selected: &[&Repository]) -> Option<Check> {
    let names: Vec<String> = selected.iter().filter(|it| it.archived).map(|it| format!("`{}`", it.name)).collect();
    let (shown, rest) = names.split_at(names.len().min(NAMED));
    let more = if rest.is_empty() { String::new() } else { format!(" and {} more", rest.len()) };
    let (are, them) = if names.len() == 1 { ("is", "it") } else { ("are", "them") };
    let found = format!("{}{more} {are} archived, and will stay behind the other sides", shown.join(", "));
    let remedy = format!(
        "Unarchive {them}, leave {them} out with `repo_blacklist`, or take the endpoint out of the group if that forge is being \
         left."
    );
    (!names.is_empty()).then(|| Check::warn(endpoint, "archived", found, remedy))
}

fn count(listed: &[Repository]) -> String {
    let of = |wanted: fn(&Repository) -> bool| listed.iter().filter(|repository| wanted(repository)).count();
    let mut text = format!("{} {}", listed.len(), if listed.len() == 1 { "repository" } else { "repositories" });
    for (number, word) in [
        (of(|it| it.archived), "archived, which can only be read"),
        (of(|it| it.mirror && !it.archived), "filled by the forge from elsewhere, which can only be read"),
        (of(|it| it.disabled), "disabled by the forge"),
        (of(|it| it.fork), "forked"),
    ] {
        if number > 0 {
            text = format!("{text}, {number} {word}");
        }
    }
    text
}

/// Names repositories that differ only by case or by their group, or of which one is given the name of another: refray
/// cannot tell which one is meant.
fn clashes(endpoint: &Endpoint, listed: &[Repository]) -> Vec<Check> {
    let mut by_key: BTreeMap<String, Vec<&Repository>> = BTreeMap::new();
    for repository in listed {
        by_key.entry(repository.name.key()).or_default().push(repository);
    }
    let clashing = by_key.into_values().filter(|repositories| repositories.len() > 1);
    clashing
        .map(|repositories| {
            let paths: Vec<&str> = repositories.iter().map(|repository| repository.path.as_str()).collect();
            let given = repositories.iter().find(|repository| endpoint.names.given(&repository.name).is_some());
            let (by, remedy) = match given {
                Some(repository) => (
                    format!(", by `names`: `{}`", repository.name),
                    "Rename one of them, or give it another name in the endpoint's `names`.",
                ),
                None => (String::new(), "Rename one of them, or leave one out with `repo_blacklist`."),
            };
            let found = format!("{} have the same name{by}", paths.join(" and "));
            Check::fail(&endpoint.id, "names", found, remedy)
        })
        .collect()
}

/// Names what another endpoint's forge would not take.
fn names(examined: &Examination, group: &MirrorGroup, listings: &BTreeMap<EndpointId, Vec<Repository>>) -> Vec<Check> {
    let all: BTreeMap<String, &RepoName> =
        listings.values().flatten().map(|repository| (repository.name.key(), &repository.name)).collect();
    let mut checks = Vec::new();
    for endpoint in group.endpoints.iter().filter(|_| group.create_missing) {
        let (Some(forge), Some(listed)) = (examined.forge(endpoint), listings.get(&endpoint.id)) else { continue };
        let there: BTreeSet<String> = listed.iter().map(|repository| repository.name.key()).collect();
        let missing = all.iter().filter(|(key, name)| !there.contains(*key) && group.selects_name(name));
        checks.extend(missing.filter_map(|(_, name)| refused_name(endpoint, &*forge, name)));
    }
    checks
}

fn refused_name(endpoint: &Endpoint, forge: &dyn Forge, name: &RepoName) -> Option<Check> {
    let why = forge.check_name(name).err()?;
    let called = endpoint.names.given(name).map_or_else(String::new, |there| format!(" as `{there}`"));
    let remedy =
        "Give it another name there in the endpoint's `names`, rename it, or leave it out with `repo_blacklist`.";
    Some(Check::warn(&endpoint.id, "names", format!("`{name}` cannot be made there{called}: {why}"), remedy))
}

/// Says what is called otherwise at an endpoint, and which of it is a name of nothing: a slip of the pen, most likely.
fn given_names(group: &MirrorGroup, listings: &BTreeMap<EndpointId, Vec<Repository>>) -> Vec<Check> {
    // What an endpoint that could not be listed has, is not known.
    let complete = listings.len() == group.endpoints.len();
    let known: BTreeSet<String> = listings.values().flatten().map(|repository| repository.name.key()).collect();
    let mut checks = Vec::new();
    for endpoint in &group.endpoints {
        let (used, idle): (Vec<_>, Vec<_>) =
            endpoint.names.pairs().partition(|(here, _)| !complete || known.contains(&here.key()));
        if !used.is_empty() {
            let used: Vec<String> =
                used.iter().map(|(here, there)| format!("`{here}` is called `{there}` there")).collect();
            checks.push(Check::pass(&endpoint.id, "names", used.join(", ")));
        }
        checks.extend(idle.into_iter().map(|(here, there)| {
            let found = format!("no endpoint has `{here}`, and this one has no `{there}`");
            Check::warn(&endpoint.id, "names", found, "Correct the name in the endpoint's `names`, or take it out.")
        }));
    }
    checks
}

/// Looks at the rules of default branches, where something may be pushed.
async fn rules(
    examined: &Examination,
    group: &MirrorGroup,
    listings: &BTreeMap<EndpointId, Vec<Repository>>,
) -> Vec<Check> {
    let wanted: Vec<_> = group
        .endpoints
        .iter()
        .filter(|endpoint| endpoint.site.provider != Provider::Directory)
        .filter_map(|endpoint| Some((endpoint, listings.get(&endpoint.id)?)))
        .flat_map(|(endpoint, listed)| listed.iter().map(move |repository| (endpoint, repository)))
        .filter(|(_, repository)| {
            repository.read_only().is_none() && !repository.disabled && group.selects_name(&repository.name)
        })
        .collect();
    let looks = wanted
        .iter()
        .take(LOOKED_AT)
        .map(|(endpoint, repository)| repository::check(examined, group, endpoint, repository));
    let mut checks: Vec<Check> =
        stream::iter(looks).buffered(AT_ONCE).filter_map(|check| async { check }).collect().await;
    if wanted.len() > LOOKED_AT {
        let found = format!("of {} copies, the rules of the first {LOOKED_AT} were looked at", wanted.len());
        checks.push(Check::warn(
            &group.name,
            "branch rules",
            found,
            "The others' are met when something is pushed there.",
        ));
    }
    checks
}
