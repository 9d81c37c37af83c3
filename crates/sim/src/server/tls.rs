use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, KeyUsagePurpose};
use rustls::ServerConfig;
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use thiserror::Error;
use tokio_rustls::TlsAcceptor;

/// Why a site cannot speak TLS.
#[derive(Debug, Error)]
pub enum TlsError {
    /// A key or certificate could not be made.
    #[error("no certificate could be made")]
    Certificate(#[from] rcgen::Error),
    /// They were made, but do not fit together.
    #[error("the certificate could not be used")]
    Config(#[from] rustls::Error),
    /// The authority's certificate could not be written for clients to trust.
    #[error("the certificate authority could not be written")]
    File(#[from] std::io::Error),
}

/// A certificate authority that nobody trusts but those who are told to.
pub(crate) struct Authority {
    issuer: Issuer<'static, KeyPair>,
    file: PathBuf,
}

impl Authority {
    /// Makes one and writes its certificate into a folder.
    #[expect(clippy::disallowed_methods, reason = "a simulated forge's files live no longer than the simulator")]
    pub(crate) fn new(folder: &Path) -> Result<Self, TlsError> {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages =
            vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign, KeyUsagePurpose::DigitalSignature];
        params.distinguished_name.push(DnType::CommonName, "refray simulator");
        let key = KeyPair::generate()?;
        let certificate = params.self_signed(&key)?;
        let file = folder.join("ca.pem");
        fs::write(&file, certificate.pem())?;
        Ok(Self { issuer: Issuer::new(params, key), file })
    }

    /// Returns the file with the certificate to trust.
    pub(crate) fn file(&self) -> &Path {
        &self.file
    }

    /// Returns what lets a site on these hosts speak TLS, with HTTP/2 and HTTP/1.1 on offer.
    pub(crate) fn acceptor(&self, hosts: Vec<String>) -> Result<TlsAcceptor, TlsError> {
        let params = CertificateParams::new(hosts)?;
        let key = KeyPair::generate()?;
        let certificate = params.signed_by(&key, &self.issuer)?;
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let mut config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .with_no_client_auth()
            .with_single_cert(vec![certificate.der().clone()], key)?;
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        Ok(TlsAcceptor::from(Arc::new(config)))
    }
}
