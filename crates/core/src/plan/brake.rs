//! The brake on what looks like a deletion or a rewrite and may be a sick or restored endpoint.

use std::collections::BTreeMap;

use crate::name::{EndpointId, RefName};
use crate::oid::Oid;
use crate::plan::finding::{Finding, FindingKind};
use crate::plan::side::{Row, Rows, Side};
use crate::plan::view::{View, World};

/// How many branches may vanish at once whatever their share.
const ALWAYS_ALLOWED: usize = 5;

/// Why what happened at an endpoint may not have been meant.
#[derive(Debug, Clone, Default)]
struct Doubts {
    /// It looks as if an old backup had been restored there.
    restored: Option<String>,
    /// Too much vanished.
    vanished: Option<String>,
}

/// Judges endpoints when a branch of theirs is doubted, each once.
pub(super) struct Brake<'a> {
    world: &'a World<'a>,
    members: &'a [&'a EndpointId],
    doubts: Option<BTreeMap<&'a EndpointId, Doubts>>,
}

impl<'a> Brake<'a> {
    pub(super) const fn new(world: &'a World<'a>, members: &'a [&'a EndpointId]) -> Self {
        Self { world, members, doubts: None }
    }

    /// Returns the endpoints on which the branch is gone, with the reason, when that does not count as a deletion: on
    /// any of them, for then nobody knows what was meant.
    pub(super) fn doubted_absence(&mut self, row: &Row<'a>) -> Option<(Vec<&'a EndpointId>, String)> {
        if self.world.releases.deletions || !row.sides.iter().any(|side| side.tip.is_some()) {
            return None;
        }
        let gone: Vec<&EndpointId> = row.sides.iter().filter(|side| side.is_gone()).map(|side| side.endpoint).collect();
        if gone.is_empty() {
            return None;
        }
        // Whoever has the branch without having agreed to it stands for a hold that was written down, or joined later. That
        // one of the endpoints on which it vanished has it again says nothing of the others.
        if row.sides.iter().any(|side| side.tip.is_some() && side.base.is_none()) {
            return Some((gone, nobody_agreed()));
        }
        let reason = gone.iter().find_map(|endpoint| {
            let doubts = self.doubts(endpoint);
            doubts.restored.clone().or_else(|| doubts.vanished.clone())
        })?;
        Some((gone, reason))
    }

    /// Returns the endpoints that rewrote the branch, with the reason, when any of them may have been set back to an old
    /// backup.
    pub(super) fn doubted_rewrite(
        &mut self,
        row: &Row<'a>,
        from: Oid,
        to: Oid,
    ) -> Option<(Vec<&'a EndpointId>, String)> {
        if self.world.releases.deletions {
            return None;
        }
        let stands = |side: &&Side<'_>, at| side.base == Some(from) && side.tip == Some(at);
        let rewriters: Vec<_> = row.sides.iter().filter(|side| stands(side, to)).map(|side| side.endpoint).collect();
        if !row.sides.iter().any(|side| stands(&side, from)) {
            return Some((rewriters, nobody_agreed()));
        }
        let reason = rewriters.iter().find_map(|endpoint| self.doubts(endpoint).restored.clone())?;
        Some((rewriters, reason))
    }

    fn doubts(&mut self, endpoint: &EndpointId) -> &Doubts {
        static NONE: Doubts = Doubts { restored: None, vanished: None };
        let doubts = self.doubts.get_or_insert_with(|| judge(self.world, self.members));
        doubts.get(endpoint).unwrap_or(&NONE)
    }
}

