//! From question to question.

use std::sync::Arc;

use refray_core::config::Config;
use refray_core::name::GroupName;
use refray_core::secret::Secret;
use refray_forge::Environment;
use url::Url;

use super::draft::Draft;
use super::layout;
use super::preview::Preview;
use super::prompt::{Choice, Leave, Line, Prompt};
use super::step::{End, Step, Turn};
use super::trail::Trail;
use crate::paths::Paths;
use crate::render::Style;

/// The questions, and whoever answers them.
pub(crate) struct Wizard {
    pub(super) prompt: Box<dyn Prompt>,
    pub(super) environment: Arc<dyn Environment>,
    pub(super) paths: Paths,
    pub(super) style: Style,
    /// The file as it is, if there is one.
    pub(super) text: Option<String>,
    /// What it means.
    pub(super) config: Option<Config>,
    pub(super) draft: Draft,
    /// What was found out for the group as it was then.
    pub(super) preview: Option<(String, Preview)>,
    /// There is a keyring in which a token can be stored.
    pub(super) keyring: bool,
    /// How many questions were put.
    pub(super) questions: usize,
    /// A token that was pasted for an account that is not there, and where: it may do for another one there.
    pub(super) given: Option<(Url, Secret)>,
    /// What was answered last was of no use. It stands above, and is not to be typed over.
    refused: bool,
}

impl Wizard {
    pub(crate) fn new(
        prompt: Box<dyn Prompt>,
        environment: Arc<dyn Environment>,
        paths: Paths,
        style: Style,
        file: Option<(String, Config)>,
    ) -> Result<Self, refray_core::name::InvalidName> {
        let draft = Draft::new(GroupName::new("personal")?);
        let (text, config) = file.unzip();
        Ok(Self {
            prompt,
            environment,
            paths,
            style,
            text,
            config,
            draft,
            preview: None,
            keyring: false,
            questions: 0,
            given: None,
            refused: false,
        })
    }

    /// Puts the questions until they end. Whatever becomes of them, nothing was written.
    pub(crate) async fn ask_all(&mut self) -> Result<End, Leave> {
        let has_groups = self.config.as_ref().is_some_and(|config| !config.mirrors.is_empty());
        let mut step = if has_groups { Step::Menu } else { Step::Address };
        let mut trail = Trail::default();
        loop {
            let before = self.draft.clone();
            let turn = self.ask(step).await;
            self.refused = matches!(turn, Ok(Turn::Again | Turn::Back(_)));
            match turn {
                Ok(Turn::To(next)) => {
                    trail.answered(step, before);
                    step = next;
                }
                Ok(Turn::Through(next)) => step = next,
                Ok(Turn::Again) => self.draft = Draft { making: self.draft.making.clone(), ..before },
                Ok(Turn::Back(to)) => {
                    let mut known = before;
                    while step != to
                        && let Some((answered, then)) = trail.back()
                    {
                        (step, known) = (answered, then);
                    }
                    self.draft = known;
                }
                Ok(Turn::End(end)) => return Ok(end),
                Err(Leave::Back) => match trail.back() {
                    Some((answered, known)) => {
                        let typed = std::mem::take(&mut self.draft.making.typed);
                        step = answered;
                        self.draft = known;
                        if step == Step::Address {
                            // Most go back to mend a part of it.
                            self.draft.making.typed = typed;
                        }
                    }
                    None => return Err(Leave::Back),
                },
                Err(leave) => return Err(leave),
            }
        }
    }

    async fn ask(&mut self, step: Step) -> Result<Turn, Leave> {
        match step {
            Step::Menu => self.menu().await,
            Step::Delete(index) => self.delete(index).await,
            Step::Sites => self.sites().await,
            Step::Site(index) => self.site(index).await,
            Step::Address => self.address().await,
            Step::MakeFolder => self.make_folder().await,
            Step::PlainHttp => self.plain_http().await,
            Step::CaFile => self.ca_file().await,
            Step::Provider => self.provider().await,
            Step::Token => self.token().await,
            Step::Paste => self.paste().await,
            Step::Lacking => self.lacking().await,
            Step::Keep => self.keep().await,
            Step::Command => self.command().await,
            Step::Review => self.review().await,
            Step::Settings => self.settings().await,
            Step::Conflicts => self.conflicts().await,
            Step::Deletions => self.deletions().await,
            Step::Creation => self.creation().await,
            Step::Selection => self.selection().await,
            Step::Webhook => self.webhook().await,
            Step::Subgroups => self.subgroups().await,
            Step::Name => self.name().await,
            Step::RemoveAccount => self.remove_account().await,
        }
    }

    /// Shows a paragraph.
    pub(super) fn say(&mut self, text: &str) {
        let width = self.prompt.width();
        self.prompt.say(&layout::wrap(text, width, 2));
    }

    /// Shows what is being done, while it takes its time.
    pub(super) fn note(&mut self, text: &str) {
        let text = layout::wrap(text, self.prompt.width(), 2);
        self.prompt.say(&self.style.dim(&text));
    }

    /// Shows that something is well.
    pub(super) fn good(&mut self, text: &str) {
        let text = format!("{} {text}", self.style.good("✓"));
        self.say(&text);
    }

    /// Shows something that is to be known.
    pub(super) fn warn(&mut self, text: &str) {
        let text = format!("{} {text}", self.style.warn("!"));
        self.say(&text);
    }

    /// Shows that something is wrong, and what to do about it.
    pub(super) fn bad(&mut self, text: &str, remedy: &str) {
        let text = format!("{} {text}", self.style.bad("✗"));
        self.say(&text);
        if !remedy.is_empty() {
            let width = self.prompt.width();
            let remedy = layout::wrap(&format!("  {} {remedy}", self.style.dim("remedy:")), width, 4);
            self.prompt.say(&remedy);
        }
    }

    pub(super) async fn line(&mut self, line: Line<'_>) -> Result<String, Leave> {
        self.questions += 1;
        self.prompt.say("");
        let initial = if self.refused { "" } else { line.initial };
        self.prompt.line(Line { initial, ..line }).await
    }

    pub(super) async fn secret(&mut self, message: &str, help: &str) -> Result<String, Leave> {
        self.questions += 1;
        self.prompt.say("");
        self.prompt.secret(message, help).await
    }

    pub(super) async fn choose(&mut self, message: &str, options: &[String], start: usize) -> Result<usize, Leave> {
        self.questions += 1;
        self.prompt.say("");
        self.prompt.choose(Choice { message, options, start }).await
    }
}
