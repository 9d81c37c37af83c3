//! A forge that does not show what it has.

use refray_sim::world::Visibility;
use refray_sim::{Effect, Kind};

use super::scene::Scene;
use crate::world::{OWNER, has};

#[tokio::test(flavor = "multi_thread")]
async fn a_forge_that_finds_nothing_for_a_while_deletes_nothing() {
    for kind in Kind::ALL {
        let scene = Scene::new(kind, 5).await;
        let faults = scene.world.site(kind);
        faults.faults().add("/api/|/user|/repos|/projects|[.]git/", None, Effect::Status(404, "{}".into())).unwrap();
        scene.is_held(5, &[&format!("! {kind}/ada")]);
        faults.faults().clear();
        has(&scene.world.refray(&["sync"]).exits(0), &["5 agreed already"]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_narrowed_while_something_else_changes_deletes_nothing() {
    for kind in Kind::ALL {
        let mut scene = Scene::new(kind, 4).await;
        scene.world.seed(scene.other, "open", Visibility::Public);
        scene.world.refray(&["sync"]).exits(0);
        scene.commit(scene.other, "open", "main", "meanwhile");
        let token = scene.world.token(kind).to_owned();
        let scopes: &[&str] = if kind == Kind::GitHub { &["public_repo"] } else { &["*"] };
        scene.world.site(kind).narrow_token(&token, scopes, true);
        // GitHub says what such a token lacks.
        if kind == Kind::GitHub {
            scene.is_held(4, &["! repo-", "could not look at `ada/repo-3`", "the token sees public repositories only"]);
        } else {
            scene.is_held(4, &["? repo-", "? likewise repo-", "4 held", "only public repositories are visible"]);
        }
        has(&scene.world.refs(&scene.here(), "open"), &["refs/heads/main"]);
        assert!(scene.world.site(kind).repository(OWNER, "repo-0").is_ok());
        scene.world.site(kind).narrow_token(&token, &["*"], false);
        has(&scene.world.refray(&["sync"]).exits(0), &["5 agreed already"]);
        scene.nothing_is_lost();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_private_repository_among_public_ones_that_a_narrowed_token_hides_is_not_deleted() {
    for kind in Kind::ALL {
        let scene = Scene::new(kind, 2).await;
        for name in ["open", "wide"] {
            scene.world.seed(scene.other, name, Visibility::Public);
        }
        scene.world.refray(&["sync"]).exits(0);
        let token = scene.world.token(kind).to_owned();
        let scopes: &[&str] = if kind == Kind::GitHub { &["public_repo"] } else { &["*"] };
        scene.world.site(kind).narrow_token(&token, scopes, true);
        let word =
            if kind == Kind::GitHub { "sees public repositories only" } else { "only public repositories are visible" };
        scene.is_held(2, &["repo-0", "repo-1", word, "2 agreed already"]);
        scene.world.site(kind).narrow_token(&token, &["*"], false);
        has(&scene.world.refray(&["sync"]).exits(0), &["4 agreed already"]);
        scene.nothing_is_lost();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_repository_that_is_taken_out_of_a_tokens_sight_is_not_deleted_elsewhere() {
    const FINE: [&str; 6] = [
        "metadata:read",
        "contents:write",
        "administration:write",
        "workflows:write",
        "pull_requests:write",
        "repository_hooks:write",
    ];
    let scene = Scene::new(Kind::GitHub, 4).await;
    let token = scene.world.token(Kind::GitHub).to_owned();
    let site = scene.world.site(Kind::GitHub);
    // A token for chosen repositories does not tell that it is one.
    site.narrow_token(&token, &FINE, false);
    scene.world.refray(&["sync"]).exits(0);
    site.hide_from_token(&token, site.repository(OWNER, "repo-2").unwrap().id);
    scene.is_held(4, &["repo-2", "may have been limited to other repositories", "3 agreed already, 1 held"]);
    // A person who knows better says so.
    scene.world.refray(&["sync", "--confirm-deletions", "--repo", "repo-2"]).exits(0);
    assert!(scene.world.site(scene.other).repository(OWNER, "repo-2").is_err());
    scene.nothing_is_lost();
}
