//! A look, from here, at whether the address that forges deliver to answers.

use std::sync::Arc;
use std::time::Duration;

use refray_forge::{Environment, Reached, probe};

use super::pause;
use crate::live::Live;

/// Tries the address of `[webhook]` every so many minutes, and warns when it does not answer.
pub(crate) async fn run(live: Arc<Live>, environment: Arc<dyn Environment>) {
    let mut was_good = None;
    loop {
        let engine = live.engine();
        let webhook = engine.config.webhook.as_ref();
        let url = webhook.and_then(|webhook| webhook.url.as_ref());
        let minutes = webhook.and_then(|webhook| webhook.reachability_check_interval_minutes);
        let every = minutes.map(|minutes| Duration::from_secs(u64::from(minutes) * 60));
        if let (Some(url), Some(_)) = (url, every) {
            let reached = tokio::select! {
                reached = probe(url, environment.clone()) => reached,
                () = live.stop.cancelled() => return,
            };
            let problem = problem(&reached);
            live.stats.set("webhook_reachable", &[], u64::from(problem.is_none()));
            match problem {
                Some((message, remedy)) => {
                    tracing::warn!(%url, remedy, "the address for webhooks does not answer as it should: {message}");
                }
                None if was_good != Some(true) => tracing::info!(%url, "the address for webhooks answers"),
                None => {}
            }
            was_good = Some(matches!(reached, Reached::Answered(_)));
        }
        if !pause(&live, every).await {
            return;
        }
    }
}

/// Says what is wrong with an answer, and what can be done.
fn problem(reached: &Reached) -> Option<(String, &'static str)> {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_an_answer_of_the_receiver_is_good() {
        for status in [200, 202, 400, 401, 405] {
            assert!(problem(&Reached::Answered(status)).is_none(), "{status}");
        }
        for status in [404, 410, 500, 502, 504] {
            assert!(problem(&Reached::Answered(status)).is_some(), "{status}");
        }
        assert!(problem(&Reached::Silent("no connection".into())).is_some());
    }
}
