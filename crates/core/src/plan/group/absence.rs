//! The brake on repositories that are not there any more.

use std::collections::{BTreeMap, HashMap};

use crate::name::EndpointId;
use crate::plan::group::index::Index;
use crate::plan::group::outcome::Doubted;
use crate::plan::group::rename::Renames;
use crate::plan::group::world::{GroupWorld, Known, Look, Sight};
use crate::repository::{Repository, Visibility};

/// How many repositories may vanish at once whatever their share.
const ALWAYS_ALLOWED: usize = 3;

/// For each copy that its forge says is not there: why it may not have been deleted; `Ok` when everything says that it
/// was.
pub(super) struct Absences<'a> {
    verdicts: BTreeMap<&'a str, BTreeMap<&'a EndpointId, Result<(), String>>>,
    /// Remembered keys of which no copy is left anywhere.
    gone: Vec<&'a str>,
}

impl<'a> Absences<'a> {
    pub(super) fn judge(world: &GroupWorld<'a>, index: &Index<'a>, renames: &Renames<'a>) -> Self {
        let mut scene = Scene { world, index, renames, remembered: HashMap::new() };
        let mut absences = Self { verdicts: BTreeMap::new(), gone: Vec::new() };
        let mut alive = 0_usize;
        for (key, copies) in world.known {
            if scene.is_gone_everywhere(key, copies) {
                absences.gone.push(key);
                continue;
            }
            let mut configured = copies.keys().filter(|endpoint| world.group.endpoint(endpoint).is_some()).peekable();
            alive += usize::from(configured.peek().is_some());
            for endpoint in configured {
                *scene.remembered.entry(endpoint).or_default() += 1;
            }
        }
        for (key, copies) in world.known {
            let verdicts = copies.iter().filter_map(|(endpoint, known)| {
                let (sight, listed) = scene.absent(key, endpoint)?;
                let verdict = scene.verdict(key, endpoint, known, sight, listed);
                // Where nothing is left there is nothing to hold.
                let doubt = known.doubt.as_ref().filter(|_| absences.gone.binary_search(&key.as_str()).is_err());
                Some((endpoint, doubt.map_or(verdict, |doubt| Err(doubt.clone()))))
            });
            let verdicts: BTreeMap<_, _> = verdicts.collect();
            if !verdicts.is_empty() {
                absences.verdicts.insert(key, verdicts);
            }
        }
        absences.brake(world, alive);
        absences
    }

    /// Holds everything when too much vanished at once. What is left nowhere does not count: there is nothing to hold.
    fn brake(&mut self, world: &GroupWorld<'_>, alive: usize) {
        if !world.group.delete_missing && !world.group.create_missing {
            // Nothing follows from an absence, and those that were left standing add up over the years.
            return;
        }
        let gone = |key: &str| self.gone.binary_search(&key).is_ok();
        let doubtless = |verdicts: &BTreeMap<_, Result<(), String>>| verdicts.values().any(Result::is_ok);
        let count = self.verdicts.iter().filter(|(key, verdicts)| doubtless(verdicts) && !gone(key)).count();
        if count <= ALWAYS_ALLOWED.max(alive / 5) {
            return;
        }
        for verdict in self.verdicts.values_mut().flat_map(BTreeMap::values_mut).filter(|verdict| verdict.is_ok()) {
            *verdict = Err(format!("{count} of the group's {alive} repositories vanished at once"));
        }
    }

    pub(super) fn get(&self, key: &str, endpoint: &EndpointId) -> Option<&Result<(), String>> {
        self.verdicts.get(key)?.get(endpoint)
    }

    /// Returns the absences that are held and not remembered as such yet.
    pub(super) fn doubted(&self, world: &GroupWorld<'_>) -> Vec<Doubted> {
        let all = self.verdicts.iter().flat_map(|(key, sides)| sides.iter().map(move |side| (*key, side)));
        let held = all.filter_map(|(key, (endpoint, verdict))| {
            let reason = verdict.as_ref().err()?;
            let known = world.known.get(key)?.get(*endpoint)?;
            let (key, endpoint) = (key.to_owned(), (*endpoint).clone());
            known.doubt.is_none().then(|| Doubted { key, endpoint, reason: reason.clone() })
        });
        held.collect()
    }

