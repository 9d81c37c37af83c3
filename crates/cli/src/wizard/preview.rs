//! What a sync would do, from the planner that a sync goes by.

use std::collections::{BTreeMap, BTreeSet};
use std::io::IsTerminal;
use std::sync::{Arc, Mutex, PoisonError};

use refray_core::config::{Config, Endpoint, MirrorGroup, Provider};
use refray_core::event::{Event, EventSink};
use refray_core::name::{EndpointId, GroupName, RepoName};
use refray_core::plan::Severity;
use refray_core::plan::file::PlannedGroup;
use refray_engine::SyncOptions;

use super::layout;
use crate::load;
use crate::paths::Paths;
use crate::render::{Progress, Style, push};

/// How many problems are shown; the rest is counted.
const SHOWN: usize = 6;

/// What was found out for a group.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Preview {
    /// Repositories in all.
    pub(crate) repositories: usize,
    /// What each endpoint lacks.
    pub(crate) sides: BTreeMap<EndpointId, Side>,
    /// References that would be written besides.
    pub(crate) updates: usize,
    /// What is held, differs or cannot be done: about what, and what it is.
    pub(crate) problems: Vec<(String, String)>,
    /// Why nothing could be found out.
    pub(crate) failed: Option<String>,
}

/// What is known of one endpoint.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Side {
    /// Repositories that are not there.
    pub(crate) absent: usize,
    /// Those of them that would be made.
    pub(crate) made: Vec<String>,
    /// Why it cannot be worked with.
    pub(crate) failed: Option<String>,
}

/// Listens to a dry run.
struct Watch {
    progress: Mutex<Progress>,
    told: Mutex<Vec<Told>>,
}

enum Told {
    Endpoint(EndpointId, String),
    Repository(String, String),
}

impl EventSink for Watch {
    fn emit(&self, event: Event) {
        let progress = self.progress.lock().unwrap_or_else(PoisonError::into_inner);
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        match event {
            Event::GroupListed { repositories, .. } => progress.expect(repositories),
            Event::EndpointFailed { endpoint, message, .. } => told.push(Told::Endpoint(endpoint, message)),
            Event::RepositoryFinished { repository, error, .. } => {
                progress.done();
                if let Some(error) = error {
                    told.push(Told::Repository(repository.to_string(), error));
                }
            }
            _ => {}
        }
    }
}

/// Returns where a look keeps things: where a sync does, or in a folder of its own, which ends with the look, as long as
/// there is nothing yet.
fn places(paths: &Paths) -> std::io::Result<(Paths, Option<tempfile::TempDir>)> {
    if paths.state_dir.join("state.db").exists() {
        return Ok((paths.clone(), None));
    }
    // Not where temporary files are, which may be memory: what is looked at may be large.
    let above = paths.work_dir.ancestors().skip(1).find(|path| path.is_dir());
    let folder = above.map(|above| tempfile::Builder::new().prefix(".refray-look-").tempdir_in(above));
    let folder = match folder {
        Some(Ok(folder)) => folder,
        Some(Err(_)) | None => tempfile::tempdir()?,
    };
    let paths = Paths { state_dir: folder.path().join("state"), work_dir: folder.path().join("work"), ..paths.clone() };
    Ok((paths, Some(folder)))
}

/// Plans a sync of a group, and writes nothing on any forge. Nothing that it makes on this machine stays.
pub(crate) async fn look(config: Config, group: &GroupName, paths: &Paths) -> Preview {
    let shown = std::io::stderr().is_terminal();
    let watch = Arc::new(Watch { progress: Mutex::new(Progress::new(shown)), told: Mutex::default() });
    let (paths, _folder) = match places(paths) {
        Ok(places) => places,
        Err(error) => return Preview::failed(error.to_string()),
    };
    let engine = match load::connect(Arc::new(config), &paths, watch.clone()).await {
        Ok(engine) => engine,
        Err(report) => return Preview::failed(report.to_string()),
    };
    let options = SyncOptions { groups: vec![group.clone()], ..SyncOptions::default() };
    let planned = engine.plan(&options).await;
    engine.store.close().await;
    let refuses = |endpoint: &EndpointId, name: &RepoName| {
        let group = engine.config.mirrors.iter().find(|known| known.name == *group)?;
        let forge = engine.forge(group.endpoint(endpoint)?).ok()?;
        forge.check_name(name).err()
    };
    watch.progress.lock().unwrap_or_else(PoisonError::into_inner).finish();
    let mut preview = match planned {
        Ok((summary, file)) => {
            let planned = file.groups.iter().find(|planned| planned.group == *group);
            planned.map(|planned| Preview::of(planned, summary.repositories, refuses)).unwrap_or_default()
        }
        Err(error) => return Preview::failed(error.to_string()),
    };
    for told in std::mem::take(&mut *watch.told.lock().unwrap_or_else(PoisonError::into_inner)) {
        match told {
            Told::Endpoint(endpoint, why) => preview.sides.entry(endpoint).or_default().failed = Some(why),
            Told::Repository(name, why) => preview.problems.push((name, why)),
        }
    }
    preview
}

impl Preview {
    pub(crate) fn failed(why: String) -> Self {
        Self { failed: Some(why), ..Self::default() }
    }

