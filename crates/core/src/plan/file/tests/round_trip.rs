//! Whatever is planned can be written, and read again.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use proptest::prelude::*;
use proptest::{collection, option, sample};

use super::fixture::{CONFIG, at, config, oid};
use crate::config::Config;
use crate::name::{BranchName, RefName, RepoName, TagName};
use crate::oid::ObjectFormat;
use crate::plan::file::tree::Node;
use crate::plan::file::{Asked, PlanFile, PlannedGroup, PlannedRepository, Seen, read};
use crate::plan::{Cause, CreateRepository, Finding, FindingKind, RefUpdate, RepoPlan};
use crate::repository::{ForgeId, Visibility};

static FOLDERS: LazyLock<Config> = LazyLock::new(|| config(CONFIG));

fn reference() -> impl Strategy<Value = RefName> {
    let part = "[a-zé\"'$(){}#%&;<>|-]{1,6}";
    (part, option::of(part), any::<bool>()).prop_map(|(first, second, tag)| {
        let name = second.map_or(first.clone(), |second| format!("{first}/{second}"));
        if tag { RefName::Tag(TagName::new(name).unwrap()) } else { RefName::Branch(BranchName::new(name).unwrap()) }
    })
}

/// A plan that makes sense: what is there is on `a` or `b`, and what is not is created on `c`.
fn repository() -> impl Strategy<Value = PlannedRepository> {
    let side = || collection::btree_map(reference(), option::of(1_u8..9), 0..5);
    let words = "[\\PC\n\t]{0,12}";
    (
        side(),
        side(),
        collection::vec((words, words), 0..3),
        any::<bool>(),
        words,
        sample::select(&["é one", "one\"", "-"][..]),
    )
        .prop_map(|(mut a, mut b, told, creates, description, name)| {
            let names: BTreeSet<RefName> = a.keys().chain(b.keys()).cloned().collect();
            for name in &names {
                a.entry(name.clone()).or_insert(None);
                b.entry(name.clone()).or_insert(None);
            }
            let mut plan = RepoPlan::nothing(RepoName::new(name).unwrap());
            for name in &names {
                let (old, new) = (b[name].map(oid), a[name].map(oid));
                let cause = match (old, new) {
                    (None, Some(_)) => Cause::Create,
                    (Some(_), None) => Cause::Delete,
                    _ => Cause::Rewrite,
                };
                if old != new && (cause == Cause::Create || !name.is_tag()) {
                    plan.updates.push(RefUpdate { endpoint: at("b"), name: name.clone(), old, new, cause });
                }
                if let Some(new) = new.filter(|_| creates) {
                    let (name, new, cause) = (name.clone(), Some(new), Cause::Create);
                    plan.updates.push(RefUpdate { endpoint: at("c"), name, old: None, new, cause });
                }
            }
            plan.updates.sort();
            if creates {
                let (name, visibility) = (plan.repository.clone(), Visibility::Internal);
                plan.creates.push(CreateRepository {
                    endpoint: at("c"),
                    name,
                    called: None,
                    visibility,
                    description,
                    former: None,
                });
            }
            plan.findings = told
                .into_iter()
                .map(|(message, remedy)| Finding::new(FindingKind::Diverged, message, remedy).side(&at("a"), "-"))
                .collect();
            let seen = |id: &str, refs: BTreeMap<RefName, Option<u8>>| Seen {
                id: ForgeId(id.to_owned()),
                path: format!("{id}/{}", plan.repository),
                object_format: ObjectFormat::Sha1,
                default_branch: None,
                refs: refs.into_iter().map(|(name, value)| (name, value.map(oid))).collect(),
            };
            let seen = BTreeMap::from([(at("a"), seen("1", a)), (at("b"), seen("2", b))]);
            PlannedRepository { plan, seen, absent: [at("c")].into(), unreadable: BTreeSet::new() }
        })
}

proptest! {
    #[test]
    fn a_plan_survives_its_file(one in repository(), seconds in 0_i64..4_000_000_000, asked in any::<[bool; 3]>()) {
        let group = PlannedGroup::new(&FOLDERS.mirrors[0], vec![one]);
        let asked = Asked { no_create: asked[0], confirm_deletions: asked[1], force: asked[2], join: ["a".to_owned()].into() };
        let made = jiff::Timestamp::from_second(seconds).unwrap();
        let file = PlanFile::new("1.2.3", made, asked, vec![group]);
        let text = file.to_text().unwrap();
        let whole = text.ends_with("}\n");
        prop_assert!(whole);
        let again = read("plan", &text, &FOLDERS).unwrap();
        prop_assert_eq!(again.to_text().unwrap(), text);
        prop_assert_eq!(again, file);
    }

    #[test]
    fn the_layout_changes_nothing_of_what_is_said(text in "[\\PC\n\\\\\"{}\\[\\],:]{0,30}", number in any::<i64>()) {
        let value = serde_json::json!({ "list": [{ "a": text, "b": [number, text] }, { text.clone(): null }, []], "é": {} });
        let laid_out = crate::plan::file::text::lay_out(&value.to_string());
        prop_assert_eq!(serde_json::from_str::<serde_json::Value>(&laid_out).unwrap(), value);
    }

    #[test]
    fn every_text_can_be_looked_at(text in "[\\PC\n\\\\\"{}\\[\\],:0-9]{0,30}") {
        let json = serde_json::from_str::<serde_json::Value>(&text).is_ok();
        prop_assert!(!json || Node::read(&text).is_some());
        prop_assert!(read("plan", &text, &FOLDERS).is_err());
    }
}
