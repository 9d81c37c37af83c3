//! From nothing to a configuration.

use std::io::Write as _;
use std::os::unix::fs::PermissionsExt;

use super::scene::{OWNER, Scene, has};
use super::script::{Answer, typed};
use crate::wizard::prompt::Leave;
use crate::wizard::step::End;

use Answer::{Back, Interrupt, Pick};

/// Two accounts whose tokens are in the environment.
async fn ready() -> (Scene, Vec<Answer>) {
    let mut scene = Scene::new().await;
    scene.export("GITHUB_TOKEN", "github");
    scene.export("FORGEJO_TOKEN", "forgejo");
    let answers = vec![
        typed(scene.page("github", OWNER)),
        Pick("GITHUB_TOKEN"),
        typed(scene.page("forgejo", OWNER)),
        Pick("FORGEJO_TOKEN"),
        Pick("Save, and sync now"),
    ];
    (scene, answers)
}

#[tokio::test(flavor = "multi_thread")]
async fn five_questions_where_tokens_are_in_the_environment() {
    let (scene, answers) = ready().await;
    let outcome = scene.answer(&answers).await;
    assert_eq!(outcome.ended, Ok(End::Save { sync: true }));
    assert_eq!(outcome.questions, 5, "{}", outcome.shown);
    insta::assert_snapshot!(outcome.saved_well().trim(), @r#"
    ? First account:
    > http://GITHUB/ada
    asking GITHUB what it runs …
    ✓ GitHub at GITHUB: the user ada

    ? Token for GITHUB:
      GITHUB_TOKEN  from the environment
      Another one   made on the forge, and pasted here
    > GITHUB_TOKEN
    trying the token …
    ✓ signed in as ada; user ada
    ✓ it may do all that a sync takes

    ? Second account:
    > http://FORGEJO/ada
    asking FORGEJO what it runs …
    ✓ Forgejo at FORGEJO: the user ada

    ? Token for FORGEJO:
      FORGEJO_TOKEN  from the environment
      Another one    made on the forge, and pasted here
    > FORGEJO_TOKEN
    trying the token …
    ✓ signed in as ada; user ada
      Forgejo does not tell whether it may fetch by git and read repositories, push
      by git and 4 more; what is refused later is named then.

    looking at what is there, as a sync would; nothing is written …

    Group `ada`
      GITHUB/ada  GitHub, 2 repositories
      FORGEJO/ada  Forgejo, 0 repositories, 2 to be made
                           alpha, beta

      diverged branches   pull requests: they show both sides, and you decide
      deleted repository  make it anew: on that side, from the others
      missing repository  make it: as private or public as the one it comes from
      selection           all: public and private ones
      webhooks            off: a sync sees what has changed when it runs

    ? All good?
      Save, and sync now
      Save only  sync later with `refray sync`
      Add another account
      Change a setting
      Take an account out
    > Save, and sync now
    ✓ saved in ~/.config/refray/config.toml
    "#);
    insta::assert_snapshot!(scene.plain(&scene.config()), @r#"
    # What refray keeps in sync. `refray config` changes it, `refray config check` checks it.

    [[sites]]
    name = "GITHUB"
    provider = "github"
    base_url = "http://GITHUB"
    token = { env = "GITHUB_TOKEN" }

    [[sites]]
    name = "FORGEJO"
    provider = "forgejo"
    base_url = "http://FORGEJO"
    token = { env = "FORGEJO_TOKEN" }

    [[mirrors]]
    name = "ada"
    conflict_resolution = "pull_request"

    [[mirrors.endpoints]]
    site = "GITHUB"
    kind = "user"
    namespace = "ada"

    [[mirrors.endpoints]]
    site = "FORGEJO"
    kind = "user"
    namespace = "ada"
    "#);
    let mode = std::fs::metadata(scene.config_path()).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
}

#[tokio::test(flavor = "multi_thread")]
async fn seven_questions_where_tokens_are_pasted() {
    let scene = Scene::new().await;
    let (first, second) = (scene.token("gitlab", &["api"]), scene.token("gitea", &["*"]));
    let outcome = scene
        .answer(&[
            typed(scene.page("gitlab", OWNER)),
            typed(&first),
            Pick("A file"),
            typed(scene.page("gitea", OWNER)),
            typed(format!("  {second} ")),
            Pick("The configuration"),
            Pick("Save only"),
        ])
        .await;
    assert_eq!(outcome.ended, Ok(End::Save { sync: false }));
    assert_eq!(outcome.questions, 7);
    let shown = outcome.saved_well();
    has(
        &shown,
        &["GitLab at GITLAB", "/-/user_settings/personal_access_tokens?name=refray&scopes=api", "api (ticked already)"],
    );
    has(&shown, &["Gitea at GITEA: the user ada", "/user/settings/applications", "repository, user and issue"]);
    has(
        &shown,
        &[
            "  ~/.config/refray/tokens/GITLAB\n  REFRAY_GITLAB_TOKEN",
            "✓ saved in ~/.config/refray/config.toml\n✓ the token of `GITLAB` is in ~/.config/refray/tokens/GITLAB\n",
        ],
    );
    let config = scene.config();
    has(&config, &["token = { file = \"tokens/", &format!("token = {{ value = \"{second}\" }}")]);
    assert!(!config.contains(&first) && !shown.contains(&first) && !shown.contains(&second));
    let folder = scene.config_path().parent().unwrap().join("tokens");
    let files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    assert_eq!(files.len(), 1);
    assert_eq!(std::fs::read_to_string(&files[0]).unwrap().trim(), first);
    for path in [&files[0], &scene.config_path()] {
        assert_eq!(std::fs::metadata(path).unwrap().permissions().mode() & 0o777, 0o600, "{}", path.display());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_question_can_be_gone_back_from() {
    let (scene, answers) = ready().await;
    // Each answer but the last is given, taken back, and given again.
    let mut there_and_back = Vec::new();
    for answer in &answers[..answers.len() - 1] {
        there_and_back.extend([answer.clone(), Back, answer.clone()]);
    }
    there_and_back.push(answers[answers.len() - 1].clone());
    scene.answer(&there_and_back).await.saved_well();
    let config = scene.config();
    std::fs::remove_file(scene.config_path()).unwrap();
    scene.answer(&answers).await.saved_well();
    assert_eq!(scene.config(), config);
    std::fs::remove_file(scene.config_path()).unwrap();
    let out = scene.answer(&[Back]).await;
    assert_eq!(out.ended, Err(Leave::Back));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_interrupt_at_any_question_leaves_nothing() {
    let (scene, answers) = ready().await;
    for count in 0..answers.len() {
        let mut answers = answers[..count].to_vec();
        answers.push(Interrupt);
        let outcome = scene.answer(&answers).await;
        assert_eq!(outcome.ended, Err(Leave::Interrupted));
        assert!(!scene.config_path().exists() && !scene.config_path().parent().unwrap().exists());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_token_lacks_is_named_and_another_one_may_be_pasted() {
    let scene = Scene::new().await;
    let narrow = scene.token("github", &["read:user"]);
    let whole = scene.token("github", &["repo", "workflow"]);
    let folder = scene.dir.path().join("git");
    let outcome = scene
        .answer(&[
            typed(scene.page("github", OWNER)),
            typed("ghp_wrong"),
            typed("two words"),
            typed(narrow),
            Pick("Paste another"),
            typed(whole),
            Pick("REFRAY_"),
            typed(folder.to_str().unwrap()),
            Pick("Make it"),
            Pick("Save only"),
        ])
        .await;
    let shown = outcome.shown.clone();
    has(
        &shown,
        &[
            "GitHub does not accept this token",
            "this cannot be a token",
            "right to fetch and push is missing",
            "Give the token `repo`",
        ],
    );
    has(&outcome.saved_well(), &["git", "folder, 0 repositories, 2 to be made", "alpha, beta"]);
    assert!(folder.is_dir());
    has(&scene.config(), &["provider = \"directory\"", "token = { env = "]);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_that_leads_nowhere_is_asked_for_again() {
    let mut scene = Scene::new().await;
    scene.export("GITHUB_TOKEN", "github");
    scene.export("GITLAB_TOKEN", "gitlab");
    let outcome = scene
        .answer(&[
            typed("ada"),
            typed("http://127.0.0.1:1/ada"),
            typed(scene.page("github", "settings/tokens")),
            typed(scene.page("github", "nobody")),
            Pick("GITHUB_TOKEN"),
            typed(scene.page("github", "acme/tool")),
            Pick("GITHUB_TOKEN"),
            typed(scene.page("github", "Acme")),
            typed(scene.page("gitlab", "groups/acme/-/members")),
            Pick("GITLAB_TOKEN"),
            Pick("Change a setting"),
            Pick("Subgroups"),
            Pick("Taken in"),
            Pick("Save only"),
        ])
        .await;
    let shown = outcome.saved_well();
    has(
        &shown,
        &[
            "that is a name without its forge",
            "127.0.0.1:1 does not answer",
            "names no user, organisation or group",
            "there is no account nobody there",
            "the organisation acme",
            "acme at GITHUB is in the group already",
            "signed in as ada; group acme",
        ],
    );
    has(&scene.config(), &["name = \"acme\"", "kind = \"org\"", "kind = \"group\"", "include_subgroups = true"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn settings_are_changed_one_by_one_and_ask_for_the_rights_that_they_take() {
    let (mut scene, mut answers) = ready().await;
    let few = scene.token("github", &["repo", "workflow"]);
    scene.vars.insert("GITHUB_TOKEN".to_owned(), few);
    answers.pop();
    let change = |setting, value| [Pick("Change a setting"), Pick(setting), value];
    answers.extend(change("Diverged", Pick("Merge, else pull requests")));
    answers.extend(change("Deleted", Pick("Delete the others")));
    answers.extend(change("Missing", Pick("Do not make it")));
    answers.extend(change("Selection", Pick("Public ones")));
    answers.extend(change("Name", typed("mine")));
    answers.push(Pick("Save only"));
    let shown = scene.answer(&answers).await.saved_well();
    has(&shown, &["right to delete repositories is missing", "Give the token `delete_repo`"]);
    has(
        &scene.config(),
        &[
            "name = \"mine\"",
            "conflict_resolution = \"auto_merge_pull_request\"",
            "delete_missing = true",
            "create_missing = false",
            "sync_visibility = \"public\"",
        ],
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn webhooks_get_a_secret_of_their_own() {
    let (scene, mut answers) = ready().await;
    answers.pop();
    let change = |value: Answer| [Pick("Change a setting"), Pick("Webhooks"), value];
    answers.extend(change(typed("mirror.example.com")));
    answers.extend([typed("http://127.0.0.1:1/webhook"), Pick("Save only")]);
    let shown = scene.answer(&answers).await.saved_well();
    has(&shown, &["✓ the secret of webhooks is in ~/.config/refray/webhook-secret\n"]);
    has(&shown, &["this is no address of a web server", "nothing answers there", "on: http://127.0.0.1:1/webhook"]);
    has(
        &scene.config(),
        &["[webhook]\ninstall = true\nurl = \"http://127.0.0.1:1/webhook\"\nsecret = { file = \"webhook-secret\" }\n"],
    );
    let secret = scene.config_path().parent().unwrap().join("webhook-secret");
    assert_eq!(std::fs::read_to_string(&secret).unwrap().trim().len(), 64);
    assert_eq!(std::fs::metadata(&secret).unwrap().permissions().mode() & 0o777, 0o600);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_may_stay_with_a_command_and_a_site_may_be_used_twice() {
    let scene = Scene::new().await;
    let token = scene.token("gitea", &["*"]);
    let outcome = scene
        .answer(&[
            typed(scene.page("gitea", OWNER)),
            typed(&token),
            Pick("A command"),
            typed("print something else"),
            typed("nothing"),
            typed(format!("print {token}")),
            typed(scene.page("gitea", "acme")),
            Pick("The one of"),
            Pick("Save only"),
        ])
        .await;
    let shown = outcome.saved_well();
    has(&shown, &["it prints something else than the token", "there is no such command", "it prints the token"]);
    let config = scene.config();
    assert_eq!(config.matches("[[sites]]").count(), 1, "{config}");
    has(&config, &["token = { command = \"print ", "namespace = \"ada\"", "namespace = \"acme\""]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_forge_with_an_authority_of_its_own_is_trusted_when_that_is_named() {
    let mut scene = Scene::over(true).await;
    scene.export("GITEA_TOKEN", "gitea");
    scene.export("GITLAB_TOKEN", "gitlab");
    let outcome = scene
        .answer(&[
            typed(scene.page("gitea", OWNER)),
            typed("/nowhere/ca.pem"),
            typed(scene.ca_file()),
            Pick("GITEA_TOKEN"),
            typed(scene.page("gitlab", OWNER)),
            typed(scene.ca_file()),
            Pick("GITLAB_TOKEN"),
            Pick("Save only"),
        ])
        .await;
    has(&outcome.saved_well(), &["is not trusted", "there is no file /nowhere/ca.pem", "Gitea at GITEA: the user ada"]);
    assert_eq!(scene.config().matches("ca_file = ").count(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn names_that_the_other_forge_would_not_take_are_shown_before_anything_is_made() {
    let mut scene = Scene::new().await;
    scene.export("GITHUB_TOKEN", "github");
    let folder = scene.dir.path().join("git");
    std::fs::create_dir_all(folder.join("naïve.git/refs")).unwrap();
    std::fs::create_dir_all(folder.join("naïve.git/objects")).unwrap();
    std::fs::File::create(folder.join("naïve.git/HEAD")).unwrap().write_all(b"ref: refs/heads/main\n").unwrap();
    let outcome = scene
        .answer(&[
            typed(scene.page("github", OWNER)),
            Pick("GITHUB_TOKEN"),
            typed(folder.to_str().unwrap()),
            Pick("Save only"),
        ])
        .await;
    has(&outcome.saved_well(), &["! naïve: cannot be made at GITHUB/ada: "]);
}
