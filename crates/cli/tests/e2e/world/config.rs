//! The configuration that a test hands to the binary.

/// Sites, one group named `all`, and its endpoints.
#[derive(Debug, Default)]
pub(crate) struct Config {
    /// Lines at the very top.
    pub(crate) head: String,
    sites: String,
    group: String,
    endpoints: String,
    /// More tables at the end.
    pub(crate) tail: String,
}

impl Config {
    pub(crate) fn site(&mut self, name: &str, rest: &str) {
        self.sites += &format!("[[sites]]\nname = \"{name}\"\n{rest}\n");
    }

    pub(crate) fn endpoint(&mut self, site: &str, rest: &str) {
        self.endpoints += &format!("[[mirrors.endpoints]]\nsite = \"{site}\"\n{rest}\n\n");
    }

    /// Adds a line to the group.
    pub(crate) fn set(&mut self, line: &str) {
        self.group += &format!("{line}\n");
    }

    /// Takes all lines of the group back but its name.
    pub(crate) fn unset(&mut self) {
        self.group.clear();
    }

    /// Replaces a text in sites and endpoints, which must be there.
    pub(crate) fn replace(&mut self, old: &str, new: &str) {
        assert!(self.sites.contains(old) || self.endpoints.contains(old), "`{old}` is not in:\n{self}");
        self.sites = self.sites.replace(old, new);
        self.endpoints = self.endpoints.replace(old, new);
    }

    /// Takes the lines of the sites away that start like this.
    pub(crate) fn drop_lines(&mut self, start: &str) {
        self.sites =
            self.sites.lines().filter(|line| !line.starts_with(start)).map(|line| format!("{line}\n")).collect();
    }
}

impl std::fmt::Display for Config {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { head, sites, group, endpoints, tail } = self;
        write!(f, "{head}{sites}[[mirrors]]\nname = \"all\"\n{group}\n{endpoints}{tail}")
    }
}
