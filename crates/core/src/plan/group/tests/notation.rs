//! A notation in which a group and what is planned for it fit on a few lines.
//!
//! What is seen is written as `e1: alpha#1 beta#2+private | e2: ? | known alpha: e1#1 e2#5 | look e2 alpha: moved#5=x/beta`:
//! each endpoint's listing with the forges' ids and, behind `+`, the visibility (`?`: it could not be listed), what is
//! remembered (`~` behind the id: never in sync everywhere; `?`: its absence was held before), and direct looks. Who is remembered, not listed and not
//! looked for is not found. `e1@7` names the account behind the token, `e1#1@7` the one remembered; 1 when there is none.
//!
//! A plan is shown as `alpha: e1=here e2=create(private) e3=absent [deleted e3]`. `new` is a copy that is not the one
//! remembered.

use std::collections::BTreeMap;
use std::path::Path;

use crate::config::{MirrorGroup, parse};
use crate::name::{EndpointId, RepoName};
use crate::plan::group::{Copy, GroupPlan, GroupWorld, Known, Look, RepoTask, Selection, Sight, looks_needed, plan};
use crate::repository::{AccountId, ForgeId, Repository, Visibility};

/// A group to plan for.
pub(super) struct Case {
    pub(super) group: MirrorGroup,
    pub(super) sights: BTreeMap<EndpointId, Sight>,
    pub(super) known: BTreeMap<String, BTreeMap<EndpointId, Known>>,
    pub(super) selection: Selection,
}

pub(super) fn endpoint(name: &str) -> EndpointId {
    EndpointId::new(name).unwrap()
}

/// Returns a group of that many endpoints with the given settings.
pub(super) fn group(endpoints: usize, settings: &str) -> MirrorGroup {
    let number = 1..=endpoints;
    let sites: String = number
        .clone()
        .map(|n| format!("[[sites]]\nname = \"e{n}\"\nprovider = \"directory\"\npath = \"/srv/e{n}\"\n"))
        .collect();
    let members: String =
        number.map(|n| format!("[[mirrors.endpoints]]\nsite = \"e{n}\"\nnamespace = \"\"\n")).collect();
    let text = format!("{sites}[[mirrors]]\nname = \"all\"\n{settings}\n{members}");
    let config = parse(&text, "refray.toml", Path::new("/etc"), None).unwrap().config;
    config.mirrors[0].as_ref().clone()
}

/// Reads a group in the notation.
pub(super) fn case(settings: &str, seen: &str) -> Case {
    let mut sights: BTreeMap<EndpointId, Sight> = BTreeMap::new();
    let mut known: BTreeMap<String, BTreeMap<EndpointId, Known>> = BTreeMap::new();
    let mut looks = Vec::new();
    for part in seen.split('|') {
        let (who, what) = part.trim().split_once(':').unwrap();
        if let Some(name) = who.strip_prefix("known ") {
            known.insert(name.to_lowercase(), what.split_whitespace().map(|copy| remembered(name, copy)).collect());
        } else if let Some(look) = who.strip_prefix("look ") {
            let (at, key) = look.split_once(' ').unwrap();
            looks.push((endpoint(at), key.to_owned(), direct(key, what.trim())));
        } else {
            let (at, account) = who.split_once('@').unwrap_or((who, "1"));
            let listed = || what.split_whitespace().map(repository).collect();
            let listing = (what.trim() != "?").then(listed);
            let error = if listing.is_none() { "the connection was refused".to_owned() } else { String::new() };
            let account = Some(AccountId(account.to_owned()));
            sights.insert(endpoint(at), Sight { listing, error, account, ..Sight::default() });
        }
    }
    let group = group(sights.len(), settings);
    let selection = Selection::default();
    let needed = looks_needed(&GroupWorld { group: &group, sights: &sights, known: &known, selection: &selection });
    for (at, key, _) in needed {
        sights.get_mut(&at).unwrap().looks.insert(key, Look::NotFound);
    }
    for (at, key, look) in looks {
        sights.get_mut(&at).unwrap().looks.insert(key, look);
    }
    Case { group, sights, known, selection }
}

