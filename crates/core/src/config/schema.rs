//! What editors and readers are told of the file, made from the one list of keys.

use std::fmt::Write as _;

use serde_json::{Map, Value, json};

use super::keys::{self, TableSpec};

/// Returns the JSON Schema of the configuration file, for editors.
pub fn schema() -> Value {
    let mut schema = table(&keys::root::TABLE);
    schema["$schema"] = "https://json-schema.org/draft/2020-12/schema".into();
    schema["title"] = "Configuration of refray".into();
    let mut secret = table(&keys::secret::TABLE);
    secret["minProperties"] = 1.into();
    secret["maxProperties"] = 1.into();
    schema["$defs"] = json!({ "secret": secret });
    schema
}

fn table(spec: &TableSpec) -> Value {
    let mut properties = Map::new();
    for key in spec.keys {
        let shape = key.shape();
        let mut value = match shape.nested() {
            None => shape.schema(),
            Some(secret) if std::ptr::eq(secret, &keys::secret::TABLE) => json!({ "$ref": "#/$defs/secret" }),
            Some(nested) if shape.is_list() => json!({ "type": "array", "items": table(nested) }),
            Some(nested) => table(nested),
        };
        value["description"] = key.doc().into();
        if let Some(default) = shape.default() {
            value["default"] = default;
        }
        properties.insert(key.name().to_owned(), value);
    }
    let required: Vec<_> = spec.keys.iter().filter(|key| key.required()).map(|key| key.name()).collect();
    json!({
        "type": "object",
        "description": spec.doc,
        "properties": properties,
        "required": required,
        "additionalProperties": false,
    })
}

/// Returns the reference of the configuration file: a chapter of Markdown with a table for each table of the file.
pub fn reference_markdown() -> String {
    let mut page = String::new();
    for spec in keys::ALL {
        // Writing to a `String` cannot fail.
        let _ = write_chapter(&mut page, spec);
    }
    page.truncate(page.trim_end().len());
    page.push('\n');
    page
}

fn write_chapter(page: &mut String, spec: &TableSpec) -> std::fmt::Result {
    if std::ptr::eq(spec, &keys::root::TABLE) {
        writeln!(page, "## The {}\n", spec.header)?;
    } else {
        writeln!(page, "## `{}`\n", spec.header)?;
    }
    writeln!(page, "{}\n", spec.doc)?;
    writeln!(page, "| key | value | default | meaning |\n|---|---|---|---|")?;
    for key in spec.keys {
        let shape = key.shape();
        let default = match shape.default() {
            Some(value) => format!("`{value}`"),
            None if key.required() => "needed".to_owned(),
            None => String::new(),
        };
        writeln!(page, "| `{}` | {} | {} | {} |", key.name(), cell(&shape.words()), default, cell(key.doc()))?;
    }
    writeln!(page)?;
    for key in spec.keys {
        let schema = key.shape().schema();
        let options: Vec<_> = schema["oneOf"].as_array().into_iter().flatten().filter_map(option).collect();
        if !options.is_empty() {
            writeln!(page, "`{}`:\n", key.name())?;
            for (word, doc) in options {
                writeln!(page, "- `\"{word}\"`: {doc}")?;
            }
            writeln!(page)?;
        }
    }
    Ok(())
}

fn option(schema: &Value) -> Option<(&str, &str)> {
    Some((schema["const"].as_str()?, schema["description"].as_str()?))
}

fn cell(text: &str) -> String {
    text.replace('|', "\\|")
}
