//! The two addresses, taken before anything else is done.

use std::net::SocketAddr;

use tokio::net::TcpListener;

use super::ServeError;

/// The sockets that are listened on.
#[derive(Debug)]
pub struct Listeners {
    pub(super) receiver: TcpListener,
    pub(super) dashboard: TcpListener,
    /// Where webhooks are received.
    pub receiver_address: SocketAddr,
    /// Where the dashboard is.
    pub dashboard_address: SocketAddr,
}

impl Listeners {
    /// Takes both addresses. Without a token, the dashboard is for this machine alone.
    ///
    /// # Errors
    /// One of them cannot be had, or may not be.
    pub async fn bind(receiver: &str, dashboard: &str, dashboard_has_token: bool) -> Result<Self, ServeError> {
        let (receiver, receiver_address) = bind(receiver, "webhooks", "--listen").await?;
        let (dashboard, dashboard_address) = bind(dashboard, "the dashboard", "--dashboard").await?;
        if !dashboard_has_token && !dashboard_address.ip().is_loopback() {
            return Err(ServeError::Open { address: dashboard_address });
        }
        Ok(Self { receiver, dashboard, receiver_address, dashboard_address })
    }
}

async fn bind(address: &str, what: &'static str, flag: &'static str) -> Result<(TcpListener, SocketAddr), ServeError> {
    let failed = |source| ServeError::Listen { address: address.to_owned(), what, flag, source };
    let listener = TcpListener::bind(address).await.map_err(failed)?;
    let address = listener.local_addr().map_err(failed)?;
    Ok((listener, address))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn an_address_in_use_is_named_with_its_flag() {
        let taken = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = taken.local_addr().unwrap().to_string();
        let error = Listeners::bind(&address, "127.0.0.1:0", false).await.unwrap_err();
        assert!(error.to_string().contains(&address) && error.remedy().contains("--listen"), "{error}");
        let error = Listeners::bind("127.0.0.1:0", &address, false).await.unwrap_err();
        assert!(error.to_string().contains(&address) && error.remedy().contains("--dashboard"), "{error}");
    }

    #[tokio::test]
    async fn the_dashboard_is_for_this_machine_unless_there_is_a_token() {
        let error = Listeners::bind("127.0.0.1:0", "0.0.0.0:0", false).await.unwrap_err();
        assert!(matches!(error, ServeError::Open { .. }), "{error}");
        assert!(Listeners::bind("0.0.0.0:0", "0.0.0.0:0", true).await.is_ok());
        assert!(Listeners::bind("0.0.0.0:0", "[::1]:0", false).await.is_ok_and(|it| it.dashboard_address.is_ipv6()));
    }
}
