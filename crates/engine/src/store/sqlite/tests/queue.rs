use super::*;
use crate::store::{Claim, Completion, Enqueued, Wake};

fn wake(name: &str, urgent: bool, due: i64) -> Wake {
    Wake { group: group(), name: repo(name), urgent, at: at(0), due: at(due) }
}

async fn claim(store: &SqliteStore, holder: &str, now: i64) -> Option<Claim> {
    store.claim(holder, at(now), at(now + 60)).await.unwrap()
}

#[tokio::test]
async fn wakes_merge_while_they_wait() {
    let (_dir, store) = open().await;
    let results =
        store.enqueue(&[wake("alpha", false, 10), wake("Alpha", true, 5), wake("alpha", false, 20)]).await.unwrap();
    assert_eq!(results, [Enqueued::New, Enqueued::Merged, Enqueued::Merged]);
    let queue = store.queue().await.unwrap();
    assert_eq!(queue.len(), 1);
    assert_eq!((queue[0].due, queue[0].urgent, queue[0].again, &queue[0].holder), (at(5), true, false, &None));
    assert_eq!(store.next_due().await.unwrap(), Some(at(5)));
    assert_eq!(claim(&store, "w1", 4).await, None);
    let held = claim(&store, "w1", 5).await.unwrap();
    assert_eq!(claim(&store, "w2", 5).await, None);
    assert_eq!(store.queue().await.unwrap()[0].holder, Some(("w1".to_owned(), at(65))));
    assert_eq!(store.next_due().await.unwrap(), Some(at(65)));
    assert_eq!(store.complete(&held, at(6)).await.unwrap(), Completion::Removed);
    assert_eq!(store.complete(&held, at(6)).await.unwrap(), Completion::Lost);
    assert_eq!(store.next_due().await.unwrap(), None);
}

#[tokio::test]
async fn the_urgent_go_first_and_then_the_earlier() {
    let (_dir, store) = open().await;
    let wakes = [wake("a", false, 1), wake("b", true, 3), wake("c", true, 2), wake("d", true, 99)];
    store.enqueue(&wakes).await.unwrap();
    let mut order = Vec::new();
    while let Some(claim) = claim(&store, "w", 10).await {
        order.push(claim.name.to_string());
    }
    assert_eq!(order, ["c", "b", "a"]);
}

#[tokio::test]
async fn a_wake_during_the_work_runs_it_again() {
    let (_dir, store) = open().await;
    store.enqueue(&[wake("alpha", true, 0)]).await.unwrap();
    let held = claim(&store, "w", 0).await.unwrap();
    assert_eq!(store.enqueue(&[wake("alpha", true, 8), wake("alpha", true, 7)]).await.unwrap(), [Enqueued::Again; 2]);
    assert!(store.queue().await.unwrap()[0].again);
    assert_eq!(claim(&store, "w", 10).await, None);
    assert_eq!(store.complete(&held, at(5)).await.unwrap(), Completion::Waiting);
    assert_eq!(claim(&store, "w", 6).await, None);
    let held = claim(&store, "w", 7).await.unwrap();
    assert_eq!(store.complete(&held, at(8)).await.unwrap(), Completion::Removed);
}

#[tokio::test]
async fn failures_are_counted_and_interruptions_are_not() {
    let (_dir, store) = open().await;
    store.enqueue(&[wake("alpha", true, 0)]).await.unwrap();
    let held = claim(&store, "w", 0).await.unwrap();
    assert_eq!(store.retry(&held, at(30)).await.unwrap(), Completion::Waiting);
    assert_eq!(claim(&store, "w", 29).await, None);
    let held = claim(&store, "w", 30).await.unwrap();
    assert_eq!(held.attempts, 1);
    assert_eq!(store.release(&held, at(31)).await.unwrap(), Completion::Waiting);
    let held = claim(&store, "w", 31).await.unwrap();
    assert_eq!(held.attempts, 1);
    // Somebody pushes meanwhile: no reason to wait for the whole back-off.
    store.enqueue(&[wake("alpha", true, 35)]).await.unwrap();
    assert_eq!(store.retry(&held, at(90)).await.unwrap(), Completion::Waiting);
    let held = claim(&store, "w", 35).await.unwrap();
    assert_eq!(held.attempts, 2);
    store.enqueue(&[wake("alpha", true, 36)]).await.unwrap();
    assert_eq!(store.complete(&held, at(36)).await.unwrap(), Completion::Waiting);
    assert_eq!(claim(&store, "w", 36).await.unwrap().attempts, 0);
}

