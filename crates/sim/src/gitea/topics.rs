use axum::extract::Path;
use http::StatusCode;
use serde_json::json;

use super::call::{Answer, Call, done};
use crate::dialect::{Fields, JsonBody, json as answer};
use crate::world::RepositoryPatch;

pub(super) async fn list(call: Call, Path((owner, name)): Path<(String, String)>) -> Answer {
    let (repository, _) = call.repository(&owner, &name)?;
    let total = repository.topics.len();
    let topics = call.page().cut(repository.topics);
    let mut response = call.listing(Vec::new(), total, false);
    *response.body_mut() = json!({ "topics": topics }).to_string().into();
    Ok(response)
}

pub(super) async fn replace(call: Call, Path((owner, name)): Path<(String, String)>, body: JsonBody) -> Answer {
    let (user, repository) = call.administered(&owner, &name)?;
    let topics = call.fields(body)?.texts("topics").unwrap_or_default();
    set(&call, user, repository.id, topics)
}

pub(super) async fn add(call: Call, Path((owner, name, topic)): Path<(String, String, String)>) -> Answer {
    let (user, repository) = call.administered(&owner, &name)?;
    let mut topics = repository.topics;
    if !topics.contains(&topic) {
        topics.push(topic);
    }
    set(&call, user, repository.id, topics)
}

pub(super) async fn remove(call: Call, Path((owner, name, topic)): Path<(String, String, String)>) -> Answer {
    let (user, repository) = call.administered(&owner, &name)?;
    if !repository.topics.contains(&topic) {
        return Err(call.not_found());
    }
    let topics = repository.topics.into_iter().filter(|it| *it != topic).collect();
    set(&call, user, repository.id, topics)
}

fn set(call: &Call, user: u64, repository: u64, topics: Vec<String>) -> Answer {
    let invalid: Vec<&String> = topics.iter().filter(|it| !valid(it)).collect();
    if !invalid.is_empty() {
        let body = json!({ "invalidTopics": invalid, "message": "Topic names are invalid" });
        return Err(answer(StatusCode::UNPROCESSABLE_ENTITY, &body));
    }
    if topics.len() > 25 {
        let body = json!({ "invalidTopics": [], "message": "Exceeding maximum number of topics per repo" });
        return Err(answer(StatusCode::UNPROCESSABLE_ENTITY, &body));
    }
    let patch = RepositoryPatch { topics: Some(topics), ..RepositoryPatch::default() };
    call.site.update_repository(repository, patch, user).map_err(|it| call.refuse(&it))?;
    Ok(done())
}

fn valid(topic: &str) -> bool {
    let inner = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-' || c == '.';
    topic.len() <= 35
        && topic.starts_with(|c: char| c.is_ascii_lowercase() || c.is_ascii_digit())
        && topic.chars().all(inner)
}

#[cfg(test)]
mod tests {
    #[test]
    fn topics_are_lower_case_words() {
        assert!(super::valid("rust-1.0") && !super::valid("Rust") && !super::valid("-x") && !super::valid(""));
        let long = "a".repeat(36);
        assert!(!super::valid(&long));
    }
}
