//! Answers that are of no use, and what is asked then.

use super::scene::{OWNER, Scene, has};
use super::script::Answer::{self, Back, Interrupt, Pick};
use super::script::typed;
use crate::wizard::prompt::Leave;

#[tokio::test(flavor = "multi_thread")]
async fn what_was_refused_does_not_stand_in_the_next_question() {
    let mut scene = Scene::new().await;
    scene.export("GITHUB_TOKEN", "github");
    let folder = scene.dir.path().join("git");
    std::fs::create_dir_all(&folder).unwrap();
    let (folder, missing) = (folder.to_str().unwrap(), format!("{}/none", scene.dir.path().display()));
    let page = scene.page("github", OWNER);
    let outcome = scene
        .answer(&[
            typed("ftp://git.example/me"),
            typed(&page),
            // Whoever goes back finds it there, to mend a part of it.
            Back,
            typed(&page),
            Pick("GITHUB_TOKEN"),
            typed(&page),
            typed(&missing),
            Pick("Enter another"),
            typed(folder),
            Pick("Change a setting"),
            Pick("Name"),
            typed("no/name"),
            typed("name"),
            Interrupt,
        ])
        .await;
    let shown = outcome.shown;
    assert_eq!(shown.matches("? First account:\n").count(), 2, "{shown}");
    assert_eq!(shown.matches("? First account: [http://GITHUB/ada]\n").count(), 1, "{shown}");
    assert_eq!(shown.matches("? Second account:\n").count(), 3, "{shown}");
    has(&shown, &["? Name of the group: [ada]\n> no/name\n", "? Name of the group:\n> name\n"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_that_is_not_there_is_asked_for_again_and_its_token_is_kept() {
    let scene = Scene::new().await;
    let token = scene.token("github", &["*"]);
    let outcome = scene
        .answer(&[
            typed(scene.page("github", "nobody")),
            typed(&token),
            typed(scene.page("gitlab", OWNER)),
            // Of another forge's token nothing is offered here.
            Back,
            typed(scene.page("github", OWNER)),
            Pick("The one that you gave before"),
            Pick("A file"),
            // The first account's question is the one before the second's.
            Back,
            Back,
            Back,
            typed(scene.page("github", OWNER)),
            Pick("The one that you gave before"),
            Interrupt,
        ])
        .await;
    let shown = outcome.shown;
    has(
        &shown,
        &[
            "there is no account nobody there",
            "remedy: Check the name, and that the account behind the token may see it.\n\n? First account:\n",
            "✓ signed in as ada; user ada",
        ],
    );
    assert!(!shown.contains(&token), "{shown}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_site_whose_account_a_token_does_not_see_gets_asked_for_another_token() {
    let mut scene = Scene::new().await;
    scene.export("HUB", "github");
    scene.write_config(&format!(
        "[[sites]]\nname = \"hub\"\nprovider = \"github\"\nbase_url = \"{}\"\ntoken = {{ env = \"HUB\" }}\n\n\
         [[mirrors]]\nname = \"mine\"\n\n[[mirrors.endpoints]]\nsite = \"hub\"\nkind = \"user\"\nnamespace = \"gone\"\n",
        scene.forge("github").base_url(),
    ));
    let token = scene.token("github", &["*"]);
    let outcome = scene.answer(&[Pick("Tokens"), Pick("hub"), Pick("Give it another"), typed(token), Interrupt]).await;
    assert_eq!(outcome.shown.matches("Make a token on this page").count(), 2, "{}", outcome.shown);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_is_no_folder_and_a_token_is_needed() {
    let scene = Scene::new().await;
    let file = scene.dir.path().join("file");
    std::fs::File::create(&file).unwrap();
    let file = file.to_str().unwrap();
    let outcome = scene.answer(&[typed(file), typed(scene.page("github", OWNER)), typed("  "), Interrupt]).await;
    has(
        &outcome.shown,
        &[
            "✗ DIR/file is a file\n  remedy: Name a folder: each repository becomes a folder in it.\n\n? First account:\n",
            "✗ a token is needed to go on\n",
            "go back with Esc",
        ],
    );
    assert!(!outcome.shown.contains("this cannot be a token") && !outcome.shown.contains("Make it"));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_variable_that_a_token_would_be_kept_in_is_offered_when_it_is_set() {
    let mut scene = Scene::new().await;
    let page = scene.page("forgejo", OWNER);
    let host = page.split('/').nth(2).unwrap().replace([':', '.'], "_");
    let name = format!("REFRAY_{host}_TOKEN");
    scene.export(&name, "forgejo");
    let outcome = scene.answer(&[typed(&page), Pick("REFRAY_"), Interrupt]).await;
    has(&outcome.shown, &["  REFRAY_FORGEJO_TOKEN  from the environment\n", "signed in as ada", "? Second account:"]);
    let token = scene.vars[&name].clone();
    let answers = [typed(&page), Pick("Another one"), typed(&token), Pick("REFRAY_")];
    assert_eq!(todo(&scene, &answers).await, None);
    scene.vars.insert(name, "another".to_owned());
    assert!(todo(&scene, &answers).await.is_some());
}

/// Returns what is left to do for the first account.
async fn todo(scene: &Scene, answers: &[Answer]) -> Option<String> {
    let mut wizard = scene.wizard(answers).0;
    assert_eq!(wizard.ask_all().await, Err(Leave::Interrupted));
    wizard.draft.accounts[0].keep.as_ref().unwrap().todo.clone()
}
