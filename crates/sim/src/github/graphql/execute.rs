use serde_json::{Map, Value, json};

use super::parse::{Argument, Document, Field, Selection};
use super::resolve::{Node, Object, resolve};
use crate::Site;
use crate::world::Viewer;

/// Connections that may be asked for with one point.
const CONNECTIONS_PER_POINT: u64 = 100;

/// Why a query is not answered at all.
#[derive(Debug)]
pub(super) enum Failure {
    /// It does not fit the schema.
    Invalid(Value),
}

/// Why a field is null.
#[derive(Debug)]
pub(super) enum FieldError {
    /// The type has no such field.
    Undefined,
    /// An error of this type, for the list of errors.
    Typed(&'static str, String),
}

/// A query on its way.
pub(super) struct Execution<'a> {
    pub(super) site: &'a Site,
    pub(super) viewer: &'a Viewer,
    document: &'a Document,
    variables: Map<String, Value>,
    pub(super) errors: Vec<Value>,
    /// How many connections were asked for, which is what a query costs.
    pub(super) connections: u64,
    /// How many nodes they could have held.
    pub(super) nodes: u64,
}

impl<'a> Execution<'a> {
    pub(super) fn new(
        site: &'a Site,
        viewer: &'a Viewer,
        document: &'a Document,
        variables: Map<String, Value>,
    ) -> Self {
        Self { site, viewer, document, variables, errors: Vec::new(), connections: 0, nodes: 0 }
    }

    /// Collects what is asked of an object.
    pub(super) fn object(
        &mut self,
        object: &Object,
        selection: &[Selection],
        path: &[Value],
    ) -> Result<Value, Failure> {
        let mut found = Map::new();
        self.collect(object, selection, path, &mut found)?;
        Ok(Value::Object(found))
    }

    fn collect(
        &mut self,
        object: &Object,
        selection: &[Selection],
        path: &[Value],
        into: &mut Map<String, Value>,
    ) -> Result<(), Failure> {
        let document = self.document;
        for part in selection {
            match part {
                Selection::Field(field) => {
                    let mut path = path.to_vec();
                    path.push(field.key.as_str().into());
                    let value = self.field(object, field, &path)?;
                    into.insert(field.key.clone(), value);
                }
                Selection::Spread(name) => {
                    let Some(fragment) = document.fragments.get(name) else {
                        let message = format!("Fragment {name} was used, but not defined");
                        return Err(Failure::Invalid(json!({ "message": message, "path": path })));
                    };
                    self.collect(object, fragment, path, into)?;
                }
                Selection::Inline(kind, inner) => {
                    if kind.as_ref().is_none_or(|kind| object.is(kind)) {
                        self.collect(object, inner, path, into)?;
                    }
                }
            }
        }
        Ok(())
    }

    fn field(&mut self, object: &Object, field: &Field, path: &[Value]) -> Result<Value, Failure> {
        if field.name == "__typename" {
            return Ok(object.type_name().into());
        }
        let mut arguments = Map::new();
        for (name, argument) in &field.arguments {
            let value = match argument {
                Argument::Value(value) => value.clone(),
                Argument::Variable(name) => self.variables.get(name).cloned().unwrap_or_default(),
            };
            arguments.insert(name.clone(), value);
        }
        match resolve(self, object, &field.name, &arguments) {
            Ok(node) => self.node(&node, field, path),
            Err(FieldError::Undefined) => Err(Failure::Invalid(json!({
                "path": path,
                "extensions": { "code": "undefinedField", "typeName": object.type_name(), "fieldName": field.name },
                "message": format!("Field '{}' doesn't exist on type '{}'", field.name, object.type_name()),
            }))),
            Err(FieldError::Typed(kind, message)) => {
                self.errors.push(json!({ "type": kind, "path": path, "message": message }));
                Ok(Value::Null)
            }
        }
    }

    fn node(&mut self, node: &Node, field: &Field, path: &[Value]) -> Result<Value, Failure> {
        match node {
            Node::Scalar(value) => Ok(value.clone()),
            Node::Object(object) => self.object(object, &field.selection, path),
            Node::List(objects) => {
                let mut list = Vec::with_capacity(objects.len());
                for (index, object) in objects.iter().enumerate() {
                    let mut path = path.to_vec();
                    path.push(index.into());
                    list.push(self.object(object, &field.selection, &path)?);
                }
                Ok(Value::Array(list))
            }
        }
    }

    /// Returns what the query has cost so far, in points.
    pub(super) fn cost(&self) -> u64 {
        self.connections.div_ceil(CONNECTIONS_PER_POINT).max(1)
    }

    /// Puts the cost of the whole query in place, as `rateLimit` may be asked before the rest is counted.
    pub(super) fn tell_cost(&self, data: &mut Value) {
        let cost = self.cost();
        for part in &self.document.selection {
            let Selection::Field(field) = part else { continue };
            if field.name != "rateLimit" {
                continue;
            }
            for inner in &field.selection {
                let Selection::Field(inner) = inner else { continue };
                match inner.name.as_str() {
                    "cost" => data[&field.key][&inner.key] = cost.into(),
                    "nodeCount" => data[&field.key][&inner.key] = self.nodes.into(),
                    _ => {}
                }
            }
        }
    }
}
