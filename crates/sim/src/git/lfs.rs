//! LFS's batch API with its basic transfer, which all four forges speak alike.

use std::path::PathBuf;
use std::sync::Arc;

use axum::body::to_bytes;
use axum::extract::Request;
use axum::response::{IntoResponse, Response};
use http::{Method, StatusCode, header};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::access::{Denial, grant};
use super::route::{Route, Service};
use super::serve::deny;
use crate::Site;
use crate::ids::to_hex;

const MOST: usize = 256 << 20;

pub(super) async fn handle(site: &Arc<Site>, route: &Route, rest: String, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let Ok(body) = to_bytes(body, MOST).await else { return answer(StatusCode::PAYLOAD_TOO_LARGE, &json!({})) };
    let batch: Option<Value> = (rest == "objects/batch").then(|| serde_json::from_slice(&body).ok()).flatten();
    let uploads = batch.as_ref().is_some_and(|it| it["operation"] == "upload") || parts.method == Method::PUT;
    let service = if uploads { Service::ReceivePack } else { Service::UploadPack };
    let grant = match grant(site, route, service, &parts.headers) {
        Ok(grant) => grant,
        Err(Denial::Unauthorized(text)) => {
            let mut response = message(StatusCode::UNAUTHORIZED, text);
            response
                .headers_mut()
                .insert("lfs-authenticate", http::HeaderValue::from_static("Basic realm=\"Git LFS\""));
            return response;
        }
        Err(Denial::Refused(status, text)) => return message(status, &text),
        Err(moved) => return deny(site, route, parts.uri.query(), moved),
    };
    let folder = site.repository_dir(grant.repository.id).with_extension("lfs");
    if let Some(batch) = batch {
        let authorization = parts.headers.get(header::AUTHORIZATION).and_then(|it| it.to_str().ok());
        let base = format!("{}/info/lfs/objects", site.clone_url(&route.repository));
        return answer(StatusCode::OK, &offers(&batch, uploads, &folder, &base, authorization));
    }
    let oid = rest.strip_prefix("objects/").filter(|oid| is_oid(oid));
    match (oid, parts.method) {
        (Some(oid), Method::GET) => match tokio::fs::read(folder.join(oid)).await {
            Ok(content) => ([(header::CONTENT_TYPE, "application/octet-stream")], content).into_response(),
            Err(_) => message(StatusCode::NOT_FOUND, "Object does not exist"),
        },
        (Some(oid), Method::PUT) => store(&folder, oid, &body).await,
        _ => message(StatusCode::NOT_FOUND, "Not found"),
    }
}

fn offers(batch: &Value, uploads: bool, folder: &std::path::Path, base: &str, authorization: Option<&str>) -> Value {
    let mut objects = Vec::new();
    for wanted in batch["objects"].as_array().into_iter().flatten() {
        let (oid, size) = (wanted["oid"].as_str().unwrap_or_default(), wanted["size"].as_u64().unwrap_or_default());
        let mut object = json!({ "oid": oid, "size": size });
        let there = is_oid(oid) && std::fs::metadata(folder.join(oid)).is_ok_and(|it| it.len() == size);
        if !is_oid(oid) {
            object["error"] = json!({ "code": 422, "message": "Oid is invalid" });
        } else if uploads != there {
            let action = if uploads { "upload" } else { "download" };
            let mut offer = json!({ "href": format!("{base}/{oid}") });
            if let Some(authorization) = authorization {
                offer["header"] = json!({ "Authorization": authorization });
            }
            object["authenticated"] = json!(true);
            object["actions"] = json!({ action: offer });
        } else if !uploads {
            object["error"] = json!({ "code": 404, "message": "Object does not exist" });
        }
        objects.push(object);
    }
    json!({ "transfer": "basic", "objects": objects, "hash_algo": "sha256" })
}

#[expect(clippy::disallowed_methods, reason = "a simulated forge's files live no longer than the simulator")]
async fn store(folder: &PathBuf, oid: &str, content: &[u8]) -> Response {
    if to_hex(&Sha256::digest(content)) != oid {
        return message(StatusCode::UNPROCESSABLE_ENTITY, "Content does not match its oid");
    }
    let stored = match tokio::fs::create_dir_all(folder).await {
        Ok(()) => tokio::fs::write(folder.join(oid), content).await,
        Err(error) => Err(error),
    };
    match stored {
        Ok(()) => StatusCode::OK.into_response(),
        Err(error) => message(StatusCode::INSUFFICIENT_STORAGE, &error.to_string()),
    }
}

fn is_oid(text: &str) -> bool {
    text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte))
}

fn message(status: StatusCode, text: &str) -> Response {
    answer(status, &json!({ "message": text }))
}

fn answer(status: StatusCode, body: &Value) -> Response {
    (status, [(header::CONTENT_TYPE, "application/vnd.git-lfs+json")], body.to_string()).into_response()
}
