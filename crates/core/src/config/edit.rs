//! Changes the text of a configuration file and leaves its comments and order alone.

mod group;

use std::fmt;

use miette::Diagnostic;
use toml_edit::{ArrayOfTables, DocumentMut, Item, Table, TableLike, Value};
use url::Url;

use self::group::{group_table, update_group};
use super::keys::{mirror, root, site, webhook};
use super::model::{MirrorGroup, SecretSource, Site, Webhook};
use super::problem::ConfigErrors;
use super::read;
use super::render::{Lines, Style, plain};
use super::spell::{propose, shown};
use crate::name::{GroupName, SiteName};

/// Why a file cannot be changed as asked.
#[derive(Debug, thiserror::Error, Diagnostic)]
pub enum EditError {
    /// The file is not TOML.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Unreadable(#[from] ConfigErrors),
    /// Something stands where a table or a list of tables belongs.
    #[error("`{key}` is not a table")]
    #[diagnostic(code(refray::config::wrong_type))]
    NotATable {
        /// The key.
        key: String,
    },
    /// There is no such group.
    #[error("there is no mirror group `{name}`")]
    #[diagnostic(code(refray::config::unknown_group), help("{help}"))]
    NoSuchGroup {
        /// The name that was asked for.
        name: String,
        /// The likely one, or all there are.
        help: String,
    },
    /// There is one of that name already.
    #[error("there is already {what} called `{name}`")]
    #[diagnostic(code(refray::config::duplicate))]
    AlreadyThere {
        /// What it is, with its article.
        what: &'static str,
        /// Its name.
        name: String,
    },
}

/// The text of a configuration file that is being changed. [`Display`](fmt::Display) gives the new text.
#[derive(Clone)]
pub struct Editor {
    file: DocumentMut,
}

impl fmt::Debug for Editor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The text may hold secrets.
        f.write_str("Editor(…)")
    }
}

impl fmt::Display for Editor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.file.fmt(f)
    }
}

impl Editor {
    /// Starts from a file's text, which may be empty.
    ///
    /// # Errors
    /// The first place at which the text is not TOML. Nothing else about it is checked.
    pub fn new(text: &str, file_name: &str) -> Result<Self, EditError> {
        let mut file = read::document(text, file_name)?.into_mut();
        if file.is_empty() {
            // In a file of comments alone, what is added goes below them.
            let comments = file.trailing().as_str().unwrap_or_default().to_owned();
            if !comments.trim().is_empty() {
                file.set_trailing("");
                file.decor_mut().set_prefix(comments);
            }
        }
        Ok(Self { file })
    }

    /// Sets a key to a value. `path` leads there from the top of the file; tables on the way are made.
    ///
    /// # Errors
    /// Something on the way is not a table.
    pub fn set(&mut self, path: &[&str], value: impl Into<Value>) -> Result<(), EditError> {
        let Some((last, tables)) = path.split_last() else { return Ok(()) };
        let mut table: &mut dyn TableLike = self.file.as_table_mut();
        for key in tables {
            table = table
                .entry(key)
                .or_insert_with(toml_edit::table)
                .as_table_like_mut()
                .ok_or_else(|| EditError::NotATable { key: (*key).to_owned() })?;
        }
        put(table, last, value.into());
        Ok(())
    }

    /// Sets the public address that forges deliver to.
    ///
    /// # Errors
    /// `webhook` is not a table.
    pub fn set_webhook_url(&mut self, url: &Url) -> Result<(), EditError> {
        self.set(&[root::WEBHOOK.name, webhook::URL.name], plain(url))
    }

    /// Sets where the secret is that webhooks sign with.
    ///
    /// # Errors
    /// `webhook` is not a table.
    pub fn set_webhook_secret(&mut self, source: SecretSource) -> Result<(), EditError> {
        let mut lines = Lines::new(Style::Stored);
        lines.webhook(&Webhook {
            install: false,
            url: None,
            secret: Some(source),
            signing_token: None,
            full_sync_interval_minutes: None,
            reachability_check_interval_minutes: None,
        });
        match table(&lines.text).remove(webhook::SECRET.name) {
            Some(Item::Value(written)) => self.set(&[root::WEBHOOK.name, webhook::SECRET.name], written),
            _ => Ok(()),
        }
    }

