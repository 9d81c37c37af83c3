use http::{Method, StatusCode};
use refray_sim::world::{NewRepository, ObjectFormat, Protection, PushRule, Role, Visibility};
use refray_sim::{Kind, MergeMethod, NewPull};

use crate::support::{Forge, basic, send};

#[tokio::test]
async fn what_is_pushed_can_be_cloned_from_every_forge_in_both_versions_of_the_protocol() {
    for kind in Kind::ALL {
        let forge = Forge::new(kind).await;
        forge.repository("r");
        let work = forge.working_copy("r").await;
        let said = forge.git(&work, &["push", "origin", "main", "main:topic"]).await;
        assert!(said.ok, "{kind}: {}", said.text);
        for version in ["0", "2"] {
            let (setting, target) = (format!("protocol.version={version}"), format!("clone{version}"));
            let args = ["-c", &setting, "clone", "-q", &forge.url("octo/r"), &target];
            let said = forge.git(forge.work.path(), &args).await;
            assert!(said.ok, "{kind} v{version}: {}", said.text);
            let refs = forge.git(&forge.work.path().join(&target), &["branch", "-r"]).await.text;
            assert!(refs.contains("origin/topic"), "{kind} v{version}: {refs}");
        }
        let repository = forge.site.repository("octo", "r").unwrap();
        assert_eq!((repository.empty, repository.default_branch.as_str()), (false, "main"));
        assert!(repository.pushed.is_some() && repository.updated > repository.created);
    }
}

#[tokio::test]
async fn a_sha256_repository_is_served() {
    let forge = Forge::new(Kind::Forgejo).await;
    let options = NewRepository { object_format: ObjectFormat::Sha256, ..NewRepository::default() };
    forge.site.create_repo("octo", "big", options).unwrap();
    let tip = forge.site.commit("octo", "big", "main", &[("a", "1\n")], "one").unwrap();
    let said = forge.git(forge.work.path(), &["clone", "-q", &forge.url("octo/big"), "big"]).await;
    assert!(said.ok, "{}", said.text);
    let head = forge.git(&forge.work.path().join("big"), &["rev-parse", "HEAD"]).await;
    assert_eq!((head.text.trim(), tip.len()), (tip.as_str(), 64));
}

#[tokio::test]
async fn the_first_push_chooses_the_default_branch_as_the_forge_does() {
    for (kind, expected) in [(Kind::GitHub, "master"), (Kind::GitLab, "master"), (Kind::Gitea, "master")] {
        let forge = Forge::new(kind).await;
        forge.repository("r");
        let work = forge.working_copy("r").await;
        let said = forge.git(&work, &["push", "origin", "main:alpha", "main:master"]).await;
        assert!(said.ok, "{}", said.text);
        assert_eq!(forge.site.repository("octo", "r").unwrap().default_branch, expected, "{kind}");
    }
}

