//! Who may ask.

use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, PoisonError, RwLock};

use refray_core::secret::Secret;

use super::tries::Tries;

/// Who may see the pages.
#[derive(Debug, Clone)]
pub struct Access {
    listen: SocketAddr,
    token: Arc<RwLock<Option<Secret>>>,
    tries: Arc<Tries>,
}

impl Access {
    /// Takes the address that is listened on and the token of the configuration, which may be replaced.
    pub fn new(listen: SocketAddr, token: Arc<RwLock<Option<Secret>>>) -> Self {
        Self { listen, token, tries: Arc::default() }
    }

    /// Returns the token of the moment.
    pub(crate) fn token(&self) -> Option<Secret> {
        let token = self.token.read().unwrap_or_else(PoisonError::into_inner);
        token.clone().filter(|token| !token.expose().is_empty())
    }

    /// Returns how often wrong tokens were shown, wherever that was.
    pub(crate) fn tries(&self) -> &Tries {
        &self.tries
    }

    /// Says whether a browser may have used this name for us. Without a token, any page that can make its own name point
    /// to this machine could otherwise read along.
    pub(super) fn knows_host(&self, host: &str) -> bool {
        let name = name_of(host);
        if self.token().is_some() {
            return !name.is_empty();
        }
        // It must not have been started like this; but if it was, nobody is let in.
        if !self.listen.ip().is_loopback() {
            return false;
        }
        match name.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>() {
            Ok(ip) => ip.is_loopback(),
            Err(_) => name.eq_ignore_ascii_case("localhost") || name.to_ascii_lowercase().ends_with(".localhost"),
        }
    }
}

/// Returns a host without its port.
fn name_of(host: &str) -> &str {
    match host.rsplit_once(':') {
        Some((name, port)) if !name.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => host,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_of_this_machine_are_known_without_a_token() {
        let access = Access::new("127.0.0.1:8788".parse().unwrap(), Arc::default());
        for host in ["localhost", "LOCALHOST:8788", "127.0.0.1:1", "[::1]:8788", "[::1]", "a.localhost:8788"] {
            assert!(access.knows_host(host), "{host}");
        }
        for host in ["example.org", "127.0.0.1.example.org:8788", "", ":8788", "localhost.example.org", "10.0.0.1"] {
            assert!(!access.knows_host(host), "{host}");
        }
    }

    #[test]
    fn other_machines_need_a_token() {
        let everywhere = "0.0.0.0:8788".parse().unwrap();
        let with = |token: Option<&str>| {
            Access::new(everywhere, Arc::new(RwLock::new(token.map(|token| Secret::new(token.into())))))
        };
        assert!(!with(None).knows_host("127.0.0.1:8788"));
        assert!(!with(Some("")).knows_host("127.0.0.1:8788"));
        let access = with(Some("t"));
        assert!(access.knows_host("refray.example.org:8788"));
        assert!(!access.knows_host(""));
    }
}
