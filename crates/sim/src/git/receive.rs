use std::path::PathBuf;
use std::sync::Arc;

use axum::body::Body;
use axum::response::Response;
use bytes::{Bytes, BytesMut};
use futures_util::StreamExt;
use http::{StatusCode, header};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::access::Grant;
use super::pktline::{self, Packet};
use super::rules::{hidden_refs, refusals};
use super::scripts::{read_refused, write_table};
use super::serve::{BodyStream, child, plain};
use super::{report, route::Service};
use crate::dialect::blocking;
use crate::faults::ReceiveFault;
use crate::site::RefChange;
use crate::{Site, ids};

/// One line of what a push asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Command {
    pub(super) old: String,
    pub(super) new: String,
    pub(super) name: String,
}

impl Command {
    pub(super) fn creates(&self) -> bool {
        self.old.bytes().all(|byte| byte == b'0')
    }

    pub(super) fn deletes(&self) -> bool {
        self.new.bytes().all(|byte| byte == b'0')
    }
}

/// The commands at the head of a push, and what the client can take in answer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Head {
    commands: Vec<Command>,
    side_band: bool,
}

/// Takes a push in.
pub(super) async fn receive(site: &Arc<Site>, grant: Grant, mut body: BodyStream) -> Response {
    let mut start = BytesMut::new();
    let head = loop {
        match parse(&start) {
            Err(()) => return plain(StatusCode::BAD_REQUEST, "bad push"),
            Ok(Some(head)) => break head,
            Ok(None) => {}
        }
        match body.next().await {
            Some(Ok(chunk)) => start.extend_from_slice(&chunk),
            Some(Err(_)) => return plain(StatusCode::BAD_REQUEST, "the request ended too soon"),
            None => return plain(StatusCode::BAD_REQUEST, "the request ended too soon"),
        }
    };
    // What has begun is brought to its end, also when the client goes away: forges do not stop a push in the middle.
    let push = tokio::spawn(carry_out(Arc::clone(site), grant, head, start.freeze(), body));
    push.await.unwrap_or_else(|error| plain(StatusCode::INTERNAL_SERVER_ERROR, &error.to_string()))
}

/// Carries out a push whose commands are known, and what follows it.
async fn carry_out(site: Arc<Site>, grant: Grant, head: Head, start: Bytes, body: BodyStream) -> Response {
    let id = grant.repository.id;
    if !head.commands.is_empty() {
        let (site, hooks) = (Arc::clone(&site), site.faults().take_before_receive(id));
        blocking(move || hooks.into_iter().for_each(|hook| hook(&site))).await;
    }
    let fault = if head.commands.is_empty() { None } else { site.faults().take_receive_fault() };
    let refusals = refusals(&site, &grant, &head.commands);
    let table = (!refusals.is_empty()).then(|| site.dir().join("tables").join(ids::letters(16)));
    if let Some(table) = &table
        && let Err(error) = write_table(table, &refusals)
    {
        return plain(StatusCode::INTERNAL_SERVER_ERROR, &error.to_string());
    }
    let answer = match run(&site, id, fault, table.as_ref(), start, body).await {
        Ok(answer) => answer,
        Err(error) => return plain(StatusCode::INTERNAL_SERVER_ERROR, &error.to_string()),
    };
    let reasons = table.as_deref().map(read_refused).unwrap_or_default();
    let (report, answer) = report::mend(&answer, head.side_band, &reasons);
    let user = grant.viewer.user().unwrap_or_default();
    let (told, commands) = (Arc::clone(&site), head.commands);
    let done = blocking(move || {
        let changes = changes(&told, id, commands, &report);
        told.refs_changed(id, user, changes)
    });
    if let Err(error) = done.await {
        // The push itself went through; only a repository deleted meanwhile gets here.
        tracing::warn!(site = site.name(), %error, "what follows a push was not done");
    }
    let kind = format!("application/x-{}-result", Service::ReceivePack.as_str());
    let headers = [(header::CONTENT_TYPE, kind.as_str()), (header::CACHE_CONTROL, "no-cache")];
    axum::response::IntoResponse::into_response((headers, Body::from(answer)))
}

