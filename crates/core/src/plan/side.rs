//! References over all endpoints, one after the other.

use std::collections::{BTreeMap, btree_map};
use std::iter::Peekable;

use crate::baseline::Baseline;
use crate::name::{EndpointId, RefName};
use crate::oid::Oid;
use crate::plan::view::{View, Views};

/// A reference at one endpoint that takes part.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Side<'a> {
    pub(super) endpoint: &'a EndpointId,
    /// Its value now.
    pub(super) tip: Option<Oid>,
    /// Its value when all agreed.
    pub(super) base: Option<Oid>,
}

impl Side<'_> {
    /// Says whether it was agreed here and is here no more.
    pub(super) const fn is_gone(&self) -> bool {
        self.tip.is_none() && self.base.is_some()
    }
}

/// A reference at every endpoint that takes part.
#[derive(Debug, Clone)]
pub(super) struct Row<'a> {
    pub(super) name: &'a RefName,
    /// In the order of the endpoints' ids.
    pub(super) sides: Vec<Side<'a>>,
    /// Every endpoint's value when all agreed, also of those that take no part now.
    pub(super) agreed: Option<&'a BTreeMap<EndpointId, Oid>>,
}

impl Row<'_> {
    /// Says whether all endpoints hold the same now.
    pub(super) fn is_equal(&self) -> bool {
        self.sides.windows(2).all(|pair| pair[0].tip == pair[1].tip)
    }
}

/// Goes through every reference that a member or the baseline has, in order: a merge of sorted maps, so that no
/// reference is looked up.
pub(super) struct Rows<'a> {
    members: Vec<Member<'a>>,
    agreed: Peekable<btree_map::Iter<'a, RefName, BTreeMap<EndpointId, Oid>>>,
}

struct Member<'a> {
    endpoint: &'a EndpointId,
    refs: Option<Peekable<btree_map::Iter<'a, RefName, Oid>>>,
}

impl<'a> Rows<'a> {
    pub(super) fn new(views: &'a Views, members: &[&'a EndpointId], baseline: &'a Baseline) -> Self {
        let member = |endpoint: &&'a EndpointId| {
            let snapshot = views.get(*endpoint).and_then(View::snapshot);
            Member { endpoint, refs: snapshot.map(|snapshot| snapshot.refs.iter().peekable()) }
        };
        Self { members: members.iter().map(member).collect(), agreed: baseline.refs.iter().peekable() }
    }
}

impl<'a> Iterator for Rows<'a> {
    type Item = Row<'a>;

    fn next(&mut self) -> Option<Row<'a>> {
        let heads = self.members.iter_mut().filter_map(|member| Some(member.refs.as_mut()?.peek()?.0));
        let name = heads.chain(self.agreed.peek().map(|(name, _)| *name)).min()?;
        let agreed = self.agreed.next_if(|(other, _)| *other == name).map(|(_, values)| values);
        let sides = self.members.iter_mut().map(|Member { endpoint, refs }| Side {
            endpoint,
            tip: refs.as_mut().and_then(|refs| refs.next_if(|(other, _)| *other == name)).map(|(_, oid)| *oid),
            // A repository that is yet to be made is another one than the one that agreed.
            base: refs.as_ref().and(agreed).and_then(|agreed| agreed.get(*endpoint)).copied(),
        });
        Some(Row { name, sides: sides.collect(), agreed })
    }
}
