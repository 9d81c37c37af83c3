use refray_core::config::{Endpoint, NamespaceKind};
use refray_core::name::RepoName;
use refray_core::oid::ObjectFormat;
use refray_core::repository::{ForgeId, Repository, Visibility};
use serde_json::{Map, Value, json};

use super::adapter::{GitHub, PER_PAGE};
use super::names;
use super::wire::WireRepository;
use crate::api::{Account, Deletion, Lookup, NewRepository, RepositoryPatch};
use crate::error::{ErrorKind, ForgeError};
use crate::http::{Answer, Call, Paging, one_line};

/// How long a description may be.
const LONGEST_DESCRIPTION: usize = 350;

impl GitHub {
    pub(super) async fn list_repositories(&self, endpoint: &Endpoint) -> Result<Vec<Repository>, ForgeError> {
        let namespace = endpoint.namespace.as_str();
        let doing = format!("list the repositories of `{namespace}`");
        // By date of creation, so that one that is created meanwhile comes last and shifts nothing.
        let ordered = |call: Call| call.query("sort", "created").query("direction", "asc").query("per_page", PER_PAGE);
        let own = self.is_own(endpoint).await?;
        let call = match endpoint.kind {
            NamespaceKind::Org | NamespaceKind::Group => {
                Call::get(self.client.api_url(["orgs", namespace, "repos"]), doing.clone()).query("type", "all")
            }
            // A user's own listing shows public repositories only, even to that user.
            _ if own => Call::get(self.client.api_url(["user", "repos"]), doing.clone()).query("affiliation", "owner"),
            _ => Call::get(self.client.api_url(["users", namespace, "repos"]), doing.clone()).query("type", "owner"),
        };
        let paging = Paging::Link { per_page: PER_PAGE };
        let all: Vec<WireRepository> =
            self.client.list(&ordered(call), paging, |repository: &WireRepository| repository.id.to_string()).await?;
        all.into_iter()
            .filter(|found| found.owner.as_ref().is_none_or(|owner| owner.login.eq_ignore_ascii_case(namespace)))
            .map(|found| found.into_repository().map_err(|why| self.client.error(&doing, ErrorKind::Protocol, why)))
            .collect()
    }

    pub(super) async fn look_up(&self, path: &str) -> Result<Lookup, ForgeError> {
        let call = Call::get(self.repository_url(path, &[])?, format!("look at `{path}`"));
        match self.client.send(&call).await {
            Ok(answer) => {
                let found = self.repository(&answer)?;
                let moved = answer.moved || !found.path.eq_ignore_ascii_case(path);
                Ok(if moved { Lookup::Moved(found) } else { Lookup::Found(found) })
            }
            Err(error) if error.kind == ErrorKind::NotFound => self.absent(error).await,
            Err(error) => Err(error),
        }
    }

    /// Judges a 404: it says that something is not there only to those who could see it if it were.
    async fn absent(&self, error: ForgeError) -> Result<Lookup, ForgeError> {
        let unseen = |missing, why: &str| Err(self.client.error(&error.doing, ErrorKind::Forbidden { missing }, why));
        if self.client.site().token.is_none() {
            return unseen(None, "without a token, a private repository looks like none");
        }
        match self.read_account().await {
            Ok(Account { scopes: Some(scopes), .. }) if !scopes.iter().any(|scope| scope == "repo") => {
                unseen(Some("repo".to_owned()), "the token sees public repositories only")
            }
            // An installation's token belongs to no user, and may not ask.
            Ok(_) | Err(ForgeError { kind: ErrorKind::Forbidden { .. }, .. }) => Ok(Lookup::NotFound),
            Err(error) => Err(error),
        }
    }

    pub(super) async fn look_up_id(&self, id: &ForgeId) -> Result<Lookup, ForgeError> {
        // The address that GitHub's own redirects after a rename lead to.
        let call = Call::get(
            self.client.api_url(["repositories", &id.0]),
            format!("look at the repository with the id {}", id.0),
        );
        match self.client.send(&call).await {
            Ok(answer) => self.repository(&answer).map(Lookup::Found),
            Err(error) if error.kind == ErrorKind::NotFound => self.absent(error).await,
            Err(error) => Err(error),
        }
    }

