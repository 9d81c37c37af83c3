//! Connections to a forge whose certificate is of its own authority.

use std::io::Write;
use std::path::PathBuf;
use std::sync::Arc;

use axum::Router;
use axum::extract::Request;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto::Builder;
use hyper_util::service::TowerToHyperService;
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use refray_core::config::{Provider, Site};
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use serde_json::Value;
use url::Url;

use super::testing::{Variables, quick, site};
use super::{Call, Client};
use crate::error::ErrorKind;

/// Serves over TLS on loopback, offering HTTP/2, and returns the address and the authority's certificate.
async fn serve() -> (Url, String) {
    let authority_key = KeyPair::generate().unwrap();
    let mut authority = CertificateParams::new(Vec::new()).unwrap();
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority_pem = authority.self_signed(&authority_key).unwrap().pem();
    let issuer = Issuer::new(authority, authority_key);
    let key = KeyPair::generate().unwrap();
    let certificate = CertificateParams::new(vec!["localhost".to_owned()]).unwrap().signed_by(&key, &issuer).unwrap();

    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(key.serialize_der()));
    let mut config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate.der().clone()], key)
        .unwrap();
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    let acceptor = tokio_rustls::TlsAcceptor::from(Arc::new(config));

    let router =
        Router::new().fallback(|request: Request| async move { axum::Json(format!("{:?}", request.version())) });
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            let (acceptor, service) = (acceptor.clone(), TowerToHyperService::new(router.clone()));
            tokio::spawn(async move {
                // A client that does not trust the certificate hangs up here.
                if let Ok(stream) = acceptor.accept(stream).await {
                    drop(Builder::new(TokioExecutor::new()).serve_connection(TokioIo::new(stream), service).await);
                }
            });
        }
    });
    (Url::parse(&format!("https://localhost:{port}")).unwrap(), authority_pem)
}

fn client(base: &Url, ca_file: Option<PathBuf>) -> Client {
    let site = Site { ca_file, ..(*site(Provider::Gitea, base.as_str())).clone() };
    Client::new(Arc::new(site), Variables::of(&[("TOKEN", "t")]), quick()).unwrap()
}

#[tokio::test]
async fn a_private_authority_is_trusted_when_it_is_named_and_only_then() {
    let (base, authority) = serve().await;
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(authority.as_bytes()).unwrap();

    let trusting = client(&base, Some(file.path().to_owned()));
    let call = Call::get(trusting.api_url(["version"]), "ask for the version");
    let version: Value = trusting.json(&call).await.unwrap();
    assert_eq!(version, "HTTP/2.0", "HTTP/2 is agreed on by ALPN");

    let error = client(&base, None).send(&call).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Tls, "{error}");
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
