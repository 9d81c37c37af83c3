//! All samples that there are, where they are at hand.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use crate::samples::{Kind, Samples};

/// Reads the events of the samples from the table in `MANIFEST.md`.
fn manifest(text: &str) -> BTreeMap<String, String> {
    let rows = text.lines().filter_map(|line| {
        let cells: Vec<&str> = line.split('|').map(str::trim).collect();
        let [_, file, _, event, ..] = cells[..] else { return None };
        file.ends_with(".json").then(|| (file.to_owned(), event.to_owned()))
    });
    rows.collect()
}

#[tokio::test]
#[ignore = "needs the samples, in the folder that REFRAY_WEBHOOK_FIXTURES names"]
async fn every_sample_is_understood_or_ignored() {
    #[expect(clippy::disallowed_methods, reason = "where the samples are depends on the machine")]
    let folder = std::env::var_os("REFRAY_WEBHOOK_FIXTURES");
    let Some(folder) = folder.map(PathBuf::from) else { return };
    let samples = Samples::load(&folder);
    let manifest = manifest(&std::fs::read_to_string(folder.join("MANIFEST.md")).unwrap());
    let listed: BTreeSet<&String> = manifest.keys().collect();
    assert_eq!(listed, samples.posts.keys().collect::<BTreeSet<_>>(), "every sample is signed");
    for (file, event) in &manifest {
        let told = samples.posts[file].headers.iter().find(|(name, _)| name.ends_with("-event"));
        assert_eq!(told.map(|(_, value)| value), Some(event), "{file}");
    }
    let counts = samples.check().await;
    for ((forge, kind), count) in &counts {
        println!("{forge:8} {kind:?} {count}");
    }
    assert_eq!(counts.values().sum::<usize>(), manifest.len());
    for forge in ["github", "gitlab", "gitea", "forgejo"] {
        for kind in [Kind::Refs, Kind::Repository] {
            assert!(counts.contains_key(&(forge.to_owned(), kind)), "{forge} {kind:?}");
        }
    }
}
