use std::collections::BTreeMap;

use serde_json::{Map, Value};
use thiserror::Error;

/// What is wrong with a query's text.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("Expected {expected}, actual: {found} at [{line}, {column}]")]
pub(super) struct SyntaxError {
    expected: &'static str,
    found: String,
    pub(super) line: usize,
    pub(super) column: usize,
}

/// A query, with its fragments.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Document {
    /// The default values of its variables.
    pub(super) defaults: Map<String, Value>,
    pub(super) selection: Vec<Selection>,
    pub(super) fragments: BTreeMap<String, Vec<Selection>>,
}

/// A part of what is asked of an object.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Selection {
    Field(Field),
    /// A named fragment.
    Spread(String),
    /// Asked only of objects of this type, if one is named.
    Inline(Option<String>, Vec<Self>),
}

/// A field that is asked for.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Field {
    /// The key of the answer: the alias, or the name.
    pub(super) key: String,
    pub(super) name: String,
    pub(super) arguments: BTreeMap<String, Argument>,
    pub(super) selection: Vec<Selection>,
}

/// The value of an argument.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Argument {
    Variable(String),
    Value(Value),
}

/// Reads a document with one query.
pub(super) fn parse(text: &str) -> Result<Document, SyntaxError> {
    let mut parser = Parser { tokens: lex(text)?, next: 0 };
    let mut document = Document::default();
    while !parser.at_end() {
        if parser.accept_name("fragment") {
            let name = parser.name()?;
            if !parser.accept_name("on") {
                return Err(parser.error("on"));
            }
            parser.name()?;
            let selection = parser.selection()?;
            document.fragments.insert(name, selection);
        } else {
            if parser.accept_name("query") {
                if !parser.peek_is("(") && !parser.peek_is("{") {
                    parser.name()?;
                }
                if parser.accept("(") {
                    parser.variables(&mut document.defaults)?;
                }
            }
            document.selection = parser.selection()?;
        }
    }
    Ok(document)
}

#[derive(Clone, Debug, PartialEq)]
enum Token {
    Name(String),
    Punctuation(&'static str),
    Text(String),
    Number(Value),
}

struct Placed {
    token: Token,
    line: usize,
    column: usize,
}

fn lex(text: &str) -> Result<Vec<Placed>, SyntaxError> {
    const PUNCTUATION: &[&str] = &["...", "{", "}", "(", ")", "[", "]", ":", "$", "!", "=", "@"];
    let mut tokens = Vec::new();
    let (mut line, mut line_start, mut at) = (1, 0, 0);
    while let Some(c) = text[at..].chars().next() {
        let rest = &text[at..];
        let (start_line, column) = (line, at - line_start + 1);
        let mut push = |token| tokens.push(Placed { token, line: start_line, column });
        let run = |fits: fn(char) -> bool| rest.find(|c| !fits(c)).unwrap_or(rest.len());
        if c == '\n' {
            (line, line_start) = (line + 1, at + 1);
            at += 1;
        } else if c.is_whitespace() || c == ',' || c == '\u{feff}' {
            at += c.len_utf8();
        } else if c == '#' {
            at += rest.find('\n').unwrap_or(rest.len());
        } else if c.is_ascii_alphabetic() || c == '_' {
            let length = run(|c| c.is_ascii_alphanumeric() || c == '_');
            push(Token::Name(rest[..length].to_owned()));
            at += length;
        } else if c.is_ascii_digit() || c == '-' {
            let length = run(|c| c.is_ascii_digit() || matches!(c, '-' | '+' | '.' | 'e' | 'E'));
            let number = serde_json::from_str(&rest[..length]).unwrap_or_default();
            push(Token::Number(number));
            at += length;
        } else if c == '"' {
            // A plain string is written as in JSON.
            let mut values = serde_json::Deserializer::from_str(rest).into_iter::<String>();
            let Some(Ok(string)) = values.next() else {
                return Err(SyntaxError { expected: "a string", found: "\"".to_owned(), line, column });
            };
            push(Token::Text(string));
            at += values.byte_offset();
        } else if let Some(sign) = PUNCTUATION.iter().find(|sign| rest.starts_with(**sign)) {
            push(Token::Punctuation(sign));
            at += sign.len();
        } else {
            return Err(SyntaxError { expected: "a token", found: c.to_string(), line, column });
        }
    }
    Ok(tokens)
}

struct Parser {
    tokens: Vec<Placed>,
    next: usize,
}

impl Parser {
    fn at_end(&self) -> bool {
        self.next >= self.tokens.len()
    }

    fn peek(&self) -> Option<&Token> {
        self.tokens.get(self.next).map(|it| &it.token)
    }

    fn peek_is(&self, sign: &str) -> bool {
        matches!(self.peek(), Some(Token::Punctuation(found)) if *found == sign)
    }

    fn accept(&mut self, sign: &str) -> bool {
        let there = self.peek_is(sign);
        self.next += usize::from(there);
        there
    }

    fn accept_name(&mut self, word: &str) -> bool {
        let there = matches!(self.peek(), Some(Token::Name(found)) if found == word);
        self.next += usize::from(there);
        there
    }

    fn expect(&mut self, sign: &'static str) -> Result<(), SyntaxError> {
        if self.accept(sign) { Ok(()) } else { Err(self.error(sign)) }
    }

