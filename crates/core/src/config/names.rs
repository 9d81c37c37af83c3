//! Names that repositories have at one endpoint only.

use std::collections::BTreeMap;

use crate::name::RepoName;

/// What the group's repositories are called at one endpoint, where that is another name than elsewhere.
///
/// No name is in it twice, on whichever side, so that each stands for one repository. Case makes no difference.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Names {
    /// By the key in the group: the name in the group, and the one there.
    pairs: BTreeMap<String, (RepoName, RepoName)>,
    /// The key in the group, by the key there.
    back: BTreeMap<String, String>,
}

/// Why a name cannot be given.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NameClash {
    /// It is the name that the repository has anyway.
    #[error("it is called so anyway")]
    Same,
    /// The repository has another name there already.
    #[error("`{0}` has another name there already")]
    Again(RepoName),
    /// Another repository is called so there.
    #[error("`{0}` is called so there already")]
    Taken(RepoName),
    /// A name stands on both sides, so that one could not tell which repository is meant.
    #[error("`{0}` stands on both sides")]
    BothSides(RepoName),
}

impl Names {
    /// Gives the repository that the group calls `here` the name `there`.
    ///
    /// # Errors
    /// One of the two could mean two repositories then.
    pub fn add(&mut self, here: RepoName, there: RepoName) -> Result<(), NameClash> {
        let (key, key_there) = (here.key(), there.key());
        if key == key_there {
            return Err(NameClash::Same);
        }
        if let Some((first, _)) = self.pairs.get(&key) {
            return Err(NameClash::Again(first.clone()));
        }
        if let Some((first, _)) = self.back.get(&key_there).and_then(|first| self.pairs.get(first)) {
            return Err(NameClash::Taken(first.clone()));
        }
        if self.back.contains_key(&key) {
            return Err(NameClash::BothSides(here));
        }
        if self.pairs.contains_key(&key_there) {
            return Err(NameClash::BothSides(there));
        }
        self.back.insert(key_there, key.clone());
        self.pairs.insert(key, (here, there));
        Ok(())
    }

    /// Says whether every repository has its own name there.
    pub fn is_empty(&self) -> bool {
        self.pairs.is_empty()
    }

    /// Returns the pairs: the name in the group, and the one there.
    pub fn pairs(&self) -> impl Iterator<Item = (&RepoName, &RepoName)> {
        self.pairs.values().map(|(here, there)| (here, there))
    }

    /// Returns what a repository of the group is called there; `None` where that name is another repository's.
    pub fn there(&self, here: &RepoName) -> Option<RepoName> {
        if self.back.contains_key(&here.key()) {
            return None;
        }
        Some(self.given(here).unwrap_or(here).clone())
    }

    /// Returns the name that is given to a repository of the group, when there is one.
    pub fn given(&self, here: &RepoName) -> Option<&RepoName> {
        self.pairs.get(&here.key()).map(|(_, there)| there)
    }

    /// Returns what the group calls the repository that is called `there`.
    pub fn here(&self, there: &RepoName) -> RepoName {
        let pair = self.back.get(&there.key()).and_then(|key| self.pairs.get(key));
        pair.map_or(there, |(here, _)| here).clone()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn name(text: &str) -> RepoName {
        RepoName::new(text).unwrap()
    }

    fn names(pairs: &[(&str, &str)]) -> Names {
        let mut names = Names::default();
        for (here, there) in pairs {
            names.add(name(here), name(there)).unwrap();
        }
        names
    }

    #[test]
    fn names_go_there_and_back_whatever_their_case() {
        let names = names(&[("files", "files-repo"), ("New", "Newer")]);
        for (here, there) in [
            ("files", Some("files-repo")),
            ("Files", Some("files-repo")),
            ("NEW", Some("Newer")),
            ("other", Some("other")),
            ("Other", Some("Other")),
            // Called so, it would be taken for `files`.
            ("files-repo", None),
            ("newer", None),
        ] {
            assert_eq!(names.there(&name(here)), there.map(name), "{here}");
        }
        for (there, here) in
            [("files-repo", "files"), ("FILES-REPO", "files"), ("newer", "New"), ("other", "other"), ("files", "files")]
        {
            assert_eq!(names.here(&name(there)), name(here), "{there}");
        }
        assert_eq!(names.given(&name("Files")), Some(&name("files-repo")));
        assert_eq!(names.given(&name("files-repo")), None);
    }

    #[test]
    fn a_name_means_one_repository() {
        for (first, second, clash) in [
            (("a", "b"), ("c", "C"), NameClash::Same),
            (("a", "b"), ("A", "c"), NameClash::Again(name("a"))),
            (("a", "b"), ("a", "b"), NameClash::Again(name("a"))),
            (("a", "b"), ("c", "B"), NameClash::Taken(name("a"))),
            (("a", "b"), ("B", "c"), NameClash::BothSides(name("B"))),
            (("a", "b"), ("c", "A"), NameClash::BothSides(name("A"))),
            (("a", "b"), ("b", "a"), NameClash::BothSides(name("b"))),
        ] {
            let mut names = names(&[first]);
            let before = names.clone();
            assert_eq!(names.add(name(second.0), name(second.1)), Err(clash), "{first:?} {second:?}");
            assert_eq!(names, before);
        }
    }

    proptest! {
        #[test]
        fn whatever_is_accepted_leads_back(
            pairs in prop::collection::vec(("[abAB]{1,2}", "[abAB]{1,2}"), 0..8),
            all in prop::collection::vec("[abAB]{1,2}", 1..8),
        ) {
            let mut names = Names::default();
            for (here, there) in pairs {
                // What is refused leaves everything as it was.
                drop(names.add(name(&here), name(&there)));
            }
            let mut seen = BTreeMap::new();
            for text in all {
                let here = name(&text);
                let Some(there) = names.there(&here) else { continue };
                prop_assert_eq!(names.here(&there).key(), here.key());
                if let Some(other) = seen.insert(there.key(), here.key()) {
                    prop_assert_eq!(other, here.key());
                }
            }
        }
    }
}
