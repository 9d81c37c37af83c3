use base64::Engine;
use refray_core::secret::Secret;

const LONGEST: usize = 400;

/// Makes a text from outside fit for an error: one line, short, without the secret (plain or in base64) and without
/// user information in addresses.
pub(crate) fn clean(text: &str, secret: Option<&Secret>) -> String {
    let mut text = text
        .split(|c: char| c.is_control())
        .filter(|part| !part.trim().is_empty())
        .map(str::trim)
        .collect::<Vec<_>>()
        .join(" ");
    if let Some(secret) = secret.map(Secret::expose).filter(|secret| !secret.is_empty()) {
        text = text.replace(secret, "***");
        text = text.replace(&base64::engine::general_purpose::STANDARD.encode(secret), "***");
    }
    text = without_user_info(&text);
    if text.chars().count() > LONGEST {
        text = text.chars().take(LONGEST).collect::<String>() + "…";
    }
    text
}

/// Drops what stands between `://` and the `@` before the host.
fn without_user_info(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find("://") {
        let (before, after) = rest.split_at(at + 3);
        out.push_str(before);
        let end = after
            .find(|c: char| c == '/' || c.is_whitespace() || matches!(c, '?' | '#' | '"' | '\''))
            .unwrap_or(after.len());
        let authority = &after[..end];
        out.push_str(authority.rsplit_once('@').map_or(authority, |(_, host)| host));
        rest = &after[end..];
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_and_user_information_are_dropped() {
        let secret = Secret::new("ghp_marker".into());
        for (text, expected) in [
            ("bad token ghp_marker\nsorry", "bad token *** sorry"),
            ("Z2hwX21hcmtlcg==", "***"),
            ("see https://u:p@git.example/x and http://a@b", "see https://git.example/x and http://b"),
            ("mail me@example.com https://x/@y", "mail me@example.com https://x/@y"),
        ] {
            assert_eq!(clean(text, Some(&secret)), expected);
        }
        assert_eq!(clean(&"é".repeat(1000), None).chars().count(), LONGEST + 1);
    }
}
