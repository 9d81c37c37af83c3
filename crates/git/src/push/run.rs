//! A push from its beginning to its end.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use bytes::Bytes;
use futures_util::{StreamExt, stream};
use refray_core::name::{BranchName, RefName};
use refray_core::{ObjectFormat, Oid};

use super::command::{PushCommand, encode_commands};
use super::error::PushError;
use super::outcome::{PushReport, RefOutcome};
use super::report::{Line, Status, read_banded, read_plain};
use super::size::Size;
use crate::child::Git;
use crate::mirror::Mirror;
use crate::pack::SharedPack;
use crate::pktline::Messages;
use crate::progress::Progress;
use crate::transport::{Body, ByteStream, ProtocolVersion, Remote, Service};
use crate::wire::{AGENT, Advertisement, Capabilities, ProtocolError, Session, read_advertisement};

/// Where the objects of a push come from.
#[derive(Debug, Clone)]
pub enum PackSource {
    /// A pack that several pushes may share.
    Shared(SharedPack),
    /// A pack of its own, made once it is known what this remote has.
    Build {
        /// The git that makes it.
        git: Git,
        /// Where the objects are.
        mirror: Arc<Mirror>,
        /// What the remote is known to have, besides what it will say itself.
        excluded: Vec<Oid>,
    },
}

/// What is to be pushed.
pub struct PushRequest<'a> {
    /// The changes, at most one for a reference.
    pub commands: Vec<PushCommand>,
    /// The objects for them. `None`: the remote has them all.
    pub pack: Option<PackSource>,
    /// The hash function of the objects.
    pub format: ObjectFormat,
    /// The branch to create first: an empty repository on a forge takes the first one for its default branch.
    pub first: Option<BranchName>,
    /// Who is told how it goes.
    pub progress: &'a dyn Progress,
}

/// Pushes. Each command is carried out only if the reference still has the value that the command names, and one that is
/// refused does not hold up the others.
///
/// # Errors
/// The push failed as a whole. If a part of it was answered, that is no error but a report that says what stopped it.
pub async fn push(remote: &dyn Remote, request: &PushRequest<'_>) -> Result<PushReport, PushError> {
    let mut report = PushReport::default();
    if request.commands.is_empty() {
        return Ok(report);
    }
    let mut session =
        Session::open(remote, Service::ReceivePack, ProtocolVersion::V0, true).await.map_err(PushError::Protocol)?;
    let server = Server::read(&mut session, request.format).await.map_err(PushError::Protocol)?;
    let commands = server.sift(&request.commands, request.first.as_ref(), &mut report);
    if commands.is_empty() {
        crate::ls_refs::leave(&mut session).await;
        return Ok(report);
    }
    let pack = server.pack(request);
    let mut messages = Messages::default();
    let mut size = Size::new(session.is_conversation());
    let mut session = Some(session);
    let mut objects_are_there = false;
    let mut rest = commands.as_slice();
    while !rest.is_empty() {
        let (chunk, after) = rest.split_at(size.of(rest.len()));
        rest = after;
        // The objects for all commands go with the first chunk that needs any.
        let needed = chunk.iter().any(|command| !command.is_deletion());
        let pack = needed.then(|| if objects_are_there { SharedPack::empty(request.format) } else { pack.clone() });
        let sent = AtomicU64::new(0);
        let mut own = match session.take() {
            Some(session) => session,
            None => match reopen(remote).await {
                Ok(session) => session,
                Err(error) => {
                    report.stop(chunk, RefOutcome::NotSent, PushError::Protocol(error));
                    break;
                }
            },
        };
        let begun = Instant::now();
        let result = server.send(&mut own, chunk, pack.as_ref(), request, &mut messages, &sent).await;
        size.took(chunk.len(), begun.elapsed());
        if !own.is_conversation() {
            session = Some(own);
        }
        report.sent += sent.load(Ordering::Relaxed);
        match result {
            Ok(status) => {
                let accepted = report.take(chunk, status);
                objects_are_there |= needed && accepted;
            }
            Err(error) => {
                // A body that could not be produced shows in whatever way the transport noticed.
                let error = match pack.and_then(|pack| pack.failure()) {
                    Some(failure) => PushError::Pack(failure),
                    None => error,
                };
                let outcome = match error {
                    PushError::OutcomeUnknown { .. } => RefOutcome::Unknown,
                    PushError::Protocol(_) | PushError::Pack(_) => RefOutcome::NotSent,
                };
                if report.outcomes.is_empty() {
                    return Err(error);
                }
                report.stop(chunk, outcome, error);
                break;
            }
        }
    }
    for command in rest {
        report.outcomes.insert(command.name.clone(), RefOutcome::NotSent);
    }
    report.messages = messages.finish(request.progress);
    Ok(report)
}

