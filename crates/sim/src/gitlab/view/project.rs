use serde_json::{Map, Value, json};

use super::{extend, namespace_basic, time, user_basic};
use crate::Site;
use crate::world::{Repository, Role, Viewer, World};

/// Switches that can be set, and how they stand at first.
pub(in crate::gitlab) const SWITCHES: &[(&str, bool)] = &[
    ("packages_enabled", true),
    ("resolve_outdated_diff_discussions", false),
    ("issues_enabled", true),
    ("merge_requests_enabled", true),
    ("wiki_enabled", true),
    ("jobs_enabled", true),
    ("snippets_enabled", true),
    ("container_registry_enabled", true),
    ("service_desk_enabled", false),
    ("emails_enabled", true),
    ("shared_runners_enabled", true),
    ("lfs_enabled", true),
    ("group_runners_enabled", true),
    ("auto_devops_enabled", false),
    ("public_jobs", true),
    ("only_allow_merge_if_pipeline_succeeds", false),
    ("allow_merge_on_skipped_pipeline", false),
    ("request_access_enabled", true),
    ("only_allow_merge_if_all_discussions_are_resolved", false),
    ("remove_source_branch_after_merge", true),
    ("printing_merge_request_link_enabled", true),
    ("autoclose_referenced_issues", true),
    ("keep_latest_artifact", true),
];

/// Words that can be set, and how they stand at first.
pub(in crate::gitlab) const WORDS: &[(&str, &str)] = &[
    ("issues_access_level", "enabled"),
    ("repository_access_level", "enabled"),
    ("merge_requests_access_level", "enabled"),
    ("forking_access_level", "enabled"),
    ("wiki_access_level", "enabled"),
    ("builds_access_level", "enabled"),
    ("snippets_access_level", "enabled"),
    ("pages_access_level", "private"),
    ("analytics_access_level", "enabled"),
    ("container_registry_access_level", "enabled"),
    ("releases_access_level", "enabled"),
    ("build_git_strategy", "fetch"),
    ("merge_method", "merge"),
    ("squash_option", "default_off"),
];

/// Returns a project as long lists show it.
pub(in crate::gitlab) fn basic_project_json(site: &Site, world: &World, project: &Repository) -> Value {
    let owner = world.owner(project);
    let full_path = world.full_path(project);
    let web_url = format!("{}/{full_path}", site.base_url());
    json!({
        "id": project.id,
        "description": project.description,
        "name": project.name,
        "name_with_namespace": format!("{} / {}", owner.path.replace('/', " / "), project.name),
        "path": project.path,
        "path_with_namespace": full_path,
        "created_at": time(project.created),
        "default_branch": project.default_branch,
        "tag_list": project.topics,
        "topics": project.topics,
        "ssh_url_to_repo": site.ssh_url(&full_path),
        "http_url_to_repo": site.clone_url(&full_path),
        "web_url": web_url,
        "readme_url": null,
        "forks_count": 0,
        "avatar_url": null,
        "star_count": 0,
        "last_activity_at": time(project.pushed.unwrap_or(project.created)),
        "visibility": project.visibility.as_str(),
        "namespace": namespace_basic(site, owner),
    })
}

/// Returns a project.
pub(in crate::gitlab) fn project_json(site: &Site, world: &World, project: &Repository, viewer: &Viewer) -> Value {
    let mut body = basic_project_json(site, world, project);
    let owner = world.owner(project);
    let url = format!("{}/projects/{}", site.api_url(), project.id);
    let role = world.viewer_role(viewer, project);
    let day = project.marked_for_deletion.map(|it| it.strftime("%Y-%m-%d").to_string());
    let mut more = Map::new();
    for (name, usual) in SWITCHES {
        let value = project.settings.get(*name).and_then(Value::as_bool).unwrap_or(*usual);
        more.insert((*name).to_owned(), value.into());
    }
    for (name, usual) in WORDS {
        let value = project.settings.get(*name).and_then(Value::as_str).unwrap_or(usual);
        more.insert((*name).to_owned(), value.into());
    }
    extend(&mut body, Value::Object(more));
    extend(
        &mut body,
        json!({
            "repository_storage": "default",
            "container_registry_image_prefix": format!("{}/{}", site.authority(), world.full_path(project)),
            "_links": {
                "self": url,
                "issues": format!("{url}/issues"),
                "merge_requests": format!("{url}/merge_requests"),
                "repo_branches": format!("{url}/repository/branches"),
                "labels": format!("{url}/labels"),
                "events": format!("{url}/events"),
                "members": format!("{url}/members"),
                "cluster_agents": format!("{url}/cluster_agents"),
            },
            "marked_for_deletion_at": day,
            "marked_for_deletion_on": day,
            "empty_repo": project.empty,
            "archived": project.archived,
            "repository_object_format": project.object_format.as_str(),
            "can_create_merge_request_in": !project.archived && role.is_some(),
            "creator_id": if owner.is_user() { owner.id } else { owner.members.keys().next().copied().unwrap_or(owner.id) },
            "import_url": null,
            "import_type": null,
            "import_status": "none",
            "import_error": null,
            "open_issues_count": 0,
            "description_html": "",
            "updated_at": time(project.updated),
            "ci_default_git_depth": 20,
            "ci_config_path": null,
            "build_timeout": 3600,
            "shared_with_groups": [],
            "mirror": false,
            "approvals_before_merge": 0,
            "suggestion_commit_message": null,
            "merge_commit_template": null,
            "squash_commit_template": null,
            "compliance_frameworks": [],
        }),
    );
    // GitLab says nothing of one that whoever asks may not see.
    let origin = project.fork_of.and_then(|id| world.repositories.get(&id));
    if let Some(origin) = origin.filter(|origin| world.access(viewer, origin).read) {
        body["forked_from_project"] = basic_project_json(site, world, origin);
    }
    if owner.is_user() {
        body["owner"] = user_basic(site, owner);
    }
    body
}

/// Returns a project as single ones and the lists of all projects show it: with what the viewer may do.
pub(in crate::gitlab) fn project_with_access_json(
    site: &Site,
    world: &World,
    project: &Repository,
    viewer: &Viewer,
) -> Value {
    let mut body = project_json(site, world, project, viewer);
    if let Some(user) = viewer.user() {
        let access = |role: Option<Role>| {
            role.map_or(Value::Null, |role| json!({ "access_level": role.level(), "notification_level": 3 }))
        };
        let own = (project.owner == user).then_some(Role::Owner).max(project.members.get(&user).copied());
        body["permissions"] =
            json!({ "project_access": access(own), "group_access": access(world.role_in_group(user, project.owner)) });
    }
    body
}
