//! A pack that many readers stream while it still grows.

use std::collections::BTreeSet;
use std::fs::File;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::{Bytes, BytesMut};
use futures_util::{StreamExt, stream};
use refray_core::{ObjectFormat, Oid};
use sha2::{Digest, Sha256};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::sync::watch;
use tokio::task::JoinHandle;

use super::error::PackError;
use super::spool::{Next, Spool};
use crate::child::{Child, ChildError, Git};
use crate::mirror::Mirror;
use crate::transport::{ByteStream, TransportError, TransportErrorKind};
use crate::words::{Complaint, complaint};

/// A pack that is known to be longer than this need not be waited for before it is sent.
const SETTLED: u64 = 1 << 20;

/// A pack that is made once, for any number of uploads, each of which may begin anew.
///
/// A failure of the process that makes it reaches every reader as an error: what was cut off never looks whole.
#[derive(Clone)]
pub struct SharedPack {
    inner: Arc<Inner>,
}

struct Inner {
    shared: Arc<Shared>,
    /// Makes the pack; it stops when nobody wants the pack any more.
    maker: Option<JoinHandle<()>>,
}

impl Drop for Inner {
    fn drop(&mut self) {
        if let Some(maker) = &self.maker {
            maker.abort();
        }
    }
}

struct Shared {
    spool: Mutex<Spool>,
    state: watch::Sender<State>,
}

#[derive(Debug, Clone, Default)]
struct State {
    written: u64,
    end: Option<Result<(), PackError>>,
}

impl SharedPack {
    /// Starts to pack what `wanted` reaches and `excluded` does not. Excluded objects that the mirror does not have are
    /// passed over. Must be called within a runtime.
    ///
    /// When the mirror consists of one pack that holds exactly this, that pack is sent as it is.
    pub fn build(git: &Git, mirror: &Arc<Mirror>, wanted: &[Oid], excluded: &[Oid]) -> Self {
        if excluded.is_empty()
            && let Some(pack) = Self::verbatim(mirror, wanted)
        {
            return pack;
        }
        let (git, mirror) = (git.clone(), mirror.clone());
        let (wanted, excluded) = (wanted.to_vec(), excluded.to_vec());
        Self::start(mirror.path().to_owned(), move |shared| async move {
            let folder = mirror.path().to_owned();
            let known = tokio::task::spawn_blocking(move || mirror.existing(excluded)).await;
            let known = known.map_err(|_| PackError::Stopped)?;
            make(&git, &folder, &wanted, &known, &shared).await
        })
    }

    /// Takes the mirror's only pack, if it holds the history of exactly these tips.
    fn verbatim(mirror: &Mirror, wanted: &[Oid]) -> Option<Self> {
        let path = mirror.sole_pack(&wanted.iter().copied().collect())?;
        let file = File::open(path).ok()?;
        let length = file.metadata().ok()?.len();
        Some(Self::whole(Spool::of_file(file, length), length))
    }

    /// Returns the pack without objects, which is what a push sends that names only objects the other side has.
    pub fn empty(format: ObjectFormat) -> Self {
        let mut bytes = b"PACK\0\0\0\x02\0\0\0\0".to_vec();
        match format {
            ObjectFormat::Sha1 => bytes.extend(EMPTY_SHA1),
            ObjectFormat::Sha256 => {
                let checksum = Sha256::digest(&bytes);
                bytes.extend(checksum);
            }
        }
        let mut spool = Spool::new(Default::default());
        let length = bytes.len() as u64;
        // This little stays in memory, where nothing can go wrong.
        drop(spool.append(bytes.into()));
        Self::whole(spool, length)
    }

    fn whole(spool: Spool, length: u64) -> Self {
        let state = State { written: length, end: Some(Ok(())) };
        let shared = Shared { spool: Mutex::new(spool), state: watch::Sender::new(state) };
        Self { inner: Arc::new(Inner { shared: Arc::new(shared), maker: None }) }
    }

