use refray_core::name::BranchName;

use super::*;
use crate::store::{Hook, Pull, PullState, SecretFingerprint};

fn hook(repository: &str, url: &str, id: &str) -> Hook {
    Hook {
        endpoint: endpoint("github/me"),
        repository: repo(repository),
        url: url.into(),
        id: id.into(),
        secret: None,
        changed: at(0),
    }
}

#[tokio::test]
async fn a_webhooks_secret_is_remembered_as_a_hash() {
    let (_dir, store) = open().await;
    let elsewhere = Hook { endpoint: endpoint("gitea/me"), ..hook("alpha", "https://a", "1") };
    let signed = Hook { secret: Some(SecretFingerprint([3; 32])), ..hook("Alpha", "https://a", "1") };
    for hook in [&elsewhere, &hook("alpha", "https://a", "1"), &signed, &hook("beta", "https://a", "2")] {
        store.put_hook(hook).await.unwrap();
    }
    assert_eq!(store.hooks_of("alpha").await.unwrap(), [elsewhere, signed]);
    assert!(store.hooks_of("gamma").await.unwrap().is_empty());
    let key = store.hook_key().await.unwrap();
    let (_other_dir, other) = open().await;
    assert_eq!(key.len(), 32);
    assert_eq!(store.hook_key().await.unwrap(), key);
    assert_ne!(other.hook_key().await.unwrap(), key);
}

#[tokio::test]
async fn webhooks_are_one_per_repository_and_address() {
    let (_dir, store) = open().await;
    for hook in [hook("alpha", "https://a", "1"), hook("Alpha", "https://a", "2"), hook("beta", "https://a", "3")] {
        store.put_hook(&hook).await.unwrap();
    }
    let hooks = store.hooks(&endpoint("github/me")).await.unwrap();
    assert_eq!(hooks, [hook("Alpha", "https://a", "2"), hook("beta", "https://a", "3")]);
    // A hook goes with its repository's name.
    record(&store, "alpha", &Baseline::default()).await;
    store.rename(&group(), "alpha", &repo("omega")).await.unwrap();
    store.remove_hook(&endpoint("github/me"), "beta", "https://a").await.unwrap();
    assert_eq!(store.hooks(&endpoint("github/me")).await.unwrap(), [hook("omega", "https://a", "2")]);
    assert!(store.hooks(&endpoint("gitlab/me")).await.unwrap().is_empty());
}

#[tokio::test]
async fn requests_are_remembered_with_their_tips() {
    let (_dir, store) = open().await;
    let mut pull = Pull {
        group: group(),
        repository: repo("alpha"),
        endpoint: endpoint("github/me"),
        number: 7,
        branch: BranchName::new("main").unwrap(),
        head: BranchName::new("refray/conflicts/main/x").unwrap(),
        own: oid(1),
        other: oid(2),
        url: Some("https://github.com/me/alpha/pull/7".into()),
        state: PullState::Open,
        changed: at(1),
    };
    store.put_pull(&pull).await.unwrap();
    store.put_pull(&Pull { number: 8, ..pull.clone() }).await.unwrap();
    pull.state = PullState::Closed;
    pull.changed = at(2);
    store.put_pull(&pull).await.unwrap();
    let found = store.pulls(&group(), "alpha").await.unwrap();
    assert_eq!(
        found.iter().map(|pull| (pull.number, pull.state)).collect::<Vec<_>>(),
        [(7, PullState::Closed), (8, PullState::Open)]
    );
    assert_eq!(found[0], pull);
    assert!(store.pulls(&group(), "beta").await.unwrap().is_empty());
    store.forget(&group(), "alpha").await.unwrap();
    assert!(store.pulls(&group(), "alpha").await.unwrap().is_empty());
}
