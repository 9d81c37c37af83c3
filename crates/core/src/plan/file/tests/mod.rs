//! The format and its checks, as tables and for arbitrary plans.

mod fixture;
mod looks;
mod reading;
mod round_trip;
