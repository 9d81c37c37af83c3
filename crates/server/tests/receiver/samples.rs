//! Deliveries of real forges, with the signatures that the forges would send.

use std::collections::BTreeMap;
use std::path::Path;

use http::StatusCode;
use refray_server::hint::{Hint, HintKind};
use serde_json::Value;

use crate::world::{NOW, Post, SECRET, SIGNING_TOKEN, World};

/// What a sample is to be understood as.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kind {
    Refs,
    Repository,
    Ignored,
}

/// A folder of samples.
pub(crate) struct Samples {
    signatures: Value,
    pub(crate) posts: BTreeMap<String, Post>,
}

impl Samples {
    pub(crate) fn load(folder: &Path) -> Self {
        let signatures = std::fs::read(folder.join("signatures.json")).unwrap();
        let signatures: Value = serde_json::from_slice(&signatures).unwrap();
        assert_eq!(
            (&signatures["_secret"], &signatures["_gitlab_signing_token"]),
            (&SECRET.into(), &SIGNING_TOKEN.into())
        );
        assert_eq!(signatures["_gitlab_webhook_timestamp"], NOW.to_string());
        let files = signatures["files"].as_object().unwrap();
        let posts = files.iter().map(|(file, own)| {
            let body = std::fs::read(folder.join(file)).unwrap();
            assert_eq!(own["bytes"], body.len(), "{file}");
            let event = own["event"].as_str().unwrap();
            let families: &[&str] = match file.split('/').next().unwrap() {
                "github" => &["github"],
                "gitlab" => &["gitlab"],
                "gitea" => &["github", "gogs", "gitea"],
                "forgejo" => &["github", "gogs", "gitea", "forgejo"],
                other => panic!("samples of {other}"),
            };
            let post =
                families.iter().fold(Post::new(body), |post, family| post.set(&format!("x-{family}-event"), event));
            let headers = own.as_object().unwrap().iter();
            let headers = headers.filter(|(name, _)| name.starts_with("x-") || name.starts_with("webhook-"));
            let mut post = headers.fold(post, |post, (name, value)| post.set(name, value.as_str().unwrap()));
            if families == ["gitlab"] {
                post = post.set("webhook-id", signatures["_gitlab_webhook_id"].as_str().unwrap());
                post = post.set("webhook-timestamp", signatures["_gitlab_webhook_timestamp"].as_str().unwrap());
            }
            (file.clone(), post)
        });
        Self { posts: posts.collect(), signatures }
    }

    /// Returns what a sample is to be understood as, by the event in its header and, where the header does not say, by
    /// its name.
    pub(crate) fn expected(&self, file: &str) -> Kind {
        let system = |word: &str| file.contains(word);
        match self.signatures["files"][file]["event"].as_str().unwrap() {
            "push" | "create" | "delete" | "Push Hook" | "Tag Push Hook" => Kind::Refs,
            "System Hook" if system("push") || system("repository_update") => Kind::Refs,
            "System Hook" if system("project") => Kind::Repository,
            "repository" | "Project Hook" => Kind::Repository,
            "ping" | "meta" | "System Hook" | "Subgroup Hook" | "Merge Request Hook" => Kind::Ignored,
            other => panic!("{file}: {other}"),
        }
    }

    /// Sends every sample, and checks what is made of it. Returns how many there are of each forge and kind.
    pub(crate) async fn check(&self) -> BTreeMap<(String, Kind), usize> {
        let world = World::new();
        let stranger = World::with(|options| {
            options.secret = refray_core::secret::Secret::new("another".to_owned());
            options.signing_token = None;
        });
        let mut counts = BTreeMap::new();
        for (file, post) in &self.posts {
            let kind = self.expected(file);
            let status = if kind == Kind::Ignored { StatusCode::OK } else { StatusCode::ACCEPTED };
            assert_eq!(world.send(post).await, status, "{file}");
            let hints = world.recorder.take();
            if kind == Kind::Ignored {
                assert_eq!(hints, [], "{file}");
            } else {
                assert_eq!(hints.len(), 1, "{file}");
                plausible(file, kind, &hints[0]);
            }
            assert_eq!(stranger.send(post).await, StatusCode::UNAUTHORIZED, "{file}");
            let mut changed = post.clone();
            changed.body.push(b' ');
            assert_eq!(world.send(&changed).await, StatusCode::UNAUTHORIZED, "{file}");
            if file.starts_with("gitlab/") {
                let token =
                    post.clone().without("webhook-signature").without("webhook-id").set("x-gitlab-token", SECRET);
                assert_eq!(world.send(&token).await, status, "{file}");
                assert_eq!(world.recorder.take(), hints, "{file}");
            }
            *counts.entry((file.split('/').next().unwrap().to_owned(), kind)).or_default() += 1;
        }
        assert_eq!(stranger.recorder.take(), []);
        counts
    }
}

/// Checks what the name of a sample tells.
fn plausible(file: &str, kind: Kind, hint: &Hint) {
    assert_eq!(hint.provider.as_str(), file.split('/').next().unwrap());
    assert!(hint.id.as_deref().is_some_and(|id| id.parse::<u64>().is_ok()), "{file}: {hint:?}");
    assert!(hint.paths.iter().all(|path| path.contains('/')) && !hint.paths.is_empty(), "{file}: {hint:?}");
    let moved = file.contains("renamed") || file.contains("rename.") || file.contains("transfer");
    assert_eq!(hint.paths.len(), if moved { 2 } else { 1 }, "{file}: {hint:?}");
    // GitLab tells no address of a project that came, went or moved.
    let untold = file.starts_with("gitlab/") && kind == Kind::Repository;
    assert_eq!(hint.hosts.len(), usize::from(!untold), "{file}: {hint:?}");
    let refs = match &hint.kind {
        HintKind::Refs(refs) => refs,
        other => {
            assert_eq!((kind, other), (Kind::Repository, &HintKind::Repository), "{file}");
            return;
        }
    };
    assert_eq!((kind, refs.len()), (Kind::Refs, 1), "{file}: {hint:?}");
    let prefix = if file.contains("tag") { "refs/tags/" } else { "refs/heads/" };
    let short = refs[0].name.strip_prefix(prefix).unwrap_or_else(|| panic!("{file}: {hint:?}"));
    assert!(!short.contains('/'), "{file}: {hint:?}");
    assert_eq!(refs[0].deleted, file.contains("delete"), "{file}: {hint:?}");
    // What a new tag is worth is told by the push that comes with it; GitHub tells it of nothing that was created.
    let untold = file.contains("create_tag") || file.starts_with("github/create");
    assert_eq!(refs[0].new.is_some(), !refs[0].deleted && !untold, "{file}: {hint:?}");
}