    fn name(&mut self) -> Result<String, SyntaxError> {
        if let Some(Token::Name(name)) = self.peek() {
            let name = name.clone();
            self.next += 1;
            return Ok(name);
        }
        Err(self.error("a name"))
    }

    fn error(&self, expected: &'static str) -> SyntaxError {
        let at = self.tokens.get(self.next).or_else(|| self.tokens.last());
        let found = self.peek().map_or_else(|| "the end".to_owned(), |token| format!("{token:?}"));
        SyntaxError { expected, found, line: at.map_or(1, |it| it.line), column: at.map_or(1, |it| it.column) }
    }

    fn variables(&mut self, defaults: &mut Map<String, Value>) -> Result<(), SyntaxError> {
        while !self.accept(")") {
            self.expect("$")?;
            let name = self.name()?;
            self.expect(":")?;
            self.skip_type()?;
            if self.accept("=") {
                let Argument::Value(value) = self.value()? else { return Err(self.error("a constant")) };
                defaults.insert(name, value);
            }
        }
        Ok(())
    }

    fn skip_type(&mut self) -> Result<(), SyntaxError> {
        if self.accept("[") {
            self.skip_type()?;
            self.expect("]")?;
        } else {
            self.name()?;
        }
        self.accept("!");
        Ok(())
    }

    fn selection(&mut self) -> Result<Vec<Selection>, SyntaxError> {
        self.expect("{")?;
        let mut found = Vec::new();
        while !self.accept("}") {
            if self.accept("...") {
                if self.peek_is("{") {
                    found.push(Selection::Inline(None, self.selection()?));
                } else if self.accept_name("on") {
                    let kind = self.name()?;
                    found.push(Selection::Inline(Some(kind), self.selection()?));
                } else {
                    found.push(Selection::Spread(self.name()?));
                }
            } else {
                found.push(Selection::Field(self.field()?));
            }
        }
        Ok(found)
    }

    fn field(&mut self) -> Result<Field, SyntaxError> {
        let key = self.name()?;
        let name = if self.accept(":") { self.name()? } else { key.clone() };
        let mut arguments = BTreeMap::new();
        if self.accept("(") {
            while !self.accept(")") {
                let argument = self.name()?;
                self.expect(":")?;
                arguments.insert(argument, self.value()?);
            }
        }
        let selection = if self.peek_is("{") { self.selection()? } else { Vec::new() };
        Ok(Field { key, name, arguments, selection })
    }

    fn value(&mut self) -> Result<Argument, SyntaxError> {
        if self.accept("$") {
            return Ok(Argument::Variable(self.name()?));
        }
        self.constant().map(Argument::Value)
    }

    fn constant(&mut self) -> Result<Value, SyntaxError> {
        if self.accept("[") {
            let mut list = Vec::new();
            while !self.accept("]") {
                list.push(self.constant()?);
            }
            return Ok(Value::Array(list));
        }
        if self.accept("{") {
            let mut object = Map::new();
            while !self.accept("}") {
                let key = self.name()?;
                self.expect(":")?;
                object.insert(key, self.constant()?);
            }
            return Ok(Value::Object(object));
        }
        let value = match self.peek() {
            Some(Token::Text(text)) => Value::String(text.clone()),
            Some(Token::Number(number)) => number.clone(),
            Some(Token::Name(word)) => match word.as_str() {
                "true" => Value::Bool(true),
                "false" => Value::Bool(false),
                "null" => Value::Null,
                word => Value::String(word.to_owned()),
            },
            _ => return Err(self.error("a value")),
        };
        self.next += 1;
        Ok(value)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{Argument, Selection, parse};

    #[test]
    fn a_query_is_taken_apart() {
        let text = "query Q($a: String!, $n: [Int!] = [1, 2]) {\n  # why\n  r0: repository(owner: \"o\", name: $a) { ...tips }\n}\n\
                    fragment tips on Repository { refs(first: 100, orderBy: {field: ALPHABETICAL}) { totalCount } ... on X { y } }";
        let document = parse(text).unwrap();
        assert_eq!(document.defaults["n"], json!([1, 2]));
        let [Selection::Field(field)] = document.selection.as_slice() else { panic!("{document:?}") };
        assert_eq!((field.key.as_str(), field.name.as_str()), ("r0", "repository"));
        assert_eq!(field.arguments["owner"], Argument::Value(json!("o")));
        assert_eq!(field.arguments["name"], Argument::Variable("a".to_owned()));
        assert_eq!(field.selection, [Selection::Spread("tips".to_owned())]);
        let [Selection::Field(refs), Selection::Inline(Some(kind), _)] = document.fragments["tips"].as_slice() else {
            panic!("{document:?}")
        };
        assert_eq!(refs.arguments["orderBy"], Argument::Value(json!({ "field": "ALPHABETICAL" })));
        assert_eq!(kind, "X");
    }

    #[test]
    fn what_is_wrong_is_placed() {
        let error = parse("query {\n  a(b: ) { c }\n}").unwrap_err();
        assert_eq!((error.line, error.column), (2, 8), "{error}");
        assert!(parse("{ a { b }").is_err());
        assert!(parse("{ a ; }").is_err());
    }
}
