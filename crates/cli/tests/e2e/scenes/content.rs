//! A repository that is emptied, loses its branches, or gets another default branch.

use refray_sim::Kind;
use refray_sim::world::RepositoryPatch;

use super::scene::Scene;
use crate::world::has;

#[tokio::test(flavor = "multi_thread")]
async fn a_repository_that_was_emptied_empties_no_other() {
    for kind in Kind::ALL {
        let scene = Scene::new(kind, 2).await;
        for name in ["refs/heads/main", "refs/heads/side"] {
            scene.set(kind, "repo-0", name, "");
        }
        scene.is_held(
            2,
            &["held: the deletion of the branch `main`", "none of the branches left", "--confirm-deletions"],
        );
        // One way out: a person pushes a branch again as it is on the other side, and the rest is a deletion of one.
        let tip = scene.world.refs(&scene.there(), "repo-0")[..].lines().nth(1).unwrap()[..40].to_owned();
        let site = scene.world.site(kind);
        let id = site.repository("ada", "repo-0").unwrap().id;
        for name in ["refs/heads/main", "refs/heads/side"] {
            site.move_ref(id, name, &tip).unwrap();
        }
        scene.agrees(&["sync"], "repo-0");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn all_branches_but_one_that_are_gone_are_held_and_can_be_released() {
    for kind in Kind::ALL {
        let mut scene = Scene::new(kind, 1).await;
        let names: Vec<String> = (0..8).map(|number| format!("refs/heads/topic-{number}")).collect();
        for name in &names {
            scene.set(scene.other, "repo-0", name, "main");
        }
        scene.commit(scene.other, "repo-0", "topic-0", "only here");
        scene.world.refray(&["sync"]).exits(0);
        scene.remember();
        for name in names.iter().chain([&"refs/heads/side".to_owned()]) {
            scene.set(kind, "repo-0", name, "");
        }
        scene.is_held(
            1,
            &["held: the deletion of the branch `", "topic-0", "9 of 10 branches vanished", "--confirm-deletions"],
        );
        let refs = scene.agrees(&["sync", "--confirm-deletions", "--repo", "repo-0"], "repo-0");
        assert!(!refs.contains("topic") && !refs.contains("side"), "{refs}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_default_branch_that_is_switched_and_deleted_is_followed_after_a_backup() {
    for kind in Kind::ALL {
        let mut scene = Scene::new(kind, 1).await;
        scene.commit(scene.other, "repo-0", "main", "only on main");
        scene.world.refray(&["sync"]).exits(0);
        scene.remember();
        scene.patch(kind, "repo-0", RepositoryPatch { default_branch: Some("side".into()), ..Default::default() });
        let refs = scene.agrees(&["sync"], "repo-0");
        assert!(refs.starts_with("refs/heads/side\n"), "{kind}: {refs}");
        // GitLab protects the first default branch for good.
        let lab = [scene.other, kind].into_iter().find(|at| *at == Kind::GitLab);
        if let Some(site) = lab.map(|lab| scene.world.site(lab)) {
            site.unprotect(site.repository("ada", "repo-0").unwrap().id, "main").unwrap();
        }
        scene.set(kind, "repo-0", "refs/heads/main", "");
        let refs = scene.agrees(&["sync"], "repo-0");
        assert!(!refs.contains("refs/heads/main"), "{kind}: {refs}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_default_branch_that_is_deleted_without_another_being_chosen_stays_elsewhere() {
    for kind in Kind::ALL {
        let scene = Scene::new(kind, 1).await;
        scene.set(kind, "repo-0", "refs/heads/main", "");
        let before = scene.other_side(1);
        let said = scene.world.refray(&["sync"]).exits(1);
        has(&said, &["`main`", "default branch", "remedy: "]);
        assert_eq!(scene.other_side(1), before, "{kind}");
        scene.nothing_is_lost();
    }
}
