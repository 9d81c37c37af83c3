use serde_json::{Value, json};

use super::{extend, time, user_of};
use crate::Site;
use crate::world::{Comment, Pull, PullState, Repository, Role, Viewer, World};

/// Whether a request could be merged now, which only git can tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::gitlab) enum Mergeability {
    /// Not looked at, as in lists.
    Unchecked,
    /// It could.
    Mergeable,
    /// Both sides changed the same lines.
    Conflict,
    /// It brings nothing.
    Empty,
}

/// Returns a merge request; `full` adds what is shown of one alone.
pub(in crate::gitlab) fn merge_request_json(
    site: &Site,
    world: &World,
    project: &Repository,
    pull: &Pull,
    viewer: &Viewer,
    full: Option<Mergeability>,
) -> Value {
    let mergeability = full.unwrap_or(Mergeability::Unchecked);
    let state = match pull.state {
        PullState::Open => "opened",
        PullState::Closed => "closed",
        PullState::Merged => "merged",
    };
    let (status, detailed) = match (pull.state, mergeability) {
        (PullState::Merged | PullState::Closed, _) => ("can_be_merged", "not_open"),
        (PullState::Open, _) if pull.draft => ("can_be_merged", "draft_status"),
        (PullState::Open, Mergeability::Unchecked) => ("unchecked", "unchecked"),
        (PullState::Open, Mergeability::Mergeable) => ("can_be_merged", "mergeable"),
        (PullState::Open, Mergeability::Conflict) => ("cannot_be_merged", "conflict"),
        (PullState::Open, Mergeability::Empty) => ("cannot_be_merged", "commits_status"),
    };
    let notes = world.comments.values().filter(|it| it.repository == project.id && it.pull == pull.number).count();
    let full_path = world.full_path(project);
    let merged_by = pull.merged_by.map_or(Value::Null, |id| user_of(site, world, id));
    let closed = pull.state == PullState::Closed;
    let mut body = json!({
        "id": pull.id,
        "iid": pull.number,
        "project_id": project.id,
        "title": pull.title,
        "description": pull.body,
        "state": state,
        "created_at": time(pull.created),
        "updated_at": time(pull.updated),
        "merged_by": merged_by,
        "merge_user": merged_by,
        "merged_at": pull.merged.map(time),
        "closed_by": null,
        "closed_at": pull.closed.filter(|_| closed).map(time),
        "target_branch": pull.base,
        "source_branch": pull.head,
        "user_notes_count": notes,
        "upvotes": 0,
        "downvotes": 0,
        "author": user_of(site, world, pull.author),
        "assignees": [],
        "assignee": null,
        "reviewers": [],
        "source_project_id": project.id,
        "target_project_id": project.id,
        "labels": pull.labels,
        "draft": pull.draft,
        "imported": false,
        "imported_from": "none",
        "work_in_progress": pull.draft,
        "milestone": null,
        "merge_when_pipeline_succeeds": false,
        "merge_status": status,
        "detailed_merge_status": detailed,
        "merge_after": null,
        "sha": pull.head_oid,
        "merge_commit_sha": pull.merge_oid,
        "squash_commit_sha": null,
        "discussion_locked": null,
        "should_remove_source_branch": null,
        "force_remove_source_branch": false,
        "prepared_at": time(pull.created),
        "reference": format!("!{}", pull.number),
        "references": {
            "short": format!("!{}", pull.number),
            "relative": format!("!{}", pull.number),
            "full": format!("{full_path}!{}", pull.number),
        },
        "web_url": format!("{}/{full_path}/-/merge_requests/{}", site.base_url(), pull.number),
        "time_stats": {
            "time_estimate": 0, "total_time_spent": 0, "human_time_estimate": null, "human_total_time_spent": null,
        },
        "squash": false,
        "squash_on_merge": false,
        "task_completion_status": { "count": 0, "completed_count": 0 },
        "has_conflicts": mergeability == Mergeability::Conflict,
        "blocking_discussions_resolved": true,
        "approvals_before_merge": null,
    });
    if full.is_some() {
        let role = world.viewer_role(viewer, project);
        extend(
            &mut body,
            json!({
                "subscribed": false,
                "changes_count": null,
                "latest_build_started_at": null,
                "latest_build_finished_at": null,
                "first_deployed_to_production_at": null,
                "pipeline": null,
                "head_pipeline": null,
                "diff_refs": { "base_sha": pull.base_oid, "head_sha": pull.head_oid, "start_sha": pull.base_oid },
                "merge_error": null,
                "first_contribution": false,
                "user": { "can_merge": role.is_some_and(|role| role >= Role::Developer) },
            }),
        );
    }
    body
}

/// Returns what somebody wrote below a merge request.
pub(in crate::gitlab) fn note_json(site: &Site, world: &World, pull: &Pull, note: &Comment) -> Value {
    json!({
        "id": note.id,
        "type": null,
        "body": note.body,
        "author": user_of(site, world, note.author),
        "created_at": time(note.created),
        "updated_at": time(note.updated),
        "system": false,
        "noteable_id": pull.id,
        "noteable_type": "MergeRequest",
        "project_id": pull.repository,
        "resolvable": false,
        "confidential": false,
        "internal": false,
        "imported": false,
        "imported_from": "none",
        "noteable_iid": pull.number,
        "commands_changes": {},
    })
}
