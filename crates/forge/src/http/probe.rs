use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use refray_core::config::{GitTransport, Provider, Site};
use url::Url;

use super::connection;
use super::options::Options;
use super::redact::clean;
use crate::credentials::Environment;

/// How long an address may take to answer.
const PATIENCE: Duration = Duration::from_secs(20);

/// What became of a look at an address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reached {
    /// Something answered with this status.
    Answered(u16),
    /// Nothing did: why.
    Silent(String),
}

/// Looks at an address of refray's own, without any credential, and says what answers there.
pub async fn probe(url: &Url, environment: Arc<dyn Environment>) -> Reached {
    let Some(site) = stranger(url, None) else { return Reached::Silent("no name".to_owned()) };
    let client = match connection::build(&site, url, &*environment, &Options::default()) {
        Ok(client) => client,
        Err((_, why)) => return Reached::Silent(why),
    };
    match client.get(url.clone()).timeout(PATIENCE).send().await {
        Ok(answer) => Reached::Answered(answer.status().as_u16()),
        Err(error) if error.is_timeout() => Reached::Silent("no answer in time".to_owned()),
        Err(error) => {
            let error = error.without_url();
            let mut why = error.to_string();
            let mut source = std::error::Error::source(&error);
            while let Some(cause) = source {
                why = cause.to_string();
                source = cause.source();
            }
            Reached::Silent(clean(&why, None))
        }
    }
}

/// Returns a site for an address of which nothing is known: no forge may be there, but the manners of connections are
/// the same.
pub(super) fn stranger(url: &Url, ca_file: Option<&Path>) -> Option<Site> {
    Some(Site {
        name: "stranger".parse().ok()?,
        provider: Provider::Gitea,
        base_url: url.clone(),
        api_url: None,
        git_username: None,
        transport: GitTransport::Https,
        ca_file: ca_file.map(Path::to_owned),
        allow_http: true,
        token: None,
        path: None,
    })
}
