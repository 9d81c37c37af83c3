//! Questions on a terminal.

use std::io::Write as _;

use async_trait::async_trait;
use inquire::ui::{Color, RenderConfig, StyleSheet, Styled};
use inquire::{InquireError, Password, Select, Text};

use super::layout;
use super::prompt::{Choice, Leave, Line, Prompt};

/// The terminal behind standard input and standard error.
pub(crate) struct Terminal {
    render: RenderConfig<'static>,
}

impl Terminal {
    pub(crate) fn new(colored: bool) -> Self {
        Self { render: if colored { colors() } else { plain() } }
    }

    /// Asks on a thread of its own: whoever else waits, such as for a signal, goes on.
    async fn ask<T: Send + 'static>(
        &self,
        question: impl FnOnce(RenderConfig<'static>) -> Result<T, InquireError> + Send + 'static,
    ) -> Result<T, Leave> {
        let render = self.render;
        let asked = tokio::task::spawn_blocking(move || question(render)).await;
        match asked {
            Ok(Ok(answer)) => Ok(answer),
            Ok(Err(InquireError::OperationCanceled)) => Err(Leave::Back),
            Ok(Err(InquireError::OperationInterrupted)) => Err(Leave::Interrupted),
            Ok(Err(error)) => Err(Leave::Broken(error.to_string())),
            Err(error) => Err(Leave::Broken(error.to_string())),
        }
    }
}

#[async_trait]
impl Prompt for Terminal {
    fn width(&self) -> usize {
        layout::width()
    }

    fn say(&mut self, text: &str) {
        // A terminal that is gone is noticed by the next question.
        drop(writeln!(anstream::stderr(), "{text}"));
    }

    async fn line(&mut self, line: Line<'_>) -> Result<String, Leave> {
        let Line { message, help, example, initial } = line;
        let help = hint(help, layout::width());
        let [message, example, initial] = [message, example, initial].map(str::to_owned);
        self.ask(move |render| {
            let mut text = Text::new(&message).with_render_config(render);
            if !help.is_empty() {
                text = text.with_help_message(&help);
            }
            if !example.is_empty() {
                text = text.with_placeholder(&example);
            }
            if !initial.is_empty() {
                text = text.with_initial_value(&initial);
            }
            text.prompt()
        })
        .await
    }

    async fn secret(&mut self, message: &str, help: &str) -> Result<String, Leave> {
        let (message, help) = (message.to_owned(), hint(help, layout::width()));
        self.ask(move |render| {
            let hidden = |_: &str| "(hidden)".to_owned();
            Password::new(&message)
                .with_render_config(render)
                .with_help_message(&help)
                .with_formatter(&hidden)
                .without_confirmation()
                .prompt()
        })
        .await
    }

    async fn choose(&mut self, choice: Choice<'_>) -> Result<usize, Leave> {
        // The mark in front takes two columns.
        let width = layout::width().saturating_sub(3);
        let options = layout::columns(choice.options);
        let options: Vec<String> = options.iter().map(|option| layout::cut(option, width)).collect();
        let (message, start) = (choice.message.to_owned(), choice.start);
        self.ask(move |render| {
            let short = |option: inquire::list_option::ListOption<&String>| {
                // What follows two spaces explains the option, and is not needed any more.
                option.value.split("  ").next().unwrap_or_default().to_owned()
            };
            let page = options.len().min(12);
            let question = Select::new(&message, options)
                .with_render_config(render)
                .with_starting_cursor(start)
                .with_page_size(page)
                .with_formatter(&short)
                .with_help_message("arrows and Enter; Esc goes back")
                .without_filtering();
            question.raw_prompt().map(|chosen| chosen.index)
        })
        .await
    }
}

/// Breaks a hint, which stands in brackets.
fn hint(text: &str, width: usize) -> String {
    layout::wrap(text, width.saturating_sub(2), 1)
}

fn plain() -> RenderConfig<'static> {
    RenderConfig::empty()
        .with_answered_prompt_prefix(Styled::new(">"))
        .with_canceled_prompt_indicator(Styled::new("(back)"))
}

fn colors() -> RenderConfig<'static> {
    let dim = StyleSheet::new().with_fg(Color::DarkGrey);
    RenderConfig::default_colored()
        .with_help_message(dim)
        .with_canceled_prompt_indicator(Styled::new("(back)").with_style_sheet(dim))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hints_break_at_spaces() {
        let text = "what a proxy passes on to port 8787 here; empty switches webhooks off";
        assert_eq!(hint(text, 80), text);
        let broken = "what a proxy passes on to port 8787 here; empty switches\n webhooks off";
        assert_eq!(hint(text, 60), broken);
    }
}
