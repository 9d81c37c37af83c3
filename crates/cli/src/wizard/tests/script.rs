//! Answers that were written down beforehand.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;

use crate::wizard::layout;
use crate::wizard::prompt::{Choice, Leave, Line, Prompt};

/// One answer.
#[derive(Debug, Clone)]
pub(super) enum Answer {
    /// What is typed at a line or a secret.
    Typed(String),
    /// The option that begins like this.
    Pick(&'static str),
    /// Esc.
    Back,
    /// Ctrl-C.
    Interrupt,
}

pub(super) fn typed(text: impl Into<String>) -> Answer {
    Answer::Typed(text.into())
}

/// Gives the answers in turn, and writes down all that was shown. When there are none left, it is Ctrl-C.
#[derive(Debug, Default)]
pub(super) struct Script {
    answers: VecDeque<Answer>,
    shown: Arc<Mutex<String>>,
}

impl Script {
    pub(super) fn new(answers: &[Answer]) -> (Self, Arc<Mutex<String>>) {
        let shown = Arc::new(Mutex::new(String::new()));
        (Self { answers: answers.iter().cloned().collect(), shown: shown.clone() }, shown)
    }

    fn write(&self, text: &str) {
        let mut shown = self.shown.lock().unwrap();
        shown.push_str(text);
        shown.push('\n');
    }

    fn next(&mut self) -> Result<Answer, Leave> {
        match self.answers.pop_front() {
            Some(Answer::Back) => {
                self.write("< back");
                Err(Leave::Back)
            }
            None | Some(Answer::Interrupt) => Err(Leave::Interrupted),
            Some(answer) => Ok(answer),
        }
    }

    fn typed(&mut self, message: &str, initial: &str, show: bool) -> Result<String, Leave> {
        let there = if initial.is_empty() { String::new() } else { format!(" [{initial}]") };
        self.write(&format!("? {message}{there}"));
        match self.next()? {
            Answer::Typed(text) => {
                self.write(&format!("> {}", if show { &text } else { "(hidden)" }));
                Ok(text)
            }
            other => panic!("{other:?} is no answer to `{message}` in\n{}", self.shown.lock().unwrap()),
        }
    }
}

#[async_trait]
impl Prompt for Script {
    fn width(&self) -> usize {
        80
    }

    fn say(&mut self, text: &str) {
        self.write(text);
    }

    async fn line(&mut self, line: Line<'_>) -> Result<String, Leave> {
        self.typed(line.message, line.initial, true)
    }

    async fn secret(&mut self, message: &str, _help: &str) -> Result<String, Leave> {
        self.typed(message, "", false)
    }

    async fn choose(&mut self, choice: Choice<'_>) -> Result<usize, Leave> {
        self.write(&format!("? {}", choice.message));
        for option in layout::columns(choice.options) {
            self.write(&format!("  {option}"));
        }
        match self.next()? {
            Answer::Pick(start) => {
                let found = choice.options.iter().position(|option| option.starts_with(start));
                self.write(&format!("> {start}"));
                Ok(found.unwrap_or_else(|| panic!("no option `{start}` in\n{}", self.shown.lock().unwrap())))
            }
            other => panic!("{other:?} is no answer to `{}` in\n{}", choice.message, self.shown.lock().unwrap()),
        }
    }
}
