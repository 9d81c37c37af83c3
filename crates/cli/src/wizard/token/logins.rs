//! What the forges' own command-line tools keep of their logins.

use std::path::PathBuf;

use refray_forge::Environment;
use serde_json::Value;
use url::Url;

use super::outline::{Entry, below, outline};

/// Says whether `gh` is signed in to a host. Its token may be in the system's keyring, so that `gh` itself gives it.
pub(super) fn gh_knows(hosts_yml: &str, host: &str) -> bool {
    outline(hosts_yml).iter().any(|entry| entry.indent == 0 && entry.key == host)
}

/// Says whether `glab` keeps a token for a host that does not end by itself: one of OAuth is good for two hours.
pub(super) fn glab_knows(config_yml: &str, host: &str) -> bool {
    let entries = outline(config_yml);
    let hosts = below(&entries, 0, "hosts");
    let Some(known) = hosts.iter().find(|entry| entry.key == host) else { return false };
    let fields = below(hosts, known.indent, host);
    let says = |key: &str, value: &str| fields.iter().any(|field| field.key == key && field.value == value);
    let has_token = fields.iter().any(|field| field.key == "token" && !field.value.is_empty());
    (has_token || says("use_keyring", "true")) && !says("is_oauth2", "true")
}

/// Returns the token that `tea` keeps for an address.
pub(super) fn tea_token(config_yml: &str, base: &Url) -> Option<String> {
    let entries = outline(config_yml);
    let logins = below(&entries, 0, "logins");
    let mut elements: Vec<Vec<&Entry>> = Vec::new();
    for entry in logins {
        match elements.last_mut() {
            Some(element) if !entry.begins => element.push(entry),
            _ => elements.push(vec![entry]),
        }
    }
    let field = |element: &[&Entry], key: &str| {
        element.iter().find(|entry| entry.key == key).map(|entry| entry.value.clone()).filter(|value| !value.is_empty())
    };
    let here = |element: &[&Entry]| {
        field(element, "url").and_then(|url| Url::parse(&url).ok()).is_some_and(|url| same_place(&url, base))
    };
    elements.iter().filter(|element| here(element)).find_map(|element| field(element, "token"))
}

/// Returns the token that `fj` keeps for a host, unless it is one of OAuth, which ends by itself.
pub(super) fn fj_token(keys_json: &str, host: &str) -> Option<String> {
    let keys: Value = serde_json::from_str(keys_json).ok()?;
    let login = keys.get("hosts")?.get(host)?;
    let lasting = login.get("type").and_then(Value::as_str).is_none_or(|kind| kind == "Application");
    let token = login.get("token").and_then(Value::as_str).filter(|token| !token.is_empty())?;
    lasting.then(|| token.to_owned())
}

fn same_place(a: &Url, b: &Url) -> bool {
    a.origin() == b.origin() && a.path().trim_end_matches('/') == b.path().trim_end_matches('/')
}

/// Reads one of the tools' files; `None` when there is none.
pub(super) async fn read(environment: &dyn Environment, tool: Tool) -> Option<String> {
    for path in tool.files(environment) {
        if let Ok(text) = tokio::fs::read_to_string(path).await {
            return Some(text);
        }
    }
    None
}

/// A tool of which a login may be had.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tool {
    Gh,
    Glab,
    Tea,
    Fj,
}

impl Tool {
    /// Returns where it keeps its logins, the first one that exists counts.
    fn files(self, environment: &dyn Environment) -> Vec<PathBuf> {
        let set = |name: &str| environment.var(name).filter(|value| !value.is_empty()).map(PathBuf::from);
        let home = set("HOME");
        let below_home = |path: &str| home.as_ref().map(|home| home.join(path));
        let config = set("XDG_CONFIG_HOME").or_else(|| below_home(".config"));
        let data = set("XDG_DATA_HOME").or_else(|| below_home(".local/share"));
        let in_config = |path: &str| config.as_ref().map(|config| config.join(path));
        let files = match self {
            Self::Gh => vec![set("GH_CONFIG_DIR").map(|dir| dir.join("hosts.yml")), in_config("gh/hosts.yml")],
            Self::Glab => {
                vec![set("GLAB_CONFIG_DIR").map(|dir| dir.join("config.yml")), in_config("glab-cli/config.yml")]
            }
            Self::Tea => vec![in_config("tea/config.yml"), below_home(".tea/tea.yml")],
            Self::Fj => vec![data.map(|data| data.join("forgejo-cli/keys.json"))],
        };
        files.into_iter().flatten().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GH: &str = "github.com:\n    users:\n        ada:\n    git_protocol: https\n    user: ada\nghe.example:\n    oauth_token: gho_x\n";
    const GLAB: &str = "git_protocol: ssh\n# What editor glab should run\neditor:\nhosts:\n    gitlab.com:\n        # token\n        token: !!null glpat-1\n        api_host: gitlab.com\n        user: ada\n    lab.example:\n        is_oauth2: \"true\"\n        token: abc\n    empty.example:\n        token:\n    ring.example:\n        use_keyring: \"true\"\n";
    const TEA: &str = "logins:\n    - name: one\n      url: https://gitea.com\n      token: tea-1\n      default: true\n    - name: two\n      url: http://127.0.0.1:3000/\n      token: tea-2\npreferences:\n    editor: false\n";
    const FJ: &str = r#"{"hosts":{"codeberg.org":{"type":"Application","name":"ada","token":"fj-1"},"git.example":{"type":"OAuth","name":"ada","token":"fj-2","refresh_token":"r","expires_at":[2026,1]}},"aliases":{}}"#;

    #[test]
    fn the_tools_files_say_where_one_is_signed_in() {
        for (host, expected) in [("github.com", true), ("ghe.example", true), ("users", false), ("other", false)] {
            assert_eq!(gh_knows(GH, host), expected, "{host}");
        }
        for (host, expected) in [
            ("gitlab.com", true),
            ("ring.example", true),
            ("lab.example", false),
            ("empty.example", false),
            ("other", false),
            ("token", false),
        ] {
            assert_eq!(glab_knows(GLAB, host), expected, "{host}");
        }
        for (base, expected) in [
            ("https://gitea.com", Some("tea-1")),
            ("http://127.0.0.1:3000", Some("tea-2")),
            ("http://127.0.0.1:3001", None),
            ("http://gitea.com", None),
        ] {
            assert_eq!(tea_token(TEA, &Url::parse(base).unwrap()).as_deref(), expected, "{base}");
        }
        for (host, expected) in [("codeberg.org", Some("fj-1")), ("git.example", None), ("other", None)] {
            assert_eq!(fj_token(FJ, host).as_deref(), expected, "{host}");
        }
        for broken in ["", "hosts", "- - -", "{", "\u{0}"] {
            assert!(!gh_knows(broken, "x") && !glab_knows(broken, "x") && fj_token(broken, "x").is_none());
            assert_eq!(tea_token(broken, &Url::parse("https://x").unwrap()), None);
        }
    }
}
