//! The questions with a script in the terminal's place.
