//! Tokens that are there already.

use refray_core::config::Provider;
use refray_core::secret::Secret;
use refray_forge::Environment;
use url::Url;

use super::logins::{self, Tool};

/// A token that may be used.
#[derive(Debug, Clone)]
pub(crate) struct Offer {
    /// What it is called in the list.
    pub(crate) label: String,
    pub(crate) how: How,
}

/// How it is had.
#[derive(Debug, Clone)]
pub(crate) enum How {
    /// From an environment variable, which the configuration then names.
    Variable(String, Secret),
    /// From a tool that gives it whenever it is asked, which the configuration then does.
    Command(String, Secret),
    /// From a tool's file: it is copied, and kept elsewhere.
    Copied(Secret),
}

/// Returns the variables in which people keep tokens for a forge, the most particular first.
fn variables(provider: Provider, host: &str) -> &'static [&'static str] {
    match (provider, host) {
        (Provider::Github, "github.com") => &["GITHUB_TOKEN", "GH_TOKEN"],
        (Provider::Github, _) => &["GH_ENTERPRISE_TOKEN", "GITHUB_ENTERPRISE_TOKEN", "GITHUB_TOKEN", "GH_TOKEN"],
        (Provider::Gitlab, _) => &["GITLAB_TOKEN", "GITLAB_ACCESS_TOKEN"],
        (Provider::Gitea, _) => &["GITEA_TOKEN"],
        (Provider::Forgejo, "codeberg.org") => &["CODEBERG_TOKEN", "FORGEJO_TOKEN"],
        (Provider::Forgejo, _) => &["FORGEJO_TOKEN", "GITEA_TOKEN"],
        (Provider::Directory, _) => &[],
    }
}

/// Looks for tokens that are meant for this forge. `own` is the variable in which a token of the site would be kept.
/// Nothing is sent anywhere.
pub(crate) async fn offers(
    environment: &dyn Environment,
    provider: Provider,
    base: &Url,
    own: Option<&str>,
) -> Vec<Offer> {
    let host = authority(base);
    let mut offers = Vec::new();
    let usual = variables(provider, base.host_str().unwrap_or_default());
    for name in own.iter().chain(usual.iter().filter(|name| own != Some(**name))) {
        if let Some(token) = environment.var(name).and_then(|value| usable(&value)) {
            let label = format!("{name}  from the environment");
            offers.push(Offer { label, how: How::Variable((*name).to_owned(), token) });
        }
    }
    let login = match provider {
        Provider::Github => from_gh(environment, &host).await,
        Provider::Gitlab => from_glab(environment, &host).await,
        Provider::Gitea | Provider::Forgejo => None,
        Provider::Directory => return offers,
    };
    offers.extend(login);
    if matches!(provider, Provider::Gitea | Provider::Forgejo) {
        let tea = logins::read(environment, Tool::Tea).await.and_then(|text| logins::tea_token(&text, base));
        let fj = logins::read(environment, Tool::Fj).await.and_then(|text| logins::fj_token(&text, &host));
        for (tool, token) in [("tea", tea), ("fj", fj)] {
            if let Some(token) = token.and_then(|token| usable(&token)) {
                offers.push(Offer { label: format!("login of `{tool}`  copied from it"), how: How::Copied(token) });
            }
        }
    }
    offers
}

async fn from_gh(environment: &dyn Environment, host: &str) -> Option<Offer> {
    let known = logins::read(environment, Tool::Gh).await.is_some_and(|text| logins::gh_knows(&text, host));
    let command = format!("gh auth token --hostname {}", plain(host)?);
    given(environment, known, "gh", command).await
}

async fn from_glab(environment: &dyn Environment, host: &str) -> Option<Offer> {
    let known = logins::read(environment, Tool::Glab).await.is_some_and(|text| logins::glab_knows(&text, host));
    let command = format!("glab config get token --host {}", plain(host)?);
    given(environment, known, "glab", command).await
}

/// Asks a tool for its token, if it is signed in there; what gives none is not offered.
async fn given(environment: &dyn Environment, known: bool, tool: &str, command: String) -> Option<Offer> {
    if !known {
        return None;
    }
    let output = environment.run(&command).await.ok()?;
    let token = usable(output.lines().next().unwrap_or_default())?;
    Some(Offer {
        label: format!("login of `{tool}`  asked for whenever it is needed"),
        how: How::Command(command, token),
    })
}

/// Returns a host that means nothing but itself to a shell.
fn plain(host: &str) -> Option<&str> {
    host.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | ':')).then_some(host)
}

fn authority(base: &Url) -> String {
    let host = base.host_str().unwrap_or_default();
    base.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
}

