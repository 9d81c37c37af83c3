//! What is wrong with a plan's file, in a form that marks the place.

use std::fmt::Display;
use std::ops::Range;

use miette::{Diagnostic, LabeledSpan, NamedSource, SourceCode};

/// What kind of problem it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PlanFileErrorKind {
    /// The file is not JSON, or cut off.
    Damaged,
    /// It is JSON, and not a plan.
    NotAPlan,
    /// It was written by a newer refray.
    Newer,
    /// A value of another type or shape than its place takes, or a key that has to be there and is not.
    WrongValue,
    /// A key that refray does not know in that place.
    UnknownKey,
    /// It says something that cannot be: it contradicts itself.
    Impossible,
    /// It was made for another configuration.
    OtherConfig,
}

impl PlanFileErrorKind {
    const fn code(self) -> &'static str {
        match self {
            Self::Damaged => "refray::plan::damaged",
            Self::NotAPlan => "refray::plan::not_a_plan",
            Self::Newer => "refray::plan::newer",
            Self::WrongValue => "refray::plan::wrong_value",
            Self::UnknownKey => "refray::plan::unknown_key",
            Self::Impossible => "refray::plan::impossible",
            Self::OtherConfig => "refray::plan::other_config",
        }
    }

    const fn help(self) -> &'static str {
        match self {
            Self::Damaged => "Make the plan anew with `refray plan --out FILE`, or undo what was changed in the file.",
            Self::NotAPlan => "Give a file that `refray plan --out FILE` wrote.",
            Self::Newer => "Carry it out with the refray that made it, or make the plan anew with this one.",
            Self::WrongValue | Self::UnknownKey | Self::Impossible => {
                "Whole actions can be taken out of a plan; all else is as refray saw it. Undo the change, or make the plan \
                 anew with `refray plan --out FILE`."
            }
            Self::OtherConfig => {
                "Make the plan anew with `refray plan --out FILE`, or give the configuration that it is for."
            }
        }
    }
}

/// Why a plan's file cannot be used.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{message}")]
pub struct PlanFileError {
    kind: PlanFileErrorKind,
    message: String,
    label: Option<LabeledSpan>,
    file: Box<NamedSource<String>>,
}

impl PlanFileError {
    pub(super) fn new(
        kind: PlanFileErrorKind,
        (name, text): (&str, &str),
        message: impl Display,
        at: Option<Range<usize>>,
        label: &str,
    ) -> Self {
        // A whole object would be marked over pages.
        let first_line = |at: Range<usize>| {
            let length = text.get(at.clone()).and_then(|marked| marked.lines().next()).map_or(0, str::len);
            at.start..at.start + length
        };
        let label = at.map(|at| LabeledSpan::new_with_span(Some(label.to_owned()), first_line(at)));
        Self {
            kind,
            message: format!("{name}: {message}"),
            label,
            file: Box::new(NamedSource::new(name, text.to_owned())),
        }
    }

    /// Returns what kind of problem it is.
    pub const fn kind(&self) -> PlanFileErrorKind {
        self.kind
    }

    /// Returns the marked place, in bytes from the start of the file.
    pub fn offset(&self) -> Option<usize> {
        self.label.as_ref().map(LabeledSpan::offset)
    }
}

impl Diagnostic for PlanFileError {
    fn code<'a>(&'a self) -> Option<Box<dyn Display + 'a>> {
        Some(Box::new(self.kind.code()))
    }

    fn help<'a>(&'a self) -> Option<Box<dyn Display + 'a>> {
        Some(Box::new(self.kind.help()))
    }

    fn source_code(&self) -> Option<&dyn SourceCode> {
        self.label.as_ref().map(|_| &*self.file as &dyn SourceCode)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        Some(Box::new(self.label.iter().cloned()))
    }
}
