//! Tokens, networks and forges that are not well: what is affected is named, and the others go on.

use refray_sim::world::{NewRepository, Visibility};
use refray_sim::{Effect, Kind};

use crate::world::{OWNER, Place, World, has, users};

const KINDS: [Kind; 3] = [Kind::GitHub, Kind::GitLab, Kind::Gitea];
const OTHERS: [Kind; 2] = [Kind::GitHub, Kind::GitLab];

/// Three forges that agree on a repository, which was then moved on on the first.
async fn moved_on() -> World {
    let world = World::of_forges(&KINDS).await;
    world.seed(Kind::GitHub, "one", Visibility::Private);
    world.refray(&["sync"]).exits(0);
    world.site(Kind::GitHub).commit(OWNER, "one", "main", &[("f", "2")], "second\n").unwrap();
    world
}

/// Runs while Gitea is not well: it is named with cause and remedy, keeps what it has, and the others go on. Then it
/// is made well again, and all agree.
async fn stops_itself_alone(break_it: impl FnOnce(&mut World), words: &[&str], heal: impl FnOnce(&mut World)) {
    let mut world = moved_on().await;
    let tea = Place::Forge(Kind::Gitea, OWNER);
    let before = world.refs(&tea, "one");
    let (config, env) = (world.config.to_string(), world.env.clone());
    break_it(&mut world);
    let said = world.refray(&["sync"]).exits(1);
    has(&said, &["! gitea/ada: ", "remedy: ", "1 endpoint not available"]);
    has(&said, words);
    world.agree(&users(&OTHERS), "one");
    assert_eq!(world.refs(&tea, "one"), before);
    world.env = env;
    heal(&mut world);
    assert_eq!(world.config.to_string(), config, "as it was");
    world.refray(&["sync"]).exits(0);
    world.agree(&users(&KINDS), "one");
}

