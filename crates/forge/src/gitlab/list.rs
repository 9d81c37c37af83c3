//! Reading projects: whole listings, and direct looks.

use refray_core::config::Endpoint;
use refray_core::repository::{ForgeId, Repository};

use super::account::is_group;
use super::adapter::GitLab;
use super::project::Project;
use crate::api::Lookup;
use crate::error::{ErrorKind, ForgeError};
use crate::http::{Call, Paging};

/// As many entries as GitLab puts on a page.
pub(crate) const PER_PAGE: usize = 100;

impl GitLab {
    /// Lists the projects of a group or a user, in the order of their making, so that new ones do not shift the pages.
    pub(crate) async fn list_projects(&self, endpoint: &Endpoint) -> Result<Vec<Repository>, ForgeError> {
        let namespace = endpoint.namespace.as_str();
        let doing = format!("list the repositories of {namespace}");
        let call = if is_group(endpoint) {
            Call::get(self.client.api_url(["groups", namespace, "projects"]), &doing)
                .query("include_subgroups", endpoint.include_subgroups)
                .query("with_shared", false)
        } else {
            let me = self.me().await?;
            if me.owns(namespace) {
                // This also lists what the account owns in groups, which is left out below.
                Call::get(self.client.api_url(["projects"]), &doing).query("owned", true)
            } else {
                let user = self.user(namespace).await?;
                Call::get(self.client.api_url(["users", &user.id.to_string(), "projects"]), &doing)
            }
        };
        let call = call.query("order_by", "id").query("sort", "asc").query("per_page", PER_PAGE);
        let mut projects: Vec<Project> = self
            .client
            .list(&call, Paging::GitlabOffset { per_page: PER_PAGE }, |project: &Project| project.id.to_string())
            .await?;
        if !is_group(endpoint) {
            let own = namespace.to_lowercase();
            projects.retain(|project| project.namespace_path().to_lowercase() == own);
        }
        projects.retain(|project| project.marked().is_none());
        projects.into_iter().map(|project| self.describe(&doing, project)).collect()
    }

    /// Describes a project in the words of all forges.
    pub(crate) fn describe(&self, doing: &str, project: Project) -> Result<Repository, ForgeError> {
        project.describe().map_err(|why| self.client.error(doing, ErrorKind::Protocol, why))
    }

    /// Looks at the project under a path. One that waits for its deletion counts as gone, wherever it waits.
    pub(crate) async fn look(&self, path: &str) -> Result<Lookup, ForgeError> {
        let doing = format!("look at {path}");
        let Some(project) = self.project(path, &doing).await? else { return Ok(Lookup::NotFound) };
        if project.marked().is_some() {
            return Ok(Lookup::NotFound);
        }
        // Versions before 16.7 answer under an old path without a redirect.
        let here = project.is_at(path);
        let repository = self.describe(&doing, project)?;
        Ok(if here { Lookup::Found(repository) } else { Lookup::Moved(repository) })
    }

    /// Looks at the project of an id.
    pub(crate) async fn look_by_id(&self, id: &ForgeId) -> Result<Lookup, ForgeError> {
        let doing = format!("look at the repository with id {}", id.0);
        if id.0.parse::<u64>().is_err() {
            return Ok(Lookup::NotFound);
        }
        match self.find(self.client.api_url(["projects", &id.0]), &doing).await? {
            Some(project) if project.marked().is_none() => Ok(Lookup::Found(self.describe(&doing, project)?)),
            _ => Ok(Lookup::NotFound),
        }
    }

    /// Reads the project under a path, or where that path leads; `None` when there is none.
    pub(crate) async fn project(&self, path: &str, doing: &str) -> Result<Option<Project>, ForgeError> {
        self.find(self.project_url(path, doing, &[])?, doing).await
    }

    /// Reads the project at an address; `None` when there is none.
    pub(crate) async fn find(&self, url: url::Url, doing: &str) -> Result<Option<Project>, ForgeError> {
        match self.client.json(&Call::get(url, doing)).await {
            Ok(project) => Ok(Some(project)),
            Err(error) if error.kind == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Makes sure that the project under a path is the one with that id, and returns it.
    pub(crate) async fn same(&self, path: &str, id: &ForgeId, doing: &str) -> Result<Project, ForgeError> {
        let found = self.project(path, doing).await?;
        let error = |kind, message: String| Err(self.client.error(doing, kind, message));
        match found {
            Some(project) if project.id.to_string() == id.0 && (project.is_at(path) || project.marked().is_some()) => {
                Ok(project)
            }
            Some(project) if project.id.to_string() == id.0 => {
                error(ErrorKind::Moved { to: project.path_with_namespace }, String::new())
            }
            other => match self.look_by_id(id).await? {
                Lookup::Found(repository) | Lookup::Moved(repository) => {
                    error(ErrorKind::Moved { to: repository.path }, String::new())
                }
                Lookup::NotFound if other.is_some() => {
                    error(ErrorKind::NotFound, "another repository has this path now".to_owned())
                }
                Lookup::NotFound => error(ErrorKind::NotFound, String::new()),
            },
        }
    }
}
