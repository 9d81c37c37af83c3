//! What was pasted: a folder, or an account on a forge. Nothing is asked of anybody here.

use std::path::{Path, PathBuf};

use refray_core::config::Provider;
use thiserror::Error;
use url::{Host, Url};

/// What an address leads to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Pasted {
    /// A folder of bare repositories.
    Folder(PathBuf),
    /// An account on a forge.
    Account(Place),
}

/// An account on a forge, of which it may not be known yet where the forge's own path ends and the account's begins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Place {
    /// Scheme, host and port.
    pub(crate) origin: Url,
    /// The parts of the path.
    pub(crate) segments: Vec<String>,
    /// The forge, where the host says it.
    pub(crate) known: Option<Provider>,
}

/// Why what was pasted leads nowhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub(crate) enum AddressError {
    #[error("nothing was entered")]
    Empty,
    #[error("that is a name without its forge: paste the whole address, such as https://github.com/my-user")]
    NameAlone,
    #[error("the address names no user, organisation or group: open its page and paste that")]
    NoAccount,
    #[error("the address holds a password or token: paste it without, the token is asked for next")]
    Password,
    #[error("this is not an address: paste one such as https://github.com/my-user, or the path of a folder")]
    NotAnAddress,
}

/// Forges that many people are on, each with its host.
const HOSTS: [(&str, Provider); 9] = [
    ("github.com", Provider::Github),
    ("gitlab.com", Provider::Gitlab),
    ("codeberg.org", Provider::Forgejo),
    ("gitea.com", Provider::Gitea),
    ("framagit.org", Provider::Gitlab),
    ("gitlab.gnome.org", Provider::Gitlab),
    ("gitlab.freedesktop.org", Provider::Gitlab),
    ("salsa.debian.org", Provider::Gitlab),
    ("git.disroot.org", Provider::Forgejo),
];

/// Pages of forges that stand where an account's name would.
const PAGES: [&str; 17] = [
    "-",
    "about",
    "admin",
    "api",
    "dashboard",
    "enterprises",
    "explore",
    "features",
    "help",
    "login",
    "marketplace",
    "notifications",
    "organizations",
    "search",
    "settings",
    "topics",
    "user",
];

/// Reads what was pasted. Relative folders start from `here`, and `~` stands for `home`.
pub(crate) fn read(text: &str, here: &Path, home: Option<&Path>) -> Result<Pasted, AddressError> {
    let text = text.trim().trim_matches(['"', '\'', '<', '>']);
    if text.is_empty() {
        return Err(AddressError::Empty);
    }
    if let Some(path) = folder(text, here, home) {
        return Ok(Pasted::Folder(path));
    }
    let url = url(text)?;
    if url.password().is_some() {
        return Err(AddressError::Password);
    }
    let segments: Vec<String> = url
        .path_segments()
        .into_iter()
        .flatten()
        .filter(|part| !part.is_empty())
        .map(|part| percent_decoded(part).unwrap_or_else(|| part.to_owned()))
        .collect();
    let mut origin = url;
    // What people sign in with to git's own address says nothing here.
    let _ = origin.set_username("");
    origin.set_path("");
    origin.set_query(None);
    origin.set_fragment(None);
    let host = origin.host_str().ok_or(AddressError::NotAnAddress)?;
    let host = host.strip_prefix("www.").unwrap_or(host).to_owned();
    let known = HOSTS.iter().find(|(name, _)| *name == host).map(|(_, provider)| *provider);
    let known = known.or_else(|| host.ends_with(".ghe.com").then_some(Provider::Github));
    if known.is_some() && origin.port().is_none() {
        // Nobody means to send a token over plain http to one of these.
        let _ = origin.set_scheme("https");
        let _ = origin.set_host(Some(&host));
    }
    if segments.is_empty() {
        return Err(AddressError::NoAccount);
    }
    Ok(Pasted::Account(Place { origin, segments, known }))
}

impl Place {
    /// Returns where the forge itself may be, the likeliest first, each with what is left of the path.
    pub(crate) fn bases(&self) -> Vec<(Url, Vec<String>)> {
        let most = if self.known.is_some() { 1 } else { self.segments.len().min(3) };
        (0..most)
            .map(|depth| {
                let mut base = self.origin.clone();
                base.set_path(&self.segments[..depth].join("/"));
                (base, self.segments[depth..].to_vec())
            })
            .collect()
    }

