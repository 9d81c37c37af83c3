//! A forge's description of its API: Swagger 2.0 or OpenAPI 3.0.

use std::collections::BTreeMap;
use std::path::Path;

use percent_encoding::percent_decode_str;
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
    /// What stands for the names in the template.
    pub(crate) in_path: BTreeMap<String, String>,
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
        let given: Vec<&str> = path.trim_end_matches('/').split('/').collect();
        let fitting = self.paths().iter().filter_map(|(template, item)| {
            let own: Vec<&str> = template.split('/').collect();
            let operation = item.get(method.to_lowercase())?;
            Some((template, item, operation, fit(&own, &given)?))
        });
        let fixed = |template: &str| template.split('/').filter(|part| !is_open(part)).count();
        let (template, item, operation, in_path) = fitting.max_by_key(|(template, ..)| fixed(template))?;
        let name = format!("{method} {template}");
        Some(Operation { name, operation, shared: item.get("parameters"), spec: self, in_path })
    }

    /// Follows references.
    pub(crate) fn resolve<'a>(&'a self, mut value: &'a Value) -> &'a Value {
        while let Some(reference) = value.get("$ref").and_then(Value::as_str) {
            value = self.root.pointer(reference.trim_start_matches('#')).unwrap_or_else(|| panic!("{reference}"));
        }
        value
    }
}

/// Says whether the parts of a path fit those of a template, and what stands for its names. What is called a branch, a
/// reference, a tag or a head may have several parts.
fn fit(own: &[&str], given: &[&str]) -> Option<BTreeMap<String, String>> {
    let Some((first, rest)) = own.split_first() else { return given.is_empty().then(BTreeMap::new) };
    if !is_open(first) {
        return if given.first() == Some(first) { fit(rest, &given[1..]) } else { None };
    }
    let name = first.trim_matches(['{', '}']);
    let long = matches!(name, "branch" | "ref" | "tag" | "head");
    let most = if long { given.len() } else { given.len().min(1) };
    (1..=most).find_map(|count| {
        let value = given[..count].join("/");
        let mut found = fit(rest, &given[count..]).filter(|_| !value.is_empty())?;
        found.insert(name.to_owned(), percent_decode_str(&value).decode_utf8_lossy().into_owned());
        Some(found)
    })
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

#[cfg(test)]
mod tests {
    use super::fit;

    #[test]
    fn a_branch_may_have_several_parts() {
        let parts = |path: &'static str| path.split('/').collect::<Vec<_>>();
        let found = fit(&parts("r/{owner}/b/{branch}/protection"), &parts("r/a%2Fb/b/x/y/protection")).unwrap();
        assert_eq!((found["owner"].as_str(), found["branch"].as_str()), ("a/b", "x/y"));
        assert_eq!(fit(&parts("r/{owner}"), &parts("r/x/y")), None);
        assert_eq!(fit(&parts("r/{owner}"), &parts("r")), None);
    }
}
