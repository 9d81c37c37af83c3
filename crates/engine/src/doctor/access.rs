//! What may be done with the repositories that are there.

use refray_core::name::EndpointId;
use refray_core::repository::{Access, Repository};
use refray_forge::{Forge, Purpose, Right};
use refray_git::transport::{ProtocolVersion, Service, TransportErrorKind};

use super::report::Check;
use super::right::Wanted;

/// How many repositories are named.
const NAMED: usize = 5;

/// Names repositories with which the account may do less than is asked for.
pub(super) fn checks(endpoint: &EndpointId, listed: &[&Repository], wanted: Wanted) -> Vec<Check> {
    let only = |access: Access| {
        let usable = listed.iter().filter(|it| !it.archived && !it.disabled);
        usable.filter(|it| it.access == Some(access)).map(|it| it.name.to_string()).collect::<Vec<_>>()
    };
    let (read, write) = (only(Access::Read), only(Access::Write));
    let mut checks = Vec::new();
    if !read.is_empty() {
        let found = format!("the account can only read {}", some(&read));
        let remedy = "Let it push there, or leave them out with `repo_blacklist`.";
        checks.push(Check::fail(endpoint, "access", found, remedy));
    }
    if wanted.hooks && !write.is_empty() {
        let found = format!("the account does not administer {}, so it can install no webhook there", some(&write));
        let remedy = "Let it administer them, or have webhooks made by whoever does.";
        checks.push(Check::fail(endpoint, "access", found, remedy));
    }
    checks
}

/// Joins the first few of some names.
pub(super) fn some(names: &[String]) -> String {
    let shown = names[..names.len().min(NAMED)].join(", ");
    match names.len().saturating_sub(NAMED) {
        0 => shown,
        more => format!("{shown} and {more} more"),
    }
}

/// Finds out whether a token may push where the forge does not tell: a server says so before anything is sent. Nothing is.
pub(super) async fn try_to_push(forge: &dyn Forge, listed: &[Repository], rights: &mut [Right]) {
    let unknown = |right: &&mut Right| right.purpose == Purpose::Push && right.granted.is_none();
    let mut unknown: Vec<&mut Right> = rights.iter_mut().filter(unknown).collect();
    let usable = listed.iter().find(|it| !it.archived && !it.disabled && it.access != Some(Access::Read));
    let (false, Some(repository)) = (unknown.is_empty(), usable) else { return };
    let Ok(remote) = forge.remote(&repository.path) else { return };
    let granted = match remote.advertise(Service::ReceivePack, ProtocolVersion::V0).await {
        Ok(_) => Some(true),
        Err(error) => match error.kind {
            TransportErrorKind::Forbidden | TransportErrorKind::Unauthorized | TransportErrorKind::NotFound => {
                Some(false)
            }
            _ => None,
        },
    };
    for right in &mut unknown {
        right.granted = granted;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_few_are_named() {
        let names = |count: usize| (0..count).map(|number| number.to_string()).collect::<Vec<_>>();
        assert_eq!(some(&names(1)), "0");
        assert_eq!(some(&names(5)), "0, 1, 2, 3, 4");
        assert_eq!(some(&names(7)), "0, 1, 2, 3, 4 and 2 more");
    }
}
