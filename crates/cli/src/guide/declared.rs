//! What source files declare: types, their fields and what is said of them, as `serde` writes them.

use std::collections::BTreeMap;

use syn::ext::IdentExt;
use syn::{Attribute, Expr, Fields, GenericArgument, Item, Lit, Meta, PathArguments, Type};

use super::pages;

/// The types of several files.
pub(super) struct Sources {
    pub(super) structs: BTreeMap<String, Vec<Field>>,
    pub(super) enums: BTreeMap<String, Enumeration>,
}

/// A type with several forms.
pub(super) struct Enumeration {
    /// The field that names the form, when it is an object.
    pub(super) tag: Option<String>,
    pub(super) variants: Vec<Variant>,
}

/// One form.
pub(super) struct Variant {
    pub(super) name: String,
    pub(super) doc: String,
    pub(super) fields: Vec<Field>,
    /// The struct whose fields it has.
    pub(super) holds: Option<String>,
}

/// One field.
pub(super) struct Field {
    pub(super) name: String,
    pub(super) doc: String,
    pub(super) kind: Kind,
    /// It is left out when there is nothing to say.
    pub(super) skipped: bool,
    /// Its own fields stand in its place.
    pub(super) flat: bool,
}

/// What a field holds.
pub(super) enum Kind {
    /// A type of that name.
    Plain(String),
    /// One, or `null`.
    Maybe(Box<Self>),
    /// Any number.
    List(Box<Self>),
    /// An object with values of that kind.
    Map(Box<Self>),
    /// An object for each endpoint, with its page.
    Links,
}

impl Sources {
    /// Reads files of the workspace.
    pub(super) fn read(paths: &[&str]) -> Self {
        let mut sources = Self { structs: BTreeMap::new(), enums: BTreeMap::new() };
        for path in paths {
            let text = std::fs::read_to_string(pages::workspace().join(path)).unwrap();
            for item in syn::parse_file(&text).unwrap().items {
                sources.take(item);
            }
        }
        sources
    }

    fn take(&mut self, item: Item) {
        match item {
            Item::Struct(item) => {
                self.structs.insert(item.ident.to_string(), fields(&item.fields));
            }
            Item::Enum(item) => {
                let serde = Serde::of(&item.attrs);
                let variants = item.variants.iter().map(|variant| {
                    let own = Serde::of(&variant.attrs);
                    let name = variant.ident.to_string();
                    let holds = match &variant.fields {
                        Fields::Unnamed(fields) => fields.unnamed.first().map(|field| kind(&field.ty).name()),
                        _ => None,
                    };
                    Variant {
                        name: own.rename.unwrap_or_else(|| serde.case(&name)),
                        doc: doc(&variant.attrs),
                        fields: if holds.is_some() { Vec::new() } else { fields(&variant.fields) },
                        holds,
                    }
                });
                let variants = variants.collect();
                self.enums.insert(item.ident.to_string(), Enumeration { tag: serde.tag, variants });
            }
            _ => {}
        }
    }

    pub(super) fn enumeration(&self, name: &str) -> &Enumeration {
        self.enums.get(name).unwrap_or_else(|| panic!("no file has the enum {name}"))
    }

    pub(super) fn structure(&self, name: &str) -> &[Field] {
        self.structs.get(name).unwrap_or_else(|| panic!("no file has the struct {name}"))
    }
}

impl Kind {
    /// Returns the name of the type at its heart.
    pub(super) fn name(&self) -> String {
        match self {
            Self::Plain(name) => name.clone(),
            Self::Maybe(inner) | Self::List(inner) | Self::Map(inner) => inner.name(),
            Self::Links => String::new(),
        }
    }
}

fn fields(fields: &Fields) -> Vec<Field> {
    let fields = fields.iter().filter_map(|field| {
        let serde = Serde::of(&field.attrs);
        let name = field.ident.as_ref()?.unraw().to_string();
        Some(Field {
            name: serde.rename.unwrap_or(name),
            doc: doc(&field.attrs),
            kind: if serde.by_hand { Kind::Links } else { kind(&field.ty) },
            skipped: serde.skipped,
            flat: serde.flat,
        })
    });
    fields.collect()
}

fn kind(ty: &Type) -> Kind {
    let path = match ty {
        Type::Reference(reference) => return kind(&reference.elem),
        Type::Path(path) => &path.path,
        // The files also have types that are not written.
        _ => return Kind::Plain(String::new()),
    };
    let last = path.segments.last().unwrap();
    let arguments: Vec<&Type> = match &last.arguments {
        PathArguments::AngleBracketed(list) => list
            .args
            .iter()
            .filter_map(|argument| match argument {
                GenericArgument::Type(ty) => Some(ty),
                _ => None,
            })
            .collect(),
        _ => Vec::new(),
    };
    match (last.ident.to_string().as_str(), arguments[..].as_ref()) {
        ("Option", [inner]) => Kind::Maybe(Box::new(kind(inner))),
        ("Vec" | "BTreeSet", [inner]) => Kind::List(Box::new(kind(inner))),
        ("BTreeMap", [_, inner]) => Kind::Map(Box::new(kind(inner))),
        (name, _) => Kind::Plain(name.to_owned()),
    }
}

/// What `serde` is told of a type or field.
#[derive(Default)]
struct Serde {
    tag: Option<String>,
    rename: Option<String>,
    rename_all: Option<String>,
    skipped: bool,
    flat: bool,
    by_hand: bool,
}

impl Serde {
    fn of(attributes: &[Attribute]) -> Self {
        let mut serde = Self::default();
        for attribute in attributes.iter().filter(|attribute| attribute.path().is_ident("serde")) {
            let parsed = attribute.parse_nested_meta(|meta| {
                let value = match meta.value() {
                    Ok(value) => Some(value.parse::<syn::LitStr>()?.value()),
                    Err(_) => None,
                };
                match meta.path.get_ident().map(ToString::to_string).as_deref() {
                    Some("tag") => serde.tag = value,
                    Some("rename") => serde.rename = value,
                    Some("rename_all") => serde.rename_all = value,
                    Some("skip_serializing_if") => serde.skipped = true,
                    Some("flatten") => serde.flat = true,
                    Some("serialize_with") => serde.by_hand = true,
                    _ => {}
                }
                Ok(())
            });
            parsed.unwrap();
        }
        serde
    }

    fn case(&self, name: &str) -> String {
        match self.rename_all.as_deref() {
            Some("snake_case") => {
                let mut snake = String::new();
                for letter in name.chars() {
                    if letter.is_uppercase() && !snake.is_empty() {
                        snake.push('_');
                    }
                    snake.extend(letter.to_lowercase());
                }
                snake
            }
            Some("lowercase") => name.to_lowercase(),
            None => name.to_owned(),
            Some(other) => panic!("the guide does not know the case {other}"),
        }
    }
}

/// Returns what is said of an item, as one line without links into the code.
fn doc(attributes: &[Attribute]) -> String {
    let lines = attributes.iter().filter_map(|attribute| match &attribute.meta {
        Meta::NameValue(pair) if pair.path.is_ident("doc") => match &pair.value {
            Expr::Lit(literal) => match &literal.lit {
                Lit::Str(text) => Some(text.value().trim().to_owned()),
                _ => None,
            },
            _ => None,
        },
        _ => None,
    });
    let text = lines.collect::<Vec<_>>().join(" ");
    let link = regex::Regex::new(r"\[(`[^`]*`)\](?:\([^)]*\))?").unwrap();
    link.replace_all(text.trim(), "$1").into_owned()
}
