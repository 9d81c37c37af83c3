use refray_core::config::{Endpoint, NamespaceKind};
use refray_core::repository::AccountId;

use super::adapter::GitHub;
use super::wire::WireAccount;
use crate::api::{Account, NamespaceInfo};
use crate::error::{ErrorKind, ForgeError};
use crate::http::{Call, scopes};

impl GitHub {
    pub(super) async fn read_account(&self) -> Result<Account, ForgeError> {
        let answer = self.client.send(&Call::get(self.client.api_url(["user"]), "ask whose token it is")).await?;
        let account: WireAccount = answer.json()?;
        // Only classic tokens come with the header; a fine-grained one's permissions are not told.
        let scopes = scopes(&answer.headers, "x-oauth-scopes");
        Ok(Account { id: AccountId(account.id.to_string()), login: account.login, scopes })
    }

    pub(super) async fn read_namespace(&self, endpoint: &Endpoint) -> Result<NamespaceInfo, ForgeError> {
        let doing = format!("look up the account `{}`", endpoint.namespace);
        // This answers for users and organisations alike.
        let found: WireAccount =
            self.client.json(&Call::get(self.client.api_url(["users", &endpoint.namespace]), doing)).await?;
        let kind = if found.kind.as_deref() == Some("Organization") { NamespaceKind::Org } else { NamespaceKind::User };
        Ok(NamespaceInfo { kind, id: found.id.to_string(), path: found.login })
    }

    /// Says whether an endpoint is the user that the token belongs to.
    pub(super) async fn is_own(&self, endpoint: &Endpoint) -> Result<bool, ForgeError> {
        if endpoint.kind != NamespaceKind::User || self.client.site().token.is_none() {
            return Ok(false);
        }
        Self::is_named(endpoint, self.read_account().await.map(|account| account.login))
    }

    /// Says the same for making repositories, many of which are made in a row.
    pub(super) async fn is_own_as_known(&self, endpoint: &Endpoint) -> Result<bool, ForgeError> {
        if endpoint.kind != NamespaceKind::User || self.client.site().token.is_none() {
            return Ok(false);
        }
        let call = Call::get(self.client.api_url(["user"]), "ask whose token it is");
        Self::is_named(endpoint, self.client.json_once::<WireAccount>(&call).await.map(|account| account.login))
    }

    fn is_named(endpoint: &Endpoint, login: Result<String, ForgeError>) -> Result<bool, ForgeError> {
        match login {
            Ok(login) => Ok(login.eq_ignore_ascii_case(&endpoint.namespace)),
            // An installation's token belongs to no user, and may not ask.
            Err(ForgeError { kind: ErrorKind::Forbidden { .. }, .. }) => Ok(false),
            Err(error) => Err(error),
        }
    }
}
