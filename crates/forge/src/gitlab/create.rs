//! Making and changing projects.

use refray_core::config::Endpoint;
use refray_core::name::RepoName;
use refray_core::oid::ObjectFormat;
use refray_core::repository::{ForgeId, Repository, Visibility};
use serde::Serialize;

use super::account::is_group;
use super::adapter::GitLab;
use super::names;
use super::project::{Project, level};
use crate::api::{Lookup, NewRepository, RepositoryPatch};
use crate::error::{ErrorKind, ForgeError};
use crate::http::Call;

/// The longest description that GitLab takes, in characters.
const LONGEST_DESCRIPTION: usize = 2000;

/// A project to be made.
#[derive(Serialize)]
struct New<'a> {
    name: &'a str,
    path: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    namespace_id: Option<u64>,
    visibility: &'static str,
    description: String,
    initialize_with_readme: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    repository_object_format: Option<&'static str>,
}

/// Changes to a project. GitLab leaves alone what is not in it, and refuses one with nothing in it.
#[derive(Serialize, Default)]
struct Change<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    path: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    default_branch: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    visibility: Option<&'static str>,
}

fn shortened(description: &str) -> String {
    description.chars().take(LONGEST_DESCRIPTION).collect()
}

impl GitLab {
    /// Makes an empty project.
    ///
    /// Its default branch is the first one pushed to it. GitLab protects that branch as soon as it is there: those with
    /// the role Maintainer may push to it, nobody may force a push.
    pub(crate) async fn create_project(
        &self,
        endpoint: &Endpoint,
        new: &NewRepository,
    ) -> Result<Repository, ForgeError> {
        let doing = format!("create {}/{}", endpoint.namespace, new.name);
        self.check_name(&new.name, &doing)?;
        let (url, namespace_id, namespace) = if is_group(endpoint) {
            let group = self.group_as_known(&endpoint.namespace).await?;
            (self.client.api_url(["projects"]), Some(group.id), group.full_path)
        } else {
            let me = self.me_as_known().await?;
            if me.owns(&endpoint.namespace) {
                (self.client.api_url(["projects"]), None, me.username)
            } else {
                // Only an administrator can make projects for somebody else.
                let user = self.user(&endpoint.namespace).await?;
                (self.client.api_url(["projects", "user", &user.id.to_string()]), None, user.username)
            }
        };
        let body = New {
            name: names::shown(new.name.as_str()),
            path: new.name.as_str(),
            namespace_id,
            visibility: level(new.visibility),
            description: shortened(&new.description),
            initialize_with_readme: false,
            repository_object_format: (new.format == ObjectFormat::Sha256).then_some("sha256"),
        };
        let mut made = self.client.json::<Project>(&Call::post(url.clone(), &doing).json(&body)).await;
        if new.visibility == Visibility::Internal && made.as_ref().is_err_and(|error| error.kind == ErrorKind::Invalid)
        {
            // An installation may have no such level, gitlab.com for one; private is narrower and always there.
            let body = New { visibility: level(Visibility::Private), ..body };
            made = self.client.json(&Call::post(url, &doing).json(&body)).await;
        }
        let project = match made {
            Ok(project) => project,
            // The request may have been carried out though its answer was lost.
            Err(error) if error.is_transient() => {
                return match self.look(&format!("{namespace}/{}", new.name)).await {
                    Ok(Lookup::Found(repository)) => Ok(repository),
                    _ => Err(error),
                };
            }
            Err(error) => {
                // The group or user may be another one by now.
                self.client.forget().await;
                return Err(error);
            }
        };
        if new.format == ObjectFormat::Sha256 && !project.is_sha256() {
            let (id, path) = (ForgeId(project.id.to_string()), project.path_with_namespace);
            // It was made just now and is empty, so nothing is lost with it.
            self.delete_project(&path, &id).await?;
            return Err(self.client.error(doing, ErrorKind::Unsupported, "this version has no SHA-256 repositories"));
        }
        self.describe(&doing, project)
    }

    /// Changes a project.
    pub(crate) async fn update_project(&self, path: &str, patch: &RepositoryPatch) -> Result<Repository, ForgeError> {
        let doing = format!("change {path}");
        let url = self.project_url(path, &doing, &[])?;
        let call = if *patch == RepositoryPatch::default() {
            Call::get(url, &doing)
        } else {
            Call::put(url, &doing).json(&Change {
                default_branch: patch.default_branch.as_ref().map(|branch| branch.as_str()),
                description: patch.description.as_deref().map(shortened),
                visibility: patch.visibility.map(level),
                ..Change::default()
            })
        };
        let repository = self.describe(&doing, self.client.json(&call).await?)?;
        if let Some(wanted) = &patch.default_branch
            && repository.default_branch.as_ref() != Some(wanted)
        {
            let message = format!("the default branch is still not `{wanted}`; does the branch exist?");
            return Err(self.client.error(doing, ErrorKind::Invalid, message));
        }
        Ok(repository)
    }

    /// Renames a project: what is shown as well as what is in its address.
    pub(crate) async fn rename_project(
        &self,
        path: &str,
        id: &ForgeId,
        to: &RepoName,
    ) -> Result<Repository, ForgeError> {
        let doing = format!("rename {path} to {to}");
        self.check_name(to, &doing)?;
        let project = self.same(path, id, &doing).await?;
        let change = Change { name: Some(names::shown(to.as_str())), path: Some(to.as_str()), ..Change::default() };
        let url = self.client.api_url(["projects", &project.id.to_string()]);
        let renamed: Project = self.client.json(&Call::put(url, &doing).json(&change)).await?;
        self.describe(&doing, renamed)
    }

    fn check_name(&self, name: &RepoName, doing: &str) -> Result<(), ForgeError> {
        names::check(name.as_str()).map_err(|rule| self.client.error(doing, ErrorKind::BadName, rule))
    }
}
