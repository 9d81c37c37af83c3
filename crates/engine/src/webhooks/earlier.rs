//! What earlier versions remembered of webhooks, in a file of its own: taken in once.
//!
//! The file is read by what its tables say rather than by an exact form: a table that names a webhook's id or address is
//! one webhook, and belongs to the endpoint that its words, and those above it, name.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use refray_core::config::{Config, Endpoint, Provider};
use refray_core::name::RepoName;
use toml_edit::{DocumentMut, Item, TableLike, Value};

use crate::engine::Engine;
use crate::store::{Hook, StoreError};

/// The file's name.
const NAME: &str = "webhook-state.toml";

/// The words under which an id, an address, a repository and its owner may stand.
const IDS: [&str; 4] = ["hook_id", "webhook_id", "id", "hook"];
const URLS: [&str; 5] = ["webhook_url", "hook_url", "url", "target_url", "target"];
const REPOSITORIES: [&str; 7] = ["repository", "repo", "repo_name", "repository_name", "full_name", "project", "name"];
const OWNERS: [&str; 6] = ["namespace", "owner", "org", "organization", "group", "user"];

/// Takes in what earlier versions left, if they did, and puts their file aside.
pub(super) async fn take_in(engine: &Engine) -> Result<(), StoreError> {
    let mut folders = vec![engine.dirs.state.clone(), engine.dirs.work.clone()];
    folders.extend(engine.dirs.work.parent().map(Path::to_owned));
    for folder in folders {
        let path = folder.join(NAME);
        match tokio::fs::read_to_string(&path).await {
            Ok(text) => take_in_file(engine, path, &text).await?,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
            Err(error) => tracing::warn!("{} of an earlier version cannot be read: {error}", path.display()),
        }
    }
    Ok(())
}

async fn take_in_file(engine: &Engine, path: PathBuf, text: &str) -> Result<(), StoreError> {
    let entries = match text.parse::<DocumentMut>() {
        Ok(file) => entries(file.as_table()),
        Err(_) => {
            tracing::warn!("{} of an earlier version is no TOML, and is left as it is", path.display());
            return Ok(());
        }
    };
    let mut taken = 0;
    for entry in &entries {
        let Some(found) = recognise(&engine.config, entry) else {
            tracing::warn!("{}: it is not clear which webhook `{}` is", path.display(), entry.place());
            continue;
        };
        let remembered = engine.store.hooks_of(&found.repository.key()).await?;
        // What this version knows already is known better.
        if !remembered.iter().any(|hook| hook.endpoint == found.endpoint.id && hook.url == found.url) {
            let hook = Hook {
                endpoint: found.endpoint.id.clone(),
                repository: found.repository,
                url: found.url,
                id: found.id,
                secret: None,
                changed: (engine.clock)(),
            };
            engine.store.put_hook(&hook).await?;
        }
        taken += 1;
    }
    let aside = path.with_file_name(format!("{NAME}.imported"));
    if let Err(error) = tokio::fs::rename(&path, &aside).await {
        // Next time it is taken in again, which changes nothing.
        tracing::warn!("{} could not be put aside: {error}", path.display());
    }
    tracing::info!(taken, of = entries.len(), "webhooks of an earlier version are known now");
    Ok(())
}

/// A table that speaks of a webhook: where it stands, and the plain values in it and above it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Entry {
    keys: Vec<String>,
    fields: BTreeMap<String, String>,
}

impl Entry {
    fn place(&self) -> String {
        self.keys.join(".")
    }

    fn get(&self, names: &[&str]) -> Option<&str> {
        names.iter().find_map(|name| self.fields.get(*name)).map(String::as_str)
    }

    /// Returns everything that may name a site or a namespace, in lower case and cut at what separates names.
    fn words(&self) -> Vec<Vec<String>> {
        let address = |key: &str| URLS.contains(&key) || IDS.contains(&key);
        let fields = self.fields.iter().filter(|(key, _)| !address(key)).map(|(_, value)| value);
        self.keys.iter().chain(fields).map(|text| cut(text)).collect()
    }
}

