//! Bad input: a clear error that names the place and the remedy, the right exit code, nothing lost, and others go on.

use refray_sim::Kind;
use refray_sim::world::NewRepository;

use crate::world::{OWNER, World, put};

async fn forges() -> World {
    let world = World::of_forges(&[Kind::GitHub, Kind::Gitea, Kind::GitLab], false).await;
    let site = world.site(Kind::GitHub);
    site.create_repo(OWNER, "one", NewRepository::default()).unwrap();
    site.commit(OWNER, "one", "main", &[("f", "1")], "first\n").unwrap();
    world
}

fn has(said: &str, words: &[&str]) {
    for word in words {
        assert!(said.contains(word), "`{word}` is not in:\n{said}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_configuration_with_faults_starts_nothing() {
    let mut world = World::of_folders(&["a", "b"]);
    world.seed("a", "one");
    world.set("create_mising = true");
    for command in [&["sync"][..], &["config", "check"]] {
        let said = world.refray(command).exits(2);
        has(&said, &["unknown key `create_mising`", "did you mean `create_missing`?"]);
    }
    world.config = world.config.replace("create_mising = true", "visibility = \"secret\"");
    has(&world.refray(&["sync"]).exits(2), &["visibility", "private"]);
    assert!(!world.dir.path().join("disk/b/one.git").exists());
    assert!(!world.state().exists(), "nothing was started");
}

#[tokio::test(flavor = "multi_thread")]
async fn usage_errors_have_their_own_exit_code() {
    let world = World::of_folders(&["a", "b"]);
    has(&world.refray(&["sync", "--group", "nope"]).exits(2), &["no group `nope`", "`all`"]);
    has(&world.refray(&["sync", "--repo-pattern", "("]).exits(2), &["not a regular expression"]);
    has(&world.refray(&["sync", "--repo", "a/b"]).exits(2), &["a/b", "without its owner"]);
    has(&world.refray(&["sync", "--nonsense"]).exits(2), &["--nonsense"]);
    has(&world.refray(&["sync", "--confirm-deletions"]).exits(2), &["--repo"]);
    has(&world.refray(&["sync", "--repo", "ghost"]).exits(1), &["no endpoint has a repository of this name"]);
    let mut command = world.command(&["sync"]);
    command.args(["--config", "/nowhere/config.toml"]);
    has(&crate::world::run(&command.output().unwrap()).exits(2), &["no configuration at /nowhere/config.toml"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_that_is_not_right_stops_its_forge_alone() {
    let mut world = forges().await;
    world.tokens.insert("TOKEN_GITLAB".into(), "glpat-wrong-one".into());
    let said = world.refray(&["sync"]).exits(1);
    has(&said, &["! gitlab/ada", "(401)", "Check the token of site `gitlab`", "+ one: created on gitea/ada"]);
    assert!(!said.contains("glpat-wrong-one"));
    world.tokens.remove("TOKEN_GITLAB");
    has(&world.refray(&["sync"]).exits(1), &["the environment variable `TOKEN_GITLAB` is not set"]);
    let narrow = world.site(Kind::Gitea).token(OWNER, &["read:user", "read:repository"]).unwrap().secret;
    world.tokens.insert("TOKEN_GITEA".into(), narrow);
    let site = world.site(Kind::GitHub);
    site.commit(OWNER, "one", "main", &[("f", "2")], "second\n").unwrap();
    site.create_repo(OWNER, "two", NewRepository::default()).unwrap();
    let said = world.refray(&["sync"]).exits(1);
    has(&said, &["create repository two on gitea/ada", "`write:user`", "push to the repository"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_forge_that_cannot_be_reached_stops_itself_alone() {
    let mut world = forges().await;
    let url = world.site(Kind::GitLab).base_url().to_owned();
    world.config = world.config.replace(&url, "http://127.0.0.1:9");
    let said = world.refray(&["sync"]).exits(1);
    has(&said, &["! gitlab/ada", "no connection", "`base_url` of site `gitlab`", "+ one: created on gitea/ada"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_namespace_that_is_not_there_is_named() {
    let mut world = forges().await;
    world.config = world.config.replacen(
        "namespace = \"ada\"\n\n[[mirrors.endpoints]]\nsite = \"gitlab\"",
        "namespace = \"nobody\"\n\n[[mirrors.endpoints]]\nsite = \"gitlab\"",
        1,
    );
    let said = world.refray(&["sync"]).exits(1);
    has(&said, &["! gitea/nobody", "not found", "+ one: created on gitlab/ada"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_certificate_of_an_unknown_authority_is_not_trusted() {
    let mut world = World::of_forges(&[Kind::GitHub, Kind::Gitea], true).await;
    let lines: Vec<_> = world.config.lines().filter(|line| !line.starts_with("ca_file")).map(str::to_owned).collect();
    world.config = lines.join("\n");
    let said = world.refray(&["sync"]).exits(1);
    has(&said, &["no trusted connection", "`ca_file`"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_that_a_forge_refuses_is_named() {
    let world = forges().await;
    let gitea = world.site(Kind::Gitea);
    gitea.create_repo(OWNER, "-odd-", NewRepository::default()).unwrap();
    gitea.commit(OWNER, "-odd-", "main", &[("f", "1")], "first\n").unwrap();
    let said = world.refray(&["sync"]).exits(1);
    has(&said, &["create repository -odd- on gitlab/ada", "repo_blacklist", "+ one:"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_folder_that_is_no_repository_is_named() {
    let world = World::of_folders(&["a", "b"]);
    world.seed("a", "one");
    std::fs::create_dir_all(world.dir.path().join("disk/b/papers.git")).unwrap();
    put(&world.dir.path().join("disk/b/papers.git/note"), "no repository");
    let said = world.refray(&["sync"]).exits(1);
    has(&said, &["papers", "is not a git repository", "+ one:"]);
    assert!(!world.dir.path().join("disk/a/papers.git").exists());
    let mut world = world;
    world.config = world.config.replace("/disk\"", "/elsewhere\"");
    has(&world.refray(&["sync"]).exits(1), &["elsewhere", "disk/a"]);
}
