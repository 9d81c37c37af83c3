//! How a plan is laid out: one action a line.

use crate::plan::file::tree::{Kind, Node};

/// Lays JSON out: indented by two spaces, an object in a list that holds nothing but plain values on one line, so that an
/// action can be read, compared and taken out as one. What is not JSON is returned as it is.
pub(super) fn lay_out(json: &str) -> String {
    let Some(node) = Node::read(json) else { return json.to_owned() };
    let mut writer = Writer { json, out: String::with_capacity(json.len() * 2) };
    writer.write(&node, 0, false);
    writer.out.push('\n');
    writer.out
}

struct Writer<'t> {
    json: &'t str,
    out: String,
}

impl Writer<'_> {
    fn write(&mut self, node: &Node, depth: usize, in_list: bool) {
        match &node.kind {
            Kind::Plain => self.out.push_str(&self.json[node.at.clone()]),
            Kind::Object(members) if members.is_empty() => self.out.push_str("{}"),
            Kind::Object(members) if in_list && members.iter().all(|(_, node)| node.is_plain()) => {
                self.out.push_str("{ ");
                self.members(members, ", ", |_| {}, depth);
                self.out.push_str(" }");
            }
            Kind::Object(members) => {
                self.out.push('{');
                self.line(depth + 1);
                self.members(members, ",", |writer| writer.line(depth + 1), depth);
                self.line(depth);
                self.out.push('}');
            }
            Kind::Array(items) if items.iter().all(Node::is_plain) => {
                let items: Vec<_> = items.iter().map(|item| &self.json[item.at.clone()]).collect();
                self.out.push('[');
                self.out.push_str(&items.join(", "));
                self.out.push(']');
            }
            Kind::Array(items) => {
                self.out.push('[');
                for (index, item) in items.iter().enumerate() {
                    self.out.push_str(if index == 0 { "" } else { "," });
                    self.line(depth + 1);
                    self.write(item, depth + 1, true);
                }
                self.line(depth);
                self.out.push(']');
            }
        }
    }

    fn members(&mut self, members: &[(String, Node)], between: &str, and: impl Fn(&mut Self), depth: usize) {
        for (index, (key, node)) in members.iter().enumerate() {
            if index > 0 {
                self.out.push_str(between);
                and(self);
            }
            self.out.push_str(&serde_json::Value::from(key.as_str()).to_string());
            self.out.push_str(": ");
            self.write(node, depth + 1, false);
        }
    }

    fn line(&mut self, depth: usize) {
        self.out.push('\n');
        self.out.push_str(&"  ".repeat(depth));
    }
}
