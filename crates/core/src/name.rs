//! Names, each a type of its own, checked when it is built.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A text that cannot be the name that was asked for.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not a valid {what}: {why}")]
pub struct InvalidName {
    /// Which kind of name it was meant to be.
    pub what: &'static str,
    /// The text that was refused.
    pub text: String,
    /// The rule that it breaks.
    pub why: &'static str,
}

/// Defines a cheaply cloned name whose constructor runs `$check`.
macro_rules! name {
    ($(#[$doc:meta])* $name:ident, $what:literal, $check:expr) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(Arc<str>);

        impl $name {
            /// Checks `text` and makes a name of it.
            ///
            /// # Errors
            /// The rule that `text` breaks.
            pub fn new(text: impl AsRef<str>) -> Result<Self, InvalidName> {
                let text = text.as_ref();
                let check: fn(&str) -> Result<(), &'static str> = $check;
                match check(text) {
                    Ok(()) => Ok(Self(text.into())),
                    Err(why) => Err(InvalidName { what: $what, text: text.to_owned(), why }),
                }
            }

            /// Returns the name as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{:?}", &*self.0)
            }
        }

        impl FromStr for $name {
            type Err = InvalidName;

            fn from_str(text: &str) -> Result<Self, InvalidName> {
                Self::new(text)
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(&self.0)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                Self::new(String::deserialize(deserializer)?).map_err(serde::de::Error::custom)
            }
        }
    };
}

name! {
    /// The name of a site in the configuration.
    SiteName, "site name", label
}

name! {
    /// The name of a mirror group in the configuration.
    GroupName, "group name", label
}

name! {
    /// An endpoint's id: `SITE/NAMESPACE`, or the site's name alone when the namespace is empty.
    EndpointId, "endpoint id", |text| if text.is_empty() { Err("it is empty") } else { Ok(()) }
}

name! {
    /// A repository's name as its forge spells it: the last part of its path, without `.git`.
    ///
    /// Two names are the same repository when their [keys](RepoName::key) are equal.
    RepoName, "repository name", |text| match text {
        "" => Err("it is empty"),
        "." | ".." => Err("it means a folder"),
        _ if text.contains(['/', '\\', '\0', '\n']) => Err("it holds a separator or control character"),
        _ => Ok(()),
    }
}

name! {
    /// A branch's name without `refs/heads/`.
    BranchName, "branch name", ref_path
}

name! {
    /// A tag's name without `refs/tags/`.
    TagName, "tag name", ref_path
}

impl EndpointId {
    /// Builds the id of the namespace `namespace` on `site`.
    pub fn of(site: &SiteName, namespace: &str) -> Self {
        if namespace.is_empty() { Self(site.0.clone()) } else { Self(format!("{site}/{namespace}").into()) }
    }
}

impl RepoName {
    /// Returns what identifies the repository across forges: names differ only by more than case.
    pub fn key(&self) -> String {
        self.0.to_lowercase()
    }
}

fn label(text: &str) -> Result<(), &'static str> {
    if text.is_empty() {
        Err("it is empty")
    } else if text.starts_with('.') {
        Err("it starts with a dot")
    } else if !text.chars().all(|c| c.is_alphanumeric() || matches!(c, '-' | '_' | '.' | ' ')) {
        Err("only letters, digits, spaces, `-`, `_` and `.` are allowed")
    } else {
        Ok(())
    }
}

/// The rules of `git check-ref-format` for what stands behind `refs/heads/` or `refs/tags/`.
fn ref_path(text: &str) -> Result<(), &'static str> {
    if text.is_empty() {
        return Err("it is empty");
    }
    if text.bytes().any(|byte| byte < 0x20 || byte == 0x7f || b" ~^:?*[\\".contains(&byte)) {
        return Err("it holds a character that git does not allow");
    }
    if text.contains("..") || text.contains("@{") || text.ends_with('.') {
        return Err("it holds a sequence that git does not allow");
    }
    if text.split('/').any(|part| part.is_empty() || part.starts_with('.') || part.ends_with(".lock")) {
        return Err("a part of it is empty, starts with a dot or ends in `.lock`");
    }
    Ok(())
}

