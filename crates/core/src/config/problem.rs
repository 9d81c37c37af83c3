//! What is wrong with a configuration file, in a form that marks the place.

use std::cell::RefCell;
use std::ops::Range;
use std::sync::Arc;

use miette::{Diagnostic, LabeledSpan, NamedSource, Severity, SourceCode};

/// A place in the file, in bytes.
pub(crate) type Span = Range<usize>;

/// What kind of problem it is. Stable, so that other programs can tell problems apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ProblemKind {
    /// The file is not TOML.
    Syntax,
    /// A key that refray does not know in that place.
    UnknownKey,
    /// A value of another type than the key takes.
    WrongType,
    /// A key that has to be there and is not.
    MissingKey,
    /// A key that does not go with the rest of its table.
    UnfitKey,
    /// A word that is not among those that the key takes.
    UnknownValue,
    /// A value of the right type that cannot be used.
    BadValue,
    /// A regular expression that cannot be read.
    BadRegex,
    /// An address that cannot be used.
    BadUrl,
    /// Plain `http` to another machine.
    InsecureUrl,
    /// An endpoint names a site that there is none of.
    UnknownSite,
    /// Two things of one name, or twice the same namespace.
    Duplicate,
    /// No mirror group at all.
    NoGroups,
    /// A mirror group without an endpoint.
    NoEndpoints,
    /// A mirror group with a single endpoint.
    OneEndpoint,
    /// A secret that stands in the file itself.
    LiteralSecret,
}

impl ProblemKind {
    /// Returns the code that a report shows.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Syntax => "refray::config::syntax",
            Self::UnknownKey => "refray::config::unknown_key",
            Self::WrongType => "refray::config::wrong_type",
            Self::MissingKey => "refray::config::missing_key",
            Self::UnfitKey => "refray::config::unfit_key",
            Self::UnknownValue => "refray::config::unknown_value",
            Self::BadValue => "refray::config::bad_value",
            Self::BadRegex => "refray::config::bad_regex",
            Self::BadUrl => "refray::config::bad_url",
            Self::InsecureUrl => "refray::config::insecure_url",
            Self::UnknownSite => "refray::config::unknown_site",
            Self::Duplicate => "refray::config::duplicate",
            Self::NoGroups => "refray::config::no_groups",
            Self::NoEndpoints => "refray::config::no_endpoints",
            Self::OneEndpoint => "refray::config::one_endpoint",
            Self::LiteralSecret => "refray::config::literal_secret",
        }
    }
}

/// One problem with a configuration file.
///
/// The text that it marks is a copy of the file in which every secret is replaced by asterisks, so that a problem can be
/// shown and logged as it is.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{message}")]
pub struct Problem {
    kind: ProblemKind,
    severity: Severity,
    message: String,
    labels: Vec<LabeledSpan>,
    help: Option<String>,
    file: Arc<NamedSource<String>>,
}

impl Problem {
    /// Returns what kind of problem it is.
    pub const fn kind(&self) -> ProblemKind {
        self.kind
    }

    /// Says whether the file can be used all the same.
    pub const fn is_warning(&self) -> bool {
        matches!(self.severity, Severity::Warning)
    }

    /// Returns the first marked place, in bytes from the start of the file.
    pub fn offset(&self) -> usize {
        self.labels.first().map_or(0, LabeledSpan::offset)
    }
}

impl Diagnostic for Problem {
    fn code<'a>(&'a self) -> Option<Box<dyn std::fmt::Display + 'a>> {
        Some(Box::new(self.kind.code()))
    }

    fn severity(&self) -> Option<Severity> {
        Some(self.severity)
    }

    fn help<'a>(&'a self) -> Option<Box<dyn std::fmt::Display + 'a>> {
        self.help.as_ref().map(|help| Box::new(help) as Box<dyn std::fmt::Display + 'a>)
    }

    fn source_code(&self) -> Option<&dyn SourceCode> {
        Some(&*self.file)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        if self.labels.is_empty() { None } else { Some(Box::new(self.labels.iter().cloned())) }
    }
}

/// Everything that is wrong with a configuration file, in the order of the file. At least one problem.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{file_name}: {}", counted(problems.len()))]
pub struct ConfigErrors {
    /// The name of the file, as it was given.
    pub file_name: String,
    /// The problems. None of them is a warning.
    pub problems: Vec<Problem>,
    /// What else is worth a look.
    pub warnings: Vec<Problem>,
}

impl Diagnostic for ConfigErrors {
    fn related<'a>(&'a self) -> Option<Box<dyn Iterator<Item = &'a dyn Diagnostic> + 'a>> {
        Some(Box::new(self.problems.iter().map(|problem| problem as &dyn Diagnostic)))
    }
}

fn counted(problems: usize) -> String {
    if problems == 1 { "there is a problem".to_owned() } else { format!("there are {problems} problems") }
}

/// Where problems are gathered while a file is read.
pub(crate) struct Sink {
    file: Arc<NamedSource<String>>,
    found: RefCell<Vec<Problem>>,
}

impl Sink {
    /// Starts with no problems. `masked` is the file's text without its secrets.
    pub(crate) fn new(file_name: &str, masked: String) -> Self {
        Self { file: Arc::new(NamedSource::new(file_name, masked)), found: RefCell::default() }
    }

    /// Notes an error and returns what adds to it.
    pub(crate) fn error(&self, kind: ProblemKind, message: impl Into<String>) -> Draft<'_> {
        self.draft(kind, Severity::Error, message.into())
    }

    /// Notes a warning and returns what adds to it.
    pub(crate) fn warning(&self, kind: ProblemKind, message: impl Into<String>) -> Draft<'_> {
        self.draft(kind, Severity::Warning, message.into())
    }

    /// Returns the problems and the warnings, each in the order of the file.
    pub(crate) fn sorted(self) -> (Vec<Problem>, Vec<Problem>) {
        let mut found = self.found.into_inner();
        found.sort_by_key(Problem::offset);
        found.into_iter().partition(|problem| !problem.is_warning())
    }

    fn draft(&self, kind: ProblemKind, severity: Severity, message: String) -> Draft<'_> {
        let problem = Problem { kind, severity, message, labels: Vec::new(), help: None, file: Arc::clone(&self.file) };
        Draft { sink: self, problem: Some(problem) }
    }
}

/// A problem that is being described. It is noted when it goes out of scope.
pub(crate) struct Draft<'a> {
    sink: &'a Sink,
    problem: Option<Problem>,
}

impl Draft<'_> {
    /// Marks a place.
    pub(crate) fn at(mut self, span: &Span, label: impl Into<String>) -> Self {
        if let Some(problem) = &mut self.problem {
            problem.labels.push(LabeledSpan::new_with_span(Some(label.into()), span.clone()));
        }
        self
    }

    /// Says what to do about it.
    pub(crate) fn help(mut self, help: impl Into<String>) -> Self {
        if let Some(problem) = &mut self.problem {
            problem.help = Some(help.into());
        }
        self
    }
}

impl Drop for Draft<'_> {
    fn drop(&mut self) {
        self.sink.found.borrow_mut().extend(self.problem.take());
    }
}
