//! The demo's forges, and the people who work on them.

use std::fmt::Write as _;
use std::path::Path;
use std::sync::Arc;

use miette::{Result, miette};
use refray_sim::world::{NewRepository, Visibility, WorldError};
use refray_sim::{Kind, Sim, Site};

use super::table::{Row, Table};

/// One forge and the namespace on it that takes part.
struct Forge {
    site: Arc<Site>,
    title: &'static str,
    provider: &'static str,
    kind: &'static str,
    namespace: &'static str,
    token: String,
}

/// The four of them.
pub(crate) struct Forges {
    forges: Vec<Forge>,
    /// They end when this is dropped.
    _sim: Sim,
}

/// How much was seeded.
#[derive(Debug, Default)]
pub(crate) struct Seeded {
    pub(crate) branches: usize,
    pub(crate) tags: usize,
}

const NAMES: [&str; 12] = [
    "compass", "lantern", "harbour", "orchard", "quarry", "meadow", "beacon", "thicket", "ferry", "granary", "willow",
    "mill",
];

impl Forges {
    /// Starts them.
    pub(crate) async fn start(dir: &Path) -> Result<Self> {
        let sim = Sim::builder()
            .dir(dir.join("forges"))
            .site("github", Kind::GitHub)
            .site("gitlab", Kind::GitLab)
            .site("gitea", Kind::Gitea)
            .site("forgejo", Kind::Forgejo)
            .start()
            .await
            .map_err(|error| miette!("the forges could not be started: {error}"))?;
        let kinds = [
            ("github", "GitHub", "user", "ada"),
            ("gitlab", "GitLab", "group", "ada/workshop"),
            ("gitea", "Gitea", "org", "workshop"),
            ("forgejo", "Forgejo", "user", "ada"),
        ];
        let mut forges = Vec::new();
        for (provider, title, kind, namespace) in kinds {
            let site = sim.site(provider);
            // A group of that name cannot stand beside a user of the same name.
            let login = if namespace.starts_with("ada/") { "ada-l" } else { "ada" };
            site.user(login).map_err(told)?;
            if kind != "user" {
                site.group(namespace, login).map_err(told)?;
            }
            let token = site.token(login, &["*"]).map_err(told)?.secret;
            forges.push(Forge { site, title, provider, kind, namespace, token });
        }
        Ok(Self { forges, _sim: sim })
    }

    /// Says where they are.
    pub(crate) fn describe(&self) -> Vec<String> {
        let line = |forge: &Forge| format!("{:8} {}/{}", forge.title, forge.site.base_url(), forge.namespace);
        self.forges.iter().map(line).collect()
    }

    /// Returns a configuration that joins them.
    pub(crate) fn config(&self) -> Result<String> {
        let mut text = String::new();
        for forge in &self.forges {
            let (name, url, token) = (forge.provider, forge.site.base_url(), &forge.token);
            write!(text, "[[sites]]\nname = \"{name}\"\nprovider = \"{name}\"\nbase_url = \"{url}\"\ntoken = {{ value = \"{token}\" }}\n\n")
                .map_err(|error| miette!("{error}"))?;
        }
        text.push_str("[[mirrors]]\nname = \"workshop\"\n\n");
        for forge in &self.forges {
            let (site, kind, namespace) = (forge.provider, forge.kind, forge.namespace);
            write!(
                text,
                "[[mirrors.endpoints]]\nsite = \"{site}\"\nkind = \"{kind}\"\nnamespace = \"{namespace}\"\n\n"
            )
            .map_err(|error| miette!("{error}"))?;
        }
        Ok(text)
    }

    /// Fills the first forge.
    pub(crate) fn seed(&self, repositories: u16) -> Result<Seeded> {
        let Some(forge) = self.forges.first() else { return Ok(Seeded::default()) };
        let mut seeded = Seeded::default();
        for index in 0..usize::from(repositories) {
            let name = name(index);
            let visibility = if index % 3 == 2 { Visibility::Private } else { Visibility::Public };
            let description = format!("What is kept in the {name}");
            let options = NewRepository { visibility, description, ..NewRepository::default() };
            let made = forge.site.create_repo(forge.namespace, &name, options).map_err(told)?;
            let commit = |branch: &str, file: &str, text: &str| {
                forge
                    .site
                    .commit(forge.namespace, &name, branch, &[(file, text)], &format!("{file}: {text}\n"))
                    .map_err(told)
            };
            let first = commit("main", "README.md", &format!("The {name}"))?;
            let second = commit("main", "notes.txt", "first thoughts")?;
            forge.site.move_ref(made.id, "refs/tags/v1.0", &first).map_err(told)?;
            seeded.branches += 1;
            seeded.tags += 1;
            if index % 2 == 0 {
                forge.site.move_ref(made.id, "refs/heads/next", &second).map_err(told)?;
                commit("next", "plan.txt", "what comes next")?;
                seeded.branches += 1;
            }
        }
        Ok(seeded)
    }

