//! Questions about history, answered in-process.

use std::cmp::Reverse;
use std::collections::{BTreeSet, BinaryHeap, HashMap, HashSet};

use gix::ObjectId;
use gix::revision::plumbing::merge_base::Flags;
use gix::revwalk::Graph;
use gix::revwalk::graph::Commit;
use refray_core::Oid;
use refray_core::ancestry::Question;

use super::error::MirrorError;
use super::store::{Mirror, object_id, own_id};

/// A commit as a log shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogEntry {
    /// The commit.
    pub oid: Oid,
    /// The first line of its message.
    pub subject: String,
    /// The author's name.
    pub author: String,
    /// When it was written, in seconds since 1970.
    pub date: i64,
}

impl Mirror {
    /// Answers questions of descent. `None` where an object is missing; an object that is not a commit, nor a tag of one,
    /// is nobody's ancestor.
    ///
    /// # Errors
    /// The mirror is damaged.
    pub fn ancestry(&self, questions: &[Question]) -> Result<Vec<Option<bool>>, MirrorError> {
        let view = self.view();
        let cache = view.commit_graph_if_enabled().ok().flatten();
        let mut merge_bases = view.revision_graph::<Commit<Flags>>(cache.as_ref());
        let mut plain = view.revision_graph::<()>(cache.as_ref());
        let mut peeled: HashMap<Oid, Peeled> = HashMap::new();
        let mut answers = Vec::with_capacity(questions.len());
        for question in questions {
            let mut peel = |oid: Oid| *peeled.entry(oid).or_insert_with(|| peel(&view, oid));
            let answer = match (peel(question.ancestor), peel(question.descendant)) {
                (Peeled::Missing, _) | (_, Peeled::Missing) => None,
                (Peeled::Commit(ancestor), Peeled::Commit(descendant)) => {
                    let quick = by_generation(&mut plain, ancestor, descendant);
                    match quick {
                        Some(answer) => Some(answer),
                        None => view
                            .merge_base_with_graph(ancestor, descendant, &mut merge_bases)
                            .map(|base| base.is_some_and(|base| base.detach() == ancestor))
                            .map_err(|error| tracing::debug!(%error, "a history could not be walked"))
                            .ok(),
                    }
                }
                _ => Some(false),
            };
            answers.push(answer);
        }
        Ok(answers)
    }

    /// Says whether the histories of two sets of tips have a commit in common.
    ///
    /// # Errors
    /// The mirror is damaged.
    pub fn share_history(&self, a: &[Oid], b: &[Oid]) -> Result<bool, MirrorError> {
        Ok(self.clusters(&[a.to_vec(), b.to_vec()])?.len() < 2)
    }

    /// Groups sets of tips by shared history: two sets are in one group if a chain of common commits connects them. A set
    /// without any commit is a group of its own.
    ///
    /// # Errors
    /// The mirror is damaged, or a tip is not in it.
    pub fn clusters(&self, sets: &[Vec<Oid>]) -> Result<Vec<BTreeSet<usize>>, MirrorError> {
        let view = self.view();
        let cache = view.commit_graph_if_enabled().ok().flatten();
        let mut graph = view.revision_graph::<()>(cache.as_ref());
        let mut union = Union((0..sets.len()).collect());
        let mut owner: HashMap<ObjectId, usize> = HashMap::new();
        let mut queue = BinaryHeap::new();
        let mut live: BTreeSet<usize> = BTreeSet::new();
        for (index, tips) in sets.iter().enumerate() {
            for tip in tips {
                match peel(&view, *tip) {
                    Peeled::Missing => return Err(MirrorError::damaged(&self.path, format_args!("{tip} is missing"))),
                    Peeled::Other => {}
                    Peeled::Commit(id) => {
                        live.insert(index);
                        visit(&mut owner, &mut union, &mut queue, self.time_in(&mut graph, id)?, id, index);
                    }
                }
            }
        }
        // Every commit is visited once: whoever comes to it later is joined with whoever came first.
        while union.groups_of(&live) > 1 {
            let Some((_, id)) = queue.pop() else { break };
            let Some(&index) = owner.get(&id) else { continue };
            for parent in self.parents_in(&mut graph, id)? {
                let time = if owner.contains_key(&parent) { 0 } else { self.time_in(&mut graph, parent)? };
                visit(&mut owner, &mut union, &mut queue, time, parent, index);
            }
        }
        let mut groups: HashMap<usize, BTreeSet<usize>> = HashMap::new();
        for index in 0..sets.len() {
            groups.entry(union.root(index)).or_default().insert(index);
        }
        let mut groups: Vec<_> = groups.into_values().collect();
        groups.sort();
        Ok(groups)
    }

