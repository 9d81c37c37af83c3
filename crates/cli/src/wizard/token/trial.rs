//! Whether a token does what refray needs it for.

use std::sync::Arc;

use refray_core::config::{Endpoint, Names, NamespaceKind, SecretSource, Site};
use refray_core::name::EndpointId;
use refray_core::secret::Secret;
use refray_engine::doctor::{Check, Level, Wanted, judge};
use refray_forge::{Environment, ErrorKind, ForgeError, NamespaceInfo, Options, Right, connect};

/// What a token turned out to be.
#[derive(Debug, Clone)]
pub(crate) struct Tried {
    /// Whose it is, where it may tell.
    pub(crate) login: Option<String>,
    /// The account that was meant.
    pub(crate) namespace: NamespaceInfo,
    pub(crate) rights: Vec<Right>,
}

/// Tries a token: who is behind it, which of the namespaces is there, and what it may do there. Nothing is changed.
/// Without a token only the namespaces are looked for, and no rights are told.
///
/// # Errors
/// What the forge said to it.
pub(crate) async fn try_token(
    site: &Site,
    token: Option<&Secret>,
    namespaces: &[String],
    environment: Arc<dyn Environment>,
) -> Result<Tried, ForgeError> {
    let mut site = site.clone();
    site.token = token.map(|token| SecretSource::Value(token.clone()));
    let site = Arc::new(site);
    let forge = connect(site.clone(), environment, Options::default())?;
    let login = match token {
        None => None,
        Some(_) => match forge.account().await {
            Ok(account) => Some(account.login),
            // It may do what is needed without being allowed to say whose it is; its rights tell.
            Err(error) if matches!(error.kind, ErrorKind::Forbidden { .. }) => None,
            Err(error) => return Err(error),
        },
    };
    let mut endpoint = Endpoint {
        id: EndpointId::of(&site.name, "account"),
        site: site.clone(),
        kind: NamespaceKind::User,
        namespace: String::new(),
        include_subgroups: false,
        names: Names::default(),
    };
    let mut missing = None;
    for namespace in namespaces {
        endpoint.namespace.clone_from(namespace);
        endpoint.id = EndpointId::of(&site.name, namespace);
        match forge.namespace(&endpoint).await {
            Ok(found) => {
                endpoint.kind = found.kind;
                endpoint.namespace.clone_from(&found.path);
                let rights = if token.is_some() { forge.rights(&endpoint).await? } else { Vec::new() };
                return Ok(Tried { login, namespace: found, rights });
            }
            Err(error) if error.kind == ErrorKind::NotFound => missing = Some(error),
            Err(error) => return Err(error),
        }
    }
    Err(missing.unwrap_or_else(|| ForgeError {
        site: site.name.to_string(),
        doing: "look for an account".to_owned(),
        kind: ErrorKind::NotFound,
        message: String::new(),
    }))
}

/// Returns what a token lacks of what is asked for.
pub(crate) fn missing(id: &EndpointId, rights: &[Right], wanted: Wanted) -> Vec<Check> {
    let judged = rights.iter().map(|right| judge(id, right, wanted));
    judged.filter(|check| check.level == Level::Fail).collect()
}

/// Returns what is asked for and the forge does not tell of.
pub(crate) fn unclear(id: &EndpointId, rights: &[Right], wanted: Wanted) -> Vec<String> {
    // Asked for is what would be missing if it were not granted.
    let asked = |right: &&Right| {
        let denied = Right { granted: Some(false), ..Right::clone(right) };
        right.granted.is_none() && judge(id, &denied, wanted).level == Level::Fail
    };
    rights.iter().filter(asked).map(|right| right.operation.clone()).collect()
}
