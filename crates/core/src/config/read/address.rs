//! Reads addresses.

use url::{Host, Url};

use super::context::Marked;
use super::table::Table;
use crate::config::keys::{Address, Key};
use crate::config::problem::{ProblemKind, Span};
use crate::config::spell::shown;

/// Reads an address with a host and without a user name.
pub(crate) fn read(table: &Table<'_>, key: &Key<Address>) -> Option<Marked<Url>> {
    let Marked { value: text, span } = table.string(key)?;
    let bad = |label: String, help: Option<String>| {
        let draft = table
            .context
            .sink
            .error(ProblemKind::BadUrl, format!("`{}` is not a usable address", key.name))
            .at(&span, label);
        if let Some(help) = help {
            drop(draft.help(help));
        }
    };
    let url = match Url::parse(&text) {
        Ok(url) if matches!(url.scheme(), "http" | "https") => url,
        // `forge.example:3000` is, by the letter, an address whose scheme is `forge.example`.
        Ok(url) if text.contains("://") => {
            bad(format!("`{}` is not supported", shown(url.scheme())), Some("write it with `https://`".to_owned()));
            return None;
        }
        Ok(_) | Err(url::ParseError::RelativeUrlWithoutBase) => {
            // What stands before an `@` may be a password.
            let host = text.rsplit('@').next().unwrap_or_default();
            bad("it does not start with `https://`".to_owned(), Some(format!("write `https://{}`", shown(host))));
            return None;
        }
        Err(why) => {
            bad(why.to_string(), None);
            return None;
        }
    };
    if !url.username().is_empty() || url.password().is_some() {
        bad(
            "it holds a user name or password".to_owned(),
            Some("credentials belong in `token`, such as `token = { env = \"NAME\" }`".to_owned()),
        );
        return None;
    }
    if url.fragment().is_some() {
        bad("it has a part after `#`".to_owned(), None);
        return None;
    }
    Some(Marked { value: url, span })
}

/// Reads the address of a forge, which has no query and is `https`, unless `http` was allowed or stays on the machine.
/// It is returned without a slash at the end of its path.
pub(crate) fn read_forge(table: &Table<'_>, key: &Key<Address>, allow_http: bool) -> Option<Marked<Url>> {
    let mut address = read(table, key)?;
    if address.value.query().is_some() {
        table
            .context
            .sink
            .error(ProblemKind::BadUrl, format!("`{}` is not a usable address", key.name))
            .at(&address.span, "it has a part after `?`");
        return None;
    }
    if is_open(&address.value) && !allow_http {
        insecure(table, key.name, &address.span);
        return None;
    }
    let path = address.value.path().trim_end_matches('/').to_owned();
    address.value.set_path(&path);
    Some(address)
}

fn insecure(table: &Table<'_>, name: &str, span: &Span) {
    table
        .context
        .sink
        .error(ProblemKind::InsecureUrl, format!("`{name}` is plain `http` to another machine"))
        .at(span, "everybody in between could read the token")
        .help("write `https://`, or allow it for this site with `allow_http = true`");
}

/// Says whether what is sent there can be read on the way.
pub(crate) fn is_open(url: &Url) -> bool {
    let is_local = match url.host() {
        Some(Host::Domain(name)) => {
            let name = name.trim_end_matches('.').to_ascii_lowercase();
            name == "localhost" || name.ends_with(".localhost")
        }
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    };
    url.scheme() == "http" && !is_local
}
