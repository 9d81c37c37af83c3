//! The questions, one file for each matter.

mod address;
mod existing;
mod review;
mod settings;
mod token;
mod webhook;
