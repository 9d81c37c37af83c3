//! Random groups: repositories come, go, are renamed, hidden, and put back to an old backup on several endpoints, in any
//! interleaving, while plans are made and carried out in between as the engine does it.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use proptest::prelude::*;
use refray_core::config::{MirrorGroup, parse};
use refray_core::name::{EndpointId, RepoName};
use refray_core::plan::group::{
    Copy, GroupPlan, GroupWorld, Known, Look, RepoTask, Selection, Sight, looks_needed, plan,
};
use refray_core::repository::{AccountId, ForgeId, Repository};

const NAMES: usize = 6;

#[derive(Debug, Clone)]
enum Deed {
    Create {
        at: usize,
        name: usize,
    },
    Push {
        at: usize,
        name: usize,
    },
    Delete {
        at: usize,
        name: usize,
    },
    Rename {
        at: usize,
        name: usize,
        to: usize,
    },
    /// The token sees every other repository only, or all again.
    Narrow {
        at: usize,
    },
    /// Another account is behind the token, or the first one again.
    Account {
        at: usize,
    },
    Outage {
        at: usize,
    },
    Backup {
        at: usize,
    },
    Restore {
        at: usize,
    },
    Sync,
}

fn deed() -> impl Strategy<Value = Deed> {
    let (at, name) = (0..5_usize, 0..NAMES);
    prop_oneof![
        3 => (at.clone(), name.clone()).prop_map(|(at, name)| Deed::Create { at, name }),
        3 => (at.clone(), name.clone()).prop_map(|(at, name)| Deed::Push { at, name }),
        3 => (at.clone(), name.clone()).prop_map(|(at, name)| Deed::Delete { at, name }),
        1 => (at.clone(), name.clone(), name).prop_map(|(at, name, to)| Deed::Rename { at, name, to }),
        1 => at.clone().prop_map(|at| Deed::Narrow { at }),
        1 => at.clone().prop_map(|at| Deed::Account { at }),
        1 => at.clone().prop_map(|at| Deed::Outage { at }),
        1 => at.clone().prop_map(|at| Deed::Backup { at }),
        1 => at.prop_map(|at| Deed::Restore { at }),
        6 => Just(Deed::Sync),
    ]
}

/// A repository: the forge's id, and a number that grows with every push.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Repo {
    id: usize,
    version: usize,
}

#[derive(Debug, Clone, Default)]
struct Side {
    repos: BTreeMap<usize, Repo>,
    backup: BTreeMap<usize, Repo>,
    narrow: bool,
    other_account: bool,
    down: bool,
}

type Memory = BTreeMap<String, BTreeMap<EndpointId, Known>>;

struct Model {
    group: MirrorGroup,
    sides: Vec<Side>,
    known: Memory,
    /// What was agreed, by the forge's id at each endpoint.
    base: BTreeMap<(usize, usize), usize>,
    count: usize,
}

fn key(name: usize) -> String {
    format!("r{name}")
}

fn endpoint(side: usize) -> EndpointId {
    EndpointId::new(format!("e{side}")).unwrap()
}

fn side_of(endpoint: &EndpointId) -> usize {
    endpoint.as_str()[1..].parse().unwrap()
}

fn number(key: &str) -> usize {
    key[1..].parse().unwrap()
}

fn group(order: impl Iterator<Item = usize> + Clone) -> MirrorGroup {
    let sites =
        order.clone().map(|n| format!("[[sites]]\nname = \"e{n}\"\nprovider = \"directory\"\npath = \"/srv/e{n}\"\n"));
    let members = order.map(|n| format!("[[mirrors.endpoints]]\nsite = \"e{n}\"\nnamespace = \"\"\n"));
    let (sites, members) = (sites.collect::<String>(), members.collect::<String>());
    let text = format!("{sites}[[mirrors]]\nname = \"all\"\ndelete_missing = true\n{members}");
    parse(&text, "refray.toml", Path::new("/etc"), None).unwrap().config.mirrors[0].as_ref().clone()
}

