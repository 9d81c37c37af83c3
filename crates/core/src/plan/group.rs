//! Planning a group: which repositories there are, and what their absence somewhere means.

use std::collections::{BTreeMap, BTreeSet};

use regex::Regex;

use crate::config::MirrorGroup;
use crate::name::{EndpointId, RepoName};
use crate::plan::action::{CreateRepository, DeleteRepository};
use crate::plan::finding::{Finding, FindingKind};
use crate::repository::{AccountId, ForgeId, Repository};

/// How many repositories may vanish at once whatever their share.
const ALWAYS_ALLOWED: usize = 3;

/// What is remembered of one copy of a repository.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Known {
    /// The name that it had.
    pub name: RepoName,
    /// The forge's id of it.
    pub id: ForgeId,
    /// The path that it had on the forge.
    pub path: String,
    /// The account that saw it last; `None` where the forge has no accounts.
    pub account: Option<AccountId>,
    /// All endpoints held the same once.
    pub agreed: bool,
}

/// The result of a direct look at a copy that is remembered and not listed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Look {
    /// It is there all the same.
    Found(Repository),
    /// The forge sends on to this one.
    Moved(Repository),
    /// The forge says that it is not there.
    NotFound,
    /// No answer that says anything: why.
    Unreadable(String),
}

/// What was seen of one endpoint.
#[derive(Debug, Clone, Default)]
pub struct Sight {
    /// Every repository of the namespace, or why it could not be listed.
    pub listing: Option<Vec<Repository>>,
    /// Why there is no listing.
    pub error: String,
    /// The account behind the token.
    pub account: Option<AccountId>,
    /// Direct looks, by the repository's key.
    pub looks: BTreeMap<String, Look>,
}

/// Which repositories of the group a run is about. Absence is judged over all of them before this is applied.
#[derive(Debug, Clone, Default)]
pub struct Selection {
    /// Only these, by key; all when empty.
    pub names: BTreeSet<String>,
    /// Only those whose name matches.
    pub pattern: Option<Regex>,
    /// Repositories are not created, whatever the group says.
    pub no_create: bool,
    /// Deletions of the selected repositories are confirmed by a person.
    pub confirm_deletions: bool,
}

impl Selection {
    /// Says whether the run is about the repository `name`.
    pub fn selects(&self, name: &RepoName) -> bool {
        (self.names.is_empty() || self.names.contains(&name.key()))
            && self.pattern.as_ref().is_none_or(|pattern| pattern.is_match(name.as_str()))
    }
}

/// Everything that planning a group depends on.
#[derive(Debug, Clone, Copy)]
pub struct GroupWorld<'a> {
    /// The group's configuration.
    pub group: &'a MirrorGroup,
    /// What was seen of each of its endpoints.
    pub sights: &'a BTreeMap<EndpointId, Sight>,
    /// What is remembered, by key.
    pub known: &'a BTreeMap<String, BTreeMap<EndpointId, Known>>,
    /// What the run is about.
    pub selection: &'a Selection,
}

/// One copy of a repository, as the group's plan judges it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Copy {
    /// It exists.
    Present {
        /// What the forge says of it.
        repository: Repository,
        /// It is another one than the one remembered: what was agreed with that one says nothing of this one.
        recreated: bool,
    },
    /// It is to be created.
    Create(CreateRepository),
    /// It exists and is to be deleted, because it was deleted elsewhere.
    Delete(DeleteRepository),
    /// It does not exist, or takes no part for a reason that a finding gives.
    Absent,
    /// Nothing is known of it in this run: why.
    Unreadable(String),
}

/// One repository of the group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RepoTask {
    /// Its name, as the first endpoint that has it spells it.
    pub name: RepoName,
    /// Its copies, one for each endpoint of the group.
    pub copies: BTreeMap<EndpointId, Copy>,
    /// What is reported of it as a whole.
    pub findings: Vec<Finding>,
}

/// A repository that has a new name on every side that has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Renamed {
    /// The key under which it is remembered.
    pub from: String,
    /// Its name now.
    pub to: RepoName,
}

/// What a run does with a group.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct GroupPlan {
    /// The repositories, sorted by key.
    pub tasks: Vec<RepoTask>,
    /// Renames to follow in what is remembered, before anything else.
    pub renamed: Vec<Renamed>,
    /// Selected names that exist nowhere.
    pub unmatched: Vec<String>,
}

