//! `refray demo`: the whole of it on four small forges inside this process.

mod forges;
mod table;

use std::io::Write;
use std::path::Path;
use std::time::{Duration, Instant};

use miette::{IntoDiagnostic, Result, WrapErr, miette};
use refray_engine::SyncOptions;

use crate::args::{DemoArgs, Format, Global};
use crate::commands::sync;
use crate::environment;
use crate::exit::Exit;
use crate::load;
use crate::paths::Paths;
use crate::render::{Look, Style, fit};
use forges::Forges;

/// How long a signal may take to be heard of.
const HEARD: Duration = Duration::from_millis(500);

/// Runs the demo.
pub(crate) async fn run(global: &Global, args: &DemoArgs) -> Result<Exit> {
    let dir = tempfile::Builder::new()
        .prefix("refray-demo-")
        .tempdir()
        .into_diagnostic()
        .wrap_err("no place for the demo")?;
    let say = Narrator::new(global);
    // Nothing of it is kept, so there is nothing to finish when somebody has seen enough.
    let stop = sync::stop_signal();
    tokio::pin!(stop);
    let told = tokio::select! {
        // First, so that there is somebody to hear a signal before anything begins.
        biased;
        () = &mut stop => None,
        told = tell(global, args, &say, dir.path()) => match told {
            Ok(told) => Some(told),
            // Ctrl-C ends the git processes that fill the forges as well, and their failure may be seen first.
            Err(error) if tokio::time::timeout(HEARD, &mut stop).await.is_err() => return Err(error),
            Err(_) => None,
        },
    };
    let Some(told) = told else {
        say.step("Interrupted; nothing of it is left");
        return Ok(Exit::Interrupted);
    };
    if args.keep {
        keep(&say, &told.forges, &told.paths).await?;
    } else if told.all_agree {
        say.line("Next: `refray config` for your own accounts; `demo --keep` to play with these.");
    }
    if !told.all_agree {
        return Err(miette!(
            help = "This is a fault of refray: please report what stands above.",
            "the demo did not end with all in agreement"
        ));
    }
    Ok(Exit::Agreed)
}

/// How the story ended, and where it took place.
struct Told {
    forges: Forges,
    paths: Paths,
    all_agree: bool,
}

/// Tells the story from its beginning to its end.
async fn tell(global: &Global, args: &DemoArgs, say: &Narrator, dir: &Path) -> Result<Told> {
    let started = Instant::now();
    say.step("Four small forges start on this machine");
    let forges = Forges::start(dir).await?;
    for line in forges.describe() {
        say.line(&line);
    }
    let paths = Paths {
        config: dir.join("config.toml"),
        state_dir: dir.join("state"),
        work_dir: dir.join("mirrors"),
        home: None,
    };
    write_config(&paths.config, &forges.config()?)?;

    say.step(&format!("{} repositories are on GitHub alone, some of them private", args.repos));
    let seeded = forges.seed(args.repos)?;
    say.line(&format!("{} branches and {} tags in all", seeded.branches, seeded.tags));
    say.step("refray sync");
    let mut good = refray(global, &paths).await?;

    say.step("People work on, each where they like");
    for line in forges.edit_everywhere()? {
        say.line(&line);
    }
    say.step("refray sync");
    good &= refray(global, &paths).await?;

    say.step("Once more: nothing has changed");
    let before = forges.requests();
    good &= refray(global, &paths).await?;
    say.line(&format!(
        "{} requests in all, for {} repositories on 4 forges",
        forges.requests() - before,
        args.repos + 1
    ));

    say.step("What is where now: branches + tags, and the tip of the default branch");
    let table = forges.table()?;
    say.block(&table::render(&table, say.style, say.width));
    let all_agree = good && table.rows.iter().all(table::Row::agrees);
    say.step(&format!(
        "{} in {:.1} s",
        if all_agree { "All agree," } else { "Not all agree," },
        started.elapsed().as_secs_f64()
    ));
    Ok(Told { forges, paths, all_agree })
}

/// Runs what `refray sync` runs, on the demo's configuration, and says whether all agree.
async fn refray(global: &Global, paths: &Paths) -> Result<bool> {
    let config = load::config(paths)?;
    let events = sync::sink_for(global, &config);
    let engine = load::connect(config, paths, events).await?;
    Ok(sync::sync(&engine, &SyncOptions::default()).await? == Exit::Agreed)
}

/// Leaves the forges running until Ctrl-C.
async fn keep(say: &Narrator, forges: &Forges, paths: &Paths) -> Result<()> {
    say.step("The forges stay until Ctrl-C: play with them from another terminal");
    let mut command = String::from("refray");
    for (flag, path) in
        [("--config", &paths.config), ("--state-dir", &paths.state_dir), ("--work-dir", &paths.work_dir)]
    {
        command = format!("{command} {flag} {}", path.display());
    }
    say.line(&format!("{command} sync"));
    for line in forges.clone_urls() {
        say.line(&line);
    }
    tokio::signal::ctrl_c().await.into_diagnostic()
}

/// The configuration holds the demo's tokens, so only its owner may read it, as for any other.
fn write_config(path: &Path, text: &str) -> Result<()> {
    use std::os::unix::fs::OpenOptionsExt;
    let file = std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path);
    file.and_then(|mut file| file.write_all(text.as_bytes()))
        .into_diagnostic()
        .wrap_err("cannot write the demo's configuration")
}

/// Tells the story on standard output; with `--format json` only the runs' own lines are printed.
struct Narrator {
    style: Style,
    /// How many columns there are; none where no terminal is.
    width: Option<usize>,
    silent: bool,
}

impl Narrator {
    fn new(global: &Global) -> Self {
        let style = Style::for_stdout(global.color, environment::var("NO_COLOR").is_some());
        Self { style, width: Look::stdout(global).width, silent: global.format == Format::Json || global.quiet }
    }

    fn step(&self, text: &str) {
        self.block(&format!("\n{}\n", self.style.strong(&fit(&format!("# {text}"), self.width))));
    }

    fn line(&self, text: &str) {
        self.block(&fit(&format!("  {text}\n"), self.width));
    }

    fn block(&self, text: &str) {
        if !self.silent {
            let mut out = std::io::stdout().lock();
            // A reader that went away is no reason to fail.
            drop(out.write_all(text.as_bytes()).and_then(|()| out.flush()));
        }
    }
}