fn describe(name: usize, repo: Repo) -> Repository {
    Repository {
        id: ForgeId(repo.id.to_string()),
        name: RepoName::new(key(name)).unwrap(),
        path: key(name),
        visibility: None,
        description: String::new(),
        default_branch: None,
        archived: false,
        mirror: false,
        disabled: false,
        fork: false,
        web_url: None,
        access: None,
        updated: None,
    }
}

impl Side {
    fn visible(&self) -> impl Iterator<Item = (usize, Repo)> {
        self.repos.iter().filter(|(name, _)| !self.narrow || *name % 2 == 1).map(|(name, repo)| (*name, *repo))
    }

    fn account(&self) -> Option<AccountId> {
        Some(AccountId(if self.other_account { "2" } else { "1" }.into()))
    }
}

impl Model {
    fn new(sides: usize) -> Self {
        let (known, base) = (Memory::new(), BTreeMap::new());
        Self { group: group(0..sides), sides: vec![Side::default(); sides], known, base, count: 0 }
    }

    fn next(&mut self) -> usize {
        self.count += 1;
        self.count
    }

    fn work(&mut self, deed: &Deed) {
        let next = self.next();
        let sides = self.sides.len();
        let (Deed::Create { at, .. }
        | Deed::Push { at, .. }
        | Deed::Delete { at, .. }
        | Deed::Rename { at, .. }
        | Deed::Narrow { at }
        | Deed::Account { at }
        | Deed::Outage { at }
        | Deed::Backup { at }
        | Deed::Restore { at }) = deed
        else {
            return;
        };
        let side = &mut self.sides[at % sides];
        match deed {
            Deed::Create { name, .. } => drop(side.repos.entry(*name).or_insert(Repo { id: next, version: next })),
            Deed::Push { name, .. } => {
                if let Some(repo) = side.repos.get_mut(name) {
                    repo.version = next;
                }
            }
            Deed::Delete { name, .. } => drop(side.repos.remove(name)),
            Deed::Rename { name, to, .. } => {
                if !side.repos.contains_key(to)
                    && let Some(repo) = side.repos.remove(name)
                {
                    side.repos.insert(*to, repo);
                }
            }
            Deed::Narrow { .. } => side.narrow = !side.narrow,
            Deed::Account { .. } => side.other_account = !side.other_account,
            Deed::Outage { .. } => side.down = !side.down,
            Deed::Backup { .. } => side.backup = side.repos.clone(),
            Deed::Restore { .. } => side.repos = side.backup.clone(),
            Deed::Sync => {}
        }
    }

    fn sights(&self) -> BTreeMap<EndpointId, Sight> {
        let mut sights = BTreeMap::new();
        for (at, side) in self.sides.iter().enumerate() {
            let listing = (!side.down).then(|| side.visible().map(|(name, repo)| describe(name, repo)).collect());
            sights.insert(endpoint(at), Sight { listing, account: side.account(), ..Sight::default() });
        }
        let selection = Selection::default();
        let world = GroupWorld { group: &self.group, sights: &sights, known: &self.known, selection: &selection };
        for (at, key, _) in looks_needed(&world) {
            let known = &self.known[&key][&at];
            let mut there = self.sides[side_of(&at)].visible();
            let moved = there.find(|(_, repo)| repo.id.to_string() == known.id.0);
            let look = moved.map_or(Look::NotFound, |(name, repo)| Look::Moved(describe(name, repo)));
            sights.get_mut(&at).unwrap().looks.insert(key, look);
        }
        sights
    }

    /// Returns the endpoints at which the repository is older than what was agreed, while it is newer elsewhere.
    fn signs(&self, task: &RepoTask) -> BTreeSet<EndpointId> {
        let name = number(&task.name.key());
        let present = task.copies.iter().filter(|(_, copy)| matches!(copy, Copy::Present { .. }));
        let held: Vec<_> = present.map(|(id, _)| (id, self.sides[side_of(id)].repos[&name])).collect();
        let went_back = |(id, repo): &&(&EndpointId, Repo)| {
            let base = self.base.get(&(side_of(id), repo.id));
            base.is_some_and(|base| repo.version < *base) && held.iter().any(|(_, other)| other.version > repo.version)
        };
        held.iter().filter(went_back).map(|(id, _)| (*id).clone()).collect()
    }