/// A reference that refray syncs: a branch or a tag. No other reference is ever written.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RefName {
    /// `refs/heads/…`
    Branch(BranchName),
    /// `refs/tags/…`
    Tag(TagName),
}

impl RefName {
    /// Parses a full name.
    ///
    /// # Errors
    /// A name outside `refs/heads/` and `refs/tags/`, or one that git does not allow.
    pub fn from_full(full: &str) -> Result<Self, InvalidName> {
        if let Some(branch) = full.strip_prefix("refs/heads/") {
            BranchName::new(branch).map(Self::Branch)
        } else if let Some(tag) = full.strip_prefix("refs/tags/") {
            TagName::new(tag).map(Self::Tag)
        } else {
            Err(InvalidName { what: "reference", text: full.to_owned(), why: "it is neither a branch nor a tag" })
        }
    }

    /// Returns the full name, `refs/heads/…` or `refs/tags/…`.
    pub fn full(&self) -> String {
        match self {
            Self::Branch(name) => format!("refs/heads/{name}"),
            Self::Tag(name) => format!("refs/tags/{name}"),
        }
    }

    /// Returns the name without its prefix.
    pub fn short(&self) -> &str {
        match self {
            Self::Branch(name) => name.as_str(),
            Self::Tag(name) => name.as_str(),
        }
    }

    /// Returns the branch, if it is one.
    pub const fn branch(&self) -> Option<&BranchName> {
        match self {
            Self::Branch(name) => Some(name),
            Self::Tag(_) => None,
        }
    }

    /// Says whether it is a tag.
    pub const fn is_tag(&self) -> bool {
        matches!(self, Self::Tag(_))
    }

    /// Says whether it is a branch that refray itself pushed to show a conflict. Such a branch is never synced.
    pub fn is_conflict_branch(&self) -> bool {
        matches!(self, Self::Branch(name) if name.as_str().starts_with(CONFLICT_PREFIX))
    }
}

/// What the name of every conflict branch starts with.
pub const CONFLICT_PREFIX: &str = "refray/conflicts/";

impl fmt::Display for RefName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.full())
    }
}

impl fmt::Debug for RefName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.full())
    }
}

impl FromStr for RefName {
    type Err = InvalidName;

    fn from_str(text: &str) -> Result<Self, InvalidName> {
        Self::from_full(text)
    }
}

impl Serialize for RefName {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.full())
    }
}

impl<'de> Deserialize<'de> for RefName {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::from_full(&String::deserialize(deserializer)?).map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_are_branches_or_tags() {
        assert_eq!(RefName::from_full("refs/heads/a/b").unwrap().short(), "a/b");
        assert!(RefName::from_full("refs/tags/v1").unwrap().is_tag());
        for full in [
            "refs/pull/1/head",
            "refs/notes/commits",
            "HEAD",
            "refs/heads/",
            "refs/heads/a..b",
            "refs/heads/a.lock",
            "refs/heads/.a",
            "refs/heads/a b",
            "refs/heads/a//b",
            "refs/heads/a@{1}",
            "refs/heads/a.",
        ] {
            assert!(RefName::from_full(full).is_err(), "{full}");
        }
    }

    #[test]
    fn repositories_match_without_regard_to_case() {
        assert_eq!(RepoName::new("Alpha").unwrap().key(), RepoName::new("alpha").unwrap().key());
        for text in ["", ".", "..", "a/b"] {
            assert!(RepoName::new(text).is_err(), "{text}");
        }
    }

    #[test]
    fn conflict_branches_are_known() {
        assert!(RefName::from_full("refs/heads/refray/conflicts/main/x").unwrap().is_conflict_branch());
        assert!(!RefName::from_full("refs/heads/refray/other").unwrap().is_conflict_branch());
        assert!(!RefName::from_full("refs/tags/refray/conflicts/x").unwrap().is_conflict_branch());
    }
}
