use axum::response::Response;
use http::StatusCode;
use serde_json::{Map, Value, json};

use super::execute::{Execution, Failure};
use super::parse::parse;
use super::resolve::Object;
use crate::Site;
use crate::dialect::{Fields, json as json_response};
use crate::world::Viewer;

/// Answers a query. What is wrong with it is told in a body with status 200.
pub(in crate::github) fn answer(site: &Site, viewer: &Viewer, body: &Map<String, Value>) -> Response {
    let Some(text) = body.text("query") else {
        let body = json!({ "errors": [{ "message": "A query attribute must be specified and must be a string." }] });
        return json_response(StatusCode::OK, &body);
    };
    let document = match parse(text) {
        Ok(document) => document,
        Err(error) => {
            let place = json!([{ "line": error.line, "column": error.column }]);
            let body = json!({ "errors": [{ "message": error.to_string(), "locations": place }] });
            return json_response(StatusCode::OK, &body);
        }
    };
    let mut variables = document.defaults.clone();
    variables.extend(body.get("variables").and_then(Value::as_object).cloned().unwrap_or_default());
    let mut execution = Execution::new(site, viewer, &document, variables);
    let body = match execution.object(&Object::Query, &document.selection, &[]) {
        // A query that does not fit the schema is not begun.
        Err(Failure::Invalid(error)) => json!({ "errors": [error] }),
        Ok(mut data) => {
            execution.tell_cost(&mut data);
            let errors = std::mem::take(&mut execution.errors);
            if errors.is_empty() { json!({ "data": data }) } else { json!({ "data": data, "errors": errors }) }
        }
    };
    json_response(StatusCode::OK, &body)
}
