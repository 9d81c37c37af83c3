//! Every right that a token or an account can lack, taken away by itself.

use refray_sim::Kind;
use refray_sim::world::{NewRepository, Role, Visibility};

use crate::world::{OWNER, World};

/// The least that a token needs for everything.
const ENOUGH: [(Kind, &[&str]); 4] = [
    (Kind::GitHub, &["repo", "workflow", "delete_repo"]),
    (Kind::GitLab, &["api"]),
    (Kind::Gitea, &["write:user", "write:repository", "write:issue", "write:organization"]),
    (Kind::Forgejo, &["write:user", "write:repository", "write:issue", "write:organization"]),
];

/// What a token may have in the place of one that it lacks: less of the same.
const INSTEAD: [(&str, &[&str]); 7] = [
    ("repo", &["public_repo"]),
    ("api", &["read_api", "read_user", "write_repository"]),
    ("api", &["read_api", "read_user", "read_repository"]),
    ("write:user", &["read:user"]),
    ("write:repository", &["read:repository"]),
    ("write:issue", &["read:issue"]),
    ("write:organization", &["read:organization"]),
];

/// A world in which everything is asked for, so that everything is needed.
async fn demanding(kind: Kind, endpoint: &str) -> World {
    let mut world = World::of_sites(&[kind], false).await;
    world.config.endpoint(kind.as_str(), endpoint);
    world.config.set("delete_missing = true\nconflict_resolution = \"pull_request\"");
    world.config.tail =
        "[webhook]\ninstall = true\nurl = \"http://127.0.0.1:9/\"\nsecret = { value = \"s\" }\n".to_owned();
    world
}

/// What is said of an endpoint and its site that is not as it should be.
fn complaints(world: &World, kind: Kind, token: &str) -> String {
    let mut command = world.command(&["doctor", "--format", "json"]);
    command.env(World::token_variable(kind), token);
    let run: crate::world::Run = tokio::task::block_in_place(|| command.output().unwrap()).into();
    let mut text = String::new();
    for event in run.events() {
        let check = &event["check"];
        let word = |key: &str| check[key].as_str().unwrap_or_default();
        if matches!(word("level"), "warn" | "fail") && !matches!(word("about"), "machine" | "webhooks") {
            text += &format!("    {} {}: {}\n", word("level"), word("check"), word("found"));
            assert!(!word("remedy").is_empty(), "{check}");
            text += &format!("         {}\n", word("remedy"));
        }
    }
    let failed = text.contains("    fail ");
    assert_eq!(run.code, Some(i32::from(failed)), "{text}{}", run.stderr);
    if text.is_empty() { "    nothing\n".to_owned() } else { text }
}

#[tokio::test(flavor = "multi_thread")]
async fn each_scope_that_a_token_lacks_is_named() {
    let mut table = String::new();
    for (kind, enough) in ENOUGH {
        let world = demanding(kind, &format!("kind = \"user\"\nnamespace = \"{OWNER}\"")).await;
        world.seed(kind, "one", Visibility::Private);
        let with = |scopes: &[&str]| complaints(&world, kind, &world.site(kind).token(OWNER, scopes).unwrap().secret);
        table += &format!("{kind}, with {}\n{}", enough.join(", "), with(enough));
        for lacking in enough.iter().copied().filter(|scope| *scope != "write:organization") {
            let rest: Vec<&str> = enough.iter().copied().filter(|scope| *scope != lacking).collect();
            table += &format!("  without {lacking}\n{}", with(&rest));
            for (_, less) in INSTEAD.iter().filter(|(scope, _)| *scope == lacking) {
                let scopes = [&rest[..], less].concat();
                table += &format!("  {} instead of {lacking}\n{}", less.join(", "), with(&scopes));
            }
        }
        table += &format!("  with another token\n{}", complaints(&world, kind, "nobodys"));
    }
    insta::assert_snapshot!("doctor_scopes", table.replace(&format!("{OWNER}/one"), "ada/one"));
}

#[tokio::test(flavor = "multi_thread")]
async fn each_role_that_an_account_lacks_is_named() {
    let mut table = String::new();
    for (kind, enough) in ENOUGH {
        let word = if kind == Kind::GitLab { "group" } else { "org" };
        let world = demanding(kind, &format!("kind = \"{word}\"\nnamespace = \"guild\"")).await;
        let site = world.site(kind);
        site.user("eve").unwrap();
        site.org("guild", "eve").unwrap();
        let token = site.token(OWNER, enough).unwrap().secret;
        let new = NewRepository { visibility: Visibility::Public, ..NewRepository::default() };
        site.create_repo("guild", "tower", new).unwrap();
        site.commit("guild", "tower", "main", &[("f", "1")], "first\n").unwrap();
        table += &format!("{kind}\n  no member\n{}", complaints(&world, kind, &token));
        for role in [Role::Guest, Role::Reporter, Role::Developer, Role::Maintainer, Role::Owner] {
            site.add_member("guild", OWNER, role).unwrap();
            table += &format!("  {role:?}\n{}", complaints(&world, kind, &token));
        }
        if kind == Kind::GitHub {
            for (role, scopes) in [(Role::Owner, "read:org"), (Role::Maintainer, "read:org")] {
                site.add_member("guild", OWNER, role).unwrap();
                let token = site.token(OWNER, &[enough, &[scopes]].concat()).unwrap().secret;
                table += &format!("  {role:?}, with {scopes}\n{}", complaints(&world, kind, &token));
            }
        }
        if kind != Kind::GitHub && kind != Kind::GitLab {
            let rest: Vec<&str> = enough.iter().copied().filter(|scope| *scope != "write:organization").collect();
            let less = [&rest[..], &["read:organization"]].concat();
            let token = site.token(OWNER, &less).unwrap().secret;
            table += &format!("  Owner, with read:organization\n{}", complaints(&world, kind, &token));
        }
    }
    insta::assert_snapshot!("doctor_roles", table);
}
