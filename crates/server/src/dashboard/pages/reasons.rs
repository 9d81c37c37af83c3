//! Why a repository does not stand as it should, and what to do; what is the same for many branches is said once.

use std::borrow::Cow;

use maud::{Markup, html};
use refray_core::config::MirrorGroup;
use refray_core::name::EndpointId;
use refray_engine::standing::{Reason, grouped, pattern};

use super::parts::{pulls, sentence, short, stand, words};

/// Renders reasons in full. `button` says where on the page a held deletion is released, if it is there.
pub(super) fn all(reasons: &[Reason], group: &MirrorGroup, button: Option<&str>) -> Markup {
    let alike = grouped(reasons, |reason| {
        (reason.stand, reason.remedy.clone(), pattern(&reason.message, reason.reference.as_deref()))
    });
    html! {
        @for same in &alike { (gathered(same, group, button)) }
    }
}

/// Renders reasons that say the same of several references.
fn gathered(same: &[&Reason], group: &MirrorGroup, button: Option<&str>) -> Markup {
    let Some((first, others)) = same.split_first() else { return html! {} };
    let links: Vec<_> = same.iter().flat_map(|reason| reason.links.iter().cloned()).collect();
    html! {
        article.reason {
            p.what {
                (stand(first.stand))
                " "
                @if let Some(reference) = &first.reference { code { (words(reference)) } " " }
                span { (sentence(&first.message)) }
            }
            @if !others.is_empty() {
                p.said {
                    "likewise "
                    @for (number, reference) in others.iter().filter_map(|reason| reason.reference.as_ref()).enumerate() {
                        @if number > 0 { ", " }
                        code { (words(reference)) }
                    }
                }
            }
            p.remedy { span.label { "What to do " } (sentence(&on_page(first, button))) }
            @if others.is_empty() { (sides(first)) } @else { (table(same, group)) }
            (pulls(&links))
        }
    }
}

/// Returns the remedy as the page words it: a button is nearer than a terminal.
fn on_page<'a>(reason: &'a Reason, button: Option<&str>) -> Cow<'a, str> {
    let (Some(button), true) = (button, reason.releases_deletion()) else { return Cow::Borrowed(&reason.remedy) };
    let mut text = String::new();
    for (number, part) in reason.remedy.split('`').enumerate() {
        let is_command = number % 2 == 1;
        if is_command && part.starts_with("refray sync") && part.contains("--confirm-deletions") {
            // "with `refray …`" is about means, "run `refray …`" tells to do something.
            if let Some(before) = text.strip_suffix("run ").map(str::to_owned) {
                text = before + "press ";
            }
            text += button;
        } else if is_command {
            text.extend(["`", part, "`"]);
        } else {
            text += part;
        }
    }
    Cow::Owned(text)
}

/// Renders what was seen of one reference, side by side.
fn sides(reason: &Reason) -> Markup {
    html! {
        @if !reason.sides.is_empty() {
            dl.sides {
                @for (endpoint, value) in reason.sides.iter().filter(|(_, value)| *value != "?") {
                    div { dt { (words(endpoint.as_str())) } dd { code title=(value) { (words(short(value))) } } }
                }
            }
        }
    }
}

/// Renders what was seen of several references, one in a row.
fn table(same: &[&Reason], group: &MirrorGroup) -> Markup {
    let told = |endpoint: &EndpointId| same.iter().any(|reason| value(reason, endpoint).is_some());
    let endpoints: Vec<&EndpointId> =
        group.endpoints.iter().map(|endpoint| &endpoint.id).filter(|id| told(id)).collect();
    html! {
        @if !endpoints.is_empty() {
            div.scroll role="region" aria-label="What was seen" tabindex="0" {
                table {
                    caption.unseen { "What was seen" }
                    thead {
                        tr {
                            th scope="col" { "Reference" }
                            @for endpoint in &endpoints { th scope="col" { (words(endpoint.as_str())) } }
                        }
                    }
                    tbody {
                        @for reason in same {
                            tr {
                                th scope="row" { (words(reason.reference.as_deref().unwrap_or_default())) }
                                @for endpoint in &endpoints {
                                    td { @if let Some(value) = value(reason, endpoint) { code title=(value) { (words(short(value))) } } }
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}

/// Returns what was seen of a reference at an endpoint.
fn value<'a>(reason: &'a Reason, endpoint: &EndpointId) -> Option<&'a String> {
    reason.sides.get(endpoint).filter(|value| *value != "?")
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use refray_engine::standing::Stand;

    use super::*;

    fn reason(kind: &str, remedy: &str) -> Reason {
        Reason {
            kind: kind.into(),
            stand: Stand::Held,
            reference: None,
            message: String::new(),
            remedy: remedy.into(),
            sides: BTreeMap::new(),
            links: Vec::new(),
        }
    }

    #[test]
    fn a_remedy_names_the_button_where_there_is_one() {
        let by =
            "If it was meant, release it with `refray sync --confirm-deletions --repo one`; if not, push `x` again.";
        let run =
            "If it really is gone, run `refray sync --confirm-deletions --repo one` to delete it on the others too.";
        let other = "Choose another default branch there; then run `refray sync`.";
        for (kind, remedy, button, expected) in [
            (
                "deletion_held",
                by,
                Some("the button below"),
                "If it was meant, release it with the button below; if not, push `x` again.",
            ),
            (
                "absence_held",
                run,
                Some("the button above"),
                "If it really is gone, press the button above to delete it on the others too.",
            ),
            ("deletion_held", by, None, by),
            ("deletion_held", other, Some("the button below"), other),
            ("not_restored", by, Some("the button below"), by),
        ] {
            assert_eq!(on_page(&reason(kind, remedy), button), expected);
        }
    }
}
