//! What files mean, and what is said of those that mean nothing.

mod accepted;
mod contradicting;
mod editing;
mod names;
mod refused;
mod schema;
mod shown;

use std::path::Path;

use miette::{Diagnostic, GraphicalReportHandler, GraphicalTheme};

use super::{Config, ConfigErrors, Parsed, Problem, ProblemKind, parse};

/// The example of the documentation, with every key that has a usual place in it.
const EXAMPLE: &str = r#"
jobs = 8
[[sites]]
name = "github"
provider = "github"                 # github | gitlab | gitea | forgejo | directory
base_url = "https://github.com"     # api_url, git_username, transport = "https" | "ssh", ca_file: optional
token = { env = "GITHUB_TOKEN" }
[[sites]]
name = "archive"
provider = "directory"
path = "/srv/git"
[[mirrors]]
name = "personal"
sync_visibility = "all"             # all | private | public
repo_whitelist = ["^important-"]    # a regex or a list; repo_blacklist likewise
create_missing = true
delete_missing = false
visibility = "private"
allow_force = false
conflict_resolution = "auto_rebase_pull_request"
rewrites = "non_default"            # non_default | always | never
[[mirrors.endpoints]]
site = "github"
kind = "user"                       # user | org | group
namespace = "my-user"
[[mirrors.endpoints]]
site = "archive"
namespace = "personal"
[webhook]
install = true
url = "https://mirror.example.com/webhook"
secret = { env = "REFRAY_WEBHOOK_SECRET" }
full_sync_interval_minutes = 60
reachability_check_interval_minutes = 15
"#;

/// Every key of every table at once.
const EVERYTHING: &str = r#"
jobs = 3
backup_keep_days = 7
[[sites]]
name = "git lab"
provider = "gitlab"
base_url = "http://gitlab.lan:8080/sub/"
api_url = "https://api.gitlab.lan/v4"
git_username = "oauth2"
transport = "ssh"
ca_file = "ca/root.pem"
allow_http = true
token = { file = "~/.config/token" }
[[sites]]
name = "codeberg"
provider = "forgejo"
base_url = "https://codeberg.org"
token = { command = "pass show codeberg" }
[[sites]]
name = "disk"
provider = "directory"
path = "../bare"
[[mirrors]]
name = "everything"
sync_visibility = "private"
repo_whitelist = '^a\d'
repo_blacklist = ["b$", "c\"d"]
create_missing = false
delete_missing = true
visibility = "internal"
allow_force = true
conflict_resolution = "auto_merge"
rewrites = "never"
[[mirrors.endpoints]]
site = "git lab"
kind = "org"
namespace = "top/sub"
include_subgroups = true
names = { files = "files-repo", "a.b" = "a-b" }
[[mirrors.endpoints]]
site = "codeberg"
kind = "user"
namespace = "me"
[[mirrors.endpoints]]
site = "disk"
[webhook]
install = false
url = "https://mirror.example.com/webhook/"
secret = { keyring = "refray-webhook" }
signing_token = { file = "/etc/refray/gitlab-signing" }
full_sync_interval_minutes = 1
reachability_check_interval_minutes = 2
[serve]
poll_interval_seconds = 30
[dashboard]
token = { env = "DASHBOARD" }
"#;

fn read(text: &str) -> Result<Parsed, ConfigErrors> {
    parse(text, "config.toml", Path::new("/etc/refray"), Some(Path::new("/home/me")))
}

fn config(text: &str) -> Config {
    read(text).unwrap_or_else(|errors| panic!("{}", drawn(&errors))).config
}

/// Returns a report as a terminal without colours shows it.
fn drawn(diagnostic: &dyn Diagnostic) -> String {
    let mut text = String::new();
    GraphicalReportHandler::new_themed(GraphicalTheme::unicode_nocolor())
        .with_width(110)
        .render_report(&mut text, diagnostic)
        .unwrap();
    text.lines().map(str::trim_end).collect::<Vec<_>>().join("\n")
}

/// Returns problems in few lines: code, message, then each marked text with its label, then the help.
fn brief(problems: &[Problem], text: &str) -> String {
    let mut lines = Vec::new();
    for problem in problems {
        lines.push(format!("{}: {problem}", problem.kind().code().trim_start_matches("refray::config::")));
        for label in problem.labels().into_iter().flatten() {
            let marked = text.get(label.offset()..label.offset() + label.len()).expect("a place in the file");
            let first = marked.lines().next().unwrap_or_default();
            lines.push(format!("  {first} <- {}", label.label().unwrap_or_default()));
        }
        if let Some(help) = problem.help() {
            lines.push(format!("  = {help}"));
        }
    }
    lines.join("\n")
}

/// Returns what is wrong with a file, in few lines.
fn refused(text: &str) -> String {
    match read(text) {
        Ok(_) => "nothing is wrong".to_owned(),
        Err(errors) => brief(&errors.problems, text),
    }
}

/// Returns what is worth a look in a file, in few lines. That there are no groups is not said of parts of a file.
fn warned(text: &str) -> String {
    let parsed = read(text).unwrap_or_else(|errors| panic!("{}", drawn(&errors)));
    let warnings: Vec<_> = parsed.warnings.into_iter().filter(|it| it.kind() != ProblemKind::NoGroups).collect();
    brief(&warnings, text)
}

/// Returns a file with a site on each kind of forge, and what is given behind it.
fn with_sites(rest: &str) -> String {
    format!(
        r#"
[[sites]]
name = "github"
provider = "github"
token = {{ env = "GITHUB_TOKEN" }}
[[sites]]
name = "gitlab"
provider = "gitlab"
token = {{ env = "GITLAB_TOKEN" }}
[[sites]]
name = "disk"
provider = "directory"
path = "/srv/git"
{rest}"#
    )
}

/// Returns a file with one endpoint on each kind of forge, the first of which is given.
fn with_endpoint(endpoint: &str) -> String {
    with_sites(&format!(
        "[[mirrors]]\nname = \"all\"\n[[mirrors.endpoints]]\n{endpoint}\n[[mirrors.endpoints]]\nsite = \"disk\"\nnamespace = \"z\""
    ))
}

/// Returns a file with a single site.
fn with_site(site: &str) -> String {
    format!("[[sites]]\nname = \"a\"\n{site}")
}
