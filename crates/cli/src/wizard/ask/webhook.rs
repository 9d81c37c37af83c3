//! Webhooks: where they are delivered, and whether that leads here.

use refray_core::config::Webhook;
use url::Url;

use crate::wizard::flow::Wizard;
use crate::wizard::prompt::{Leave, Line};
use crate::wizard::reach::{Reach, try_reach};
use crate::wizard::step::{Step, Turn};

/// Minutes between full syncs, which find what webhooks miss.
const FULL_SYNC_MINUTES: u32 = 60;
/// Minutes between looks at whether the address answers.
const REACH_MINUTES: u32 = 15;

impl Wizard {
    /// Returns the address that webhooks are delivered to, if they are installed.
    pub(in crate::wizard) fn webhook_shown(&self) -> Option<String> {
        let webhook = self.webhook_in_hand().filter(|webhook| webhook.install)?;
        webhook.url.as_ref().map(|url| url.as_str().trim_end_matches('/').to_owned())
    }

    fn webhook_in_hand(&self) -> Option<&Webhook> {
        let configured = self.config.as_ref().and_then(|config| config.webhook.as_ref());
        self.draft.webhook.as_ref().or(configured)
    }

    pub(in crate::wizard) async fn webhook(&mut self) -> Result<Turn, Leave> {
        self.say("With webhooks, forges tell `refray serve` of each push. They must reach this machine for that.");
        let known = self.webhook_in_hand().cloned();
        let initial = known.as_ref().and_then(|webhook| webhook.url.as_ref()).map(Url::to_string).unwrap_or_default();
        let line = Line {
            message: "Public address:",
            help: "what a proxy passes on to port 8787 here; empty switches webhooks off",
            example: "https://mirror.example.com/webhook",
            initial: &initial,
        };
        let typed = self.line(line).await?.trim().to_owned();
        if typed.is_empty() {
            if known.as_ref().is_some_and(|webhook| webhook.install) {
                self.draft.webhook = known.map(|webhook| Webhook { install: false, ..webhook });
                self.say(
                    "  Webhooks that are installed stay on the forges until `refray webhook uninstall` removes them.",
                );
            } else {
                self.draft.webhook = None;
            }
            return Ok(Turn::To(Step::Review));
        }
        let url = match Url::parse(&typed) {
            Ok(url) if matches!(url.scheme(), "http" | "https") && url.host().is_some() => url,
            _ => {
                self.bad("this is no address of a web server: it starts with https://", "");
                return Ok(Turn::Again);
            }
        };
        if !url.username().is_empty() || url.password().is_some() {
            self.bad("the address holds a user name or password, which every forge would be shown", "");
            return Ok(Turn::Again);
        }
        self.note("trying the address …");
        self.tell_reach(&url).await;
        let blank = Webhook {
            install: true,
            url: None,
            secret: None,
            signing_token: None,
            full_sync_interval_minutes: Some(FULL_SYNC_MINUTES),
            reachability_check_interval_minutes: Some(REACH_MINUTES),
        };
        self.draft.webhook = Some(Webhook { install: true, url: Some(url), ..known.unwrap_or(blank) });
        Ok(Turn::To(Step::Review))
    }

    async fn tell_reach(&mut self, url: &Url) {
        match try_reach(url, self.environment.clone()).await {
            Reach::Here => self.good("it leads to port 8787 of this machine, where `refray serve` listens"),
            Reach::Busy(status) => self.say(&format!(
                "  Something answers there ({status}). Port 8787 is in use here, by `refray serve` perhaps, so whether it \
                 is this machine that answers was not seen.",
            )),
            Reach::Elsewhere(status) => self.bad(
                &format!("something answers there ({status}), but nothing came in at port 8787 of this machine"),
                "Let the proxy pass the address on to port 8787, or run `refray serve` where it leads.",
            ),
            Reach::Silent(why) => self.bad(
                &format!("nothing answers there: {why}"),
                "Check the name, the firewall and the proxy. The address is kept; syncs by the clock work without it.",
            ),
        }
    }
}
