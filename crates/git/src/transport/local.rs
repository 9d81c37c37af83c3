//! A repository in a directory on this machine, spoken to through git's own server programs.

use std::path::{Path, PathBuf};
use std::time::Duration;

use async_trait::async_trait;
use bytes::{Bytes, BytesMut};
use futures_util::{StreamExt, stream};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::{
    Body, ByteStream, Conversation, ProtocolMemory, ProtocolVersion, Remote, Service, TransportError,
    TransportErrorKind,
};
use crate::child::{Child, ChildError, Command, Git};
use crate::words::{Complaint, complaint};

/// How long a server process may be silent. Its hooks may take their time.
const SILENCE: Duration = Duration::from_secs(600);

/// A bare repository in a directory.
///
/// Pushes run the repository's own hooks, as a push by a person would.
pub struct LocalRemote {
    git: Git,
    path: PathBuf,
    memory: ProtocolMemory,
    stateless: bool,
}

impl LocalRemote {
    /// Names the repository at `path`. Nothing is looked at yet.
    pub fn new(git: Git, path: impl Into<PathBuf>) -> Self {
        let path = path.into();
        // Children start in another directory.
        let path = std::path::absolute(&path).unwrap_or(path);
        Self { git, path, memory: ProtocolMemory::new(), stateless: false }
    }

    /// Makes every exchange a process of its own, as over HTTP, instead of one conversation.
    #[must_use]
    pub fn stateless(mut self) -> Self {
        self.stateless = true;
        self
    }

    /// Returns the repository's path.
    pub fn path(&self) -> &Path {
        &self.path
    }

    fn command(&self, service: Service, version: ProtocolVersion) -> Command {
        let verb = match service {
            Service::UploadPack => "upload-pack",
            Service::ReceivePack => "receive-pack",
        };
        let command = self.git.command(verb).serving();
        match version.header() {
            Some(value) => command.env("GIT_PROTOCOL", value),
            None => command,
        }
    }

    fn spawn(&self, command: Command, feed: bool) -> Result<Child, TransportError> {
        command.arg(&self.path).spawn(feed).map_err(|error| self.explain(&error))
    }

    fn explain(&self, error: &ChildError) -> TransportError {
        explain(&self.describe(), error)
    }
}

#[async_trait]
impl Remote for LocalRemote {
    async fn connect(
        &self,
        service: Service,
        version: ProtocolVersion,
    ) -> Result<Option<Conversation>, TransportError> {
        if self.stateless {
            return Ok(None);
        }
        let mut child = self.spawn(self.command(service, version), true)?;
        let stdin = child.stdin.take().ok_or_else(|| pipe_missing(&self.describe()))?;
        let incoming = output(child, self.describe());
        Ok(Some(Conversation { incoming, outgoing: Box::pin(stdin) }))
    }

    async fn advertise(&self, service: Service, version: ProtocolVersion) -> Result<ByteStream, TransportError> {
        let command = self.command(service, version).args(["--stateless-rpc", "--http-backend-info-refs"]);
        Ok(output(self.spawn(command, false)?, self.describe()))
    }

    async fn request(
        &self,
        service: Service,
        version: ProtocolVersion,
        body: Body,
    ) -> Result<ByteStream, TransportError> {
        let mut child = self.spawn(self.command(service, version).arg("--stateless-rpc"), true)?;
        let mut stdin = child.stdin.take().ok_or_else(|| pipe_missing(&self.describe()))?;
        let feeder = tokio::spawn(async move {
            let mut pieces: ByteStream = match body {
                Body::Bytes(bytes) => stream::iter([Ok(bytes)]).boxed(),
                Body::Stream(stream) => stream,
            };
            // A server that stops reading, and a body that stops short, both show in what the server answers.
            while let Some(Ok(piece)) = pieces.next().await {
                if stdin.write_all(&piece).await.is_err() {
                    break;
                }
            }
            drop(stdin.shutdown().await);
        });
        let guard = AbortOnDrop(feeder);
        let answer = output(child, self.describe());
        Ok(answer
            .map(move |piece| {
                let _ = &guard;
                piece
            })
            .boxed())
    }

    fn describe(&self) -> String {
        self.path.display().to_string()
    }

    fn memory(&self) -> &ProtocolMemory {
        &self.memory
    }
}

struct AbortOnDrop(tokio::task::JoinHandle<()>);

impl Drop for AbortOnDrop {
    fn drop(&mut self) {
        self.0.abort();
    }
}

fn pipe_missing(remote: &str) -> TransportError {
    TransportError::new(TransportErrorKind::Io, remote, "a pipe to the process is missing")
}

/// Streams what the process writes. Its end is an error unless the process ended with success.
fn output(child: Child, remote: String) -> ByteStream {
    stream::unfold(Some((child, remote)), |state| async move {
        let (mut child, remote) = state?;
        let mut piece = BytesMut::with_capacity(64 << 10);
        let read = async {
            match child.stdout.as_mut() {
                Some(stdout) => stdout.read_buf(&mut piece).await,
                None => Ok(0),
            }
        };
        let error = match tokio::time::timeout(SILENCE, read).await {
            Ok(Ok(0)) => match child.succeed().await {
                Ok(()) => return None,
                Err(error) => explain(&remote, &error),
            },
            Ok(Ok(_)) => return Some((Ok(piece.freeze()), Some((child, remote)))),
            Ok(Err(source)) => explain(&remote, &ChildError::Io { command: child.command(), source }),
            Err(_) => explain(&remote, &ChildError::Timeout { command: child.command(), limit: SILENCE }),
        };
        Some((Err::<Bytes, _>(error), None))
    })
    .boxed()
}

fn explain(remote: &str, error: &ChildError) -> TransportError {
    let (kind, message) = match error {
        ChildError::Failed { stderr, .. } => match complaint(stderr) {
            Some(Complaint::NotARepository) => (TransportErrorKind::NotFound, "it is not a git repository".to_owned()),
            Some(Complaint::SomebodyElses) => (
                TransportErrorKind::Forbidden,
                "the directory belongs to another user, whose hooks git refuses to run: run refray as that user, or \
                 change the directory's owner"
                    .to_owned(),
            ),
            _ => (TransportErrorKind::Broken, error.to_string()),
        },
        ChildError::Timeout { .. } => (TransportErrorKind::Timeout, error.to_string()),
        ChildError::Spawn { source, .. } => (TransportErrorKind::Connect, format!("{error}: {source}")),
        ChildError::Io { source, .. } => (TransportErrorKind::Io, format!("{error}: {source}")),
        ChildError::TooMuch { .. } => (TransportErrorKind::Other, error.to_string()),
    };
    TransportError::new(kind, remote, message)
}