/// Returns the copies that are remembered and not listed, for a direct look: endpoint, key and path.
pub fn looks_needed(world: &GroupWorld<'_>) -> Vec<(EndpointId, String, String)> {
    let mut needed = Vec::new();
    for (key, copies) in world.known {
        for (endpoint, known) in copies {
            let Some(listing) = world.sights.get(endpoint).and_then(|sight| sight.listing.as_ref()) else { continue };
            if !listing.iter().any(|repository| repository.name.key() == *key) {
                needed.push((endpoint.clone(), key.clone(), known.path.clone()));
            }
        }
    }
    needed
}

/// Plans a group.
pub fn plan(world: &GroupWorld<'_>) -> GroupPlan {
    let renames = Renames::find(world);
    let index = Index::build(world);
    let vanished = vanished(world, &index, &renames);
    let renamed = renames.complete(world);
    let mut keys: BTreeSet<&str> = index.by_key.keys().map(String::as_str).collect();
    keys.extend(world.known.keys().map(String::as_str));
    let mut tasks = Vec::new();
    for key in keys {
        if renamed.iter().any(|rename| rename.from == key) {
            continue;
        }
        let followed = renamed.iter().find(|rename| rename.to.key() == key).map(|rename| rename.from.as_str());
        tasks.extend(task(world, key, followed, &index, &renames, &vanished));
    }
    let missing = world.selection.names.iter().filter(|name| !tasks.iter().any(|task| task.name.key() == **name));
    GroupPlan { unmatched: missing.cloned().collect(), tasks, renamed }
}

/// The listings, by key.
struct Index<'a> {
    by_key: BTreeMap<String, BTreeMap<&'a EndpointId, Vec<&'a Repository>>>,
}

impl<'a> Index<'a> {
    fn build(world: &GroupWorld<'a>) -> Self {
        let mut by_key: BTreeMap<String, BTreeMap<&EndpointId, Vec<&Repository>>> = BTreeMap::new();
        for (endpoint, sight) in world.sights {
            for repository in sight.listing.iter().flatten() {
                by_key.entry(repository.name.key()).or_default().entry(endpoint).or_default().push(repository);
            }
        }
        Self { by_key }
    }

    fn get(&self, key: &str, endpoint: &EndpointId) -> &[&'a Repository] {
        self.by_key.get(key).and_then(|copies| copies.get(endpoint)).map_or(&[], Vec::as_slice)
    }
}

/// Copies that are seen under another name than the one remembered.
struct Renames {
    /// By endpoint and remembered key: what it is now.
    found: BTreeMap<(EndpointId, String), Repository>,
}

impl Renames {
    fn find(world: &GroupWorld<'_>) -> Self {
        let mut found = BTreeMap::new();
        for (key, copies) in world.known {
            for (endpoint, known) in copies {
                let Some(sight) = world.sights.get(endpoint) else { continue };
                let Some(listing) = &sight.listing else { continue };
                let listed = listing.iter().find(|repository| repository.id == known.id);
                let moved = match sight.looks.get(key) {
                    Some(Look::Moved(repository)) => Some(repository),
                    _ => None,
                };
                if let Some(repository) = listed.or(moved)
                    && (repository.name.key() != *key || (listed.is_none() && repository.path != known.path))
                {
                    found.insert((endpoint.clone(), key.clone()), repository.clone());
                }
            }
        }
        Self { found }
    }

    fn get(&self, endpoint: &EndpointId, key: &str) -> Option<&Repository> {
        self.found.get(&(endpoint.clone(), key.to_owned()))
    }

    /// Says under which remembered key the copy listed as `key` is known, when that is another.
    fn former(&self, endpoint: &EndpointId, key: &str) -> Option<&str> {
        let mut found = self.found.iter();
        found
            .find(|((at, _), repository)| at == endpoint && repository.name.key() == key)
            .map(|((_, former), _)| former.as_str())
    }

    /// Returns the repositories that were renamed alike on every side that remembers them.
    fn complete(&self, world: &GroupWorld<'_>) -> Vec<Renamed> {
        let complete = world.known.iter().filter_map(|(key, copies)| {
            let mut names = copies.keys().map(|endpoint| self.get(endpoint, key).map(|repository| &repository.name));
            let to = names.next()??;
            let all = names.all(|name| name.is_some_and(|name| name.key() == to.key()));
            (all && to.key() != *key).then(|| Renamed { from: key.clone(), to: to.clone() })
        });
        complete.collect()
    }
}

