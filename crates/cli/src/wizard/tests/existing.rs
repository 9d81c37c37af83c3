//! Changes to a configuration that a person keeps.

use std::os::unix::fs::PermissionsExt;

use super::scene::{OWNER, Scene, has};
use super::script::Answer::{Back, Interrupt, Pick};
use super::script::typed;
use crate::wizard::prompt::Leave;
use crate::wizard::step::End;

const KEPT: &str = r#"# Mine.
jobs = 2 # slow line

# the big one
[[sites]]
name = "hub"
provider = "github"
base_url = "GITHUB"
token = { env = "HUB" } # from the manager

[[sites]]
name = "disk"
provider = "directory"
path = "DISK"

# unused
[[sites]]
name = "old"
provider = "gitlab"
token = { env = "OLD" }

# where I work
[[mirrors]]
name = "mine"
repo_blacklist = "^x" # not these

[[mirrors.endpoints]]
site = "hub"
kind = "user"
namespace = "ada"
names = { notes = 'my-notes' } # by hand

[[mirrors]] # the team's
name = "team"

[[mirrors.endpoints]]
site = "hub"
kind = "org"
namespace = "acme"

[[mirrors.endpoints]]
site = "disk"
"#;

async fn kept() -> (Scene, String) {
    let mut scene = Scene::new().await;
    scene.export("FORGEJO_TOKEN", "forgejo");
    scene.export("GITHUB_TOKEN", "github");
    scene.export("HUB", "github");
    let disk = scene.dir.path().join("disk");
    std::fs::create_dir_all(&disk).unwrap();
    let text = KEPT.replace("GITHUB", scene.forge("github").base_url()).replace("DISK", disk.to_str().unwrap());
    scene.write_config(&text);
    (scene, text)
}

