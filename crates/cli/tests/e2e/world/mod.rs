//! A place of its own for each test: folders, forges, a configuration, a home.

mod config;
mod files;
mod front;
mod process;
mod run;
mod screen;
mod session;
mod skip;
mod sshd;
pub(crate) mod terminal;
mod work;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use refray_sim::world::{NewRepository, Visibility};
use refray_sim::{Kind, Sim, Site};
use tempfile::TempDir;

pub(crate) use config::Config;
pub(crate) use files::{files_below, put};
pub(crate) use front::Front;
pub(crate) use process::{program, real_git, spawn, wait};
pub(crate) use run::{Run, has};
pub(crate) use screen::Screen;
pub(crate) use session::Session;
pub(crate) use skip::needed;
pub(crate) use sshd::Sshd;
pub(crate) use work::Work;

/// The account that all forges have, and that their tokens speak for.
pub(crate) const OWNER: &str = "ada";

pub(crate) struct World {
    pub(crate) dir: TempDir,
    pub(crate) sim: Option<Sim>,
    pub(crate) config: Config,
    /// The environment of the binary, tokens among it.
    pub(crate) env: BTreeMap<String, String>,
}

/// Where a copy of a repository can be.
#[derive(Clone, Debug)]
pub(crate) enum Place {
    /// Below the folder of the directory site.
    Folder(&'static str),
    /// On a forge, in a namespace.
    Forge(Kind, &'static str),
}

impl World {
    /// Endpoints that are folders.
    pub(crate) fn of_folders(names: &[&'static str]) -> Self {
        let mut world = Self::new(None);
        world.add_folders(names);
        world
    }

    /// Endpoints that are users, all of one name, on simulated forges.
    pub(crate) async fn of_forges(kinds: &[Kind]) -> Self {
        Self::of_sites(kinds, false).await.with_users()
    }

    /// Forges, without any endpoint yet.
    pub(crate) async fn of_sites(kinds: &[Kind], tls: bool) -> Self {
        let mut builder = Sim::builder().tls(tls);
        for kind in kinds {
            builder = builder.site(kind.as_str(), *kind);
        }
        let mut world = Self::new(Some(builder.start().await.unwrap()));
        for kind in kinds {
            let site = world.site(*kind);
            site.user(OWNER).unwrap();
            let variable = Self::token_variable(*kind);
            world.env.insert(variable.clone(), site.token(OWNER, &["*"]).unwrap().secret);
            let mut table = format!("provider = \"{kind}\"\nbase_url = \"{}\"\n", site.base_url());
            table += &format!("token = {{ env = \"{variable}\" }}\n");
            if let Some(ca) = site.ca_file() {
                table += &format!("ca_file = \"{}\"\n", ca.display());
            }
            world.config.site(kind.as_str(), &table);
        }
        world
    }

    fn new(sim: Option<Sim>) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let world = Self { dir, sim, config: Config::default(), env: BTreeMap::new() };
        std::fs::create_dir_all(world.home()).unwrap();
        std::fs::create_dir(world.path("tmp")).unwrap();
        process::put_git_in_front(&world);
        world
    }

    fn with_users(mut self) -> Self {
        let kinds: Vec<Kind> = self.sim.iter().flat_map(Sim::sites).map(|site| site.kind()).collect();
        // In the order that configurations usually have, which is also the order of preference.
        for kind in Kind::ALL.into_iter().filter(|kind| kinds.contains(kind)) {
            self.config.endpoint(kind.as_str(), &format!("kind = \"user\"\nnamespace = \"{OWNER}\""));
        }
        self
    }

    /// Adds folders as endpoints.
    pub(crate) fn add_folders(&mut self, names: &[&'static str]) {
        let root = self.dir.path().join("disk");
        self.config.site("disk", &format!("provider = \"directory\"\npath = \"{}\"\n", root.display()));
        for name in names {
            std::fs::create_dir_all(root.join(name)).unwrap();
            self.config.endpoint("disk", &format!("namespace = \"{name}\""));
        }
    }

    pub(crate) fn token_variable(kind: Kind) -> String {
        format!("TOKEN_{}", kind.as_str().to_uppercase())
    }

    pub(crate) fn token(&self, kind: Kind) -> &str {
        &self.env[&Self::token_variable(kind)]
    }

    pub(crate) fn path(&self, below: &str) -> PathBuf {
        self.dir.path().join(below)
    }

    pub(crate) fn home(&self) -> PathBuf {
        self.path("home")
    }

    /// Where refray remembers, by default.
    pub(crate) fn state(&self) -> PathBuf {
        self.home().join(".local/state/refray")
    }

    /// Where refray keeps its mirrors, by default.
    pub(crate) fn cache(&self) -> PathBuf {
        self.home().join(".cache/refray")
    }

    pub(crate) fn site(&self, kind: Kind) -> Arc<Site> {
        self.sim.as_ref().unwrap().site(kind.as_str())
    }

    /// Makes a repository with one commit on a forge, in the account of [`OWNER`].
    pub(crate) fn seed(&self, kind: Kind, repository: &str, visibility: Visibility) -> String {
        let site = self.site(kind);
        let new = NewRepository { visibility, description: format!("about {repository}"), ..NewRepository::default() };
        site.create_repo(OWNER, repository, new).unwrap();
        site.commit(OWNER, repository, "main", &[("README.md", repository)], "first\n").unwrap()
    }

    /// Puts the same repository on several forges. Seeded apart, two would have commits of their own when the clock of the
    /// machine goes on between them.
    pub(crate) fn seed_alike(&self, kinds: &[Kind], repository: &str, visibility: Visibility) {
        self.seed(kinds[0], repository, visibility);
        let bare = |kind| self.bare(&Place::Forge(kind, OWNER), repository).display().to_string();
        for kind in &kinds[1..] {
            let new =
                NewRepository { visibility, description: format!("about {repository}"), ..NewRepository::default() };
            let site = self.site(*kind);
            let made = site.create_repo(OWNER, repository, new).unwrap();
            self.git(".", &["-C", &bare(kinds[0]), "push", "-q", &bare(*kind), "main:refs/seed/main"]);
            let tip = self.git(".", &["-C", &bare(*kind), "rev-parse", "refs/seed/main"]);
            self.git(".", &["-C", &bare(*kind), "update-ref", "-d", "refs/seed/main"]);
            site.move_ref(made.id, "refs/heads/main", &tip).unwrap();
        }
    }

    /// Deletes a repository of [`OWNER`] at once, as a person would on the forge's page.
    pub(crate) fn delete(&self, kind: Kind, repository: &str) {
        let site = self.site(kind);
        let there = site.repository(OWNER, repository).unwrap();
        site.delete_repository(there.id, there.owner).unwrap();
    }

    /// The bare repository behind a copy, by the disk of whoever keeps it.
    pub(crate) fn bare(&self, place: &Place, repository: &str) -> PathBuf {
        match place {
            Place::Folder(name) => self.path(&format!("disk/{name}/{repository}.git")),
            Place::Forge(kind, owner) => self.site(*kind).bare_path(owner, repository).unwrap(),
        }
    }

    /// Everything of a copy that is synced: HEAD, and every branch and tag with its value.
    pub(crate) fn refs(&self, place: &Place, repository: &str) -> String {
        let bare = self.bare(place, repository);
        let head = std::fs::read_to_string(bare.join("HEAD")).unwrap();
        let (head, bare) = (head.trim().strip_prefix("ref: ").unwrap(), bare.display().to_string());
        let format = "--format=%(objectname) %(refname)";
        format!("{head}\n{}\n", self.git(".", &["-C", &bare, "for-each-ref", format, "refs/heads", "refs/tags"]))
    }

    /// Asserts that all copies are the same, and returns what they hold.
    pub(crate) fn agree(&self, places: &[Place], repository: &str) -> String {
        let first = self.refs(&places[0], repository);
        for place in &places[1..] {
            assert_eq!(self.refs(place, repository), first, "{repository} at {place:?} and {:?}", places[0]);
        }
        first
    }

    /// How many requests the forges have had.
    pub(crate) fn requests(&self) -> usize {
        self.sim.iter().flat_map(Sim::sites).map(|site| site.requests().count()).sum()
    }
}

/// The accounts of [`OWNER`] on these forges.
pub(crate) fn users(kinds: &[Kind]) -> Vec<Place> {
    kinds.iter().map(|kind| Place::Forge(*kind, OWNER)).collect()
}
