//! Where a repository is, as seen by ssh.

use std::fmt;
use std::str::FromStr;

/// The address of a repository on an ssh server: `ssh://user@host:port/path` or `user@host:path`.
///
/// No part of it can be taken for an option by `ssh`, and none holds a control character.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SshAddress {
    user: Option<String>,
    host: String,
    port: Option<u16>,
    path: String,
}

/// An address that `ssh` is not started for.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SshAddressError {
    /// It has another form.
    #[error("`{0}` is not an address of the form `ssh://user@host:port/path` or `user@host:path`")]
    Form(String),
    /// A part of it looks like an option, or holds what no host, user or path does.
    #[error("the {part} in `{address}` is not one that may be handed to ssh")]
    Unsafe {
        /// Which part.
        part: &'static str,
        /// The whole.
        address: String,
    },
}

impl SshAddress {
    /// Returns what `ssh` takes for where to go: `user@host` or `host`.
    pub fn destination(&self) -> String {
        match &self.user {
            Some(user) => format!("{user}@{}", self.host),
            None => self.host.clone(),
        }
    }

    /// Returns the port, where the address names one. The user's configuration of ssh may name another.
    pub const fn port(&self) -> Option<u16> {
        self.port
    }

    /// Returns the path, as the server is to get it.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// Returns the host as `known_hosts` has it: with the port in brackets where it is not the usual one.
    pub fn known_as(&self) -> String {
        match self.port {
            Some(port) if port != 22 => format!("[{}]:{port}", self.host),
            _ => self.host.clone(),
        }
    }

    /// Returns the port as an option of `ssh`'s and its relatives' command lines, with a space behind it.
    pub(super) fn port_option(&self) -> String {
        self.port.map_or_else(String::new, |port| format!("-p {port} "))
    }
}

impl FromStr for SshAddress {
    type Err = SshAddressError;

    fn from_str(text: &str) -> Result<Self, SshAddressError> {
        let form = || SshAddressError::Form(text.escape_debug().to_string());
        let schemes = ["ssh://", "git+ssh://", "ssh+git://"];
        let (user, host, port, path) = match schemes.iter().find_map(|scheme| text.strip_prefix(scheme)) {
            Some(rest) => {
                let slash = rest.find('/').ok_or_else(form)?;
                let (user, place) = split_user(&rest[..slash]);
                let (host, port) = split_port(place).ok_or_else(form)?;
                // As git has it, `/~user/path` means a path below somebody's home.
                let path = &rest[slash..];
                (user, host, port, path.strip_prefix("/~").map_or(path, |_| &path[1..]))
            }
            None => {
                let start =
                    if let Some(bracket) = text.find("]:") { bracket + 1 } else { text.find(':').ok_or_else(form)? };
                let (user, place) = split_user(&text[..start]);
                // A colon behind a slash is one in the name of a file, and `x://` is another scheme.
                if place.contains('/') || text[start..].starts_with("://") {
                    return Err(form());
                }
                let (host, port) = split_port(place).ok_or_else(form)?;
                (user, host, port, &text[start + 1..])
            }
        };
        let refuse = |part| SshAddressError::Unsafe { part, address: text.escape_debug().to_string() };
        if host.is_empty() || path.trim_start_matches('/').is_empty() {
            return Err(form());
        }
        let in_host = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_' | ':' | '%');
        if host.starts_with('-') || !host.chars().all(in_host) {
            return Err(refuse("host"));
        }
        let in_user = |c: char| c.is_ascii_graphic() && !matches!(c, '@' | '/' | '\'' | '"' | '\\' | '`' | '$');
        if user.is_some_and(|user| user.is_empty() || user.starts_with('-') || !user.chars().all(in_user)) {
            return Err(refuse("user"));
        }
        if path.starts_with('-') || path.chars().any(char::is_control) {
            return Err(refuse("path"));
        }
        Ok(Self { user: user.map(str::to_owned), host: host.to_owned(), port, path: path.to_owned() })
    }
}

impl fmt::Display for SshAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let user = self.user.as_ref().map_or_else(String::new, |user| format!("{user}@"));
        let Self { host, path, .. } = self;
        let bracketed = if host.contains(':') { format!("[{host}]") } else { host.clone() };
        match self.port {
            Some(port) if path.starts_with('/') => write!(f, "ssh://{user}{bracketed}:{port}{path}"),
            Some(port) => write!(f, "{user}[{host}:{port}]:{path}"),
            None => write!(f, "{user}{bracketed}:{path}"),
        }
    }
}

