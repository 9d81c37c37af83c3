//! A fetch from its beginning to its end.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use refray_core::{ObjectFormat, Oid};

use super::error::FetchError;
use super::index::{Indexed, Indexer, check_connected};
use super::negotiate::{Haves, blocking};
use super::request::Ask;
use super::response::{Piece, Round, read_piece, read_round};
use crate::child::{ChildError, Git};
use crate::ls_refs::{check_v2, leave, may_be_misunderstood};
use crate::mirror::{Mirror, Quarantine};
use crate::pktline::Messages;
use crate::progress::Progress;
use crate::transport::{Body, ProtocolVersion, Remote, Service, TransportErrorKind};
use crate::wire::{Advertisement, ProtocolError, Session, read_advertisement};
use crate::words::want_refused;

/// How often a fetch is begun whose answer breaks off.
const MOST_TRIES: u32 = 3;
/// How long it is waited before that; longer each time.
const PAUSE: Duration = Duration::from_millis(300);

/// What is to be fetched.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FetchRequest {
    /// The tips that are missing. Those that the mirror holds already are passed over.
    pub wants: BTreeSet<Oid>,
    /// Tips that the other side may know, the likeliest first. Those that the mirror does not hold are passed over.
    pub haves: Vec<Oid>,
}

/// What a fetch did.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FetchReport {
    /// Bytes of the pack that came in; 0 when nothing was missing.
    pub received: u64,
    /// How many rounds the negotiation took; 0 when nothing was missing.
    pub rounds: u32,
    /// What the server wrote for people.
    pub messages: Vec<String>,
}

/// Fetches what is missing of the history of `wants` into the mirror. Afterwards the mirror holds them; what keeps them for
/// longer is [`Mirror::keep`].
///
/// # Errors
/// Nothing is held that was not before, and nothing is left behind.
pub async fn fetch(
    git: &Git,
    remote: &dyn Remote,
    mirror: &Arc<Mirror>,
    request: &FetchRequest,
    progress: &dyn Progress,
) -> Result<FetchReport, FetchError> {
    let own = mirror.clone();
    let wants = request.wants.clone();
    let wants: Vec<Oid> = blocking(move || {
        let held = own.holds(wants.iter().copied())?;
        Ok(wants.into_iter().filter(|oid| !held.contains(oid)).collect())
    })
    .await?;
    if wants.is_empty() {
        return Ok(FetchReport::default());
    }
    if let Some(oid) = wants.iter().find(|oid| oid.format() != mirror.format()) {
        let remote = remote.describe();
        return Err(ProtocolError::Format { remote, ours: mirror.format(), theirs: oid.format() }.into());
    }
    let is_first = mirror.is_empty()?;
    let haves = Haves::new(mirror, request.haves.clone()).await?;
    let exchange = Exchange { git, mirror, remote, wants: &wants, haves: &haves, is_first, progress };
    let mut tries = 1;
    let fetched = loop {
        match exchange.run().await {
            Err(FetchError::Protocol(error)) if tries < MOST_TRIES && broke_off(&error) => {
                tracing::debug!(%error, "fetching again");
                tokio::time::sleep(PAUSE * tries).await;
                tries += 1;
            }
            fetched => break fetched,
        }
    };
    fetched.map_err(|error| match error {
        FetchError::Protocol(ProtocolError::Remote { remote, message }) => match want_refused(&message) {
            Some(oid) => FetchError::Moved { remote, oid },
            None => FetchError::Protocol(ProtocolError::Remote { remote, message }),
        },
        error => error,
    })
}

struct Exchange<'a> {
    git: &'a Git,
    mirror: &'a Arc<Mirror>,
    remote: &'a dyn Remote,
    wants: &'a [Oid],
    haves: &'a Haves,
    /// The mirror is empty, so that the pack must be complete in itself.
    is_first: bool,
    progress: &'a dyn Progress,
}

