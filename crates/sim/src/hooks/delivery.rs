use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{Method, Request};
use http_body_util::{BodyExt, Full};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use tokio::sync::mpsc::UnboundedReceiver;
use tokio::task::JoinSet;

use super::log::Delivery;
use super::message::Message;
use super::{gitea, github, gitlab, sign};
use crate::site::{Emitted, Event};
use crate::world::{ContentType, Hook, HookTarget};
use crate::{Kind, Site, ids};

/// How long a receiver may take.
const PATIENCE: Duration = Duration::from_secs(10);

type Sender = Client<HttpConnector, Full<Bytes>>;

/// Tells hooks what happened, for as long as the site is there.
pub(crate) async fn run(site: Arc<Site>, mut events: UnboundedReceiver<Emitted>) {
    let client: Sender = Client::builder(TokioExecutor::new()).build_http();
    let mut under_way = JoinSet::new();
    loop {
        let emitted = tokio::select! {
            emitted = events.recv() => match emitted {
                Some(emitted) => emitted,
                None => return,
            },
            Some(_) = under_way.join_next() => continue,
        };
        let packed = {
            let site = Arc::clone(&site);
            crate::dialect::blocking(move || pack(&site, &emitted)).await
        };
        for delivery in packed {
            let (site, client) = (Arc::clone(&site), client.clone());
            under_way.spawn(async move {
                let delivery = send(&client, delivery).await;
                if let Some(recording) = site.recording() {
                    recording.delivery(site.kind(), &delivery);
                }
                site.deliveries().add(delivery);
            });
        }
    }
}

/// Builds what is to be sent.
fn pack(site: &Site, emitted: &Emitted) -> Vec<Delivery> {
    let mut packed = Vec::new();
    // GitLab marks what comes of one event.
    let event_uuid = ids::uuid();
    for hook in &emitted.hooks {
        let trial = matches!(emitted.event, Event::Ping);
        let wanted: Vec<Message> = match site.kind() {
            Kind::GitHub => {
                let messages = github::messages(site, emitted, hook);
                messages.into_iter().filter(|it| trial || hook.wants(it.event)).collect()
            }
            Kind::Gitea | Kind::Forgejo => {
                let messages = gitea::messages(site, emitted, hook);
                messages.into_iter().filter(|it| trial || hook.wants(it.event)).collect()
            }
            Kind::GitLab => {
                let messages = gitlab::messages(site, emitted, hook);
                let flagged = messages.into_iter().filter(|(flag, _)| trial || hook.wants(flag));
                flagged.map(|(_, message)| message).collect()
            }
        };
        for message in wanted {
            packed.push(wrap(site, emitted, hook, &message, &event_uuid));
        }
    }
    packed
}

