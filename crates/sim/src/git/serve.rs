use std::collections::HashMap;
use std::io::Write;
use std::path::Path;
use std::pin::Pin;
use std::process::Stdio;
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

use axum::body::Body;
use axum::extract::Request;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use flate2::write::GzDecoder;
use futures_util::{Stream, StreamExt, stream};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use tokio::io::AsyncWriteExt;
use tokio::process::Command;
use tokio_util::io::ReaderStream;

use super::access::{Denial, Grant, grant};
use super::route::{Ask, Route, Service};
use super::{command, lfs, pktline, receive, rules};
use crate::world::ObjectFormat;
use crate::{Kind, Site};

/// A request's body, unpacked.
pub(super) type BodyStream = Pin<Box<dyn Stream<Item = std::io::Result<Bytes>> + Send>>;

/// Answers a request for git or LFS.
pub(crate) async fn handle(site: Arc<Site>, route: Route, request: Request) -> Response {
    let service = match &route.ask {
        Ask::Refs(service) => service.unwrap_or(Service::UploadPack),
        Ask::Exchange(service) => *service,
        Ask::Lfs(rest) => return lfs::handle(&site, &route, rest.clone(), request).await,
    };
    let grant = match grant(&site, &route, service, request.headers()) {
        Ok(grant) => grant,
        Err(denial) => return deny(&site, &route, request.uri().query(), denial),
    };
    if site.kind() == Kind::GitLab && !route.suffix {
        return deny(&site, &route, request.uri().query(), Denial::Moved(route.repository.clone()));
    }
    let protocol = protocol(&site, request.headers());
    match route.ask {
        Ask::Refs(Some(service)) => refs(&site, &grant, service, protocol).await,
        Ask::Refs(None) => plain(StatusCode::FORBIDDEN, "Please upgrade your git client."),
        Ask::Exchange(Service::UploadPack) => exchange(&site, &grant, protocol, request).await,
        Ask::Exchange(Service::ReceivePack) => {
            let body = unpacked(request);
            receive::receive(&site, grant, body).await
        }
        Ask::Lfs(_) => plain(StatusCode::NOT_FOUND, "Not Found"),
    }
}

/// Says no.
pub(super) fn deny(site: &Site, route: &Route, query: Option<&str>, denial: Denial) -> Response {
    match denial {
        Denial::Unauthorized(text) => {
            let realm = match site.kind() {
                Kind::GitHub => "Basic realm=\"GitHub\"",
                Kind::GitLab => "Basic realm=\"GitLab\"",
                Kind::Gitea => "Basic realm=\"Gitea\"",
                Kind::Forgejo => "Basic realm=\"Forgejo\"",
            };
            let mut response = plain(StatusCode::UNAUTHORIZED, text);
            response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static(realm));
            response
        }
        Denial::Moved(full_path) => {
            let query = query.map(|query| format!("?{query}")).unwrap_or_default();
            let url = format!("{}{}{query}", site.clone_url(&full_path), route.rest);
            let mut response = plain(StatusCode::MOVED_PERMANENTLY, "");
            if let Ok(url) = HeaderValue::from_str(&url) {
                response.headers_mut().insert(header::LOCATION, url);
            }
            response
        }
        Denial::Page(text) => {
            let html = [(header::CONTENT_TYPE, "text/html; charset=utf-8")];
            (html, format!("<!DOCTYPE html>\n<html><body><p>{text}</p></body></html>\n")).into_response()
        }
        Denial::Refused(status, text) => plain(status, &text),
    }
}

/// Returns an answer that git shows after `remote:`.
pub(super) fn plain(status: StatusCode, text: &str) -> Response {
    let headers = [(header::CONTENT_TYPE, "text/plain; charset=utf-8"), (header::CACHE_CONTROL, "no-cache")];
    (status, headers, format!("{text}\n")).into_response()
}

/// Returns the version of the protocol to hand on to git, if it looks like one and is not switched off.
fn protocol(site: &Site, headers: &HeaderMap) -> Option<String> {
    let value = headers.get("git-protocol")?.to_str().ok()?;
    let safe = value.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"=:._-".contains(&byte));
    (safe && !site.faults().v2_is_off()).then(|| value.to_owned())
}

/// Returns a git command with its ends open, whose files cannot grow when the disk is to look full.
pub(super) fn child(folder: &Path, args: &[&str], disk_full: bool) -> Command {
    let mut command = if disk_full {
        let mut shell = command::shell(folder);
        shell.args(["-c", "trap '' XFSZ; ulimit -f 0; exec git \"$@\"", "git"]);
        Command::from(shell)
    } else {
        Command::from(command::git(folder))
    };
    command.args(args).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).kill_on_drop(true);
    command
}

/// What upload-pack says of itself under version 2 of the protocol. It says nothing of a repository but its object format,
/// and is asked for before every listing, so one process for all of them will do.
static CAPABILITIES: LazyLock<Mutex<HashMap<(ObjectFormat, String), Bytes>>> = LazyLock::new(Mutex::default);

async fn capabilities(site: &Site, grant: &Grant, protocol: String) -> Response {
    let key = (grant.repository.object_format, protocol);
    let known = CAPABILITIES.lock().unwrap_or_else(PoisonError::into_inner).get(&key).cloned();
    let text = match known {
        Some(text) => text,
        None => {
            let args = [Service::UploadPack.verb(), "--stateless-rpc", "--http-backend-info-refs", "."];
            let mut command = child(&site.repository_dir(grant.repository.id), &args, false);
            command.stdin(Stdio::null()).env("GIT_PROTOCOL", &key.1);
            match command.output().await {
                Ok(output) if output.status.success() => {
                    let text = Bytes::from(output.stdout);
                    CAPABILITIES.lock().unwrap_or_else(PoisonError::into_inner).insert(key, text.clone());
                    text
                }
                Ok(output) => return plain(StatusCode::INTERNAL_SERVER_ERROR, &output.status.to_string()),
                Err(error) => return plain(StatusCode::INTERNAL_SERVER_ERROR, &error.to_string()),
            }
        }
    };
    advertisement(Service::UploadPack, Body::from(text))
}

