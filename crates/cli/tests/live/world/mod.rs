//! Named forges, a folder, a configuration and a home for each scene.

#[allow(dead_code, reason = "shared with the other end-to-end tests, which use more of it")]
#[path = "../../e2e/world/config.rs"]
mod config;
#[allow(dead_code, reason = "shared with the other end-to-end tests, which use more of it")]
#[path = "../../e2e/world/files.rs"]
mod files;
mod forge;
mod lab;
mod plenty;
mod process;
mod repository;
mod review;
#[allow(dead_code, reason = "shared with the other end-to-end tests, which use more of it")]
#[path = "../../e2e/world/run.rs"]
mod run;
mod work;

pub(crate) use config::Config;
pub(crate) use files::put;
pub(crate) use forge::{Forge, Kind};
pub(crate) use lab::{HERE, Lab, Place};
pub(crate) use process::{newest, until};
pub(crate) use repository::{New, Seen};
pub(crate) use review::Rule;
pub(crate) use run::{Run, has};
pub(crate) use work::Work;