    /// Appends a site, with its secret if it holds one.
    ///
    /// # Errors
    /// There is one of that name, or `sites` is not a list of tables.
    pub fn add_site(&mut self, site: &Site) -> Result<(), EditError> {
        let mut lines = Lines::new(Style::Stored);
        lines.site(site);
        self.append(root::SITES.name, site::TABLE.what, site.name.as_str(), table(&lines.text))
    }

    /// Appends a mirror group.
    ///
    /// # Errors
    /// There is one of that name, or `mirrors` is not a list of tables.
    pub fn add_group(&mut self, group: &MirrorGroup) -> Result<(), EditError> {
        self.append(root::MIRRORS.name, mirror::TABLE.what, group.name.as_str(), group_table(group, Style::Stored))
    }

    /// Changes the mirror group `name` to be `group`. What is the same already is left as it is written.
    ///
    /// # Errors
    /// There is no such group, or another one has the new name.
    pub fn replace_group(&mut self, name: &GroupName, group: &MirrorGroup) -> Result<(), EditError> {
        let new = group.name.as_str();
        if new != name.as_str() && self.names(root::MIRRORS.name)?.iter().any(|other| other == new) {
            return Err(EditError::AlreadyThere { what: mirror::TABLE.what, name: new.to_owned() });
        }
        let index = self.index_of(name)?;
        match self.file.get_mut(root::MIRRORS.name) {
            Some(Item::ArrayOfTables(groups)) => {
                if let Some(table) = groups.get_mut(index) {
                    update_group(table, group);
                }
            }
            Some(Item::Value(Value::Array(groups))) => {
                groups.replace(index, group_table(group, Style::Stored).into_inline_table());
            }
            _ => {}
        }
        Ok(())
    }

    /// Removes a mirror group, with the comments right above it.
    ///
    /// # Errors
    /// There is no such group.
    pub fn remove_group(&mut self, name: &GroupName) -> Result<(), EditError> {
        let index = self.index_of(name)?;
        self.remove(root::MIRRORS.name, index);
        Ok(())
    }

    /// Removes a site, with the comments right above it. Whether anything still uses it is not looked at.
    ///
    /// # Errors
    /// `sites` is not a list of tables. A site that is not there is none.
    pub fn remove_site(&mut self, name: &SiteName) -> Result<(), EditError> {
        let index = self.names(root::SITES.name)?.iter().position(|other| other == name.as_str());
        if let Some(index) = index {
            self.remove(root::SITES.name, index);
        }
        Ok(())
    }

    /// Writes where a site's token comes from, and leaves all else about the site as it is.
    ///
    /// # Errors
    /// `sites` is not a list of tables. A site that is not there is none.
    pub fn replace_token(&mut self, site: &Site) -> Result<(), EditError> {
        let mut lines = Lines::new(Style::Stored);
        lines.site(site);
        let written = table(&lines.text).remove(site::TOKEN.name);
        let index = self.names(root::SITES.name)?.iter().position(|other| other == site.name.as_str());
        let (Some(Item::Value(token)), Some(index)) = (written, index) else { return Ok(()) };
        match self.file.get_mut(root::SITES.name) {
            Some(Item::ArrayOfTables(sites)) => {
                if let Some(old) = sites.get_mut(index) {
                    put(old, site::TOKEN.name, token);
                }
            }
            Some(Item::Value(Value::Array(sites))) => {
                if let Some(old) = sites.get_mut(index).and_then(Value::as_inline_table_mut) {
                    put(old, site::TOKEN.name, token);
                }
            }
            _ => {}
        }
        Ok(())
    }

    /// Sets what `[webhook]` says to `webhook`; what is at its default is not written.
    ///
    /// # Errors
    /// `webhook` is not a table.
    pub fn set_webhook(&mut self, webhook: &Webhook) -> Result<(), EditError> {
        let mut lines = Lines::new(Style::Stored);
        lines.webhook(webhook);
        for (key, item) in table(&lines.text) {
            if let Item::Value(value) = item {
                self.set(&[root::WEBHOOK.name, &key], value)?;
            }
        }
        webhook.url.as_ref().map_or(Ok(()), |url| self.set_webhook_url(url))
    }

