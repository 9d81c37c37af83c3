//! A person's clone, in which history is made with real git.

use super::{Place, World, put};

pub(crate) struct Work<'w> {
    world: &'w World,
    folder: String,
}

impl World {
    /// Makes a clone to work in, with one commit on `main`.
    pub(crate) fn work(&self, name: &str) -> Work<'_> {
        self.work_in(name, "sha1")
    }

    /// The same, with another hash function.
    pub(crate) fn work_in(&self, name: &str, format: &str) -> Work<'_> {
        let folder = format!("work/{name}");
        self.git(".", &["init", "-q", "-b", "main", &format!("--object-format={format}"), &folder]);
        let work = Work { world: self, folder };
        work.commit("first");
        work
    }

    /// Makes an empty bare repository in a folder endpoint.
    pub(crate) fn init(&self, endpoint: &str, repository: &str, format: &str) {
        let (bare, format) = (format!("disk/{endpoint}/{repository}.git"), format!("--object-format={format}"));
        self.git(".", &["init", "-q", "--bare", "-b", "main", &format, &bare]);
    }

    /// Makes a repository in a folder endpoint, with what the clone of the same name has on `main`.
    pub(crate) fn seeded(&self, endpoint: &'static str, repository: &str) -> Work<'_> {
        self.init(endpoint, repository, "sha1");
        let work = self.work(repository);
        work.push(&Place::Folder(endpoint), repository, &["main"]);
        work
    }
}

impl Work<'_> {
    pub(crate) fn git(&self, args: &[&str]) -> String {
        self.world.git(&self.folder, args)
    }

    /// Commits a file that says so, and returns the commit.
    pub(crate) fn commit(&self, text: &str) -> String {
        let file = self.world.path(&self.folder).join(text.replace([' ', '/'], "-"));
        put(&file, text);
        self.git(&["add", "-A"]);
        self.git(&["commit", "-q", "-m", text]);
        self.tip("HEAD")
    }

    /// Replaces the last commit, and returns the new one.
    pub(crate) fn amend(&self, text: &str) -> String {
        self.git(&["commit", "-q", "--amend", "-m", text]);
        self.tip("HEAD")
    }

    /// Goes to a branch, which is made where it is missing.
    pub(crate) fn on(&self, branch: &str) {
        let there = self.git(&["for-each-ref", "--format=%(refname)", &format!("refs/heads/{branch}")]);
        let args: &[&str] =
            if there.is_empty() { &["checkout", "-q", "-b", branch] } else { &["checkout", "-q", branch] };
        self.git(args);
    }

    pub(crate) fn tip(&self, name: &str) -> String {
        self.git(&["rev-parse", name])
    }

    /// Pushes by force to wherever a copy is. To a forge it goes as a user's push does.
    pub(crate) fn push(&self, place: &Place, repository: &str, what: &[&str]) {
        let (world, mut args) = (self.world, Vec::new());
        let to = match place {
            Place::Folder(_) => world.bare(place, repository).display().to_string(),
            Place::Forge(kind, owner) => {
                let site = world.site(*kind);
                if let Some(ca) = site.ca_file() {
                    args.push("-c".to_owned());
                    args.push(format!("http.sslCAInfo={}", ca.display()));
                }
                let (scheme, rest) = site.base_url().split_once("://").unwrap();
                format!("{scheme}://{}:{}@{rest}/{owner}/{repository}.git", super::OWNER, world.token(*kind))
            }
        };
        args.extend(["push".to_owned(), "-q".to_owned(), "--force".to_owned(), to]);
        args.extend(what.iter().map(|what| (*what).to_owned()));
        let args: Vec<&str> = args.iter().map(String::as_str).collect();
        tokio::task::block_in_place(|| self.git(&args));
    }
}
