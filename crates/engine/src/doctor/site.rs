//! Sites: whether they can be reached, who is behind the token, and whether the clocks agree.

use futures_util::future::join_all;
use jiff::{SignedDuration, Timestamp};
use refray_core::config::Provider;
use refray_forge::Forge;

use super::examination::Examination;
use super::report::Check;

/// How far clocks may be apart. Signed requests and tokens' validity begin to suffer at some minutes.
const APART: SignedDuration = SignedDuration::from_mins(2);

pub(super) async fn checks(examined: &Examination) -> Vec<Check> {
    let looked = examined.forges.iter().map(|(name, forge)| async move {
        match forge {
            Ok(forge) => one(examined, &**forge).await,
            Err(problem) => vec![Check::fail(name, "connection", &problem.message, &problem.remedy)],
        }
    });
    join_all(looked).await.into_iter().flatten().collect()
}

async fn one(examined: &Examination, forge: &dyn Forge) -> Vec<Check> {
    let site = forge.site();
    let about = &site.name;
    if site.provider == Provider::Directory {
        return Vec::new();
    }
    let mut checks = Vec::new();
    match forge.account().await {
        Ok(account) => {
            let scopes = account.scopes.filter(|scopes| !scopes.is_empty());
            let scopes = scopes.map_or_else(String::new, |scopes| format!(", token with {}", scopes.join(", ")));
            checks.push(Check::pass(about, "account", format!("signed in as {}{scopes}", account.login)));
        }
        Err(error) => {
            checks.push(Check::fail(about, "account", error.to_string(), error.remedy()));
            return checks;
        }
    }
    if let Some(theirs) = forge.server_time() {
        checks.push(clock(about, (examined.clock)(), theirs));
    }
    checks
}

fn clock(about: &impl ToString, ours: Timestamp, theirs: Timestamp) -> Check {
    let apart = ours.duration_since(theirs).abs();
    if apart > APART {
        let found = format!("this machine's clock and the forge's are {} s apart", apart.as_secs());
        Check::warn(about.to_string(), "clock", found, "Have this machine's clock set from the network (NTP).")
    } else {
        Check::pass(about.to_string(), "clock", "agrees with the forge's")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::Level;

    #[test]
    fn clocks_may_differ_a_little() {
        let now: Timestamp = "2026-01-01T00:00:00Z".parse().unwrap();
        for (seconds, level) in
            [(0, Level::Pass), (-100, Level::Pass), (100, Level::Pass), (-600, Level::Warn), (600, Level::Warn)]
        {
            let theirs = now + SignedDuration::from_secs(seconds);
            assert_eq!(clock(&"github", now, theirs).level, level, "{seconds}");
        }
    }
}