    /// Lets somebody push on every forge.
    pub(crate) fn edit_everywhere(&self) -> Result<Vec<String>> {
        let [github, gitlab, gitea, forgejo] = self.forges.as_slice() else { return Ok(Vec::new()) };
        let commit = |forge: &Forge, repository: &str, branch: &str, text: &str| {
            forge
                .site
                .commit(forge.namespace, repository, branch, &[("work.txt", text)], &format!("{text}\n"))
                .map_err(told)
        };
        commit(gitlab, "compass", "main", "a correction, made on GitLab")?;
        let tip = forgejo.site.repository(forgejo.namespace, "compass").map_err(told)?;
        let release = commit(forgejo, "lantern", "main", "the last thing before a release")?;
        let lantern = forgejo.site.repository(forgejo.namespace, "lantern").map_err(told)?;
        forgejo.site.move_ref(lantern.id, "refs/tags/v2.0", &release).map_err(told)?;
        let main = forgejo.site.bare(tip.id).branch("main").map_err(|error| told(error.into()))?.unwrap_or_default();
        forgejo.site.move_ref(tip.id, "refs/heads/experiment", &main).map_err(told)?;
        commit(gitea, "harbour", "topic", "a new branch, made on Gitea")?;
        commit(github, "harbour", "main", "more on GitHub")?;
        let sketch = NewRepository { visibility: Visibility::Private, ..NewRepository::default() };
        gitea.site.create_repo(gitea.namespace, "sketchbook", sketch).map_err(told)?;
        commit(gitea, "sketchbook", "main", "a repository that began on Gitea")?;
        Ok(vec![
            "compass:    a commit on main, on GitLab; a new branch, on Forgejo".into(),
            "lantern:    a commit and the tag v2.0, on Forgejo".into(),
            "harbour:    a new branch, on Gitea; a commit on main, on GitHub".into(),
            "sketchbook: a new private repository, on Gitea".into(),
        ])
    }

    /// Looks at what is where, on the forges' own disks.
    pub(crate) fn table(&self) -> Result<Table> {
        let Some(first) = self.forges.first() else { return Err(miette!("there are no forges")) };
        let mut names: Vec<String> =
            (0..).map(name).take_while(|name| first.site.repository(first.namespace, name).is_ok()).collect();
        names.push("sketchbook".into());
        let mut rows = Vec::new();
        for repository in names {
            let (mut cells, mut states) = (Vec::new(), Vec::new());
            for forge in &self.forges {
                let (cell, state) = look(forge, &repository).map_err(told)?;
                cells.push(cell);
                states.push(state);
            }
            rows.push(Row { repository, cells, states });
        }
        Ok(Table { forges: self.forges.iter().map(|forge| forge.title.to_owned()).collect(), rows })
    }

    /// Counts the requests that all of them have had.
    pub(crate) fn requests(&self) -> usize {
        self.forges.iter().map(|forge| forge.site.requests().count()).sum()
    }

    /// Says how to clone and push.
    pub(crate) fn clone_urls(&self) -> Vec<String> {
        let line = |forge: &Forge| {
            let url = forge.site.base_url().replacen("://", &format!("://ada:{}@", forge.token), 1);
            format!("git clone {url}/{}/compass.git {}-compass", forge.namespace, forge.provider)
        };
        self.forges.iter().map(line).collect()
    }
}

fn look(forge: &Forge, repository: &str) -> Result<(String, String), WorldError> {
    let there = forge.site.repository(forge.namespace, repository)?;
    let bare = forge.site.bare(there.id);
    let refs = bare.refs(&["refs/heads/", "refs/tags/"])?;
    let count = |prefix: &str| refs.iter().filter(|entry| entry.name.starts_with(prefix)).count();
    let main = bare.branch(&there.default_branch)?.unwrap_or_default();
    let cell = format!("{}+{} {}", count("refs/heads/"), count("refs/tags/"), &main[..main.len().min(7)]);
    let state =
        refs.iter().map(|entry| format!("{} {}\n", entry.oid, entry.name)).collect::<String>() + &there.default_branch;
    Ok((cell, state))
}

fn name(index: usize) -> String {
    let base = NAMES[index % NAMES.len()];
    if index < NAMES.len() { base.to_owned() } else { format!("{base}-{}", index / NAMES.len() + 1) }
}

#[expect(clippy::needless_pass_by_value, reason = "it is what `map_err` hands over")]
fn told(error: WorldError) -> miette::Report {
    miette!("the demo's forges: {error}")
}
