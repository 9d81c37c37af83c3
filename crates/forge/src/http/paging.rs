use std::collections::HashSet;

use http::HeaderMap;
use serde::de::DeserializeOwned;
use url::Url;

use super::address::query_value;
use super::call::Call;
use super::client::Client;
use super::link;
use crate::error::{ErrorKind, ForgeError};

/// How a forge cuts a listing into pages, and how it is known that none is missing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Paging {
    /// GitHub: `Link` leads from page to page.
    Link {
        /// How many entries a full page has.
        per_page: usize,
    },
    /// GitLab by page numbers: `X-Next-Page`, `X-Total`, `X-Total-Pages`; the totals are left out of long lists.
    GitlabOffset {
        /// How many entries a full page has.
        per_page: usize,
    },
    /// GitLab by key: `Link` alone leads on.
    GitlabKeyset,
    /// Gitea and Forgejo: `X-Total-Count`, and on some listings `Link`.
    Gitea {
        /// How many entries a full page has at most: what was asked for, or less if the server is set to less.
        limit: usize,
        /// The total counts just what is shown. Listings of somebody's repositories also count what is hidden.
        exact: bool,
    },
}

impl Paging {
    /// Says whether a page that is named as the next one holds something. GitLab's keyset paging names one behind every
    /// full page, and Gitea's pages may be emptied by what is hidden.
    const fn announces(self) -> bool {
        matches!(self, Self::Link { .. } | Self::GitlabOffset { .. })
    }
}

/// More pages than any real listing has.
const MOST_PAGES: u64 = 10_000;

/// What the headers of a page say of the whole.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Marks {
    has_link: bool,
    next: Option<String>,
    last_page: Option<u64>,
    /// GitLab names the next page in a header that is there, and empty, on the last one.
    has_next_page: bool,
    next_page: Option<u64>,
    total: Option<u64>,
    total_pages: Option<u64>,
}

impl Marks {
    fn read(headers: &HeaderMap, base: &Url) -> Self {
        let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).map(str::trim);
        let number = |name: &str| text(name).and_then(|value| value.parse().ok());
        let links: Vec<&str> = headers.get_all("link").iter().filter_map(|value| value.to_str().ok()).collect();
        let target = |relation| links.iter().find_map(|header| link::target(header, relation));
        Self {
            has_link: !links.is_empty(),
            next: target("next").map(str::to_owned),
            last_page: target("last").and_then(|last| query_value(&base.join(last).ok()?, "page")?.parse().ok()),
            has_next_page: headers.contains_key("x-next-page"),
            next_page: number("x-next-page"),
            total: number("x-total").or_else(|| number("x-total-count")),
            total_pages: number("x-total-pages"),
        }
    }
}

/// Where a listing goes on.
#[derive(Debug, PartialEq, Eq)]
enum Next {
    /// At this address.
    Link(String),
    /// On the page of this number.
    Page(u64),
    /// It is whole.
    End,
}

/// Where a listing stands: the page just read, and what came so far.
#[derive(Debug, Clone, Copy)]
struct Standing {
    page: u64,
    on_page: usize,
    so_far: u64,
    promised_last: Option<u64>,
}

/// Decides how a listing goes on, or says what is missing.
fn decide(paging: Paging, at: Standing, marks: &Marks) -> Result<Next, String> {
    let by_link = || marks.next.clone().map(Next::Link);
    match paging {
        Paging::Link { per_page } => match (by_link(), at.promised_last) {
            (Some(next), _) => Ok(next),
            (None, Some(last)) if last > at.page => {
                Err(format!("{last} pages were announced, the listing ended on page {}", at.page))
            }
            // A full page that says nothing of others may be all, or may have lost its header: one look tells.
            (None, None) if !marks.has_link && at.on_page >= per_page => Ok(Next::Page(at.page + 1)),
            (None, _) => Ok(Next::End),
        },
        Paging::GitlabKeyset => Ok(by_link().unwrap_or(Next::End)),
        Paging::GitlabOffset { per_page } => {
            if let Some(page) = marks.next_page {
                return Ok(Next::Page(page));
            }
            if marks.next.is_some() {
                return Ok(Next::Page(at.page + 1));
            }
            match (marks.total_pages, marks.total) {
                (Some(pages), _) if pages > at.page => {
                    Err(format!("{pages} pages were announced, the listing ended on page {}", at.page))
                }
                (_, Some(total)) if total > at.so_far => {
                    Err(format!("{total} entries were announced, {} came", at.so_far))
                }
                // An empty `X-Next-Page` or a link back says that this is the last one. A full page that says nothing at
                // all, as behind a proxy that drops such headers, may be all or not: one look tells.
                (None, None) if !marks.has_link && !marks.has_next_page && at.on_page >= per_page => {
                    Ok(Next::Page(at.page + 1))
                }
                _ => Ok(Next::End),
            }
        }
        Paging::Gitea { limit, exact } => {
            if marks.next.is_some() {
                // The address in the link is the one that the server believes to have; the page's number is enough.
                return Ok(Next::Page(at.page + 1));
            }
            let missing = |total| Err(format!("{total} entries were announced, {} came", at.so_far));
            match marks.total {
                Some(total) if marks.has_link || !exact => {
                    // Entries may have been hidden after the pages were cut, so the pages are what can be counted.
                    let covered = at.page.saturating_mul(limit as u64);
                    if total > covered && (exact || marks.has_link) || exact && total > at.so_far {
                        missing(total)
                    } else if total > covered {
                        Ok(Next::Page(at.page + 1))
                    } else {
                        Ok(Next::End)
                    }
                }
                Some(total) if total > at.so_far && at.on_page == 0 => missing(total),
                Some(total) if total > at.so_far => Ok(Next::Page(at.page + 1)),
                Some(_) => Ok(Next::End),
                None if !marks.has_link && at.on_page >= limit.max(1) => Ok(Next::Page(at.page + 1)),
                None => Ok(Next::End),
            }
        }
    }
}

