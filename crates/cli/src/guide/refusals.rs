//! The reference of what forges refuse, and what to do about each.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use syn::{Expr, Item, Lit};

use super::pages;

/// Returns the page.
pub(super) fn page() -> String {
    let mut page = String::from(
        "# Known refusals\n\n\
         When a forge does not take a reference, refray says what the forge said, and what to do about it. With `--format \
         json` the refusal has a name. What is not known is called `unknown` and shown as the forge said it.\n\n\
         | name | what to do |\n|---|---|\n",
    );
    for (code, remedies) in catalogue() {
        writeln!(page, "| `{code}` | {} |", remedies.join(" Or: ").replace('|', "\\|")).unwrap();
    }
    page
}

fn catalogue() -> BTreeMap<String, Vec<String>> {
    let path = pages::workspace().join("crates/engine/src/refusal/catalogue.rs");
    let file = syn::parse_file(&std::fs::read_to_string(path).unwrap()).unwrap();
    let list = file.items.into_iter().find_map(|item| match item {
        Item::Const(item) if item.ident == "CATALOGUE" => Some(*item.expr),
        _ => None,
    });
    let Some(Expr::Reference(list)) = list else { panic!("there is no list of refusals") };
    let Expr::Array(list) = *list.expr else { panic!("the refusals are no list") };
    let mut found: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for entry in list.elems {
        let Expr::Call(call) = entry else { panic!("a refusal is made otherwise") };
        let [_, code, remedy] = call.args.iter().collect::<Vec<_>>()[..] else { panic!("a refusal has other parts") };
        let remedies = found.entry(text(code)).or_default();
        if !remedies.contains(&text(remedy)) {
            remedies.push(text(remedy));
        }
    }
    found
}

fn text(expression: &Expr) -> String {
    match expression {
        Expr::Lit(literal) if let Lit::Str(text) = &literal.lit => text.value(),
        _ => panic!("a refusal has something other than a text"),
    }
}
