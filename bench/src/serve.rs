//! From a push on one forge until all have it, under `refray serve`.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use refray_sim::world::{Hook, HookTarget};
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::Child;

use crate::ground::{Ground, OWNER};
use crate::report::Report;
use crate::{Common, Error, history};

const SECRET: &str = "bench";
/// Longer than any push takes.
const PATIENCE: Duration = Duration::from_secs(60);
// The repository that plain git takes care of, and the one that refray does.
const BARE: &str = "bare";
const OWN: &str = "own";

pub(crate) async fn run(common: &Common, pushes: usize, endpoints: usize, others: usize) -> Result<(), Error> {
    let ground = Arc::new(Ground::new(endpoints).await?);
    let names: Vec<String> = (0..others).map(|index| format!("other-{index:03}")).collect();
    for name in names.iter().map(String::as_str).chain([BARE, OWN]) {
        let bare = ground.repository(0, name)?;
        ground.import(&bare, history::stream(200, 5, 5)).await?;
    }
    let config = ground.config("config.toml", 0..endpoints)?;
    let home = ground.fresh_home("refray")?;
    home.sync(&common.refray, &config).await?;
    serve_all_but_bare(&config)?;
    let daemon = home.serve(&common.refray, &config).await?;
    for (site, _) in &ground.sites {
        let account = site.account(OWNER)?.id;
        let mut hook = Hook::new(HookTarget::Account(account), format!("http://{}/webhook", daemon.listen));
        hook.secret = Some(SECRET.to_owned());
        hook.events.insert("*".to_owned());
        site.world().add_hook(hook);
    }
    let clone = ground.dir.path().join("clone.git").to_string_lossy().into_owned();
    ground.runner.git(&["clone", "-q", "--mirror", &ground.url(0, BARE), clone.as_str()]).await?;

    let mut report =
        Report::new(format!("Under serve: one of {pushes} pushes until all of {endpoints} forges have it"));
    let (mut git, mut alone) = (Vec::new(), Vec::new());
    let (mut git_busy, mut busy) = (Vec::new(), Vec::new());
    for number in 0..pushes {
        git.push(by_git(&ground, &clone, number).await?);
        alone.push(by_refray(&ground, number).await?);
    }
    let stop = Arc::new(AtomicBool::new(false));
    let load = tokio::spawn(keep_busy(ground.clone(), names, stop.clone()));
    for number in pushes..pushes * 2 {
        git_busy.push(by_git(&ground, &clone, number).await?);
        busy.push(by_refray(&ground, number).await?);
    }
    stop.store(true, Ordering::Relaxed);
    let loaded = load.await??;
    let note = format!("p99 {:.3}, worst of pushes in parallel", p99(&git));
    report.row("git fetch, git push", git, note);
    let note = format!("p99 {:.3}, from the commit to the last ref", p99(&alone));
    report.row("refray serve, alone", alone, note);
    let note = format!("p99 {:.3}, while refray is busy", p99(&git_busy));
    report.row("git, busy", git_busy, note);
    let note = format!("p99 {:.3}, {loaded} pushes to {others} others meanwhile", p99(&busy));
    report.row("refray serve, busy", busy, note);
    report.print();
    Ok(())
}

fn p99(times: &[Duration]) -> f64 {
    let mut seconds: Vec<f64> = times.iter().map(Duration::as_secs_f64).collect();
    seconds.sort_by(f64::total_cmp);
    seconds.get(seconds.len() * 99 / 100).copied().unwrap_or(0.0)
}

/// Lets the configuration name the secret, and leaves what plain git takes care of to plain git.
fn serve_all_but_bare(config: &Path) -> Result<(), Error> {
    let text = std::fs::read_to_string(config)?;
    let text = text.replacen("[[mirrors]]\n", &format!("[[mirrors]]\nrepo_blacklist = \"^{BARE}$\"\n"), 1);
    #[expect(clippy::disallowed_methods, reason = "a file in a folder that nobody else knows")]
    std::fs::write(config, format!("{text}[webhook]\nsecret = {{ value = \"{SECRET}\" }}\n"))?;
    Ok(())
}