    /// Reads it off a plan. `refuses` says why an endpoint would not take a repository of this name.
    fn of(
        planned: &PlannedGroup,
        repositories: usize,
        refuses: impl Fn(&EndpointId, &RepoName) -> Option<&'static str>,
    ) -> Self {
        let mut preview = Self { repositories, ..Self::default() };
        for planned in &planned.repositories {
            let plan = &planned.plan;
            let name = plan.repository.to_string();
            for endpoint in planned.absent.iter().chain(&planned.unreadable) {
                preview.sides.entry(endpoint.clone()).or_default().absent += 1;
            }
            for create in &plan.creates {
                match refuses(&create.endpoint, &plan.repository) {
                    Some(why) => {
                        let why = format!("cannot be made at {}: {why}", create.endpoint);
                        preview.problems.push((name.clone(), why));
                    }
                    None => preview.sides.entry(create.endpoint.clone()).or_default().made.push(name.clone()),
                }
            }
            let new: BTreeSet<&EndpointId> = plan.creates.iter().map(|create| &create.endpoint).collect();
            preview.updates += plan.updates.iter().filter(|update| !new.contains(&update.endpoint)).count();
            for finding in plan.findings.iter().filter(|finding| finding.kind.severity() > Severity::Note) {
                preview.problems.push((name.clone(), finding.message.clone()));
            }
        }
        preview
    }

    /// Renders it: a line for each account, and what is to be looked at.
    pub(crate) fn text(&self, group: &MirrorGroup, style: Style, width: usize) -> String {
        let mut text = String::new();
        if let Some(why) = &self.failed {
            let line = format!("  {} what is there could not be seen: {why}", style.bad("✗"));
            push(&mut text, format_args!("{}\n", layout::wrap(&line, width, 4)));
            return text;
        }
        let column = group.endpoints.iter().map(|endpoint| endpoint.id.as_str().chars().count()).max().unwrap_or(0);
        for endpoint in &group.endpoints {
            let nothing = Side::default();
            let side = self.sides.get(&endpoint.id).unwrap_or(&nothing);
            let line = format!("  {:column$}  {}", endpoint.id, self.side(endpoint, side, style));
            push(&mut text, format_args!("{}\n", layout::wrap(&line, width, column + 4)));
            if !side.made.is_empty() {
                let names: Vec<&str> = side.made.iter().map(String::as_str).collect();
                let room = width.saturating_sub(column + 4);
                let names = style.dim(&layout::some(&names, room));
                push(&mut text, format_args!("  {:column$}  {names}\n", ""));
            }
        }
        if self.updates > 0 {
            let what = counted(self.updates, "branch or tag", "branches and tags");
            push(&mut text, format_args!("  {what} to be brought up to date\n"));
        }
        for (name, why) in self.problems.iter().take(SHOWN) {
            let line = format!("  {} {name}: {why}", style.warn("!"));
            push(&mut text, format_args!("{}\n", layout::wrap(&line, width, 4)));
        }
        if self.problems.len() > SHOWN {
            push(&mut text, format_args!("  and {} more: see `refray sync --dry-run`\n", self.problems.len() - SHOWN));
        }
        text
    }

    fn side(&self, endpoint: &Endpoint, side: &Side, style: Style) -> String {
        if let Some(why) = &side.failed {
            return format!("{} {why}", style.bad("not available:"));
        }
        let there = self.repositories.saturating_sub(side.absent);
        let title =
            if endpoint.site.provider == Provider::Directory { "folder" } else { endpoint.site.provider.title() };
        let there = counted(there, "repository", "repositories");
        match side.made.len() {
            0 => format!("{title}, {there}"),
            made => format!("{title}, {there}, {}", style.good(&format!("{made} to be made"))),
        }
    }
}

fn counted(number: usize, one: &str, many: &str) -> String {
    format!("{number} {}", if number == 1 { one } else { many })
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::wizard::draft::Draft;

    fn group() -> MirrorGroup {
        let mut draft = Draft::new(GroupName::new("g").unwrap());
        draft.add_folder(Path::new("/srv/git"), None).unwrap();
        draft.add_folder(Path::new("/mnt/mirror"), None).unwrap();
        draft.add_folder(Path::new("/mnt/gone"), None).unwrap();
        draft.whole_group()
    }

    #[test]
    fn accounts_are_counted_and_problems_named() {
        let group = group();
        let id = |index: usize| group.endpoints[index].id.clone();
        let names = ["alpha", "beta", "gamma", "delta", "epsilon", "zeta-with-a-long-name"];
        let made = names.map(str::to_owned).to_vec();
        let preview = Preview {
            repositories: 7,
            sides: [
                (id(1), Side { absent: 6, made, failed: None }),
                (id(2), Side { failed: Some("there is no such folder".into()), ..Side::default() }),
            ]
            .into(),
            updates: 1,
            problems: vec![("eta".into(), "the repositories of this name share no history".into())],
            failed: None,
        };
        insta::assert_snapshot!(preview.text(&group, Style::plain(), 60), @r#"
        git     folder, 7 repositories
        mirror  folder, 1 repository, 6 to be made
                alpha, beta, gamma, delta, epsilon and 1 more
        gone    not available: there is no such folder
        1 branch or tag to be brought up to date
        ! eta: the repositories of this name share no history
        "#);
        let failed = Preview::failed("the disk is full".into());
        insta::assert_snapshot!(failed.text(&group, Style::plain(), 60), @r#"
          ✗ what is there could not be seen: the disk is full
        "#);
    }
}
