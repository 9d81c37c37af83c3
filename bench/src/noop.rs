//! A full sync in which nothing changed.

use crate::ground::Ground;
use crate::report::Report;
use crate::{Common, Error, history};

pub(crate) async fn run(common: &Common, repos: usize, endpoints: usize, branches: usize) -> Result<(), Error> {
    let ground = Ground::new(endpoints).await?;
    let names: Vec<String> = (0..repos).map(|index| format!("repo-{index:04}")).collect();
    for name in &names {
        let bare = ground.repository(0, name)?;
        ground.import(&bare, history::stream(20, branches.saturating_sub(1), 0)).await?;
    }
    let config = ground.config("config.toml", 0..endpoints)?;
    let mut report =
        Report::new(format!("Nothing changed: {repos} repositories, {endpoints} endpoints, {branches} branches each"));

    let own = ground.fresh_home("refray")?;
    let first = own.sync(&common.refray, &config).await?;
    let listings: Vec<Vec<String>> = names
        .iter()
        .flat_map(|name| {
            (0..endpoints).map(|site| vec!["ls-remote".to_owned(), ground.url(site, name)]).collect::<Vec<_>>()
        })
        .collect();
    let mut git = Vec::new();
    let mut times = Vec::new();
    let mut requests = 0;
    for _ in 0..common.runs {
        git.push(ground.runner.gits(listings.clone(), 8).await?);
        let before = requests_of(&ground);
        times.push(own.sync(&common.refray, &config).await?);
        requests = requests_of(&ground) - before;
    }
    report.row("git ls-remote, 8 at once", git, format!("{} processes", listings.len()));
    report.row("refray", times, format!("{requests} requests"));
    if let Some(peer) = &common.peer {
        let home = ground.fresh_home("peer")?;
        let peer_first = home.sync(peer, &config).await?;
        let mut times = Vec::new();
        let mut requests = 0;
        for _ in 0..common.runs {
            let before = requests_of(&ground);
            times.push(home.sync(peer, &config).await?);
            requests = requests_of(&ground) - before;
        }
        report.row("peer", times, format!("{requests} requests"));
        report.row("peer, its first run on what agrees", vec![peer_first], "");
    }
    report.row("refray, the first sync", vec![first], format!("{repos} repositories to {} endpoints", endpoints - 1));
    report.print();
    Ok(())
}

fn requests_of(ground: &Ground) -> usize {
    ground.sites.iter().map(|(site, _)| site.requests().count()).sum()
}
