use proptest::prelude::*;
use refray_core::name::BranchName;

use super::*;

#[tokio::test]
async fn endpoints_may_have_agreed_at_different_times() {
    let (_dir, store) = open().await;
    let mut agreed = baseline(&[("refs/heads/main", 1), ("refs/tags/v1", 2)]);
    agreed.refs.get_mut(&reference("refs/heads/main")).unwrap().insert(endpoint("late/me"), oid(3));
    agreed.default_branch.insert(endpoint("github/me"), BranchName::new("main").unwrap());
    agreed.default_branch.insert(endpoint("gitlab/me"), BranchName::new("trunk").unwrap());
    assert_eq!(record(&store, "alpha", &agreed).await, 5);
    assert_eq!(store.baseline(&group(), "alpha").await.unwrap(), agreed);
    assert_eq!(store.baseline(&group(), "beta").await.unwrap(), Baseline::default());

    let look =
        async |at: &str, name: &str| store.agreed(&group(), "alpha", &endpoint(at), &reference(name)).await.unwrap();
    assert_eq!(look("late/me", "refs/heads/main").await, Some(oid(3)));
    assert_eq!(look("gitea/me", "refs/heads/main").await, Some(oid(1)));
    assert_eq!(look("late/me", "refs/tags/v1").await, None);
    assert_eq!(look("nowhere", "refs/heads/main").await, None);
}

#[tokio::test]
async fn a_branch_and_a_tag_may_have_the_same_name() {
    let (_dir, store) = open().await;
    let agreed = baseline(&[("refs/heads/v1", 1), ("refs/tags/v1", 2), ("refs/heads/V1", 3)]);
    record(&store, "alpha", &agreed).await;
    assert_eq!(store.baseline(&group(), "alpha").await.unwrap(), agreed);
}

#[tokio::test]
async fn only_what_changed_is_written() {
    let (_dir, store) = open().await;
    let names: Vec<String> = (0..25_000).map(|number| format!("refs/heads/topic/{number}")).collect();
    let refs: Vec<(&str, u32)> = names.iter().map(String::as_str).zip(1..).collect();
    let mut agreed = baseline(&refs);
    assert_eq!(record(&store, "alpha", &agreed).await, 25_000);
    assert_eq!(record(&store, "alpha", &agreed).await, 0);

    for value in agreed.refs.get_mut(&reference("refs/heads/topic/777")).unwrap().values_mut() {
        *value = oid(1_000_000);
    }
    assert_eq!(record(&store, "alpha", &agreed).await, 1);
    agreed.refs.remove(&reference("refs/heads/topic/778"));
    assert_eq!(record(&store, "alpha", &agreed).await, 1);
    assert_eq!(store.baseline(&group(), "alpha").await.unwrap(), agreed);

    // More rows than one statement takes.
    agreed.refs.retain(|name, _| name.short().ends_with('7'));
    assert_eq!(record(&store, "alpha", &agreed).await, 22_499);
    assert_eq!(store.baseline(&group(), "alpha").await.unwrap(), agreed);
}

#[tokio::test]
async fn sha256_ids_come_back_whole() {
    let (_dir, store) = open().await;
    let long = Oid::from_bytes(&[5; 32]).unwrap();
    let refs = [(reference("refs/heads/main"), [(endpoint("a"), long)].into())].into();
    let agreed = Baseline { refs, default_branch: BTreeMap::new() };
    record(&store, "alpha", &agreed).await;
    assert_eq!(store.baseline(&group(), "alpha").await.unwrap(), agreed);
}

fn baselines() -> impl Strategy<Value = Baseline> {
    const NAMES: &[&str] = &["refs/heads/main", "refs/heads/a/b", "refs/heads/é", "refs/tags/v1", "refs/tags/main"];
    const ENDPOINTS: &[&str] = &["github/me", "gitlab/a/b", "gitea", "forgejo/x"];
    let values = prop::collection::btree_map(prop::sample::select(ENDPOINTS), 1..4_u32, 1..=4);
    let refs = prop::collection::btree_map(prop::sample::select(NAMES), values, 0..=5);
    let default =
        prop::collection::btree_map(prop::sample::select(ENDPOINTS), prop::sample::select(vec!["main", "é"]), 0..=4);
    (refs, default).prop_map(|(refs, default)| Baseline {
        refs: refs
            .into_iter()
            .map(|(name, values)| {
                (reference(name), values.into_iter().map(|(at, number)| (endpoint(at), oid(number))).collect())
            })
            .collect(),
        default_branch: default.into_iter().map(|(at, name)| (endpoint(at), BranchName::new(name).unwrap())).collect(),
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_was_recorded_last_is_loaded(steps in prop::collection::vec((prop::bool::ANY, baselines()), 1..8)) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let (dir, store) = open().await;
            let mut last = [Baseline::default(), Baseline::default()];
            for (second, baseline) in steps {
                let name = if second { "beta" } else { "alpha" };
                record(&store, name, &baseline).await;
                prop_assert_eq!(record(&store, name, &baseline).await, 0);
                last[usize::from(second)] = baseline;
                for (name, expected) in ["alpha", "beta"].into_iter().zip(&last) {
                    prop_assert_eq!(&store.baseline(&group(), name).await.unwrap(), expected);
                }
            }
            store.close().await;
            let store = SqliteStore::open(dir.path()).await.unwrap();
            for (name, expected) in ["alpha", "beta"].into_iter().zip(&last) {
                prop_assert_eq!(&store.baseline(&group(), name).await.unwrap(), expected);
            }
            Ok(())
        })?;
    }
}
