//! As much of JSON Schema as the descriptions use: OpenAPI 3.0 (`nullable`), 3.1 (lists of types) and Swagger 2.0.
//!
//! Stricter than a validator in one way: a field that no schema of an object names is a problem, because what is looked
//! for are fields that a forge would not send or read.

use jiff::Timestamp;
use serde_json::Value;
use url::Url;

/// How far a description is to be believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Nulls {
    /// It says of each value whether it may be null.
    Told,
    /// It never says so. What is a pointer, a list or a time in the forge's source can be null; plain values cannot.
    Untold,
}

/// What of a value does not fit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Problem {
    /// Where, as in `owner.login` or `[].id`; empty for the whole.
    pub(crate) at: String,
    pub(crate) what: Misfit,
}

/// How it does not fit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Misfit {
    /// A field that is not described.
    Unknown,
    /// A field that has to be there.
    Missing,
    /// Null where it is not foreseen.
    Null,
    /// Something else than the described type, format or value.
    Value(String),
}

impl std::fmt::Display for Problem {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let at = if self.at.is_empty() { "it".to_owned() } else { format!("`{}`", self.at) };
        match &self.what {
            Misfit::Unknown => write!(f, "{at} is not described"),
            Misfit::Missing => write!(f, "{at} is missing"),
            Misfit::Null => write!(f, "{at} is null"),
            Misfit::Value(why) => write!(f, "{at} is {why}"),
        }
    }
}

/// Holds values against the schemas of one description.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Checker<'a> {
    root: &'a Value,
    nulls: Nulls,
}

/// What has to hold together: the schemas with fields of their own, and the choices among others.
#[derive(Clone, Debug, Default)]
struct Parts<'a> {
    plain: Vec<&'a Value>,
    choices: Vec<&'a Vec<Value>>,
}

impl<'a> Checker<'a> {
    pub(crate) fn new(root: &'a Value, nulls: Nulls) -> Self {
        Self { root, nulls }
    }