    /// Says whether what is sent there can be read on the way.
    pub(crate) fn is_open(&self) -> bool {
        let local = match self.origin.host() {
            Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
            Some(Host::Ipv4(address)) => address.is_loopback(),
            Some(Host::Ipv6(address)) => address.is_loopback(),
            None => false,
        };
        self.origin.scheme() == "http" && !local
    }
}

/// Returns the namespaces that a path may mean there, the likeliest first.
pub(crate) fn namespaces(provider: Provider, path: &[String]) -> Result<Vec<String>, AddressError> {
    let parts: Vec<&str> = path.iter().map(String::as_str).collect();
    let own: Vec<&str> = match parts.as_slice() {
        // What follows a user's name is a page about the user.
        ["users", name, ..] => vec![name],
        ["orgs" | "org", name, ..] if provider != Provider::Gitlab => vec![name],
        ["groups", rest @ ..] if provider == Provider::Gitlab => rest.to_vec(),
        [name, ..] if PAGES.contains(name) => return Err(AddressError::NoAccount),
        // A repository's address says whose it is.
        [name, ..] if provider != Provider::Gitlab => vec![name],
        rest => rest.to_vec(),
    };
    let own: Vec<&str> = own.into_iter().take_while(|part| *part != "-").collect();
    if own.is_empty() {
        return Err(AddressError::NoAccount);
    }
    // The last parts may be a project and what is in it.
    Ok((1..=own.len()).rev().map(|length| own[..length].join("/")).collect())
}

fn folder(text: &str, here: &Path, home: Option<&Path>) -> Option<PathBuf> {
    if let Some(path) = text.strip_prefix("file://") {
        return Some(PathBuf::from(path));
    }
    if text == "~" {
        return home.map(Path::to_owned);
    }
    if let Some(rest) = text.strip_prefix("~/") {
        return home.map(|home| home.join(rest));
    }
    let is_path =
        text.starts_with('/') || matches!(text, "." | "..") || text.starts_with("./") || text.starts_with("../");
    // Without `.` and `..` in it, as far as that can be told without looking at links.
    let path = is_path.then(|| here.join(text))?;
    let mut plain = PathBuf::new();
    for part in path.components() {
        match part {
            std::path::Component::CurDir => {}
            std::path::Component::ParentDir => drop(plain.pop()),
            other => plain.push(other),
        }
    }
    Some(plain)
}

fn url(text: &str) -> Result<Url, AddressError> {
    if text.contains("://") {
        let url = Url::parse(text).map_err(|_| AddressError::NotAnAddress)?;
        return match url.scheme() {
            "http" | "https" => Ok(url),
            "ssh" | "git" | "git+ssh" => {
                let host = url.host_str().ok_or(AddressError::NotAnAddress)?;
                // The port is that of ssh.
                parse(&format!("https://{host}{}", url.path()))
            }
            _ => Err(AddressError::NotAnAddress),
        };
    }
    // `git@host:owner/name`, as git is told.
    if let Some((user, rest)) = text.split_once('@')
        && let Some((host, path)) = rest.split_once(':')
        && !user.contains(['/', ':'])
        && !host.contains('/')
    {
        return parse(&format!("https://{host}/{}", path.trim_start_matches('/')));
    }
    let host = text.split('/').next().unwrap_or_default();
    let name = host.split(':').next().unwrap_or_default();
    let numbers = host.contains(':') && host.rsplit(':').next().is_some_and(|port| port.parse::<u16>().is_ok());
    if name == "localhost" || name.starts_with("127.") {
        parse(&format!("http://{text}"))
    } else if name.contains('.') || numbers {
        parse(&format!("https://{text}"))
    } else if text.chars().all(|c| c.is_alphanumeric() || matches!(c, '-' | '_' | '/')) {
        Err(AddressError::NameAlone)
    } else {
        Err(AddressError::NotAnAddress)
    }
}

fn parse(text: &str) -> Result<Url, AddressError> {
    Url::parse(text).map_err(|_| AddressError::NotAnAddress)
}

