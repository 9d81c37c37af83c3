//! Two forges that agree, one of which something happens to.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use refray_sim::Kind;
use refray_sim::world::{RepositoryPatch, Visibility};

use crate::world::{OWNER, Place, World, files_below, has, users};

/// `kind` is where something happens, `other` is what must not suffer from it.
pub(super) struct Scene {
    pub(super) world: World,
    pub(super) kind: Kind,
    pub(super) other: Kind,
    /// Every commit that anybody has seen so far.
    commits: BTreeSet<String>,
    /// What the references of a copy were when it was last looked at, and which commits they lead to.
    looked_at: RefCell<BTreeMap<PathBuf, (String, Vec<String>)>>,
}

impl Scene {
    /// Repositories `repo-0` and so on, each with the branches `main` and `side`, in agreement.
    pub(super) async fn new(kind: Kind, repositories: usize) -> Self {
        Self::with(kind, repositories, "").await
    }

    pub(super) async fn with(kind: Kind, repositories: usize, settings: &str) -> Self {
        let other = if kind == Kind::GitHub { Kind::GitLab } else { Kind::GitHub };
        let mut world = World::of_forges(&[other, kind]).await;
        world.config.set(&format!("delete_missing = true\n{settings}"));
        let mut scene = Self { world, kind, other, commits: BTreeSet::new(), looked_at: RefCell::default() };
        for number in 0..repositories {
            let name = format!("repo-{number}");
            scene.world.seed(other, &name, Visibility::Private);
            scene.set(other, &name, "refs/heads/side", "main");
        }
        scene.world.refray(&["sync"]).exits(0);
        scene.remember();
        scene
    }

    pub(super) fn here(&self) -> Place {
        Place::Forge(self.kind, OWNER)
    }

    pub(super) fn there(&self) -> Place {
        Place::Forge(self.other, OWNER)
    }

    /// Points a reference at a branch's tip, or removes it when `at` is empty.
    pub(super) fn set(&self, kind: Kind, repository: &str, name: &str, at: &str) {
        let site = self.world.site(kind);
        let found = site.repository(OWNER, repository).unwrap();
        let tip = if at.is_empty() {
            found.object_format.zeros().to_owned()
        } else {
            site.bare(found.id).branch(at).unwrap().unwrap()
        };
        site.move_ref(found.id, name, &tip).unwrap();
    }

    pub(super) fn commit(&mut self, kind: Kind, repository: &str, branch: &str, text: &str) -> String {
        let files = [(text, text)];
        let oid = self.world.site(kind).commit(OWNER, repository, branch, &files, &format!("{text}\n")).unwrap();
        self.commits.insert(oid.clone());
        oid
    }

    pub(super) fn patch(&self, kind: Kind, repository: &str, patch: RepositoryPatch) {
        let site = self.world.site(kind);
        let found = site.repository(OWNER, repository).unwrap();
        site.update_repository(found.id, patch, found.owner).unwrap();
    }

    /// Takes in what the forges hold.
    pub(super) fn remember(&mut self) {
        let seen = self.reachable();
        self.commits.extend(seen);
    }

    /// Every commit that some reference on a forge or in a backup leads to.
    fn reachable(&self) -> BTreeSet<String> {
        let mut seen = BTreeSet::new();
        let world = &self.world;
        for kind in [self.other, self.kind] {
            let site = world.site(kind);
            let ids: Vec<u64> = site.world().repositories.keys().copied().collect();
            for id in ids {
                seen.extend(self.commits_of(site.bare(id).path()));
            }
        }
        for (number, bundle) in files_below(&world.state().join("backups")).iter().enumerate() {
            if bundle.extension().is_some_and(|extension| extension == "bundle") {
                let folder = format!("unbundled-{number}");
                world.git(".", &["init", "-q", "--bare", &folder]);
                world.git(&folder, &["fetch", "-q", &bundle.display().to_string(), "+refs/*:refs/kept/*"]);
                seen.extend(world.git(&folder, &["rev-list", "--all"]).lines().map(str::to_owned));
                std::fs::remove_dir_all(world.path(&folder)).unwrap();
            }
        }
        seen
    }

    /// Every commit that the references of a copy lead to. Only where one has moved since the last time, git is asked.
    fn commits_of(&self, bare: &Path) -> Vec<String> {
        let mut files = files_below(&bare.join("refs"));
        files.push(bare.join("packed-refs"));
        let read =
            |file: &PathBuf| format!("{}: {}", file.display(), std::fs::read_to_string(file).unwrap_or_default());
        let references: String = files.iter().map(read).collect();
        let mut looked_at = self.looked_at.borrow_mut();
        match looked_at.get(bare) {
            Some((same, commits)) if *same == references => commits.clone(),
            _ => {
                let said = self.world.git(&bare.display().to_string(), &["rev-list", "--all"]);
                let commits: Vec<String> = said.lines().map(str::to_owned).collect();
                looked_at.insert(bare.to_owned(), (references, commits.clone()));
                commits
            }
        }
    }

    /// Asserts that every commit that anybody ever saw can still be found.
    #[track_caller]
    pub(super) fn nothing_is_lost(&self) {
        let reachable = self.reachable();
        let lost: Vec<_> = self.commits.difference(&reachable).collect();
        assert!(lost.is_empty(), "{}: {lost:?} are lost", self.kind);
    }

    /// What the other side holds of the first so many repositories.
    pub(super) fn other_side(&self, repositories: usize) -> Vec<String> {
        (0..repositories).map(|number| self.world.refs(&self.there(), &format!("repo-{number}"))).collect()
    }

    /// Runs three times, for what a run does may take the signs away: these words are said, and each time the other side
    /// stays as it is and nothing is lost.
    #[track_caller]
    pub(super) fn is_held(&self, repositories: usize, words: &[&str]) {
        let before = self.other_side(repositories);
        has(&self.world.refray(&["sync"]).exits(1), words);
        for _ in 0..2 {
            let said = self.world.refray(&["sync"]).exits(1);
            has(&said, &["remedy: "]);
            assert_eq!(self.other_side(repositories), before, "{}: {said}", self.kind);
            self.nothing_is_lost();
        }
    }

    /// Asserts that a run ends well and that both sides agree on the repository.
    #[track_caller]
    pub(super) fn agrees(&self, args: &[&str], repository: &str) -> String {
        self.world.refray(args).exits(0);
        self.nothing_is_lost();
        self.world.agree(&users(&[self.other, self.kind]), repository)
    }
}