#[tokio::test]
async fn credentials_are_asked_for_and_checked() {
    for kind in Kind::ALL {
        let forge = Forge::new(kind).await;
        forge.repository("private");
        let public = NewRepository { visibility: Visibility::Public, ..NewRepository::default() };
        forge.site.create_repo("octo", "public", public).unwrap();
        forge.site.user("other").unwrap();
        let other = forge.site.token("other", &["*"]).unwrap().secret;
        let narrow = forge.site.token("octo", &["read:user"]).unwrap().secret;
        let ask = async |path: &str, service: &str, secret: Option<&str>| {
            let url = format!("{}/octo/{path}.git/info/refs?service={service}", forge.site.base_url());
            let mut request = http::Request::get(url);
            if let Some(secret) = secret {
                request = request.header("authorization", basic("any", secret));
            }
            send(request.body(Default::default()).unwrap()).await.unwrap()
        };
        let (fetch, push) = ("git-upload-pack", "git-receive-pack");
        let token = Some(forge.token.as_str());
        let anonymous = ask("private", fetch, None).await;
        assert_eq!(anonymous.status, StatusCode::UNAUTHORIZED, "{kind}");
        assert!(anonymous.header("www-authenticate").starts_with("Basic realm="));
        assert_eq!(ask("private", fetch, token).await.status, StatusCode::OK, "{kind}");
        assert_eq!(ask("private", fetch, Some(&other)).await.status, StatusCode::NOT_FOUND, "{kind}");
        assert_eq!(ask("private", fetch, Some(&narrow)).await.status, StatusCode::NOT_FOUND, "{kind}");
        assert_eq!(ask("missing", fetch, token).await.status, StatusCode::NOT_FOUND, "{kind}");
        assert_eq!(ask("private", fetch, Some("wrong")).await.status, StatusCode::UNAUTHORIZED, "{kind}");
        assert_eq!(ask("public", fetch, None).await.status, StatusCode::OK, "{kind}");
        assert_eq!(ask("public", push, None).await.status, StatusCode::UNAUTHORIZED, "{kind}");
        let foreign = ask("public", push, Some(&other)).await.status;
        let begins = matches!(kind, Kind::Gitea | Kind::Forgejo);
        assert_eq!(foreign, if begins { StatusCode::OK } else { StatusCode::FORBIDDEN }, "{kind}");
        assert!(forge.site.requests().saw_token("wrong") && forge.site.requests().saw_token(&other));
        assert!(!forge.site.requests().saw_token("never sent"));
    }
}

#[tokio::test]
async fn a_renamed_repository_redirects_until_its_name_is_taken_again() {
    for kind in Kind::ALL {
        let forge = Forge::new(kind).await;
        forge.repository("old");
        forge.site.commit("octo", "old", "main", &[("a", "1\n")], "one").unwrap();
        forge.site.rename("octo", "old", "fresh").unwrap();
        let said = forge.git(forge.work.path(), &["clone", &forge.url("octo/old"), "copy"]).await;
        assert!(said.ok, "{kind}: {}", said.text);
        let request =
            http::Request::get(format!("{}/octo/old.git/info/refs?service=git-upload-pack", forge.site.base_url()))
                .header("authorization", basic("any", &forge.token));
        let answer = send(request.body(Default::default()).unwrap()).await.unwrap();
        assert_eq!(answer.status, StatusCode::MOVED_PERMANENTLY);
        let expected = format!("{}/octo/fresh.git/info/refs?service=git-upload-pack", forge.site.base_url());
        assert_eq!(answer.header("location"), expected);
        let newer = forge.repository("old");
        assert_eq!(forge.site.repository("octo", "old").unwrap().id, newer);
    }
}

#[tokio::test]
async fn protected_branches_are_refused_in_each_forge_s_own_words() {
    for (kind, texts) in [
        (
            Kind::GitHub,
            vec![
                "remote: error: GH006: Protected branch update failed for refs/heads/main.",
                "(protected branch hook declined)",
            ],
        ),
        (
            Kind::GitLab,
            vec![
                "remote: GitLab: You are not allowed to force push code to a protected branch on this project.",
                "(pre-receive hook declined)",
            ],
        ),
        (Kind::Gitea, vec!["remote: error: branch main is protected from force push", "(pre-receive hook declined)"]),
        (
            Kind::Forgejo,
            vec!["remote: Forgejo: branch main is protected from force push", "(pre-receive hook declined)"],
        ),
    ] {
        let forge = Forge::new(kind).await;
        let id = forge.repository("r");
        let work = forge.working_copy("r").await;
        assert!(forge.git(&work, &["push", "origin", "main"]).await.ok);
        forge.site.protect(id, Protection::new("main")).unwrap();
        assert!(forge.git(&work, &["commit", "-q", "--allow-empty", "-m", "two"]).await.ok);
        let said = forge.git(&work, &["push", "origin", "main"]).await;
        assert!(said.ok, "a fast-forward goes through at {kind}: {}", said.text);
        assert!(forge.git(&work, &["commit", "-q", "--allow-empty", "--amend", "-m", "rewritten"]).await.ok);
        let said = forge.git(&work, &["push", "--force", "origin", "main", "main:side"]).await;
        assert!(!said.ok);
        for text in texts {
            assert!(said.text.contains(text), "{kind} lacks {text}: {}", said.text);
        }
        // GitHub judges each ref by itself, the others the push as a whole.
        let side = forge.site.bare(id).branch("side").unwrap();
        assert_eq!(side.is_some(), kind == Kind::GitHub, "{kind}: {}", said.text);
        let said = forge.git(&work, &["push", "origin", ":main"]).await;
        assert!(!said.ok && said.text.contains("remote rejected"), "{kind}: {}", said.text);
        let hidden = if kind == Kind::GitLab { "refs/merge-requests/9/head" } else { "refs/pull/9/head" };
        let said = forge.git(&work, &["push", "origin", &format!("main:{hidden}")]).await;
        assert!(said.text.contains("deny updating a hidden ref"), "{kind}: {}", said.text);
    }
}