fn percent_decoded(part: &str) -> Option<String> {
    // A query parser decodes exactly this, but takes `+` for a space.
    let text = format!("x={}", part.replace('+', "%2B"));
    url::form_urlencoded::parse(text.as_bytes()).next().map(|(_, value)| value.into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pasted(text: &str) -> String {
        match read(text, Path::new("/work"), Some(Path::new("/home/me"))) {
            Ok(Pasted::Folder(path)) => format!("folder {}", path.display()),
            Ok(Pasted::Account(place)) => {
                let known = place.known.map_or("?", Provider::as_str);
                format!("{known} {} {}", place.origin, place.segments.join(" "))
            }
            Err(error) => format!("{error:?}"),
        }
    }

    #[test]
    fn what_is_pasted_is_understood() {
        for (text, expected) in [
            ("https://github.com/my-user", "github https://github.com/ my-user"),
            (" github.com/my-user/ ", "github https://github.com/ my-user"),
            ("http://www.github.com/my-user", "github https://github.com/ my-user"),
            ("https://github.com/my-user?tab=repositories#x", "github https://github.com/ my-user"),
            ("git@github.com:my-user/repo.git", "github https://github.com/ my-user repo.git"),
            ("ssh://git@git.example:2222/team/x", "? https://git.example/ team x"),
            ("https://gitlab.com/group/sub", "gitlab https://gitlab.com/ group sub"),
            ("https://codeberg.org/org", "forgejo https://codeberg.org/ org"),
            ("https://gitea.com/org", "gitea https://gitea.com/ org"),
            ("https://acme.ghe.com/team", "github https://acme.ghe.com/ team"),
            ("git.example.com:3000/me", "? https://git.example.com:3000/ me"),
            ("http://127.0.0.1:3000/me", "? http://127.0.0.1:3000/ me"),
            ("localhost:3000/me", "? http://localhost:3000/ me"),
            ("https://git.example/a%20b", "? https://git.example/ a b"),
            ("/srv/git", "folder /srv/git"),
            ("./mirror/../git", "folder /work/git"),
            ("~/git", "folder /home/me/git"),
            ("file:///srv/git", "folder /srv/git"),
            ("", "Empty"),
            ("my-user", "NameAlone"),
            ("https://github.com", "NoAccount"),
            ("https://me:secret@git.example/me", "Password"),
            ("mailto:me@example.org", "NotAnAddress"),
            ("ftp://git.example/me", "NotAnAddress"),
            ("what is this?", "NotAnAddress"),
        ] {
            assert_eq!(pasted(text), expected, "{text}");
        }
    }

    #[test]
    fn a_path_names_an_account() {
        for (provider, path, expected) in [
            (Provider::Github, "ada", "ada"),
            (Provider::Github, "ada/tool/issues/3", "ada"),
            (Provider::Github, "orgs/acme/repositories", "acme"),
            (Provider::Github, "users/ada", "ada"),
            (Provider::Forgejo, "org/acme/members", "acme"),
            (Provider::Gitea, "ada/tool", "ada"),
            (Provider::Gitlab, "group/sub", "group/sub, group"),
            (Provider::Gitlab, "groups/group/sub/-/group_members", "group/sub, group"),
            (Provider::Gitlab, "group/tool/-/tree/main", "group/tool, group"),
            (Provider::Gitlab, "users/ada/projects", "ada"),
            (Provider::Github, "settings/tokens", "NoAccount"),
            (Provider::Gitlab, "dashboard/projects", "NoAccount"),
            (Provider::Gitea, "user/settings", "NoAccount"),
            (Provider::Gitlab, "-/profile", "NoAccount"),
        ] {
            let parts: Vec<String> = path.split('/').map(str::to_owned).collect();
            let found = namespaces(provider, &parts).map_or_else(|error| format!("{error:?}"), |list| list.join(", "));
            assert_eq!(found, expected, "{path}");
        }
    }

    #[test]
    fn a_forge_may_be_below_a_path() {
        let bases = |text: &str| match read(text, Path::new("/"), None) {
            Ok(Pasted::Account(place)) => {
                place.bases().iter().map(|(base, rest)| format!("{base} {}", rest.join("/"))).collect::<Vec<_>>()
            }
            other => panic!("{other:?}"),
        };
        assert_eq!(
            bases("https://git.example/forge/me"),
            ["https://git.example/ forge/me", "https://git.example/forge me"]
        );
        assert_eq!(bases("https://gitlab.com/group/sub"), ["https://gitlab.com/ group/sub"]);
    }

    #[test]
    fn only_plain_http_to_elsewhere_is_open() {
        for (text, open) in [
            ("http://git.example/me", true),
            ("https://git.example/me", false),
            ("http://127.0.0.1:3000/me", false),
            ("http://[::1]:3000/me", false),
            ("http://localhost.example/me", true),
        ] {
            let Ok(Pasted::Account(place)) = read(text, Path::new("/"), None) else { panic!("{text}") };
            assert_eq!(place.is_open(), open, "{text}");
        }
    }
}
