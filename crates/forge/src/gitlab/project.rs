//! Projects as GitLab writes them.

use jiff::Timestamp;
use refray_core::name::{BranchName, RepoName};
use refray_core::repository::{Access, ForgeId, Repository, Visibility};
use serde::Deserialize;

use super::rights::{DEVELOPER, MAINTAINER};

/// What of a project's description is used here. Only the id and the path are in every answer.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Project {
    pub(crate) id: u64,
    pub(crate) path: String,
    pub(crate) path_with_namespace: String,
    pub(crate) namespace: Option<ProjectNamespace>,
    description: Option<String>,
    default_branch: Option<String>,
    visibility: Option<String>,
    web_url: Option<String>,
    last_activity_at: Option<String>,
    archived: Option<bool>,
    repository_access_level: Option<String>,
    repository_object_format: Option<String>,
    forked_from_project: Option<serde::de::IgnoredAny>,
    marked_for_deletion_on: Option<String>,
    /// The older name of the same field.
    marked_for_deletion_at: Option<String>,
    permissions: Option<Permissions>,
}

/// What the account may do with a project, by itself and by its group. The list of a group's projects leaves it out.
#[derive(Debug, Clone, Deserialize)]
struct Permissions {
    project_access: Option<Level>,
    group_access: Option<Level>,
}

#[derive(Debug, Clone, Deserialize)]
struct Level {
    /// A number, of which no more than advice is made: anything else is passed over.
    access_level: serde_json::Value,
}

impl Permissions {
    /// `None` where neither is told, as for what everybody may see.
    fn access(&self) -> Option<Access> {
        let levels = [&self.project_access, &self.group_access].into_iter().flatten();
        levels.filter_map(|level| u32::try_from(level.access_level.as_u64()?).ok()).max().map(|level| match level {
            MAINTAINER.. => Access::Admin,
            DEVELOPER.. => Access::Write,
            _ => Access::Read,
        })
    }
}

/// The namespace that a project is in.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct ProjectNamespace {
    pub(crate) full_path: Option<String>,
}

impl Project {
    /// Returns the day on which the project was marked for deletion. How long it is kept from then on is a setting of the
    /// instance, which only its administrators can read.
    pub(crate) fn marked(&self) -> Option<&str> {
        self.marked_for_deletion_on.as_deref().or(self.marked_for_deletion_at.as_deref())
    }

    /// Says whether the project is known to use SHA-256. Only versions that can have such projects tell.
    pub(crate) fn is_sha256(&self) -> bool {
        self.repository_object_format.as_deref() == Some("sha256")
    }

    /// Returns the path of the namespace that it is in.
    pub(crate) fn namespace_path(&self) -> &str {
        match self.namespace.as_ref().and_then(|namespace| namespace.full_path.as_deref()) {
            Some(path) => path,
            None => self.path_with_namespace.rsplit_once('/').map_or("", |(namespace, _)| namespace),
        }
    }

    /// Says whether the project stands under `path`. GitLab's paths are one without regard to case.
    pub(crate) fn is_at(&self, path: &str) -> bool {
        self.path_with_namespace.to_lowercase() == path.to_lowercase()
    }

    /// Describes the project in the words of all forges.
    ///
    /// # Errors
    /// The path cannot be a repository's name; no GitLab hands out such a one.
    pub(crate) fn describe(self) -> Result<Repository, String> {
        let name = RepoName::new(&self.path).map_err(|error| error.to_string())?;
        Ok(Repository {
            id: ForgeId(self.id.to_string()),
            name,
            visibility: self.visibility.as_deref().and_then(visibility),
            description: self.description.unwrap_or_default(),
            default_branch: self.default_branch.and_then(|branch| BranchName::new(branch).ok()),
            archived: self.archived.unwrap_or(false),
            mirror: false,
            // The feature can be switched off in a project, which then has neither fetch nor push.
            disabled: self.repository_access_level.as_deref() == Some("disabled"),
            fork: self.forked_from_project.is_some(),
            web_url: self.web_url,
            access: self.permissions.as_ref().and_then(Permissions::access),
            updated: self.last_activity_at.and_then(|at| at.parse::<Timestamp>().ok()),
            path: self.path_with_namespace,
        })
    }
}

/// Reads a visibility level.
fn visibility(level: &str) -> Option<Visibility> {
    match level {
        "private" => Some(Visibility::Private),
        "internal" => Some(Visibility::Internal),
        "public" => Some(Visibility::Public),
        _ => None,
    }
}

/// Writes a visibility level.
pub(crate) const fn level(visibility: Visibility) -> &'static str {
    match visibility {
        Visibility::Private => "private",
        Visibility::Internal => "internal",
        Visibility::Public => "public",
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn project(value: serde_json::Value) -> Project {
        serde_json::from_value(value).unwrap()
    }

    #[test]
    fn a_full_description_is_read() {
        let repository = project(json!({
            "id": 42, "name": "Shown name", "path": "widget", "path_with_namespace": "acme/tools/widget",
            "description": "Turns things.", "default_branch": "trunk", "visibility": "internal",
            "web_url": "https://gitlab.example.com/acme/tools/widget", "last_activity_at": "2024-05-06T07:08:09.123+02:00",
            "archived": true, "empty_repo": false, "repository_access_level": "enabled",
            "forked_from_project": {"id": 7, "path_with_namespace": "other/widget"},
            "namespace": {"id": 5, "kind": "group", "full_path": "acme/tools", "path": "tools"},
            "marked_for_deletion_at": null, "marked_for_deletion_on": null
        }))
        .describe()
        .unwrap();
        assert_eq!(
            repository,
            Repository {
                id: ForgeId("42".into()),
                name: RepoName::new("widget").unwrap(),
                path: "acme/tools/widget".into(),
                visibility: Some(Visibility::Internal),
                description: "Turns things.".into(),
                default_branch: Some(BranchName::new("trunk").unwrap()),
                archived: true,
                mirror: false,
                disabled: false,
                fork: true,
                web_url: Some("https://gitlab.example.com/acme/tools/widget".into()),
                access: None,
                updated: Some("2024-05-06T05:08:09.123Z".parse().unwrap()),
            }
        );
    }

    #[test]
    fn a_bare_description_is_read() {
        let bare = project(
            json!({"id": 1, "path": "x", "path_with_namespace": "a/x", "description": null, "default_branch": null}),
        );
        assert_eq!(bare.namespace_path(), "a");
        assert!(bare.marked().is_none() && bare.is_at("A/X") && !bare.is_at("a/y"));
        let repository = bare.describe().unwrap();
        assert_eq!((repository.visibility, repository.default_branch, repository.fork), (None, None, false));
    }

    #[test]
    fn a_project_without_repository_is_disabled_and_a_marked_one_is_told() {
        let off = json!({"id": 1, "path": "x", "path_with_namespace": "a/x", "repository_access_level": "disabled"});
        assert!(project(off).describe().unwrap().disabled);
        for key in ["marked_for_deletion_on", "marked_for_deletion_at"] {
            let marked = json!({"id": 1, "path": "x", "path_with_namespace": "a/x", key: "2024-06-01"});
            assert_eq!(project(marked).marked(), Some("2024-06-01"));
        }
    }
}