impl Exchange<'_> {
    async fn run(&self) -> Result<FetchReport, FetchError> {
        if let Some(session) = Session::resume(self.remote, Service::UploadPack, ProtocolVersion::V2).await {
            match self.run_in(session).await {
                // The server may have ended a conversation in which nobody had said anything for a while.
                Err(FetchError::Protocol(error)) if error.is_transient() => {}
                other => return other,
            }
        }
        let known = self.remote.memory().speaks_v2();
        self.run_in(Session::open(self.remote, Service::UploadPack, ProtocolVersion::V2, !known).await?).await
    }

    async fn run_in(&self, mut session: Session<'_>) -> Result<FetchReport, FetchError> {
        let memory = self.remote.memory();
        if !session.has_advertisement() {
            let format = self.mirror.format();
            let ask = Ask {
                wants: self.wants,
                agent: memory.takes_agent(),
                format: (format != ObjectFormat::Sha1).then_some(format),
            };
            match self.negotiate(&mut session, &ask).await {
                Ok(rounds) => return self.receive(&mut session, false, rounds).await,
                Err(FetchError::Protocol(error)) if is_worth_asking(&error) => session.advertise().await?,
                Err(error) => return Err(error),
            }
        }
        match read_advertisement(session.reader()?, Service::UploadPack).await? {
            Advertisement::V2 { capabilities } => {
                let format = check_v2(session.reader()?, &capabilities, memory)?;
                self.check_format(format)?;
                let ask = Ask {
                    wants: self.wants,
                    agent: capabilities.has("agent"),
                    format: capabilities.has("object-format").then_some(format),
                };
                let rounds = self.negotiate(&mut session, &ask).await?;
                self.receive(&mut session, false, rounds).await
            }
            Advertisement::V0 { capabilities, refs, .. } => {
                memory.saw_v0();
                let format = capabilities.format().unwrap_or_default();
                self.check_format(format)?;
                if !capabilities.has("side-band-64k") && !capabilities.has("side-band") {
                    let remote = self.remote.describe();
                    return Err(ProtocolError::Unsupported { remote, capability: "side-band-64k" }.into());
                }
                // A server of this version gives nothing but what it has just listed.
                let listed: BTreeSet<Oid> = refs.into_iter().map(|(_, oid)| oid).collect();
                if let Some(oid) = self.wants.iter().find(|oid| !listed.contains(oid)) {
                    leave(&mut session).await;
                    return Err(FetchError::Moved { remote: self.remote.describe(), oid: *oid });
                }
                let ask = Ask {
                    wants: self.wants,
                    agent: capabilities.has("agent"),
                    format: capabilities.has("object-format").then_some(format),
                };
                let mut haves = self.haves.tips.clone();
                haves.extend(self.haves.older().await?);
                session.send(Body::Bytes(ask.v0(&haves, &capabilities))).await?;
                self.receive(&mut session, true, 1).await
            }
        }
    }

    fn check_format(&self, theirs: ObjectFormat) -> Result<(), FetchError> {
        let ours = self.mirror.format();
        if ours == theirs {
            return Ok(());
        }
        Err(ProtocolError::Format { remote: self.remote.describe(), ours, theirs }.into())
    }

    /// Says what is here until the server has heard enough, and returns how many rounds that took. The pack is next then.
    async fn negotiate(&self, session: &mut Session<'_>, ask: &Ask<'_>) -> Result<u32, FetchError> {
        if self.haves.tips.is_empty() {
            session.send(Body::Bytes(ask.v2(&[], true))).await?;
            return self.expect_pack(session, 1).await;
        }
        session.send(Body::Bytes(ask.v2(&self.haves.tips, false))).await?;
        let Round::More(mut common) = read_round(session.reader()?).await? else { return Ok(1) };
        // The tips did not say enough. Older history is named once, and then it has to do.
        let mut rounds = 2;
        let older = self.haves.older().await?;
        if !older.is_empty() {
            rounds = 3;
            let mut haves = common.clone();
            haves.extend(older);
            session.send(Body::Bytes(ask.v2(&haves, false))).await?;
            match read_round(session.reader()?).await? {
                Round::Pack => return Ok(2),
                Round::More(more) => common = more,
            }
        }
        session.send(Body::Bytes(ask.v2(&common, true))).await?;
        self.expect_pack(session, rounds).await
    }

    async fn expect_pack(&self, session: &mut Session<'_>, rounds: u32) -> Result<u32, FetchError> {
        match read_round(session.reader()?).await? {
            Round::Pack => Ok(rounds),
            Round::More(_) => Err(session.reader()?.malformed("a pack", b"another round").into()),
        }
    }

    /// Takes the pack in.
    async fn receive(&self, session: &mut Session<'_>, v0: bool, rounds: u32) -> Result<FetchReport, FetchError> {
        let quarantine = Quarantine::new(self.mirror)?;
        let failed = |source| FetchError::Index { remote: self.remote.describe(), source };
        let mut indexer =
            Indexer::start(self.git, self.mirror.path(), &quarantine, self.is_first, true).map_err(failed)?;
        let mut messages = Messages::default();
        let reader = session.reader()?;
        reader.lift_limit();
        loop {
            // What is before the pack can only be an acknowledgement as long as no pack has begun.
            match read_piece(reader, v0 && indexer.received() == 0).await? {
                Piece::Data(bytes) => {
                    indexer.write(&bytes).await.map_err(failed)?;
                    self.progress.received(indexer.received());
                }
                Piece::Message(bytes) => messages.push(&bytes, self.progress),
                Piece::End => break,
            }
        }
        let received = indexer.received();
        let indexed = indexer.finish().await.map_err(failed)?;
        if !v0 {
            leave(session).await;
        }
        self.admit(&quarantine, &indexed).await?;
        Ok(FetchReport { received, rounds, messages: messages.finish(self.progress) })
    }

    /// Checks what came and lets it in.
    async fn admit(&self, quarantine: &Quarantine, indexed: &Indexed) -> Result<(), FetchError> {
        let incomplete = |why: String| FetchError::Incomplete { remote: self.remote.describe(), why };
        let is_whole = self.is_first && indexed.self_contained && indexed.name.is_some();
        if !is_whole {
            check_connected(self.git, self.mirror, quarantine, self.wants).await.map_err(|error| match error {
                ChildError::Failed { stderr, .. } => incomplete(stderr),
                source => FetchError::Index { remote: self.remote.describe(), source },
            })?;
        }
        let was_empty = self.is_first && self.mirror.packs()?.is_empty();
        let pack = match &indexed.name {
            Some(name) => Some(quarantine.admit(self.mirror, name)?),
            None => None,
        };
        let (mirror, wants) = (self.mirror.clone(), self.wants.to_vec());
        let there = blocking(move || Ok(mirror.existing(wants))).await?;
        if let Some(oid) = self.wants.iter().find(|oid| !there.contains(oid)) {
            return Err(incomplete(format!("{oid} was asked for and did not come")));
        }
        self.mirror.note_checked(self.wants.iter().copied(), pack.filter(|_| is_whole && was_empty));
        Ok(())
    }
}

/// Says whether the answer ended too early, which a long one does on many a network.
const fn broke_off(error: &ProtocolError) -> bool {
    matches!(error, ProtocolError::Truncated { .. }) || matches!(error.transport(), Some(TransportErrorKind::Broken))
}

/// Says whether the server should be asked what it speaks after a first request has failed.
fn is_worth_asking(error: &ProtocolError) -> bool {
    match error {
        ProtocolError::Remote { message, .. } => want_refused(message).is_none(),
        error => may_be_misunderstood(error),
    }
}