    fn start<F>(folder: std::path::PathBuf, make: impl FnOnce(Arc<Shared>) -> F + Send + 'static) -> Self
    where
        F: Future<Output = Result<(), PackError>> + Send,
    {
        let shared = Arc::new(Shared { spool: Mutex::new(Spool::new(folder)), state: watch::Sender::default() });
        let own = shared.clone();
        let maker = tokio::spawn(async move {
            let end = make(own.clone()).await;
            own.state.send_modify(|state| state.end = Some(end));
        });
        Self { inner: Arc::new(Inner { shared, maker: Some(maker) }) }
    }

    /// Streams the pack from its start, as it grows.
    pub fn stream(&self) -> ByteStream {
        let state = self.inner.shared.state.subscribe();
        // The clone keeps the maker going for as long as somebody reads.
        stream::unfold(Some((self.clone(), state, 0_u64)), |reading| async move {
            let (pack, mut state, position) = reading?;
            match pack.read(&mut state, position).await {
                Ok(None) => None,
                Ok(Some(piece)) => {
                    let next = position + piece.len() as u64;
                    Some((Ok(piece), Some((pack, state, next))))
                }
                Err(error) => {
                    let error = TransportError::new(TransportErrorKind::Body, "pack", error.to_string());
                    Some((Err(error), None))
                }
            }
        })
        .boxed()
    }

    async fn read(&self, state: &mut watch::Receiver<State>, position: u64) -> Result<Option<Bytes>, PackError> {
        let end = {
            let seen = state.wait_for(|state| state.written > position || state.end.is_some()).await;
            let seen = seen.map_err(|_| PackError::Stopped)?;
            if seen.written > position { None } else { seen.end.clone() }
        };
        if let Some(end) = end {
            return end.map(|()| None);
        }
        let next = self.inner.shared.spool().next(position);
        match next {
            Next::Bytes(bytes) => Ok(Some(bytes)),
            Next::File(file, length) => {
                let read = tokio::task::spawn_blocking(move || {
                    use std::os::unix::fs::FileExt;
                    let mut piece = BytesMut::zeroed(length);
                    file.read_exact_at(&mut piece, position).map(|()| piece.freeze())
                });
                match read.await {
                    Ok(Ok(piece)) => Ok(Some(piece)),
                    Ok(Err(error)) => Err(PackError::Io { message: error.to_string() }),
                    Err(_) => Err(PackError::Stopped),
                }
            }
        }
    }

    /// Waits until the pack is complete, or known to be too long to wait for.
    pub(crate) async fn settle(&self) -> Result<(), PackError> {
        let mut state = self.inner.shared.state.subscribe();
        let seen = state.wait_for(|state| state.written > SETTLED || state.end.is_some()).await;
        let seen = seen.map_err(|_| PackError::Stopped)?;
        seen.end.clone().unwrap_or(Ok(()))
    }

    /// Waits until the pack is complete and returns its length.
    ///
    /// # Errors
    /// It could not be made.
    pub async fn finished(&self) -> Result<u64, PackError> {
        let mut state = self.inner.shared.state.subscribe();
        let seen = state.wait_for(|state| state.end.is_some()).await.map_err(|_| PackError::Stopped)?;
        seen.end.clone().unwrap_or(Ok(())).map(|()| seen.written)
    }

    /// Returns the length, once the pack is complete.
    pub fn known_length(&self) -> Option<u64> {
        let state = self.inner.shared.state.borrow();
        matches!(state.end, Some(Ok(()))).then_some(state.written)
    }

    /// Returns all of it, if it is complete and in memory.
    pub(crate) fn in_memory(&self) -> Option<Vec<Bytes>> {
        self.known_length()?;
        self.inner.shared.spool().in_memory()
    }

    /// Returns why it could not be made, if that is so.
    pub fn failure(&self) -> Option<PackError> {
        self.inner.shared.state.borrow().end.clone().and_then(Result::err)
    }

    /// Says whether it is a pack of the mirror that is sent as it is.
    pub fn is_verbatim(&self) -> bool {
        self.inner.maker.is_none() && self.in_memory().is_none()
    }
}

impl std::fmt::Debug for SharedPack {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SharedPack").field("state", &*self.inner.shared.state.borrow()).finish_non_exhaustive()
    }
}

impl Shared {
    fn spool(&self) -> MutexGuard<'_, Spool> {
        self.spool.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The checksum of the empty pack by SHA-1.
const EMPTY_SHA1: [u8; 20] = [
    0x02, 0x9d, 0x08, 0x82, 0x3b, 0xd8, 0xa8, 0xea, 0xb5, 0x10, 0xad, 0x6a, 0xc7, 0x5c, 0x82, 0x3c, 0xfd, 0x3e, 0xd3,
    0x1e,
];

/// Runs git and spools what it writes.
async fn make(
    git: &Git,
    mirror: &Path,
    wanted: &[Oid],
    excluded: &BTreeSet<Oid>,
    shared: &Arc<Shared>,
) -> Result<(), PackError> {
    let mut input = Vec::with_capacity((wanted.len() + excluded.len()) * 66);
    for oid in excluded {
        input.extend_from_slice(format!("^{oid}\n").as_bytes());
    }
    for oid in wanted {
        input.extend_from_slice(format!("{oid}\n").as_bytes());
    }
    let command = git
        .command("pack-objects")
        .args(["--stdout", "--revs", "--thin", "--delta-base-offset", "-q"])
        .repository(mirror);
    let mut child = command.spawn(true).map_err(failed)?;
    let stdin = child.stdin.take();
    let feed = async move {
        if let Some(mut stdin) = stdin {
            // A process that does not read all of its input says why by its exit status.
            drop(stdin.write_all(&input).await);
            drop(stdin.shutdown().await);
        }
    };
    let ((), spooled) = tokio::join!(feed, spool(&mut child, shared));
    // The exit status says more than a broken pipe does.
    child.succeed().await.map_err(failed)?;
    spooled
}

async fn spool(child: &mut Child, shared: &Arc<Shared>) -> Result<(), PackError> {
    let failed = |error: std::io::Error| PackError::Io { message: error.to_string() };
    let Some(mut stdout) = child.stdout.take() else { return Err(PackError::Stopped) };
    let mut buffer = BytesMut::with_capacity(256 << 10);
    loop {
        buffer.reserve(64 << 10);
        if stdout.read_buf(&mut buffer).await.map_err(failed)? == 0 {
            return Ok(());
        }
        let piece = buffer.split().freeze();
        // Writes go to the page cache; they are as quick as copying.
        let written = shared.spool().append(piece).map_err(failed)?;
        shared.state.send_modify(|state| state.written = written);
    }
}

fn failed(error: ChildError) -> PackError {
    let damaged = matches!(
        &error,
        ChildError::Failed { stderr, .. } if complaint(stderr) == Some(Complaint::DamagedObjects)
    );
    PackError::Git { message: error.to_string(), damaged }
}
