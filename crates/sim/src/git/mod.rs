//! Git over smart HTTP, on the real bare repositories of a site.

mod access;
mod children;
pub(crate) mod command;
mod lfs;
mod pktline;
mod receive;
mod report;
mod route;
mod rules;
mod scripts;
mod serve;

pub(crate) use children::Children;
pub(crate) use route::Route;
pub(crate) use scripts::write_scripts;
pub(crate) use serve::handle;
