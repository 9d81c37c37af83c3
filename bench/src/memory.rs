//! The memory of `refray serve` that knows many repositories.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::ground::Ground;
use crate::report::say;
use crate::{Common, Error, history};

pub(crate) async fn run(common: &Common, repos: usize, endpoints: usize, branches: usize) -> Result<(), Error> {
    let ground = Ground::new(endpoints).await?;
    let pattern = ground.dir.path().join("pattern.git");
    ground.runner.git(&["init", "-q", "--bare", &*pattern.to_string_lossy()]).await?;
    ground.import(&pattern, history::stream(20, branches.saturating_sub(1), 0)).await?;
    for index in 0..repos {
        for site in 0..endpoints {
            let bare = ground.repository(site, &format!("repository-{index:05}"))?;
            fill(&pattern, &bare)?;
        }
    }
    let config = ground.config("config.toml", 0..endpoints)?;
    let home = ground.fresh_home("refray")?;
    say(&format!("\nMemory of serve: {repos} repositories on {endpoints} endpoints, {branches} branches each"));
    let started = Instant::now();
    let daemon = home.serve(&common.refray, &config).await?;
    let pid = daemon.child.id().ok_or("it ended at once")?;
    say(&format!("  first full sync         {:9.1} s", started.elapsed().as_secs_f64()));
    told("after the first full sync", pid)?;
    let started = Instant::now();
    let page = daemon.page("/").await?;
    let took = started.elapsed().as_secs_f64();
    say(&format!("  the dashboard's overview {:8.3} s, {} KiB", took, page.len() / 1024));
    told("after it", pid)?;
    // As a timer would: everything is looked at again.
    home.sync(&common.refray, &config).await?;
    tokio::time::sleep(Duration::from_secs(1)).await;
    told("after another sync beside it", pid)?;
    drop(daemon);
    let again = home.serve(&common.refray, &config).await?;
    let pid = again.child.id().ok_or("it ended at once")?;
    told("after a restart and a full sync in which nothing changed", pid)
}

/// Copies references and packs of one bare repository into an empty one.
pub(crate) fn fill(pattern: &Path, bare: &Path) -> Result<(), Error> {
    std::fs::copy(pattern.join("packed-refs"), bare.join("packed-refs"))?;
    std::fs::create_dir_all(bare.join("objects/pack"))?;
    for entry in std::fs::read_dir(pattern.join("objects/pack"))? {
        let file: PathBuf = entry?.path();
        let name = file.file_name().ok_or("a file without a name")?;
        // One file in many places: the copies are never written to.
        std::fs::hard_link(&file, bare.join("objects/pack").join(name))?;
    }
    Ok(())
}

/// Says what a process holds now, and held at most.
fn told(when: &str, pid: u32) -> Result<(), Error> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status"))?;
    let of = |key: &str| -> Option<f64> {
        let line = status.lines().find_map(|line| line.strip_prefix(key))?;
        line.trim().trim_end_matches(" kB").parse().ok()
    };
    let (now, most) = (of("VmRSS:"), of("VmHWM:"));
    let (Some(now), Some(most)) = (now, most) else { return Err("the system does not say".into()) };
    say(&format!("  resident {:9.1} MiB, at most {:9.1} MiB  {when}", now / 1024.0, most / 1024.0));
    Ok(())
}

impl crate::serve::Daemon {
    /// Reads a page of the dashboard.
    async fn page(&self, path: &str) -> Result<Vec<u8>, Error> {
        let mut stream = TcpStream::connect(&self.dashboard).await?;
        let request = format!("GET {path} HTTP/1.0\r\nHost: {}\r\n\r\n", self.dashboard);
        stream.write_all(request.as_bytes()).await?;
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).await?;
        if !answer.starts_with(b"HTTP/1.0 200") && !answer.starts_with(b"HTTP/1.1 200") {
            return Err("the dashboard did not answer with a page".into());
        }
        Ok(answer)
    }
}
