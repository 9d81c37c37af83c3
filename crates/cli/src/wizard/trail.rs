//! The way through the questions, and back.

/// The questions that were answered, each with what was known before it.
#[derive(Debug, Clone)]
pub(crate) struct Trail<S, D> {
    answered: Vec<(S, D)>,
}

impl<S, D> Default for Trail<S, D> {
    fn default() -> Self {
        Self { answered: Vec::new() }
    }
}

impl<S, D> Trail<S, D> {
    /// Notes that a question was answered, and what was known before.
    pub(crate) fn answered(&mut self, step: S, before: D) {
        self.answered.push((step, before));
    }

    /// Goes back to the last question, as it was put then. `None` at the first one.
    pub(crate) fn back(&mut self) -> Option<(S, D)> {
        self.answered.pop()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Runs a script of answers and steps back over numbered questions: `1` answers question 1, `<` goes back.
    fn walk(script: &str) -> String {
        let mut trail = Trail::default();
        let mut known = String::new();
        let mut told = String::new();
        for act in script.chars() {
            match act {
                '<' => match trail.back() {
                    Some((step, before)) => {
                        known = before;
                        told = format!("{told}{step}({known}) ");
                    }
                    None => told.push_str("out "),
                },
                step => {
                    trail.answered(step, known.clone());
                    known.push(step);
                }
            }
        }
        told.trim().to_owned()
    }

    #[test]
    fn every_answer_can_be_taken_back() {
        for (script, expected) in [
            ("<", "out"),
            ("1<", "1()"),
            ("12<", "2(1)"),
            ("12<<", "2(1) 1()"),
            ("12<<<", "2(1) 1() out"),
            ("12<3<", "2(1) 3(1)"),
        ] {
            assert_eq!(walk(script), expected, "{script}");
        }
    }
}