    /// Takes a table out of the list behind `key`, with the comments right above it.
    fn remove(&mut self, key: &str, index: usize) {
        let mut orphan = String::new();
        let is_empty = match self.file.get_mut(key) {
            Some(Item::ArrayOfTables(groups)) => {
                let removed = groups.remove(index);
                let above = removed.decor().prefix().and_then(|prefix| prefix.as_str()).unwrap_or_default();
                match (paragraphs_above(above), groups.get_mut(index)) {
                    (None, _) => {}
                    (Some(kept), Some(next)) => {
                        let own = next.decor().prefix().and_then(|prefix| prefix.as_str()).unwrap_or("\n").to_owned();
                        next.decor_mut().set_prefix(format!("{kept}{own}"));
                    }
                    (Some(kept), None) => orphan = kept.to_owned(),
                }
                groups.is_empty()
            }
            Some(Item::Value(Value::Array(groups))) => {
                groups.remove(index);
                false
            }
            _ => false,
        };
        if !orphan.is_empty() {
            let trailing = self.file.trailing().as_str().unwrap_or_default().to_owned();
            self.file.set_trailing(format!("{orphan}{trailing}"));
        }
        if is_empty {
            self.file.remove(key);
        }
    }

    fn append(&mut self, key: &str, what: &'static str, name: &str, table: Table) -> Result<(), EditError> {
        if self.names(key)?.iter().any(|other| other == name) {
            return Err(EditError::AlreadyThere { what, name: name.to_owned() });
        }
        match self.file.entry(key).or_insert_with(toml_edit::array) {
            Item::ArrayOfTables(tables) => tables.push(table),
            Item::Value(Value::Array(array)) if array.is_empty() => {
                let mut tables = ArrayOfTables::new();
                tables.push(table);
                self.file.remove(key);
                self.file.insert(key, Item::ArrayOfTables(tables));
            }
            Item::Value(Value::Array(array)) => array.push(table.into_inline_table()),
            _ => return Err(EditError::NotATable { key: key.to_owned() }),
        }
        Ok(())
    }

    fn index_of(&self, name: &GroupName) -> Result<usize, EditError> {
        let names = self.names(root::MIRRORS.name)?;
        names.iter().position(|other| other == name.as_str()).ok_or_else(|| {
            let names: Vec<_> = names.iter().map(String::as_str).collect();
            EditError::NoSuchGroup { name: shown(name.as_str()), help: propose(name.as_str(), &names, "known groups") }
        })
    }

    /// Returns the names of the tables behind `key`, one for each, empty where there is none.
    fn names(&self, key: &str) -> Result<Vec<String>, EditError> {
        let name = |name: Option<&str>| name.unwrap_or_default().to_owned();
        match self.file.get(key) {
            None => Ok(Vec::new()),
            Some(Item::ArrayOfTables(tables)) => {
                Ok(tables.iter().map(|table| name(table.get("name").and_then(Item::as_str))).collect())
            }
            Some(Item::Value(Value::Array(array))) => Ok(array
                .iter()
                .map(|value| name(value.as_inline_table().and_then(|table| table.get("name")).and_then(Value::as_str)))
                .collect()),
            Some(_) => Err(EditError::NotATable { key: key.to_owned() }),
        }
    }
}

/// Sets a key and keeps the comment behind its old value.
fn put(table: &mut dyn TableLike, key: &str, mut value: Value) {
    if let Some(Item::Value(old)) = table.get_mut(key) {
        *value.decor_mut() = old.decor().clone();
        *old = value;
    } else {
        table.insert(key, Item::Value(value));
    }
}

/// Makes a table of lines that refray wrote itself.
fn table(lines: &str) -> Table {
    let mut table = lines.parse::<DocumentMut>().map(DocumentMut::into_table).unwrap_or_default();
    table.set_implicit(false);
    table.set_position(None);
    table.decor_mut().clear();
    table
}

/// Returns the comments above a table without those that stand right on top of it, if there are any.
fn paragraphs_above(prefix: &str) -> Option<&str> {
    let (above, _) = prefix.rsplit_once("\n\n")?;
    above.contains('#').then_some(&prefix[..=above.len()])
}