/// Commits on the first forge.
async fn commit(ground: &Arc<Ground>, repository: &'static str, number: usize) -> Result<String, Error> {
    commit_to(ground, repository.to_owned(), number).await
}

async fn commit_to(ground: &Arc<Ground>, repository: String, number: usize) -> Result<String, Error> {
    let site = ground.sites[0].0.clone();
    let text = number.to_string();
    let made = tokio::task::spawn_blocking(move || {
        site.commit(OWNER, &repository, "main", &[("pushed.txt", text.as_str())], "another\n")
    });
    Ok(made.await??)
}

async fn by_git(ground: &Arc<Ground>, clone: &str, number: usize) -> Result<Duration, Error> {
    commit(ground, BARE, number).await?;
    let started = Instant::now();
    ground.runner.git(&["-C", clone, "fetch", "-q", "origin"]).await?;
    let pushes = (1..ground.sites.len())
        .map(|site| ["-C", clone, "push", "-q", &ground.url(site, BARE), "main"].map(str::to_owned).to_vec());
    ground.runner.gits(pushes.collect(), ground.sites.len()).await?;
    Ok(started.elapsed())
}

async fn by_refray(ground: &Arc<Ground>, number: usize) -> Result<Duration, Error> {
    let tip = commit(ground, OWN, number).await?;
    let started = Instant::now();
    let files: Vec<PathBuf> = ground.sites[1..]
        .iter()
        .map(|(site, _)| Ok::<_, Error>(site.bare_path(OWNER, OWN)?.join("refs/heads/main")))
        .collect::<Result<_, _>>()?;
    for file in files {
        while std::fs::read_to_string(&file).unwrap_or_default().trim() != tip {
            if started.elapsed() > PATIENCE {
                return Err(format!("{} never became {tip}", file.display()).into());
            }
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }
    let took = started.elapsed();
    // What comes back of this push is no part of the next one.
    tokio::time::sleep(Duration::from_millis(100)).await;
    Ok(took)
}

/// Pushes to other repositories, one after another, until it is to stop.
async fn keep_busy(ground: Arc<Ground>, names: Vec<String>, stop: Arc<AtomicBool>) -> Result<usize, Error> {
    let mut count = 0;
    while !stop.load(Ordering::Relaxed) {
        let Some(name) = names.get(count % names.len().max(1)) else { break };
        commit_to(&ground, name.clone(), count).await?;
        count += 1;
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    Ok(count)
}

/// A running `refray serve`, which ends with this.
pub(crate) struct Daemon {
    pub(crate) child: Child,
    pub(crate) listen: String,
    pub(crate) dashboard: String,
}

impl crate::process::Runner {
    /// Starts `PROGRAM serve` on free ports, and waits for the end of its first full sync.
    pub(crate) async fn serve(&self, program: &Path, config: &Path) -> Result<Daemon, Error> {
        let mut command = self.command(program);
        command.args(["--config".as_ref(), config.as_os_str()]);
        command.args(["serve", "--format", "json", "--listen", "127.0.0.1:0", "--dashboard", "127.0.0.1:0"]);
        let mut child = command.stderr(Stdio::null()).spawn()?;
        let mut lines = BufReader::new(child.stdout.take().ok_or("no standard output")?).lines();
        let first = lines.next_line().await?.ok_or("it said nothing")?;
        let address = |key: &str| {
            let address = first.split(&format!("\"{key}\":\"")).nth(1).and_then(|rest| rest.split('"').next());
            address.map(str::to_owned).ok_or_else(|| format!("it did not say where it listens: {first}"))
        };
        let (listen, dashboard) = (address("listen")?, address("dashboard")?);
        // What it prints is read on, or it would wait for a reader; the full sync at its start comes first.
        let (began, begun) = tokio::sync::oneshot::channel();
        tokio::spawn(async move {
            let mut began = Some(began);
            while let Ok(Some(line)) = lines.next_line().await {
                if line.contains("\"event\":\"run_finished\"")
                    && let Some(began) = began.take()
                {
                    // Nobody waits any more only if the benchmark has failed.
                    let _ = began.send(());
                }
            }
        });
        begun.await?;
        Ok(Daemon { child, listen, dashboard })
    }
}
