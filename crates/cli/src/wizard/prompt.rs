//! How questions are put: by a terminal, or by a test.

use async_trait::async_trait;

/// Why a question was left without an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Leave {
    /// Esc: to the question before.
    Back,
    /// Ctrl-C: out, with nothing written.
    Interrupted,
    /// The terminal does not work: why.
    Broken(String),
}

/// A question that is answered by typing.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Line<'a> {
    pub(crate) message: &'a str,
    pub(crate) help: &'a str,
    /// An example, shown while nothing is typed.
    pub(crate) example: &'a str,
    /// What stands there already, and can be changed.
    pub(crate) initial: &'a str,
}

/// A question that is answered by choosing.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Choice<'a> {
    pub(crate) message: &'a str,
    pub(crate) options: &'a [String],
    /// Which one is marked at first.
    pub(crate) start: usize,
}

/// Whoever answers.
#[async_trait]
pub(crate) trait Prompt: Send {
    /// Returns how many columns there are for a text.
    fn width(&self) -> usize;

    /// Shows lines above the next question.
    fn say(&mut self, text: &str);

    /// Asks for a line of text.
    async fn line(&mut self, line: Line<'_>) -> Result<String, Leave>;

    /// Asks for a secret, which is not shown.
    async fn secret(&mut self, message: &str, help: &str) -> Result<String, Leave>;

    /// Asks for one of some options, and returns its index.
    async fn choose(&mut self, choice: Choice<'_>) -> Result<usize, Leave>;
}