    /// Returns the keys of which no copy is left anywhere, and whose absence nowhere looks doubtful.
    pub(super) fn forgotten(&self) -> Vec<String> {
        let doubtless = |key: &str| self.verdicts.get(key).is_none_or(|all| all.values().all(Result::is_ok));
        self.gone.iter().filter(|key| doubtless(key)).map(|key| (*key).to_owned()).collect()
    }
}

struct Scene<'s, 'a> {
    world: &'s GroupWorld<'a>,
    index: &'s Index<'a>,
    renames: &'s Renames<'a>,
    /// How many repositories that still exist somewhere are remembered of each endpoint.
    remembered: HashMap<&'a EndpointId, usize>,
}

impl<'a> Scene<'_, 'a> {
    /// Returns what was seen of the endpoint, when its forge says that it has no such repository.
    fn absent(&self, key: &str, endpoint: &EndpointId) -> Option<(&'a Sight, usize)> {
        let sight = self.world.sights.get(endpoint)?;
        let listed = sight.listing.as_ref()?.len();
        let gone = self.world.group.endpoint(endpoint).is_some()
            && self.index.get(key, endpoint).is_empty()
            && self.renames.get(endpoint, key).is_none()
            && (sight.looks.get(key) == Some(&Look::NotFound) || self.is_taken(sight, key, endpoint));
        gone.then_some((sight, listed))
    }

    /// Says whether the path leads to another repository than the one remembered: that one is not there any more.
    fn is_taken(&self, sight: &Sight, key: &str, endpoint: &EndpointId) -> bool {
        let known = self.world.known.get(key).and_then(|copies| copies.get(endpoint));
        matches!((sight.looks.get(key), known), (Some(Look::Moved(now)), Some(known)) if now.id != known.id)
    }

    /// Says whether something is listed, and nothing of it is what a token that sees only public repositories would miss.
    fn sees_public_only(&self, sight: &Sight) -> bool {
        let public = |repository: &Repository| repository.visibility == Some(Visibility::Public);
        sight.listing.as_ref().is_some_and(|listing| !listing.is_empty() && listing.iter().all(public))
    }

    fn is_private(&self, key: &str) -> bool {
        let mut copies = self.world.group.endpoints.iter().flat_map(|endpoint| self.index.get(key, &endpoint.id));
        copies.any(|copy| copy.visibility.is_some_and(|visibility| visibility != Visibility::Public))
    }

    /// Says whether it is known to be public elsewhere. A folder does not tell.
    fn is_public(&self, key: &str) -> bool {
        let copies = self.world.group.endpoints.iter().flat_map(|endpoint| self.index.get(key, &endpoint.id));
        let mut told = copies.filter_map(|copy| copy.visibility).peekable();
        told.peek().is_some() && told.all(|visibility| visibility == Visibility::Public)
    }

    fn is_gone_everywhere(&self, key: &str, copies: &BTreeMap<EndpointId, Known>) -> bool {
        let whole = self.world.group.endpoints.iter().all(|endpoint| {
            self.world.sights.get(&endpoint.id).is_some_and(|sight| sight.listing.is_some())
                && self.index.get(key, &endpoint.id).is_empty()
        });
        let mut configured = copies.keys().filter(|endpoint| self.world.group.endpoint(endpoint).is_some());
        whole && configured.all(|endpoint| self.absent(key, endpoint).is_some())
    }

    fn verdict(
        &self,
        key: &str,
        endpoint: &EndpointId,
        known: &Known,
        sight: &Sight,
        listed: usize,
    ) -> Result<(), String> {
        let remembered = self.remembered.get(endpoint).copied().unwrap_or_default();
        if !known.agreed {
            Err("it was never in sync everywhere".to_owned())
        } else if known.account != sight.account {
            Err(format!("another account than before is behind the token of {endpoint}"))
        } else if self.is_taken(sight, key, endpoint) {
            Err(format!("its old path on {endpoint} leads to another repository now"))
        } else if listed == 0 && remembered > 1 {
            Err(format!("nothing at all is visible on {endpoint}"))
        } else if self.sees_public_only(sight) && self.is_private(key) {
            Err(format!("only public repositories are visible on {endpoint}, and this one is not public elsewhere"))
        } else if sight.may_be_limited && !self.is_public(key) {
            Err(format!(
                "the token of {endpoint} may have been limited to other repositories, and this one is not known to be public"
            ))
        } else {
            Ok(())
        }
    }
}
