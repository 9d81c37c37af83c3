use refray_core::config::{Provider, Site};
use url::Url;

/// Appends path segments to an address, each encoded, so that a slash inside one stays inside it.
pub fn join<S: AsRef<str>>(base: &Url, segments: impl IntoIterator<Item = S>) -> Url {
    let mut url = base.clone();
    url.set_query(None);
    url.set_fragment(None);
    // An address that cannot have segments (`mailto:`) never passes the checks of the configuration.
    if let Ok(mut path) = url.path_segments_mut() {
        path.pop_if_empty().extend(segments);
    }
    url
}

/// Returns the address of a repository's git side: the site's address, the path and `.git`.
pub fn git_url(base: &Url, path: &str) -> Url {
    let mut segments: Vec<String> = path.split('/').filter(|part| !part.is_empty()).map(str::to_owned).collect();
    if let Some(last) = segments.last_mut() {
        last.push_str(".git");
    }
    join(base, segments)
}

/// Returns a query parameter's value.
pub fn query_value(url: &Url, name: &str) -> Option<String> {
    url.query_pairs().find(|(key, _)| key == name).map(|(_, value)| value.into_owned())
}

/// Returns what of `url`'s path stands behind that of `base`, when it is below it.
pub fn relative_path<'a>(base: &Url, url: &'a Url) -> Option<&'a str> {
    url.path().strip_prefix(base.path().trim_end_matches('/')).filter(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// Returns where a provider has its API when the configuration does not say.
pub(super) fn default_api(site: &Site) -> Url {
    let base = &site.base_url;
    match site.provider {
        Provider::Github => {
            let host = base.host_str().unwrap_or_default();
            let own = match host {
                "github.com" | "www.github.com" => Some("https://api.github.com".to_owned()),
                // Enterprise Cloud with data residency.
                _ if host.ends_with(".ghe.com") => Some(format!("https://api.{host}")),
                _ => None,
            };
            own.and_then(|url| Url::parse(&url).ok()).unwrap_or_else(|| join(base, ["api", "v3"]))
        }
        Provider::Gitlab => join(base, ["api", "v4"]),
        Provider::Gitea | Provider::Forgejo => join(base, ["api", "v1"]),
        Provider::Directory => base.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Url {
        Url::parse(text).unwrap()
    }

    #[test]
    fn segments_are_encoded_and_the_base_is_kept() {
        for (base, segments, expected) in [
            ("https://api.github.com", &["repos", "o", "r"][..], "https://api.github.com/repos/o/r"),
            ("https://git.example/sub/path/", &["api", "v4"], "https://git.example/sub/path/api/v4"),
            ("https://git.example/sub", &["projects", "a/b"], "https://git.example/sub/projects/a%2Fb"),
            ("http://[::1]:3000", &["x y", "100%"], "http://[::1]:3000/x%20y/100%25"),
            ("https://git.example/?a=b#c", &["v", "?#"], "https://git.example/v/%3F%23"),
        ] {
            assert_eq!(join(&at(base), segments).as_str(), expected);
        }
    }

    #[test]
    fn git_lives_below_the_site() {
        for (base, path, expected) in [
            ("https://github.com", "o/r", "https://github.com/o/r.git"),
            ("https://git.example/forge", "a/b/c", "https://git.example/forge/a/b/c.git"),
            ("http://[::1]:3000/", "o/.github", "http://[::1]:3000/o/.github.git"),
            ("https://git.example", "o/r.git", "https://git.example/o/r.git.git"),
        ] {
            assert_eq!(git_url(&at(base), path).as_str(), expected);
        }
    }

    #[test]
    fn paths_below_a_base_are_told() {
        let base = at("https://git.example/sub/api/v1");
        assert_eq!(relative_path(&base, &at("https://x/sub/api/v1/repos/1?page=2")), Some("/repos/1"));
        assert_eq!(relative_path(&base, &at("https://x/sub/api/v10/repos")), None);
        assert_eq!(query_value(&at("https://x/?page=2&limit=50"), "limit").as_deref(), Some("50"));
    }
}
