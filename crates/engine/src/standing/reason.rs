//! Why a repository does not stand as it should, and what to do.

use std::collections::BTreeMap;

use refray_core::name::EndpointId;
use refray_core::outcome::Outcome;
use refray_core::plan::{Finding, FindingKind};
use serde::Serialize;

use crate::store::{ActionState, JournalAction, Problem, Pull};

use super::repository::{Stand, stand_of};

/// One thing that keeps a repository from agreement, or that is worth knowing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Reason {
    /// What kind: that of a finding, or `problem`, `refused`, `failed`, `incomplete`, `unfinished`.
    pub kind: String,
    /// How a repository with nothing but this stands.
    pub stand: Stand,
    /// The reference, when it is about one.
    #[serde(rename = "ref", skip_serializing_if = "Option::is_none")]
    pub reference: Option<String>,
    /// What is the case.
    pub message: String,
    /// What the user can do.
    pub remedy: String,
    /// The values seen at each endpoint that it is about.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub sides: BTreeMap<EndpointId, String>,
    /// Pages that a person opens to settle it.
    #[serde(skip_serializing_if = "Vec::is_empty", serialize_with = "as_objects")]
    pub links: Vec<(EndpointId, String)>,
}

impl Reason {
    /// Makes one of a finding, with the open pull requests of its branch.
    pub(super) fn of_finding(finding: &Finding, pulls: &[Pull]) -> Self {
        let mut links: Vec<_> = finding.links.iter().map(|(endpoint, url)| (endpoint.clone(), url.clone())).collect();
        if let Some(branch) = finding.name.as_ref().and_then(refray_core::name::RefName::branch) {
            for pull in pulls.iter().filter(|pull| pull.branch == *branch) {
                let Some(url) = &pull.url else { continue };
                if !links.iter().any(|(_, known)| known == url) {
                    links.push((pull.endpoint.clone(), url.clone()));
                }
            }
        }
        Self {
            kind: finding.kind.as_str().to_owned(),
            stand: stand_of(finding.kind),
            reference: finding.name.as_ref().map(|name| name.short().to_owned()),
            message: finding.message.clone(),
            remedy: finding.remedy.clone(),
            sides: finding.sides.clone(),
            links,
        }
    }

    /// Makes one of what went wrong with a repository as a whole.
    pub(super) fn of_problem(problem: &Problem) -> Self {
        Self::plain("problem", Stand::Failing, &problem.message, &problem.remedy)
    }

    /// Makes one of an action that was refused or failed.
    pub(super) fn of_action(action: &JournalAction) -> Option<Self> {
        let ActionState::Ended(Outcome::Refused { message, remedy, .. } | Outcome::Failed { message, remedy }) =
            &action.state
        else {
            return None;
        };
        let endpoint = action.action.endpoint();
        let reference = action.reference();
        let short = reference.as_deref().map(|full| full.splitn(3, '/').last().unwrap_or(full).to_owned());
        Some(Self {
            reference: short,
            ..Self::plain(action.state.as_str(), Stand::Failing, &format!("{endpoint}: {message}"), remedy)
        })
    }

    /// Says whether it is about a deletion that is held, which a person can release.
    pub fn releases_deletion(&self) -> bool {
        [FindingKind::DeletionHeld, FindingKind::AbsenceHeld].iter().any(|kind| kind.as_str() == self.kind)
    }

    pub(super) fn plain(kind: &str, stand: Stand, message: &str, remedy: &str) -> Self {
        Self {
            kind: kind.to_owned(),
            stand,
            reference: None,
            message: message.to_owned(),
            remedy: remedy.to_owned(),
            sides: BTreeMap::new(),
            links: Vec::new(),
        }
    }
}

fn as_objects<S: serde::Serializer>(links: &[(EndpointId, String)], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(links.iter().map(|(endpoint, url)| serde_json::json!({ "endpoint": endpoint, "url": url })))
}
