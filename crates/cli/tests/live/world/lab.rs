//! The stage of a scene: one forge to which something happens, the others, and a folder.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::time::Duration;

use tempfile::TempDir;

use super::forge::PREFIX;
use super::{Config, Forge, Kind, New};

pub(crate) struct Lab {
    pub(crate) dir: TempDir,
    pub(crate) config: Config,
    pub(crate) env: BTreeMap<String, String>,
    /// What the names of the scene's repositories begin with.
    pub(crate) prefix: String,
    /// The one to which something happens is the first.
    pub(crate) forges: Vec<Forge>,
    in_org: bool,
}

/// Where a copy of a repository can be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    Folder,
    Forge(usize),
}

/// The forge to which something happens.
pub(crate) const HERE: Place = Place::Forge(0);

impl Lab {
    /// Plays a scene once for each named forge, with settings of the group.
    pub(crate) fn each(settings: &str, mut scene: impl FnMut(&mut Self)) {
        let forges = Forge::named();
        for first in 0..forges.len() {
            let mut forges = forges.clone();
            forges.rotate_left(first);
            scene(&mut Self::new(forges, settings, false));
        }
    }

    /// The same in organisations, with those forges of which one is named.
    pub(crate) fn each_org(settings: &str, mut scene: impl FnMut(&mut Self)) {
        let mut forges = Forge::named();
        forges.retain(|forge| forge.org.is_some());
        if forges.is_empty() {
            println!("left out: no REFRAY_LIVE_<KIND>_ORG is set");
        }
        for first in 0..forges.len() {
            let mut forges = forges.clone();
            forges.rotate_left(first);
            scene(&mut Self::new(forges, settings, true));
        }
    }

    fn new(forges: Vec<Forge>, settings: &str, in_org: bool) -> Self {
        let prefix = format!("{PREFIX}{:08x}-", fastrand::u32(..));
        let mut config = Config::default();
        config.set(&format!("repo_whitelist = [\"^{prefix}\"]\n{settings}"));
        let dir = tempfile::tempdir().unwrap();
        let mut lab = Self { dir, config, env: BTreeMap::new(), prefix, forges, in_org };
        std::fs::create_dir_all(lab.path("home")).unwrap();
        std::fs::create_dir_all(lab.path("disk/mine")).unwrap();
        let disk = format!("provider = \"directory\"\npath = \"{}\"", lab.path("disk").display());
        lab.config.site("disk", &disk);
        lab.config.endpoint("disk", "namespace = \"mine\"");
        // The one to which something happens is the last, which is the one that a rebase forces.
        for forge in lab.forges.iter().rev() {
            let (name, variable) = (forge.kind.as_str(), Self::variable(forge));
            let mut site = format!("provider = \"{name}\"\ntoken = {{ env = \"{variable}\" }}\n");
            site += &format!("base_url = \"{}\"\n", forge.url);
            lab.config.site(name, &site);
            let (kind, namespace) = if in_org { ("org", lab.owner(forge)) } else { ("user", forge.user.as_str()) };
            lab.config.endpoint(name, &format!("kind = \"{kind}\"\nnamespace = \"{namespace}\""));
            lab.env.insert(variable, forge.token.clone());
        }
        lab
    }

    /// The variable that holds a forge's token.
    pub(crate) fn variable(forge: &Forge) -> String {
        format!("TOKEN_{}", forge.kind.as_str().to_uppercase())
    }

    pub(crate) fn here(&self) -> &Forge {
        &self.forges[0]
    }

    /// How output names the endpoint to which something happens.
    pub(crate) fn spelled(&self) -> String {
        format!("{}/{}", self.here().kind.as_str(), self.owner(self.here()))
    }