fn cut(text: &str) -> Vec<String> {
    let parts = text.split(['/', ':', ' ']).filter(|part| !part.is_empty());
    parts.map(str::to_lowercase).collect()
}

fn entries(root: &dyn TableLike) -> Vec<Entry> {
    let mut found = Vec::new();
    walk(root, &Entry::default(), &mut found);
    found
}

fn walk(table: &dyn TableLike, above: &Entry, found: &mut Vec<Entry>) {
    let mut here = above.clone();
    let plain = |item: &Item| match item {
        Item::Value(Value::String(text)) => Some(text.value().clone()),
        Item::Value(Value::Integer(number)) => Some(number.value().to_string()),
        _ => None,
    };
    let own: Vec<(String, String)> =
        table.iter().filter_map(|(key, item)| Some((key.to_owned(), plain(item)?))).collect();
    let speaks = own.iter().any(|(key, _)| IDS.contains(&key.as_str()) || URLS.contains(&key.as_str()));
    here.fields.extend(own.iter().cloned());
    if speaks {
        found.push(here.clone());
    }
    // `"github/me/alpha" = 7`: the path is the key.
    for (key, value) in own.iter().filter(|(key, _)| !speaks && key.contains('/')) {
        let mut entry = above.clone();
        entry.keys.push(key.clone());
        let name = if value.contains("://") { URLS[0] } else { IDS[0] };
        entry.fields.insert(name.to_owned(), value.clone());
        found.push(entry);
    }
    for (key, item) in table.iter() {
        here.keys.push(key.to_owned());
        match item {
            Item::Table(table) => walk(table, &here, found),
            Item::ArrayOfTables(tables) => tables.iter().for_each(|table| walk(table, &here, found)),
            Item::Value(Value::InlineTable(table)) => walk(table, &here, found),
            Item::Value(Value::Array(array)) => {
                array.iter().filter_map(Value::as_inline_table).for_each(|table| walk(table, &here, found));
            }
            _ => {}
        }
        here.keys.pop();
    }
}

/// A webhook whose place is known.
struct Found<'a> {
    endpoint: &'a Endpoint,
    repository: RepoName,
    url: String,
    id: String,
}

fn recognise<'a>(config: &'a Config, entry: &Entry) -> Option<Found<'a>> {
    let named = entry.get(&REPOSITORIES);
    let last = named.or_else(|| entry.keys.last().map(String::as_str))?;
    let name = last.trim_end_matches('/').rsplit(['/', ':']).next()?;
    let repository = RepoName::new(name.trim_end_matches(".git")).ok()?;
    let words = entry.words();
    let says_owner = entry.get(&OWNERS).is_some() || last.contains('/');
    let mut endpoints: Vec<(u8, &Endpoint)> = Vec::new();
    let all = config.mirrors.iter().flat_map(|group| &group.endpoints);
    for endpoint in all.filter(|endpoint| endpoint.site.provider != Provider::Directory) {
        if endpoints.iter().any(|(_, other)| other.id == endpoint.id) {
            continue;
        }
        let namespace = cut(&endpoint.namespace);
        let owner = words.iter().any(|word| word.windows(namespace.len().max(1)).any(|part| part == namespace));
        let site = site_score(endpoint, &words);
        if site > 0 && (owner || !says_owner) {
            endpoints.push((site + u8::from(owner), endpoint));
        }
    }
    let best = endpoints.iter().map(|(score, _)| *score).max()?;
    let mut best = endpoints.into_iter().filter(|(score, _)| *score == best);
    let (_, endpoint) = best.next()?;
    if best.next().is_some() {
        return None;
    }
    let repository = endpoint.names.here(&repository);
    let text = |names: &[&str]| entry.get(names).unwrap_or_default().to_owned();
    Some(Found { endpoint, repository, url: text(&URLS), id: text(&IDS) })
}

