//! Faults of listings: pages that are not whole.

use axum::body::{Body, Bytes, to_bytes};
use axum::response::Response;
use http::header;
use serde_json::Value;

use crate::dialect::Query;
use crate::faults::Effect;

/// Lets the faults of listings happen to an answer.
pub(super) async fn spoil(response: Response, effects: &[Effect], query: Option<&str>) -> Response {
    let (mut parts, body) = response.into_parts();
    let mut bytes = to_bytes(body, usize::MAX).await.unwrap_or_default();
    let asked = Query::of(query).number("page").unwrap_or(1);
    for effect in effects {
        match effect {
            Effect::NoNextPage => {
                parts.headers.remove(header::LINK);
                for name in ["x-next-page", "x-total", "x-total-pages", "x-total-count"] {
                    parts.headers.remove(name);
                }
            }
            Effect::EmptyPage(page) if *page == asked => bytes = shorten(&bytes, usize::MAX),
            Effect::LessItems(count) => bytes = shorten(&bytes, *count),
            _ => {}
        }
    }
    // The router has counted the body as it was.
    parts.headers.remove(header::CONTENT_LENGTH);
    Response::from_parts(parts, Body::from(bytes))
}

fn shorten(bytes: &Bytes, by: usize) -> Bytes {
    let Ok(Value::Array(mut list)) = serde_json::from_slice(bytes) else { return bytes.clone() };
    list.truncate(list.len().saturating_sub(by));
    Bytes::from(Value::Array(list).to_string())
}
