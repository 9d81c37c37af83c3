//! What is the same for many.

/// Puts together what has the same key, in the order in which each key comes first.
pub fn grouped<T, K: PartialEq>(items: &[T], key: impl Fn(&T) -> K) -> Vec<Vec<&T>> {
    let mut groups: Vec<(K, Vec<&T>)> = Vec::new();
    for item in items {
        let key = key(item);
        match groups.iter_mut().find(|(known, _)| *known == key) {
            Some((_, group)) => group.push(item),
            None => groups.push((key, vec![item])),
        }
    }
    groups.into_iter().map(|(_, group)| group).collect()
}

/// Returns a message with a gap where it names the reference that it is about: what is left is the same for all of
/// which the same is said.
pub fn pattern(message: &str, name: Option<&str>) -> String {
    match name {
        Some(name) => message.replace(&format!("`{name}`"), "``"),
        None => message.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_keep_their_order() {
        assert_eq!(grouped(&[3, 1, 13, 2, 11], |number| number % 10), [vec![&3, &13], vec![&1, &11], vec![&2]]);
    }

    #[test]
    fn what_differs_by_its_name_alone_is_alike() {
        let message = |name: &str| format!("the branch `{name}` is held: 7 of 8 vanished");
        assert_eq!(pattern(&message("b1"), Some("b1")), pattern(&message("b2"), Some("b2")));
        assert_ne!(pattern(&message("b1"), Some("b1")), pattern(&message("b2"), Some("b1")));
        assert_ne!(pattern(&message("b1"), None), pattern(&message("b2"), None));
    }
}