/// Says how clearly the words name an endpoint's site: by its name, or only by what it is.
fn site_score(endpoint: &Endpoint, words: &[Vec<String>]) -> u8 {
    let site = &endpoint.site;
    let name = site.name.as_str().to_lowercase();
    let host = site.base_url.host_str().unwrap_or_default();
    let says = |wanted: &str| words.iter().flatten().any(|word| word == wanted);
    if says(&name) {
        4
    } else if says(host) || says(site.provider.as_str()) {
        2
    } else {
        0
    }
}

#[cfg(test)]
mod tests {
    use refray_core::config;

    use super::*;

    fn config() -> Config {
        let text = r#"
            sites = [
                { name = "hub", provider = "github", token = { env = "A" } },
                { name = "lab", provider = "gitlab", token = { env = "B" } },
                { name = "tea", provider = "gitea", base_url = "https://tea.example", token = { env = "C" } },
            ]
            [[mirrors]]
            name = "all"
            endpoints = [
                { site = "hub", kind = "user", namespace = "Ada" },
                { site = "hub", kind = "org", namespace = "guild" },
                { site = "lab", kind = "group", namespace = "guild/smiths" },
                { site = "tea", kind = "user", namespace = "ada" },
            ]
        "#;
        let parsed =
            config::parse(text, "config.toml", Path::new("/"), None).unwrap_or_else(|error| panic!("{error:?}"));
        parsed.config
    }

    fn read(text: &str) -> Vec<String> {
        let file: DocumentMut = text.parse().unwrap();
        let config = config();
        let told = |entry: &Entry| match recognise(&config, entry) {
            Some(found) => format!("{} {} {} {}", found.endpoint.id, found.repository, found.id, found.url),
            None => "?".to_owned(),
        };
        entries(file.as_table()).iter().map(told).collect()
    }

    #[test]
    fn many_forms_are_read() {
        let url = "https://old.example/webhook";
        let tables =
            format!("[[hooks]]\nsite = \"hub\"\nnamespace = \"ada\"\nrepo = \"alpha\"\nhook_id = 7\nurl = \"{url}\"");
        assert_eq!(read(&tables), [format!("hub/Ada alpha 7 {url}")]);
        let by_provider = format!(
            "[[webhooks]]\nprovider = \"gitlab\"\nrepository = \"guild/smiths/beta.git\"\nid = \"8\"\nurl = \"{url}\""
        );
        assert_eq!(read(&by_provider), [format!("lab/guild/smiths beta 8 {url}")]);
        let nested = format!("url = \"{url}\"\n[installed.\"tea/ada\".gamma]\nid = 9");
        assert_eq!(read(&nested)[1..], [format!("tea/ada gamma 9 {url}")]);
        let keys = "[hooks]\n\"hub/guild/delta\" = 10\n\"hub:org:guild/epsilon\" = 11";
        assert_eq!(read(keys), ["hub/guild delta 10 ", "hub/guild epsilon 11 "]);
        let inline = format!("hooks = [{{ site = \"tea\", repository = \"zeta\", id = 12, url = \"{url}\" }}]");
        assert_eq!(read(&inline), [format!("tea/ada zeta 12 {url}")]);
    }

    #[test]
    fn what_is_not_clear_is_nothing() {
        for text in [
            "[[hooks]]\nsite = \"hub\"\nrepo = \"alpha\"\nid = 1",
            "[[hooks]]\nsite = \"hub\"\nnamespace = \"nobody\"\nrepo = \"alpha\"\nid = 1",
            "[[hooks]]\nsite = \"elsewhere\"\nnamespace = \"ada\"\nrepo = \"alpha\"\nid = 1",
            "[[hooks]]\nid = 1",
        ] {
            assert_eq!(read(text), ["?"], "{text}");
        }
        assert!(read("version = 1\n[meta]\nnote = \"hello\"").is_empty());
    }
}
