//! What will come of it all, before anything is written.

use std::sync::Arc;

use refray_core::config::{Endpoint, MirrorGroup, Provider};
use refray_forge::resolve;

use super::settings;
use crate::wizard::flow::Wizard;
use crate::wizard::preview::{Preview, look};
use crate::wizard::prompt::Leave;
use crate::wizard::step::{End, Step, Turn};
use crate::wizard::token::{missing, try_token};

impl Wizard {
    pub(in crate::wizard) async fn review(&mut self) -> Result<Turn, Leave> {
        if self.draft.accounts.is_empty() {
            return Ok(Turn::Through(Step::Address));
        }
        self.bring_preview_up_to_date().await;
        self.show();
        let mut options = vec![
            "Save, and sync now".to_owned(),
            "Save only  sync later with `refray sync`".to_owned(),
            "Add another account".to_owned(),
            "Change a setting".to_owned(),
        ];
        if self.draft.accounts.len() > 1 {
            options.push("Take an account out".to_owned());
        }
        Ok(match self.choose("All good?", &options, 0).await? {
            0 => Turn::End(End::Save { sync: true }),
            1 => Turn::End(End::Save { sync: false }),
            2 => Turn::To(Step::Address),
            3 => Turn::To(Step::Settings),
            _ => Turn::To(Step::RemoveAccount),
        })
    }

    /// Looks at all accounts as a sync would, unless that was done for this very group.
    async fn bring_preview_up_to_date(&mut self) {
        let key = format!("{:?}", self.draft.whole_group());
        if self.preview.as_ref().is_some_and(|(known, _)| *known == key) {
            return;
        }
        self.prompt.say("");
        self.note("looking at what is there, as a sync would; nothing is written …");
        let preview = match self.config_in_hand() {
            Ok(config) => look(config, &self.draft.group.name, &self.paths).await,
            Err(why) => Preview::failed(why),
        };
        self.preview = Some((key, preview));
        self.learn_rights().await;
    }

    /// Asks what may be done with the accounts that were in the file already. What keeps one from being asked, the look at
    /// what is there has told.
    async fn learn_rights(&mut self) {
        for index in 0..self.draft.accounts.len() {
            let account = &self.draft.accounts[index];
            let endpoint = account.endpoint.clone();
            let Some(source) = endpoint.site.token.as_ref().filter(|_| account.rights.is_empty()) else { continue };
            let Ok(secret) = resolve(source, &*self.environment).await else { continue };
            let namespace = std::slice::from_ref(&endpoint.namespace);
            let tried = try_token(&endpoint.site, Some(&secret), namespace, self.environment.clone()).await;
            if let Ok(tried) = tried {
                self.draft.accounts[index].rights = tried.rights;
            }
        }
    }

    fn show(&mut self) {
        let width = self.prompt.width();
        let style = self.style;
        let wanted = self.wanted();
        let mut lacking = Vec::new();
        for account in &self.draft.accounts {
            lacking.extend(missing(&account.endpoint.id, &account.rights, wanted));
        }
        let group = self.draft.whole_group();
        let mut text = format!("\n{}\n", style.strong(&format!("Group `{}`", group.name)));
        if let Some((_, preview)) = &self.preview {
            text.push_str(&preview.text(&group, style, width));
        }
        text.push('\n');
        text.push_str(&settings::summary(&group, self.webhook_shown().as_deref(), style, width));
        self.prompt.say(text.trim_end());
        for check in lacking {
            let remedy = check.remedy.as_deref().unwrap_or_default();
            self.bad(&format!("{}: {} is missing", check.about, check.check), remedy);
        }
        if self.draft.accounts.len() == 1 {
            self.warn(
                "One account alone is not synced with anything: the group does nothing until it has another one.",
            );
        }
    }

    pub(in crate::wizard) async fn remove_account(&mut self) -> Result<Turn, Leave> {
        let options: Vec<String> = self.draft.accounts.iter().map(|account| account.endpoint.id.to_string()).collect();
        self.say("What it has stays there; it is only not synced any more.");
        let chosen = self.choose("Which account leaves the group?", &options, 0).await?;
        if chosen < self.draft.accounts.len() {
            let gone = self.draft.accounts.remove(chosen).endpoint;
            self.draft.propose_name(self.config.as_ref());
            self.tell_what_stays(&gone);
        }
        Ok(Turn::To(if self.draft.accounts.is_empty() { Step::Address } else { Step::Review }))
    }

    /// Says what an account of the file leaves behind when it goes out of its group.
    fn tell_what_stays(&mut self, gone: &Endpoint) {
        let Some(config) = &self.config else { return };
        let changing = |group: &&Arc<MirrorGroup>| Some(&group.name) == self.draft.changing.as_ref();
        let before = config.mirrors.iter().find(changing).map_or(&[][..], |group| group.endpoints.as_slice());
        if before.iter().all(|endpoint| endpoint.id != gone.id) {
            return;
        }
        let others = config.mirrors.iter().filter(|group| !changing(group)).flat_map(|group| &group.endpoints);
        let left: Vec<&Endpoint> = others.chain(self.draft.accounts.iter().map(|account| &account.endpoint)).collect();
        let (id, site) = (&gone.id, &gone.site);
        let hooks = config.webhook.is_some()
            && site.provider != Provider::Directory
            && left.iter().all(|endpoint| endpoint.id != *id);
        let unused = left.iter().all(|endpoint| endpoint.site.name != site.name);
        if hooks {
            self.warn(&format!(
                "Webhooks on {id} stay there, and `refray webhook uninstall` removes them only as long as the account is \
                 in the group: leave with Ctrl-C, run that, and take the account out then.",
            ));
        }
        if unused {
            self.warn(&format!(
                "The site `{}` stays in the file, though no group uses it then: `refray config` removes it under Tokens.",
                site.name
            ));
        }
    }
}
