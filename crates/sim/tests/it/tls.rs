use std::sync::Arc;

use refray_sim::Kind;
use rustls::RootCertStore;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use crate::support::Forge;

#[tokio::test]
async fn git_trusts_the_private_authority_and_h2_is_on_offer() {
    let forge = Forge::start(Kind::GitLab, true).await;
    forge.repository("r");
    let work = forge.working_copy("r").await;
    assert!(forge.site.base_url().starts_with("https://"));
    let said = forge.git(&work, &["push", "origin", "main"]).await;
    assert!(said.ok, "{}", said.text);
    let mut roots = RootCertStore::empty();
    assert!(connect(&forge, roots.clone()).await.is_err(), "nobody trusts it by chance");
    roots.add(CertificateDer::from_pem_file(forge.sim.ca_file().unwrap()).unwrap()).unwrap();
    let stream = connect(&forge, roots).await.unwrap();
    assert_eq!(stream.get_ref().1.alpn_protocol(), Some(b"h2".as_slice()));
}

async fn connect(forge: &Forge, roots: RootCertStore) -> std::io::Result<TlsStream<TcpStream>> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    let tcp = TcpStream::connect(forge.site.authority()).await?;
    let name = ServerName::try_from("127.0.0.1").unwrap();
    TlsConnector::from(Arc::new(config)).connect(name, tcp).await
}
