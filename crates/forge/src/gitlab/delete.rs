//! Deleting projects, which GitLab first only marks.

use refray_core::repository::{ForgeId, Repository};

use super::adapter::GitLab;
use super::project::Project;
use crate::api::Deletion;
use crate::error::{ErrorKind, ForgeError};
use crate::http::Call;

impl GitLab {
    /// Deletes the project with that id, if it still stands under that path.
    ///
    /// Since 18.0, and before in paid editions, it is marked: it gets another path, so that its old one is free, and is
    /// deleted some days later unless somebody restores it.
    pub(crate) async fn delete_project(&self, path: &str, id: &ForgeId) -> Result<Deletion, ForgeError> {
        let doing = format!("delete {path}");
        let project = self.same(path, id, &doing).await?;
        if project.marked().is_some() {
            return Ok(scheduled(project));
        }
        // By id: should another project take the path between the look and this, it is not the one that goes.
        let url = self.client.api_url(["projects", &id.0]);
        match self.client.send(&Call::delete(url.clone(), &doing)).await {
            Ok(_) => {}
            Err(error) if error.kind == ErrorKind::NotFound => return Ok(Deletion::Done),
            Err(error) if error.is_transient() => {
                // The request may have been carried out though its answer was lost.
                return match self.find(url, &doing).await {
                    Ok(None) => Ok(Deletion::Done),
                    Ok(Some(project)) if project.marked().is_some() => Ok(scheduled(project)),
                    _ => Err(error),
                };
            }
            Err(error) => return Err(error),
        }
        Ok(match self.find(url, &doing).await {
            Ok(Some(project)) if project.marked().is_some() => scheduled(project),
            // One without a mark is on its way out: where nothing waits, it goes in the background.
            Ok(_) => Deletion::Done,
            // It was accepted; only whether it is done at once or later could not be seen.
            Err(_) => Deletion::Scheduled { on: None, path: path.to_owned() },
        })
    }
}

impl GitLab {
    /// Takes the mark away from the project with that id, if it waits for its deletion and gets its old path back.
    pub(crate) async fn restore_project(&self, path: &str, id: &ForgeId) -> Result<Option<Repository>, ForgeError> {
        let doing = format!("restore {path}");
        let url = self.client.api_url(["projects", &id.0]);
        let Some(project) = self.find(url.clone(), &doing).await? else { return Ok(None) };
        if project.marked().is_none()
            || project.namespace_path() != path.rsplit_once('/').map_or("", |(space, _)| space)
        {
            return Ok(None);
        }
        let restore = self.client.api_url(["projects", &id.0, "restore"]);
        match self.client.send(&Call::post(restore, &doing)).await {
            Ok(_) => {}
            // The request may have been carried out though its answer was lost; the look tells.
            Err(error) if error.is_transient() => {}
            // Only owners may, and only while the old path is free. Then it is made anew.
            Err(error) => {
                tracing::info!(%error, "a project that waits for its deletion is not given back");
                return Ok(None);
            }
        }
        match self.find(url, &doing).await? {
            Some(project) if project.marked().is_none() && project.is_at(path) => {
                Ok(Some(self.describe(&doing, project)?))
            }
            _ => Ok(None),
        }
    }
}

fn scheduled(project: Project) -> Deletion {
    Deletion::Scheduled { on: project.marked().map(str::to_owned), path: project.path_with_namespace }
}
