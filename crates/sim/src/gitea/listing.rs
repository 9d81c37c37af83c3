use axum::response::Response;
use http::{HeaderName, HeaderValue, header};
use serde_json::Value;

use super::call::{Call, ok};
use crate::dialect::Page;

/// What is on a page when nothing is said, and the most there can be.
pub(super) const USUAL: u64 = 30;
pub(super) const MOST: u64 = 50;

impl Call {
    pub(super) fn page(&self) -> Page {
        Page::read(&self.query, "limit", USUAL, MOST)
    }

    /// Answers with a page. `total` counts the whole list, what the caller may not see included; links are given to some
    /// lists only.
    pub(super) fn listing(&self, items: Vec<Value>, total: usize, linked: bool) -> Response {
        let total = u64::try_from(total).unwrap_or(u64::MAX);
        let mut response = ok(&Value::Array(items));
        let headers = response.headers_mut();
        headers.insert(HeaderName::from_static("x-total-count"), HeaderValue::from(total));
        let page = self.page();
        let last = page.last(total);
        if linked && last > 1 {
            let inner = page.number < last;
            let relations = [
                ("next", inner.then_some(page.number + 1)),
                ("last", inner.then_some(last)),
                ("first", (page.number > 1).then_some(1)),
                ("prev", (page.number > 1).then(|| (page.number - 1).min(last))),
            ];
            if let Some(link) = page.link(&self.site, &self.path, &self.query, "limit", &relations, ",") {
                headers.insert(header::LINK, link);
            }
        }
        headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, HeaderValue::from_static("X-Total-Count, Link"));
        response
    }
}