/// Why a listing could not be read.
enum Failure {
    /// It changed while it was being read, so that entries may have slipped between pages.
    Shifted(&'static str),
    /// It cannot be read.
    Forge(ForgeError),
}

impl From<ForgeError> for Failure {
    fn from(error: ForgeError) -> Self {
        Self::Forge(error)
    }
}

impl Client {
    /// Reads a listing to its end. It is whole, or it is an error: when pages go missing or run in circles, or shift
    /// whenever they are read, nothing is returned. `key` names an entry.
    ///
    /// # Errors
    /// As [`Client::send`], [`ErrorKind::Protocol`] for a listing that is not whole, and [`ErrorKind::Unsettled`] for one
    /// that changed each time it was read.
    pub async fn list<T: DeserializeOwned>(
        &self,
        first: &Call,
        paging: Paging,
        key: impl Fn(&T) -> String + Send + Sync,
    ) -> Result<Vec<T>, ForgeError> {
        // Something that is busy there, such as a script that makes repositories, is given the time to come to its end.
        let mut patience = self.patience();
        loop {
            match self.list_once(first, paging, &key).await {
                Ok(entries) => return Ok(entries),
                Err(Failure::Forge(error)) => return Err(error),
                Err(Failure::Shifted(why)) => match patience.next(None, fastrand::f64()) {
                    Some(wait) => tokio::time::sleep(wait).await,
                    None => return Err(self.error(&first.doing, ErrorKind::Unsettled, why)),
                },
            }
        }
    }