    /// The namespace of the scene on a forge.
    pub(crate) fn owner<'l>(&self, forge: &'l Forge) -> &'l str {
        if self.in_org { forge.org.as_deref().unwrap() } else { &forge.user }
    }

    /// Another place than [`HERE`]: a forge if there is another.
    pub(crate) fn there(&self) -> Place {
        if self.forges.len() > 1 { Place::Forge(1) } else { Place::Folder }
    }

    pub(crate) fn places(&self) -> Vec<Place> {
        (0..self.forges.len()).map(Place::Forge).chain([Place::Folder]).collect()
    }

    pub(crate) fn name(&self, short: &str) -> String {
        format!("{}{short}", self.prefix)
    }

    pub(crate) fn path(&self, below: &str) -> PathBuf {
        self.dir.path().join(below)
    }

    /// The bare repository in the folder.
    pub(crate) fn bare(&self, name: &str) -> PathBuf {
        self.path(&format!("disk/mine/{name}.git"))
    }

    /// Makes an empty repository somewhere.
    pub(crate) fn create(&self, place: Place, name: &str) {
        match place {
            Place::Folder => {
                let bare = self.bare(name).display().to_string();
                self.git(".", None, &["init", "-q", "--bare", "-b", "main", &bare]);
            }
            Place::Forge(index) => {
                let new = New { name, private: true, description: "", in_org: self.in_org };
                self.forges[index].create(&new);
            }
        }
    }

    /// Where git finds a copy.
    pub(crate) fn address(&self, place: Place, name: &str) -> String {
        match place {
            Place::Folder => self.bare(name).display().to_string(),
            Place::Forge(index) => {
                let forge = &self.forges[index];
                format!("{}/{}/{name}.git", forge.url, self.owner(forge))
            }
        }
    }

    pub(crate) fn forge(&self, place: Place) -> Option<&Forge> {
        match place {
            Place::Folder => None,
            Place::Forge(index) => self.forges.get(index),
        }
    }

    /// Whether there is a copy of exactly this name.
    pub(crate) fn exists(&self, place: Place, name: &str) -> bool {
        match self.forge(place) {
            None => self.bare(name).exists(),
            Some(forge) => forge.seen(self.owner(forge), name).is_some(),
        }
    }

    /// Deletes a copy, as a person would.
    pub(crate) fn delete(&self, place: Place, name: &str) {
        match self.forge(place) {
            None => std::fs::remove_dir_all(self.bare(name)).unwrap(),
            Some(forge) => {
                self.settle();
                forge.delete(self.owner(forge), name);
            }
        }
    }

    /// Lets the forges finish their own work on what was pushed, which nothing tells of. A Gitea whose repository goes
    /// away under that work may never take in another push.
    fn settle(&self) {
        if self.forges.iter().any(|forge| forge.kind == Kind::Gitea) {
            std::thread::sleep(Duration::from_secs(2));
        }
    }

    /// Everything of a copy that is synced: HEAD, and every branch and tag with its value.
    pub(crate) fn refs(&self, place: Place, name: &str) -> String {
        let address = self.address(place, name);
        let said = self.git(".", self.forge(place), &["ls-remote", "--symref", &address]);
        let mut lines: Vec<&str> = said.lines().collect();
        lines.retain(|line| {
            line.starts_with("ref: ") || line.contains("\trefs/heads/") || line.contains("\trefs/tags/")
        });
        lines.join("\n")
    }

    /// Asserts that all copies are the same, and returns what they hold.
    #[track_caller]
    pub(crate) fn agree(&self, name: &str) -> String {
        let places = self.places();
        let first = self.refs(places[0], name);
        for place in &places[1..] {
            assert_eq!(self.refs(*place, name), first, "{name} at {place:?} and {:?}", places[0]);
        }
        first
    }
}

impl Drop for Lab {
    fn drop(&mut self) {
        self.settle();
        for forge in &self.forges {
            let owner = self.owner(forge);
            // What fails here must not hide why the scene failed, nor keep the other scenes from being played.
            let cleaned = catch_unwind(AssertUnwindSafe(|| {
                for name in forge.names(owner, &self.prefix) {
                    forge.delete(owner, &name);
                }
            }));
            if cleaned.is_err() {
                println!("{}*: left behind in {owner} on {}", self.prefix, forge.url);
            }
        }
    }
}
