//! Taking in a pack.

use std::path::Path;
use std::process::ExitStatus;

use bytes::Bytes;
use refray_core::Oid;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::child::{Child, ChildError, Git, quote_alternate};
use crate::mirror::{Mirror, Quarantine};

/// A running `git index-pack` that is fed piece by piece and writes into a quarantine.
pub(crate) struct Indexer {
    child: Child,
    /// Bytes that were fed.
    received: u64,
    header: Vec<u8>,
}

/// What came of a pack.
pub(crate) struct Indexed {
    /// `pack-…`, the name of its files; `None` when the pack has no objects.
    pub(crate) name: Option<String>,
    /// Every object that an object in it refers to is in it, too.
    pub(crate) self_contained: bool,
}

impl Indexer {
    /// Starts to index into `quarantine`. With `alone`, the pack is checked to need no object but its own; without it, the
    /// mirror's objects complete a thin pack.
    pub(crate) fn start(
        git: &Git,
        mirror: &Path,
        quarantine: &Quarantine,
        alone: bool,
        with_mirror: bool,
    ) -> Result<Self, ChildError> {
        let objects = mirror.join("objects");
        let mut command = git.command("index-pack").args(["--stdin", "--fix-thin"]).repository(mirror);
        if alone {
            command = command.arg("--check-self-contained-and-connected");
        }
        let command = command.quarantine(&quarantine.objects(), with_mirror.then_some(objects.as_path()));
        Ok(Self { child: command.spawn(true)?, received: 0, header: Vec::new() })
    }

    pub(crate) fn received(&self) -> u64 {
        self.received
    }

    pub(crate) async fn write(&mut self, piece: &Bytes) -> Result<(), ChildError> {
        if self.header.len() < 12 {
            let rest = 12 - self.header.len();
            self.header.extend_from_slice(&piece[..piece.len().min(rest)]);
        }
        self.received += piece.len() as u64;
        let Some(stdin) = self.child.stdin.as_mut() else { return Ok(()) };
        if let Err(source) = stdin.write_all(piece).await {
            // It has given up, and its own words say more than a broken pipe does.
            self.child.succeed().await?;
            return Err(ChildError::Io { command: self.child.command(), source });
        }
        Ok(())
    }

    /// Ends the input and waits for the result.
    pub(crate) async fn finish(mut self) -> Result<Indexed, ChildError> {
        let command = self.child.command();
        if let Some(mut stdin) = self.child.stdin.take() {
            drop(stdin.shutdown().await);
        }
        let mut said = String::new();
        if let Some(stdout) = self.child.stdout.take() {
            let read = stdout.take(1024).read_to_string(&mut said).await;
            read.map_err(|source| ChildError::Io { command, source })?;
        }
        let (status, stderr) = self.child.finish().await?;
        // 1 says that the pack is good but refers to objects outside of it.
        let is_good = |status: ExitStatus| matches!(status.code(), Some(0 | 1));
        let name = said.split_whitespace().next_back().filter(|name| name.bytes().all(|byte| byte.is_ascii_hexdigit()));
        let Some(name) = name.filter(|_| is_good(status)) else {
            return Err(ChildError::Failed { command, status, stderr });
        };
        let is_empty = self.header.get(8..12).is_none_or(|count| count == [0; 4]);
        Ok(Indexed { name: (!is_empty).then(|| format!("pack-{name}")), self_contained: status.success() })
    }
}

/// Checks that everything that `tips` reach is in the quarantine or kept by the mirror; says what git complained of if not.
pub(crate) async fn check_connected(
    git: &Git,
    mirror: &Mirror,
    quarantine: &Quarantine,
    tips: impl IntoIterator<Item = &Oid>,
) -> Result<(), ChildError> {
    let mut input = Vec::new();
    for tip in tips {
        input.extend_from_slice(format!("{tip}\n").as_bytes());
    }
    git.command("rev-list")
        .args(["--objects", "--stdin", "--not", "--all", "--quiet"])
        .repository(mirror.path())
        // Objects are looked for in the mirror first, because most of them are there.
        .env("GIT_ALTERNATE_OBJECT_DIRECTORIES", quote_alternate(&quarantine.objects()))
        .run(Some(input))
        .await
        .map(|_| ())
}
