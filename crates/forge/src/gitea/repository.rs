//! Repositories as Gitea and Forgejo write them.

use jiff::Timestamp;
use refray_core::name::{BranchName, RepoName};
use refray_core::repository::{Access, ForgeId, Repository, Visibility};
use serde::Deserialize;

/// What of a repository's description is used here.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Description {
    pub(crate) id: u64,
    pub(crate) name: String,
    pub(crate) full_name: String,
    pub(crate) owner: Option<Owner>,
    description: Option<String>,
    default_branch: Option<String>,
    private: Option<bool>,
    internal: Option<bool>,
    archived: Option<bool>,
    mirror: Option<bool>,
    empty: Option<bool>,
    permissions: Option<Permissions>,
    fork: Option<bool>,
    object_format_name: Option<String>,
    html_url: Option<String>,
    updated_at: Option<String>,
}

/// What the account may do with a repository's code.
#[derive(Debug, Clone, Deserialize)]
struct Permissions {
    admin: Option<bool>,
    push: Option<bool>,
    pull: Option<bool>,
}

impl Permissions {
    fn access(&self) -> Option<Access> {
        match (self.admin, self.push?) {
            (Some(true), _) => Some(Access::Admin),
            (_, true) => Some(Access::Write),
            (_, false) => Some(Access::Read),
        }
    }
}

/// The user or organisation that a repository belongs to.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Owner {
    pub(crate) login: Option<String>,
    visibility: Option<String>,
}

impl Description {
    /// Says whether the repository belongs to that user or organisation.
    pub(crate) fn belongs_to(&self, owner: &str) -> bool {
        let named = self.owner.as_ref().and_then(|owner| owner.login.as_deref());
        let holder = named.or_else(|| self.full_name.split_once('/').map(|(holder, _)| holder));
        holder.is_some_and(|holder| holder.eq_ignore_ascii_case(owner))
    }

    /// Says whether the repository stands under `path`. Paths are one without regard to case.
    pub(crate) fn is_at(&self, path: &str) -> bool {
        self.full_name.eq_ignore_ascii_case(path)
    }

    /// Says whether the repository is known to use SHA-256. Only versions that can have such repositories tell.
    pub(crate) fn is_sha256(&self) -> bool {
        self.object_format_name.as_deref() == Some("sha256")
    }

    /// Says whether the forge knows of no branch in it.
    pub(crate) fn is_empty(&self) -> bool {
        self.empty == Some(true)
    }

    /// Describes the repository in the words of all forges.
    ///
    /// # Errors
    /// The name cannot be a repository's.
    pub(crate) fn describe(self) -> Result<Repository, String> {
        let visibility = self.visibility();
        let name = RepoName::new(&self.name).map_err(|error| error.to_string())?;
        Ok(Repository {
            id: ForgeId(self.id.to_string()),
            name,
            visibility,
            description: self.description.unwrap_or_default(),
            default_branch: self.default_branch.and_then(|branch| BranchName::new(branch).ok()),
            archived: self.archived.unwrap_or(false),
            mirror: self.mirror.unwrap_or(false),
            // Without its code, not even its owner may pull. There is a `has_code` too, which Gitea leaves at `false`.
            disabled: self.permissions.as_ref().and_then(|permissions| permissions.pull) == Some(false),
            fork: self.fork.unwrap_or(false),
            web_url: self.html_url,
            access: self.permissions.as_ref().and_then(Permissions::access),
            // An unset time is written as the first day of the year 1.
            updated: self.updated_at.and_then(|at| at.parse().ok()).filter(|at| *at > Timestamp::UNIX_EPOCH),
            path: self.full_name,
        })
    }

    /// Returns who may see the repository, which hangs on its owner too: what a hidden owner has is seen by members
    /// only, what an owner for signed-in users has by those.
    fn visibility(&self) -> Option<Visibility> {
        if self.private? || self.internal == Some(true) {
            return Some(Visibility::Private);
        }
        match self.owner.as_ref().and_then(|owner| owner.visibility.as_deref()) {
            Some("private") => Some(Visibility::Private),
            Some("limited") => Some(Visibility::Internal),
            _ => Some(Visibility::Public),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(value: serde_json::Value) -> Description {
        serde_json::from_value(value).unwrap()
    }

    #[test]
    fn a_full_description_is_read() {
        let description = read(json!({
            "id": 9, "name": "widget", "full_name": "acme/widget", "description": "Turns things.", "empty": false,
            "owner": {"id": 3, "login": "Acme", "visibility": "public"}, "private": false, "internal": false,
            "archived": false, "mirror": false, "fork": true, "default_branch": "trunk", "object_format_name": "sha1",
            "html_url": "https://gitea.example.com/acme/widget", "updated_at": "2024-05-06T07:08:09+02:00",
            "permissions": {"admin": true, "push": true, "pull": true}
        }));
        assert!(description.belongs_to("acme") && !description.belongs_to("other"));
        assert_eq!(
            description.describe().unwrap(),
            Repository {
                id: ForgeId("9".into()),
                name: RepoName::new("widget").unwrap(),
                path: "acme/widget".into(),
                visibility: Some(Visibility::Public),
                description: "Turns things.".into(),
                default_branch: Some(BranchName::new("trunk").unwrap()),
                archived: false,
                mirror: false,
                disabled: false,
                fork: true,
                web_url: Some("https://gitea.example.com/acme/widget".into()),
                access: Some(Access::Admin),
                updated: Some("2024-05-06T05:08:09Z".parse().unwrap()),
            }
        );
    }

    #[test]
    fn who_may_see_it_hangs_on_the_owner_too() {
        for (private, internal, owner, expected) in [
            (Some(true), false, "public", Some(Visibility::Private)),
            (Some(false), false, "public", Some(Visibility::Public)),
            (Some(false), false, "limited", Some(Visibility::Internal)),
            (Some(false), false, "private", Some(Visibility::Private)),
            (Some(false), true, "public", Some(Visibility::Private)),
            (None, false, "public", None),
        ] {
            let description = read(json!({
                "id": 1, "name": "x", "full_name": "o/x", "private": private, "internal": internal,
                "owner": {"login": "o", "visibility": owner}
            }));
            assert_eq!(description.describe().unwrap().visibility, expected, "{private:?} {internal} {owner}");
        }
    }

    #[test]
    fn what_cannot_be_written_or_read_is_told() {
        let base = json!({"id": 1, "name": "x", "full_name": "o/x", "updated_at": "0001-01-01T00:00:00Z", "default_branch": ""});
        let with = |key: &str, value: bool| {
            let mut object = base.clone();
            object[key] = value.into();
            read(object).describe().unwrap()
        };
        assert!(with("archived", true).archived);
        assert!(with("mirror", true).mirror && with("mirror", true).read_only().is_some());
        assert!(!with("has_code", false).disabled);
        let may = |pull: bool| {
            let mut object = base.clone();
            object["has_code"] = false.into();
            object["permissions"] = json!({"admin": true, "push": pull, "pull": pull});
            read(object).describe().unwrap()
        };
        assert!(may(false).disabled && !may(true).disabled);
        let plain = with("archived", false);
        assert!(!plain.archived && !plain.disabled && plain.updated.is_none() && plain.default_branch.is_none());
        assert!(read(base).belongs_to("O"));
    }
}