    fn resolve(&self, mut value: &'a Value) -> &'a Value {
        while let Some(reference) = value["$ref"].as_str() {
            let pointer = reference.strip_prefix('#').unwrap_or_else(|| panic!("{reference} leads out of the file"));
            value = self.root.pointer(pointer).unwrap_or_else(|| panic!("{reference} leads nowhere"));
        }
        value
    }

    /// Returns all that does not fit.
    pub(crate) fn check(&self, schema: &'a Value, value: &Value) -> Vec<Problem> {
        self.check_at(schema, value, "")
    }

    fn check_at(&self, schema: &'a Value, value: &Value, at: &str) -> Vec<Problem> {
        let mut parts = Parts::default();
        self.gather(schema, &mut parts);
        self.decide(parts, value, at)
    }

    fn gather(&self, schema: &'a Value, parts: &mut Parts<'a>) {
        let schema = self.resolve(schema);
        for part in schema["allOf"].as_array().into_iter().flatten() {
            self.gather(part, parts);
        }
        parts.choices.extend(["anyOf", "oneOf"].iter().filter_map(|key| schema[key].as_array()));
        parts.plain.push(schema);
    }

    /// Takes of each choice what fits best.
    fn decide(&self, mut parts: Parts<'a>, value: &Value, at: &str) -> Vec<Problem> {
        let Some(choice) = parts.choices.pop() else { return self.plain(&parts.plain, value, at) };
        let tried = choice.iter().map(|option| {
            let mut parts = parts.clone();
            self.gather(option, &mut parts);
            self.decide(parts, value, at)
        });
        tried.min_by_key(Vec::len).unwrap_or_default()
    }

    fn plain(&self, schemas: &[&'a Value], value: &Value, at: &str) -> Vec<Problem> {
        let types: Vec<Vec<&str>> = schemas.iter().map(|it| types(it)).filter(|it| !it.is_empty()).collect();
        let problem = |what| vec![Problem { at: at.to_owned(), what }];
        if value.is_null() {
            let said = schemas.iter().any(|it| it["nullable"] == true)
                || types.iter().any(|it| it.contains(&"null"))
                || schemas.iter().all(|it| it.as_object().is_none_or(|it| !it.contains_key("type")));
            let plain = |it: &Vec<&str>| it.iter().any(|it| matches!(*it, "boolean" | "integer" | "number" | "string"));
            let pointer = !types.iter().any(plain)
                || schemas.iter().any(|it| it["format"] == "date-time" || it["format"] == "date");
            let fine = said || (self.nulls == Nulls::Untold && pointer);
            return if fine { Vec::new() } else { problem(Misfit::Null) };
        }
        for allowed in &types {
            if !allowed.iter().any(|it| is(it, value)) {
                return problem(Misfit::Value(format!("{} and not {}", name(value), allowed.join(" or "))));
            }
        }
        let mut found = Vec::new();
        for schema in schemas {
            if let Some(allowed) = schema["enum"].as_array()
                && !allowed.contains(value)
            {
                let allowed: Vec<String> = allowed.iter().map(Value::to_string).collect();
                found.extend(problem(Misfit::Value(format!("{value} and none of {}", allowed.join(", ")))));
            }
            if let Some(wanted) = misformed(schema, value) {
                found.extend(problem(Misfit::Value(format!("{value} and not {wanted}"))));
            }
        }
        match value {
            Value::Array(items) => {
                let at = format!("{at}[]");
                for item in schemas.iter().filter_map(|it| it.get("items")) {
                    for value in items {
                        for problem in self.check_at(item, value, &at) {
                            if !found.contains(&problem) {
                                found.push(problem);
                            }
                        }
                    }
                }
            }
            Value::Object(fields) => {
                let open = schemas.iter().all(|it| it.get("properties").is_none());
                for required in schemas.iter().filter_map(|it| it["required"].as_array()).flatten() {
                    let name = required.as_str().unwrap_or_default();
                    if !fields.contains_key(name) {
                        found.push(Problem { at: below(at, name), what: Misfit::Missing });
                    }
                }
                for (name, value) in fields {
                    let at = below(at, name);
                    let mut known: Vec<&Value> = schemas.iter().filter_map(|it| it["properties"].get(name)).collect();
                    let described = !known.is_empty();
                    if !described {
                        known.extend(schemas.iter().filter_map(|it| it.get("additionalProperties")));
                        known.retain(|it| **it != Value::Bool(false));
                    }
                    if known.is_empty() && !open {
                        found.push(Problem { at, what: Misfit::Unknown });
                        continue;
                    }
                    let mut parts = Parts::default();
                    for schema in known.into_iter().filter(|it| it.is_object()) {
                        self.gather(schema, &mut parts);
                    }
                    found.extend(self.decide(parts, value, &at));
                }
            }
            _ => {}
        }
        found
    }
}

fn below(at: &str, name: &str) -> String {
    if at.is_empty() { name.to_owned() } else { format!("{at}.{name}") }
}

/// Returns the types that a schema allows; none when it does not say.
pub(crate) fn types(schema: &Value) -> Vec<&str> {
    match &schema["type"] {
        Value::String(one) => vec![one.as_str()],
        Value::Array(several) => several.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    }
}

fn is(kind: &str, value: &Value) -> bool {
    match kind {
        "boolean" => value.is_boolean(),
        "integer" => value.is_i64() || value.is_u64(),
        "number" => value.is_number(),
        "string" => value.is_string(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        "null" => value.is_null(),
        // Uploads, and words that are no type at all: whatever it is.
        _ => true,
    }
}

fn name(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(number) if number.is_f64() => "a fraction",
        Value::Number(_) => "an integer",
        Value::String(_) => "a string",
        Value::Array(_) => "an array",
        Value::Object(_) => "an object",
    }
}

/// Returns what a value should look like, when it does not.
fn misformed(schema: &Value, value: &Value) -> Option<String> {
    if let (Some(text), Some(format)) = (value.as_str(), schema["format"].as_str()) {
        let fits = match format {
            "date-time" => text.parse::<Timestamp>().is_ok(),
            "date" => text.parse::<jiff::civil::Date>().is_ok(),
            "uri" | "url" => Url::parse(text).is_ok(),
            _ => true,
        };
        return (!fits).then(|| format.to_owned());
    }
    let number = value.as_f64()?;
    let (least, most) = (schema["minimum"].as_f64(), schema["maximum"].as_f64());
    if least.is_some_and(|least| number < least) || most.is_some_and(|most| number > most) {
        return Some("within its bounds".to_owned());
    }
    None
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::{Checker, Nulls};

    fn problems(schema: &Value, value: &Value, nulls: Nulls) -> Vec<String> {
        Checker::new(schema, nulls).check(schema, value).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn what_does_not_fit_is_found() {
        let schema = json!({
            "type": "object", "required": ["id"],
            "properties": {
                "id": { "type": "integer" }, "at": { "type": "string", "format": "date-time" },
                "kind": { "type": "string", "enum": ["a", "b"] },
                "list": { "type": "array", "items": { "$ref": "#/definitions/item" } },
            },
            "definitions": { "item": { "allOf": [{ "properties": { "x": {} } }, { "properties": { "y": {} } }] } },
        });
        let value =
            json!({ "at": "yesterday", "kind": "c", "list": [{ "x": 1, "y": 2 }, { "z": 3 }, { "z": 4 }], "more": 1 });
        let found = [
            "`id` is missing",
            "`at` is \"yesterday\" and not date-time",
            "`kind` is \"c\" and none of \"a\", \"b\"",
            "`list[].z` is not described",
            "`more` is not described",
        ];
        assert_eq!(problems(&schema, &value, Nulls::Told), found);
    }

    #[test]
    fn nulls_and_choices_are_understood() {
        let schema = json!({ "anyOf": [{ "type": "string" }, { "type": ["integer", "null"] }] });
        for (value, fits) in [(json!("a"), true), (json!(1), true), (Value::Null, true), (json!(true), false)] {
            assert_eq!(problems(&schema, &value, Nulls::Told).is_empty(), fits, "{value}");
        }
        for (schema, told, untold) in [
            (json!({ "type": "string" }), false, false),
            (json!({ "type": "string", "format": "date-time" }), false, true),
            (json!({ "type": "object" }), false, true),
            (json!({ "type": "string", "nullable": true }), true, true),
        ] {
            assert_eq!(problems(&schema, &Value::Null, Nulls::Told).is_empty(), told, "{schema}");
            assert_eq!(problems(&schema, &Value::Null, Nulls::Untold).is_empty(), untold, "{schema}");
        }
    }
}