/// Reads `alpha#1`, then `+private`, `=path` and `!` for a disabled one.
pub(super) fn repository(text: &str) -> Repository {
    let (text, disabled) = text.strip_suffix('!').map_or((text, false), |text| (text, true));
    let (text, path) = text.split_once('=').map_or((text, None), |(text, path)| (text, Some(path)));
    let (text, visibility) = text.split_once('+').map_or((text, None), |(text, word)| (text, Some(word)));
    let (name, id) = text.split_once('#').unwrap();
    let visibility = visibility.map(|word| match word {
        "private" => Visibility::Private,
        "internal" => Visibility::Internal,
        _ => Visibility::Public,
    });
    Repository {
        id: ForgeId(id.to_owned()),
        name: RepoName::new(name).unwrap(),
        path: path.map_or_else(|| format!("me/{name}"), str::to_owned),
        visibility,
        description: String::new(),
        default_branch: None,
        archived: false,
        mirror: false,
        disabled,
        fork: false,
        web_url: None,
        access: None,
        updated: None,
    }
}

fn remembered(name: &str, text: &str) -> (EndpointId, Known) {
    let (text, account) = text.split_once('@').unwrap_or((text, "1"));
    let (text, doubt) = text.strip_suffix('?').map_or((text, false), |text| (text, true));
    let (text, agreed) = text.strip_suffix('~').map_or((text, true), |text| (text, false));
    let (at, id) = text.split_once('#').unwrap();
    let known = Known {
        name: RepoName::new(name).unwrap(),
        id: ForgeId(id.to_owned()),
        path: format!("me/{name}"),
        account: Some(AccountId(account.to_owned())),
        agreed,
        doubt: doubt.then(|| "it was held before".to_owned()),
    };
    (endpoint(at), known)
}

fn direct(key: &str, text: &str) -> Look {
    if let Some(found) = text.strip_prefix("found") {
        Look::Found(repository(&format!("{key}{found}")))
    } else if let Some(moved) = text.strip_prefix("moved") {
        let (id, path) = moved.split_once('=').unwrap();
        let name = path.rsplit('/').next().unwrap();
        Look::Moved(repository(&format!("{name}{id}={path}")))
    } else {
        Look::Unreadable(text.to_owned())
    }
}

impl Case {
    pub(super) fn world(&self) -> GroupWorld<'_> {
        let Self { group, sights, known, selection } = self;
        GroupWorld { group, sights, known, selection }
    }

    pub(super) fn plan(&self) -> GroupPlan {
        plan(&self.world())
    }

    pub(super) fn selecting(mut self, change: impl FnOnce(&mut Selection)) -> Self {
        change(&mut self.selection);
        self
    }
}

fn show_task(task: &RepoTask) -> String {
    let copies = task.copies.iter().map(|(at, copy)| match copy {
        Copy::Present { recreated: false, .. } => format!("{at}=here"),
        Copy::Present { recreated: true, .. } => format!("{at}=new"),
        Copy::Create(create) => format!("{at}=create({:?})", create.visibility).to_lowercase(),
        Copy::Delete(delete) => format!("{at}=delete(#{})", delete.id.0),
        Copy::Absent => format!("{at}=absent"),
        Copy::Unreadable(_) => format!("{at}=unreadable"),
    });
    let findings = task.findings.iter().map(|finding| {
        let sides: Vec<_> = finding.sides.keys().map(EndpointId::as_str).collect();
        format!(" [{} {}]", finding.kind.as_str(), sides.join(","))
    });
    let copies: Vec<_> = copies.collect();
    format!("{}: {}{}", task.name, copies.join(" "), findings.collect::<String>())
}

/// Shows a plan, one repository after the other.
pub(super) fn show(plan: &GroupPlan) -> String {
    let mut parts: Vec<String> =
        plan.renamed.iter().map(|renamed| format!("{}->{}", renamed.from, renamed.to)).collect();
    parts.extend(plan.tasks.iter().map(show_task));
    parts.extend(plan.unmatched.iter().map(|name| format!("{name} unmatched")));
    parts.extend(plan.gone.iter().map(|key| format!("{key} gone")));
    parts.join("\n")
}

/// Checks what is planned for a group.
pub(super) fn check(settings: &str, seen: &str, expected: &[&str]) {
    check_case(&case(settings, seen), expected);
}

/// Checks what is planned for a group.
pub(super) fn check_case(case: &Case, expected: &[&str]) {
    assert_eq!(show(&case.plan()), expected.join("\n"));
}