/// Begins anew for the next chunk, where a connection serves only one.
async fn reopen(remote: &dyn Remote) -> Result<Session<'_>, ProtocolError> {
    let mut session = Session::open(remote, Service::ReceivePack, ProtocolVersion::V0, true).await?;
    read_advertisement(session.reader()?, Service::ReceivePack).await?;
    Ok(session)
}

impl PushReport {
    fn stop(&mut self, chunk: &[&PushCommand], outcome: RefOutcome, error: PushError) {
        self.outcomes.extend(chunk.iter().map(|command| (command.name.clone(), outcome.clone())));
        self.stopped = Some(error);
    }

    /// Takes over what the server says, and tells whether it took anything.
    fn take(&mut self, chunk: &[&PushCommand], status: Option<Status>) -> bool {
        let Some(mut status) = status else {
            self.outcomes.extend(chunk.iter().map(|command| (command.name.clone(), RefOutcome::Unknown)));
            return false;
        };
        let mut accepted = false;
        for command in chunk {
            let outcome = match status.refs.remove(&command.name.full()) {
                Some(Line::Ok { now }) => {
                    accepted |= !command.is_deletion();
                    RefOutcome::Ok { now: now.unwrap_or(command.new) }
                }
                Some(Line::Refused(reason)) => RefOutcome::Refused { reason },
                None => match &status.unpack {
                    Some(reason) => RefOutcome::Refused { reason: reason.clone() },
                    None => RefOutcome::Unknown,
                },
            };
            self.outcomes.insert(command.name.clone(), outcome);
        }
        if status.unpack.is_some() {
            self.unpack_error = status.unpack;
        }
        accepted
    }
}

/// What the server said at the beginning.
struct Server {
    capabilities: Capabilities,
    refs: BTreeMap<Bytes, Oid>,
    haves: Vec<Oid>,
}

impl Server {
    async fn read(session: &mut Session<'_>, format: ObjectFormat) -> Result<Self, ProtocolError> {
        let reader = session.reader()?;
        let advertisement = read_advertisement(reader, Service::ReceivePack).await?;
        let Advertisement::V0 { capabilities, refs, haves } = advertisement else {
            return Err(reader.malformed("a version 0 advertisement", b"version 2"));
        };
        let theirs = capabilities.format().ok_or_else(|| reader.malformed("a known object format", b"another one"))?;
        if theirs != format {
            return Err(ProtocolError::Format { remote: reader.remote().to_string(), ours: format, theirs });
        }
        Ok(Self { capabilities, refs: refs.into_iter().collect(), haves })
    }

