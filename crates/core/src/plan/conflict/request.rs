//! Pull requests that show a conflict, as the forges have them.

use std::collections::BTreeMap;

use crate::name::{BranchName, EndpointId};
use crate::oid::Oid;

/// The two tips that a request would bring together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Pair {
    /// The tip of the branch that it would be merged into.
    pub own: Oid,
    /// The foreign tip that it brings.
    pub other: Oid,
}

const MARK: &str = "<!-- refray conflict ";

impl Pair {
    /// Returns a line for the request's text by which the pair is found again when nothing else is remembered. Forges do
    /// not show it.
    pub fn marker(&self) -> String {
        format!("{MARK}{} {} -->", self.own, self.other)
    }

    /// Finds the pair in a request's text.
    pub fn find(text: &str) -> Option<Self> {
        let (_, rest) = text.rsplit_once(MARK)?;
        let (inside, _) = rest.split_once("-->")?;
        let mut oids = inside.split_whitespace().map(str::parse);
        match (oids.next(), oids.next(), oids.next()) {
            (Some(Ok(own)), Some(Ok(other)), None) => Some(Self { own, other }),
            _ => None,
        }
    }
}

/// How a request stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RequestState {
    /// It waits for a person.
    Open,
    /// It was merged.
    Merged,
    /// A person closed it without merging, or refray did when it was settled.
    Closed,
}

/// A request of refray's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// The number that the forge gave it.
    pub number: u64,
    /// The page that a person opens.
    pub url: String,
    /// The conflict branch that it would be merged from.
    pub head: BranchName,
    /// The branch that it would be merged into.
    pub base: BranchName,
    /// How it stands.
    pub state: RequestState,
    /// What it brings together, by its text; `None` when a person took the marker out.
    pub pair: Option<Pair>,
}

/// The requests of one repository, by endpoint. Endpoints that have no such thing (directories) are not in it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Requests {
    /// All requests whose head is a conflict branch, whatever their state; or why they could not be listed.
    pub at: BTreeMap<EndpointId, Result<Vec<Request>, String>>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pair_is_found_in_a_text() {
        let oid = |n: u8| Oid::from_bytes(&[n; 20]).unwrap();
        let pair = Pair { own: oid(1), other: oid(2) };
        let text = format!("Some words.\n\n{}\n", pair.marker());
        assert_eq!(Pair::find(&text), Some(pair));
        assert_eq!(Pair::find(&text.replace("-->", "")), None);
        assert_eq!(Pair::find("<!-- refray conflict 12 34 -->"), None);
        assert_eq!(Pair::find(""), None);
    }
}
