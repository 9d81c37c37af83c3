//! Where a person opens what is named.

use std::collections::BTreeMap;

use refray_core::config::{Config, Endpoint, Names, Provider};
use refray_core::name::{EndpointId, RepoName};
use url::Url;

/// The pages of a configuration's endpoints. Directories have none.
#[derive(Debug, Default)]
pub(crate) struct Pages {
    endpoints: BTreeMap<EndpointId, Page>,
}

#[derive(Debug)]
struct Page {
    url: Url,
    provider: Provider,
    /// Repositories of groups below are among its own: their pages cannot be told from their names.
    nested: bool,
    /// What repositories are called there.
    names: Names,
}

impl Pages {
    /// Finds them.
    pub(crate) fn of(config: &Config) -> Self {
        let all = config.mirrors.iter().flat_map(|group| &group.endpoints);
        let pages = all.filter_map(|endpoint| Some((endpoint.id.clone(), Page::of(endpoint)?)));
        Self { endpoints: pages.collect() }
    }

    /// Returns the page of an endpoint: its user, organisation or group.
    pub(crate) fn endpoint(&self, endpoint: &EndpointId) -> Option<&str> {
        self.endpoints.get(endpoint).map(|page| page.url.as_str())
    }

    /// Returns the page of a repository at an endpoint.
    pub(crate) fn repository(&self, endpoint: &EndpointId, repository: &RepoName) -> Option<String> {
        let page = self.endpoints.get(endpoint).filter(|page| !page.nested)?;
        below(&page.url, [page.names.there(repository)?.as_str()]).map(Into::into)
    }

    /// Returns the page of a pull request.
    pub(crate) fn request(&self, endpoint: &EndpointId, repository: &RepoName, number: u64) -> Option<String> {
        let page = self.endpoints.get(endpoint).filter(|page| !page.nested)?;
        let number = number.to_string();
        let name = page.names.there(repository)?;
        let name = name.as_str();
        let url = match page.provider {
            Provider::Github => below(&page.url, [name, "pull", &number]),
            Provider::Gitlab => below(&page.url, [name, "-", "merge_requests", &number]),
            Provider::Gitea | Provider::Forgejo => below(&page.url, [name, "pulls", &number]),
            Provider::Directory => None,
        };
        url.map(Into::into)
    }
}

impl Page {
    fn of(endpoint: &Endpoint) -> Option<Self> {
        let provider = endpoint.site.provider;
        if provider == Provider::Directory {
            return None;
        }
        let url = below(&endpoint.site.base_url, endpoint.namespace.split('/'))?;
        Some(Self { url, provider, nested: endpoint.include_subgroups, names: endpoint.names.clone() })
    }
}

fn below<'a>(url: &Url, segments: impl IntoIterator<Item = &'a str>) -> Option<Url> {
    let mut url = url.clone();
    // An address that is shown never holds a credential.
    url.set_username("").ok()?;
    url.set_password(None).ok()?;
    url.path_segments_mut().ok()?.pop_if_empty().extend(segments);
    Some(url)
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::render::push;

    fn pages() -> Pages {
        let mut text = String::new();
        for (name, provider) in [("github", "github"), ("gitlab", "gitlab"), ("ours", "forgejo")] {
            push(
                &mut text,
                format_args!("[[sites]]\nname = \"{name}\"\nprovider = \"{provider}\"\ntoken = {{ env = \"T\" }}\n"),
            );
            if name == "ours" {
                text += "base_url = \"https://git.example.org/forge\"\n";
            }
        }
        text +=
            "[[sites]]\nname = \"disk\"\nprovider = \"directory\"\npath = \"/srv/git\"\n[[mirrors]]\nname = \"all\"\n";
        for (site, kind, namespace, more) in [
            ("github", "org", "acme", "names = { y = \"y2\" }\n"),
            ("gitlab", "group", "acme/tools", ""),
            ("gitlab", "group", "wide", "include_subgroups = true\n"),
            ("ours", "user", "ada", ""),
        ] {
            let place = format_args!("site = \"{site}\"\nkind = \"{kind}\"\nnamespace = \"{namespace}\"\n{more}");
            push(&mut text, format_args!("[[mirrors.endpoints]]\n{place}"));
        }
        text += "[[mirrors.endpoints]]\nsite = \"disk\"\nnamespace = \"a\"\n";
        let parsed = refray_core::config::parse(&text, "config.toml", Path::new("/"), None).unwrap();
        Pages::of(&parsed.config)
    }

    #[test]
    fn pages_are_below_those_of_their_endpoints() {
        let (pages, name) = (pages(), RepoName::new("x").unwrap());
        let id = |text| EndpointId::new(text).unwrap();
        assert_eq!(pages.endpoint(&id("github/acme")), Some("https://github.com/acme"));
        assert_eq!(pages.repository(&id("gitlab/acme/tools"), &name).unwrap(), "https://gitlab.com/acme/tools/x");
        assert_eq!(pages.repository(&id("ours/ada"), &name).unwrap(), "https://git.example.org/forge/ada/x");
        let other = |text| pages.repository(&id("github/acme"), &RepoName::new(text).unwrap());
        assert_eq!(other("Y").as_deref(), Some("https://github.com/acme/y2"));
        assert_eq!(other("y2"), None);
        let request = pages.request(&id("github/acme"), &RepoName::new("y").unwrap(), 7);
        assert_eq!(request.as_deref(), Some("https://github.com/acme/y2/pull/7"));
        for (endpoint, url) in [
            ("github/acme", "https://github.com/acme/x/pull/7"),
            ("gitlab/acme/tools", "https://gitlab.com/acme/tools/x/-/merge_requests/7"),
            ("ours/ada", "https://git.example.org/forge/ada/x/pulls/7"),
        ] {
            assert_eq!(pages.request(&id(endpoint), &name, 7).as_deref(), Some(url));
        }
    }

    #[test]
    fn what_is_not_known_has_none() {
        let (pages, name) = (pages(), RepoName::new("x").unwrap());
        let id = |text| EndpointId::new(text).unwrap();
        assert_eq!(pages.endpoint(&id("disk/a")), None);
        assert_eq!(pages.repository(&id("elsewhere/b"), &name), None);
        // In which group below it is, its name does not say.
        assert_eq!(pages.repository(&id("gitlab/wide"), &name), None);
        assert_eq!(pages.endpoint(&id("gitlab/wide")), Some("https://gitlab.com/wide"));
    }
}
