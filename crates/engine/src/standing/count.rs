//! How many repositories stand how.

use serde::Serialize;

use super::repository::Stand;

/// Repositories by how they stand.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// All endpoints agree.
    pub agreed: usize,
    /// Something is still to be done.
    pub behind: usize,
    /// A brake holds something.
    pub held: usize,
    /// Sides disagree.
    pub diverged: usize,
    /// Something failed.
    pub failing: usize,
}

impl Counts {
    /// Counts a repository in.
    pub const fn add(&mut self, stand: Stand) {
        match stand {
            Stand::Agreed => self.agreed += 1,
            Stand::Behind => self.behind += 1,
            Stand::Held => self.held += 1,
            Stand::Diverged => self.diverged += 1,
            Stand::Failing => self.failing += 1,
        }
    }

    /// Returns how many stand like that.
    pub const fn of(&self, stand: Stand) -> usize {
        match stand {
            Stand::Agreed => self.agreed,
            Stand::Behind => self.behind,
            Stand::Held => self.held,
            Stand::Diverged => self.diverged,
            Stand::Failing => self.failing,
        }
    }

    /// Returns how many there are.
    pub const fn total(&self) -> usize {
        self.agreed + self.behind + self.held + self.diverged + self.failing
    }

    /// Returns how many a person has to look at.
    pub const fn needs_person(&self) -> usize {
        self.held + self.diverged + self.failing
    }

    /// Adds those of another group.
    #[must_use]
    pub const fn plus(self, other: Self) -> Self {
        Self {
            agreed: self.agreed + other.agreed,
            behind: self.behind + other.behind,
            held: self.held + other.held,
            diverged: self.diverged + other.diverged,
            failing: self.failing + other.failing,
        }
    }
}
