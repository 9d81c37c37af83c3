//! The first mirror of a large history.

use std::time::Instant;

use crate::ground::Ground;
use crate::report::Report;
use crate::{Common, Error, history};

pub(crate) async fn run(common: &Common, commits: usize, endpoints: usize) -> Result<(), Error> {
    let mut report =
        Report::new(format!("First mirror: {commits} commits from one endpoint to {endpoints} empty ones"));
    let (mut git, mut own, mut peer) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..common.runs {
        let ground = filled(commits, endpoints).await?;
        let started = Instant::now();
        let clone = ground.dir.path().join("clone.git").to_string_lossy().into_owned();
        ground.runner.git(&["clone", "-q", "--mirror", &ground.url(0, "large"), clone.as_str()]).await?;
        let mut pushes = Vec::new();
        for site in 1..=endpoints {
            ground.repository(site, "large")?;
            pushes.push(
                ["-C", clone.as_str(), "push", "-q", "--mirror", &ground.url(site, "large")]
                    .map(str::to_owned)
                    .to_vec(),
            );
        }
        ground.runner.gits(pushes, endpoints).await?;
        git.push(started.elapsed());

        let ground = filled(commits, endpoints).await?;
        own.push(
            ground.fresh_home("refray")?.sync(&common.refray, &ground.config("config.toml", 0..endpoints + 1)?).await?,
        );
        if let Some(program) = &common.peer {
            let ground = filled(commits, endpoints).await?;
            peer.push(
                ground.fresh_home("peer")?.sync(program, &ground.config("config.toml", 0..endpoints + 1)?).await?,
            );
        }
    }
    report.row("git clone --mirror, push --mirror", git, "pushes in parallel");
    report.row("refray", own, "");
    if common.peer.is_some() {
        report.row("peer", peer, "");
    }
    report.print();
    Ok(())
}

async fn filled(commits: usize, endpoints: usize) -> Result<Ground, Error> {
    let ground = Ground::new(endpoints + 1).await?;
    let source = ground.repository(0, "large")?;
    ground.import(&source, history::stream(commits, 20, 20)).await?;
    Ok(ground)
}