async fn run(
    site: &Site,
    id: u64,
    fault: Option<ReceiveFault>,
    table: Option<&PathBuf>,
    start: Bytes,
    mut body: BodyStream,
) -> std::io::Result<Vec<u8>> {
    let mut args: Vec<String> =
        hidden_refs(site.kind()).iter().map(|name| format!("receive.hideRefs={name}")).collect();
    if table.is_some() {
        args.push(format!("core.hooksPath={}", site.dir().join("hooks").display()));
    }
    let mut settings: Vec<&str> = args.iter().flat_map(|setting| ["-c", setting]).collect();
    settings.extend(["receive-pack", "--stateless-rpc", "."]);
    let mut command = child(&site.repository_dir(id), &settings, fault == Some(ReceiveFault::DiskFull));
    if let Some(table) = table {
        command.env("SIM_TABLE", table);
    }
    let mut child = command.spawn()?;
    let (stdin, stdout) = (child.stdin.take(), child.stdout.take());
    let feeder = tokio::spawn(async move {
        let Some(mut stdin) = stdin else { return };
        // A child that has given up closes its input; what it says about that is in its answer.
        if stdin.write_all(&start).await.is_err() {
            return;
        }
        while let Some(Ok(chunk)) = body.next().await {
            if stdin.write_all(&chunk).await.is_err() {
                return;
            }
        }
    });
    let running = site.children().add(child, Some(feeder.abort_handle()));
    let mut answer = Vec::new();
    if let Some(mut stdout) = stdout {
        stdout.read_to_end(&mut answer).await?;
    }
    running.finish().await;
    Ok(answer)
}

/// Returns what the push really changed: what the report says, or how the refs stand when there was none.
fn changes(site: &Site, id: u64, commands: Vec<Command>, report: &report::Report) -> Vec<RefChange> {
    let bare = site.bare(id);
    let went_through = |command: &Command| {
        if report.seen {
            return report.ok.contains(&command.name);
        }
        let now = bare.resolve(&command.name).ok().flatten();
        if command.deletes() { now.is_none() } else { now.as_ref() == Some(&command.new) }
    };
    commands
        .into_iter()
        .filter(|command| command.old != command.new && went_through(command))
        .map(|command| RefChange { name: command.name, old: command.old, new: command.new })
        .collect()
}

/// Reads the commands; `None` when they are not all there yet.
fn parse(mut input: &[u8]) -> Result<Option<Head>, ()> {
    let mut head = Head::default();
    let mut first = true;
    loop {
        let line = match pktline::take(&mut input)? {
            None => return Ok(None),
            Some(Packet::Flush) => return Ok(Some(head)),
            Some(Packet::Mark) => return Err(()),
            Some(Packet::Data(line)) => line,
        };
        let mut parts = line.splitn(2, |byte| *byte == 0);
        let command = parts.next().unwrap_or_default();
        if first {
            let capabilities = String::from_utf8_lossy(parts.next().unwrap_or_default()).into_owned();
            head.side_band = capabilities.split([' ', '\n']).any(|it| it == "side-band-64k");
            first = false;
        }
        let command = std::str::from_utf8(command).map_err(|_| ())?.trim_end_matches('\n');
        // A shallow client names its edges before its commands.
        if command.starts_with("shallow ") {
            first = true;
            continue;
        }
        let mut words = command.splitn(3, ' ');
        let (Some(old), Some(new), Some(name)) = (words.next(), words.next(), words.next()) else { return Err(()) };
        head.commands.push(Command { old: old.to_owned(), new: new.to_owned(), name: name.to_owned() });
    }
}

#[cfg(test)]
mod tests {
    use bytes::BytesMut;

    use super::{Command, parse};
    use crate::git::pktline;

    #[test]
    fn commands_are_read_once_they_are_all_there() {
        let mut input = BytesMut::new();
        let (a, b, zero) = ("a".repeat(40), "b".repeat(40), "0".repeat(40));
        pktline::put(&mut input, format!("{a} {b} refs/heads/x\0 report-status side-band-64k agent=t").as_bytes());
        pktline::put(&mut input, format!("{a} {zero} refs/heads/y").as_bytes());
        assert_eq!(parse(&input), Ok(None));
        input.extend_from_slice(b"0000PACK");
        let head = parse(&input).unwrap().unwrap();
        assert!(head.side_band);
        assert_eq!(head.commands[0], Command { old: a.clone(), new: b, name: "refs/heads/x".to_owned() });
        assert!(head.commands[1].deletes());
        assert!(parse(b"0000").unwrap().unwrap().commands.is_empty());
        assert_eq!(parse(b"zzzz"), Err(()));
    }
}
