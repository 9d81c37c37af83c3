//! From what was found out to the file: its text, what it means now, and how it is put in place.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use refray_core::config::edit::{EditError, Editor};
use refray_core::config::{self, Config, Endpoint, MirrorGroup, SecretSource, Site, Webhook};
use refray_core::name::SiteName;
use refray_core::secret::Secret;
use tempfile::NamedTempFile;

use super::draft::{Draft, Task};
use super::flow::Wizard;
use crate::keyring;
use crate::rewrite;

/// What stands at the top of a file that refray made.
const HEADER: &str = "# What refray keeps in sync. `refray config` changes it, `refray config check` checks it.\n\n";

/// Returns the file's text as it is to be.
pub(crate) fn text(draft: &Draft, before: Option<&str>, secret: &SecretSource) -> Result<String, EditError> {
    let mut editor = Editor::new(before.unwrap_or(HEADER), "the configuration")?;
    match &draft.task {
        Task::Group => {
            let mut written: Vec<&SiteName> = Vec::new();
            for account in draft.accounts.iter().filter(|account| !account.stored) {
                let site = &account.endpoint.site;
                if !written.contains(&&site.name) {
                    editor.add_site(site)?;
                    written.push(&site.name);
                }
            }
            match &draft.changing {
                Some(name) => editor.replace_group(name, &draft.whole_group())?,
                None => editor.add_group(&draft.whole_group())?,
            }
            if let Some(webhook) = &draft.webhook {
                let secret = webhook.secret.clone().unwrap_or_else(|| secret.clone());
                editor.set_webhook(&Webhook { secret: Some(secret), ..webhook.clone() })?;
                if !webhook.install {
                    editor.set(&["webhook", "install"], false)?;
                }
            }
        }
        Task::Delete(group, sites) => {
            editor.remove_group(group)?;
            for site in sites {
                editor.remove_site(site)?;
            }
        }
        Task::RemoveSite(site) => editor.remove_site(site)?,
        Task::Token(site, ..) => editor.replace_token(site)?,
    }
    Ok(editor.to_string())
}

/// Returns the configuration with secrets that are known put where they are read from: the file that one will be in is
/// not there before the end.
fn with_secrets(mut config: Config, secrets: &BTreeMap<SiteName, Secret>) -> Config {
    let filled = |site: &Arc<Site>| match secrets.get(&site.name) {
        Some(secret) => Arc::new(Site { token: Some(SecretSource::Value(secret.clone())), ..Site::clone(site) }),
        None => site.clone(),
    };
    config.sites = config.sites.iter().map(filled).collect();
    config.mirrors = config
        .mirrors
        .iter()
        .map(|group| {
            let endpoints = group.endpoints.iter();
            let endpoints =
                endpoints.map(|endpoint| Endpoint { site: filled(&endpoint.site), ..endpoint.clone() }).collect();
            Arc::new(MirrorGroup { endpoints, ..MirrorGroup::clone(group) })
        })
        .collect();
    config
}

impl Wizard {
    /// Returns what the file would mean, with every secret at hand. Webhooks are left out: a look installs none.
    pub(crate) fn config_in_hand(&self) -> Result<Config, String> {
        self.config_of(&Draft { webhook: None, ..self.draft.clone() })
    }

    /// Returns the configuration as it is saved, webhooks included.
    pub(crate) fn config_to_save(&self) -> Result<Config, String> {
        self.config_of(&self.draft)
    }

