//! `refray config` on a terminal: from nothing to accounts in sync, and changes to what there is.
//!
//! Questions are put by a [`prompt::Prompt`], so that a test can answer them. What is known so far is a plain
//! [`draft::Draft`], of which a copy is kept for each answer: that is how going back works. Nothing is written on any
//! forge or into the configuration before the last question is answered.

mod address;
mod ask;
mod draft;
mod flow;
mod layout;
mod preview;
mod prompt;
mod reach;
mod run;
mod step;
mod terminal;
#[cfg(test)]
mod tests;
mod token;
mod trail;
mod write;

pub(crate) use run::run;
