//! `refray config`, and `refray config check | show | path | schema`.

use miette::{IntoDiagnostic, Result};

use crate::args::{ConfigCommand, Format, Global};
use crate::exit::Exit;
use crate::load;
use crate::output;
use crate::paths::Paths;
use crate::render::{Line, Place, push};
use crate::wizard;

/// Runs the command; without one, the questions.
pub(crate) async fn run(global: &Global, command: Option<ConfigCommand>) -> Result<Exit> {
    match command {
        Some(command) => tell(global, command),
        None => wizard::run(global).await,
    }
}

fn tell(global: &Global, command: ConfigCommand) -> Result<Exit> {
    let text = match command {
        ConfigCommand::Path => format!("{}\n", Paths::find(global)?.config.display()),
        ConfigCommand::Schema => serde_json::to_string_pretty(&refray_core::config::schema()).into_diagnostic()? + "\n",
        ConfigCommand::Show => {
            let parsed = load::parse(&Paths::find(global)?)??;
            refray_core::config::show(&parsed.config)
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
                        problems: parsed.warnings.iter().map(|warning| Place::of(warning)).collect(),
                    };
                    line.text() + "\n"
                }
                Format::Text => {
                    let warnings = parsed.warnings.into_iter().map(miette::Report::new);
                    let mut text: String = warnings.map(|warning| format!("{warning:?}\n")).collect();
                    let sites = count(config.sites.len(), "site");
                    let (groups, endpoints) = (count(groups, "group"), count(endpoints, "endpoint"));
                    push(
                        &mut text,
                        format_args!("{} is good: {sites}, {groups}, {endpoints}.\n", paths.config.display()),
                    );
                    text
                }
            }
        }
    };
    output::print(&text)?;
    Ok(Exit::Agreed)
}

fn count(number: usize, word: &str) -> String {
    if number == 1 { format!("1 {word}") } else { format!("{number} {word}s") }
}
