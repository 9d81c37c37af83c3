//! The rules as tables, and as properties of random worlds.

mod baselines;
mod brakes;
mod branches;
mod conflicts;
mod copies;
mod defaults;
mod model;
mod notation;
mod properties;
mod restored;
mod speed;
mod undo;