fn advertisement(service: Service, body: Body) -> Response {
    let kind = format!("application/x-{}-advertisement", service.as_str());
    ([(header::CONTENT_TYPE, kind.as_str()), (header::CACHE_CONTROL, "no-cache")], body).into_response()
}

async fn refs(site: &Site, grant: &Grant, service: Service, protocol: Option<String>) -> Response {
    let protocol = match protocol {
        Some(it) if service == Service::UploadPack && it.split(':').any(|it| it == "version=2") => {
            return capabilities(site, grant, it).await;
        }
        other => other,
    };
    let hidden: Vec<String> = match service {
        Service::UploadPack => Vec::new(),
        Service::ReceivePack => {
            rules::hidden_refs(site.kind()).iter().map(|name| format!("receive.hideRefs={name}")).collect()
        }
    };
    let mut args: Vec<&str> = hidden.iter().flat_map(|setting| ["-c", setting]).collect();
    args.extend([service.verb(), "--stateless-rpc", "--http-backend-info-refs", "."]);
    let mut command = child(&site.repository_dir(grant.repository.id), &args, false);
    command.stdin(Stdio::null());
    if let Some(protocol) = protocol {
        command.env("GIT_PROTOCOL", protocol);
    }
    let mut child = match command.spawn() {
        Ok(child) => child,
        Err(error) => return plain(StatusCode::INTERNAL_SERVER_ERROR, &error.to_string()),
    };
    let Some(stdout) = child.stdout.take() else {
        return plain(StatusCode::INTERNAL_SERVER_ERROR, "no answer from git");
    };
    let running = site.children().add(child, None);
    let mut greeting = pktline::packet(&format!("# service={}\n", service.as_str())).to_vec();
    greeting.extend_from_slice(b"0000");
    let answer = ReaderStream::with_capacity(stdout, 65_536).map(move |chunk| {
        let _alive = &running;
        chunk
    });
    advertisement(service, Body::from_stream(stream::once(async { Ok(Bytes::from(greeting)) }).chain(answer)))
}

async fn exchange(site: &Site, grant: &Grant, protocol: Option<String>, request: Request) -> Response {
    let mut body = unpacked(request);
    let kind = [(header::CONTENT_TYPE, "application/x-git-upload-pack-result"), (header::CACHE_CONTROL, "no-cache")];
    let mut first = body.next().await;
    if site.faults().ls_refs_are_refused() && matches!(&first, Some(Ok(chunk)) if names_ls_refs(chunk)) {
        let text = "ERR upload-pack: ls-refs is not served at the moment\n";
        return (kind, Body::from(pktline::packet(text))).into_response();
    }
    let args = [Service::UploadPack.verb(), "--stateless-rpc", "."];
    let mut command = child(&site.repository_dir(grant.repository.id), &args, false);
    if let Some(protocol) = protocol {
        command.env("GIT_PROTOCOL", protocol);
    }
    let mut child = match command.spawn() {
        Ok(child) => child,
        Err(error) => return plain(StatusCode::INTERNAL_SERVER_ERROR, &error.to_string()),
    };
    let (Some(mut stdin), Some(stdout)) = (child.stdin.take(), child.stdout.take()) else {
        return plain(StatusCode::INTERNAL_SERVER_ERROR, "no answer from git");
    };
    let feeder = tokio::spawn(async move {
        while let Some(Ok(chunk)) = first {
            // A child that has read enough closes its input.
            if stdin.write_all(&chunk).await.is_err() {
                return;
            }
            first = body.next().await;
        }
    });
    let running = site.children().add(child, Some(feeder.abort_handle()));
    let answer = ReaderStream::with_capacity(stdout, 65_536).map(move |chunk| {
        let _alive = &running;
        chunk
    });
    (kind, Body::from_stream(answer)).into_response()
}

fn names_ls_refs(chunk: &[u8]) -> bool {
    chunk.get(4..).is_some_and(|rest| rest.starts_with(b"command=ls-refs"))
}

/// Returns the body as it was before the client packed it.
pub(super) fn unpacked(request: Request) -> BodyStream {
    let packed = request
        .headers()
        .get(header::CONTENT_ENCODING)
        .is_some_and(|it| it.as_bytes() == b"gzip" || it.as_bytes() == b"x-gzip");
    let plain = request.into_body().into_data_stream().map(|chunk| chunk.map_err(std::io::Error::other));
    if !packed {
        return plain.boxed();
    }
    let decoder = Some(GzDecoder::new(Vec::new()));
    let state = (plain.boxed(), decoder);
    stream::try_unfold(state, |(mut input, mut decoder)| async move {
        loop {
            let Some(unpack) = decoder.as_mut() else { return Ok(None) };
            let output = match input.next().await {
                Some(chunk) => {
                    unpack.write_all(&chunk?)?;
                    std::mem::take(unpack.get_mut())
                }
                None => match decoder.take() {
                    Some(unpack) => unpack.finish()?,
                    None => return Ok(None),
                },
            };
            if !output.is_empty() {
                return Ok(Some((Bytes::from(output), (input, decoder))));
            }
        }
    })
    .boxed()
}
