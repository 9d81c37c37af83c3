/// Returns the target of a relation in a `Link` header.
pub(crate) fn target<'a>(header: &'a str, relation: &str) -> Option<&'a str> {
    let mut rest = header;
    // Targets stand between angle brackets, so a comma inside one does not end it.
    while let Some(open) = rest.find('<') {
        let after = &rest[open + 1..];
        let close = after.find('>')?;
        let target = &after[..close];
        let parameters = &after[close + 1..];
        let end = parameters.find('<').unwrap_or(parameters.len());
        let named = parameters[..end].split([';', ',']).any(|parameter| {
            parameter.trim().split_once('=').is_some_and(|(key, value)| {
                key.trim().eq_ignore_ascii_case("rel")
                    && value
                        .trim()
                        .trim_matches('"')
                        .split_ascii_whitespace()
                        .any(|word| word.eq_ignore_ascii_case(relation))
            })
        });
        if named {
            return Some(target);
        }
        rest = &parameters[end..];
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn relations_are_found_however_they_are_written() {
        let github = r#"<https://api.github.com/user/repos?per_page=100&page=2>; rel="next", <https://api.github.com/user/repos?per_page=100&page=5>; rel="last""#;
        assert_eq!(target(github, "next"), Some("https://api.github.com/user/repos?per_page=100&page=2"));
        assert_eq!(target(github, "last"), Some("https://api.github.com/user/repos?per_page=100&page=5"));
        assert_eq!(target(github, "prev"), None);
        let gitea =
            r#"<https://g/api/v1/user/repos?limit=2&page=2>; rel="next",<https://g/x?a=1,2&page=9>; rel="last""#;
        assert_eq!(target(gitea, "last"), Some("https://g/x?a=1,2&page=9"));
        assert_eq!(target("<https://x>; title=\"a\"; rel=prev", "prev"), Some("https://x"));
        assert_eq!(target("<https://x", "next"), None);
        assert_eq!(target("", "next"), None);
    }
}
