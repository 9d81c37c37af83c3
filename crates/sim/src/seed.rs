//! What a fresh simulator is filled with, and the words that tell of it.

use std::fmt::Write;

use refray_sim::world::{NewRepository, Visibility, WorldError};
use refray_sim::{Kind, Sim, Site};

/// The user and the organisation that every site has.
const USER: &str = "octo";
const TEAM: &str = "team";

/// Fills the sites and returns what a person needs to know, with a configuration for refray.
pub(crate) fn seed(sim: &Sim, repositories: usize) -> Result<String, WorldError> {
    let mut text = String::new();
    let mut sites = String::new();
    let mut endpoints = String::new();
    for site in sim.sites() {
        let secret = fill(site, repositories)?;
        let (name, kind) = (site.name(), site.kind());
        // Writing to a string cannot fail.
        let _ = writeln!(text, "# {name}: {}  user {USER}, organisation {TEAM}, token {secret}", site.base_url());
        let _ = writeln!(sites, "\n[[sites]]\nname = \"{name}\"\nprovider = \"{kind}\"");
        let _ = writeln!(sites, "base_url = \"{}\"\napi_url = \"{}\"", site.base_url(), site.api_url());
        if let Some(ca) = site.ca_file() {
            let _ = writeln!(sites, "ca_file = \"{}\"", ca.display());
        }
        let _ = writeln!(sites, "token = {{ value = \"{secret}\" }}");
        let _ = writeln!(endpoints, "\n[[mirrors.endpoints]]\nsite = \"{name}\"\nkind = \"user\"");
        let _ = writeln!(endpoints, "namespace = \"{USER}\"");
    }
    let admin = sim.admin_url().map(|url| format!("# switches: {url}/-/sim/sites\n")).unwrap_or_default();
    Ok(format!("{admin}{text}{sites}\n[[mirrors]]\nname = \"demo\"\ncreate_missing = true\n{endpoints}"))
}

/// Adds people and repositories to a site and returns a token that may do everything.
fn fill(site: &Site, repositories: usize) -> Result<String, WorldError> {
    site.user(USER)?;
    site.org(TEAM, USER)?;
    let scopes: &[&str] = match site.kind() {
        Kind::GitHub => &["repo", "delete_repo", "admin:repo_hook", "admin:org_hook", "workflow", "read:org", "user"],
        Kind::GitLab => &["api", "read_repository", "write_repository"],
        Kind::Gitea | Kind::Forgejo => {
            &["write:repository", "write:user", "write:organization", "write:issue", "read:misc"]
        }
    };
    let token = site.token(USER, scopes)?;
    for index in 0..repositories {
        let name = format!("project-{index:04}");
        let visibility = if index % 2 == 0 { Visibility::Public } else { Visibility::Private };
        let options = NewRepository {
            visibility,
            description: format!("Sample {index} of {}", site.name()),
            ..NewRepository::default()
        };
        site.create_repo(USER, &name, options)?;
        site.commit(USER, &name, "main", &[("README.md", &format!("# {name}\n"))], "Begin\n")?;
    }
    Ok(token.secret)
}
