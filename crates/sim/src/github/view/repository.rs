use serde_json::{Map, Value, json};

use super::account::{account_json, extend};
use super::node_id;
use crate::Site;
use crate::world::{PullState, Repository, Role, Viewer, Visibility, World};

/// The addresses below a repository's own, as templates.
const URLS: &[(&str, &str)] = &[
    ("archive_url", "/{archive_format}{/ref}"),
    ("assignees_url", "/assignees{/user}"),
    ("blobs_url", "/git/blobs{/sha}"),
    ("branches_url", "/branches{/branch}"),
    ("collaborators_url", "/collaborators{/collaborator}"),
    ("comments_url", "/comments{/number}"),
    ("commits_url", "/commits{/sha}"),
    ("compare_url", "/compare/{base}...{head}"),
    ("contents_url", "/contents/{+path}"),
    ("contributors_url", "/contributors"),
    ("deployments_url", "/deployments"),
    ("downloads_url", "/downloads"),
    ("events_url", "/events"),
    ("forks_url", "/forks"),
    ("git_commits_url", "/git/commits{/sha}"),
    ("git_refs_url", "/git/refs{/sha}"),
    ("git_tags_url", "/git/tags{/sha}"),
    ("hooks_url", "/hooks"),
    ("issue_comment_url", "/issues/comments{/number}"),
    ("issue_events_url", "/issues/events{/number}"),
    ("issues_url", "/issues{/number}"),
    ("keys_url", "/keys{/key_id}"),
    ("labels_url", "/labels{/name}"),
    ("languages_url", "/languages"),
    ("merges_url", "/merges"),
    ("milestones_url", "/milestones{/number}"),
    ("notifications_url", "/notifications{?since,all,participating}"),
    ("pulls_url", "/pulls{/number}"),
    ("releases_url", "/releases{/id}"),
    ("stargazers_url", "/stargazers"),
    ("statuses_url", "/statuses/{sha}"),
    ("subscribers_url", "/subscribers"),
    ("subscription_url", "/subscription"),
    ("tags_url", "/tags"),
    ("teams_url", "/teams"),
    ("trees_url", "/git/trees{/sha}"),
];

/// Switches that are shown to everybody, and how they stand at first.
const SWITCHES: &[(&str, bool)] = &[
    ("has_issues", true),
    ("has_projects", true),
    ("has_wiki", true),
    ("has_downloads", true),
    ("has_discussions", false),
    ("has_pull_requests", true),
    ("is_template", false),
    ("allow_forking", true),
    ("web_commit_signoff_required", false),
];

/// Switches that are shown to those who push, and how they stand at first.
const PUSHER_SWITCHES: &[(&str, bool)] = &[
    ("allow_squash_merge", true),
    ("allow_merge_commit", true),
    ("allow_rebase_merge", true),
    ("allow_auto_merge", false),
    ("delete_branch_on_merge", false),
    ("allow_update_branch", false),
    ("use_squash_pr_title_as_default", false),
];

/// Returns the API's address of a repository.
pub(in crate::github) fn repo_url(site: &Site, world: &World, repository: &Repository) -> String {
    format!("{}/repos/{}", site.api_url(), world.full_path(repository))
}

/// Returns a repository as lists and webhooks show it.
pub(crate) fn repository_json(site: &Site, world: &World, repository: &Repository, viewer: &Viewer) -> Value {
    let owner = world.owner(repository);
    let full_name = world.full_path(repository);
    let url = repo_url(site, world, repository);
    let html_url = format!("{}/{full_name}", site.base_url());
    let host = site.authority().split(':').next().unwrap_or_default();
    let open = world.pulls_of(repository.id).filter(|it| it.state == PullState::Open).count();
    let mut body = json!({
        "id": repository.id,
        "node_id": node_id("Repository", repository.id),
        "name": repository.path,
        "full_name": full_name,
        "private": repository.visibility != Visibility::Public,
        "owner": account_json(site, world, owner),
        "html_url": html_url,
        "description": text(&repository.description),
        "fork": repository.fork_of.is_some(),
        "url": url,
        "created_at": repository.created.to_string(),
        "updated_at": repository.updated.to_string(),
        "pushed_at": repository.pushed.unwrap_or(repository.created).to_string(),
        "git_url": format!("git://{host}/{full_name}.git"),
        "ssh_url": site.ssh_url(&full_name),
        "clone_url": site.clone_url(&full_name),
        "svn_url": html_url,
        "homepage": text(&repository.homepage),
        // The objects are not weighed, as listings would have to walk every folder: empty or not is what is told.
        "size": u64::from(!repository.empty),
        "stargazers_count": 0,
        "watchers_count": 0,
        "language": null,
        "has_pages": false,
        "forks_count": 0,
        "mirror_url": null,
        "archived": repository.archived,
        "disabled": repository.disabled,
        "open_issues_count": open,
        "license": null,
        "topics": repository.topics,
        "visibility": repository.visibility.as_str(),
        "forks": 0,
        "open_issues": open,
        "watchers": 0,
        "default_branch": repository.default_branch,
    });
    let mut more = Map::new();
    for (name, template) in URLS {
        more.insert((*name).to_owned(), format!("{url}{template}").into());
    }
    switches(&mut more, repository, SWITCHES);
    if viewer.user().is_some() {
        let access = world.access(viewer, repository);
        let role = world.viewer_role(viewer, repository);
        let maintain = role.is_some_and(|role| role >= Role::Maintainer);
        let permissions = json!({
            "admin": access.admin, "maintain": maintain, "push": access.write, "triage": access.write, "pull": access.read,
        });
        more.insert("permissions".to_owned(), permissions);
        if access.write {
            switches(&mut more, repository, PUSHER_SWITCHES);
        }
    }
    extend(&mut body, Value::Object(more));
    body
}

/// Returns a repository as the lists of users and organisations show it, shorter than the list of one's own.
pub(in crate::github) fn minimal_json(site: &Site, world: &World, repository: &Repository, viewer: &Viewer) -> Value {
    let mut body = repository_json(site, world, repository, viewer);
    if let Some(body) = body.as_object_mut() {
        for (name, _) in PUSHER_SWITCHES.iter().filter(|(name, _)| *name != "delete_branch_on_merge") {
            body.remove(*name);
        }
    }
    body
}

/// Returns a repository as it is shown alone.
pub(in crate::github) fn full_json(site: &Site, world: &World, repository: &Repository, viewer: &Viewer) -> Value {
    let mut body = repository_json(site, world, repository, viewer);
    extend(&mut body, json!({ "network_count": 0, "subscribers_count": 0, "custom_properties": {} }));
    let owner = world.owner(repository);
    if !owner.is_user() {
        body["organization"] = account_json(site, world, owner);
    }
    body
}

fn switches(into: &mut Map<String, Value>, repository: &Repository, names: &[(&str, bool)]) {
    for (name, usual) in names {
        let value = repository.settings.get(*name).and_then(Value::as_bool).unwrap_or(*usual);
        into.insert((*name).to_owned(), value.into());
    }
}

/// GitHub shows what is empty as null.
fn text(text: &str) -> Value {
    if text.is_empty() { Value::Null } else { text.into() }
}
