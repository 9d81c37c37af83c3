//! A person's clone, in which history is made with real git.

use super::{Lab, Place, put};

pub(crate) struct Work<'l> {
    lab: &'l Lab,
    folder: String,
}

impl Lab {
    /// Makes a clone to work in, with one commit on `main`.
    pub(crate) fn work(&self, name: &str) -> Work<'_> {
        let folder = format!("work/{name}");
        self.git(".", None, &["init", "-q", "-b", "main", &folder]);
        let work = Work { lab: self, folder };
        work.commit("first");
        work
    }

    /// Returns to a clone that was made before.
    pub(crate) fn clone_of(&self, name: &str) -> Work<'_> {
        Work { lab: self, folder: format!("work/{name}") }
    }

    /// Makes a repository somewhere, with what the clone of the same name has on `main`.
    pub(crate) fn seed(&self, place: Place, name: &str) -> Work<'_> {
        self.create(place, name);
        let work = self.work(name);
        work.push(place, &["main"]);
        work
    }
}

impl Work<'_> {
    #[track_caller]
    pub(crate) fn git(&self, args: &[&str]) -> String {
        self.lab.git(&self.folder, None, args)
    }

    /// Commits a file that says so, and returns the commit.
    pub(crate) fn commit(&self, text: &str) -> String {
        put(&self.lab.path(&self.folder).join(text.replace([' ', '/'], "-")), text);
        self.git(&["add", "-A"]);
        self.git(&["commit", "-q", "-m", text]);
        self.tip("HEAD")
    }

    /// Goes to a branch, new or not, that starts at a commit.
    pub(crate) fn on(&self, branch: &str, at: &str) {
        self.git(&["checkout", "-q", "-B", branch, at]);
    }

    pub(crate) fn tip(&self, name: &str) -> String {
        self.git(&["rev-parse", name])
    }

    /// Pushes by force to a copy of the repository of the clone's name.
    #[track_caller]
    pub(crate) fn push(&self, place: Place, what: &[&str]) {
        let name = self.folder.trim_start_matches("work/");
        self.push_as(place, name, what);
    }

    /// The same, to a copy of another name.
    #[track_caller]
    pub(crate) fn push_as(&self, place: Place, name: &str, what: &[&str]) {
        let address = self.lab.address(place, name);
        let args = [&["push", "-q", "--force", &address], what].concat();
        self.lab.git(&self.folder, self.lab.forge(place), &args);
    }
}
