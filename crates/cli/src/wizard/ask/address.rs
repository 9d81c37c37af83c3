//! Where an account is, and what runs there.

use std::path::Path;

use refray_core::config::{GitTransport, NamespaceKind, Provider, Site};
use refray_forge::{ErrorKind, Identified, identify};
use url::Url;

use crate::wizard::address::{self, AddressError, Pasted};
use crate::wizard::draft::{Making, site_title};
use crate::wizard::flow::Wizard;
use crate::wizard::prompt::{Leave, Line};
use crate::wizard::step::{Step, Turn};
use crate::wizard::token::try_token;

impl Wizard {
    pub(in crate::wizard) async fn address(&mut self) -> Result<Turn, Leave> {
        let typed = std::mem::take(&mut self.draft.making.typed);
        self.draft.making = Making::default();
        let message = match self.draft.accounts.len() {
            0 => "First account:",
            1 => "Second account:",
            _ => "Another account:",
        };
        let line = Line {
            message,
            help: "the page of a user, organisation or group, or a folder",
            example: "https://github.com/my-user",
            initial: &typed,
        };
        let typed = self.line(line).await?;
        self.draft.making.typed.clone_from(&typed);
        let here = std::path::absolute(".").unwrap_or_default();
        match address::read(&typed, &here, self.paths.home.as_deref()) {
            Err(error) => self.refuse(error),
            Ok(Pasted::Folder(path)) => {
                if path.is_dir() {
                    return Ok(self.settle_folder(&path));
                }
                if path.exists() {
                    let remedy = "Name a folder: each repository becomes a folder in it.";
                    self.bad(&format!("{} is a file", path.display()), remedy);
                    return Ok(Turn::Again);
                }
                self.draft.making.folder = Some(path);
                Ok(Turn::To(Step::MakeFolder))
            }
            Ok(Pasted::Account(place)) => {
                let open = place.is_open();
                self.draft.making.place = Some(place);
                if open { Ok(Turn::To(Step::PlainHttp)) } else { self.look().await }
            }
        }
    }

    fn refuse(&mut self, error: AddressError) -> Result<Turn, Leave> {
        self.bad(&error.to_string(), "");
        Ok(Turn::Back(Step::Address))
    }

    pub(in crate::wizard) async fn make_folder(&mut self) -> Result<Turn, Leave> {
        let Some(path) = self.draft.making.folder.clone() else { return Ok(Turn::Through(Step::Address)) };
        let options = ["Make it".to_owned(), "Enter another address".to_owned()];
        match self.choose(&format!("There is no folder {} yet.", path.display()), &options, 0).await? {
            0 => match std::fs::create_dir_all(&path) {
                Ok(()) => Ok(self.settle_folder(&path)),
                Err(error) => {
                    self.bad(&format!("{} cannot be made: {error}", path.display()), "Name another folder.");
                    Ok(Turn::Back(Step::Address))
                }
            },
            _ => Ok(Turn::Back(Step::Address)),
        }
    }

    fn settle_folder(&mut self, path: &Path) -> Turn {
        match self.draft.add_folder(path, self.config.as_ref()) {
            Ok(()) => {
                self.good(&format!("bare repositories in {}", path.display()));
                self.draft.making = Making::default();
                Turn::To(self.after_account())
            }
            Err(why) => {
                self.bad(why, "");
                Turn::Back(Step::Address)
            }
        }
    }

    /// Returns the question that follows when an account is settled.
    pub(in crate::wizard) fn after_account(&mut self) -> Step {
        self.draft.propose_name(self.config.as_ref());
        if self.draft.accounts.len() < 2 { Step::Address } else { Step::Review }
    }

    pub(in crate::wizard) async fn plain_http(&mut self) -> Result<Turn, Leave> {
        self.say("This address is plain http: everybody on the way to it could read the token.");
        let options = ["Enter the https address".to_owned(), "Use plain http all the same".to_owned()];
        match self.choose("Is the way there safe?", &options, 0).await? {
            0 => Err(Leave::Back),
            _ => {
                self.draft.making.allow_http = true;
                self.look().await
            }
        }
    }

    pub(in crate::wizard) async fn ca_file(&mut self) -> Result<Turn, Leave> {
        let line = Line {
            message: "Its authority's certificate:",
            help: "a PEM file; Esc goes back to the address",
            example: "/etc/ssl/our-ca.pem",
            initial: "",
        };
        let path = self.line(line).await?;
        if path.trim().is_empty() {
            self.bad("nothing was entered", "Name the file, or go back with Esc and enter another address.");
            return Ok(Turn::Again);
        }
        let here = std::path::absolute(".").unwrap_or_default();
        let path = match self.paths.home.as_ref().zip(path.trim().strip_prefix("~/")) {
            Some((home, rest)) => home.join(rest),
            None => here.join(path.trim()),
        };
        if !path.is_file() {
            self.bad(&format!("there is no file {}", path.display()), "");
            return Ok(Turn::Again);
        }
        self.draft.making.ca_file = Some(path);
        self.look().await
    }

