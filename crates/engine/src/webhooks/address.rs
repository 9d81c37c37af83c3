//! Addresses that webhooks send to.

use std::net::IpAddr;

use url::{Host, Url};

/// Says whether two addresses are the same place, however they are written.
pub fn same(one: &str, other: &str) -> bool {
    if one == other {
        return !one.is_empty();
    }
    match (Url::parse(one), Url::parse(other)) {
        (Ok(one), Ok(other)) => one == other,
        _ => false,
    }
}

/// Says whether an address is on this machine or in a local network, where forges do not deliver to unless they are
/// told to.
pub fn is_local(url: &str) -> bool {
    let Ok(url) = Url::parse(url) else { return false };
    let address = match url.host() {
        Some(Host::Domain(name)) => {
            let name = name.trim_end_matches('.').to_ascii_lowercase();
            let local = |ending| name == ending || name.ends_with(&format!(".{ending}"));
            return local("localhost") || local("local") || local("internal") || !name.contains('.');
        }
        Some(Host::Ipv4(address)) => IpAddr::V4(address),
        Some(Host::Ipv6(address)) => address.to_ipv4_mapped().map_or(IpAddr::V6(address), IpAddr::V4),
        None => return false,
    };
    match address {
        IpAddr::V4(it) => it.is_loopback() || it.is_private() || it.is_link_local() || it.is_unspecified(),
        IpAddr::V6(it) => it.is_loopback() || it.is_unicast_link_local() || it.is_unique_local() || it.is_unspecified(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_compared_by_what_they_mean() {
        for (one, other, expected) in [
            ("https://a.example/hook", "https://a.example/hook", true),
            ("https://a.example", "https://A.example:443/", true),
            ("https://a.example/hook", "https://a.example/Hook", false),
            ("https://a.example/hook", "http://a.example/hook", false),
            ("no address", "no address", true),
            ("", "", false),
        ] {
            assert_eq!(same(one, other), expected, "{one} {other}");
        }
    }

    #[test]
    fn local_addresses_are_known() {
        for (url, expected) in [
            ("http://127.0.0.1:8787/", true),
            ("http://10.1.2.3/", true),
            ("http://192.168.1.9/x", true),
            ("http://[::1]/", true),
            ("http://[fd00::1]/", true),
            ("http://[::ffff:10.0.0.1]/", true),
            ("http://localhost:8787/", true),
            ("http://nas/webhook", true),
            ("http://nas.local/webhook", true),
            ("https://mirror.example.com/webhook", false),
            ("https://203.0.113.7/", false),
            ("nothing", false),
        ] {
            assert_eq!(is_local(url), expected, "{url}");
        }
    }
}
