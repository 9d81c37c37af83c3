//! Each page shows what is known.

use axum::http::StatusCode;
use refray_core::name::{EndpointId, RefName};
use refray_core::outcome::{RepoStatus, Summary};
use refray_core::plan::{Finding, FindingKind};
use refray_engine::store::Store as _;

use crate::world::{Scene, World, at};

/// Takes out of a page what differs from process to process.
fn snapshot(name: &str, text: &str) {
    let mut settings = insta::Settings::clone_current();
    settings.add_filter("[0-9a-f]{64}", "[TOKEN]");
    settings.set_prepend_module_to_snapshot(false);
    let broken = text.replace("><", ">\n<");
    settings.bind(|| insta::assert_snapshot!(name, broken));
}

#[tokio::test]
async fn the_overview_begins_with_what_needs_a_person() {
    let world = World::new(None).await;
    let page = world.get("/").await;
    assert_eq!(page.status, StatusCode::OK);
    page.has(&["4 repositories need you, 2 still to be done, 4 agree.", "2 in the queue", "no space left on device"]);
    let order: Vec<_> =
        ["mill", "compiler", "weather"].iter().map(|name| page.text.find(&format!(">{name}<")).unwrap()).collect();
    assert!(order.is_sorted(), "the gravest first: {order:?}");
    snapshot("overview", &page.text);
}

#[tokio::test]
async fn a_group_is_filtered_by_status_and_name() {
    let world = World::new(None).await;
    world.get("/groups/personal").await.has(&["harbour", "Tide tables", "/groups/personal/tide%20tables", "weather"]);
    let held = world.get("/groups/personal?status=held").await;
    held.has(&["weather", "1 repository"]);
    assert!(!held.text.contains("harbour"));
    let named = world.get("/groups/personal?q=TIDE+t").await;
    named.has(&["Tide tables", "value=\"TIDE t\"", "1 repository"]);
    world.get("/groups/personal?q=zzz").await.has(&["No repository matches."]);
    world.get("/groups/work").await.has(&["new-arrival", "waits in the queue", "mill"]);
}

#[tokio::test]
async fn a_repository_tells_all_that_is_known_of_it() {
    let world = World::new(None).await;
    let page = world.get("/groups/personal/compiler").await;
    page.has(&["href=\"https://github.com/ada/compiler/pull/7\"", "abababababab", "Merge the pull request"]);
    page.has(&["the branch is protected", "Let the token's account push to it.", "topic/parser"]);
    page.has(&["https://codeberg.org/ada/compiler"]);
    snapshot("repository", &page.text);
    let page = world.get("/groups/personal/weather").await;
    page.has(&["Release the held deletion", "/groups/personal/weather/confirm"]);
    world.get("/groups/work/difference-engine").await.has(&["It is in the queue since 20 s ago."]);
}

#[tokio::test]
async fn what_is_held_for_many_branches_is_said_once_and_counted_where_it_is() {
    let world = World::new(None).await;
    let [here, there] = ["github/ada", "codeberg/ada"].map(|name| EndpointId::new(name).unwrap());
    let held = |number: usize| {
        let name = RefName::from_full(&format!("refs/heads/t{number}")).unwrap();
        let message = format!("the deletion of the branch `t{number}` is held: 7 of 8 vanished");
        let remedy = "If it was meant, release it with `refray sync --confirm-deletions --repo weather`; if not, push.";
        Finding::new(FindingKind::DeletionHeld, message, remedy).at(&name).side(&here, "-").side(&there, "e".repeat(40))
    };
    let findings: Vec<_> = (1..=7).map(held).collect();
    world.scene.record("personal", "weather", RepoStatus::Held, &findings, 60).await;
    for (path, button) in
        [("/groups/personal/weather", "the button above"), ("/groups/personal/weather/confirm", "the button below")]
    {
        let page = world.get(path).await;
        page.has(&[
            button,
            "likewise <code><bdi>t2</bdi></code>, <code><bdi>t3</bdi></code>",
            "<bdi>t7</bdi></code></p>",
        ]);
        assert_eq!((page.text.matches("is held:").count(), page.text.matches("What to do").count()), (1, 1), "{path}");
        assert!(!page.text.contains("confirm-deletions"), "the button is there: {}", page.text);
        assert_eq!(page.text.matches("eeeeeeeeee</bdi>").count(), 7, "what each side has is told of each: {path}");
    }
    // The branches are where they were not deleted; the rest of the baseline has `main` alone.
    let page = world.get("/groups/personal/weather").await;
    let (_, rows) = page.text.split_once("as last agreed, and where they differ as last seen").unwrap();
    let cells = rows.split("<td class=\"number\">").skip(1).take(4);
    let counts: Vec<&str> = cells.map(|cell| cell.split_once('<').unwrap().0).collect();
    assert_eq!(counts, ["1", "0", "8", "0"], "branches and tags of github/ada, then of codeberg/ada");
}