#[tokio::test]
async fn gitlab_protects_the_first_default_branch_by_itself() {
    let forge = Forge::new(Kind::GitLab).await;
    forge.repository("r");
    let work = forge.working_copy("r").await;
    assert!(forge.git(&work, &["push", "origin", "main"]).await.ok);
    let rules = forge.site.repository("octo", "r").unwrap().protections;
    assert_eq!((rules[0].pattern.as_str(), &rules[0].push), ("main", &PushRule::Role(Role::Maintainer)));
    let said = forge.git(&work, &["push", "origin", ":main"]).await;
    assert!(said.text.contains("GitLab: The default branch of a project cannot be deleted."), "{}", said.text);
}

#[tokio::test]
async fn github_wants_a_scope_for_workflows() {
    let forge = Forge::new(Kind::GitHub).await;
    let id = forge.repository("r");
    let work = forge.working_copy("r").await;
    let narrow = forge.site.token("octo", &["repo"]).unwrap().secret;
    let url = forge.site.clone_url("octo/r").replacen("://", &format!("://any:{narrow}@"), 1);
    assert!(forge.git(&work, &["push", &url, "main"]).await.ok, "a push without workflows goes through");
    std::fs::create_dir_all(work.join(".github/workflows")).unwrap();
    std::fs::copy(work.join(".git/HEAD"), work.join(".github/workflows/ci.yml")).unwrap();
    assert!(forge.git(&work, &["add", "."]).await.ok);
    assert!(forge.git(&work, &["commit", "-q", "-m", "ci"]).await.ok);
    let said = forge.git(&work, &["push", &url, "main:ci"]).await;
    let text = "(refusing to allow a Personal Access Token to create or update workflow `.github/workflows/ci.yml` without `workflow` scope)";
    assert!(!said.ok && said.text.contains(text), "{}", said.text);
    assert!(forge.git(&work, &["push", "origin", "main:ci"]).await.ok);
    assert!(forge.site.bare(id).branch("ci").unwrap().is_some());
}

#[tokio::test]
async fn an_archived_repository_takes_no_push() {
    for kind in Kind::ALL {
        let forge = Forge::new(kind).await;
        let id = forge.repository("r");
        let work = forge.working_copy("r").await;
        let patch = refray_sim::world::RepositoryPatch { archived: Some(true), ..Default::default() };
        forge.site.update_repository(id, patch, 1).unwrap();
        let said = forge.git(&work, &["push", "origin", "main"]).await;
        assert!(!said.ok && said.text.contains("403"), "{kind}: {}", said.text);
    }
}

