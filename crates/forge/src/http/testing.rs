//! A small forge on loopback for the tests of this crate.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use axum::Router;
use refray_core::config::{GitTransport, Provider, SecretSource, Site};
use refray_core::name::SiteName;
use url::Url;

use super::{Client, Options};
use crate::credentials::Environment;

/// An environment of given variables.
#[derive(Default)]
pub(crate) struct Variables(pub(crate) Mutex<HashMap<String, String>>);

impl Variables {
    pub(crate) fn of(pairs: &[(&str, &str)]) -> Arc<Self> {
        Arc::new(Self(Mutex::new(
            pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect(),
        )))
    }

    pub(crate) fn set(&self, name: &str, value: &str) {
        self.0.lock().unwrap().insert(name.to_owned(), value.to_owned());
    }
}

#[async_trait]
impl Environment for Variables {
    fn var(&self, name: &str) -> Option<String> {
        self.0.lock().unwrap().get(name).cloned()
    }
}

/// Serves `router` on loopback for as long as the test's runtime lives.
pub(crate) async fn serve(router: Router) -> SocketAddr {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, router).await });
    address
}

/// Returns a site whose token is in the variable `TOKEN`.
pub(crate) fn site(provider: Provider, base: &str) -> Arc<Site> {
    Arc::new(Site {
        name: SiteName::new("test").unwrap(),
        provider,
        base_url: Url::parse(base).unwrap(),
        api_url: None,
        git_username: None,
        transport: GitTransport::Https,
        ca_file: None,
        allow_http: false,
        token: Some(SecretSource::Env("TOKEN".into())),
        path: None,
    })
}

/// Returns options that do not make a test wait.
pub(crate) fn quick() -> Options {
    Options {
        backoff: Duration::from_millis(4),
        patience: Duration::from_secs(3),
        api_timeout: Duration::from_secs(5),
        ..Options::default()
    }
}

/// Returns a client of a forge that `router` plays. Its API has the provider's own path.
pub(crate) async fn client(provider: Provider, router: Router) -> Client {
    let address = serve(router).await;
    let environment = Variables::of(&[("TOKEN", "s3cret-marker")]);
    Client::new(site(provider, &format!("http://{address}")), environment, quick()).unwrap()
}