fn url(world: &World) -> String {
    world.site(Kind::Gitea).base_url().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_that_is_wrong() {
    let variable = World::token_variable(Kind::Gitea);
    let words = ["(401)", "Check the token of site `gitea`"];
    stops_itself_alone(|world| drop(world.env.insert(variable, "wrong-one".into())), &words, |_| {}).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_that_is_not_given() {
    let variable = World::token_variable(Kind::Gitea);
    let words = ["the environment variable `TOKEN_GITEA` is not set", "Check the `token` of site `gitea`"];
    stops_itself_alone(|world| drop(world.env.remove(&variable)), &words, |_| {}).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_from_a_command_that_fails() {
    let (given, command) = ("{ env = \"TOKEN_GITEA\" }", "{ command = \"echo nothing to see >&2; exit 3\" }");
    stops_itself_alone(
        |world| world.config.replace(given, command),
        &["command", "Check the `token` of site `gitea`"],
        |world| world.config.replace(command, given),
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_that_may_not_even_list() {
    let narrow = |world: &mut World, scopes: &[&str]| {
        let token = world.token(Kind::Gitea).to_owned();
        world.site(Kind::Gitea).narrow_token(&token, scopes, false);
    };
    stops_itself_alone(
        |world| narrow(world, &["read:misc"]),
        &["(403)", "Give the token of site `gitea` the right"],
        |world| narrow(world, &["*"]),
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_namespace_that_is_not_there() {
    let mut world = moved_on().await;
    let other = "site = \"gitea\"\nkind = \"user\"\nnamespace = \"nobody\"";
    world.config.replace(&format!("site = \"gitea\"\nkind = \"user\"\nnamespace = \"{OWNER}\""), other);
    has(&world.refray(&["sync"]).exits(1), &["! gitea/nobody: ", "not found", "remedy: Check the name"]);
    world.agree(&users(&OTHERS), "one");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_forge_that_refuses_the_connection() {
    let url = |world: &World| url(world);
    let closed = "http://127.0.0.1:9";
    let mut world = moved_on().await;
    let gitea = url(&world);
    world.config.replace(&gitea, closed);
    let said = world.refray(&["sync"]).exits(1);
    has(&said, &["! gitea/ada: ", "no connection", "Check the network, the proxy and the `base_url` of site `gitea`"]);
    world.agree(&users(&OTHERS), "one");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_certificate_that_nobody_vouches_for() {
    let mut world = World::of_sites(&[Kind::GitHub, Kind::Gitea], true).await;
    for kind in ["github", "gitea"] {
        world.config.endpoint(kind, &format!("kind = \"user\"\nnamespace = \"{OWNER}\""));
    }
    world.seed(Kind::GitHub, "one", Visibility::Private);
    world.config.drop_lines("ca_file");
    let said = world.refray(&["sync"]).exits(1);
    has(&said, &["! github/ada: ", "! gitea/ada: ", "no trusted connection", "name that authority in `ca_file`"]);
    for kind in [Kind::GitHub, Kind::Gitea] {
        assert!(!world.site(kind).requests().saw_token(world.token(kind)), "no token went to a stranger");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn plain_http_to_another_machine_is_refused() {
    let mut world = World::of_forges(&KINDS).await;
    let gitea = url(&world);
    world.config.replace(&gitea, "http://forge.example.org");
    has(&world.refray(&["sync"]).exits(2), &["allow_http", "https"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_listing_that_breaks_off_is_an_error() {
    let world = moved_on().await;
    let faults = world.site(Kind::Gitea);
    faults.faults().add("/repos\\?", None, Effect::Reset(20)).unwrap();
    faults.faults().add("/user/repos", None, Effect::Reset(20)).unwrap();
    has(&world.refray(&["sync"]).exits(1), &["! gitea/ada: ", "remedy: "]);
    world.agree(&users(&OTHERS), "one");
    faults.faults().clear();
    world.refray(&["sync"]).exits(0);
    world.agree(&users(&KINDS), "one");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_forge_that_fails_for_a_while_is_asked_again() {
    let world = moved_on().await;
    for (kind, status) in [(Kind::GitHub, 502), (Kind::GitLab, 503), (Kind::Gitea, 504)] {
        let site = world.site(kind);
        site.faults().add("/api/", Some(1), Effect::Status(status, "later".into())).unwrap();
        site.faults().add("git-upload-pack|info/refs", Some(1), Effect::Status(status, "later".into())).unwrap();
    }
    world.site(Kind::Gitea).faults().add("/api/", Some(1), Effect::Drop).unwrap();
    world.refray(&["sync"]).exits(0);
    world.agree(&users(&KINDS), "one");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_forge_that_keeps_failing_is_named() {
    let world = moved_on().await;
    world.site(Kind::Gitea).faults().add("/api/", None, Effect::Status(500, "a secret stack trace".into())).unwrap();
    let said = world.refray(&["sync"]).exits(1);
    has(&said, &["! gitea/ada: ", "the forge failed (500)", "remedy: "]);
    world.agree(&users(&OTHERS), "one");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rate_limit_is_waited_for() {
    let world = moved_on().await;
    world.site(Kind::GitHub).faults().secondary_limit(1, 1);
    world.site(Kind::Gitea).faults().secondary_limit(1, 1);
    world.refray(&["sync"]).exits(0);
    world.agree(&users(&KINDS), "one");
}

#[tokio::test(flavor = "multi_thread")]
async fn one_repository_that_cannot_be_read_holds_up_no_other() {
    let world = moved_on().await;
    world.seed(Kind::GitHub, "two", Visibility::Private);
    world.site(Kind::Gitea).faults().add("/one.git/", None, Effect::Status(500, "broken".into())).unwrap();
    let before = world.refs(&Place::Forge(Kind::Gitea, OWNER), "one");
    let said = world.refray(&["sync"]).exits(1);
    has(&said, &["! one", "gitea/ada", "remedy: ", "+ two: created on gitea/ada and gitlab/ada"]);
    assert_eq!(world.refs(&Place::Forge(Kind::Gitea, OWNER), "one"), before);
    world.agree(&users(&OTHERS), "one");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_push_whose_answer_is_lost_is_looked_after() {
    let world = moved_on().await;
    // The push is carried out, and nobody hears of it.
    world.site(Kind::Gitea).faults().add("[.]git/git-receive-pack$", Some(1), Effect::Reset(0)).unwrap();
    let run = world.refray(&["sync"]);
    assert!(matches!(run.code, Some(0 | 1)), "{}{}", run.stdout, run.stderr);
    world.agree(&users(&KINDS), "one");
    world.refray(&["sync"]).exits(0);
    world.agree(&users(&KINDS), "one");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_that_a_forge_does_not_take_is_named() {
    let world = moved_on().await;
    world.seed(Kind::Gitea, "-odd-", Visibility::Private);
    let said = world.refray(&["sync"]).exits(1);
    has(&said, &["! -odd-", "create repository -odd- on gitlab/ada", "`repo_blacklist`", "+ one:"]);
    world.agree(&users(&KINDS), "one");
    // GitHub takes it.
    world.agree(&users(&[Kind::GitHub, Kind::Gitea]), "-odd-");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_that_may_read_but_neither_create_nor_push() {
    let mut world = moved_on().await;
    let narrow = world.site(Kind::Gitea).token(OWNER, &["read:user", "read:repository"]).unwrap().secret;
    world.env.insert(World::token_variable(Kind::Gitea), narrow);
    world.site(Kind::GitHub).create_repo(OWNER, "two", NewRepository::default()).unwrap();
    let said = world.refray(&["sync"]).exits(1);
    has(&said, &["create repository two on gitea/ada", "`write:user`", "forward branch main on gitea/ada", "(403)"]);
    world.agree(&users(&OTHERS), "one");
}

#[tokio::test(flavor = "multi_thread")]
async fn that_something_was_made_anew_is_over_with_the_run_though_it_had_to_look_twice() {
    let kinds = [Kind::GitHub, Kind::Gitea];
    let world = World::of_forges(&kinds).await;
    for name in ["one", "two"] {
        world.seed(Kind::GitHub, name, Visibility::Private);
    }
    world.refray(&["sync"]).exits(0);
    world.delete(Kind::Gitea, "one");
    world.site(Kind::Gitea).faults().add("[.]git/git-receive-pack$", Some(1), Effect::Reset(0)).unwrap();
    has(&world.refray(&["sync"]).exits(0), &["it was deleted on gitea/ada, and is made anew there"]);
    let said = world.refray(&["status", "-v"]).exits(0);
    assert!(!said.contains("made anew"), "{said}");
}
