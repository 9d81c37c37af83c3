//! Which address is which page.

use std::sync::Arc;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::middleware::from_fn_with_state;
use axum::routing::{get, post};

use super::error::Failure;
use super::state::Inner;
use super::{Dashboard, assets, forms, guard, live, login, pages};

/// Makes the dashboard's router.
///
/// # Errors
/// The operating system gives no random, without which there are no sessions.
pub fn router(dashboard: Dashboard) -> Result<Router, getrandom::Error> {
    let shared = Arc::new(Inner::new(dashboard)?);
    let router = Router::new()
        .route("/", get(pages::overview::show))
        .route("/groups/{group}", get(pages::group::show))
        .route("/groups/{group}/{repository}", get(pages::repository::show))
        .route("/groups/{group}/{repository}/sync", post(forms::sync))
        .route("/groups/{group}/{repository}/confirm", get(pages::confirm::deletions).post(forms::confirm))
        .route("/runs", get(pages::runs::show))
        .route("/runs/{run}", get(pages::run::show))
        .route("/runs/{run}/undo", get(pages::confirm::undo).post(forms::undo))
        .route("/queue", get(pages::queue::show))
        .route("/events", get(live::events))
        .route("/login", get(login::show).post(login::submit))
        .route("/logout", post(login::leave))
        .route(assets::STYLE, get(assets::style))
        .route(assets::SCRIPT, get(assets::script))
        .route(assets::ICON, get(assets::icon))
        .fallback(async || Failure::NotFound("such page".to_owned()))
        .layer(DefaultBodyLimit::max(16 * 1024))
        .layer(from_fn_with_state(shared.clone(), guard::guard))
        .with_state(shared);
    Ok(router)
}