/// Says why the copy of `key` at `endpoint` may not have been deleted; `Ok` when everything says that it was.
type Absences = BTreeMap<(EndpointId, String), Result<(), String>>;

fn vanished(world: &GroupWorld<'_>, index: &Index<'_>, renames: &Renames) -> Absences {
    let mut absences = Absences::new();
    for (key, copies) in world.known {
        for (endpoint, known) in copies {
            let Some(sight) = world.sights.get(endpoint) else { continue };
            let Some(listing) = &sight.listing else { continue };
            if !index.get(key, endpoint).is_empty() || renames.get(endpoint, key).is_some() {
                continue;
            }
            if sight.looks.get(key) != Some(&Look::NotFound) {
                continue;
            }
            let remembered_here = world.known.values().filter(|copies| copies.contains_key(endpoint)).count();
            let verdict = if !known.agreed {
                Err("it was never in sync everywhere".to_owned())
            } else if known.account != sight.account {
                Err(format!("another account than before is behind the token of {endpoint}"))
            } else if listing.is_empty() && remembered_here > 1 {
                Err(format!("nothing at all is visible on {endpoint}"))
            } else {
                Ok(())
            };
            absences.insert((endpoint.clone(), key.clone()), verdict);
        }
    }
    let gone: BTreeSet<&String> =
        absences.iter().filter(|(_, verdict)| verdict.is_ok()).map(|((_, key), _)| key).collect();
    let (count, all) = (gone.len(), world.known.len());
    if count > ALWAYS_ALLOWED.max(all / 5) {
        for verdict in absences.values_mut().filter(|verdict| verdict.is_ok()) {
            *verdict = Err(format!("{count} of the group's {all} repositories vanished at once"));
        }
    }
    absences
}

fn task(
    world: &GroupWorld<'_>,
    key: &str,
    followed: Option<&str>,
    index: &Index<'_>,
    renames: &Renames,
    absences: &Absences,
) -> Option<RepoTask> {
    let GroupWorld { group, selection, .. } = world;
    let known = world.known.get(followed.unwrap_or(key));
    let mut copies = BTreeMap::new();
    let mut findings = Vec::new();
    let mut deleted_on = Vec::new();
    for endpoint in &group.endpoints {
        let id = &endpoint.id;
        let Some(sight) = world.sights.get(id) else { continue };
        let remembered = known.and_then(|copies| copies.get(id));
        let copy = match (&sight.listing, index.get(key, id)) {
            (None, _) => Copy::Unreadable(sight.error.clone()),
            (_, [_, _, ..]) => {
                findings.push(name_clash(id, index.get(key, id)));
                Copy::Absent
            }
            (_, [repository]) => match renames.former(id, key) {
                Some(former) if followed != Some(former) => {
                    findings.push(renamed_to(id, former, repository));
                    Copy::Absent
                }
                _ => present(repository, remembered.filter(|_| followed.is_none())),
            },
            (_, []) => match (renames.get(id, key), remembered, sight.looks.get(key)) {
                (Some(now), ..) => {
                    findings.push(renamed_to(id, key, now));
                    Copy::Absent
                }
                (None, Some(_), Some(Look::Found(repository))) => present(repository, remembered),
                (None, Some(_), Some(Look::NotFound)) => match absences.get(&(id.clone(), key.to_owned())) {
                    Some(Err(reason)) if !selection.confirm_deletions => {
                        findings.push(absence_held(world, id, reason));
                        Copy::Absent
                    }
                    _ => {
                        deleted_on.push(id.clone());
                        Copy::Absent
                    }
                },
                (None, Some(_), Some(Look::Unreadable(why))) => Copy::Unreadable(why.clone()),
                (None, Some(_), Some(Look::Moved(_)) | None) => {
                    Copy::Unreadable("it is not listed, and a direct look gave no clear answer".to_owned())
                }
                (None, None, _) => Copy::Absent,
            },
        };
        copies.insert(id.clone(), copy);
    }
    let seen: Vec<Repository> = group
        .endpoints
        .iter()
        .filter_map(|endpoint| match copies.get(&endpoint.id)? {
            Copy::Present { repository, .. } => Some(repository.clone()),
            _ => None,
        })
        .collect();
    let name = seen.first().map(|repository| repository.name.clone()).or_else(|| {
        let remembered = known.and_then(|copies| copies.values().next()).map(|known| known.name.clone());
        remembered
            .or_else(|| index.by_key.get(key)?.values().flatten().next().map(|repository| repository.name.clone()))
    })?;
    if !selection.selects(&name) || !group.selects_name(&name) || !group.selects_visibility(&seen) {
        return None;
    }
    if seen.is_empty() && findings.is_empty() && !copies.values().any(|copy| matches!(copy, Copy::Unreadable(_))) {
        // Gone everywhere: nothing is left to sync, and nothing to report.
        return None;
    }
    if !deleted_on.is_empty() && group.delete_missing && findings.is_empty() {
        for (endpoint, copy) in &mut copies {
            if let Copy::Present { repository, .. } = copy {
                let (path, id) = (repository.path.clone(), repository.id.clone());
                *copy = Copy::Delete(DeleteRepository { endpoint: endpoint.clone(), path, id });
            }
        }
    } else if let Some(model) = seen.first() {
        create_missing(world, model, &seen, &mut copies, &findings);
        report_deletions(world, &deleted_on, &copies, &mut findings);
    }
    Some(RepoTask { name, copies, findings })
}

