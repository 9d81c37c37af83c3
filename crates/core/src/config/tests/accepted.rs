use super::*;
use crate::config::{
    ConflictResolution, GitTransport, NamespaceKind, Provider, Rewrites, SecretSource, SyncVisibility,
};
use crate::name::RepoName;
use crate::repository::Visibility;

#[test]
fn the_example_means_what_it_says() {
    let parsed = read(EXAMPLE).unwrap();
    assert!(parsed.warnings.is_empty());
    let config = parsed.config;
    assert_eq!(config.jobs, 8);
    assert_eq!(config.backup_keep_days, 90);
    let [github, archive] = config.sites.as_slice() else { panic!("two sites") };
    assert_eq!(github.provider, Provider::Github);
    assert_eq!(github.base_url.as_str(), "https://github.com/");
    assert!(matches!(&github.token, Some(SecretSource::Env(name)) if name == "GITHUB_TOKEN"));
    assert_eq!(archive.path.as_deref(), Some(Path::new("/srv/git")));
    assert_eq!(archive.base_url.as_str(), "file:///srv/git");
    assert!(archive.token.is_none());
    let [group] = config.mirrors.as_slice() else { panic!("one group") };
    assert_eq!(group.conflict_resolution, ConflictResolution::AutoRebasePullRequest);
    assert_eq!(group.whitelist[0].as_str(), "^important-");
    assert_eq!(group.endpoints[0].id.as_str(), "github/my-user");
    assert_eq!(group.endpoints[1].id.as_str(), "archive/personal");
    assert_eq!(group.endpoints[1].kind, NamespaceKind::Folder);
    let webhook = config.webhook.unwrap();
    assert!(webhook.install);
    assert_eq!(webhook.full_sync_interval_minutes, Some(60));
    assert_eq!(webhook.reachability_check_interval_minutes, Some(15));
}

#[test]
fn every_key_is_read() {
    let config = config(EVERYTHING);
    let site = &config.sites[0];
    assert_eq!(site.base_url.as_str(), "http://gitlab.lan:8080/sub");
    assert_eq!(site.api_url.as_ref().unwrap().as_str(), "https://api.gitlab.lan/v4");
    assert_eq!(site.git_username.as_deref(), Some("oauth2"));
    assert_eq!(site.transport, GitTransport::Ssh);
    assert_eq!(site.ca_file.as_deref(), Some(Path::new("/etc/refray/ca/root.pem")));
    assert!(site.allow_http);
    assert!(matches!(&site.token, Some(SecretSource::File(path)) if path == Path::new("/home/me/.config/token")));
    assert!(matches!(&config.sites[1].token, Some(SecretSource::Command(line)) if line == "pass show codeberg"));
    let group = &config.mirrors[0];
    assert_eq!(group.sync_visibility, SyncVisibility::Private);
    assert_eq!(group.whitelist.iter().map(regex::Regex::as_str).collect::<Vec<_>>(), ["^a\\d"]);
    assert_eq!(group.blacklist.iter().map(regex::Regex::as_str).collect::<Vec<_>>(), ["b$", "c\"d"]);
    assert!(!group.create_missing && group.delete_missing && group.allow_force);
    assert_eq!(group.visibility, Visibility::Internal);
    assert_eq!(group.conflict_resolution, ConflictResolution::AutoMerge);
    assert_eq!(group.rewrites, Rewrites::Never);
    assert_eq!(group.endpoints[0].kind, NamespaceKind::Group);
    assert!(group.endpoints[0].include_subgroups);
    let name = |text| RepoName::new(text).unwrap();
    assert_eq!(group.endpoints[0].path_of(&name("Files")).as_deref(), Some("top/sub/files-repo"));
    assert_eq!(group.endpoints[0].path_of(&name("files-repo")), None);
    assert_eq!(group.endpoints[0].names.here(&name("A-B")), name("a.b"));
    assert_eq!(group.endpoints[1].path_of(&name("files")).as_deref(), Some("me/files"));
    assert_eq!(group.endpoints[2].path_of(&name("files")).as_deref(), Some("files"));
    assert_eq!(group.endpoints[2].id.as_str(), "disk");
    let webhook = config.webhook.unwrap();
    assert_eq!(webhook.url.unwrap().as_str(), "https://mirror.example.com/webhook/");
    assert!(matches!(webhook.secret, Some(SecretSource::Keyring(name)) if name == "refray-webhook"));
    assert!(
        matches!(webhook.signing_token, Some(SecretSource::File(path)) if path == Path::new("/etc/refray/gitlab-signing"))
    );
    assert_eq!(webhook.full_sync_interval_minutes, Some(1));
    assert_eq!(webhook.reachability_check_interval_minutes, Some(2));
    assert_eq!(config.serve.poll_interval_seconds, Some(30));
    assert!(matches!(config.dashboard.token, Some(SecretSource::Env(name)) if name == "DASHBOARD"));
}

