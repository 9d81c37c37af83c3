//! Which token, what it may do, and where it is kept.

use std::sync::Arc;

use refray_core::config::{Endpoint, Provider, SecretSource, Site};
use refray_core::name::EndpointId;
use refray_core::secret::Secret;
use refray_engine::doctor::Wanted;
use refray_forge::{ErrorKind, ForgeError, resolve};
use url::Url;

use super::address::kind_word;
use crate::wizard::draft::{Account, Making, Origin, Task, same_address};
use crate::wizard::flow::Wizard;
use crate::wizard::layout;
use crate::wizard::prompt::{Leave, Line};
use crate::wizard::step::{End, Step, Turn};
use crate::wizard::token::{How, Keep, Place, missing, offers, page, token_file, try_token, unclear, variable};

impl Wizard {
    pub(in crate::wizard) async fn token(&mut self) -> Result<Turn, Leave> {
        let Some((provider, base, _)) = self.draft.making.found.clone() else {
            return Ok(Turn::Through(Step::Address));
        };
        let mut options = Vec::new();
        let mut origins = Vec::new();
        for (site, stored, secret) in self.sites_at(provider, &base).await {
            options.push(format!("The one of `{}`  which is in use there already", site.name));
            origins.push(Origin::Site(site, stored, secret));
        }
        if let Some((_, secret)) = self.given.as_ref().filter(|(at, _)| same_address(at, &base))
            && !origins.iter().any(|origin| origin.secret().expose() == secret.expose())
        {
            options.push("The one that you gave before  for an account that is not there".to_owned());
            origins.push(Origin::Loose(secret.clone()));
        }
        let own = self.site_in_hand().map(|site| variable(&site));
        for offer in offers(&*self.environment, provider, &base, own.as_deref()).await {
            options.push(offer.label);
            origins.push(match offer.how {
                How::Variable(name, secret) => Origin::Had(SecretSource::Env(name), secret),
                How::Command(command, secret) => Origin::Had(SecretSource::Command(command), secret),
                How::Copied(secret) => Origin::Loose(secret),
            });
        }
        if origins.is_empty() {
            return Ok(Turn::Through(Step::Paste));
        }
        options.push("Another one  made on the forge, and pasted here".to_owned());
        let message = format!("Token for {}:", base.authority());
        let chosen = self.choose(&message, &options, 0).await?;
        match origins.into_iter().nth(chosen) {
            Some(origin) => self.try_origin(origin).await,
            None => Ok(Turn::To(Step::Paste)),
        }
    }

    /// Returns the sites that are there already at an address, with their tokens, if they can be had.
    async fn sites_at(&self, provider: Provider, base: &Url) -> Vec<(Arc<Site>, bool, Secret)> {
        let mut found: Vec<(Arc<Site>, bool, Secret)> = Vec::new();
        if self.draft.making.replaces.is_some() {
            return found;
        }
        let here = |site: &Site| site.provider == provider && same_address(&site.base_url, base);
        for account in self.draft.accounts.iter().filter(|account| here(&account.endpoint.site)) {
            if let Some(token) = &account.token {
                found.push((account.endpoint.site.clone(), account.stored, token.clone()));
            }
        }
        for site in self.config.iter().flat_map(|config| &config.sites).filter(|site| here(site)) {
            if let Some(source) = &site.token
                && let Ok(token) = resolve(source, &*self.environment).await
            {
                found.push((site.clone(), true, token));
            }
        }
        let mut names = std::collections::BTreeSet::new();
        found.retain(|(site, ..)| names.insert(site.name.clone()));
        found
    }

    pub(in crate::wizard) async fn paste(&mut self) -> Result<Turn, Leave> {
        let Some((provider, base, _)) = self.draft.making.found.clone() else {
            return Ok(Turn::Through(Step::Address));
        };
        let page = page(provider, &base, self.draft.making.kind);
        self.prompt.say("");
        self.say("Make a token on this page, and copy it:");
        self.prompt.say(&self.style.strong(&page.url));
        self.say(&format!("what it needs: {}", page.scopes));
        let message = format!("Token for {}:", base.authority());
        let token = self.secret(&message, "paste it and press Enter; it is not shown").await?;
        let token = token.trim();
        if token.is_empty() {
            self.bad("a token is needed to go on", "Make one on the page above and paste it, or go back with Esc.");
            return Ok(Turn::Again);
        }
        if !token.chars().all(|c| c.is_ascii_graphic()) {
            self.bad("this cannot be a token: one is a single word of letters, digits and signs", "");
            return Ok(Turn::Again);
        }
        self.try_origin(Origin::Loose(Secret::new(token.to_owned()))).await
    }

