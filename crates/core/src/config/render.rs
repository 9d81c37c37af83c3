//! Writes a configuration as TOML.

use std::path::Path;

use regex::Regex;
use toml_edit::{Array, InlineTable, Value};
use url::Url;

use super::keys::{
    Choice, Flag, Interval, Key, Nested, Number, Patterns, dashboard, endpoint, mirror, root, secret, serve, site,
    webhook,
};
use super::model::{Config, Endpoint, MirrorGroup, Provider, SecretSource, Site, Webhook};

/// Returns the effective configuration as TOML: defaults are filled in, and a secret that stands in the file itself is
/// replaced by a comment.
pub fn show(config: &Config) -> String {
    let mut lines = Lines::new(Style::Effective);
    lines.number(&root::JOBS, u32::try_from(config.jobs).unwrap_or(u32::MAX));
    lines.number(&root::BACKUP_KEEP_DAYS, config.backup_keep_days);
    for site in &config.sites {
        lines.header(site::TABLE.header);
        lines.site(site);
    }
    for group in &config.mirrors {
        lines.header(mirror::TABLE.header);
        lines.group(group);
        for endpoint in &group.endpoints {
            lines.header(endpoint::TABLE.header);
            lines.endpoint(endpoint);
        }
    }
    if let Some(webhook) = &config.webhook {
        lines.header(webhook::TABLE.header);
        lines.webhook(webhook);
    }
    // A table in which nothing is set says nothing.
    if config.serve.poll_interval_seconds.is_some() {
        lines.header(serve::TABLE.header);
        lines.interval(&serve::POLL_INTERVAL_SECONDS, config.serve.poll_interval_seconds);
    }
    if config.dashboard.token.is_some() {
        lines.header(dashboard::TABLE.header);
        lines.secret(&dashboard::TOKEN, config.dashboard.token.as_ref());
    }
    lines.text
}

/// Who reads what is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Style {
    /// A person who asks what holds: every default, no secret.
    Effective,
    /// refray itself, in its file: no defaults, secrets as they are.
    Stored,
}

/// Lines of TOML.
pub(crate) struct Lines {
    style: Style,
    pub(crate) text: String,
}

impl Lines {
    pub(crate) const fn new(style: Style) -> Self {
        Self { style, text: String::new() }
    }

    pub(crate) fn site(&mut self, site: &Site) {
        self.put(site::NAME.name, site.name.as_str());
        self.put(site::PROVIDER.name, site::PROVIDER.shape.word(site.provider));
        if let Some(path) = &site.path {
            self.path(site::PATH.name, path);
        }
        if site.provider == Provider::Directory {
            return;
        }
        let base_url = plain(&site.base_url);
        self.unless(site.provider.default_base_url() == Some(base_url), site::BASE_URL.name, base_url);
        if let Some(api_url) = &site.api_url {
            self.put(site::API_URL.name, plain(api_url));
        }
        if let Some(git_username) = &site.git_username {
            self.put(site::GIT_USERNAME.name, git_username);
        }
        self.choice(&site::TRANSPORT, site.transport);
        if let Some(ca_file) = &site.ca_file {
            self.path(site::CA_FILE.name, ca_file);
        }
        self.flag(&site::ALLOW_HTTP, site.allow_http);
        self.secret(&site::TOKEN, site.token.as_ref());
    }

    pub(crate) fn group(&mut self, group: &MirrorGroup) {
        self.put(mirror::NAME.name, group.name.as_str());
        self.choice(&mirror::SYNC_VISIBILITY, group.sync_visibility);
        self.patterns(&mirror::REPO_WHITELIST, &group.whitelist);
        self.patterns(&mirror::REPO_BLACKLIST, &group.blacklist);
        self.flag(&mirror::CREATE_MISSING, group.create_missing);
        self.flag(&mirror::DELETE_MISSING, group.delete_missing);
        self.choice(&mirror::VISIBILITY, group.visibility);
        self.flag(&mirror::ALLOW_FORCE, group.allow_force);
        self.choice(&mirror::CONFLICT_RESOLUTION, group.conflict_resolution);
        self.choice(&mirror::REWRITES, group.rewrites);
    }

