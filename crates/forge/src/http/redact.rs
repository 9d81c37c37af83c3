use base64::Engine;
use refray_core::secret::Secret;

const LONGEST: usize = 400;

/// Makes a text from outside fit for an error: one line, short, without the secret (plain or in base64, alone or after a
/// user's name) and without user information in addresses.
pub(crate) fn clean(text: &str, secret: Option<&Secret>) -> String {
    clean_of(text, secret)
}

/// The same for several secrets.
pub(crate) fn clean_of<'a>(text: &str, secrets: impl IntoIterator<Item = &'a Secret>) -> String {
    let mut text = text
        .split(|c: char| c.is_control())
        .filter(|part| !part.trim().is_empty())
        .map(str::trim)
        .collect::<Vec<_>>()
        .join(" ");
    for secret in secrets.into_iter().map(Secret::expose).filter(|secret| !secret.is_empty()) {
        text = text.replace(secret, "***");
        for encoded in encodings(secret) {
            text = text.replace(&encoded, "***");
        }
    }
    text = without_credentials(&without_user_info(&text));
    if text.chars().count() > LONGEST {
        text = text.chars().take(LONGEST).collect::<String>() + "…";
    }
    text
}

/// Returns how a secret looks in base64, whatever stands before and after it in the encoded text: letters that hold bits
/// of its neighbours as well are left out, so that these texts are found in any encoding of the secret.
fn encodings(secret: &str) -> impl Iterator<Item = String> {
    (0..3).filter_map(move |before| {
        let text = [&[0; 2][..before], secret.as_bytes()].concat();
        let encoded = base64::engine::general_purpose::STANDARD_NO_PAD.encode(&text);
        let shared_at_end = usize::from(text.len() % 3 != 0);
        let own = encoded.get([0, 2, 3][before]..encoded.len() - shared_at_end)?;
        // A few letters would be found by chance.
        (own.len() >= 6).then(|| own.to_owned())
    })
}

/// Masks what follows the name of an authentication scheme: a server may repeat the header that it was sent.
fn without_credentials(text: &str) -> String {
    let mut words: Vec<&str> = text.split(' ').collect();
    for at in 1..words.len() {
        if ["basic", "bearer", "token"].contains(&words[at - 1].to_lowercase().as_str()) && looks_secret(words[at]) {
            words[at] = "***";
        }
    }
    words.join(" ")
}

/// Long, and of the characters that tokens and base64 are made of: no word of a sentence.
fn looks_secret(word: &str) -> bool {
    word.len() >= 16 && word.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+/=_-.~".contains(&byte))
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
    fn each_of_several_secrets_is_dropped_before_the_text_is_cut() {
        let (token, hook) = (Secret::new("ghp_marker".into()), Secret::new("hook-marker".into()));
        let text = format!("{} hook-marker ghp_marker", "x".repeat(LONGEST - 5));
        let cleaned = clean_of(&text, [&token, &hook]);
        assert!(!cleaned.contains("hook") && cleaned.contains("***"), "{cleaned}");
    }

    #[test]
    fn secrets_and_user_information_are_dropped() {
        let secret = Secret::new("ghp_marker".into());
        for (text, expected) in [
            ("bad token ghp_marker\nsorry", "bad token *** sorry"),
            ("Z2hwX21hcmtlcg==", "***g=="),
            ("see https://u:p@git.example/x and http://a@b", "see https://git.example/x and http://b"),
            ("sent Basic YWRhOmQzNDVmOWY3N2FhN2I1", "sent Basic ***"),
            (
                "Basic authentication is needed, token does not fit",
                "Basic authentication is needed, token does not fit",
            ),
            ("mail me@example.com https://x/@y", "mail me@example.com https://x/@y"),
        ] {
            assert_eq!(clean(text, Some(&secret)), expected);
        }
        for user in ["", "x", "me", "ada", "x-access-token"] {
            let pair = base64::engine::general_purpose::STANDARD.encode(format!("{user}:ghp_marker"));
            let cleaned = clean(&format!("Basic {pair}"), Some(&secret));
            let left = cleaned.split("***").map(str::len).sum::<usize>();
            assert!(cleaned.contains("***") && left < "Basic ".len() + (user.len() + 1) * 4 / 3 + 5, "{cleaned}");
        }
        assert_eq!(clean(&"é".repeat(1000), None).chars().count(), LONGEST + 1);
    }
}
