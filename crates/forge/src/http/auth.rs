use base64::Engine;
use http::header::{ACCEPT, AUTHORIZATION};
use http::{HeaderMap, HeaderName, HeaderValue};
use refray_core::config::Provider;
use refray_core::secret::Secret;

/// Returns what every request to a forge's API carries, the credential included.
pub(crate) fn api_headers(provider: Provider, token: Option<&Secret>) -> HeaderMap {
    let mut headers = HeaderMap::new();
    let accept = match provider {
        Provider::Github => "application/vnd.github+json",
        _ => "application/json",
    };
    headers.insert(ACCEPT, HeaderValue::from_static(accept));
    if provider == Provider::Github {
        headers.insert(HeaderName::from_static("x-github-api-version"), HeaderValue::from_static("2022-11-28"));
    }
    if let Some(token) = token {
        // Gitea and Forgejo take `Bearer` too, but `token` is what every version of theirs knows.
        let scheme = match provider {
            Provider::Gitea | Provider::Forgejo => "token",
            _ => "Bearer",
        };
        insert_secret(&mut headers, &format!("{scheme} {}", token.expose()));
    }
    headers
}

/// Returns the header that git's requests carry.
pub(crate) fn basic(user: &str, token: &Secret) -> HeaderMap {
    let mut headers = HeaderMap::new();
    let pair = base64::engine::general_purpose::STANDARD.encode(format!("{user}:{}", token.expose()));
    insert_secret(&mut headers, &format!("Basic {pair}"));
    headers
}

fn insert_secret(headers: &mut HeaderMap, value: &str) {
    // A token was checked to be one line when it was read; one with other odd characters goes out as no header, and
    // the forge asks for it.
    if let Ok(mut value) = HeaderValue::from_str(value) {
        value.set_sensitive(true);
        headers.insert(AUTHORIZATION, value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_forge_gets_the_scheme_it_knows() {
        let token = Secret::new("t0k".into());
        for (provider, expected) in [
            (Provider::Github, "Bearer t0k"),
            (Provider::Gitlab, "Bearer t0k"),
            (Provider::Gitea, "token t0k"),
            (Provider::Forgejo, "token t0k"),
        ] {
            let headers = api_headers(provider, Some(&token));
            assert_eq!(headers[AUTHORIZATION], expected);
            assert!(!format!("{headers:?}").contains("t0k"));
        }
        assert!(!api_headers(Provider::Github, None).contains_key(AUTHORIZATION));
        assert_eq!(basic("me", &token)[AUTHORIZATION], "Basic bWU6dDBr");
    }
}
