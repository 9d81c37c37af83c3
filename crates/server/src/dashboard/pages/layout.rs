//! What all pages have around them.

use axum::http::HeaderValue;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use maud::{DOCTYPE, Markup, html};
use refray_core::name::{GroupName, RepoName};

use super::super::assets;
use super::super::guard::Viewer;

/// What a page is about, for keeping it up to date.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Scope<'a> {
    /// Everything.
    All,
    /// Runs.
    Runs,
    /// A group.
    Group(&'a GroupName),
    /// A repository.
    Repository(&'a GroupName, &'a RepoName),
}

/// A page's head.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Page<'a> {
    pub(crate) title: &'a str,
    /// The place in the navigation where it belongs.
    pub(crate) nav: &'a str,
    pub(crate) viewer: &'a Viewer,
    /// What it is about; `None` for one that stays as it is.
    pub(crate) scope: Option<Scope<'a>>,
    /// What is read out when it changes.
    pub(crate) summary: &'a str,
}

impl Page<'_> {
    /// Says whether it only belongs under its place in the navigation.
    fn is_child(&self) -> bool {
        !matches!(self.title, "How things stand" | "Runs" | "Queue")
    }
}

/// Renders a page.
pub(crate) fn page(head: &Page<'_>, body: &Markup) -> Response {
    let kind = HeaderValue::from_static("text/html; charset=utf-8");
    ([(CONTENT_TYPE, kind)], document(head, body).into_string()).into_response()
}

fn document(head: &Page<'_>, body: &Markup) -> Markup {
    let (scope, group, repository) = match head.scope {
        None => (None, None, None),
        Some(Scope::All) => (Some("all"), None, None),
        Some(Scope::Runs) => (Some("runs"), None, None),
        Some(Scope::Group(group)) => (Some("group"), Some(group.as_str()), None),
        Some(Scope::Repository(group, repository)) => {
            (Some("repository"), Some(group.as_str()), Some(repository.key()))
        }
    };
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                title { (head.title) " · refray" }
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                link rel="icon" href=(assets::ICON) type="image/svg+xml";
                link rel="stylesheet" href=(assets::STYLE);
                @if scope.is_some() {
                    script src=(assets::SCRIPT) defer {}
                    noscript { meta http-equiv="refresh" content="60"; }
                }
            }
            body {
                a.skip href="#main" { "Skip to the content" }
                header.top {
                    div.inner {
                        a.brand href="/" { "refray" }
                        nav aria-label="Pages" {
                            @for (name, address) in [("Overview", "/"), ("Runs", "/runs"), ("Queue", "/queue")] {
                                a href=(address) aria-current=[(head.nav == name).then_some(if head.is_child() { "true" } else { "page" })] { (name) }
                            }
                        }
                        @if head.viewer.known {
                            form.plain method="post" action="/logout" {
                                (hidden(head.viewer))
                                button.link type="submit" { "Log out" }
                            }
                        }
                    }
                }
                main #main tabindex="-1" data-scope=[scope] data-group=[group] data-repository=[repository]
                    data-summary=(head.summary) {
                    h1 { (head.title) }
                    (body)
                }
                p #announce.unseen role="status" {}
                footer { span #connection { "As of the last look at each repository." } }
            }
        }
    }
}

/// Renders what every form carries.
pub(crate) fn hidden(viewer: &Viewer) -> Markup {
    html! { input type="hidden" name="form_token" value=(viewer.form_token); }
}
