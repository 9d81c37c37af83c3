//! Webhooks: the address that forges deliver to, and what deliveries are signed with.

use refray_core::config::{Provider, Webhook};
use refray_forge::{Reached, probe};
use url::Url;

use super::examination::Examination;
use super::report::{Check, Level};
use crate::webhooks::is_local;

const ABOUT: &str = "webhooks";
const ADDRESS: &str = "address";

pub(super) async fn checks(examined: &Examination) -> Vec<Check> {
    let Some(webhook) = &examined.config.webhook else { return Vec::new() };
    let Some(url) = &webhook.url else { return Vec::new() };
    let sites = examined.config.mirrors.iter().flat_map(|group| &group.endpoints).map(|endpoint| &endpoint.site);
    let afar = sites.filter(|site| site.provider != Provider::Directory).any(|site| !is_local(site.base_url.as_str()));
    let mut checks = vec![address(url, afar, &probe(url, examined.environment.clone()).await)];
    checks.push(secret(examined, webhook).await);
    checks
}

/// Judges the address. What is amiss is no more than a warning: forges may see more than this machine, or less, and whoever
/// receives may not have been started yet.
fn address(url: &Url, afar: bool, reached: &Reached) -> Check {
    if afar && is_local(url.as_str()) {
        let found = format!("{url} leads to this machine or its network alone");
        let remedy = "A forge elsewhere cannot deliver there: put a proxy or a tunnel in front, and name its address.";
        return Check { level: Level::Warn, ..Check::warn(ABOUT, ADDRESS, found, remedy) };
    }
    if let Some((why, remedy)) = amiss(reached) {
        let remedy = format!("{remedy} `refray serve` has to run for this to be well.");
        return Check::warn(ABOUT, ADDRESS, format!("{url} does not answer as it should: {why}"), remedy);
    }
    if url.scheme() == "http" && !is_local(url.as_str()) {
        let found = format!("{url} answers, and deliveries to it can be read on their way");
        return Check::warn(ABOUT, ADDRESS, found, "Put a proxy that speaks https in front, and name its address.");
    }
    Check::pass(ABOUT, ADDRESS, format!("{url} answers"))
}

/// Says what is wrong with what answers at an address for webhooks, and what can be done; `None` when it may well be refray.
pub fn amiss(reached: &Reached) -> Option<(String, &'static str)> {
    match reached {
        Reached::Answered(status @ (404 | 410)) => Some((
            format!("{status}"),
            "Let the proxy pass the path of `[webhook].url` on to `--listen` as `/webhook` or `/`.",
        )),
        Reached::Answered(status @ 500..) => Some((
            format!("{status}"),
            "Check that the proxy in front passes requests on to the address of `--listen`.",
        )),
        // To be told that only deliveries are taken is what is expected.
        Reached::Answered(_) => None,
        Reached::Silent(why) => Some((
            why.clone(),
            "Check `[webhook].url`, its name and certificate, the firewall, and the proxy in front of `--listen`.",
        )),
    }
}

/// Looks whether the secret can be had.
async fn secret(examined: &Examination, webhook: &Webhook) -> Check {
    const CHECK: &str = "secret";
    let Some(source) = webhook.secret.as_ref().or(webhook.signing_token.as_ref()) else {
        let found = "none: deliveries are refused";
        return Check::warn(ABOUT, CHECK, found, "Give `[webhook]` a `secret`, by which genuine ones are told.");
    };
    match refray_forge::resolve(source, &*examined.environment).await {
        Ok(_) => Check::pass(ABOUT, CHECK, "can be had"),
        Err(error) => Check::fail(ABOUT, CHECK, error.to_string(), "Check where `[webhook].secret` is read from."),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_an_answer_of_the_receiver_is_good() {
        for status in [200, 202, 400, 401, 405] {
            assert!(amiss(&Reached::Answered(status)).is_none(), "{status}");
        }
        for status in [404, 410, 500, 502, 504] {
            assert!(amiss(&Reached::Answered(status)).is_some(), "{status}");
        }
        assert!(amiss(&Reached::Silent("no connection".into())).is_some());
    }

    #[test]
    fn an_address_is_judged_by_where_it_leads_and_who_answers() {
        let (good, gone) = (Reached::Answered(405), Reached::Silent("connection refused".to_owned()));
        for (url, afar, reached, level, words) in [
            ("https://hooks.example.org/webhook", true, &good, Level::Pass, "answers"),
            ("https://hooks.example.org/webhook", true, &gone, Level::Warn, "connection refused"),
            ("https://hooks.example.org/webhook", true, &Reached::Answered(404), Level::Warn, "404"),
            ("http://hooks.example.org/webhook", true, &good, Level::Warn, "on their way"),
            ("http://10.0.0.7:8787/webhook", true, &good, Level::Warn, "alone"),
            ("http://10.0.0.7:8787/webhook", false, &good, Level::Pass, "answers"),
        ] {
            let check = address(&Url::parse(url).unwrap(), afar, reached);
            assert_eq!((check.level, check.remedy.is_some()), (level, level != Level::Pass), "{check:?}");
            assert!(check.found.contains(words), "{check:?}");
        }
    }
}
