//! The first push of many references to an empty endpoint.

use std::fmt::Write as _;
use std::path::Path;
use std::time::{Duration, Instant};

use crate::ground::Ground;
use crate::report::Report;
use crate::{Common, Error, history};

pub(crate) async fn run(common: &Common, branches: usize, tags: usize, with_git_push: bool) -> Result<(), Error> {
    let mut report = Report::new(format!("First push: {branches} branches and {tags} tags to an empty endpoint"));
    let (mut server, mut git, mut own, mut own_all, mut peer) =
        (Vec::new(), Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for _ in 0..common.runs {
        // The second forge takes part only in the second sync, so that the mirror is warm and the push alone is measured.
        let ground = Ground::new(4).await?;
        let source = ground.repository(0, "many")?;
        ground.import(&source, history::stream(branches.max(2000), branches, tags)).await?;
        server.push(bare_receive_pack(&ground, &source).await?);
        let home = ground.fresh_home("refray")?;
        own_all.push(home.sync(&common.refray, &ground.config("first.toml", 0..2)?).await?);
        own.push(home.sync(&common.refray, &ground.config("second.toml", 0..3)?).await?);
        if with_git_push {
            ground.repository(3, "many")?;
            let source = source.to_string_lossy().into_owned();
            git.push(
                ground.runner.git(&["-C", source.as_str(), "push", "-q", "--mirror", &ground.url(3, "many")]).await?,
            );
        }
        if let Some(program) = &common.peer {
            let ground = Ground::new(2).await?;
            let source = ground.repository(0, "many")?;
            ground.import(&source, history::stream(branches.max(2000), branches, tags)).await?;
            peer.push(ground.fresh_home("peer")?.sync(program, &ground.config("peer.toml", 0..2)?).await?);
        }
    }
    report.row("git receive-pack alone, same input", server, "the server's own work");
    report.row("refray, objects at hand", own, "listing, packing and pushing to one more endpoint");
    report.row("refray, from nothing", own_all, "fetching from one endpoint and pushing to another");
    if with_git_push {
        report.row("git push --mirror", git, "");
    }
    if common.peer.is_some() {
        report.row("peer, from nothing", peer, "fetching from one endpoint and pushing to another");
    }
    report.print();
    Ok(())
}

/// Feeds a bare `git receive-pack` the commands and the pack of a first push, over a pipe.
async fn bare_receive_pack(ground: &Ground, source: &Path) -> Result<Duration, Error> {
    let target = ground.dir.path().join("bare.git").to_string_lossy().into_owned();
    ground.runner.git(&["init", "-q", "--bare", target.as_str()]).await?;
    let source = source.to_string_lossy().into_owned();
    let (refs, _) = ground
        .runner
        .feed(&["-C", source.as_str(), "for-each-ref", "--format=%(objectname) %(refname)"], Vec::new())
        .await?;
    let refs = String::from_utf8(refs)?;
    let mut input = Vec::new();
    let mut tips = String::new();
    for (index, line) in refs.lines().enumerate() {
        let (oid, name) = line.split_once(' ').ok_or("for-each-ref")?;
        let capabilities = if index == 0 { "\0report-status" } else { "" };
        let command = format!("{} {oid} {name}{capabilities}", "0".repeat(40));
        input.extend_from_slice(format!("{:04x}{command}", command.len() + 4).as_bytes());
        writeln!(tips, "{oid}")?;
    }
    input.extend_from_slice(b"0000");
    let pack = ["-C", source.as_str(), "pack-objects", "--revs", "--stdout", "--delta-base-offset", "-q"];
    let (pack, _) = ground.runner.feed(&pack, tips.into_bytes()).await?;
    input.extend_from_slice(&pack);
    let started = Instant::now();
    // As the simulator runs it: tidying up is not part of a push.
    let quiet = ["-c", "receive.autogc=false", "-c", "gc.auto=0", "-c", "maintenance.auto=false"];
    let command: Vec<&str> = quiet.into_iter().chain(["receive-pack", "--stateless-rpc", target.as_str()]).collect();
    ground.runner.feed(&command, input).await?;
    let took = started.elapsed();
    std::fs::remove_dir_all(&target)?;
    Ok(took)
}