    fn config_of(&self, draft: &Draft) -> Result<Config, String> {
        let text = text(draft, self.text.as_deref(), &self.webhook_secret()).map_err(|error| error.to_string())?;
        let folder = self.folder();
        let parsed = config::parse(&text, "the configuration", &folder, self.paths.home.as_deref());
        let parsed =
            parsed.map_err(|errors| errors.problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))?;
        let secrets = self.draft.accounts.iter().filter_map(|account| {
            let secret = account.token.clone()?;
            Some((account.endpoint.site.name.clone(), secret))
        });
        Ok(with_secrets(parsed.config, &secrets.collect()))
    }

    /// Returns the folder of the configuration.
    pub(super) fn folder(&self) -> PathBuf {
        self.paths.config.parent().unwrap_or_else(|| Path::new("/")).to_owned()
    }

    /// Returns where the secret of webhooks is kept, when the wizard makes one.
    fn webhook_secret(&self) -> SecretSource {
        SecretSource::File(PathBuf::from("webhook-secret"))
    }

    /// Writes secrets, and last of all the file. Returns what is where then, a line each.
    pub(crate) async fn write(&mut self) -> Result<Vec<String>, String> {
        let source = self.webhook_secret();
        let text = text(&self.draft, self.text.as_deref(), &source).map_err(|error| error.to_string())?;
        let folder = self.folder();
        // What cannot be read again is not written.
        config::parse(&text, "the configuration", &folder, self.paths.home.as_deref())
            .map_err(|errors| errors.problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))?;
        let failed = |path: &Path, error: io::Error| format!("{} cannot be written: {error}", path.display());
        let keeps =
            self.draft.accounts.iter().filter_map(|account| {
                Some((&account.endpoint.site.name, account.keep.as_ref()?, account.token.as_ref()?))
            });
        let task = match &self.draft.task {
            Task::Token(site, keep, token) => Some((&site.name, keep, token)),
            _ => None,
        };
        // Before any secret takes the place of another one, which the file may still name.
        unchanged(&self.paths.config, self.text.as_deref()).map_err(|error| failed(&self.paths.config, error))?;
        let mut secrets: Vec<(PathBuf, Secret)> = Vec::new();
        let mut told = vec![format!("saved in {}", self.paths.short(&self.paths.config))];
        for (site, keep, token) in keeps.chain(task) {
            if let Some(file) = &keep.file {
                secrets.push((file.clone(), token.clone()));
                told.push(format!("the token of `{site}` is in {}", self.paths.short(file)));
            }
            if let Some(entry) = &keep.entry {
                let stored = keyring::write(entry, token).await;
                stored.map_err(|why| format!("the token cannot be stored in the keyring as {entry}: {why}"))?;
                told.push(format!("the token of `{site}` is in the keyring as {entry}"));
            }
        }
        if let (Some(Webhook { secret: None, .. }), SecretSource::File(path)) = (&self.draft.webhook, &source)
            && !folder.join(path).exists()
        {
            secrets.push((folder.join(path), random_secret().map_err(|error| failed(path, error))?));
            told.push(format!("the secret of webhooks is in {}", self.paths.short(&folder.join(path))));
        }
        for (path, secret) in secrets {
            put_secret(&path, &secret).map_err(|error| failed(&path, error))?;
        }
        let literal = |source: &Option<SecretSource>| matches!(source, Some(SecretSource::Value(_)));
        let private =
            self.draft.accounts.iter().any(|account| !account.stored && literal(&account.endpoint.site.token))
                || matches!(&self.draft.task, Task::Token(site, ..) if literal(&site.token));
        put_config(&self.paths.config, self.text.as_deref(), &text, private)
            .map_err(|error| failed(&self.paths.config, error))?;
        Ok(told)
    }
}

/// Fails when the file is not what it was; one that there was not may not be there now.
fn unchanged(path: &Path, before: Option<&str>) -> io::Result<()> {
    let is_same = match before {
        Some(before) => std::fs::read_to_string(path)? == before,
        None => std::fs::symlink_metadata(path).is_err(),
    };
    if is_same { Ok(()) } else { Err(changed()) }
}

fn changed() -> io::Error {
    io::Error::other("it was changed meanwhile; run `refray config` again")
}

/// Puts the configuration in place, if the file is still what it was.
fn put_config(path: &Path, before: Option<&str>, text: &str, private: bool) -> io::Result<()> {
    if before.is_none() {
        if let Some(folder) = path.parent() {
            make_folder(folder)?;
        }
        let mut file = new_file(path)?;
        file.write_all(text.as_bytes())?;
        file.as_file().sync_all()?;
        return match file.persist_noclobber(path) {
            Ok(_) => Ok(()),
            Err(error) if error.error.kind() == io::ErrorKind::AlreadyExists => Err(changed()),
            Err(error) => Err(error.error),
        };
    }
    unchanged(path, before)?;
    rewrite::replace_as(path, text, private.then_some(0o600))
}

/// Writes a secret into a file that only its owner can read.
fn put_secret(path: &Path, secret: &Secret) -> io::Result<()> {
    if let Some(folder) = path.parent() {
        make_folder(folder)?;
    }
    let mut file = new_file(path)?;
    file.as_file().set_permissions(std::fs::Permissions::from_mode(0o600))?;
    file.write_all(secret.expose().as_bytes())?;
    file.write_all(b"\n")?;
    file.as_file().sync_all()?;
    file.persist(path).map(drop).map_err(|error| error.error)
}

fn new_file(path: &Path) -> io::Result<NamedTempFile> {
    let folder = path.parent().unwrap_or_else(|| Path::new("/"));
    // Made for its owner only.
    tempfile::Builder::new().prefix(".refray-").tempfile_in(folder)
}

fn make_folder(path: &Path) -> io::Result<()> {
    std::fs::DirBuilder::new().recursive(true).mode(0o700).create(path)
}

fn random_secret() -> io::Result<Secret> {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes).map_err(io::Error::other)?;
    Ok(Secret::new(bytes.iter().map(|byte| format!("{byte:02x}")).collect()))
}