    /// Brings the copies of a repository up to date, and remembers them.
    fn fill(&mut self, task: &RepoTask) -> Result<(), TestCaseError> {
        let name = number(&task.name.key());
        let takes_part = |copy: &Copy| matches!(copy, Copy::Present { .. } | Copy::Create(_));
        let members: Vec<usize> =
            task.copies.iter().filter(|(_, copy)| takes_part(copy)).map(|(id, _)| side_of(id)).collect();
        let newest = members.iter().filter_map(|at| Some(self.sides[*at].repos.get(&name)?.version)).max();
        let Some(newest) = newest else { return Ok(()) };
        let whole = members.len() == self.sides.len() && task.findings.is_empty();
        for at in members {
            let id = self.next();
            let narrow = self.sides[at].narrow;
            let creates = matches!(task.copies[&endpoint(at)], Copy::Create(_));
            if creates && self.sides[at].repos.contains_key(&name) {
                // It is there and not seen: the forge refuses, and nothing happens.
                prop_assert!(narrow);
                continue;
            }
            let repo = self.sides[at].repos.entry(name).or_insert(Repo { id, version: newest });
            repo.version = newest;
            let repo = *repo;
            self.base.insert((at, repo.id), newest);
            let (account, described) = (self.sides[at].account(), describe(name, repo));
            let copies = self.known.entry(key(name)).or_default();
            let before = copies.get(&endpoint(at)).filter(|before| before.id == described.id);
            let agreed = whole || before.is_some_and(|before| before.agreed);
            let Repository { id, name, path, .. } = described;
            copies.insert(endpoint(at), Known { name, id, path, account, agreed, doubt: None });
        }
        Ok(())
    }

    fn sync(&mut self) -> Result<GroupPlan, TestCaseError> {
        let (sights, selection, group) = (self.sights(), Selection::default(), self.group.clone());
        let before = self.known.clone();
        let first = plan(&GroupWorld { group: &group, sights: &sights, known: &before, selection: &selection });
        self.is_the_same_in_any_order(&sights, &first)?;
        for doubted in &first.doubted {
            let known = self.known.get_mut(&doubted.key).unwrap().get_mut(&doubted.endpoint).unwrap();
            known.doubt = Some(doubted.reason.clone());
        }
        for (key, at) in &first.cleared {
            self.known.get_mut(key).unwrap().get_mut(at).unwrap().doubt = None;
        }
        let taken: Vec<_> =
            first.renamed.iter().map(|renamed| (renamed.to.key(), self.known.remove(&renamed.from))).collect();
        self.known.extend(taken.into_iter().filter_map(|(to, copies)| Some((to, copies?))));
        for key in &first.gone {
            self.known.remove(key);
        }
        let deletes = |task: &&RepoTask| task.copies.values().any(|copy| matches!(copy, Copy::Delete(_)));
        let mut signs = BTreeSet::new();
        for task in first.tasks.iter().filter(|task| !deletes(task)) {
            let seen = self.signs(task);
            for (id, known) in self.known.values_mut().flatten().filter(|(id, _)| seen.contains(*id)) {
                known.doubt.get_or_insert_with(|| format!("{id} went back"));
            }
            signs.extend(seen);
            self.fill(task)?;
        }
        let mut doubted = before.clone();
        for (id, known) in doubted.values_mut().flatten().filter(|(id, _)| signs.contains(*id)) {
            known.doubt.get_or_insert_with(|| format!("{id} went back"));
        }
        let last = plan(&GroupWorld { group: &group, sights: &sights, known: &doubted, selection: &selection });
        let deleted: Vec<_> = last.tasks.iter().filter(deletes).collect();
        prop_assert!(deleted.len() <= 3.max(before.len() / 5));
        for task in deleted {
            self.delete(task, &before, &sights, &signs)?;
        }
        Ok(first)
    }

