//! `refray config`, and `refray config check | show | path | schema`.

use std::io::Write;

use miette::{IntoDiagnostic, Result};

use crate::args::{ConfigCommand, Format, Global};
use crate::exit::Exit;
use crate::load;
use crate::paths::Paths;
use crate::render::Line;
use crate::wizard;

/// Runs the command; without one, the questions.
pub(crate) async fn run(global: &Global, command: Option<ConfigCommand>) -> Result<Exit> {
    match command {
        Some(command) => tell(global, command),
        None => wizard::run(global).await,
    }
}

fn tell(global: &Global, command: ConfigCommand) -> Result<Exit> {
    let mut out = std::io::stdout().lock();
    match command {
        ConfigCommand::Path => writeln!(out, "{}", Paths::find(global)?.config.display()).into_diagnostic()?,
        ConfigCommand::Schema => {
            let schema = serde_json::to_string_pretty(&refray_core::config::schema()).into_diagnostic()?;
            writeln!(out, "{schema}").into_diagnostic()?;
        }
        ConfigCommand::Show => {
            let parsed = load::parse(&Paths::find(global)?)??;
            write!(out, "{}", refray_core::config::show(&parsed.config)).into_diagnostic()?;
        }
        ConfigCommand::Check => {
            let paths = Paths::find(global)?;
            let parsed = load::parse(&paths)??;
            let config = parsed.config;
            let groups = config.mirrors.len();
            let endpoints: usize = config.mirrors.iter().map(|group| group.endpoints.len()).sum();
            match global.format {
                Format::Json => {
                    let line = Line::ConfigChecked {
                        path: &paths.config,
                        sites: config.sites.len(),
                        groups,
                        endpoints,
                        warnings: parsed.warnings.iter().map(ToString::to_string).collect(),
                    };
                    writeln!(out, "{}", line.text()).into_diagnostic()?;
                }
                Format::Text => {
                    for warning in parsed.warnings {
                        writeln!(out, "{:?}", miette::Report::new(warning)).into_diagnostic()?;
                    }
                    writeln!(
                        out,
                        "{} is good: {}, {}, {}.",
                        paths.config.display(),
                        count(config.sites.len(), "site"),
                        count(groups, "group"),
                        count(endpoints, "endpoint"),
                    )
                    .into_diagnostic()?;
                }
            }
        }
    }
    Ok(Exit::Agreed)
}

fn count(number: usize, word: &str) -> String {
    if number == 1 { format!("1 {word}") } else { format!("{number} {word}s") }
}