fn wrap(site: &Site, emitted: &Emitted, hook: &Hook, message: &Message, event_uuid: &str) -> Delivery {
    let json = message.payload.to_string();
    let form = hook.content_type == ContentType::Form && site.kind() != Kind::GitLab;
    let body = if form {
        url::form_urlencoded::Serializer::new(String::new()).append_pair("payload", &json).finish()
    } else {
        json.clone()
    };
    let mut headers = vec![(
        "Content-Type".to_owned(),
        if form { "application/x-www-form-urlencoded" } else { "application/json" }.to_owned(),
    )];
    let mut add = |name: &str, value: String| headers.push((name.to_owned(), value));
    let uuid = ids::uuid();
    let (target_kind, target_id) = match hook.target {
        HookTarget::Repository(id) => ("repository", id),
        HookTarget::Account(id) => {
            let user = site.world().accounts.get(&id).is_some_and(|it| it.is_user());
            (if user { "user" } else { "organization" }, id)
        }
        HookTarget::System => ("system", emitted.repository.id),
    };
    match site.kind() {
        Kind::GitHub => {
            add("User-Agent", "GitHub-Hookshot/5a1m".to_owned());
            add("X-GitHub-Event", message.event.to_owned());
            add("X-GitHub-Delivery", uuid);
            add("X-GitHub-Hook-ID", hook.id.to_string());
            add("X-GitHub-Hook-Installation-Target-Type", target_kind.to_owned());
            add("X-GitHub-Hook-Installation-Target-ID", target_id.to_string());
            add("X-GitHub-Enterprise-Version", "3.17.0".to_owned());
            add("X-GitHub-Enterprise-Host", site.authority().to_owned());
            if let Some(secret) = hook.secret.as_deref().filter(|it| !it.is_empty()) {
                // GitHub signs what it sends, the form included.
                add("X-Hub-Signature", format!("sha1={}", sign::sha1(secret, body.as_bytes())));
                add("X-Hub-Signature-256", format!("sha256={}", sign::sha256(secret, body.as_bytes())));
            }
        }
        Kind::GitLab => {
            add("User-Agent", "GitLab/18.5.0".to_owned());
            add("X-Gitlab-Event", message.event.to_owned());
            add("X-Gitlab-Webhook-UUID", hook.uuid.clone());
            add("X-Gitlab-Instance", site.base_url().to_owned());
            add("X-Gitlab-Event-UUID", event_uuid.to_owned());
            add("Idempotency-Key", uuid.clone());
            if let Some(token) = hook.secret.clone().filter(|it| !it.is_empty()) {
                add("X-Gitlab-Token", token);
            }
            let now = jiff::Timestamp::now().as_second();
            let token = hook.signing_token.as_deref();
            if let Some(signature) = token.and_then(|token| sign::standard(token, &uuid, now, body.as_bytes())) {
                add("webhook-id", uuid);
                add("webhook-timestamp", now.to_string());
                add("webhook-signature", signature);
            }
            for (name, value) in &hook.custom_headers {
                add(name, value.clone());
            }
        }
        Kind::Gitea | Kind::Forgejo => {
            // Both sign the JSON, also when they send a form, and send empty digests when there is no secret.
            let secret = hook.secret.as_deref().filter(|it| !it.is_empty());
            let sha256 = secret.map(|secret| sign::sha256(secret, json.as_bytes())).unwrap_or_default();
            let sha1 = secret.map(|secret| sign::sha1(secret, json.as_bytes())).unwrap_or_default();
            let forgejo = site.kind() == Kind::Forgejo;
            let families: &[&str] = if forgejo { &["Forgejo", "Gitea", "Gogs"] } else { &["Gitea", "Gogs"] };
            for family in families {
                add(&format!("X-{family}-Delivery"), uuid.clone());
                add(&format!("X-{family}-Event"), message.event.to_owned());
                add(&format!("X-{family}-Event-Type"), message.event_type.to_owned());
                add(&format!("X-{family}-Signature"), sha256.clone());
            }
            add("X-Hub-Signature", format!("sha1={sha1}"));
            add("X-Hub-Signature-256", format!("sha256={sha256}"));
            add("X-GitHub-Delivery", uuid);
            add("X-GitHub-Event", message.event.to_owned());
            add("X-GitHub-Event-Type", message.event_type.to_owned());
            if !forgejo {
                add("X-Gitea-Hook-Installation-Target-Type", target_kind.to_owned());
                add("X-GitHub-Hook-Installation-Target-Type", target_kind.to_owned());
            }
            if let Some(authorization) = hook.authorization_header.clone().filter(|it| !it.is_empty()) {
                add("Authorization", authorization);
            }
        }
    }
    let event = message.event.to_owned();
    Delivery { hook: hook.id, event, url: hook.url.clone(), headers, body, status: None, error: None }
}

async fn send(client: &Sender, mut delivery: Delivery) -> Delivery {
    match tokio::time::timeout(PATIENCE, post(client, &delivery)).await {
        Ok(Ok(status)) => delivery.status = Some(status),
        Ok(Err(error)) => delivery.error = Some(error),
        Err(_) => delivery.error = Some("timed out".to_owned()),
    }
    delivery
}

async fn post(client: &Sender, delivery: &Delivery) -> Result<u16, String> {
    let url = url::Url::parse(&delivery.url).map_err(|error| error.to_string())?;
    let loopback = match url.host() {
        Some(url::Host::Ipv4(ip)) => ip.is_loopback(),
        Some(url::Host::Ipv6(ip)) => ip.is_loopback(),
        Some(url::Host::Domain(name)) => name == "localhost",
        None => false,
    };
    if !loopback || url.scheme() != "http" {
        return Err("a simulated forge delivers to http on loopback only".to_owned());
    }
    let mut request = Request::builder().method(Method::POST).uri(url.as_str());
    for (name, value) in &delivery.headers {
        request = request.header(name.as_str(), value.as_str());
    }
    let body = Full::new(Bytes::from(delivery.body.clone()));
    let request = request.body(body).map_err(|error| error.to_string())?;
    let answer = client.request(request).await.map_err(|error| error.to_string())?;
    let status = answer.status().as_u16();
    // Read to its end, so that the connection can be used again.
    answer.into_body().collect().await.map_err(|error| error.to_string())?;
    Ok(status)
}