    /// Returns a commit's committer time in seconds since 1970; `None` when it is missing or no commit.
    pub fn commit_time(&self, oid: Oid) -> Option<i64> {
        let view = self.view();
        let Peeled::Commit(id) = peel(&view, oid) else { return None };
        view.find_commit(id).ok()?.time().ok().map(|time| time.seconds)
    }

    /// Lists what is in the history of `tip` but not in that of `base`, newest first, at most `most` commits.
    ///
    /// # Errors
    /// The mirror is damaged, or one of the two is not in it.
    pub fn log_between(&self, tip: Oid, base: Oid, most: usize) -> Result<Vec<LogEntry>, MirrorError> {
        let view = self.view();
        let commit = |oid: Oid| match peel(&view, oid) {
            Peeled::Commit(id) => Ok(id),
            _ => Err(MirrorError::damaged(&self.path, format_args!("commit {oid} is missing"))),
        };
        let damaged = |error: gix::Error| MirrorError::damaged(&self.path, error);
        let order = gix::traverse::commit::simple::CommitTimeOrder::NewestFirst;
        let walk = view
            .rev_walk([commit(tip)?])
            .with_hidden([commit(base)?])
            .sorting(gix::revision::walk::Sorting::ByCommitTime(order))
            .all()
            .map_err(damaged)?;
        let mut entries = Vec::new();
        for info in walk.take(most) {
            let info = info.map_err(|error| MirrorError::damaged(&self.path, error))?;
            let commit = view.find_commit(info.id).map_err(damaged)?;
            let Some(oid) = own_id(&info.id) else { continue };
            let author = commit.author().map_err(|error| MirrorError::damaged(&self.path, error))?;
            let message = commit.message_raw_sloppy().to_string();
            entries.push(LogEntry {
                oid,
                subject: message.lines().next().unwrap_or_default().trim().to_owned(),
                author: author.name.to_string(),
                date: author.time().map(|time| time.seconds).unwrap_or_default(),
            });
        }
        Ok(entries)
    }

    /// Says which of `candidates`, all of which exist, are commits that `tips` reach.
    pub(super) fn reached_from(&self, tips: &[Oid], candidates: BTreeSet<Oid>) -> Result<BTreeSet<Oid>, MirrorError> {
        let view = self.view();
        let mut missing: HashMap<ObjectId, Oid> = candidates
            .into_iter()
            .map(|oid| (object_id(oid), oid))
            .filter(|(id, _)| view.find_header(*id).is_ok_and(|header| header.kind().is_commit()))
            .collect();
        let cache = view.commit_graph_if_enabled().ok().flatten();
        let mut graph = view.revision_graph::<()>(cache.as_ref());
        let mut found = BTreeSet::new();
        let mut seen: HashSet<ObjectId> = HashSet::new();
        let mut queue = BinaryHeap::new();
        for tip in tips {
            if let Peeled::Commit(id) = peel(&view, *tip)
                && seen.insert(id)
            {
                queue.push((self.time_in(&mut graph, id)?, id));
            }
        }
        while !missing.is_empty() {
            let Some((_, id)) = queue.pop() else { break };
            found.extend(missing.remove(&id));
            for parent in self.parents_in(&mut graph, id)? {
                if seen.insert(parent) {
                    queue.push((self.time_in(&mut graph, parent)?, parent));
                }
            }
        }
        Ok(found)
    }

    /// Picks commits to name in a negotiation, besides the tips themselves: along the first parents of the newest tips,
    /// ever further apart.
    pub(crate) fn sample(&self, tips: &[Oid], chains: usize) -> Result<Vec<Oid>, MirrorError> {
        const FURTHEST: u32 = 1 << 16;
        let view = self.view();
        let cache = view.commit_graph_if_enabled().ok().flatten();
        let mut graph = view.revision_graph::<()>(cache.as_ref());
        let mut starts = Vec::new();
        for tip in tips {
            if let Peeled::Commit(id) = peel(&view, *tip) {
                starts.push((Reverse(self.time_in(&mut graph, id)?), id));
            }
        }
        starts.sort_unstable();
        starts.dedup();
        let mut seen = HashSet::new();
        let mut picked = Vec::new();
        for (_, start) in starts.into_iter().take(chains) {
            let mut at = start;
            for distance in 1..=FURTHEST {
                let Some(parent) = self.parents_in(&mut graph, at)?.first().copied() else {
                    picked.extend(own_id(&at));
                    break;
                };
                if !seen.insert(parent) {
                    break;
                }
                at = parent;
                if distance.is_power_of_two() {
                    picked.extend(own_id(&at));
                }
            }
        }
        Ok(picked)
    }