#[tokio::test]
async fn large_and_packed_requests_go_through() {
    let forge = Forge::new(Kind::Gitea).await;
    let id = forge.repository("r");
    let work = forge.working_copy("r").await;
    // Beyond git's buffer a push is sent in chunks, with a probe before it; it does not compress.
    let noise: Vec<u8> = std::iter::repeat_with(|| fastrand::u8(..)).take(3 << 20).collect();
    let mut file = std::fs::File::create(work.join("noise")).unwrap();
    std::io::Write::write_all(&mut file, &noise).unwrap();
    assert!(forge.git(&work, &["add", "."]).await.ok);
    assert!(forge.git(&work, &["commit", "-q", "-m", "noise"]).await.ok);
    let said = forge.git(&work, &["push", "origin", "main"]).await;
    assert!(said.ok, "{}", said.text);
    // Many refs make the negotiation long enough for git to compress it.
    let tip = forge.site.bare(id).branch("main").unwrap().unwrap();
    let stream: String = (0..300).map(|n| format!("reset refs/heads/b{n}\nfrom {tip}\n\n")).collect();
    forge.site.bare(id).import(stream.as_bytes()).unwrap();
    let said = forge.git(forge.work.path(), &["clone", "-q", &forge.url("octo/r"), "copy"]).await;
    assert!(said.ok, "{}", said.text);
    forge.site.commit("octo", "r", "main", &[("b", "1\n")], "two").unwrap();
    let said = forge.git(&forge.work.path().join("copy"), &["fetch", "-q"]).await;
    assert!(said.ok, "{}", said.text);
}

#[tokio::test]
async fn a_pull_request_follows_its_branch_and_merges_for_real() {
    for (kind, name) in [(Kind::GitHub, "refs/pull/1/head"), (Kind::GitLab, "refs/merge-requests/1/head")] {
        let forge = Forge::new(kind).await;
        let id = forge.repository("r");
        let root = forge.site.commit("octo", "r", "main", &[("a", "1\n")], "one").unwrap();
        forge.site.move_ref(id, "refs/heads/topic", &root).unwrap();
        forge.site.commit("octo", "r", "topic", &[("b", "1\n")], "two").unwrap();
        let new = NewPull { title: "t".into(), head: "topic".into(), base: "main".into(), ..NewPull::default() };
        let pull = forge.site.open_pull(id, 1, new.clone()).unwrap();
        assert!(forge.site.open_pull(id, 1, new).is_err(), "there is one already");
        let tip = forge.site.commit("octo", "r", "topic", &[("b", "2\n")], "three").unwrap();
        let bare = forge.site.bare(id);
        assert_eq!(bare.resolve(name).unwrap(), Some(tip.clone()));
        let merged = forge.site.merge_pull(id, pull.number, MergeMethod::Merge, Some(&tip), None, 1).unwrap();
        let main = bare.branch("main").unwrap();
        assert_eq!(main, merged.merge_oid);
        assert_eq!(bare.commit(&main.unwrap()).unwrap().parents, [root, tip]);
    }
}

#[tokio::test]
async fn lfs_objects_go_up_and_come_down() {
    let forge = Forge::new(Kind::GitHub).await;
    forge.repository("r");
    let base = forge.site.clone_url("octo/r");
    let oid = "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824";
    let ask = async |method: Method, path: &str, body: &str| {
        let request = http::Request::builder().method(method).uri(format!("{base}/info/lfs/{path}"));
        let request = request.header("authorization", basic("any", &forge.token));
        send(request.body(body.to_owned().into()).unwrap()).await.unwrap()
    };
    let wants = |operation| format!(r#"{{"operation":"{operation}","objects":[{{"oid":"{oid}","size":5}}]}}"#);
    let missing = ask(Method::POST, "objects/batch", &wants("download")).await.json();
    assert_eq!(missing["objects"][0]["error"]["code"], 404);
    let offer = ask(Method::POST, "objects/batch", &wants("upload")).await.json();
    assert!(offer["objects"][0]["actions"]["upload"]["href"].as_str().unwrap().ends_with(oid));
    assert_eq!(ask(Method::PUT, &format!("objects/{oid}"), "hellO").await.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(ask(Method::PUT, &format!("objects/{oid}"), "hello").await.status, StatusCode::OK);
    let offer = ask(Method::POST, "objects/batch", &wants("download")).await.json();
    assert!(offer["objects"][0]["actions"]["download"]["href"].is_string());
    assert_eq!(ask(Method::GET, &format!("objects/{oid}"), "").await.text, "hello");
}
