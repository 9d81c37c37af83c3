//! What a run did, as the journal and the notes beside the backups tell it.

use refray_core::name::GroupName;
use refray_core::outcome::{Action, Outcome};
use refray_core::plan::undo::{Former, Past};
use refray_core::repository::ForgeId;

use super::shelf::Shelved;
use crate::store::{ActionState, JournalAction};

/// Returns what was done or may have been done.
pub(super) fn past(actions: &[JournalAction], shelved: &[Shelved]) -> Vec<Past> {
    actions.iter().filter_map(|action| one(action, shelved)).collect()
}

/// Says whether an action was done or may have been done.
pub(super) fn counts(action: &JournalAction) -> bool {
    matches!(action.state, ActionState::Ended(Outcome::Done) | ActionState::Intended)
}

fn one(done: &JournalAction, shelved: &[Shelved]) -> Option<Past> {
    if !counts(done) {
        return None;
    }
    let detail = |field: &str| done.detail.as_ref().and_then(|detail| detail.get(field));
    let made = match &done.action {
        Action::CreateRepository(_) => detail("id").and_then(|id| id.as_str()).map(|id| ForgeId(id.to_owned())),
        _ => None,
    };
    let former = match &done.action {
        Action::DeleteRepository(delete) => detail("repository")
            .and_then(|former| serde_json::from_value::<Former>(former.clone()).ok())
            // A run that was ended in the middle had written the note before it deleted anything.
            .or_else(|| {
                let notes = shelved.iter().filter_map(|shelved| shelved.note.as_ref());
                let mut noted = notes.filter_map(|note| note.repositories.get(&delete.endpoint));
                noted.find(|noted| noted.id == delete.id).map(|noted| noted.former.clone())
            }),
        _ => None,
    };
    let certain = done.state != ActionState::Intended;
    Some(Past { action: done.action.clone(), certain, made, former })
}

/// The repositories that a run wrote to, each with what it did, in the order in which it came to them.
pub(super) fn by_repository(actions: Vec<JournalAction>) -> Vec<(GroupName, Vec<JournalAction>)> {
    let mut found: Vec<(GroupName, Vec<JournalAction>)> = Vec::new();
    for action in actions {
        let same = |(group, of): &&mut (GroupName, Vec<JournalAction>)| {
            *group == action.group && of.iter().any(|other| other.repository.key() == action.repository.key())
        };
        match found.iter_mut().find(same) {
            Some((_, of)) => of.push(action),
            None => found.push((action.group.clone(), vec![action])),
        }
    }
    found
}