#[tokio::test]
async fn a_lease_that_ran_out_is_taken_over() {
    let (dir, store) = open().await;
    let other = SqliteStore::open(dir.path()).await.unwrap();
    store.enqueue(&[wake("alpha", true, 0)]).await.unwrap();
    let first = claim(&store, "w1", 0).await.unwrap();
    assert!(store.renew(&first, at(100)).await.unwrap());
    assert_eq!(claim(&other, "w2", 99).await, None);
    let second = claim(&other, "w2", 100).await.unwrap();
    assert_eq!(second.attempts, 1);
    assert!(!store.renew(&first, at(200)).await.unwrap());
    assert_eq!(store.complete(&first, at(101)).await.unwrap(), Completion::Lost);
    assert_eq!(store.retry(&first, at(101)).await.unwrap(), Completion::Lost);
    assert_eq!(other.complete(&second, at(101)).await.unwrap(), Completion::Removed);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_entry_is_claimed_twice() {
    let (dir, store) = open().await;
    let other = SqliteStore::open(dir.path()).await.unwrap();
    let wakes: Vec<_> = (0..40).map(|number| wake(&format!("repo-{number}"), false, 0)).collect();
    store.enqueue(&wakes).await.unwrap();
    let all = async |store: &SqliteStore, holder: &str| {
        let mut names = Vec::new();
        while let Some(claim) = claim(store, holder, 1).await {
            names.push(claim.name);
        }
        names
    };
    let (a, b, c) = tokio::join!(all(&store, "w1"), all(&other, "w2"), all(&store, "w3"));
    let mut names: Vec<_> = a.into_iter().chain(b).chain(c).map(|name| name.key()).collect();
    names.sort();
    names.dedup();
    assert_eq!(names.len(), 40);
    assert_eq!(store.queue().await.unwrap().len(), 40);
}

#[tokio::test]
async fn the_group_of_which_least_is_in_hand_goes_first() {
    let (_dir, store) = open().await;
    let busy: Vec<_> = (0..5).map(|number| wake(&format!("busy-{number}"), true, number)).collect();
    store.enqueue(&busy).await.unwrap();
    let quiet = Wake { group: GroupName::new("quiet").unwrap(), ..wake("alone", true, 9) };
    store.enqueue(&[quiet]).await.unwrap();
    let mut order = Vec::new();
    while let Some(claim) = claim(&store, "w", 10).await {
        order.push(claim.name.to_string());
    }
    assert_eq!(order, ["busy-0", "alone", "busy-1", "busy-2", "busy-3", "busy-4"]);
}

#[tokio::test]
async fn what_has_waited_for_minutes_is_overtaken_no_more() {
    let (_dir, store) = open().await;
    store.enqueue(&[wake("old", false, 0), wake("new", true, 290), wake("newer", false, 5)]).await.unwrap();
    assert_eq!(claim(&store, "w", 301).await.unwrap().name, repo("old"));
    assert_eq!(claim(&store, "w", 301).await.unwrap().name, repo("new"));
    assert_eq!(claim(&store, "w", 301).await.unwrap().name, repo("newer"));
}

#[tokio::test]
async fn leases_of_a_process_that_is_gone_are_taken_back() {
    let (_dir, store) = open().await;
    store.enqueue(&[wake("alpha", true, 0), wake("beta", true, 50)]).await.unwrap();
    let lost = claim(&store, "w1", 0).await.unwrap();
    assert_eq!(store.take_back(at(1)).await.unwrap(), 1);
    assert_eq!(store.complete(&lost, at(1)).await.unwrap(), Completion::Lost);
    let again = claim(&store, "w2", 1).await.unwrap();
    assert_eq!((again.name.clone(), again.attempts), (repo("alpha"), 1));
    assert_eq!(claim(&store, "w2", 2).await, None);
}

#[tokio::test]
async fn one_entry_is_found() {
    let (_dir, store) = open().await;
    let wake = Wake { group: group(), name: repo("Alpha"), urgent: true, at: at(0), due: at(1) };
    store.enqueue(&[wake]).await.unwrap();
    let entry = store.queued(&group(), "alpha").await.unwrap();
    assert_eq!(entry, store.queue().await.unwrap().pop());
    assert!(entry.is_some());
    assert_eq!(store.queued(&group(), "beta").await.unwrap(), None);
}

#[tokio::test]
async fn what_was_found_in_agreement_goes_unless_something_happened_since() {
    let (_dir, store) = open().await;
    let names = ["quiet", "woken", "claimed", "anew", "held"];
    store.enqueue(&[wake("held", true, 0)]).await.unwrap();
    let held = claim(&store, "w", 0).await.unwrap();
    store.enqueue(&names[..4].iter().map(|name| wake(name, false, 9)).collect::<Vec<_>>()).await.unwrap();
    let tickets = store.tickets().await.unwrap();
    assert_eq!(tickets.len(), 4, "what is in hand is its holder's matter");
    store.enqueue(&[wake("woken", false, 9)]).await.unwrap();
    // Some are worked on to the end, and one of them is woken again.
    let next = async || claim(&store, "w", 10).await.unwrap();
    let taken = [next().await, next().await];
    let taken: Vec<_> = taken.iter().map(|claim| claim.name.to_string()).collect();
    assert_eq!(taken, ["anew", "claimed"]);
    let anew = store.queued(&group(), "anew").await.unwrap().unwrap();
    assert!(anew.holder.is_some());
    store.settle(&tickets).await.unwrap();
    let left = |queue: Vec<crate::store::QueueEntry>| -> Vec<String> {
        let mut names: Vec<_> = queue.iter().map(|entry| entry.name.to_string()).collect();
        names.sort();
        names
    };
    assert_eq!(left(store.queue().await.unwrap()), ["anew", "claimed", "held", "woken"]);
    store.complete(&held, at(11)).await.unwrap();

    // An entry that is made anew is another one.
    let tickets = store.tickets().await.unwrap();
    assert_eq!(tickets.iter().map(|ticket| ticket.key.as_str()).collect::<Vec<_>>(), ["woken"]);
    let woken = claim(&store, "w", 12).await.unwrap();
    store.complete(&woken, at(12)).await.unwrap();
    store
        .enqueue(&[Wake { at: at(13), ..wake("woken", false, 14) }, Wake { at: at(13), ..wake("woken", false, 14) }])
        .await
        .unwrap();
    store.settle(&tickets).await.unwrap();
    assert_eq!(left(store.queue().await.unwrap()), ["anew", "claimed", "woken"]);
}
