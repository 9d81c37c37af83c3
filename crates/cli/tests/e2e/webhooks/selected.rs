//! Which repositories it is about.

use refray_sim::world::RepositoryPatch;

use super::*;
use crate::world::has;

const TWO: [Kind; 2] = [Kind::GitHub, Kind::Gitea];

fn have(world: &World, kind: Kind, names: &[&str]) -> Vec<String> {
    let with = names.iter().filter(|name| !hooks(world, kind, name).is_empty());
    with.map(|name| (*name).to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_groups_filters_apply() {
    let mut world = world(&TWO).await;
    let names = ["alpha", "beta", "tmp-alpha", "open"];
    for kind in TWO {
        for name in &names[..3] {
            make(&world, kind, name);
        }
        let open = NewRepository { visibility: Visibility::Public, ..NewRepository::default() };
        world.site(kind).create_repo(OWNER, "open", open).unwrap();
    }
    world.config.set("repo_whitelist = [\"a\", \"open\"]\nrepo_blacklist = \"^tmp-\"\nsync_visibility = \"private\"");
    has(&world.refray(&["webhook", "install"]).exits(0), &["4 copies: 4 created."]);
    for kind in TWO {
        assert_eq!(have(&world, kind, &names), ["alpha", "beta"]);
    }
    has(&world.refray(&["webhook", "install", "--repo", "open"]).exits(1), &["! open: no endpoint", "remedy: "]);
    // What is installed is remembered, and goes though the filters do not let it through any more.
    world.config.set("");
    world.config.unset();
    world.config.set("repo_blacklist = \"^alpha$\"");
    world.refray(&["webhook", "uninstall"]).exits(0);
    for kind in TWO {
        assert!(have(&world, kind, &names).is_empty());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn exactly_one_repository_in_every_group_that_it_is_in() {
    let mut world = world(&TWO).await;
    let hub = world.site(Kind::GitHub);
    hub.org("guild", OWNER).unwrap();
    hub.create_repo("guild", "one", NewRepository::default()).unwrap();
    for kind in TWO {
        make(&world, kind, "one");
        make(&world, kind, "one-more");
    }
    // The third group has an endpoint of the first again.
    world.config.tail += "[[mirrors]]\nname = \"guild\"\n[[mirrors.endpoints]]\nsite = \"github\"\nkind = \"org\"\nnamespace = \"guild\"\n\
        [[mirrors]]\nname = \"again\"\n[[mirrors.endpoints]]\nsite = \"github\"\nkind = \"user\"\nnamespace = \"ada\"\n";
    has(&world.refray(&["webhook", "install", "--repo", "ONE"]).exits(0), &["3 copies: 3 created."]);
    for kind in TWO {
        assert_eq!(have(&world, kind, &["one", "one-more"]), ["one"]);
    }
    world.refray(&["webhook", "install", "--repo-pattern", "^one-", "--group", "again"]).exits(0);
    assert_eq!(urls(&world, Kind::GitHub, "one-more"), [URL]);
    assert!(hooks(&world, Kind::Gitea, "one-more").is_empty());
    has(&world.refray(&["webhook", "status", "--group", "guild"]).exits(0), &["1 copy: 1 installed."]);
    has(
        &world.refray(&["webhook", "uninstall", "one", "--group", "guild"]).exits(0),
        &["- one  github/guild  removed"],
    );
    assert_eq!(have(&world, Kind::GitHub, &["one", "one-more"]), ["one", "one-more"]);
    world.refray(&["webhook", "uninstall", "one"]).exits(0);
    assert_eq!(have(&world, Kind::GitHub, &["one", "one-more"]), ["one-more"]);
    has(&world.refray(&["webhook", "uninstall", "nowhere"]).exits(1), &["! nowhere: no endpoint"]);
    has(&world.refray(&["webhook", "install", "--group", "gild"]).exits(2), &["no group `gild`"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn groups_below_a_group() {
    let mut world = World::of_sites(&[Kind::GitLab], false).await;
    let lab = world.site(Kind::GitLab);
    lab.group("guild/smiths", OWNER).unwrap();
    lab.create_repo("guild", "top", NewRepository::default()).unwrap();
    lab.create_repo("guild/smiths", "below", NewRepository::default()).unwrap();
    configure(&mut world, "", URL);
    let endpoint = "kind = \"group\"\nnamespace = \"guild\"";
    world.config.endpoint("gitlab", endpoint);
    has(&world.refray(&["webhook", "install"]).exits(0), &["1 copy: 1 created."]);
    world.config.replace(endpoint, &format!("{endpoint}\ninclude_subgroups = true"));
    has(&world.refray(&["webhook", "install"]).exits(0), &["+ below  gitlab/guild  created", "1 right already"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn removing_by_address_leaves_the_others() {
    let world = world(&TWO).await;
    for kind in TWO {
        make(&world, kind, "one");
    }
    world.refray(&["webhook", "install"]).exits(0);
    for kind in TWO {
        add(&world, kind, "one", "http://127.0.0.1:9/left", "push");
    }
    world.refray(&["webhook", "uninstall", "http://127.0.0.1:9/left"]).exits(0);
    for kind in TWO {
        assert_eq!(urls(&world, kind, "one"), [URL]);
    }
    world.refray(&["webhook", "uninstall", URL]).exits(0);
    assert!(hooks(&world, Kind::Gitea, "one").is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_gone_is_no_failure() {
    let world = world(&TWO).await;
    for kind in TWO {
        make(&world, kind, "one");
        make(&world, kind, "two");
    }
    world.refray(&["webhook", "install"]).exits(0);
    world.site(Kind::Gitea).world().hooks.clear();
    world.delete(Kind::GitHub, "one");
    has(&world.refray(&["webhook", "uninstall"]).exits(0), &["1 removed"]);
    has(&world.refray(&["webhook", "uninstall"]).exits(0), &["3 copies: 3 had none."]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_forge_that_is_left_loses_its_own_for_good() {
    let mut world = world(&TWO).await;
    configure(&mut world, "install = true\n", URL);
    world.seed(Kind::GitHub, "one", Visibility::Private);
    world.refray(&["sync"]).exits(0);
    let count = |world: &World| TWO.map(|kind| hooks(world, kind, "one").len());
    assert_eq!(count(&world), [1, 1]);

    // As long as a sync installs what is missing, it puts them back.
    let again =
        ["has the next `refray sync` put them there again", "Set `install = false` in ", "config.toml before that"];
    let said = world.refray(&["webhook", "uninstall", "--site", "gitea", "-n"]).exits(0);
    has(&said, &["- one  gitea/ada  would be removed", "1 copy: 1 to be removed."]);
    has(&said, &again);
    has(&world.refray(&["webhook", "uninstall", "--site", "gitea"]).exits(0), &again);
    assert_eq!(count(&world), [1, 0]);
    has(&world.refray(&["webhook", "status", "--site", "github"]).exits(0), &["1 copy: 1 installed."]);
    has(&world.refray(&["webhook", "status", "--site", "gitea"]).exits(1), &["1 copy: 1 missing."]);
    world.refray(&["sync"]).exits(0);
    assert_eq!(count(&world), [1, 1]);

    // The order of the guide.
    configure(&mut world, "install = false\n", URL);
    let said = world.refray(&["webhook", "uninstall", "--site", "gitea"]).exits(0);
    assert!(said.contains("1 copy: 1 removed.") && !said.contains("install = "), "{said}");
    let tea = world.site(Kind::Gitea);
    let one = tea.repository(OWNER, "one").unwrap();
    let patch = RepositoryPatch { archived: Some(true), ..RepositoryPatch::default() };
    tea.update_repository(one.id, patch, one.owner).unwrap();
    world.refray(&["sync"]).exits(0);
    assert_eq!(count(&world), [1, 0]);
    world.config.replace("[[mirrors.endpoints]]\nsite = \"gitea\"\nkind = \"user\"\nnamespace = \"ada\"\n\n", "");
    configure(&mut world, "install = true\n", URL);
    world.seed(Kind::GitHub, "two", Visibility::Private);
    world.refray(&["sync"]).exits(0);
    assert_eq!(count(&world), [1, 0]);
    assert_eq!(urls(&world, Kind::GitHub, "two"), [URL]);

    has(
        &world.refray(&["webhook", "uninstall", "--site", "gitee"]).exits(2),
        &["no site `gitee`", "`github`, `gitea`"],
    );
    // What nobody installs by itself is removed without a word of it.
    let said = world.refray(&["webhook", "uninstall", "http://127.0.0.1:9/left"]).exits(0);
    assert!(!said.contains("install = "), "{said}");
}