    pub(crate) fn endpoint(&mut self, endpoint: &Endpoint) {
        self.put(endpoint::SITE.name, endpoint.site.name.as_str());
        let is_directory = endpoint.site.provider == Provider::Directory;
        self.unless(is_directory, endpoint::KIND.name, endpoint::KIND.shape.word(endpoint.kind));
        self.unless(
            is_directory && endpoint.namespace.is_empty(),
            endpoint::NAMESPACE.name,
            endpoint.namespace.as_str(),
        );
        self.flag(&endpoint::INCLUDE_SUBGROUPS, endpoint.include_subgroups);
        let names = endpoint.names.pairs().map(|(here, there)| (here.as_str(), there.as_str()));
        self.unless(endpoint.names.is_empty(), endpoint::NAMES.name, names.collect::<InlineTable>());
    }

    pub(crate) fn webhook(&mut self, webhook: &Webhook) {
        self.flag(&webhook::INSTALL, webhook.install);
        if let Some(url) = &webhook.url {
            self.put(webhook::URL.name, url.as_str());
        }
        self.secret(&webhook::SECRET, webhook.secret.as_ref());
        self.secret(&webhook::SIGNING_TOKEN, webhook.signing_token.as_ref());
        self.interval(&webhook::FULL_SYNC_INTERVAL_MINUTES, webhook.full_sync_interval_minutes);
        self.interval(&webhook::REACHABILITY_CHECK_INTERVAL_MINUTES, webhook.reachability_check_interval_minutes);
    }

    /// Starts a table.
    pub(crate) fn header(&mut self, header: &str) {
        if !self.text.is_empty() {
            self.text.push('\n');
        }
        self.text.push_str(header);
        self.text.push('\n');
    }

    fn put(&mut self, name: &str, value: impl Into<Value>) {
        let value: Value = value.into();
        self.text.push_str(name);
        self.text.push_str(" = ");
        self.text.push_str(value.to_string().trim());
        self.text.push('\n');
    }

    /// Writes a value that need not be stored when `is_default`.
    fn unless(&mut self, is_default: bool, name: &str, value: impl Into<Value>) {
        if self.style == Style::Effective || !is_default {
            self.put(name, value);
        }
    }

    fn flag(&mut self, key: &Key<Flag>, value: bool) {
        self.unless(value == key.shape.default, key.name, value);
    }

    fn number(&mut self, key: &Key<Number>, value: u32) {
        self.unless(value == key.shape.default, key.name, i64::from(value));
    }

    fn interval(&mut self, key: &Key<Interval>, value: Option<u32>) {
        self.unless(value.is_none(), key.name, i64::from(value.unwrap_or(0)));
    }

    fn choice<T: Copy + PartialEq>(&mut self, key: &Key<Choice<T>>, value: T) {
        self.unless(key.shape.default == Some(value), key.name, key.shape.word(value));
    }

    fn patterns(&mut self, key: &Key<Patterns>, regexes: &[Regex]) {
        let list: Array = regexes.iter().map(Regex::as_str).collect();
        self.unless(regexes.is_empty(), key.name, list);
    }

    fn path(&mut self, name: &str, path: &Path) {
        self.put(name, path.to_string_lossy().into_owned());
    }

    fn secret(&mut self, key: &Key<Nested>, source: Option<&SecretSource>) {
        let (source, text) = match source {
            None => return,
            Some(SecretSource::Value(_)) if self.style == Style::Effective => {
                self.text.push_str("# ");
                self.text.push_str(key.name);
                self.text.push_str(" is a literal value, not shown\n");
                return;
            }
            Some(SecretSource::Value(secret)) => (secret::VALUE.name, secret.expose().into()),
            Some(SecretSource::Env(name)) => (secret::ENV.name, name.as_str().into()),
            Some(SecretSource::File(path)) => (secret::FILE.name, path.to_string_lossy()),
            Some(SecretSource::Command(command)) => (secret::COMMAND.name, command.as_str().into()),
            Some(SecretSource::Keyring(name)) => (secret::KEYRING.name, name.as_str().into()),
        };
        let mut table = InlineTable::new();
        table.insert(source, text.into_owned().into());
        self.put(key.name, table);
    }
}

/// Returns an address as it is usually written: without the slash of an empty path.
pub(crate) fn plain(url: &Url) -> &str {
    if url.path() == "/" && url.query().is_none() { url.as_str().trim_end_matches('/') } else { url.as_str() }
}