    /// Tries a token at once, and says what it may do and what it lacks.
    async fn try_origin(&mut self, origin: Origin) -> Result<Turn, Leave> {
        let Some((provider, base, namespaces)) = self.draft.making.found.clone() else {
            return Ok(Turn::Through(Step::Address));
        };
        let site = match (&origin, &self.draft.making.replaces) {
            (Origin::Site(site, ..), _) | (_, Some(site)) => Site::clone(site),
            _ => self.blank_site(provider, &base),
        };
        self.note("trying the token …");
        let tried = match try_token(&site, Some(origin.secret()), &namespaces, self.environment.clone()).await {
            Ok(tried) => tried,
            Err(error) => return Ok(self.refused(&error, provider, &base, &namespaces, &origin)),
        };
        if self.draft.making.replaces.is_none() && self.draft.has(&base, &tried.namespace.path) {
            self.bad(&format!("{} is in the group already", tried.namespace.path), "");
            return Ok(Turn::Back(Step::Address));
        }
        let who = tried
            .login
            .as_ref()
            .map_or_else(|| "the token is accepted".to_owned(), |login| format!("signed in as {login}"));
        let what = format!("{who}; {} {}", kind_word(tried.namespace.kind), tried.namespace.path);
        self.good(&what);
        self.draft.making.kind = Some(tried.namespace.kind);
        let id = EndpointId::of(&site.name, &tried.namespace.path);
        let lacking = missing(&id, &tried.rights, self.wanted());
        let unclear = unclear(&id, &tried.rights, self.wanted());
        for check in &lacking {
            let remedy = check.remedy.as_deref().unwrap_or_default();
            self.bad(&format!("{} is missing", check.check), remedy);
        }
        if lacking.is_empty() && !unclear.is_empty() {
            let operations: Vec<&str> = unclear.iter().map(String::as_str).collect();
            let (title, what) = (provider.title(), layout::some(&operations, 60));
            self.say(&format!("  {title} does not tell whether it may {what}; what is refused later is named then."));
        } else if lacking.is_empty() {
            self.good("it may do all that a sync takes");
        }
        self.draft.making.tried = Some(tried);
        self.draft.making.origin = Some(origin);
        if lacking.is_empty() { self.keep_or_settle() } else { Ok(Turn::To(Step::Lacking)) }
    }

    /// Says why a token or the account behind it was not found, and what is to be asked again.
    fn refused(
        &mut self,
        error: &ForgeError,
        provider: Provider,
        base: &Url,
        namespaces: &[String],
        origin: &Origin,
    ) -> Turn {
        match &error.kind {
            ErrorKind::Unauthorized => {
                let remedy = "Paste it once more, or make a new one: it may be cut off, expired or revoked.";
                self.bad(&format!("{} does not accept this token", provider.title()), remedy);
                Turn::Again
            }
            ErrorKind::NotFound => {
                let name = namespaces.first().map_or("", String::as_str);
                let remedy = "Check the name, and that the account behind the token may see it.";
                self.bad(&format!("there is no account {name} there, or this token may not see it"), remedy);
                if self.draft.making.replaces.is_some() {
                    return Turn::Again;
                }
                if let Origin::Loose(secret) = origin {
                    self.given = Some((base.clone(), secret.clone()));
                }
                Turn::Back(Step::Address)
            }
            _ => {
                self.bad(&error.to_string(), &error.remedy());
                Turn::Again
            }
        }
    }

    /// Returns what the group asks of its tokens.
    pub(in crate::wizard) fn wanted(&self) -> Wanted {
        let configured = self.config.as_ref().and_then(|config| config.webhook.as_ref());
        let hooks = self.draft.webhook.as_ref().or(configured).is_some_and(|webhook| webhook.install);
        Wanted::of(&self.draft.group, hooks)
    }

    pub(in crate::wizard) async fn lacking(&mut self) -> Result<Turn, Leave> {
        let options =
            ["Paste another token".to_owned(), "Use it all the same  what it may not do will fail".to_owned()];
        match self.choose("The token lacks something.", &options, 0).await? {
            0 => Ok(Turn::To(Step::Paste)),
            _ => self.keep_or_settle(),
        }
    }

