use std::path::Path;
use std::sync::Once;
use std::time::Duration;

use http::HeaderMap;
use refray_core::config::Site;
use url::{Host, Url};

use super::options::Options;
use super::redact::clean;
use crate::credentials::Environment;
use crate::error::ErrorKind;

const KEEP_ALIVE: Duration = Duration::from_secs(30);
/// What HTTP/2 may have under way before it waits for the reader: enough for packs over a long line.
const STREAM_WINDOW: u32 = 2 << 20;
const CONNECTION_WINDOW: u32 = 16 << 20;

/// Builds the connection pool of a site. It follows no redirect and retries nothing by itself: both are judged above.
pub(crate) fn build(
    site: &Site,
    api: &Url,
    environment: &dyn Environment,
    options: &Options,
) -> Result<reqwest::Client, (ErrorKind, String)> {
    install_provider();
    for url in [&site.base_url, api] {
        check_scheme(site, url)?;
    }
    let failed = |error: reqwest::Error| (ErrorKind::Tls, clean(&error.without_url().to_string(), None));
    let mut headers = HeaderMap::new();
    let agent =
        options.user_agent.parse().map_err(|_| (ErrorKind::Invalid, "the user agent is no header value".to_owned()))?;
    headers.insert(http::header::USER_AGENT, agent);
    #[expect(clippy::disallowed_methods, reason = "this is the one place where the client is built")]
    let mut builder = reqwest::Client::builder()
        .default_headers(headers)
        .redirect(reqwest::redirect::Policy::none())
        .referer(false)
        .no_proxy()
        .connect_timeout(options.connect_timeout)
        .tcp_keepalive(KEEP_ALIVE)
        .tcp_nodelay(true)
        .pool_idle_timeout(Duration::from_secs(60))
        .pool_max_idle_per_host(options.api_concurrency + options.git_concurrency)
        .http2_initial_stream_window_size(STREAM_WINDOW)
        .http2_initial_connection_window_size(CONNECTION_WINDOW)
        .http2_keep_alive_interval(KEEP_ALIVE)
        .http2_keep_alive_timeout(KEEP_ALIVE);
    if site.base_url.scheme() == "http" && api.scheme() == "http" {
        // No certificate will ever be looked at, so the system's are not loaded.
        builder = builder.tls_certs_only([]);
    } else if let Some(path) = &site.ca_file {
        builder = builder.tls_certs_merge(authorities(path)?);
    }
    if !(is_loopback(&site.base_url) && is_loopback(api)) {
        for proxy in proxies(environment)? {
            builder = builder.proxy(proxy);
        }
    }
    builder.build().map_err(failed)
}

/// Makes ring the process's cryptography, unless the program already chose another.
fn install_provider() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        // An error means that there is one already.
        drop(rustls::crypto::ring::default_provider().install_default());
    });
}

fn check_scheme(site: &Site, url: &Url) -> Result<(), (ErrorKind, String)> {
    match url.scheme() {
        "https" => Ok(()),
        "http" if site.allow_http || is_loopback(url) => Ok(()),
        "http" => Err((
            ErrorKind::Invalid,
            format!(
                "`{}` is plain http, over which anybody could read the token; `allow_http = true` permits it",
                clean(url.as_str(), None)
            ),
        )),
        other => Err((ErrorKind::Invalid, format!("a forge cannot be reached over `{other}:`"))),
    }
}

/// Says whether an address is on this machine.
pub(crate) fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

fn authorities(path: &Path) -> Result<Vec<reqwest::Certificate>, (ErrorKind, String)> {
    let failed = |why: String| (ErrorKind::Tls, format!("the `ca_file` `{}` {why}", path.display()));
    let text = std::fs::read(path).map_err(|error| failed(format!("cannot be read: {error}")))?;
    let certificates = reqwest::Certificate::from_pem_bundle(&text).map_err(|_| failed("is not in PEM form".into()))?;
    if certificates.is_empty() { Err(failed("holds no certificate".into())) } else { Ok(certificates) }
}

/// Reads the usual variables. Only the environment counts, never a desktop's settings.
fn proxies(environment: &dyn Environment) -> Result<Vec<reqwest::Proxy>, (ErrorKind, String)> {
    let set = |names: &[&'static str]| {
        let mut set = names.iter().filter_map(|name| Some((*name, environment.var(name)?)));
        set.find(|(_, value)| !value.trim().is_empty())
    };
    // The address may hold a password, so no more is told of it than where it stands.
    let unclear =
        |name: &str| (ErrorKind::Connect, format!("`{name}` in the environment is not the address of a proxy"));
    let except = set(&["no_proxy", "NO_PROXY"]).and_then(|(_, list)| reqwest::NoProxy::from_string(&list));
    // Under CGI a client's `Proxy:` header arrives as HTTP_PROXY.
    let for_http = if environment.var("REQUEST_METHOD").is_some() {
        set(&["http_proxy"])
    } else {
        set(&["http_proxy", "HTTP_PROXY"])
    };
    let mut proxies = Vec::new();
    if let Some((name, address)) = set(&["https_proxy", "HTTPS_PROXY"]) {
        proxies.push(reqwest::Proxy::https(address).map_err(|_| unclear(name))?.no_proxy(except.clone()));
    }
    if let Some((name, address)) = for_http {
        proxies.push(reqwest::Proxy::http(address).map_err(|_| unclear(name))?.no_proxy(except.clone()));
    }
    if let Some((name, address)) = set(&["all_proxy", "ALL_PROXY"]) {
        proxies.push(reqwest::Proxy::all(address).map_err(|_| unclear(name))?.no_proxy(except));
    }
    Ok(proxies)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn loopback_is_told_from_names_that_look_like_it() {
        for (text, expected) in [
            ("http://localhost:1", true),
            ("http://127.8.8.8", true),
            ("http://[::1]:3000/x", true),
            ("http://localhost.example", false),
            ("http://128.0.0.1", false),
        ] {
            assert_eq!(is_loopback(&Url::parse(text).unwrap()), expected, "{text}");
        }
    }
}
