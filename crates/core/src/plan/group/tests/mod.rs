//! The rules for whole repositories as tables, and as properties of random groups.

mod absences;
mod copies;
mod names;
mod notation;
mod properties;
mod renames;
mod selections;
mod speed;
