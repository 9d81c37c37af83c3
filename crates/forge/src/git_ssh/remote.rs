use async_trait::async_trait;
use refray_git::transport::{
    Body, ByteStream, Conversation, ProtocolMemory, ProtocolVersion, Remote, Service, Ssh, SshRemote, TransportError,
    TransportErrorKind,
};

use crate::error::{ErrorKind, ForgeError};
use crate::http::{Client, Patience};

/// The git side of a repository on a forge, over the user's own ssh.
pub(crate) struct SshGit {
    client: Client,
    ssh: Ssh,
    path: String,
}

impl SshGit {
    /// Names the repository at `path` of a site. Nothing is started yet.
    pub(crate) fn new(client: Client, ssh: Ssh, path: &str) -> Self {
        Self { client, ssh, path: path.to_owned() }
    }

    async fn remote(&self) -> Result<SshRemote, TransportError> {
        let address = self.client.inner.ssh_origin.address(&self.client, &self.path).await;
        let address = address.map_err(|error| self.error(kind(&error), error.to_string()))?;
        let address = address.map_err(|error| self.error(TransportErrorKind::Other, error.to_string()))?;
        Ok(SshRemote::new(self.ssh.clone(), address))
    }

    fn error(&self, kind: TransportErrorKind, message: impl Into<String>) -> TransportError {
        TransportError::new(kind, self.describe(), message)
    }

    fn no_requests(&self) -> TransportError {
        self.error(TransportErrorKind::Other, "over ssh there are conversations only")
    }
}

#[async_trait]
impl Remote for SshGit {
    /// Opens a conversation. As nothing has been said before it stands, one that does not come up for a passing reason is
    /// tried again.
    async fn connect(
        &self,
        service: Service,
        version: ProtocolVersion,
    ) -> Result<Option<Conversation>, TransportError> {
        let options = &self.client.inner.options;
        let mut patience = Patience::new(options.patience, options.attempts, options.backoff);
        loop {
            let error = match self.remote().await?.connect(service, version).await {
                Ok(conversation) => return Ok(conversation),
                Err(error) => error,
            };
            if error.kind == TransportErrorKind::Connect {
                self.client.inner.ssh_origin.forget().await;
            }
            let wait = if error.is_transient() { patience.next(None, fastrand::f64()) } else { None };
            let Some(wait) = wait else { return Err(error) };
            tracing::debug!(%error, "trying again");
            tokio::time::sleep(wait).await;
        }
    }

    fn keeps(&self) -> bool {
        true
    }

    async fn keep(&self, service: Service, version: ProtocolVersion, conversation: Conversation) {
        // Where the address is not known any more, the conversation is ended by being dropped.
        if let Ok(remote) = self.remote().await {
            remote.keep(service, version, conversation).await;
        }
    }

    async fn resume(&self, service: Service, version: ProtocolVersion) -> Option<Conversation> {
        self.remote().await.ok()?.resume(service, version).await
    }

    async fn advertise(&self, _service: Service, _version: ProtocolVersion) -> Result<ByteStream, TransportError> {
        Err(self.no_requests())
    }

    async fn request(
        &self,
        _service: Service,
        _version: ProtocolVersion,
        _body: Body,
    ) -> Result<ByteStream, TransportError> {
        Err(self.no_requests())
    }

    fn describe(&self) -> String {
        format!("{} on site `{}`, over ssh", self.path, self.client.site().name)
    }

    fn memory(&self) -> &ProtocolMemory {
        &self.client.inner.git_memory
    }
}

/// What it means for git that the forge could not be asked.
fn kind(error: &ForgeError) -> TransportErrorKind {
    use TransportErrorKind as K;
    match &error.kind {
        ErrorKind::NotFound => K::NotFound,
        ErrorKind::Unauthorized | ErrorKind::Credential => K::Unauthorized,
        ErrorKind::Forbidden { .. } => K::Forbidden,
        ErrorKind::RateLimited { retry_after } => K::RateLimited { retry_after: *retry_after },
        ErrorKind::Server { status } => K::Server { status: *status },
        ErrorKind::Connect => K::Connect,
        ErrorKind::Timeout => K::Timeout,
        ErrorKind::Tls => K::Tls,
        _ => K::Other,
    }
}
