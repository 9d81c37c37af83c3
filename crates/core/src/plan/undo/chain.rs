//! What a run did to one thing, one write after the other.

/// The writes of a run to one reference or default branch at one endpoint, as one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Chain<T> {
    /// The value before.
    pub(super) before: T,
    /// The values that the run may have left there; the last is the one that it meant to.
    left: Vec<T>,
}

impl<T: PartialEq + Clone> Chain<T> {
    pub(super) fn new(old: T, new: T) -> Self {
        Self { before: old, left: vec![new] }
    }

    /// Adds a write. If somebody else wrote in between, only what came after that is the run's to undo.
    pub(super) fn add(&mut self, old: T, new: T, certain: bool) {
        if old != self.before && !self.left.contains(&old) {
            *self = Self::new(old, new);
            return;
        }
        if certain {
            self.left.clear();
        }
        self.left.push(new);
    }

    /// Returns the value that the run meant to leave.
    pub(super) fn after(&self) -> &T {
        self.left.last().unwrap_or(&self.before)
    }

    /// Says whether the run left this value.
    pub(super) fn is_own(&self, value: &T) -> bool {
        self.left.contains(value)
    }
}

/// What is the same for all of several chains: the value before and the value after.
pub(super) fn common<'a, T: PartialEq + Clone>(
    chains: impl IntoIterator<Item = &'a Chain<T>>,
) -> Option<(&'a T, &'a T)> {
    let mut chains = chains.into_iter();
    let first = chains.next()?;
    let same = |chain: &Chain<T>| chain.before == first.before && chain.after() == first.after();
    chains.all(same).then(|| (&first.before, first.after()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn writes_join_until_somebody_else_wrote() {
        let mut chain = Chain::new(1, 2);
        chain.add(2, 3, true);
        assert_eq!((chain.before, *chain.after(), chain.is_own(&2), chain.is_own(&3)), (1, 3, false, true));
        chain.add(3, 4, false);
        assert_eq!((chain.before, chain.is_own(&3), chain.is_own(&4)), (1, true, true));
        chain.add(9, 5, true);
        assert_eq!((chain.before, chain.is_own(&4), chain.is_own(&5)), (9, false, true));
    }

    #[test]
    fn what_all_have_in_common() {
        let same = [Chain::new(1, 2), Chain::new(1, 2)];
        assert_eq!(common(&same), Some((&1, &2)));
        assert_eq!(common(&[Chain::new(1, 2), Chain::new(0, 2)]), None);
        assert_eq!(common::<u8>(&[]), None);
    }
}
