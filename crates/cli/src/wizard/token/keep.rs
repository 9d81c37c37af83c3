//! Where a token is kept.

use std::fmt;
use std::path::{Path, PathBuf};

use refray_core::config::SecretSource;
use refray_core::name::SiteName;
use refray_core::secret::Secret;
use refray_forge::Environment;

/// A place that a token can be kept in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    /// The system's keyring.
    Keyring,
    /// A file of its own, for its owner only.
    File,
    /// An environment variable, which the user sets.
    Variable,
    /// A command that prints it, such as that of a password manager.
    Command,
    /// The configuration itself.
    Configuration,
}

impl Place {
    /// Every place that there is on this machine, the best first.
    pub(crate) fn all(keyring: bool) -> Vec<Self> {
        let keyring = keyring.then_some(Self::Keyring);
        keyring.into_iter().chain([Self::File, Self::Variable, Self::Command, Self::Configuration]).collect()
    }

    /// Returns how it is called in the list. `file` is where a file of its own would be.
    pub(crate) fn label(self, site: &SiteName, file: &str) -> String {
        match self {
            Self::Keyring => "The system's keyring  it is open while you are signed in".to_owned(),
            Self::File => format!("A file of its own  {file}"),
            Self::Variable => format!("{}  an environment variable that you set", variable(site)),
            Self::Command => "A command that prints it  such as `pass show forge`".to_owned(),
            Self::Configuration => "The configuration itself  which only you can read then".to_owned(),
        }
    }
}

/// How a token is kept: what the configuration says, and what has to be written besides.
#[derive(Debug, Clone)]
pub(crate) struct Keep {
    pub(crate) source: SecretSource,
    /// A file that is to be written with the token.
    pub(crate) file: Option<PathBuf>,
    /// An entry of the keyring that is to be stored with the token.
    pub(crate) entry: Option<String>,
    /// The user has something to do yet: what.
    pub(crate) todo: Option<String>,
}

impl Keep {
    /// Returns what it takes to keep a token of a site there. `folder` is that of the configuration; a command is asked
    /// for elsewhere.
    pub(crate) fn at(
        place: Place,
        site: &SiteName,
        token: &Secret,
        folder: &Path,
        environment: &dyn Environment,
    ) -> Self {
        match place {
            Place::Keyring => {
                let entry = site.to_string();
                Self { entry: Some(entry.clone()), ..Self::already(SecretSource::Keyring(entry)) }
            }
            Place::File | Place::Command => {
                // Relative, as the configuration's own folder is where such paths start: both can be moved together.
                let path = token_file(Path::new(""), site);
                Self { file: Some(folder.join(&path)), ..Self::already(SecretSource::File(path)) }
            }
            Place::Variable => {
                let name = variable(site);
                let todo = match environment.var(&name) {
                    Some(value) if value.trim() == token.expose() => None,
                    Some(value) if !value.is_empty() => {
                        Some(format!("{name} is set to something else: set it to the token before refray runs again."))
                    }
                    _ => Some(format!("Set {name} to the token before refray runs again.")),
                };
                Self { todo, ..Self::already(SecretSource::Env(name)) }
            }
            Place::Configuration => Self::already(SecretSource::Value(token.clone())),
        }
    }

    /// Returns what it takes when the token can be had from somewhere already.
    pub(crate) const fn already(source: SecretSource) -> Self {
        Self { source, file: None, entry: None, todo: None }
    }
}

/// Says in few words where a secret comes from.
pub(crate) struct Shown<'a>(pub(crate) &'a SecretSource);

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            SecretSource::Env(name) => write!(f, "from {name}"),
            SecretSource::File(path) => write!(f, "in {}", path.display()),
            SecretSource::Command(command) => write!(f, "from `{command}`"),
            SecretSource::Keyring(entry) => write!(f, "in the keyring as {entry}"),
            SecretSource::Value(_) => f.write_str("in the configuration"),
        }
    }
}

/// Returns the variable that a site's token is looked for in.
pub(crate) fn variable(site: &SiteName) -> String {
    let name: String = site.as_str().chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' }).collect();
    let name = name.to_ascii_uppercase();
    // A name of a variable does not begin with a digit.
    if name.starts_with(|c: char| c.is_ascii_digit()) {
        format!("REFRAY_{name}_TOKEN")
    } else {
        format!("{name}_TOKEN")
    }
}

/// Returns the file of its own that a site's token is kept in. `folder` is that of the configuration.
pub(crate) fn token_file(folder: &Path, site: &SiteName) -> PathBuf {
    folder.join("tokens").join(site.as_str().replace(' ', "-"))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// One variable.
    struct One(&'static str);

    impl Environment for One {
        fn var(&self, name: &str) -> Option<String> {
            (name == "GIT_EXAMPLE_COM_TOKEN").then(|| self.0.to_owned())
        }
    }

    #[test]
    fn each_place_is_what_the_configuration_says() {
        let site = SiteName::new("git.example.com").unwrap();
        let token = Secret::new("t".into());
        let with = |place, value| Keep::at(place, &site, &token, Path::new("/etc/refray"), &One(value));
        let keep = |place| with(place, "");
        assert_eq!(Shown(&keep(Place::File).source).to_string(), "in tokens/git.example.com");
        assert_eq!(keep(Place::File).file.unwrap(), Path::new("/etc/refray/tokens/git.example.com"));
        assert_eq!(Shown(&keep(Place::Variable).source).to_string(), "from GIT_EXAMPLE_COM_TOKEN");
        assert!(keep(Place::Variable).file.is_none());
        for (value, expected) in [
            ("", Some("Set GIT_EXAMPLE_COM_TOKEN to the token before refray runs again.")),
            ("t\n", None),
            (
                "u",
                Some("GIT_EXAMPLE_COM_TOKEN is set to something else: set it to the token before refray runs again."),
            ),
        ] {
            assert_eq!(with(Place::Variable, value).todo.as_deref(), expected, "{value:?}");
        }
        assert_eq!(keep(Place::Keyring).entry.as_deref(), Some("git.example.com"));
        assert_eq!(Place::all(true)[1..], Place::all(false));
        assert!(matches!(keep(Place::Configuration).source, SecretSource::Value(_)));
        assert_eq!(variable(&SiteName::new("127.0.0.1-3000").unwrap()), "REFRAY_127_0_0_1_3000_TOKEN");
    }
}
