//! The switches over HTTP, for those who run the simulator as a program of its own.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use http::StatusCode;
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::Site;
use crate::faults::{Effect, ReceiveFault};
use crate::site::Snapshot;

/// What handlers share.
#[derive(Clone)]
struct Switches {
    sites: Arc<BTreeMap<String, Arc<Site>>>,
    snapshots: Arc<Mutex<BTreeMap<u64, (String, Snapshot)>>>,
}

/// One thing to switch. Which ones there are is what [`Faults`](crate::Faults) and [`Site`] can do.
#[derive(Debug, Deserialize)]
#[serde(tag = "do", rename_all = "snake_case", deny_unknown_fields)]
enum Switch {
    Clear,
    Latency {
        milliseconds: u64,
    },
    Status {
        path: String,
        method: Option<String>,
        times: Option<u64>,
        status: u16,
        #[serde(default)]
        text: String,
    },
    Reset {
        path: String,
        method: Option<String>,
        times: Option<u64>,
        #[serde(default)]
        after: usize,
    },
    Drop {
        path: String,
        method: Option<String>,
        times: Option<u64>,
    },
    NoNextPage {
        path: String,
        times: Option<u64>,
    },
    EmptyPage {
        path: String,
        times: Option<u64>,
        page: u64,
    },
    LessItems {
        path: String,
        times: Option<u64>,
        count: usize,
    },
    RateLimit {
        limit: u64,
        seconds: u64,
    },
    SecondaryLimit {
        times: u64,
        retry_after: u64,
    },
    V2 {
        off: bool,
    },
    RefuseLsRefs {
        refuse: bool,
    },
    DiskFull,
    NarrowToken {
        token: String,
        scopes: Vec<String>,
        #[serde(default)]
        private_hidden: bool,
    },
    MoveRef {
        repository: String,
        name: String,
        to: String,
    },
    MoveRefBeforeNextPush {
        repository: String,
        name: String,
        to: String,
    },
}

/// Serves the switches until the task is aborted.
pub(crate) async fn serve(sites: BTreeMap<String, Arc<Site>>, listener: TcpListener) {
    let switches = Switches { sites: Arc::new(sites), snapshots: Arc::default() };
    let router = Router::new()
        .route("/-/sim/sites", get(list))
        .route("/-/sim/{site}/requests", get(requests).delete(forget))
        .route("/-/sim/{site}/deliveries", get(deliveries))
        .route("/-/sim/{site}/faults", post(switch))
        .route("/-/sim/{site}/snapshots", post(snapshot))
        .route("/-/sim/{site}/snapshots/{id}/restore", post(restore))
        .with_state(switches);
    if let Err(error) = axum::serve(listener, router).await {
        tracing::warn!(%error, "the simulator's switches are gone");
    }
}

async fn list(State(all): State<Switches>) -> Json<Value> {
    let sites = all.sites.values();
    let sites: Vec<Value> =
        sites.map(|it| json!({ "name": it.name(), "kind": it.kind().as_str(), "base_url": it.base_url() })).collect();
    Json(Value::Array(sites))
}

impl Switches {
    fn site(&self, name: &str) -> Result<Arc<Site>, Response> {
        self.sites.get(name).cloned().ok_or_else(|| StatusCode::NOT_FOUND.into_response())
    }
}

fn bad(error: &impl ToString) -> Response {
    (StatusCode::BAD_REQUEST, error.to_string()).into_response()
}

async fn requests(State(all): State<Switches>, Path(site): Path<String>) -> Result<Json<Value>, Response> {
    let entries = all.site(&site)?.requests().all();
    let entries = entries.into_iter().map(|it| {
        json!({
            "method": it.method, "path": it.path, "query": it.query, "version": it.version, "headers": it.headers,
            "credentials": it.credentials, "body": it.body, "status": it.status,
            "answer_headers": it.answer_headers, "answer": it.answer, "rest": it.rest,
        })
    });
    Ok(Json(entries.collect()))
}

async fn forget(State(all): State<Switches>, Path(site): Path<String>) -> Result<StatusCode, Response> {
    all.site(&site)?.requests().clear();
    Ok(StatusCode::NO_CONTENT)
}

