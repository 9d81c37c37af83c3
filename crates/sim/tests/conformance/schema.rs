//! Holding a value against a schema.

use serde_json::{Map, Value};

use crate::spec::Spec;

/// How strictly a value is read.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Strictness {
    /// Types are right in the description.
    pub(crate) types: bool,
    /// What is required is there.
    pub(crate) required: bool,
}

/// Returns what does not fit, each with its place.
pub(crate) fn check(spec: &Spec, schema: &Value, value: &Value, strictness: Strictness) -> Vec<String> {
    let mut findings = Vec::new();
    Check { spec, strictness }.value(schema, value, "", &mut findings);
    findings
}

struct Check<'a> {
    spec: &'a Spec,
    strictness: Strictness,
}

impl Check<'_> {
    fn value(&self, schema: &Value, value: &Value, at: &str, findings: &mut Vec<String>) {
        let schema = self.spec.resolve(schema);
        if let Some(choices) = schema.get("oneOf").or_else(|| schema.get("anyOf")).and_then(Value::as_array) {
            // The one that fits best is the one that was meant.
            let tried = choices.iter().map(|choice| {
                let mut found = Vec::new();
                self.value(choice, value, at, &mut found);
                found
            });
            findings.extend(tried.min_by_key(Vec::len).unwrap_or_default());
            return;
        }
        if value.is_null() {
            // Swagger 2.0 cannot say that something may be null.
            let may = schema["nullable"] == true || self.spec.root.get("swagger").is_some();
            if !may && schema.get("type").is_some() {
                findings.push(format!("`{at}` is null"));
            }
            return;
        }
        if let Some(all) = schema["enum"].as_array()
            && !all.contains(value)
        {
            findings.push(format!("`{at}` is {value}, which is none of {}", schema["enum"]));
        }
        match value {
            Value::Object(map) => self.object(schema, map, at, findings),
            Value::Array(list) => {
                self.typed(schema, "array", at, findings);
                if let Some(items) = schema.get("items") {
                    list.iter().for_each(|item| self.value(items, item, &format!("{at}[]"), findings));
                }
            }
            Value::String(_) => self.typed(schema, "string", at, findings),
            Value::Bool(_) => self.typed(schema, "boolean", at, findings),
            Value::Number(number) if number.is_f64() => self.typed(schema, "number", at, findings),
            Value::Number(_) => self.typed(schema, "integer", at, findings),
            Value::Null => {}
        }
    }

    fn typed(&self, schema: &Value, is: &str, at: &str, findings: &mut Vec<String>) {
        let Some(wanted) = schema["type"].as_str() else { return };
        let fits = wanted == is || (wanted == "number" && is == "integer");
        if self.strictness.types && !fits {
            findings.push(format!("`{at}` is of type {is}, described as {wanted}"));
        }
    }

    fn object(&self, schema: &Value, map: &Map<String, Value>, at: &str, findings: &mut Vec<String>) {
        self.typed(schema, "object", at, findings);
        let mut known = Map::new();
        let mut required = Vec::new();
        let open = self.gather(schema, &mut known, &mut required);
        for (key, value) in map {
            let place = if at.is_empty() { key.clone() } else { format!("{at}.{key}") };
            match known.get(key) {
                Some(schema) => self.value(schema, value, &place, findings),
                None if open => {}
                None => findings.push(format!("`{place}` is not described")),
            }
        }
        if self.strictness.required {
            for key in required.iter().filter(|key| !map.contains_key(**key)) {
                findings.push(format!("`{key}` of `{at}` is required"));
            }
        }
    }

    /// Collects the properties of an object with those of its parts. Returns whether it may have others.
    fn gather<'s>(&'s self, schema: &'s Value, known: &mut Map<String, Value>, required: &mut Vec<&'s str>) -> bool {
        let schema = self.spec.resolve(schema);
        let own = schema["properties"].as_object();
        known.extend(own.into_iter().flatten().map(|(key, value)| (key.clone(), value.clone())));
        required.extend(schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str));
        let mut open = match schema.get("additionalProperties") {
            Some(Value::Bool(open)) => *open,
            Some(_) => true,
            // An object of which nothing is said.
            None => own.is_none() && schema.get("allOf").is_none(),
        };
        for part in schema["allOf"].as_array().into_iter().flatten() {
            open &= self.gather(part, known, required);
        }
        open
    }
}
