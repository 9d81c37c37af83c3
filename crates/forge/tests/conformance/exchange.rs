//! One request and its answer.

use serde_json::Value;

use crate::exceptions::{self, Exceptions};
use crate::graphql::GraphQl;
use crate::schema::{Checker, Misfit, Nulls, Problem};
use crate::spec::{Operation, Spec};

/// What was found in an exchange.
#[derive(Default)]
pub(crate) struct Checked {
    /// The operation, if it is described.
    pub(crate) operation: Option<String>,
    pub(crate) findings: Vec<String>,
}

/// Holds an exchange against a description.
pub(crate) fn check(spec: &Spec, graphql: &GraphQl, exchange: &Value, exceptions: &mut Exceptions) -> Checked {
    let (method, path) = (exchange["method"].as_str().unwrap(), exchange["path"].as_str().unwrap());
    if exceptions::is_probe(method, path) {
        return Checked::default();
    }
    let by_refray = exchange["by_refray"] == true;
    if spec.kind == "github" && path == "/api/graphql" {
        let findings = if by_refray { graphql.check(&exchange["request"]) } else { Vec::new() };
        return Checked { operation: None, findings };
    }
    let own = spec.own_path(path);
    if by_refray && exceptions.allows_exactly(spec.kind, method, own) {
        return Checked::default();
    }
    let Some(operation) = spec.find(method, path) else {
        // Pages for people, and what tests ask for on purpose, are no part of an API.
        let is_ours = by_refray && !exceptions.allows_path(spec.kind, method, own);
        let findings = is_ours.then(|| format!("{method} {} is not described", wiped(own)));
        return Checked { operation: None, findings: findings.into_iter().collect() };
    };
    let mut findings = Vec::new();
    if by_refray {
        request(spec, &operation, exchange, &mut findings);
    }
    answer(spec, &operation, exchange, exceptions, &mut findings);
    let name = operation.name;
    findings.retain(|finding| !exceptions.allows_finding(spec.kind, &name, finding));
    let findings = findings.into_iter().map(|finding| format!("{name}: {finding}")).collect();
    Checked { operation: by_refray.then_some(name), findings }
}

/// Leaves out what is different in every run.
fn wiped(path: &str) -> String {
    path.chars().map(|c| if c.is_ascii_digit() { '0' } else { c }).collect()
}

fn request<'a>(spec: &'a Spec, operation: &Operation<'a>, exchange: &Value, findings: &mut Vec<String>) {
    let checker = checker(spec);
    let parameters = operation.parameters();
    let query = exchange["query"].as_str().unwrap_or_default();
    let given: Vec<(String, String)> = url::form_urlencoded::parse(query.as_bytes()).into_owned().collect();
    for (key, value) in &given {
        let described = parameters.iter().find(|parameter| parameter.place == "query" && parameter.name == key);
        let Some(parameter) = described else {
            findings.push(format!("the parameter `{key}` is not described"));
            continue;
        };
        let found = checker.check(parameter.schema, &from_query(spec, parameter.schema, value));
        findings.extend(found.iter().map(|finding| format!("the parameter `{key}`: {finding}")));
    }
    for parameter in parameters.iter().filter(|parameter| parameter.place == "path") {
        let Some(text) = operation.in_path.get(parameter.name) else { continue };
        let found = checker.check(parameter.schema, &from_query(spec, parameter.schema, text));
        findings.extend(found.iter().map(|finding| format!("`{}` in the path: {finding}", parameter.name)));
    }
    for parameter in parameters.iter().filter(|parameter| parameter.required && parameter.place == "query") {
        if !given.iter().any(|(key, _)| key == parameter.name) {
            findings.push(format!("the parameter `{}` is required", parameter.name));
        }
    }
    match (&exchange["request"], operation.body()) {
        (Value::Null, _) => {}
        (body, Some(schema)) => {
            let found = checker.check(schema, body);
            findings.extend(found.iter().map(|finding| format!("the body: {finding}")));
        }
        (_, None) => findings.push("a body is not described".to_owned()),
    }
    if spec.kind == "github" {
        if exchange["accept"] != "application/vnd.github+json" {
            findings.push(format!("`accept` is {}", exchange["accept"]));
        }
        if exchange["version"].is_null() {
            findings.push("no version of the API is asked for".to_owned());
        }
    }
    if !exchange["request"].is_null() && exchange["content_type"] != "application/json" {
        findings.push(format!("the body is said to be {}", exchange["content_type"]));
    }
}

/// Reads a parameter as what it is described to be.
fn from_query(spec: &Spec, schema: &Value, text: &str) -> Value {
    match spec.resolve(schema)["type"].as_str() {
        Some("integer" | "number") => text.parse::<i64>().map_or_else(|_| Value::from(text), Value::from),
        Some("boolean") => text.parse::<bool>().map_or_else(|_| Value::from(text), Value::from),
        Some("array") => Value::from(text.split(',').map(str::to_owned).collect::<Vec<_>>()),
        _ => Value::from(text),
    }
}

fn answer<'a>(
    spec: &'a Spec,
    operation: &Operation<'a>,
    exchange: &Value,
    exceptions: &mut Exceptions,
    findings: &mut Vec<String>,
) {
    let status = exchange["status"].as_u64().unwrap();
    let Some(described) = operation.answer(status) else {
        if !exceptions.allows_status(spec.kind, &operation.name, status) {
            findings.push(format!("an answer with {status} is not described"));
        }
        return;
    };
    let body = &exchange["answer"];
    let instead = exceptions.schema(spec.kind, &operation.name).filter(|_| status == 200);
    let described = match instead {
        // Of a list, each element is one.
        Some(name) => Some(&spec.root["definitions"][name]),
        None => described,
    };
    // GitLab's description gives many types that its answers do not have, and requires nothing.
    let believed = |problem: &&Problem| spec.kind != "gitlab" || problem.what == Misfit::Unknown;
    match described {
        Some(schema) if !body.is_null() => {
            let elements = body.as_array().filter(|_| instead.is_some());
            let found: Vec<Problem> = match elements {
                Some(elements) => elements.iter().flat_map(|it| checker(spec).check(schema, it)).collect(),
                None => checker(spec).check(schema, body),
            };
            let found = found.iter().filter(believed);
            findings.extend(found.map(|finding| format!("the answer with {status}: {finding}")));
        }
        Some(_) if status == 204 => {}
        Some(_) if status < 300 => findings.push(format!("the answer with {status} has no body")),
        None if status < 300 && !body.is_null() => {
            findings.push(format!("the answer with {status} has a body, and none is described"));
        }
        _ => {}
    }
}

fn checker(spec: &Spec) -> Checker<'_> {
    // Swagger 2.0 cannot say that something may be null.
    let nulls = if spec.root.get("swagger").is_some() { Nulls::Untold } else { Nulls::Told };
    Checker::new(&spec.root, nulls)
}