/// Makes a secret of what can be one.
fn usable(text: &str) -> Option<Secret> {
    let text = text.trim();
    let fits = !text.is_empty() && text.chars().all(|c| c.is_ascii_graphic());
    fits.then(|| Secret::new(text.to_owned()))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use async_trait::async_trait;

    use super::*;

    impl How {
        const fn secret(&self) -> &Secret {
            match self {
                Self::Variable(_, secret) | Self::Command(_, secret) | Self::Copied(secret) => secret,
            }
        }
    }

    struct Fake {
        vars: BTreeMap<String, String>,
    }

    #[async_trait]
    impl Environment for Fake {
        fn var(&self, name: &str) -> Option<String> {
            self.vars.get(name).cloned()
        }

        async fn run(&self, command: &str) -> Result<String, String> {
            match command {
                "gh auth token --hostname github.com" => Ok("gho_1\n".into()),
                "glab config get token --host gitlab.com" => Ok("\n".into()),
                other => Err(format!("unexpected: {other}")),
            }
        }
    }

    #[expect(clippy::disallowed_methods, reason = "a file in the test's own folder")]
    fn put(home: &std::path::Path, path: &str, text: &str) {
        let path = home.join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    async fn found(fake: &Fake, provider: Provider, base: &str) -> Vec<String> {
        let offers = offers(fake, provider, &Url::parse(base).unwrap(), Some("LAB_TOKEN")).await;
        offers.iter().map(|offer| format!("{} = {}", offer.label, offer.how.secret().expose())).collect()
    }

    #[tokio::test]
    async fn only_what_gives_a_token_for_that_host_is_offered() {
        let home = tempfile::tempdir().unwrap();
        put(home.path(), ".config/gh/hosts.yml", "github.com:\n    user: ada\nghe.example:\n    user: ada\n");
        put(home.path(), ".config/glab-cli/config.yml", "hosts:\n    gitlab.com:\n        token: x\n");
        put(home.path(), ".config/tea/config.yml", "logins:\n- name: a\n  url: https://git.example\n  token: tea-1\n");
        put(
            home.path(),
            ".local/share/forgejo-cli/keys.json",
            r#"{"hosts":{"codeberg.org":{"type":"Application","name":"a","token":"fj-1"}}}"#,
        );
        let vars = [
            ("HOME", home.path().to_str().unwrap()),
            ("GH_TOKEN", "ghp_2"),
            ("GITHUB_TOKEN", ""),
            ("FORGEJO_TOKEN", "two lines\nof it"),
            ("GITLAB_TOKEN", "glpat"),
            ("LAB_TOKEN", "own"),
        ];
        let mut fake = Fake { vars: vars.map(|(name, value)| (name.to_owned(), value.to_owned())).into() };
        for (provider, base, expected) in [
            (
                Provider::Github,
                "https://github.com",
                &[
                    "LAB_TOKEN  from the environment = own",
                    "GH_TOKEN  from the environment = ghp_2",
                    "login of `gh`  asked for whenever it is needed = gho_1",
                ][..],
            ),
            (
                Provider::Github,
                "https://ghe.example",
                &["LAB_TOKEN  from the environment = own", "GH_TOKEN  from the environment = ghp_2"],
            ),
            (
                Provider::Gitlab,
                "https://gitlab.com",
                &["LAB_TOKEN  from the environment = own", "GITLAB_TOKEN  from the environment = glpat"],
            ),
            (
                Provider::Gitea,
                "https://git.example",
                &["LAB_TOKEN  from the environment = own", "login of `tea`  copied from it = tea-1"],
            ),
            (
                Provider::Forgejo,
                "https://codeberg.org",
                &["LAB_TOKEN  from the environment = own", "login of `fj`  copied from it = fj-1"],
            ),
            (Provider::Forgejo, "https://git.example:3000", &["LAB_TOKEN  from the environment = own"]),
        ] {
            assert_eq!(found(&fake, provider, base).await, expected, "{base}");
        }
        // One that is looked for by both names is offered once.
        fake.vars.remove("LAB_TOKEN");
        let base = Url::parse("https://gitlab.com").unwrap();
        assert_eq!(offers(&fake, Provider::Gitlab, &base, Some("GITLAB_TOKEN")).await.len(), 1);
        assert_eq!(offers(&fake, Provider::Gitlab, &base, None).await.len(), 1);
    }

    #[test]
    fn nothing_of_a_host_reaches_the_shell() {
        assert_eq!(plain("git.example:3000"), Some("git.example:3000"));
        for host in ["a;b", "a b", "$(x)", "[::1]"] {
            assert_eq!(plain(host), None);
        }
    }
}