    /// Finds out what runs at the address.
    async fn look(&mut self) -> Result<Turn, Leave> {
        let Some(place) = self.draft.making.place.clone() else { return Ok(Turn::Through(Step::Address)) };
        let mut silent = None;
        for (base, rest) in place.bases() {
            if let Some(provider) = place.known {
                return self.meet(provider, base, rest).await;
            }
            let ca_file = self.draft.making.ca_file.clone();
            self.note(&format!("asking {} what it runs …", base.authority()));
            match identify(&base, ca_file.as_deref(), self.environment.clone()).await {
                Identified::Runs(provider, found) => return self.meet(provider, found, rest).await,
                Identified::Unknown => {}
                Identified::Silent(kind, why) => {
                    silent = Some((kind, why));
                    break;
                }
            }
        }
        let host = place.origin.authority().to_owned();
        match silent {
            Some((ErrorKind::Tls, why)) => {
                self.bad(&format!("the certificate of {host} is not trusted: {why}"), "");
                self.say("If the server has one of its own authority, name that authority's certificate.");
                Ok(if self.draft.making.ca_file.is_some() { Turn::Again } else { Turn::To(Step::CaFile) })
            }
            Some((_, why)) => {
                self.bad(&format!("{host} does not answer: {why}"), "Check the address, the network and the proxy.");
                Ok(Turn::Again)
            }
            None => Ok(Turn::To(Step::Provider)),
        }
    }

    pub(in crate::wizard) async fn provider(&mut self) -> Result<Turn, Leave> {
        let Some(place) = self.draft.making.place.clone() else { return Ok(Turn::Through(Step::Address)) };
        let all = [Provider::Github, Provider::Gitlab, Provider::Gitea, Provider::Forgejo];
        let mut options: Vec<String> = all.iter().map(|provider| provider.title().to_owned()).collect();
        options[0].push_str(" Enterprise Server");
        options.push("None of these  enter another address".to_owned());
        self.say(&format!("{} answers, but does not say what it is.", place.origin.authority()));
        let chosen = self.choose("What runs there?", &options, 0).await?;
        let Some(provider) = all.get(chosen) else { return Ok(Turn::Back(Step::Address)) };
        let Some((base, rest)) = place.bases().into_iter().next() else { return Ok(Turn::Through(Step::Address)) };
        self.meet(*provider, base, rest).await
    }

    /// Notes what runs where, and looks for the account as far as that can be done without a token.
    async fn meet(&mut self, provider: Provider, base: Url, rest: Vec<String>) -> Result<Turn, Leave> {
        let namespaces = match address::namespaces(provider, &rest) {
            Ok(namespaces) => namespaces,
            Err(error) => return self.refuse(error),
        };
        let at = format!("{} at {}", provider.title(), base.authority());
        self.draft.making.found = Some((provider, base.clone(), namespaces.clone()));
        let site = self.blank_site(provider, &base);
        let looked = try_token(&site, None, &namespaces, self.environment.clone()).await;
        match looked {
            Ok(found) => {
                let path = found.namespace.path;
                if self.draft.has(&base, &path) {
                    self.bad(&format!("{path} at {} is in the group already", base.authority()), "");
                    return Ok(Turn::Back(Step::Address));
                }
                self.draft.making.kind = Some(found.namespace.kind);
                self.draft.making.found = Some((provider, base, vec![path.clone()]));
                self.good(&format!("{at}: the {} {path}", kind_word(found.namespace.kind)));
            }
            // It may be there for those who have signed in.
            Err(error) if error.kind != ErrorKind::Connect && error.kind != ErrorKind::Tls => {
                self.good(&format!("{at}; {} is looked for when the token is known", namespaces[0]));
            }
            Err(error) => {
                self.bad(&format!("{} does not answer: {}", base.authority(), error.kind), &error.remedy());
                return Ok(Turn::Again);
            }
        }
        Ok(Turn::To(Step::Token))
    }

    /// Returns a site for a forge of which only the address is known.
    pub(in crate::wizard) fn blank_site(&self, provider: Provider, base: &Url) -> Site {
        Site {
            name: self.draft.site_name(&site_title(base), self.config.as_ref()),
            provider,
            base_url: base.clone(),
            api_url: None,
            git_username: None,
            transport: GitTransport::Https,
            ca_file: self.draft.making.ca_file.clone(),
            allow_http: self.draft.making.allow_http,
            token: None,
            path: None,
        }
    }
}

/// Returns what a kind of account is called.
pub(in crate::wizard) const fn kind_word(kind: NamespaceKind) -> &'static str {
    match kind {
        NamespaceKind::User => "user",
        NamespaceKind::Org => "organisation",
        NamespaceKind::Group => "group",
        NamespaceKind::Folder => "folder",
    }
}