    /// Returns commits only, at most `most`: what tags in `tips` point to stands for them.
    pub(crate) fn peel_to_commits(&self, tips: &[Oid], most: usize) -> Vec<Oid> {
        let view = self.view();
        let mut seen = HashSet::new();
        tips.iter()
            .filter_map(|oid| match peel(&view, *oid) {
                Peeled::Commit(id) => own_id(&id),
                _ => None,
            })
            .filter(|oid| seen.insert(*oid))
            .take(most)
            .collect()
    }

    fn parents_in(&self, graph: &mut Graph<'_, '_, ()>, id: ObjectId) -> Result<Vec<ObjectId>, MirrorError> {
        let commit = graph.lookup(&id).map_err(|error| MirrorError::damaged(&self.path, error))?;
        commit.iter_parents().map(|id| id.map_err(|error| MirrorError::damaged(&self.path, error))).collect()
    }

    fn time_in(&self, graph: &mut Graph<'_, '_, ()>, id: ObjectId) -> Result<i64, MirrorError> {
        let commit = graph.lookup(&id).map_err(|error| MirrorError::damaged(&self.path, error))?;
        commit.committer_timestamp().map_err(|error| MirrorError::damaged(&self.path, error))
    }
}

/// What an object is once tags are followed.
#[derive(Clone, Copy)]
enum Peeled {
    Missing,
    Commit(ObjectId),
    Other,
}

fn peel(view: &gix::Repository, oid: Oid) -> Peeled {
    let mut id = object_id(oid);
    loop {
        let Ok(header) = view.find_header(id) else { return Peeled::Missing };
        match header.kind() {
            gix::object::Kind::Commit => return Peeled::Commit(id),
            gix::object::Kind::Tag => {
                let target = view.find_tag(id).ok().and_then(|tag| tag.target_id().ok().map(|id| id.detach()));
                let Some(target) = target else { return Peeled::Missing };
                id = target;
            }
            _ => return Peeled::Other,
        }
    }
}

/// Answers from generation numbers, where the commit-graph has them for both: what is not above the ancestor need not be
/// looked at.
fn by_generation(graph: &mut Graph<'_, '_, ()>, ancestor: ObjectId, descendant: ObjectId) -> Option<bool> {
    let floor = graph.lookup(&ancestor).ok()?.generation()?;
    graph.lookup(&descendant).ok()?.generation()?;
    let mut seen = HashSet::from([descendant]);
    let mut stack = vec![descendant];
    while let Some(id) = stack.pop() {
        if id == ancestor {
            return Some(true);
        }
        let commit = graph.lookup(&id).ok()?;
        if commit.generation()? <= floor {
            continue;
        }
        for parent in commit.iter_parents() {
            let parent = parent.ok()?;
            if seen.insert(parent) {
                stack.push(parent);
            }
        }
    }
    Some(false)
}

fn visit(
    owner: &mut HashMap<ObjectId, usize>,
    union: &mut Union,
    queue: &mut BinaryHeap<(i64, ObjectId)>,
    time: i64,
    id: ObjectId,
    index: usize,
) {
    match owner.get(&id) {
        Some(other) => union.join(*other, index),
        None => {
            owner.insert(id, index);
            queue.push((time, id));
        }
    }
}

/// Disjoint sets.
struct Union(Vec<usize>);

impl Union {
    fn root(&mut self, mut index: usize) -> usize {
        while self.0[index] != index {
            self.0[index] = self.0[self.0[index]];
            index = self.0[index];
        }
        index
    }

    fn join(&mut self, a: usize, b: usize) {
        let (a, b) = (self.root(a), self.root(b));
        self.0[a.max(b)] = a.min(b);
    }

    fn groups_of(&mut self, live: &BTreeSet<usize>) -> usize {
        live.iter().map(|index| self.root(*index)).collect::<BTreeSet<_>>().len()
    }
}
