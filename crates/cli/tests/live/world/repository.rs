//! Repositories, as a forge's API sees them.

use reqwest::Method;
use serde_json::{Value, json};

use super::forge::PREFIX;
use super::{Forge, Kind, until};

/// A repository to be made.
pub(crate) struct New<'a> {
    pub(crate) name: &'a str,
    pub(crate) private: bool,
    pub(crate) description: &'a str,
    /// In the organisation instead of the account.
    pub(crate) in_org: bool,
}

/// What a forge says of a repository.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Seen {
    pub(crate) name: String,
    pub(crate) private: bool,
    pub(crate) description: String,
    pub(crate) default_branch: String,
    pub(crate) archived: bool,
}

impl Forge {
    /// The path of a repository in the API.
    pub(crate) fn path(&self, owner: &str, name: &str) -> String {
        match self.kind {
            Kind::GitLab => format!("/projects/{}%2F{name}", owner.replace('/', "%2F")),
            Kind::GitHub | Kind::Gitea | Kind::Forgejo => format!("/repos/{owner}/{name}"),
        }
    }

    /// The path of a repository in the account.
    pub(crate) fn own(&self, name: &str) -> String {
        self.path(&self.user, name)
    }

    pub(crate) fn create(&self, new: &New<'_>) {
        assert!(new.name.starts_with(PREFIX), "{}", new.name);
        let New { name, private, description, in_org } = new;
        let org = in_org.then(|| self.org.as_deref().unwrap());
        if self.kind == Kind::GitLab {
            let visibility = if *private { "private" } else { "public" };
            let mut body = json!({"name": name, "path": name, "visibility": visibility, "description": description});
            if let Some(org) = org {
                body["namespace_id"] = self.get(&format!("/groups/{}", org.replace('/', "%2F")))["id"].clone();
            }
            self.tell(Method::POST, "/projects", Some(body));
            return;
        }
        let path = org.map_or_else(|| "/user/repos".to_owned(), |org| format!("/orgs/{org}/repos"));
        self.tell(Method::POST, &path, Some(json!({"name": name, "private": private, "description": description})));
    }

    /// Looks at a repository; none when there is none of exactly this name.
    pub(crate) fn seen(&self, owner: &str, name: &str) -> Option<Seen> {
        let (status, answer) = self.ask(Method::GET, &self.path(owner, name), None);
        if status == 404 {
            return None;
        }
        assert_eq!(status, 200, "{answer}");
        let text = |key: &str| answer[key].as_str().unwrap_or_default().to_owned();
        let private = match self.kind {
            Kind::GitLab => answer["visibility"] == "private",
            Kind::GitHub | Kind::Gitea | Kind::Forgejo => answer["private"] == true,
        };
        let seen = Seen {
            name: text(if self.kind == Kind::GitLab { "path" } else { "name" }),
            private,
            description: text("description"),
            default_branch: text("default_branch"),
            archived: answer["archived"] == true,
        };
        // An old name leads to the new one; what waits for its deletion is gone.
        (seen.name.eq_ignore_ascii_case(name) && answer["marked_for_deletion_on"].is_null()).then_some(seen)
    }

    fn edit(&self, name: &str, body: Value) {
        let method = if self.kind == Kind::GitLab { Method::PUT } else { Method::PATCH };
        self.tell(method, &self.own(name), Some(body));
    }

    pub(crate) fn rename(&self, name: &str, to: &str) {
        assert!(to.starts_with(PREFIX), "{to}");
        self.edit(name, if self.kind == Kind::GitLab { json!({"name": to, "path": to}) } else { json!({"name": to}) });
    }

    pub(crate) fn archive(&self, name: &str, archived: bool) {
        if self.kind == Kind::GitLab {
            let verb = if archived { "archive" } else { "unarchive" };
            self.tell(Method::POST, &format!("{}/{verb}", self.own(name)), None);
            return;
        }
        self.edit(name, json!({"archived": archived}));
    }

    /// Chooses a default branch. Gitea and Forgejo take in what was pushed into an empty repository some time later and
    /// choose one then, and Gitea fails while it works on an earlier choice.
    pub(crate) fn set_default_branch(&self, name: &str, branch: &str) {
        until(&format!("{branch} is the default branch of {name}"), || {
            if self.get(&self.own(name))["empty"] == true {
                return false;
            }
            let method = if self.kind == Kind::GitLab { Method::PUT } else { Method::PATCH };
            let (status, answer) = self.ask(method, &self.own(name), Some(json!({"default_branch": branch})));
            assert!(status == 200 || status >= 500, "{name}: {status} {answer}");
            status == 200
        });
    }

    /// Deletes a repository of this suite's, and of nobody else's, if it is there.
    pub(crate) fn delete(&self, owner: &str, name: &str) {
        assert!(name.starts_with(PREFIX), "{name}");
        let (status, answer) = self.ask(Method::DELETE, &self.path(owner, name), None);
        assert!((200..300).contains(&status) || status == 404, "{name}: {status} {answer}");
    }

    /// The names in a namespace that begin like this.
    pub(crate) fn names(&self, owner: &str, prefix: &str) -> Vec<String> {
        assert!(prefix.starts_with(PREFIX), "{prefix}");
        let is_user = owner == self.user;
        let mut names = Vec::new();
        for page in 1.. {
            let path = match (self.kind, is_user) {
                (Kind::GitHub, true) => format!("/user/repos?affiliation=owner&per_page=100&page={page}"),
                (Kind::GitHub, false) => format!("/orgs/{owner}/repos?per_page=100&page={page}"),
                (Kind::GitLab, true) => format!("/users/{owner}/projects?per_page=100&page={page}"),
                (Kind::GitLab, false) => {
                    format!("/groups/{}/projects?per_page=100&page={page}", owner.replace('/', "%2F"))
                }
                (Kind::Gitea | Kind::Forgejo, true) => format!("/user/repos?limit=50&page={page}"),
                (Kind::Gitea | Kind::Forgejo, false) => format!("/orgs/{owner}/repos?limit=50&page={page}"),
            };
            let answer = self.get(&path);
            let listed = answer.as_array().unwrap();
            if listed.is_empty() {
                break;
            }
            for one in listed {
                let key = if self.kind == Kind::GitLab { "path" } else { "name" };
                let of =
                    if self.kind == Kind::GitLab { &one["namespace"]["full_path"] } else { &one["owner"]["login"] };
                let name = one[key].as_str().unwrap();
                if name.starts_with(prefix) && of.as_str().is_some_and(|of| of.eq_ignore_ascii_case(owner)) {
                    names.push(name.to_owned());
                }
            }
        }
        names.sort();
        names
    }
}
