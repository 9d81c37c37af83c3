//! refray's own reading of the answers that the forges have published.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::Request;
use axum::response::{IntoResponse, Response};
use http::{StatusCode, header};
use refray_core::config::NamespaceKind;
use refray_core::name::{BranchName, RepoName};
use refray_core::repository::{ForgeId, Visibility};
use refray_forge::{ErrorKind, Forge, ForgeError, RepositoryPatch};
use refray_sim::Kind;

use crate::samples::Samples;
use crate::spec::Spec;
use crate::stage::{adapter, branch, endpoint, hook, new, pull};

/// What came of it.
#[derive(Debug, Default)]
pub(crate) struct Replayed {
    /// The samples that were read, as operation and name.
    pub(crate) read: BTreeSet<(String, String)>,
    /// What an adapter made of samples that it could not read.
    pub(crate) unread: Vec<String>,
}

/// Lets an adapter do everything at a forge that answers with its samples, whatever it is asked.
pub(crate) async fn replay(kind: Kind, spec: Spec, samples: Samples) -> Replayed {
    let owned = Arc::new((spec, samples));
    let mut replayed = Replayed::default();
    // An operation may have several samples: each gets its turn.
    for turn in 0..2 {
        let read = Arc::new(Mutex::new(BTreeSet::new()));
        let (shared, noted) = (Arc::clone(&owned), Arc::clone(&read));
        let router = Router::new().fallback(async move |request: Request| {
            let (spec, samples) = &*shared;
            let (answer, name) = sample(spec, samples, turn, &request);
            if let Some(name) = name {
                noted.lock().unwrap().insert(name);
            }
            answer
        });
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let serving = tokio::spawn(async move { axum::serve(listener, router).await });
        for (doing, error) in everything(kind, &*adapter(kind, &url, "a-token")).await {
            if matches!(error.kind, ErrorKind::Protocol) {
                replayed.unread.push(format!("{doing}: {error}"));
            }
        }
        serving.abort();
        replayed.read.append(&mut read.lock().unwrap());
    }
    replayed
}

fn sample(spec: &Spec, samples: &Samples, turn: usize, request: &Request) -> (Response, Option<(String, String)>) {
    let Some(operation) = spec.find(request.method().as_str(), request.uri().path()) else {
        return (StatusCode::NOT_FOUND.into_response(), None);
    };
    let all = samples.successes(&operation.name);
    let Some((status, name, body)) = all.get(turn).or(all.last()).copied() else {
        // Nothing was published, because nothing is in the body.
        let empty = [204_u16, 202, 201].into_iter().find(|status| operation.answer(u64::from(*status)) == Some(None));
        let status = empty.and_then(|status| StatusCode::from_u16(status).ok());
        return (status.unwrap_or(StatusCode::NOT_FOUND).into_response(), None);
    };
    let kind = [(header::CONTENT_TYPE, "application/json")];
    let status = StatusCode::from_u16(*status).unwrap();
    ((status, kind, body.to_string()).into_response(), Some((operation.name.clone(), name.clone())))
}

async fn everything(kind: Kind, forge: &dyn Forge) -> Vec<(&'static str, ForgeError)> {
    let mut failed = Vec::new();
    let mut note = |doing: &'static str, error: Option<ForgeError>| failed.extend(error.map(|error| (doing, error)));
    note("account", forge.account().await.err());
    let group = if kind == Kind::GitLab { NamespaceKind::Group } else { NamespaceKind::Org };
    for (kind, name) in [(group, "octocat"), (NamespaceKind::User, "octocat"), (NamespaceKind::User, "somebody")] {
        let space = endpoint(forge, kind, name);
        note("namespace", forge.namespace(&space).await.err());
        note("list", forge.list(&space).await.err());
        note("create", forge.create(&space, &new("Hello-World")).await.err());
        note("rights", forge.rights(&space).await.err());
    }
    let path = "octocat/Hello-World";
    note("get", forge.get(path).await.err());
    let patch = RepositoryPatch {
        default_branch: branch("main"),
        description: Some("New.".into()),
        visibility: Some(Visibility::Private),
    };
    note("update", forge.update(path, &patch).await.err());
    // The samples have ids of their own.
    for id in ["1", "1296269"] {
        let id = ForgeId(id.into());
        note("get by id", forge.get_by_id(&id).await.err());
        note("rename", forge.rename(path, &id, &RepoName::new("Hello-World").unwrap()).await.err());
        note("delete", forge.delete(path, &id).await.err());
        note("revive", forge.revive(path, &id).await.err());
    }
    note("pulls", forge.pulls(path, "").await.err());
    note("open a pull", forge.open_pull(path, &pull("new-topic")).await.err());
    note("edit a pull", forge.edit_pull(path, 1347, "Title", "Text").await.err());
    note("close a pull", forge.close_pull(path, 1347, "Solved.").await.err());
    note("hooks", forge.hooks(path).await.err());
    note("create a hook", forge.create_hook(path, &hook("https://example.com/hook", "one-secret")).await.err());
    note("update a hook", forge.update_hook(path, "1", &hook("https://example.com/hook", "one-secret")).await.err());
    note("delete a hook", forge.delete_hook(path, "1").await.err());
    note("branch rules", forge.branch_rules(path, &BranchName::new("main").unwrap()).await.err());
    failed
}
