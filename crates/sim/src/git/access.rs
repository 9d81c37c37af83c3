use http::StatusCode;

use super::route::{Route, Service};
use crate::dialect::{Credentials, Query};
use crate::world::{Access, Found, Lock, Repository, Viewer, Visibility, World};
use crate::{Kind, Site};

/// Who may go on, and with what.
#[derive(Clone, Debug)]
pub(super) struct Grant {
    pub(super) viewer: Viewer,
    pub(super) repository: Repository,
    pub(super) access: Access,
}

/// Why somebody may not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Denial {
    /// Says who you are first.
    Unauthorized(&'static str),
    /// The repository lies elsewhere now, at this full path.
    Moved(String),
    /// A page for people, as if all were well, with this sentence on it.
    Page(&'static str),
    /// An answer with this status and text.
    Refused(StatusCode, String),
}

/// Decides whether a request for git may go on.
pub(super) fn grant(site: &Site, route: &Route, service: Service, headers: &http::HeaderMap) -> Result<Grant, Denial> {
    let kind = site.kind();
    let credentials = Credentials::read(headers, &Query::default());
    let world = site.world();
    let viewer = if credentials.is_empty() {
        Viewer::anonymous()
    } else {
        let known = credentials.for_git(kind).into_iter().find_map(|secret| world.viewer(secret));
        known.ok_or(Denial::Unauthorized(match kind {
            Kind::GitHub => "Invalid username or token. Password authentication is not supported for Git operations.",
            Kind::GitLab => {
                "HTTP Basic: Access denied. If a password was provided for Git authentication, the password was \
                 incorrect or you're required to use a token instead of a password."
            }
            Kind::Gitea | Kind::Forgejo => "Unauthorized",
        }))?
    };
    match world.user_of(&viewer).and_then(|user| user.lock) {
        Some(Lock::SignInProhibited) => {
            let text = "Your account is prohibited from signing in. Please contact your site administrator.";
            return Err(Denial::Page(text));
        }
        Some(Lock::PasswordExpired) => return Err(Denial::Unauthorized("Update your password")),
        None => {}
    }
    let (repository, moved) = match world.find_repository(&route.repository) {
        Found::Here(it) => (Some(it), false),
        Found::Moved(it) => (Some(it), true),
        Found::Nowhere => (None, false),
    };
    let seen = repository.map(|it| (it, world.access(&viewer, it))).filter(|(it, access)| {
        access.read && (it.visibility == Visibility::Public || scope_allows(kind, &viewer, it, Service::UploadPack))
    });
    let Some((repository, access)) = seen else { return Err(invisible(kind, &viewer)) };
    if moved {
        return Err(Denial::Moved(world.full_path(repository)));
    }
    if repository.disabled && matches!(kind, Kind::Gitea | Kind::Forgejo) {
        // What is switched off there is the code, which then nobody finds.
        return Err(invisible(kind, &viewer));
    }
    if repository.disabled {
        let text = "Access to this repository has been disabled by GitHub staff.".to_owned();
        return Err(Denial::Refused(StatusCode::FORBIDDEN, text));
    }
    let grant = Grant { viewer, repository: repository.clone(), access };
    if service == Service::ReceivePack {
        may_push(&world, kind, &grant)?;
    }
    Ok(grant)
}

fn may_push(world: &World, kind: Kind, grant: &Grant) -> Result<(), Denial> {
    let Some(user) = world.user_of(&grant.viewer) else {
        return Err(Denial::Unauthorized("No anonymous write access."));
    };
    let refused = |text: String| Err(Denial::Refused(StatusCode::FORBIDDEN, text));
    if grant.repository.archived {
        return refused(match kind {
            Kind::GitHub => "This repository was archived so it is read-only.".to_owned(),
            Kind::GitLab => "You are not allowed to push code to this project.".to_owned(),
            Kind::Gitea | Kind::Forgejo => {
                "This repo is archived. You can view files and clone it, but cannot push or open \
                 issues/pull-requests."
                    .to_owned()
            }
        });
    }
    let fills_itself = grant.repository.settings.get("mirror").is_some_and(|it| it == true);
    if fills_itself && matches!(kind, Kind::Gitea | Kind::Forgejo) {
        return refused("mirror repository is read-only".to_owned());
    }
    let scope = scope_allows(kind, &grant.viewer, &grant.repository, Service::ReceivePack);
    match kind {
        Kind::GitHub if !grant.access.write || !scope => {
            let path = world.full_path(&grant.repository);
            refused(format!("Permission to {path}.git denied to {}.", user.path))
        }
        Kind::GitLab if !grant.access.write || !scope => {
            refused("You are not allowed to push code to this project.".to_owned())
        }
        Kind::Gitea | Kind::Forgejo if !scope => refused("Forbidden".to_owned()),
        // Gitea and Forgejo let everybody who may read begin, and say no from their hook.
        _ => Ok(()),
    }
}

/// Tells whether the token's scopes go far enough for git.
fn scope_allows(kind: Kind, viewer: &Viewer, repository: &Repository, service: Service) -> bool {
    let reading = service == Service::UploadPack;
    match kind {
        Kind::GitHub if reading => viewer.has_any(&["repo", "contents:read", "contents:write"]),
        Kind::GitHub if repository.visibility == Visibility::Public => {
            viewer.has_any(&["repo", "public_repo", "contents:write"])
        }
        Kind::GitHub => viewer.has_any(&["repo", "contents:write"]),
        Kind::GitLab if reading => viewer.has_any(&["api", "read_repository", "write_repository"]),
        Kind::GitLab => viewer.has_any(&["api", "write_repository"]),
        Kind::Gitea | Kind::Forgejo => {
            let hidden = viewer.has_any(&["public-only"])
                && !viewer.has_any(&["*"])
                && repository.visibility != Visibility::Public;
            let scopes: &[&str] =
                if reading { &["read:repository", "write:repository", "all"] } else { &["write:repository", "all"] };
            !hidden && viewer.has_any(scopes)
        }
    }
}

/// Answers for what is not there and for what may not be seen, alike.
fn invisible(kind: Kind, viewer: &Viewer) -> Denial {
    if viewer.user().is_none() {
        return Denial::Unauthorized(match kind {
            Kind::GitHub => "Repository not found.",
            Kind::GitLab => "HTTP Basic: Access denied.",
            Kind::Gitea | Kind::Forgejo => "Unauthorized",
        });
    }
    let text = match kind {
        Kind::GitHub => "Repository not found.",
        Kind::GitLab => "The project you were looking for could not be found or you don't have permission to view it.",
        Kind::Gitea | Kind::Forgejo => "Repository not found",
    };
    Denial::Refused(StatusCode::NOT_FOUND, text.to_owned())
}
