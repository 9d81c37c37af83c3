//! Two forges, an empty home, and somebody who answers.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use refray_forge::Environment;
use refray_sim::world::NewRepository;
use refray_sim::{Kind, Sim, Site};
use tempfile::TempDir;

use super::script::{Answer, Script};
use crate::load;
use crate::paths::Paths;
use crate::render::Style;
use crate::wizard::flow::Wizard;
use crate::wizard::prompt::Leave;
use crate::wizard::step::End;

pub(super) const OWNER: &str = "ada";

pub(super) struct Scene {
    pub(super) dir: TempDir,
    sim: Sim,
    pub(super) vars: BTreeMap<String, String>,
}

/// Variables of the test's own; nothing is run.
struct Vars(BTreeMap<String, String>);

#[async_trait]
impl Environment for Vars {
    fn var(&self, name: &str) -> Option<String> {
        self.0.get(name).cloned()
    }

    async fn run(&self, command: &str) -> Result<String, String> {
        match command.strip_prefix("print ") {
            Some(text) => Ok(format!("{text}\n")),
            None => Err("there is no such command".to_owned()),
        }
    }
}

/// What came of the answers.
pub(super) struct Outcome {
    pub(super) ended: Result<End, Leave>,
    pub(super) shown: String,
    pub(super) questions: usize,
    /// What was written is what it says, unless nothing was to be written.
    pub(super) saved: Option<Result<Vec<String>, String>>,
}

impl Scene {
    pub(super) async fn new() -> Self {
        Self::over(false).await
    }

    /// The same, with TLS or without.
    pub(super) async fn over(tls: bool) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let builder = Sim::builder().tls(tls).site("github", Kind::GitHub).site("forgejo", Kind::Forgejo);
        let sim = builder.site("gitlab", Kind::GitLab).site("gitea", Kind::Gitea).start().await.unwrap();
        for site in sim.sites() {
            site.user(OWNER).unwrap();
            site.org("acme", OWNER).unwrap();
        }
        let scene = Self { dir, sim, vars: BTreeMap::new() };
        scene.seed("github", "alpha");
        scene.seed("github", "beta");
        scene
    }

    pub(super) fn forge(&self, name: &str) -> Arc<Site> {
        self.sim.site(name)
    }

    pub(super) fn seed(&self, forge: &str, repository: &str) {
        let site = self.forge(forge);
        site.create_repo(OWNER, repository, NewRepository::default()).unwrap();
        site.commit(OWNER, repository, "main", &[("README.md", repository)], "first\n").unwrap();
    }

    /// The certificate of the forges' authority.
    pub(super) fn ca_file(&self) -> String {
        self.sim.ca_file().unwrap().display().to_string()
    }

    /// The address of an account's page.
    pub(super) fn page(&self, forge: &str, account: &str) -> String {
        format!("{}/{account}", self.forge(forge).base_url())
    }

    pub(super) fn token(&self, forge: &str, scopes: &[&str]) -> String {
        self.forge(forge).token(OWNER, scopes).unwrap().secret
    }

    /// Puts a token that may do everything where it is looked for.
    pub(super) fn export(&mut self, name: &str, forge: &str) {
        let token = self.token(forge, &["*"]);
        self.vars.insert(name.to_owned(), token);
    }

    pub(super) fn paths(&self) -> Paths {
        let home = self.dir.path().join("home");
        Paths {
            config: home.join(".config/refray/config.toml"),
            state_dir: home.join("state"),
            work_dir: home.join("work"),
            home: Some(home),
        }
    }

    pub(super) fn config_path(&self) -> PathBuf {
        self.paths().config
    }

    #[expect(clippy::disallowed_methods, reason = "a file in the test's own folder")]
    pub(super) fn write_config(&self, text: &str) {
        std::fs::create_dir_all(self.config_path().parent().unwrap()).unwrap();
        std::fs::write(self.config_path(), text).unwrap();
    }

    pub(super) fn config(&self) -> String {
        std::fs::read_to_string(self.config_path()).unwrap()
    }

    /// Returns the questions with somebody who answers, and what is shown.
    pub(super) fn wizard(&self, answers: &[Answer]) -> (Wizard, Arc<Mutex<String>>) {
        let paths = self.paths();
        let file = paths.config.exists().then(|| {
            let parsed = load::parse(&paths).unwrap().unwrap();
            (self.config(), parsed.config)
        });
        let (script, shown) = Script::new(answers);
        let environment = Arc::new(Vars(self.vars.clone()));
        (Wizard::new(Box::new(script), environment, paths, Style::plain(), file).unwrap(), shown)
    }

    /// Lets somebody answer, and writes what is to be written.
    pub(super) async fn answer(&self, answers: &[Answer]) -> Outcome {
        let (mut wizard, shown) = self.wizard(answers);
        let ended = wizard.ask_all().await;
        let saved = if matches!(ended, Ok(End::Save { .. })) { Some(wizard.write().await) } else { None };
        let shown = shown.lock().unwrap().clone();
        let saved = saved.map(|saved| saved.map(|told| told.iter().map(|line| self.plain(line)).collect()));
        Outcome { ended, shown: self.plain(&shown), questions: wizard.questions, saved }
    }

    /// Puts words in the place of what differs from run to run.
    pub(super) fn plain(&self, text: &str) -> String {
        let mut text = text.replace(self.dir.path().to_str().unwrap(), "DIR");
        for site in self.sim.sites() {
            let authority = site.base_url().rsplit('/').next().unwrap().to_owned();
            let name = site.name().to_uppercase();
            text = text.replace(&authority, &name);
            text = text.replace(&authority.replace(':', "-"), &name);
            text = text.replace(&authority.replace([':', '.'], "_"), &name);
        }
        text
    }
}

impl Outcome {
    #[track_caller]
    pub(super) fn saved_well(self) -> String {
        let Some(Ok(told)) = self.saved else { panic!("{:?} {}\n{:?}", self.saved, self.shown, self.ended) };
        told.iter().fold(self.shown, |shown, line| format!("{shown}✓ {line}\n"))
    }
}

#[track_caller]
pub(super) fn has(text: &str, words: &[&str]) {
    for word in words {
        assert!(text.contains(word), "`{word}` is not in:\n{text}");
    }
}
