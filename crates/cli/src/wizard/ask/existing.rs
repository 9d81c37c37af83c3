//! What is done with a configuration that there is already.

use std::collections::BTreeSet;

use refray_core::config::{Config, MirrorGroup, NamespaceKind, Provider};
use refray_core::name::SiteName;

use crate::wizard::draft::{Draft, Making, Task};
use crate::wizard::flow::Wizard;
use crate::wizard::prompt::Leave;
use crate::wizard::step::{End, Step, Turn};
use crate::wizard::token::Shown;

impl Wizard {
    pub(in crate::wizard) async fn menu(&mut self) -> Result<Turn, Leave> {
        let Some(config) = self.config.clone() else { return Ok(Turn::Through(Step::Address)) };
        let sites = if config.sites.len() == 1 { "1 site" } else { &format!("{} sites", config.sites.len()) };
        self.say(&format!("The configuration is {}.", self.paths.short(&self.paths.config)));
        let mut options: Vec<String> =
            config.mirrors.iter().map(|group| format!("Change `{}`  {}", group.name, joined(group))).collect();
        options.push("Add a group".to_owned());
        let delete = |name| format!("Delete the group `{name}`  nothing is deleted on any forge");
        options.extend(config.mirrors.iter().map(|group| delete(&group.name)));
        options.push(format!("Tokens  of {sites}"));
        options.push("Leave it as it is".to_owned());
        let chosen = self.choose("What is to be done?", &options, 0).await?;
        let groups = config.mirrors.len();
        Ok(match chosen {
            _ if chosen < groups => {
                self.draft = Draft::of(&config.mirrors[chosen]);
                Turn::To(Step::Review)
            }
            _ if chosen == groups => {
                let name = self.draft.group.name.clone();
                self.draft = Draft::new(name);
                Turn::To(Step::Address)
            }
            _ if chosen <= 2 * groups => Turn::To(Step::Delete(chosen - groups - 1)),
            _ if chosen == 2 * groups + 1 => Turn::To(Step::Sites),
            _ => Turn::End(End::Leave),
        })
    }

    pub(in crate::wizard) async fn delete(&mut self, index: usize) -> Result<Turn, Leave> {
        let Some((config, group)) = self.config.clone().and_then(|config| {
            let group = config.mirrors.get(index)?.clone();
            Some((config, group))
        }) else {
            return Ok(Turn::Through(Step::Menu));
        };
        let alone = only_used_by(&config, &group);
        let mut options = vec!["Keep it".to_owned(), "Delete the group".to_owned()];
        if !alone.is_empty() {
            let names: Vec<&str> = alone.iter().map(SiteName::as_str).collect();
            options.push(format!("Delete it and its sites  {}", names.join(", ")));
        }
        self.say("Its repositories stay everywhere as they are; they are only not synced any more.");
        let chosen = self.choose(&format!("Delete the group `{}`?", group.name), &options, 0).await?;
        let sites = match chosen {
            0 => return Err(Leave::Back),
            1 => Vec::new(),
            _ => alone,
        };
        self.draft.task = Task::Delete(group.name.clone(), sites);
        Ok(Turn::End(End::Save { sync: false }))
    }

    pub(in crate::wizard) async fn sites(&mut self) -> Result<Turn, Leave> {
        let Some(config) = self.config.clone() else { return Ok(Turn::Through(Step::Menu)) };
        let options: Vec<String> = config
            .sites
            .iter()
            .map(|site| match &site.token {
                Some(source) => format!("{}  token {}", site.name, Shown(source)),
                None => format!("{}  a folder, without a token", site.name),
            })
            .collect();
        let chosen = self.choose("Which site?", &options, 0).await?;
        Ok(Turn::To(Step::Site(chosen)))
    }

    pub(in crate::wizard) async fn site(&mut self, index: usize) -> Result<Turn, Leave> {
        let Some((config, site)) = self.config.clone().and_then(|config| {
            let site = config.sites.get(index)?.clone();
            Some((config, site))
        }) else {
            return Ok(Turn::Through(Step::Sites));
        };
        let endpoints = config.mirrors.iter().flat_map(|group| &group.endpoints);
        let used: Vec<_> = endpoints.filter(|endpoint| endpoint.site.name == site.name).collect();
        let forge = site.provider != Provider::Directory;
        let mut options = Vec::new();
        if forge && !used.is_empty() {
            options.push("Give it another token".to_owned());
        }
        if used.is_empty() {
            options.push("Remove it  no group uses it".to_owned());
        }
        options.push("Leave it as it is".to_owned());
        let chosen = self.choose(&format!("What about `{}`?", site.name), &options, 0).await?;
        match used.first() {
            _ if chosen + 1 == options.len() => Err(Leave::Back),
            Some(endpoint) => {
                self.draft.making = Making {
                    found: Some((site.provider, site.base_url.clone(), vec![endpoint.namespace.clone()])),
                    kind: Some(endpoint.kind).filter(|kind| *kind != NamespaceKind::Folder),
                    replaces: Some(site),
                    ..Making::default()
                };
                Ok(Turn::To(Step::Token))
            }
            None => {
                self.draft.task = Task::RemoveSite(site.name.clone());
                Ok(Turn::End(End::Save { sync: false }))
            }
        }
    }
}

fn joined(group: &MirrorGroup) -> String {
    group.endpoints.iter().map(|endpoint| endpoint.id.to_string()).collect::<Vec<_>>().join(", ")
}

/// Returns the sites that no other group uses.
fn only_used_by(config: &Config, group: &MirrorGroup) -> Vec<SiteName> {
    let others = config.mirrors.iter().filter(|other| other.name != group.name);
    let used: BTreeSet<_> = others.flat_map(|other| &other.endpoints).map(|endpoint| &endpoint.site.name).collect();
    let own: BTreeSet<_> = group.endpoints.iter().map(|endpoint| &endpoint.site.name).collect();
    own.into_iter().filter(|name| !used.contains(name)).cloned().collect()
}