async fn deliveries(State(all): State<Switches>, Path(site): Path<String>) -> Result<Json<Value>, Response> {
    let entries = all.site(&site)?.deliveries().all();
    let entries = entries.into_iter().map(|it| {
        json!({
            "hook": it.hook, "event": it.event, "url": it.url, "headers": it.headers, "body": it.body,
            "status": it.status, "error": it.error,
        })
    });
    Ok(Json(entries.collect()))
}

async fn switch(
    State(all): State<Switches>,
    Path(site): Path<String>,
    Json(what): Json<Switch>,
) -> Result<StatusCode, Response> {
    let site = all.site(&site)?;
    let faults = site.faults();
    let add = |method: Option<String>, path: &str, times, effect| {
        faults.add_for(method.as_deref(), path, times, effect).map_err(|error| bad(&error))
    };
    match what {
        Switch::Clear => faults.clear(),
        Switch::Latency { milliseconds } => faults.latency(Duration::from_millis(milliseconds)),
        Switch::Status { path, method, times, status, text } => {
            add(method, &path, times, Effect::Status(status, text))?;
        }
        Switch::Reset { path, method, times, after } => add(method, &path, times, Effect::Reset(after))?,
        Switch::Drop { path, method, times } => add(method, &path, times, Effect::Drop)?,
        Switch::NoNextPage { path, times } => add(None, &path, times, Effect::NoNextPage)?,
        Switch::EmptyPage { path, times, page } => add(None, &path, times, Effect::EmptyPage(page))?,
        Switch::LessItems { path, times, count } => add(None, &path, times, Effect::LessItems(count))?,
        Switch::RateLimit { limit, seconds } => faults.rate_limit(limit, Duration::from_secs(seconds)),
        Switch::SecondaryLimit { times, retry_after } => faults.secondary_limit(times, retry_after),
        Switch::V2 { off } => faults.v2_off(off),
        Switch::RefuseLsRefs { refuse } => faults.refuse_ls_refs(refuse),
        Switch::DiskFull => faults.break_receive(ReceiveFault::DiskFull),
        Switch::NarrowToken { token, scopes, private_hidden } => {
            let scopes: Vec<&str> = scopes.iter().map(String::as_str).collect();
            site.narrow_token(&token, &scopes, private_hidden);
        }
        Switch::MoveRef { repository, name, to } => {
            let id = repository_id(&site, &repository)?;
            let moved = crate::dialect::blocking(move || site.move_ref(id, &name, &to)).await;
            moved.map_err(|error| bad(&error))?;
        }
        Switch::MoveRefBeforeNextPush { repository, name, to } => {
            let id = repository_id(&site, &repository)?;
            faults.before_receive(id, move |site| {
                if let Err(error) = site.move_ref(id, &name, &to) {
                    tracing::warn!(%error, %name, "the ref did not move before the push");
                }
            });
        }
    }
    Ok(StatusCode::NO_CONTENT)
}

fn repository_id(site: &Site, full_path: &str) -> Result<u64, Response> {
    let found = site.world().repository(full_path).map(|it| it.id);
    found.ok_or_else(|| StatusCode::NOT_FOUND.into_response())
}

async fn snapshot(State(all): State<Switches>, Path(site): Path<String>) -> Result<Json<Value>, Response> {
    let it = all.site(&site)?;
    let taken = crate::dialect::blocking(move || it.snapshot()).await.map_err(|error| bad(&error))?;
    let mut snapshots = all.snapshots.lock().unwrap_or_else(PoisonError::into_inner);
    let id = snapshots.len() as u64 + 1;
    snapshots.insert(id, (site, taken));
    Ok(Json(json!({ "id": id })))
}

async fn restore(State(all): State<Switches>, Path((site, id)): Path<(String, u64)>) -> Result<StatusCode, Response> {
    let it = all.site(&site)?;
    let restored = crate::dialect::blocking(move || {
        let snapshots = all.snapshots.lock().unwrap_or_else(PoisonError::into_inner);
        let (_, snapshot) = snapshots.get(&id).filter(|(of, _)| *of == site)?;
        Some(it.restore(snapshot))
    });
    match restored.await {
        None => Err(StatusCode::NOT_FOUND.into_response()),
        Some(Err(error)) => Err(bad(&error)),
        Some(Ok(())) => Ok(StatusCode::NO_CONTENT),
    }
}
