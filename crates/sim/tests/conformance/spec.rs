//! A forge's description of its API: Swagger 2.0 or OpenAPI 3.0.

use std::path::Path;

use serde_json::{Map, Value};

/// A description.
pub(crate) struct Spec {
    pub(crate) kind: &'static str,
    pub(crate) root: Value,
}

/// A described operation.
pub(crate) struct Operation<'a> {
    /// The method and the template of the path.
    pub(crate) name: String,
    operation: &'a Value,
    shared: Option<&'a Value>,
    spec: &'a Spec,
}

/// Something that goes along with a request.
pub(crate) struct Parameter<'a> {
    pub(crate) name: &'a str,
    pub(crate) place: &'a str,
    pub(crate) required: bool,
    /// Its schema. In Swagger 2.0 a parameter is one itself, unless it is a body.
    pub(crate) schema: &'a Value,
}

impl Spec {
    pub(crate) fn load(kind: &'static str, folder: &Path) -> Self {
        let text = std::fs::read_to_string(folder.join(format!("{kind}.json"))).unwrap();
        Self { kind, root: serde_json::from_str(&text).unwrap() }
    }

    fn paths(&self) -> &Map<String, Value> {
        self.root["paths"].as_object().unwrap()
    }

    /// Returns the names of all operations.
    pub(crate) fn names(&self) -> Vec<String> {
        let methods = ["get", "put", "post", "delete", "patch", "head"];
        let of = |(path, item): (&String, &Value)| {
            let item = item.as_object().unwrap();
            let own = methods.iter().filter(|method| item.contains_key(**method));
            own.map(|method| format!("{} {path}", method.to_uppercase())).collect::<Vec<_>>()
        };
        self.paths().iter().flat_map(of).collect()
    }

    pub(crate) fn operations(&self) -> usize {
        self.names().len()
    }

    /// Takes off what stands before the paths of the description.
    pub(crate) fn own_path<'p>(&self, path: &'p str) -> &'p str {
        let prefix = match self.kind {
            "github" => "/api/v3",
            "gitlab" => "",
            _ => "/api/v1",
        };
        path.strip_prefix(prefix).unwrap_or(path)
    }

    /// Finds the operation of a request. Of several templates that fit, the one with the most fixed parts is meant.
    pub(crate) fn find(&self, method: &str, path: &str) -> Option<Operation<'_>> {
        let path = self.own_path(path);
        let fits = |template: &&String| {
            let (own, given): (Vec<_>, Vec<_>) = (template.split('/').collect(), path.split('/').collect());
            own.len() == given.len()
                && own.iter().zip(&given).all(|(own, given)| own == given || (is_open(own) && !given.is_empty()))
        };
        let fixed = |template: &&String| template.split('/').filter(|part| !is_open(part)).count();
        let template = self.paths().keys().filter(fits).max_by_key(fixed)?;
        let item = &self.paths()[template];
        let operation = item.get(method.to_lowercase())?;
        Some(Operation { name: format!("{method} {template}"), operation, shared: item.get("parameters"), spec: self })
    }

    /// Follows references.
    pub(crate) fn resolve<'a>(&'a self, mut value: &'a Value) -> &'a Value {
        while let Some(reference) = value.get("$ref").and_then(Value::as_str) {
            value = self.root.pointer(reference.trim_start_matches('#')).unwrap_or_else(|| panic!("{reference}"));
        }
        value
    }
}

fn is_open(part: &str) -> bool {
    part.starts_with('{') && part.ends_with('}')
}

impl<'a> Operation<'a> {
    pub(crate) fn parameters(&self) -> Vec<Parameter<'a>> {
        let lists = [self.shared, self.operation.get("parameters")];
        let all = lists.into_iter().flatten().filter_map(Value::as_array).flatten();
        all.map(|parameter| {
            let parameter = self.spec.resolve(parameter);
            Parameter {
                name: parameter["name"].as_str().unwrap(),
                place: parameter["in"].as_str().unwrap(),
                required: parameter["required"] == true,
                schema: parameter.get("schema").unwrap_or(parameter),
            }
        })
        .collect()
    }

    /// Returns the schema of the body of a request.
    pub(crate) fn body(&self) -> Option<&'a Value> {
        if let Some(body) = self.operation.get("requestBody") {
            return self.spec.resolve(body).pointer("/content/application~1json/schema");
        }
        self.parameters().into_iter().find(|parameter| parameter.place == "body").map(|parameter| parameter.schema)
    }

    /// Returns the described answer of a status: its schema, if it has one.
    pub(crate) fn answer(&self, status: u64) -> Option<Option<&'a Value>> {
        let responses = self.operation["responses"].as_object().unwrap();
        let response = self.spec.resolve(responses.get(&status.to_string())?);
        Some(response.get("schema").or_else(|| response.pointer("/content/application~1json/schema")))
    }
}
