//! The questions with a script in the terminal's place, against simulated forges.

mod accounts;
mod answers;
mod existing;
mod scene;
mod script;