    /// Puts the commands that can be sent into their order, and reports the others.
    fn sift<'c>(
        &self,
        commands: &'c [PushCommand],
        first: Option<&BranchName>,
        report: &mut PushReport,
    ) -> Vec<&'c PushCommand> {
        let mut good = Vec::with_capacity(commands.len());
        for command in commands {
            let now = self.refs.get(command.name.full().as_bytes()).copied();
            let outcome = if now != command.old {
                RefOutcome::Moved { now }
            } else if now == command.new {
                RefOutcome::Ok { now }
            } else if command.is_deletion() && !self.capabilities.has("delete-refs") {
                RefOutcome::Refused { reason: "the server does not allow deletions".into() }
            } else {
                good.push(command);
                continue;
            };
            report.outcomes.insert(command.name.clone(), outcome);
        }
        // Commands are carried out in their order: `a/b` can only be created once `a` is gone.
        let is_first = |name: &RefName| first.is_some_and(|first| name.branch() == Some(first));
        good.sort_by_key(|command| (!command.is_deletion(), !is_first(&command.name)));
        good
    }

    fn pack(&self, request: &PushRequest<'_>) -> SharedPack {
        match &request.pack {
            None => SharedPack::empty(request.format),
            Some(PackSource::Shared(pack)) => pack.clone(),
            Some(PackSource::Build { git, mirror, excluded }) => {
                let theirs: BTreeSet<Oid> = self.refs.values().chain(&self.haves).chain(excluded).copied().collect();
                let wanted: BTreeSet<Oid> = request.commands.iter().filter_map(|command| command.new).collect();
                let wanted: Vec<Oid> = wanted.difference(&theirs).copied().collect();
                if wanted.is_empty() {
                    return SharedPack::empty(request.format);
                }
                SharedPack::build(git, mirror, &wanted, &theirs.into_iter().collect::<Vec<_>>())
            }
        }
    }

    /// Sends one chunk and reads its report; `None` from a server that does not report.
    async fn send(
        &self,
        session: &mut Session<'_>,
        chunk: &[&PushCommand],
        pack: Option<&SharedPack>,
        request: &PushRequest<'_>,
        messages: &mut Messages,
        sent: &AtomicU64,
    ) -> Result<Option<Status>, PushError> {
        let report = ["report-status-v2", "report-status"].into_iter().find(|name| self.capabilities.has(name));
        let banded = self.capabilities.has("side-band-64k");
        let mut words: Vec<String> = report.into_iter().map(str::to_owned).collect();
        words.extend(
            ["side-band-64k", "quiet"].iter().filter(|name| self.capabilities.has(name)).map(ToString::to_string),
        );
        if self.capabilities.has("object-format") {
            words.push(format!("object-format={}", request.format));
        }
        if self.capabilities.has("agent") {
            words.push(format!("agent={AGENT}"));
        }
        let commands = encode_commands(chunk, &words.join(" "), request.format);
        let (body, counter) = body(commands, pack).await?;
        let watch = Watch { counter: &counter, sent };
        session.send(body).await.map_err(PushError::after_sending)?;
        let reader = session.reader().map_err(PushError::after_sending)?;
        let status = match (report, banded) {
            (Some(_), true) => read_banded(reader, messages, request.progress).await.map(Some),
            (Some(_), false) => read_plain(reader).await.map(Some),
            (None, _) => Ok(None),
        };
        watch.tell(request.progress);
        let status = status.map_err(PushError::after_sending)?;
        if let Some(failure) = pack.and_then(SharedPack::failure) {
            // The server complains of a pack that ends too early, which is not its fault.
            return Err(PushError::Pack(failure));
        }
        // Hooks that run after the report are given the time to end. They can change nothing any more.
        drop(reader.drain().await);
        Ok(status)
    }
}

/// Notes how much was sent, however the sending ends.
struct Watch<'a> {
    counter: &'a Arc<AtomicU64>,
    sent: &'a AtomicU64,
}

impl Watch<'_> {
    fn tell(&self, progress: &dyn Progress) {
        progress.sent(self.counter.load(Ordering::Relaxed));
    }
}

impl Drop for Watch<'_> {
    fn drop(&mut self) {
        self.sent.store(self.counter.load(Ordering::Relaxed), Ordering::Relaxed);
    }
}

/// Puts commands and pack together: of known length when the pack is small.
async fn body(commands: Vec<u8>, pack: Option<&SharedPack>) -> Result<(Body, Arc<AtomicU64>), PushError> {
    let counter = Arc::new(AtomicU64::new(0));
    let Some(pack) = pack else { return Ok((Body::Bytes(commands.into()), counter)) };
    pack.settle().await.map_err(PushError::Pack)?;
    if let Some(pieces) = pack.in_memory() {
        let mut whole = commands;
        for piece in pieces {
            counter.fetch_add(piece.len() as u64, Ordering::Relaxed);
            whole.extend_from_slice(&piece);
        }
        return Ok((Body::Bytes(whole.into()), counter));
    }
    let own = counter.clone();
    let pieces = pack.stream().inspect(move |piece| {
        if let Ok(piece) = piece {
            own.fetch_add(piece.len() as u64, Ordering::Relaxed);
        }
    });
    let stream: ByteStream = stream::iter([Ok(Bytes::from(commands))]).chain(pieces).boxed();
    Ok((Body::Stream(stream), counter))
}