#[tokio::test]
async fn one_endpoint_that_was_away_is_one() {
    let world = World::new(None).await;
    for (run, failed, said) in [
        ("20260301T115900000-1", 1, ">1 endpoint not available<"),
        ("20260301T115900000-2", 2, ">2 endpoints not available<"),
    ] {
        let summary = Summary { repositories: 1, endpoints_failed: failed, ..Summary::default() };
        world.scene.store.start_run(run, at(60), "sync").await.unwrap();
        world.scene.store.finish_run(run, at(58), &summary).await.unwrap();
        world.get("/runs").await.has(&[said]);
    }
}

#[tokio::test]
async fn runs_and_what_they_did() {
    let world = World::new(None).await;
    world.get("/runs").await.has(&["2 failed", "2 held", "all agree", "/runs/20260301T115800000-1"]);
    let page = world.get("/runs/20260301T115800000-1").await;
    page.has(&["1111111111", "2222222222", "refused", "fast forward", "Undo this run"]);
    world.get("/runs?before=20260301T115800000-1").await.has(&["20260228T080000000-1"]);
    world.get("/queue").await.has(&["2 waiting, 0 being worked on.", "new-arrival", "next"]);
    let undo = world.get("/runs/20260301T115800000-1/undo").await;
    undo.has(&["put topic/parser back from 2222222222 to 1111111111", "github/ada"]);
    assert!(!undo.text.contains("3333333333"), "what was refused is not taken back");
}

#[tokio::test]
async fn what_forges_say_is_only_text() {
    let world = World::new(None).await;
    for path in ["/", "/groups/personal", "/groups/personal/%3Ci%3E&amp;", "/groups/personal/compiler", "/queue"] {
        let page = world.get(path).await;
        assert_eq!(page.status, StatusCode::OK, "{path}");
        for bad in ["<script>", "<img", "<i>", "href=\"javascript:", "not-shown-anywhere"] {
            assert!(!page.text.contains(bad), "{bad} in {path}");
        }
        // Nothing that the policy would have to stop.
        for inline in [" style=", " onclick=", "<style"] {
            assert!(!page.text.contains(inline), "{inline} in {path}");
        }
    }
    world.get("/groups/personal/%3Ci%3E&amp;").await.has(&["&lt;script&gt;alert(1)"]);
}

#[tokio::test]
async fn what_is_not_there_is_said_in_a_page() {
    let world = World::new(None).await;
    let nowhere =
        ["/nowhere", "/groups/nope", "/groups/personal/nope", "/groups/nope/nope", "/runs/nope", "/runs/nope/undo"];
    for path in nowhere {
        let page = world.get(path).await;
        assert_eq!(page.status, StatusCode::NOT_FOUND, "{path}");
        page.has(&["<h1>Not found</h1>", "To the overview"]);
    }
    let world = World::of(Scene::empty().await, None);
    world.get("/").await.has(&["No repository is known yet.", "Nothing was synced yet"]);
    world.get("/groups/work").await.has(&["Nothing was synced yet."]);
    world.get("/runs").await.has(&["There was no run yet."]);
    world.get("/queue").await.has(&["Nothing waits."]);
}