/// Says, for each endpoint at which something about the repository looks as if an old backup had been restored there,
/// what that is. It casts doubt on other repositories that vanished from that site.
/// A branch that alone is gone is no such sign: that is what people do to branches.
pub fn signs_of_restoration(world: &World<'_>) -> BTreeMap<EndpointId, String> {
    let takes_part = |(endpoint, view): (&'_ EndpointId, &View)| view.takes_part().then(|| endpoint.clone());
    let members: Vec<EndpointId> = world.views.iter().filter_map(takes_part).collect();
    let members: Vec<&EndpointId> = members.iter().collect();
    let counted = members.iter().zip(count(world, &members));
    let signs = counted.filter_map(|(endpoint, count)| {
        let Doubts { restored, vanished } = count.doubts(endpoint);
        Some(((*endpoint).clone(), restored.or(vanished)?))
    });
    signs.collect()
}

/// Says of a hold why it came about, when all that is seen now is that it was held before: `earlier` is what was found the
/// last time. A person who is to release it wants to know.
pub fn recall(findings: &mut [Finding], earlier: &[Finding]) {
    for finding in findings.iter_mut().filter(|finding| finding.kind == FindingKind::DeletionHeld) {
        let Some(name) = &finding.name else { continue };
        for what in [DELETION, REWRITE] {
            if finding.message != held(what, name, &nobody_agreed()) {
                continue;
            }
            let start = held(what, name, "");
            let before = earlier.iter().find(|before| {
                before.kind == finding.kind && before.name.as_ref() == Some(name) && before.message.starts_with(&start)
            });
            if let Some(before) = before {
                finding.message.clone_from(&before.message);
                break;
            }
        }
    }
}

/// What is held.
pub(super) const DELETION: &str = "the deletion";
pub(super) const REWRITE: &str = "a rewrite";

/// Words a hold.
pub(super) fn held(what: &str, name: &RefName, reason: &str) -> String {
    format!("{what} of the branch `{}` is held: {reason}", name.short())
}

fn nobody_agreed() -> String {
    "it was held before, or not every endpoint that has the branch agreed to it".to_owned()
}

/// What was counted at one endpoint.
#[derive(Default)]
struct Count<'a> {
    agreed: usize,
    kept: usize,
    gone: usize,
    tag: Option<&'a RefName>,
    rewound: Option<&'a RefName>,
}

/// Judges all endpoints in one pass over the references.
fn judge<'a>(world: &World<'a>, members: &[&'a EndpointId]) -> BTreeMap<&'a EndpointId, Doubts> {
    let counts = count(world, members);
    members.iter().zip(counts).map(|(endpoint, count)| (*endpoint, count.doubts(endpoint))).collect()
}

fn count<'a>(world: &World<'a>, members: &[&'a EndpointId]) -> Vec<Count<'a>> {
    let mut counts: Vec<Count<'_>> = members.iter().map(|_| Count::default()).collect();
    for row in Rows::new(world.views, members, world.baseline) {
        for (side, count) in row.sides.iter().zip(&mut counts) {
            let Some(base) = side.base else { continue };
            let others_have = || row.sides.iter().any(|other| other.tip.is_some());
            let others_differ = || row.sides.iter().any(|other| other.tip != side.tip);
            match side.tip {
                None if row.name.is_tag() => {
                    if others_have() {
                        count.tag.get_or_insert(row.name);
                    }
                }
                Some(_) if row.name.is_tag() => {}
                Some(tip) => {
                    count.agreed += 1;
                    count.kept += 1;
                    if tip != base && others_differ() && world.ancestry.descends(base, tip) != Some(false) {
                        count.rewound.get_or_insert(row.name);
                    }
                }
                None => {
                    count.agreed += 1;
                    if others_have() {
                        count.gone += 1;
                    }
                }
            }
        }
    }
    counts
}

impl Count<'_> {
    fn doubts(&self, endpoint: &EndpointId) -> Doubts {
        let Count { agreed, kept, gone, tag, rewound } = self;
        let restored = match (tag, rewound) {
            (Some(tag), _) => Some(format!(
                "the tag `{}` vanished from {endpoint} as well, as when an old backup is restored",
                tag.short()
            )),
            (None, Some(branch)) => Some(format!(
                "the branch `{}` went back to an older commit on {endpoint}, as when an old backup is restored",
                branch.short()
            )),
            (None, None) => None,
        };
        let vanished = if *agreed > 0 && *kept == 0 {
            Some(format!("{endpoint} has none of the branches left that it had"))
        } else if *gone > ALWAYS_ALLOWED.max(agreed / 2) {
            Some(format!("{gone} of {agreed} branches vanished from {endpoint} at once"))
        } else {
            None
        };
        Doubts { restored, vanished }
    }
}