fn present(repository: &Repository, remembered: Option<&Known>) -> Copy {
    if repository.disabled {
        return Copy::Unreadable("the forge has disabled it".to_owned());
    }
    Copy::Present {
        repository: repository.clone(),
        recreated: remembered.is_some_and(|known| known.id != repository.id),
    }
}

/// Turns absent copies into ones to create, unless a finding says why they are absent.
fn create_missing(
    world: &GroupWorld<'_>,
    model: &Repository,
    seen: &[Repository],
    copies: &mut BTreeMap<EndpointId, Copy>,
    findings: &[Finding],
) {
    if !world.group.create_missing || world.selection.no_create {
        return;
    }
    // Never wider than any copy: the narrowest one decides.
    let visibility = seen.iter().filter_map(|copy| copy.visibility).min().unwrap_or(world.group.visibility);
    let description =
        seen.iter().map(|copy| &copy.description).find(|text| !text.is_empty()).cloned().unwrap_or_default();
    for (endpoint, copy) in copies {
        let held = findings.iter().any(|finding| finding.sides.contains_key(endpoint));
        if *copy == Copy::Absent && !held {
            *copy = Copy::Create(CreateRepository {
                endpoint: endpoint.clone(),
                name: model.name.clone(),
                visibility,
                description: description.clone(),
            });
        }
    }
}

fn report_deletions(
    world: &GroupWorld<'_>,
    deleted_on: &[EndpointId],
    copies: &BTreeMap<EndpointId, Copy>,
    findings: &mut Vec<Finding>,
) {
    for endpoint in deleted_on.iter().filter(|endpoint| copies.get(endpoint) == Some(&Copy::Absent)) {
        let remedy = if world.group.delete_missing {
            "It is looked at again when what else is reported of it is settled."
        } else {
            "Set `delete_missing = true` to have deletions followed, or `create_missing = true` to have it made anew."
        };
        let message = format!("it was deleted on {endpoint}, and is kept on the others");
        findings.push(Finding::new(FindingKind::Deleted, message, remedy).side(endpoint, "-"));
    }
}

fn name_clash(endpoint: &EndpointId, repositories: &[&Repository]) -> Finding {
    let paths: Vec<_> = repositories.iter().map(|repository| format!("`{}`", repository.path)).collect();
    Finding::new(
        FindingKind::NameClash,
        format!("{endpoint} has {} repositories of this name: {}", paths.len(), paths.join(", ")),
        "Rename all but one of them, or set `include_subgroups = false`.",
    )
    .side(endpoint, "?")
}

fn renamed_to(endpoint: &EndpointId, former: &str, now: &Repository) -> Finding {
    Finding::new(
        FindingKind::Renamed,
        format!("`{former}` was renamed or moved to `{}` on {endpoint}", now.path),
        "Rename it alike on the other sides, or rename it back; until then nothing is created or deleted because of it.",
    )
    .side(endpoint, &now.path)
}

fn absence_held(world: &GroupWorld<'_>, endpoint: &EndpointId, reason: &str) -> Finding {
    let then = if world.group.delete_missing { "delete it on the others too" } else { "have it made anew there" };
    Finding::new(
        FindingKind::AbsenceHeld,
        format!("it is not visible on {endpoint} any more, and may not have been deleted: {reason}"),
        format!("If it really is gone, run `refray sync --confirm-deletions --repo NAME` to {then}."),
    )
    .side(endpoint, "?")
}
