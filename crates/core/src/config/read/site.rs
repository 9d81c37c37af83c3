//! Reads `[[sites]]`.

use std::sync::Arc;

use url::Url;

use super::context::Marked;
use super::table::Table;
use super::{address, secret};
use crate::config::keys::site as keys;
use crate::config::model::{GitTransport, Provider, Site};
use crate::config::problem::{ProblemKind, Span};
use crate::config::spell::shown;
use crate::name::SiteName;

/// A site of the file, which endpoints may name even if there is something wrong with it.
pub(crate) struct Declared {
    pub(crate) name: Marked<SiteName>,
    pub(crate) provider: Option<Provider>,
    /// The site, when nothing is wrong with it.
    pub(crate) site: Option<Arc<Site>>,
}

/// Reads all sites.
pub(crate) fn read_all(tables: Vec<Table<'_>>) -> Vec<Declared> {
    let mut declared: Vec<Declared> = Vec::new();
    for table in tables {
        let context = table.context;
        let Some(site) = read(table) else { continue };
        if let Some(first) = declared.iter().find(|other| other.name.value == site.name.value) {
            duplicate(context.sink, "sites", site.name.value.as_str(), &first.name.span, &site.name.span);
        } else {
            declared.push(site);
        }
    }
    declared
}

/// Notes that two things have the same name.
pub(crate) fn duplicate(sink: &crate::config::problem::Sink, what: &str, name: &str, first: &Span, second: &Span) {
    sink.error(ProblemKind::Duplicate, format!("two {what} are called `{}`", shown(name)))
        .at(second, "the second")
        .at(first, "the first")
        .help("give each a name of its own");
}

fn read(table: Table<'_>) -> Option<Declared> {
    let name = table.text(&keys::NAME).and_then(|text| match SiteName::new(&text.value) {
        Ok(value) => Some(Marked { value, span: text.span }),
        Err(why) => {
            table
                .context
                .sink
                .error(ProblemKind::BadValue, format!("`{}` cannot be the name of a site", shown(&text.value)))
                .at(&text.span, why.why);
            None
        }
    });
    let provider = table.choice(&keys::PROVIDER);
    let allow_http = table.flag(&keys::ALLOW_HTTP);
    let base_url = address::read_forge(&table, &keys::BASE_URL, allow_http.value);
    let api_url = address::read_forge(&table, &keys::API_URL, allow_http.value);
    let git_username = table.text(&keys::GIT_USERNAME);
    let transport = table.choice(&keys::TRANSPORT);
    let ca_file = table.text(&keys::CA_FILE).and_then(|text| table.context.path(&text));
    let token = secret::read(&table, &keys::TOKEN);
    let path =
        table.text(&keys::PATH).and_then(|text| Some(Marked { value: table.context.path(&text)?, span: text.span }));

    let provider = provider.map(|provider| provider.value);
    let base_url = match provider {
        None => None,
        Some(Provider::Directory) => {
            refuse_forge_keys(&table);
            if table.key_span(&keys::PATH).is_none() {
                table.missing(
                    &keys::PATH,
                    "a directory site needs the folder that holds its repositories, such as `path = \"/srv/git\"`",
                );
            }
            path.as_ref().and_then(|path| file_url(&table, path))
        }
        Some(forge) => {
            if table.key_span(&keys::PATH).is_some() {
                table.unfit(
                    &keys::PATH,
                    format!("a site of {} has no `path`", forge.title()),
                    "`path` is for `provider = \"directory\"`",
                );
            }
            if table.key_span(&keys::TOKEN).is_none() {
                table.missing(&keys::TOKEN, "such as `token = { env = \"NAME\" }`");
            }
            base_url.map(|url| url.value).or_else(|| default_url(&table, forge))
        }
    };
    let site = match (&name, provider, base_url) {
        (Some(name), Some(provider), Some(base_url)) => Some(Arc::new(Site {
            name: name.value.clone(),
            provider,
            base_url,
            api_url: api_url.map(|url| url.value),
            git_username: git_username.map(|text| text.value),
            transport: transport.map(|transport| transport.value).unwrap_or_default(),
            ca_file,
            allow_http: allow_http.value,
            token,
            path: path.map(|path| path.value),
        })),
        _ => None,
    };
    table.finish();
    Some(Declared { name: name?, provider, site })
}

fn default_url(table: &Table<'_>, provider: Provider) -> Option<Url> {
    if table.key_span(&keys::BASE_URL).is_some() {
        // What is written there is wrong, and a problem has been noted.
        return None;
    }
    match provider.default_base_url() {
        Some(url) => Url::parse(url).ok(),
        None => {
            let help = format!(
                "{} runs in many places, so say where, such as `base_url = \"https://git.example.com\"`",
                provider.title()
            );
            table.missing(&keys::BASE_URL, &help);
            None
        }
    }
}

fn refuse_forge_keys(table: &Table<'_>) {
    let refuse = |name: &str| format!("a directory site has no `{name}`");
    let help = "a directory is reached by its `path` alone";
    for key in [&keys::BASE_URL, &keys::API_URL] {
        if table.key_span(key).is_some() {
            table.unfit(key, refuse(key.name), help);
        }
    }
    for key in [&keys::GIT_USERNAME, &keys::CA_FILE] {
        if table.key_span(key).is_some() {
            table.unfit(key, refuse(key.name), help);
        }
    }
    if table.key_span(&keys::TOKEN).is_some() {
        table.unfit(&keys::TOKEN, refuse(keys::TOKEN.name), help);
    }
    if table.item(&keys::ALLOW_HTTP).is_some_and(|(item, _)| item.as_bool() == Some(true)) {
        table.unfit(&keys::ALLOW_HTTP, refuse(keys::ALLOW_HTTP.name), help);
    }
    let ssh = keys::TRANSPORT.shape.word(GitTransport::Ssh);
    if table.item(&keys::TRANSPORT).is_some_and(|(item, _)| item.as_str() == Some(ssh)) {
        table.unfit(&keys::TRANSPORT, "a directory site is not reached by `ssh`", help);
    }
}

fn file_url(table: &Table<'_>, path: &Marked<std::path::PathBuf>) -> Option<Url> {
    let url = Url::from_file_path(&path.value).ok();
    if url.is_none() {
        table
            .context
            .sink
            .error(ProblemKind::BadValue, "this path cannot be used")
            .at(&path.span, "it is not absolute, and neither is the folder of this file");
    }
    url
}
