//! GitHub's GraphQL: whether the fields that a query asks for exist.

use std::collections::BTreeMap;

use serde_json::Value;

/// The fields of each type, with the type of each.
pub(crate) struct GraphQl {
    types: BTreeMap<String, BTreeMap<String, String>>,
}

impl GraphQl {
    /// Reads a schema: only types and interfaces, and of these only the names of fields and their types.
    pub(crate) fn read(text: &str) -> Self {
        let mut types: BTreeMap<String, BTreeMap<String, String>> = BTreeMap::new();
        let mut current: Option<String> = None;
        for line in text.lines().filter(|line| !line.trim_start().starts_with(['"', '#'])) {
            let mut words = line.split_whitespace();
            match words.next() {
                Some("type" | "interface") if !line.starts_with(' ') => {
                    current = words.next().map(str::to_owned);
                }
                Some("}") => current = None,
                Some(_) if line.starts_with("  ") && !line.starts_with("   ") => {
                    let Some(fields) = current.as_ref().map(|name| types.entry(name.clone()).or_default()) else {
                        continue;
                    };
                    let line = line.trim();
                    let name: String = line.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
                    // The type stands after the last colon, behind the arguments.
                    let Some((_, kind)) = line.rsplit_once(':') else { continue };
                    let kind = kind.split('@').next().unwrap().trim();
                    fields.insert(name, kind.trim_matches(['[', ']', '!', ' ']).to_owned());
                }
                _ => {}
            }
        }
        assert!(types.contains_key("Query") && types.contains_key("Repository"), "the schema was not understood");
        Self { types }
    }

    /// Returns what a request asks for that does not exist.
    pub(crate) fn check(&self, request: &Value) -> Vec<String> {
        let Some(query) = request["query"].as_str() else { return vec!["a GraphQL request without a query".into()] };
        let mut words = tokens(query).into_iter().peekable();
        let mut findings = Vec::new();
        while let Some(word) = words.next() {
            let root = match word.as_str() {
                "fragment" => {
                    // The name, `on`, the type.
                    words.nth(1);
                    words.next().unwrap_or_default()
                }
                "mutation" => "Mutation".to_owned(),
                _ => "Query".to_owned(),
            };
            if word != "{" {
                for skipped in words.by_ref() {
                    if skipped == "{" {
                        break;
                    }
                }
            }
            self.selection(&root, &mut words, &mut findings);
        }
        findings
    }

    /// Walks over a selection, up to its closing brace.
    fn selection(
        &self,
        kind: &str,
        words: &mut std::iter::Peekable<std::vec::IntoIter<String>>,
        findings: &mut Vec<String>,
    ) {
        let mut last = String::new();
        while let Some(word) = words.next() {
            match word.as_str() {
                "}" => return,
                "..." => {
                    // A named fragment stands on its own, one in place is looked into.
                    if words.next().as_deref() == Some("on") {
                        let inner = words.next().unwrap_or_default();
                        words.next();
                        self.selection(&inner, words, findings);
                    }
                }
                "{" => {
                    let inner = self.types.get(kind).and_then(|fields| fields.get(&last)).cloned();
                    self.selection(&inner.unwrap_or_default(), words, findings);
                }
                name => {
                    // An alias stands before a colon.
                    let name = if words.next_if_eq(":").is_some() { words.next().unwrap() } else { name.to_owned() };
                    let known = self.types.get(kind).is_some_and(|fields| fields.contains_key(&name));
                    if !known && name != "__typename" {
                        findings.push(format!("GraphQL: `{kind}` has no field `{name}`"));
                    }
                    last = name;
                }
            }
        }
    }
}

/// Splits a query into names and signs. Arguments in parentheses are left out.
fn tokens(query: &str) -> Vec<String> {
    let (mut found, mut name, mut depth) = (Vec::new(), String::new(), 0_usize);
    for c in query.chars() {
        if c.is_alphanumeric() || c == '_' || c == '.' {
            if depth == 0 {
                name.push(c);
            }
            continue;
        }
        if !name.is_empty() {
            // A spread may touch the name that follows.
            match name.strip_prefix("...") {
                Some(rest) => found.extend(["...".to_owned(), rest.to_owned()].into_iter().filter(|w| !w.is_empty())),
                None => found.push(name.clone()),
            }
            name.clear();
        }
        match c {
            '(' => depth += 1,
            ')' => depth -= 1,
            '{' | '}' | ':' if depth == 0 => found.push(c.to_string()),
            _ => {}
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_that_does_not_exist_is_found_wherever_it_stands() {
        let schema = "type Query {\n  repository(name: String!): Repository\n}\ntype Repository {\n  name: String!\n  \
                      owner: Owner!\n}\ninterface Owner {\n  login: String!\n}\n";
        let graphql = GraphQl::read(schema);
        let check = |query: &str| graphql.check(&serde_json::json!({ "query": query }));
        assert!(
            check("query($a: String!) { r0: repository(name: $a) { ...tips } } fragment tips on Repository { name }")
                .is_empty()
        );
        assert!(check("{ repository { owner { ... on Owner { login } } __typename } }").is_empty());
        assert_eq!(check("{ repository { nome } }"), ["GraphQL: `Repository` has no field `nome`"]);
        assert_eq!(
            check("{ repository { ...t } } fragment t on Repository { owner { lagin } name }"),
            ["GraphQL: `Owner` has no field `lagin`"]
        );
    }
}
