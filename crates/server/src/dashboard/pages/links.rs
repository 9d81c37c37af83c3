//! Addresses of pages.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use refray_core::name::{GroupName, RepoName};

/// What stands for itself in a part of a path or in a parameter.
const PART: AsciiSet = NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

pub(crate) fn part(text: &str) -> String {
    utf8_percent_encode(text, &PART).to_string()
}

pub(crate) fn group(group: &GroupName) -> String {
    format!("/groups/{}", part(group.as_str()))
}

pub(crate) fn repository(group: &GroupName, repository: &RepoName) -> String {
    format!("/groups/{}/{}", part(group.as_str()), part(&repository.key()))
}

pub(crate) fn run(run: &str) -> String {
    format!("/runs/{}", part(run))
}

/// Returns an address that a page may lead to: what a forge says could be anything.
pub(crate) fn foreign(address: &str) -> Option<&str> {
    let url = url::Url::parse(address).ok()?;
    (matches!(url.scheme(), "http" | "https") && url.host().is_some()).then_some(address)
}
