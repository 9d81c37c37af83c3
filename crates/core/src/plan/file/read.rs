//! From a file's text to a plan that makes sense.

use crate::config::Config;
use crate::plan::file::config::misfit;
use crate::plan::file::model::{FORMAT, PlanFile};
use crate::plan::file::place::Place;
use crate::plan::file::problem::{PlanFileError, PlanFileErrorKind};
use crate::plan::file::sense;
use crate::plan::file::tree::{Kind, Node};

/// Reads a plan and checks it against itself and against the configuration. `name` is what the file is called in errors.
///
/// # Errors
/// What is wrong with it first, with its place.
pub fn read(name: &str, text: &str, config: &Config) -> Result<PlanFile, PlanFileError> {
    let error = |kind, message: &str, at, label| PlanFileError::new(kind, (name, text), message, at, label);
    let root = root(text).map_err(|(message, at)| {
        error(PlanFileErrorKind::Damaged, &format!("it is damaged, or no plan: {message}"), Some(at..at), "here")
    })?;
    let written = root.get("format").map(|node| (node, serde_json::from_str::<u32>(&text[node.at.clone()])));
    match written {
        Some((node, Ok(format))) if format > FORMAT => {
            let message = format!("the plan has format {format}, and this refray knows formats up to {FORMAT}");
            return Err(error(PlanFileErrorKind::Newer, &message, Some(node.at.clone()), "a newer format"));
        }
        Some((_, Ok(1..))) => {}
        Some((node, _)) => {
            let at = Some(node.at.clone());
            return Err(error(PlanFileErrorKind::NotAPlan, "it names no format of a plan", at, "not a format"));
        }
        None => return Err(error(PlanFileErrorKind::NotAPlan, "it is not a plan: it names no format", None, "")),
    }
    let file: PlanFile = serde_json::from_str(text).map_err(|cause| {
        let at = offset(text, cause.line(), cause.column());
        let cause = cause.to_string();
        let message = cause.split(" at line ").next().unwrap_or(&cause);
        error(PlanFileErrorKind::WrongValue, message, Some(at..at), "here")
    })?;
    if let Some((place, key)) = unknown_key(text, &root, &file) {
        let message = format!("unknown key `{key}` in {place}");
        return Err(error(PlanFileErrorKind::UnknownKey, &message, Some(place.key(key).find(&root)), "not known"));
    }
    if let Some(nonsense) = sense::check(&file) {
        let at = nonsense.place.find(&root);
        return Err(error(PlanFileErrorKind::Impossible, &nonsense.message, Some(at), "cannot be"));
    }
    if let Some(misfit) = misfit(&file, config) {
        let at = misfit.place.find(&root);
        return Err(error(PlanFileErrorKind::OtherConfig, &misfit.message, Some(at), "made for this"));
    }
    Ok(file)
}

/// Reads the text as a tree; else says what is wrong with it and where.
fn root(text: &str) -> Result<Node, (String, usize)> {
    match serde_json::from_str::<serde::de::IgnoredAny>(text) {
        Err(cause) => Err((cause.to_string(), offset(text, cause.line(), cause.column()))),
        Ok(_) => Node::read(text).ok_or_else(|| ("it is nested too deep".to_owned(), 0)),
    }
}

/// Returns the place of a line and column, in bytes; both count from 1, columns in bytes.
fn offset(text: &str, line: usize, column: usize) -> usize {
    let start: usize = text.split_inclusive('\n').take(line.saturating_sub(1)).map(str::len).sum();
    let mut at = (start + column.saturating_sub(1)).min(text.len());
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}

/// Returns the first key that means nothing: reading the file and writing it again loses it.
fn unknown_key(text: &str, root: &Node, file: &PlanFile) -> Option<(Place, String)> {
    let written = file.to_text().ok()?;
    let known = Node::read(&written)?;
    first_unknown(text, root, &known, &Place::default())
}

fn first_unknown(text: &str, node: &Node, known: &Node, place: &Place) -> Option<(Place, String)> {
    match (&node.kind, &known.kind) {
        (Kind::Object(members), _) => members.iter().find_map(|(key, value)| match known.get(key) {
            Some(known) => first_unknown(text, value, known, &place.key(key)),
            // What is empty is left out when it is written.
            None if value.is_empty(text) => None,
            None => Some((place.clone(), key.clone())),
        }),
        (Kind::Array(items), Kind::Array(known)) => {
            let pairs = items.iter().zip(known).enumerate();
            pairs.into_iter().find_map(|(index, (item, known))| first_unknown(text, item, known, &place.index(index)))
        }
        _ => None,
    }
}
