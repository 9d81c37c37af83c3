use serde_json::Value;

use super::*;
use crate::config::{keys, reference_markdown, schema};

/// Returns the path of every key in the schema, with a value that fits it.
fn walk(schema: &Value, root: &Value, path: &str, found: &mut Vec<(String, String)>) {
    for (name, key) in schema["properties"].as_object().unwrap() {
        let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
        let inner = match key["$ref"].as_str() {
            Some(pointer) => root.pointer(pointer.trim_start_matches('#')).unwrap(),
            None if key["type"] == "array" => &key["items"],
            None => key,
        };
        if inner["properties"].is_object() {
            walk(inner, root, &path, found);
        } else {
            let value = match (inner["type"].as_str(), inner["oneOf"][0]["const"].as_str()) {
                (Some("boolean"), _) => "true".to_owned(),
                (Some("integer"), _) => "5".to_owned(),
                (Some("object"), _) => "{ a = \"b\" }".to_owned(),
                (_, Some(word)) => format!("\"{word}\""),
                _ => "\"https://text\"".to_owned(),
            };
            found.push((path, value));
        }
    }
}

/// Returns a file in which nothing but `path` is set.
fn only(path: &str, value: &str) -> String {
    let (parents, key) = path.rsplit_once('.').unwrap_or(("", path));
    match parents {
        "" => format!("{key} = {value}"),
        "sites" => format!("[[sites]]\n{key} = {value}"),
        "sites.token" => format!("[[sites]]\ntoken = {{ {key} = {value} }}"),
        "mirrors" => format!("[[mirrors]]\n{key} = {value}"),
        "mirrors.endpoints" => format!("[[mirrors]]\n[[mirrors.endpoints]]\n{key} = {value}"),
        table => format!("[{table}]\n{key} = {value}"),
    }
}

fn problems(text: &str) -> Vec<ProblemKind> {
    read(text).map_or_else(|errors| errors.problems.iter().map(Problem::kind).collect(), |_| Vec::new())
}

#[test]
fn the_reader_takes_what_is_in_the_schema_and_nothing_else() {
    let schema = schema();
    let mut found = Vec::new();
    walk(&schema, &schema, "", &mut found);
    // Each key once, but for those of a secret, which stands in four places.
    let keys: usize =
        keys::ALL.iter().flat_map(|table| table.keys).filter(|key| key.shape().nested().is_none()).count();
    assert_eq!(found.len(), keys + 3 * keys::secret::TABLE.keys.len());
    for (path, value) in found {
        let kinds = problems(&only(&path, &value));
        for kind in [ProblemKind::UnknownKey, ProblemKind::WrongType, ProblemKind::Syntax, ProblemKind::UnknownValue] {
            assert!(!kinds.contains(&kind), "{path}: {kinds:?}");
        }
        // The same place takes no other key, and no other type.
        assert!(problems(&only(&format!("{path}_x"), &value)).contains(&ProblemKind::UnknownKey), "{path}");
        assert!(problems(&only(&path, "1.5")).contains(&ProblemKind::WrongType), "{path}");
    }
}

#[test]
fn the_schema_says_what_is_needed() {
    let schema = schema();
    assert_eq!(schema["properties"]["sites"]["items"]["required"], serde_json::json!(["name", "provider"]));
    assert_eq!(schema["properties"]["jobs"]["default"], 8);
    assert_eq!(schema["properties"]["sites"]["items"]["properties"]["token"]["$ref"], "#/$defs/secret");
    assert_eq!(schema["$defs"]["secret"]["maxProperties"], 1);
    assert_eq!(schema["additionalProperties"], false);
}

#[test]
fn the_reference_names_every_key() {
    let page = reference_markdown();
    for table in keys::ALL {
        assert!(page.contains(table.header), "{}", table.header);
        for key in table.keys {
            assert!(page.contains(&format!("| `{}` | ", key.name())), "{}", key.name());
        }
    }
    let chapter = page.split("\n## ").find(|chapter| chapter.starts_with("`[serve]`")).unwrap();
    insta::assert_snapshot!(chapter, @"
    `[serve]`

    What `refray serve` does.

    | key | value | default | meaning |
    |---|---|---|---|
    | `poll_interval_seconds` | a whole number; 0 is never | `0` | Seconds between looks at repositories that no webhook covers. |
    ");
}
