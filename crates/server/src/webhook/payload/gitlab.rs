//! GitLab's payloads, of hooks of projects, groups and the whole instance.

use refray_core::config::Provider;
use serde::Deserialize;

use super::PayloadError;
use super::words::{hosts, moved, refs, unlooked};
use crate::hint::{Hint, HintKind, RefHint};

const PROVIDER: Provider = Provider::Gitlab;

/// What every payload says of itself. The header does not say as much: at an instance's hooks it is the same for all.
#[derive(Debug, Deserialize)]
struct Head {
    event_name: Option<String>,
    object_kind: Option<String>,
}

/// References were pushed, all that one push moved.
#[derive(Debug, Deserialize)]
struct Update {
    changes: Vec<Change>,
}

/// A branch or tag was pushed.
#[derive(Debug, Deserialize)]
struct Change {
    #[serde(rename = "ref")]
    reference: String,
    after: Option<String>,
}

/// Where it happened: pushes tell it in `project`, everything else beside its own fields.
#[derive(Debug, Deserialize)]
struct Place {
    project_id: Option<u64>,
    project: Option<Project>,
    path_with_namespace: Option<String>,
    old_path_with_namespace: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Project {
    id: Option<u64>,
    path_with_namespace: Option<String>,
    web_url: Option<String>,
    git_http_url: Option<String>,
}

/// Parses the payload of `event`, the name in the header. Some payloads hold no address: then `instance` is all that is
/// known of where it happened.
pub(super) fn parse(event: &str, instance: Option<&str>, json: &[u8]) -> Result<Hint, PayloadError> {
    let Head { event_name, object_kind } = serde_json::from_slice(json)?;
    let event = event_name.as_deref().or(object_kind.as_deref()).unwrap_or(event);
    let kind = match event {
        "push" | "tag_push" => refs(serde_json::from_slice::<Change>(json)?.hint(), event),
        "repository_update" => {
            let Update { changes } = serde_json::from_slice(json)?;
            refs(changes.iter().filter_map(Change::hint), event)
        }
        _ if event.starts_with("project_") => HintKind::Repository,
        _ => return unlooked(PROVIDER, HintKind::Other(event.to_owned()), json),
    };
    serde_json::from_slice::<Place>(json)?.hint(kind, instance)
}

impl Change {
    fn hint(&self) -> Option<RefHint> {
        moved(&self.reference, self.after.as_deref(), false)
    }
}

impl Place {
    fn hint(self, kind: HintKind, instance: Option<&str>) -> Result<Hint, PayloadError> {
        let project = self.project.as_ref();
        let id = self.project_id.or_else(|| project?.id);
        let inner = project.and_then(|project| project.path_with_namespace.clone());
        let paths: Vec<String> =
            [inner.or(self.path_with_namespace), self.old_path_with_namespace].into_iter().flatten().collect();
        if id.is_none() && paths.is_empty() {
            return Err(PayloadError::Nowhere);
        }
        let told = project.map(|project| [project.git_http_url.as_deref(), project.web_url.as_deref()]);
        let hosts = hosts(told.into_iter().flatten().chain([instance]));
        Ok(Hint { provider: PROVIDER, hosts, paths, id: id.map(|id| id.to_string()), kind })
    }
}
