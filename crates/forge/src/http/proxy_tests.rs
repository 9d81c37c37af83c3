//! Connections through a proxy that the environment names.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::Request;
use futures_util::TryStreamExt;
use refray_core::config::{Provider, Site};
use refray_git::transport::{ProtocolVersion, Service};
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};

use super::testing::{Variables, quick, serve, site};
use super::tls_tests::{authority_file, serve_named};
use super::{Call, Client};
use crate::error::ErrorKind;

/// The base64 of `who:pass-marker`.
const SIGNED_IN: &str = "Proxy-Authorization: Basic d2hvOnBhc3MtbWFya2Vy";

type Heads = Arc<Mutex<Vec<String>>>;

/// A proxy that leads every visitor to `to`, whatever host is asked for, and notes what it is asked. Without `open` it wants
/// to know who is there first.
async fn proxy(to: SocketAddr, open: bool) -> (SocketAddr, Heads) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let heads: Heads = Arc::default();
    let seen = Arc::clone(&heads);
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let seen = Arc::clone(&seen);
            tokio::spawn(async move {
                let mut head = Vec::new();
                while !head.ends_with(b"\r\n\r\n") {
                    let Ok(byte) = stream.read_u8().await else { return };
                    head.push(byte);
                }
                let text = String::from_utf8(head.clone()).unwrap();
                seen.lock().unwrap().push(text.clone());
                if !open && !text.to_lowercase().contains(&SIGNED_IN.to_lowercase()) {
                    let refusal =
                        b"HTTP/1.1 407 Proxy Authentication Required\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";
                    drop(stream.write_all(refusal).await);
                    return;
                }
                let mut server = TcpStream::connect(to).await.unwrap();
                if text.starts_with("CONNECT ") {
                    stream.write_all(b"HTTP/1.1 200 Connection established\r\n\r\n").await.unwrap();
                } else {
                    server.write_all(&head).await.unwrap();
                }
                drop(copy_bidirectional(&mut stream, &mut server).await);
            });
        }
    });
    (address, heads)
}

fn client(base: &str, variables: &[(&str, &str)], change: impl FnOnce(&mut Site)) -> Client {
    let mut site = (*site(Provider::Gitea, base)).clone();
    change(&mut site);
    let variables: Vec<_> = variables.iter().copied().chain([("TOKEN", "s3cret-marker")]).collect();
    Client::new(Arc::new(site), Variables::of(&variables), quick()).unwrap()
}

fn version(client: &Client) -> Call {
    Call::get(client.api_url(["version"]), "ask for the version")
}

/// A forge that answers the API and the first of git's questions.
fn forge() -> Router {
    Router::new().fallback(|request: Request| async move {
        if request.uri().path().ends_with("/info/refs") {
            let headers = [("content-type", "application/x-git-upload-pack-advertisement")];
            return (headers, "000eversion 2\n0000".to_owned());
        }
        ([("content-type", "application/json")], "\"here\"".to_owned())
    })
}

#[tokio::test]
async fn plain_requests_go_through_the_proxy_of_the_api_and_of_git() {
    let (address, heads) = proxy(serve(forge()).await, false).await;
    let through = format!("http://who:pass-marker@{address}");
    let client = client("http://forge.example", &[("HTTP_PROXY", &through)], |site| site.allow_http = true);
    assert_eq!(client.json::<Value>(&version(&client)).await.unwrap(), "here");
    let stream = client.remote("o/r").advertise(Service::UploadPack, ProtocolVersion::V2).await.unwrap();
    drop::<Vec<_>>(stream.try_collect().await.unwrap());
    let heads = heads.lock().unwrap().join("");
    assert!(heads.contains("GET http://forge.example/api/v1/version HTTP/1.1"), "{heads}");
}

#[tokio::test]
async fn trusted_requests_go_through_a_tunnel_that_sees_no_token() {
    for variable in ["HTTPS_PROXY", "https_proxy", "ALL_PROXY"] {
        let (base, authority) = serve_named("forge.example", &[b"h2", b"http/1.1"], forge()).await;
        let (address, heads) = proxy(base.socket_addrs(|| None).unwrap()[0], false).await;
        let ca = authority_file(&authority);
        let through = format!("http://who:pass-marker@{address}");
        let client =
            client("https://forge.example", &[(variable, &through)], |site| site.ca_file = Some(ca.path().to_owned()));
        assert_eq!(client.json::<Value>(&version(&client)).await.unwrap(), "here");
        let stream = client.remote("o/r").advertise(Service::UploadPack, ProtocolVersion::V2).await.unwrap();
        drop::<Vec<_>>(stream.try_collect().await.unwrap());
        let heads = heads.lock().unwrap().clone();
        assert!(heads.iter().all(|head| head.starts_with("CONNECT forge.example:443 HTTP/1.1\r\n")), "{heads:?}");
        assert!(!heads.concat().contains("s3cret") && !heads.concat().to_lowercase().contains("\nauthorization:"));
    }
}

#[tokio::test]
async fn a_proxy_that_refuses_is_no_connection_and_its_password_is_not_told() {
    for (scheme, variable) in [("https", "HTTPS_PROXY"), ("http", "HTTP_PROXY")] {
        let (address, heads) = proxy("127.0.0.1:9".parse().unwrap(), false).await;
        let through = format!("http://who:wrong-marker@{address}");
        let base = format!("{scheme}://forge.example");
        let client = client(&base, &[(variable, &through)], |site| site.allow_http = true);
        let error = client.send(&version(&client)).await.unwrap_err();
        assert_eq!(error.kind, ErrorKind::Connect, "{error}");
        assert!(error.remedy().contains("the proxy"));
        let told = format!("{error} {error:?} {}", error.remedy());
        assert!(!told.contains("marker") && !told.contains("d2hvO"), "{told}");
        let error = client.remote("o/r").advertise(Service::UploadPack, ProtocolVersion::V2).await.err().unwrap();
        assert_eq!(error.kind, refray_git::transport::TransportErrorKind::Connect, "{error}");
        assert!(!format!("{error} {error:?}").contains("marker"), "{error}");
        assert!(!heads.lock().unwrap().is_empty());
    }
}

#[tokio::test]
async fn hosts_that_need_no_proxy_are_asked_directly() {
    let (address, heads) = proxy("127.0.0.1:9".parse().unwrap(), true).await;
    let through = format!("http://{address}");
    for except in ["forge.example", ".example", "*", "other.test, forge.example"] {
        let variables = [("http_proxy", through.as_str()), ("NO_PROXY", except)];
        let client = client("http://forge.example", &variables, |site| site.allow_http = true);
        // Nobody has that name, so there is no connection; what counts is that the proxy is not asked.
        assert_eq!(client.send(&version(&client)).await.unwrap_err().kind, ErrorKind::Connect);
    }
    assert!(heads.lock().unwrap().is_empty());
    // What is on this machine is reached without it as well.
    let here = format!("http://{}", serve(forge()).await);
    let client = client(&here, &[("ALL_PROXY", &through)], |_| ());
    assert_eq!(client.json::<Value>(&version(&client)).await.unwrap(), "here");
    assert!(heads.lock().unwrap().is_empty());
}

#[tokio::test]
async fn a_proxy_that_cannot_be_understood_is_told_at_once_without_its_password() {
    let environment = Variables::of(&[("HTTPS_PROXY", "http://who:pass-marker@[no-host")]);
    let error = Client::new(site(Provider::Gitea, "https://forge.example"), environment, quick()).err().unwrap();
    assert!(!format!("{error} {error:?}").contains("marker"), "{error}");
    assert!(error.message.contains("proxy"), "{error}");
}