    pub(super) async fn create_repository(
        &self,
        endpoint: &Endpoint,
        new: &NewRepository,
    ) -> Result<Repository, ForgeError> {
        let namespace = endpoint.namespace.as_str();
        let path = format!("{namespace}/{}", new.name);
        let doing = format!("create `{path}`");
        let refuse = |kind, why: &str| self.client.error(&doing, kind, why);
        names::check(new.name.as_str()).map_err(|why| refuse(ErrorKind::BadName, why))?;
        if new.format != ObjectFormat::Sha1 {
            return Err(refuse(ErrorKind::Unsupported, "GitHub has no repositories with SHA-256 objects"));
        }
        let url = match endpoint.kind {
            NamespaceKind::Org | NamespaceKind::Group => self.client.api_url(["orgs", namespace, "repos"]),
            _ if self.is_own_as_known(endpoint).await? => self.client.api_url(["user", "repos"]),
            _ => {
                let why = "only the user whose token it is can have repositories created";
                return Err(refuse(ErrorKind::Forbidden { missing: None }, why));
            }
        };
        let body = json!({
            "name": new.name.as_str(),
            "description": one_line(&new.description, LONGEST_DESCRIPTION),
            // Not every organisation has `internal`, and wider than asked for it must never become.
            "private": new.visibility != Visibility::Public,
            "auto_init": false,
        });
        let made = match self.client.send(&Call::post(url, doing.clone()).json(&body)).await {
            Ok(answer) => self.repository(&answer)?,
            // It may have been made although no answer said so.
            Err(error) if error.may_have_happened() => match self.look_up(&path).await {
                Ok(Lookup::Found(found)) => found,
                _ => return Err(error),
            },
            Err(error) => {
                // The user may have another name by now.
                self.client.forget().await;
                return Err(error);
            }
        };
        if made.name.as_str() == new.name.as_str() {
            Ok(made)
        } else {
            Err(refuse(ErrorKind::Protocol, &format!("GitHub called it `{}` instead", made.path)))
        }
    }

    pub(super) async fn update_repository(
        &self,
        path: &str,
        patch: &RepositoryPatch,
    ) -> Result<Repository, ForgeError> {
        let mut body = Map::new();
        if let Some(branch) = &patch.default_branch {
            body.insert("default_branch".into(), branch.as_str().into());
        }
        if let Some(description) = &patch.description {
            body.insert("description".into(), one_line(description, LONGEST_DESCRIPTION).into());
        }
        if let Some(visibility) = patch.visibility {
            body.insert("private".into(), (visibility != Visibility::Public).into());
        }
        self.change(path, format!("change the settings of `{path}`"), Value::Object(body)).await
    }

    pub(super) async fn rename_repository(
        &self,
        path: &str,
        id: &ForgeId,
        to: &RepoName,
    ) -> Result<Repository, ForgeError> {
        let doing = format!("rename `{path}` to `{to}`");
        names::check(to.as_str()).map_err(|why| self.client.error(&doing, ErrorKind::BadName, why))?;
        self.expect_id(path, id, &doing).await?;
        let renamed = self.change(path, doing.clone(), json!({ "name": to.as_str() })).await?;
        if renamed.name == *to {
            Ok(renamed)
        } else {
            Err(self.client.error(doing, ErrorKind::Protocol, format!("GitHub called it `{}` instead", renamed.path)))
        }
    }

    pub(super) async fn delete_repository(&self, path: &str, id: &ForgeId) -> Result<Deletion, ForgeError> {
        let doing = format!("delete `{path}`");
        self.expect_id(path, id, &doing).await?;
        match self.client.send(&Call::delete(self.repository_url(path, &[])?, doing)).await {
            Ok(_) => Ok(Deletion::Done),
            Err(error) if error.may_have_happened() => match self.look_up(path).await {
                Ok(Lookup::NotFound) => Ok(Deletion::Done),
                _ => Err(error),
            },
            Err(error) => Err(error),
        }
    }

    /// Changes a repository. The same change twice is one change, so one that may have been lost is made again.
    async fn change(&self, path: &str, doing: String, body: Value) -> Result<Repository, ForgeError> {
        let call = Call::patch(self.repository_url(path, &[])?, doing).json(&body);
        let answer = match self.client.send(&call).await {
            Err(error) if error.may_have_happened() && body.get("name").is_none() => self.client.send(&call).await?,
            other => other?,
        };
        self.repository(&answer)
    }

    /// Makes sure that a path still means the repository of that id.
    async fn expect_id(&self, path: &str, id: &ForgeId, doing: &str) -> Result<(), ForgeError> {
        match self.look_up(path).await? {
            Lookup::Found(found) if found.id == *id => Ok(()),
            Lookup::Found(_) => {
                Err(self.client.error(doing, ErrorKind::Invalid, "another repository has that name by now"))
            }
            Lookup::Moved(found) => Err(self.client.error(doing, ErrorKind::Moved { to: found.path }, "")),
            Lookup::NotFound => Err(self.client.error(doing, ErrorKind::NotFound, "")),
        }
    }

    fn repository(&self, answer: &Answer) -> Result<Repository, ForgeError> {
        answer.json::<WireRepository>()?.into_repository().map_err(|why| answer.broken(why))
    }
}