    async fn list_once<T: DeserializeOwned>(
        &self,
        first: &Call,
        paging: Paging,
        key: &(impl Fn(&T) -> String + Send + Sync),
    ) -> Result<Vec<T>, Failure> {
        let broken = |why: &str| self.error(&first.doing, ErrorKind::Protocol, why);
        let mut call = first.clone();
        let mut visited = HashSet::new();
        let mut keys = HashSet::new();
        let mut entries: Vec<T> = Vec::new();
        let (mut page, mut announced) = (1, false);
        let (mut promised_last, mut total) = (None, None);
        loop {
            if !visited.insert(call.url.to_string()) || visited.len() as u64 > MOST_PAGES {
                return Err(broken("the pages of the listing lead in a circle").into());
            }
            let answer = self.send(&call).await?;
            let part: Vec<T> = answer.json::<Option<Vec<T>>>()?.unwrap_or_default();
            let marks = Marks::read(&answer.headers, &answer.url);
            let on_page = part.len();
            for entry in part {
                if !keys.insert(key(&entry)) {
                    return Err(Failure::Shifted("an entry came twice"));
                }
                entries.push(entry);
            }
            if announced && on_page == 0 && paging.announces() {
                return Err(Failure::Shifted("a page that was announced is empty"));
            }
            announced = marks.next.is_some() || marks.next_page.is_some();
            promised_last = marks.last_page.or(promised_last);
            if total.is_some() && marks.total.is_some() && total != marks.total {
                return Err(Failure::Shifted("the number of entries changed from page to page"));
            }
            total = marks.total.or(total);
            let at = Standing { page, on_page, so_far: entries.len() as u64, promised_last };
            match decide(paging, at, &marks).map_err(|why| broken(&why))? {
                Next::End => return Ok(entries),
                Next::Page(number) => {
                    page = number;
                    call.set_query("page", &number.to_string());
                }
                Next::Link(next) => {
                    page += 1;
                    call.url = go_on(&answer.url, &next).ok_or_else(|| broken("the next page is on another host"))?;
                }
            }
        }
    }
}

/// Resolves the address of the next page. A server that believes to have another address than the one that it was called
/// by names that one; then what counts is the query, on the same path. Anything else elsewhere is not followed.
fn go_on(current: &Url, next: &str) -> Option<Url> {
    let to = current.join(next).ok()?;
    if to.origin() == current.origin() {
        return Some(to);
    }
    if !to.path().ends_with(current.path()) && !current.path().ends_with(to.path()) {
        return None;
    }
    let mut url = current.clone();
    url.set_query(to.query());
    Some(url)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(page: u64, on_page: usize, so_far: u64) -> Standing {
        Standing { page, on_page, so_far, promised_last: None }
    }

    fn marks(next: Option<&str>, total: Option<u64>) -> Marks {
        Marks { has_link: next.is_some(), next: next.map(str::to_owned), total, ..Marks::default() }
    }

    #[test]
    fn github_follows_links_and_notices_lost_ones() {
        let paging = Paging::Link { per_page: 2 };
        assert_eq!(decide(paging, at(1, 2, 2), &marks(Some("n"), None)), Ok(Next::Link("n".into())));
        assert_eq!(decide(paging, at(1, 1, 1), &marks(None, None)), Ok(Next::End));
        assert_eq!(decide(paging, at(1, 2, 2), &marks(None, None)), Ok(Next::Page(2)));
        let promised = Standing { promised_last: Some(3), ..at(2, 2, 4) };
        assert!(decide(paging, promised, &Marks { has_link: true, ..Marks::default() }).is_err());
        assert_eq!(
            decide(paging, Standing { page: 3, ..promised }, &Marks { has_link: true, ..Marks::default() }),
            Ok(Next::End)
        );
    }

    #[test]
    fn gitlab_counts_when_it_is_told_the_total() {
        let paging = Paging::GitlabOffset { per_page: 2 };
        let next = Marks { next_page: Some(2), total: Some(3), total_pages: Some(2), ..Marks::default() };
        assert_eq!(decide(paging, at(1, 2, 2), &next), Ok(Next::Page(2)));
        let end = Marks { next_page: None, ..next.clone() };
        assert_eq!(decide(paging, at(2, 1, 3), &end), Ok(Next::End));
        assert!(decide(paging, at(1, 2, 2), &end).is_err());
        assert!(decide(paging, at(2, 0, 2), &end).is_err());
        let last = Marks { has_next_page: true, ..Marks::default() };
        assert_eq!(decide(paging, at(1, 2, 2), &last), Ok(Next::End));
        assert_eq!(decide(paging, at(1, 2, 2), &Marks { has_link: true, ..Marks::default() }), Ok(Next::End));
        assert_eq!(decide(paging, at(1, 1, 1), &marks(None, None)), Ok(Next::End));
        assert_eq!(decide(paging, at(1, 2, 2), &marks(None, None)), Ok(Next::Page(2)), "nothing says that it is all");
        assert_eq!(decide(Paging::GitlabKeyset, at(1, 2, 2), &marks(Some("k"), None)), Ok(Next::Link("k".into())));
        assert_eq!(decide(Paging::GitlabKeyset, at(1, 2, 2), &marks(None, None)), Ok(Next::End));
    }

    #[test]
    fn gitea_goes_by_totals_and_bears_hidden_entries() {
        let hooks = Paging::Gitea { limit: 2, exact: true };
        assert_eq!(decide(hooks, at(1, 2, 2), &marks(None, Some(3))), Ok(Next::Page(2)));
        assert_eq!(decide(hooks, at(2, 1, 3), &marks(None, Some(3))), Ok(Next::End));
        assert!(decide(hooks, at(3, 0, 2), &marks(None, Some(3))).is_err());
        assert_eq!(decide(hooks, at(1, 2, 2), &marks(None, None)), Ok(Next::Page(2)));
        let repositories = Paging::Gitea { limit: 2, exact: false };
        let linked = |next: Option<&str>, total| Marks { has_link: true, ..marks(next, total) };
        assert_eq!(decide(repositories, at(1, 0, 0), &linked(Some("n"), Some(4))), Ok(Next::Page(2)));
        assert_eq!(decide(repositories, at(2, 1, 1), &linked(None, Some(4))), Ok(Next::End));
        assert!(decide(repositories, at(1, 2, 2), &linked(None, Some(4))).is_err());
        assert_eq!(decide(repositories, at(1, 1, 1), &marks(None, Some(2))), Ok(Next::End));
        assert_eq!(decide(repositories, at(1, 2, 2), &marks(None, Some(4))), Ok(Next::Page(2)));
    }

    #[test]
    fn the_next_page_stays_on_the_host() {
        let current = Url::parse("https://inner:3000/api/v4/projects?page=1").unwrap();
        let to = |next: &str| go_on(&current, next).map(String::from);
        assert_eq!(to("/api/v4/projects?page=2").as_deref(), Some("https://inner:3000/api/v4/projects?page=2"));
        assert_eq!(
            to("https://outer/api/v4/projects?id_after=9").as_deref(),
            Some("https://inner:3000/api/v4/projects?id_after=9")
        );
        assert_eq!(to("https://evil.example/other?page=2"), None);
    }
}
