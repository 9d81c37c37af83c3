//! `refray plan`.

use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};

use miette::{Diagnostic, IntoDiagnostic, Result};
use tempfile::NamedTempFile;
use thiserror::Error;

use crate::args::{Format, Global, PlanArgs};
use crate::commands::sync::{options, sink_for, sink_to, until_stopped};
use crate::exit::Exit;
use crate::load::{self, connect};
use crate::output;
use crate::paths::Paths;
use crate::render::Look;

#[derive(Debug, Error, Diagnostic)]
#[error("the plan cannot be written to {path}")]
#[diagnostic(code(refray::plan_unwritable), help("Name a file in a folder that exists and that you may write to."))]
struct Unwritable {
    path: String,
    source: std::io::Error,
}

/// Runs the command.
pub(crate) async fn run(global: &Global, args: &PlanArgs) -> Result<Exit> {
    let paths = Paths::find(global)?;
    let config = load::config(&paths)?;
    let options = options(&args.sync, &config)?;
    // Before the work that it would be the result of.
    let out = args.out.as_deref().map(Out::prepare).transpose()?;
    let events = match out {
        // Standard output is the plan and nothing else.
        Some(Out::Standard) => sink_to(global, std::io::stderr(), Look::stderr(global).with_pages(&config)),
        _ => sink_for(global, &config),
    };
    let engine = connect(config, &paths, events).await?;
    let mut made = None;
    let ended = until_stopped(&engine, async {
        let (summary, file) = engine.plan(&options).await.map_err(load::report)?;
        made = Some(file);
        Ok(summary)
    })
    .await;
    engine.store.close().await;
    let exit = ended?;
    // An interrupted run has not seen everything: half a plan would look like a whole one.
    if let (Some(out), Some(file)) = (out, made.filter(|_| exit != Exit::Interrupted)) {
        let text = file.to_text().into_diagnostic()?;
        if let Some(path) = out.write(&text)? {
            say_where(global, &path)?;
        }
    }
    Ok(exit)
}

fn say_where(global: &Global, path: &Path) -> Result<()> {
    if global.format == Format::Text && !global.quiet {
        let path = path.display();
        let said = format!("The plan is in {path}; `refray apply {path}` carries it out.\n");
        output::print(&Look::stdout(global).fit(&said))?;
    }
    Ok(())
}

/// Where the plan goes.
enum Out {
    Standard,
    /// A file that takes the place of what is there when it is whole, and the name that was given.
    File {
        file: NamedTempFile,
        place: PathBuf,
        name: PathBuf,
    },
    /// Something that is no file, such as a pipe or `/dev/null`, is written to as it is.
    Stream(File, PathBuf),
}

impl Out {
    fn prepare(path: &Path) -> Result<Self> {
        if path == Path::new("-") {
            return Ok(Self::Standard);
        }
        let unwritable = |source| Unwritable { path: path.display().to_string(), source };
        if path.is_dir() {
            return Err(unwritable(std::io::Error::from(std::io::ErrorKind::IsADirectory)).into());
        }
        // Behind a link, what it leads to is replaced, and not the link.
        let place = path.canonicalize().unwrap_or_else(|_| path.to_owned());
        if place.exists() && !place.is_file() {
            let stream = File::options().write(true).open(&place).map_err(unwritable)?;
            return Ok(Self::Stream(stream, path.to_owned()));
        }
        let folder = match place.parent() {
            Some(folder) if folder != Path::new("") => folder,
            _ => Path::new("."),
        };
        // Made for its owner only: names of private repositories are in it.
        let file = tempfile::Builder::new().prefix(".refray-plan-").tempfile_in(folder).map_err(unwritable)?;
        Ok(Self::File { file, place, name: path.to_owned() })
    }

    fn write(self, text: &str) -> Result<Option<PathBuf>> {
        match self {
            Self::Standard => {
                output::print(text)?;
                Ok(None)
            }
            Self::File { mut file, place, name } => {
                let written = file.write_all(text.as_bytes()).and_then(|()| file.as_file().sync_all());
                let placed = written.and_then(|()| file.persist(&place).map(drop).map_err(|error| error.error));
                placed.map_err(|source| Unwritable { path: name.display().to_string(), source })?;
                Ok(Some(name))
            }
            Self::Stream(mut stream, name) => {
                let written = stream.write_all(text.as_bytes());
                written.map_err(|source| Unwritable { path: name.display().to_string(), source })?;
                Ok(None)
            }
        }
    }
}
