//! Scenes in which a careless tool deletes or loses something, on every kind of forge, where deletions are followed.

mod content;
mod identity;
mod lab;
mod membership;
mod scene;
mod sight;
