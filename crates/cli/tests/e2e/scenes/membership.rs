//! Endpoints that join the group, leave it and come back.

use refray_sim::Kind;

use super::scene::Scene;
use crate::world::{OWNER, has, users};

#[tokio::test(flavor = "multi_thread")]
async fn an_endpoint_that_was_out_of_the_group_for_a_while_undoes_nothing() {
    for kind in Kind::ALL {
        let mut scene = Scene::new(kind, 3).await;
        scene.world.config.set("create_missing = true");
        let without = format!("site = \"{kind}\"\nkind = \"user\"\nnamespace = \"{OWNER}\"");
        let site = scene.world.site(kind);
        site.org("guild", OWNER).unwrap();
        let elsewhere = format!(
            "site = \"{kind}\"\nkind = \"{}\"\nnamespace = \"guild\"",
            match kind {
                Kind::GitLab => "group",
                _ => "org",
            }
        );
        // Another namespace takes its place: an endpoint that was never there before is filled, and lacks nothing.
        scene.world.config.replace(&without, &elsewhere);
        scene.world.refray(&["sync"]).exits(0);
        let new = scene.commit(scene.other, "repo-0", "main", "meanwhile");
        scene.set(scene.other, "repo-1", "refs/heads/side", "");
        scene.world.refray(&["sync"]).exits(0);
        // What happened meanwhile was agreed without it.
        scene.world.config.replace(&elsewhere, &without);
        scene.world.refray(&["sync"]);
        scene.nothing_is_lost();
        has(&scene.world.refs(&scene.there(), "repo-0"), &[&new]);
        has(&scene.world.agree(&users(&[scene.other, kind]), "repo-0"), &[&new]);
        for number in 0..3 {
            for at in [scene.other, kind] {
                assert!(
                    scene.world.site(at).repository(OWNER, &format!("repo-{number}")).is_ok(),
                    "{kind}: {number} on {at}"
                );
            }
        }
    }
}
