use crate::dialect::{Query, decode};

/// The two halves of git's protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Service {
    /// Fetching.
    UploadPack,
    /// Pushing.
    ReceivePack,
}

impl Service {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::UploadPack => "git-upload-pack",
            Self::ReceivePack => "git-receive-pack",
        }
    }

    /// Returns the word after `git`.
    pub(crate) fn verb(self) -> &'static str {
        &self.as_str()[4..]
    }

    fn parse(word: &str) -> Option<Self> {
        [Self::UploadPack, Self::ReceivePack].into_iter().find(|service| service.as_str() == word)
    }
}

/// What is asked of a repository.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Ask {
    /// The first look; `None` when it is one of the dumb protocol, or for an unknown service.
    Refs(Option<Service>),
    /// The exchange.
    Exchange(Service),
    /// LFS, with what comes after `info/lfs/`.
    Lfs(String),
}

/// A path below a repository that git or LFS asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Route {
    /// The full path of the repository, without `.git`.
    pub(crate) repository: String,
    /// Whether the path had `.git`.
    pub(crate) suffix: bool,
    /// The path behind the repository, with its slash.
    pub(crate) rest: String,
    pub(crate) ask: Ask,
}

impl Route {
    /// Reads a request's path; `None` when it is not about git.
    pub(crate) fn read(path: &str, query: Option<&str>) -> Option<Self> {
        if path.starts_with("/api/") {
            return None;
        }
        let split = |mark: &str| path.find(mark).map(|at| (&path[..at], &path[at..]));
        let (repository, rest, ask) = if let Some((repository, rest)) = split("/info/lfs/") {
            (repository, rest, Ask::Lfs(rest["/info/lfs/".len()..].to_owned()))
        } else if let Some(repository) = path.strip_suffix("/info/refs") {
            let service = Query::of(query).get("service").and_then(Service::parse);
            (repository, "/info/refs", Ask::Refs(service))
        } else if let Some((repository, service)) = path.rsplit_once('/') {
            (repository, &path[repository.len()..], Ask::Exchange(Service::parse(service)?))
        } else {
            return None;
        };
        let repository = decode(repository.strip_prefix('/')?);
        let bare = repository.strip_suffix(".git");
        let suffix = bare.is_some();
        let repository = bare.unwrap_or(&repository).to_owned();
        repository.contains('/').then(|| Self { repository, suffix, rest: rest.to_owned(), ask })
    }
}

#[cfg(test)]
mod tests {
    use super::{Ask, Route, Service};

    #[test]
    fn paths_are_taken_apart() {
        let read = |path, query| Route::read(path, query).map(|it| (it.repository, it.suffix, it.ask));
        assert_eq!(
            read("/a/b.git/info/refs", Some("service=git-upload-pack")),
            Some(("a/b".to_owned(), true, Ask::Refs(Some(Service::UploadPack))))
        );
        assert_eq!(
            read("/top/mid/b/git-receive-pack", None),
            Some(("top/mid/b".to_owned(), false, Ask::Exchange(Service::ReceivePack)))
        );
        assert_eq!(
            read("/a/b.git/info/lfs/objects/batch", None),
            Some(("a/b".to_owned(), true, Ask::Lfs("objects/batch".to_owned())))
        );
        assert_eq!(read("/a/b.git/HEAD", None), None);
        assert_eq!(read("/api/v1/repos/a/info/refs", None), None);
    }
}