    fn keep_or_settle(&mut self) -> Result<Turn, Leave> {
        match self.draft.making.origin.clone() {
            Some(Origin::Loose(_)) => Ok(Turn::To(Step::Keep)),
            Some(Origin::Had(source, secret)) => Ok(self.settle(Some(Keep::already(source)), secret)),
            Some(Origin::Site(_, _, secret)) => Ok(self.settle(None, secret)),
            None => Ok(Turn::Through(Step::Token)),
        }
    }

    pub(in crate::wizard) async fn keep(&mut self) -> Result<Turn, Leave> {
        let Some(Origin::Loose(secret)) = self.draft.making.origin.clone() else {
            return Ok(Turn::Through(Step::Token));
        };
        let Some(name) = self.site_in_hand() else { return Ok(Turn::Through(Step::Address)) };
        let places = Place::all(self.keyring);
        let folder = self.folder();
        let file = self.paths.short(&token_file(&folder, &name));
        let options: Vec<String> = places.iter().map(|place| place.label(&name, &file)).collect();
        let chosen = self.choose("Where is the token kept?", &options, 0).await?;
        match places.get(chosen) {
            None | Some(Place::Command) => Ok(Turn::To(Step::Command)),
            Some(place) => {
                let keep = Keep::at(*place, &name, &secret, &folder, &*self.environment);
                Ok(self.settle(Some(keep), secret))
            }
        }
    }

    fn site_in_hand(&self) -> Option<refray_core::name::SiteName> {
        let making = &self.draft.making;
        if let Some(site) = &making.replaces {
            return Some(site.name.clone());
        }
        let (provider, base, _) = making.found.as_ref()?;
        Some(self.blank_site(*provider, base).name)
    }

    pub(in crate::wizard) async fn command(&mut self) -> Result<Turn, Leave> {
        let Some(Origin::Loose(secret)) = self.draft.making.origin.clone() else {
            return Ok(Turn::Through(Step::Token));
        };
        let line = Line {
            message: "Command:",
            help: "put the token there first: the first line is compared",
            example: "pass show forge/refray",
            initial: "",
        };
        let command = self.line(line).await?.trim().to_owned();
        let source = SecretSource::Command(command);
        match resolve(&source, &*self.environment).await {
            Ok(printed) if printed.expose() == secret.expose() => {
                self.good("it prints the token");
                Ok(self.settle(Some(Keep::already(source)), secret))
            }
            Ok(_) => {
                self.bad("it prints something else than the token", "Put the token where the command finds it.");
                Ok(Turn::Again)
            }
            Err(error) => {
                self.bad(&error.to_string(), "Mend the command, or go back and choose another place.");
                Ok(Turn::Again)
            }
        }
    }

    /// Adds the account, or gives the site its other token.
    fn settle(&mut self, keep: Option<Keep>, secret: Secret) -> Turn {
        let making = self.draft.making.clone();
        let (Some((provider, base, _)), Some(tried)) = (making.found, making.tried) else {
            return Turn::Through(Step::Address);
        };
        if let (Some(site), Some(keep)) = (&making.replaces, &keep) {
            let site = Arc::new(Site { token: Some(keep.source.clone()), ..Site::clone(site) });
            self.draft.task = Task::Token(site, keep.clone(), secret);
            return Turn::End(End::Save { sync: false });
        }
        let (site, stored) = match making.origin {
            Some(Origin::Site(site, stored, _)) => (site, stored),
            _ => {
                let token = keep.as_ref().map(|keep| keep.source.clone());
                (Arc::new(Site { token, ..self.blank_site(provider, &base) }), false)
            }
        };
        let namespace = tried.namespace.path;
        let id = EndpointId::of(&site.name, &namespace);
        let endpoint = Endpoint {
            names: self.config.as_ref().map(|config| config.names_at(&id)).unwrap_or_default(),
            id,
            site,
            kind: tried.namespace.kind,
            namespace,
            include_subgroups: false,
        };
        self.draft.accounts.push(Account { endpoint, stored, token: Some(secret), keep, rights: tried.rights });
        self.draft.making = Making::default();
        Turn::To(self.after_account())
    }
}