/// Returns the lines that went and came.
fn changes(old: &str, new: &str) -> String {
    let (old, new): (Vec<_>, Vec<_>) = (old.lines().collect(), new.lines().collect());
    let went = old.iter().filter(|line| !new.contains(line)).map(|line| format!("-{line}"));
    let came = new.iter().filter(|line| !old.contains(line)).map(|line| format!("+{line}"));
    went.chain(came).collect::<Vec<_>>().join("\n")
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_is_added_to_a_group_and_all_else_stays() {
    let (scene, old) = kept().await;
    let outcome = scene
        .answer(&[
            Pick("Change `mine`"),
            Pick("Add another account"),
            typed(scene.page("forgejo", OWNER)),
            Pick("FORGEJO_TOKEN"),
            Pick("Change a setting"),
            Pick("Diverged"),
            Pick("Pull requests"),
            Pick("Save only"),
        ])
        .await;
    let shown = outcome.saved_well();
    has(&shown, &["hub/ada", "FORGEJO/ada", "Delete the group `mine`  nothing is deleted on any forge\n"]);
    insta::assert_snapshot!(scene.plain(&changes(&old, &scene.config())), @r#"
    +name = "FORGEJO"
    +provider = "forgejo"
    +base_url = "http://FORGEJO"
    +token = { env = "FORGEJO_TOKEN" }
    +conflict_resolution = "pull_request"
    +site = "FORGEJO"
    "#);
    has(&scene.config(), &["# Mine.", "jobs = 2 # slow line", "# where I work", "repo_blacklist = \"^x\" # not these"]);
    has(&scene.config(), &["namespace = \"ada\"\nnames = { notes = 'my-notes' } # by hand\n"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_group_is_added_with_the_token_of_a_site_that_is_there() {
    let (scene, old) = kept().await;
    let outcome = scene
        .answer(&[
            Pick("Add a group"),
            typed(scene.page("github", OWNER)),
            Pick("The one of `hub`"),
            typed(scene.dir.path().join("disk").to_str().unwrap()),
            Pick("Save only"),
        ])
        .await;
    outcome.saved_well();
    let config = scene.config();
    assert!(config.starts_with(&old), "{config}");
    assert_eq!(config.matches("[[sites]]").count(), 3, "{config}");
    has(&config, &["name = \"ada\"\nconflict_resolution = \"pull_request\""]);
    // A namespace has the same names in every group.
    has(&config, &["namespace = \"ada\"\nnames = { notes = \"my-notes\" }\n"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn groups_and_sites_are_deleted_with_their_comments_and_no_others() {
    let (scene, old) = kept().await;
    scene.answer(&[Pick("Delete the group `team`"), Pick("Delete it and its sites")]).await.saved_well();
    let config = scene.config();
    assert!(!config.contains("acme") && !config.contains("DISK") && !config.contains("disk"), "{config}");
    has(&config, &["name = \"hub\"", "# where I work", "name = \"mine\"", "name = \"old\""]);
    scene.write_config(&old);
    scene.answer(&[Pick("Tokens"), Pick("old"), Pick("Remove it")]).await.saved_well();
    insta::assert_snapshot!(changes(&old, &scene.config()), @r#"
    -# unused
    -name = "old"
    -provider = "gitlab"
    -token = { env = "OLD" }
    "#);
    scene.write_config(&old);
    let outcome = scene
        .answer(&[
            Pick("Delete the group `mine`"),
            Pick("Keep it"),
            Pick("Tokens"),
            Pick("hub"),
            Back,
            Back,
            Pick("Leave it"),
        ])
        .await;
    assert_eq!(outcome.ended, Ok(End::Leave));
    assert_eq!(scene.config(), old);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_site_gets_another_token_in_the_old_ones_place() {
    let (scene, old) = kept().await;
    let outcome = scene.answer(&[Pick("Tokens"), Pick("hub"), Pick("Give it another"), Pick("GITHUB_TOKEN")]).await;
    has(&outcome.saved_well(), &["signed in as ada; user ada"]);
    insta::assert_snapshot!(changes(&old, &scene.config()), @r#"
    -token = { env = "HUB" } # from the manager
    +token = { env = "GITHUB_TOKEN" } # from the manager
    "#);
    scene.write_config(&old);
    std::fs::set_permissions(scene.config_path(), PermissionsExt::from_mode(0o644)).unwrap();
    let token = scene.token("github", &["*"]);
    let outcome = scene
        .answer(&[
            Pick("Tokens"),
            Pick("hub"),
            Pick("Give it another"),
            Pick("Another one"),
            typed(&token),
            Pick("The configuration"),
        ])
        .await;
    outcome.saved_well();
    has(&scene.config(), &[&token, "# from the manager"]);
    assert_eq!(std::fs::metadata(scene.config_path()).unwrap().permissions().mode() & 0o777, 0o600);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_was_changed_meanwhile_keeps_the_old_token_as_well() {
    let (scene, old) = kept().await;
    let tokens = scene.config_path().parent().unwrap().join("tokens");
    let give = |token: &str| {
        let last = [typed(token), Pick("A file of its own")];
        [Pick("Tokens"), Pick("hub"), Pick("Give it another"), Pick("Another one")].into_iter().chain(last)
    };
    let first = scene.token("github", &["*"]);
    scene.answer(&give(&first).collect::<Vec<_>>()).await.saved_well();
    let second = scene.token("github", &["*"]);
    let (mut wizard, _) = scene.wizard(&give(&second).collect::<Vec<_>>());
    assert_eq!(wizard.ask_all().await, Ok(End::Save { sync: false }));
    scene.write_config(&old);
    let refused = wizard.write().await.unwrap_err();
    has(&refused, &["it was changed meanwhile"]);
    assert_eq!(std::fs::read_to_string(tokens.join("hub")).unwrap().trim_end(), first);
    assert_eq!(scene.config(), old);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_interrupt_leaves_the_file_as_it_is() {
    let (scene, old) = kept().await;
    for answers in [
        vec![Interrupt],
        vec![Pick("Change `mine`"), Interrupt],
        vec![Pick("Change `team`"), Pick("Take an account"), Interrupt],
        vec![Pick("Delete the group `mine`"), Interrupt],
        vec![Pick("Tokens"), Pick("hub"), Pick("Give it another"), Interrupt],
    ] {
        let outcome = scene.answer(&answers).await;
        assert_eq!(outcome.ended, Err(Leave::Interrupted), "{}", outcome.shown);
        assert_eq!(scene.config(), old);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_an_account_leaves_behind_is_said_before_anything_is_saved() {
    const HOOKS: &str =
        "\n[webhook]\nurl = \"https://mirror.example.com\"\nsecret = { value = \"0123456789abcdef\" }\n";
    let stays = "! Webhooks on hub/acme stay there, and `refray webhook uninstall`";
    let unused = "! The site `disk` stays in the file, though no group uses it then";
    let alone = "! One account alone is not synced with anything";
    let (scene, old) = kept().await;
    for (webhooks, account, expected) in
        [("", "hub/acme", &[alone][..]), (HOOKS, "hub/acme", &[stays, alone]), (HOOKS, "disk", &[unused, alone])]
    {
        scene.write_config(&format!("{old}{webhooks}"));
        let outcome =
            scene.answer(&[Pick("Change `team`"), Pick("Take an account"), Pick(account), Pick("Save only")]).await;
        let shown = outcome.saved_well();
        let (before, after) = shown.split_once(&format!("> {account}\n")).unwrap();
        let marks: Vec<_> = after.lines().filter(|line| line.starts_with("! ")).collect();
        assert_eq!(marks.len(), expected.len(), "{after}");
        for (mark, expected) in marks.iter().zip(expected) {
            assert!(mark.starts_with(expected), "{mark}");
        }
        assert!(!before.contains(alone), "{before}");
        assert!(scene.config().contains("name = \"disk\""));
    }
    // What was never in the file has left nothing anywhere.
    scene.write_config(&format!("{old}{HOOKS}"));
    let outcome = scene
        .answer(&[
            Pick("Change `mine`"),
            Pick("Add another account"),
            typed(scene.page("forgejo", OWNER)),
            Pick("FORGEJO_TOKEN"),
            Pick("Take an account"),
            Pick("127."),
            Interrupt,
        ])
        .await;
    assert!(!outcome.shown.contains("Webhooks on"), "{}", outcome.shown);
    assert!(!outcome.shown.contains("stays in the file"), "{}", outcome.shown);
}