    /// Carries a deletion out, which must have a doubtless cause.
    fn delete(
        &mut self,
        task: &RepoTask,
        before: &Memory,
        sights: &BTreeMap<EndpointId, Sight>,
        signs: &BTreeSet<EndpointId>,
    ) -> Result<(), TestCaseError> {
        if task.copies.values().any(|copy| matches!(copy, Copy::Unreadable(_))) {
            // The plan of the repository waits until all of it can be read.
            return Ok(());
        }
        let key = task.name.key();
        let caused = before[&key].iter().any(|(id, known)| {
            let sight = &sights[id];
            let unseen = self.sides[side_of(id)].visible().all(|(_, repo)| repo.id.to_string() != known.id.0);
            let looked = sight.looks.get(&key) == Some(&Look::NotFound);
            let trusted = known.agreed && known.doubt.is_none() && known.account == sight.account;
            unseen && looked && trusted && !signs.contains(id)
        });
        prop_assert!(caused, "{:#?}\n{:#?}", task, before[&key]);
        for (id, copy) in &task.copies {
            if let Copy::Delete(delete) = copy {
                let gone = self.sides[side_of(id)].repos.remove(&number(&key));
                prop_assert_eq!(gone.map(|repo| repo.id.to_string()), Some(delete.id.0.clone()));
            }
        }
        self.known.remove(&key);
        Ok(())
    }

    /// Neither the order of the endpoints nor that of their listings makes a difference.
    fn is_the_same_in_any_order(
        &self,
        sights: &BTreeMap<EndpointId, Sight>,
        planned: &GroupPlan,
    ) -> Result<(), TestCaseError> {
        let mut turned = sights.clone();
        turned.values_mut().filter_map(|sight| sight.listing.as_mut()).for_each(|listing| listing.reverse());
        let group = group((0..self.sides.len()).rev());
        let selection = Selection::default();
        let other = plan(&GroupWorld { group: &group, sights: &turned, known: &self.known, selection: &selection });
        let shown = |plan: &GroupPlan| -> Vec<_> {
            let tasks = plan.tasks.iter().map(|task| {
                let findings: BTreeSet<String> = task
                    .findings
                    .iter()
                    .map(|finding| format!("{} {:?}", finding.kind.as_str(), finding.sides))
                    .collect();
                (task.name.key(), task.copies.clone(), findings)
            });
            tasks.collect()
        };
        prop_assert_eq!(shown(planned), shown(&other));
        prop_assert_eq!((&planned.renamed, &planned.gone), (&other.renamed, &other.gone));
        prop_assert_eq!((&planned.doubted, &planned.cleared), (&other.doubted, &other.cleared));
        Ok(())
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    #[test]
    fn nothing_is_deleted_without_cause_and_all_converges(
        sides in 2..=5_usize,
        deeds in prop::collection::vec(deed(), 5..60),
    ) {
        let mut model = Model::new(sides);
        for deed in &deeds {
            match deed {
                Deed::Sync => drop(model.sync()?),
                deed => model.work(deed),
            }
        }
        for side in &mut model.sides {
            (side.narrow, side.other_account, side.down) = (false, false, false);
        }
        let settled = |plan: &GroupPlan| plan.tasks.iter().all(|task| task.findings.is_empty());
        let (first, second) = (model.sync()?, model.sync()?);
        if settled(&first) && settled(&second) {
            let third = model.sync()?;
            let changes = |copy: &Copy| !matches!(copy, Copy::Present { recreated: false, .. });
            prop_assert!(!third.tasks.iter().flat_map(|task| task.copies.values()).any(changes), "{:#?}", third);
            prop_assert!(third.renamed.is_empty() && third.gone.is_empty());
        }
    }
}
