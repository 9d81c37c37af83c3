use url::Url;

/// Where a redirect leads.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Target {
    /// To the same host: credentials may go along.
    Same(Url),
    /// Elsewhere: they may not.
    Foreign(String),
    /// The header is missing or cannot be read.
    Nowhere,
}

/// Judges a `Location` header. The step from `http` to `https` on one host is within the host; another port is not.
pub(crate) fn judge(from: &Url, location: Option<&str>) -> Target {
    let Some(to) = location.and_then(|location| from.join(location).ok()) else { return Target::Nowhere };
    let same_host = from.host() == to.host() && to.username().is_empty() && to.password().is_none();
    let upgrade = from.scheme() == "http" && to.scheme() == "https" && from.port().is_none() && to.port().is_none();
    if same_host && (from.origin() == to.origin() || upgrade) {
        Target::Same(to)
    } else {
        Target::Foreign(to.host_str().unwrap_or_else(|| to.scheme()).to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_same_host_is_followed_with_credentials() {
        let from = Url::parse("https://git.example/api/v1/repos/o/old").unwrap();
        let same = |to: &str| Target::Same(Url::parse(to).unwrap());
        for (location, expected) in [
            (Some("/api/v1/repositories/7"), same("https://git.example/api/v1/repositories/7")),
            (Some("https://git.example/x"), same("https://git.example/x")),
            (Some("https://git.example:8443/x"), Target::Foreign("git.example".into())),
            (Some("http://git.example/x"), Target::Foreign("git.example".into())),
            (Some("//evil.example/x"), Target::Foreign("evil.example".into())),
            (Some("https://git.example@evil.example/"), Target::Foreign("evil.example".into())),
            (Some("https://a:b@git.example/"), Target::Foreign("git.example".into())),
            (None, Target::Nowhere),
        ] {
            assert_eq!(judge(&from, location), expected, "{location:?}");
        }
        let plain = Url::parse("http://git.example/x").unwrap();
        assert_eq!(judge(&plain, Some("https://git.example/x")), same("https://git.example/x"));
    }
}