fn split_user(text: &str) -> (Option<&str>, &str) {
    text.rsplit_once('@').map_or((None, text), |(user, place)| (Some(user), place))
}

/// Splits `host`, `host:port`, `[host]`, `[host]:port` or `[host:port]`.
fn split_port(place: &str) -> Option<(&str, Option<u16>)> {
    let number = |text: &str| text.parse().ok().filter(|port| *port != 0);
    if let Some(rest) = place.strip_prefix('[') {
        let (inside, behind) = rest.split_once(']')?;
        return match behind.strip_prefix(':') {
            Some(port) => Some((inside, Some(number(port)?))),
            None if !behind.is_empty() => None,
            // Two colons at least make an address of IPv6; one goes before a port.
            None => match inside.split_once(':') {
                Some((host, port)) if !port.contains(':') => Some((host, Some(number(port)?))),
                _ => Some((inside, None)),
            },
        };
    }
    match place.split_once(':') {
        Some((host, port)) => Some((host, Some(number(port)?))),
        None => Some((place, None)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_forms_that_forges_give_are_read() {
        for (text, destination, port, path) in [
            ("git@github.com:o/r.git", "git@github.com", None, "o/r.git"),
            ("ssh://git@git.example:2222/o/r.git", "git@git.example", Some(2222), "/o/r.git"),
            ("ssh://git@git.example/a/b/c.git", "git@git.example", None, "/a/b/c.git"),
            ("ssh://git@[2001:db8::1]:2222/o/r.git", "git@2001:db8::1", Some(2222), "/o/r.git"),
            ("git@[2001:db8::1]:o/r.git", "git@2001:db8::1", None, "o/r.git"),
            ("git@[git.example:2222]:o/r.git", "git@git.example", Some(2222), "o/r.git"),
            ("work:o/r.git", "work", None, "o/r.git"),
            ("git+ssh://me@host/~you/r.git", "me@host", None, "~you/r.git"),
            ("org-123@github.com:o/it's.git", "org-123@github.com", None, "o/it's.git"),
        ] {
            let address: SshAddress = text.parse().unwrap();
            let found = (address.destination(), address.port(), address.path().to_owned());
            assert_eq!(found, (destination.to_owned(), port, path.to_owned()), "{text}");
            assert_eq!(address.to_string().parse::<SshAddress>().unwrap(), address, "{address}");
        }
    }

    #[test]
    fn what_ssh_could_take_for_an_option_is_refused() {
        for (text, part) in [
            ("ssh://-oProxyCommand=touch%20x/o/r.git", "host"),
            ("-oProxyCommand=x:o/r.git", "host"),
            ("git@-oProxyCommand=x:o/r.git", "host"),
            ("ssh://-l@host/o/r.git", "user"),
            ("ssh://`id`@host/o/r.git", "user"),
            ("git@host:-u/r.git", "path"),
            ("git@host:--upload-pack=touch x", "path"),
            ("git@host:o/r.git\nx", "path"),
            ("git@ho st:o/r.git", "host"),
            ("git@host;id:o/r.git", "host"),
        ] {
            let error = text.parse::<SshAddress>().unwrap_err();
            assert!(matches!(&error, SshAddressError::Unsafe { part: found, .. } if *found == part), "{text}: {error}");
        }
    }

    #[test]
    fn other_addresses_are_none() {
        for text in [
            "https://github.com/o/r.git",
            "file:///srv/r.git",
            "/srv/a:b.git",
            "./a:b",
            "host",
            "ssh://host",
            "ssh://host/",
            "ssh://host:0/x",
            "ssh://host:99999/x",
            "ssh:///x",
            ":x",
            "git@host:",
            "",
        ] {
            assert!(matches!(text.parse::<SshAddress>(), Err(SshAddressError::Form(_))), "{text}");
        }
    }

    #[test]
    fn hosts_are_named_as_in_known_hosts() {
        let known = |text: &str| text.parse::<SshAddress>().unwrap().known_as();
        assert_eq!(known("git@h:x"), "h");
        assert_eq!(known("ssh://git@h:22/x"), "h");
        assert_eq!(known("ssh://git@h:2222/x"), "[h]:2222");
    }
}
