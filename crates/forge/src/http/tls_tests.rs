//! Connections to a forge whose certificate is of its own authority.

use std::io::Write;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use axum::Router;
use axum::extract::Request;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto::Builder;
use hyper_util::service::TowerToHyperService;
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use refray_core::config::{Provider, Site};
use refray_git::transport::{ProtocolVersion, Service, TransportErrorKind};
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use serde_json::Value;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use url::Url;

use super::testing::{Variables, quick, site};
use super::{Call, Client};
use crate::error::ErrorKind;

/// Serves over TLS on loopback, offering HTTP/2, and returns the address and the authority's certificate.
async fn serve() -> (Url, String) {
    let (mut base, authority) = serve_named("localhost", &[b"h2", b"http/1.1"], versions()).await;
    base.set_host(Some("localhost")).unwrap();
    (base, authority)
}

/// A forge that says which version of HTTP it was asked by.
fn versions() -> Router {
    Router::new().fallback(|request: Request| async move { axum::Json(format!("{:?}", request.version())) })
}

/// Keeps an authority's certificate in a file.
pub(super) fn authority_file(pem: &str) -> tempfile::NamedTempFile {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(pem.as_bytes()).unwrap();
    file
}

/// Serves over TLS on loopback by a certificate for `host`, offering these protocols, and returns the address and the
/// certificate of the authority.
pub(super) async fn serve_named(host: &str, protocols: &[&[u8]], router: Router) -> (Url, String) {
    let (acceptor, authority) = acceptor(host, protocols);
    let base = accept(move |stream| {
        let (acceptor, service) = (acceptor.clone(), TowerToHyperService::new(router.clone()));
        async move {
            // A client that does not trust the certificate hangs up here.
            if let Ok(stream) = acceptor.accept(stream).await {
                drop(Builder::new(TokioExecutor::new()).serve_connection(TokioIo::new(stream), service).await);
            }
        }
    });
    (base.await, authority)
}

/// Does this with each connection to an address on loopback, which it returns.
async fn accept<F: Future<Output = ()> + Send + 'static>(each: impl Fn(TcpStream) -> F + Send + 'static) -> Url {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            tokio::spawn(each(stream));
        }
    });
    Url::parse(&format!("https://127.0.0.1:{port}")).unwrap()
}

/// What answers by a certificate for `host`, and the certificate of its authority.
fn acceptor(host: &str, protocols: &[&[u8]]) -> (TlsAcceptor, String) {
    let authority_key = KeyPair::generate().unwrap();
    let mut authority = CertificateParams::new(Vec::new()).unwrap();
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority_pem = authority.self_signed(&authority_key).unwrap().pem();
    let issuer = Issuer::new(authority, authority_key);
    let key = KeyPair::generate().unwrap();
    let certificate = CertificateParams::new(vec![host.to_owned()]).unwrap().signed_by(&key, &issuer).unwrap();

    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(key.serialize_der()));
    let mut config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate.der().clone()], key)
        .unwrap();
    config.alpn_protocols = protocols.iter().map(|name| name.to_vec()).collect();
    (TlsAcceptor::from(Arc::new(config)), authority_pem)
}

fn client(base: &Url, ca_file: Option<PathBuf>) -> Client {
    let site = Site { ca_file, ..(*site(Provider::Gitea, base.as_str())).clone() };
    Client::new(Arc::new(site), Variables::of(&[("TOKEN", "t")]), quick()).unwrap()
}

#[tokio::test]
async fn a_private_authority_is_trusted_when_it_is_named_and_only_then() {
    let (base, authority) = serve().await;
    let file = authority_file(&authority);

    let trusting = client(&base, Some(file.path().to_owned()));
    let call = Call::get(trusting.api_url(["version"]), "ask for the version");
    let version: Value = trusting.json(&call).await.unwrap();
    assert_eq!(version, "HTTP/2.0", "HTTP/2 is agreed on by ALPN");

    let error = client(&base, None).send(&call).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Tls, "{error}");

    let other = authority_file(&serve().await.1);
    let client = client(&base, Some(other.path().to_owned()));
    let error = client.send(&call).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Tls, "another authority vouches for nothing here: {error}");
    assert!(error.remedy().contains("`ca_file`"));
    let error = client.remote("o/r").advertise(Service::UploadPack, ProtocolVersion::V2).await.err().unwrap();
    assert_eq!(error.kind, TransportErrorKind::Tls, "{error}");
}

#[tokio::test]
async fn a_server_that_speaks_only_http_1_1_will_do() {
    for protocols in [&[&b"http/1.1"[..]][..], &[]] {
        let (mut base, authority) = serve_named("localhost", protocols, versions()).await;
        base.set_host(Some("localhost")).unwrap();
        let file = authority_file(&authority);
        let client = client(&base, Some(file.path().to_owned()));
        let call = Call::get(client.api_url(["version"]), "ask for the version");
        assert_eq!(client.json::<Value>(&call).await.unwrap(), "HTTP/1.1");
    }
}

#[tokio::test]
async fn a_certificate_for_another_host_is_not_trusted() {
    let (mut base, authority) = serve_named("forge.example", &[b"h2"], versions()).await;
    base.set_host(Some("localhost")).unwrap();
    let file = authority_file(&authority);
    let client = client(&base, Some(file.path().to_owned()));
    let call = Call::get(client.api_url(["version"]), "ask for the version");
    assert_eq!(client.send(&call).await.unwrap_err().kind, ErrorKind::Tls);
}

#[tokio::test]
async fn what_breaks_a_connection_that_stands_may_have_been_sent() {
    let (acceptor, authority) = acceptor("localhost", &[]);
    let asked = Arc::new(AtomicUsize::new(0));
    let count = asked.clone();
    let mut base = accept(move |stream| {
        let (acceptor, count) = (acceptor.clone(), count.clone());
        async move {
            let mut stream = acceptor.accept(stream).await.unwrap();
            if stream.read(&mut [0; 4096]).await.is_ok_and(|read| read > 0) {
                count.fetch_add(1, Ordering::SeqCst);
                // A record that nobody can have encrypted for this connection.
                stream.into_inner().0.write_all(b"\x17\x03\x03\x00\x20nobody has encrypted this record").await.unwrap();
            }
        }
    })
    .await;
    base.set_host(Some("localhost")).unwrap();
    let file = authority_file(&authority);
    let client = client(&base, Some(file.path().to_owned()));
    let write = Call::post(client.api_url(["thing"]), "make a thing");
    let error = client.send(&write).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Connect, "the certificate is not what is wrong: {error}");
    assert_eq!(asked.swap(0, Ordering::SeqCst), 1, "what may have been done is not done again");
    client.send(&Call::get(client.api_url(["thing"]), "look at a thing")).await.unwrap_err();
    assert_eq!(asked.load(Ordering::SeqCst), quick().attempts as usize);
}

#[tokio::test]
async fn a_useless_authority_file_is_told_at_once() {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(b"no certificate").unwrap();
    for path in [file.path().to_owned(), file.path().with_extension("none")] {
        let base = "https://git.example";
        let site = Site { ca_file: Some(path), ..(*site(Provider::Gitea, base)).clone() };
        let error = Client::new(Arc::new(site), Variables::of(&[]), quick()).err().unwrap();
        assert_eq!(error.kind, ErrorKind::Tls);
        assert!(error.message.contains("ca_file"), "{error}");
    }
}