#[test]
fn an_empty_file_has_the_defaults() {
    let config = config("# nothing yet\n");
    assert_eq!((config.jobs, config.backup_keep_days), (8, 90));
    assert!(config.sites.is_empty() && config.mirrors.is_empty() && config.webhook.is_none());
    assert_eq!(config.serve.poll_interval_seconds, None);
}

#[test]
fn a_group_has_its_defaults() {
    let text = r#"
        sites = [{ name = "a", provider = "gitlab", token = { env = "A" } }, { name = "b", provider = "directory", path = "~" }]
        [[mirrors]]
        name = "g"
        endpoints = [{ site = "a", kind = "group", namespace = "x/y" }, { site = "b", kind = "org" }]
    "#;
    let config = config(text);
    assert_eq!(config.sites[0].base_url.as_str(), "https://gitlab.com/");
    assert_eq!(config.sites[0].transport, GitTransport::Https);
    assert_eq!(config.sites[1].path.as_deref(), Some(Path::new("/home/me")));
    let group = &config.mirrors[0];
    assert!(group.create_missing && !group.delete_missing && !group.allow_force);
    assert!(group.whitelist.is_empty() && group.blacklist.is_empty());
    assert_eq!(group.sync_visibility, SyncVisibility::All);
    assert_eq!(group.visibility, Visibility::Private);
    assert_eq!(group.conflict_resolution, ConflictResolution::Fail);
    assert_eq!(group.rewrites, Rewrites::NonDefault);
    assert_eq!(group.endpoints[1].kind, NamespaceKind::Folder);
}

#[test]
fn zero_is_never() {
    let config = config("[webhook]\nfull_sync_interval_minutes = 0\n[serve]\npoll_interval_seconds = 0");
    assert_eq!(config.webhook.unwrap().full_sync_interval_minutes, None);
    assert_eq!(config.serve.poll_interval_seconds, None);
}

#[test]
fn plain_http_is_for_this_machine() {
    for host in ["localhost:3000", "127.0.0.1", "[::1]:8080", "gitea.localhost"] {
        let text = format!("[[sites]]\nname = 'a'\nprovider = 'gitea'\nbase_url = 'http://{host}'\ntoken.env = 'A'");
        assert_eq!(config(&text).sites[0].base_url.scheme(), "http", "{host}");
    }
}

/// A file as version 0.1 of refray took it.
const OLD: &str = r#"
jobs = 4

[[sites]]
name = "github"
provider = "github"
base_url = "https://github.com"
token = { value = "hunter2" }

[[sites]]
name = "gitea"
provider = "gitea"
base_url = "https://gitea.example.com/"
api_url = "https://gitea.example.com/api/v1"
git_username = "me"
token = { env = "GITEA_TOKEN" }

[[mirrors]]
name = "personal"
sync_visibility = "private"
repo_whitelist = "^important-"
repo_blacklist = ["-archive$", "^tmp"]
create_missing = true
delete_missing = false
visibility = "private"
allow_force = false
conflict_resolution = "auto_rebase_pull_request"

[[mirrors.endpoints]]
site = "github"
kind = "user"
namespace = "me"

[[mirrors.endpoints]]
site = "gitea"
kind = "org"
namespace = "mine"

[webhook]
install = true
url = "https://mirror.example.com/webhook"
secret = { value = "hunter3" }
full_sync_interval_minutes = 60
reachability_check_interval_minutes = 15
"#;

#[test]
fn files_of_earlier_versions_are_read_as_they_are() {
    let parsed = read(OLD).unwrap();
    assert_eq!(parsed.config.jobs, 4);
    assert_eq!(parsed.config.sites[1].base_url.as_str(), "https://gitea.example.com/");
    let Some(SecretSource::Value(token)) = &parsed.config.sites[0].token else { panic!("a literal token") };
    assert_eq!(token.expose(), "hunter2");
    assert_eq!(parsed.config.mirrors[0].whitelist.len(), 1);
    assert_eq!(parsed.config.mirrors[0].blacklist.len(), 2);
    let debug = format!("{parsed:?}");
    assert!(!debug.contains("hunter"), "{debug}");
    insta::assert_snapshot!(drawn(&parsed.warnings[0]), @r#"
    refray::config::literal_secret

      ⚠ `token` stands in the file itself
       ╭─[config.toml:8:19]
     7 │ base_url = "https://github.com"
     8 │ token = { value = "*******" }
       ·                   ────┬────
       ·                       ╰── everybody who can read the file can read it
     9 │
       ╰────
      help: `token = { env = "NAME" }` or one of the other sources keeps it out of the file
    "#);
}
