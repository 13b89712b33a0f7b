//! Finds the modules that a source file names, in `use` trees and in paths of its code.

use std::path::Path;

/// A path to something in the crate, as a file names it.
#[derive(Debug, PartialEq, Eq)]
pub struct Import {
    /// The line on which the path begins, from 1.
    pub line: usize,
    /// The segments after `crate`: `["model", "Story"]`.
    pub path: Vec<String>,
    /// In a `use`: the name that the file gives it.
    pub name: Option<String>,
    /// Whether it is a `pub use`, which is not a use of its own.
    pub is_reexport: bool,
    /// Whether it is in a module for tests.
    pub is_test: bool,
}

/// The path of the module that a file holds: `src/fetch/http.rs` is `["fetch", "http"]`.
pub fn module_of(file: &Path) -> Vec<String> {
    let inside = file.strip_prefix("src").unwrap_or(file).with_extension("");
    let parts = inside.components().map(|part| part.as_os_str().to_string_lossy().into_owned());
    parts.filter(|part| part != "lib" && part != "mod").collect()
}

/// Every path in this source that begins with `crate`, `self`, `super` or a child module, resolved
/// from `module`.
pub fn imports(source: &str, module: &[String]) -> Vec<Import> {
    let tokens = tokens(source);
    let mut scan = Scan {
        children: children(&tokens),
        tokens: &tokens,
        at: 0,
        modules: Vec::new(),
        depth: 0,
        in_use: None,
        found: Vec::new(),
    };
    scan.run(module);
    scan.found
}

/// The modules that a file declares.
fn children(tokens: &[(usize, Token)]) -> Vec<String> {
    let declared = |window: &[(usize, Token)]| match window {
        [(_, Token::Name(keyword)), (_, Token::Name(name)), (_, Token::Other(';'))]
            if keyword == "mod" =>
        {
            Some(name.clone())
        }
        _ => None,
    };
    tokens.windows(3).filter_map(declared).collect()
}

#[derive(Debug, PartialEq, Eq)]
enum Token {
    Name(String),
    /// `::`
    Colons,
    Other(char),
}

struct Scan<'a> {
    tokens: &'a [(usize, Token)],
    at: usize,
    /// The modules that are open inside the file, with the depth of braces before each.
    modules: Vec<(String, usize)>,
    depth: usize,
    /// The modules that the file declares.
    children: Vec<String>,
    /// Within a `use`: whether it is public.
    in_use: Option<bool>,
    found: Vec<Import>,
}

impl Scan<'_> {
    fn run(&mut self, module: &[String]) {
        while let Some((_, token)) = self.tokens.get(self.at) {
            match token {
                Token::Other('{') => self.depth += 1,
                Token::Other('}') => {
                    self.depth = self.depth.saturating_sub(1);
                    let depth = self.depth;
                    self.modules.retain(|(_, before)| *before < depth);
                }
                Token::Other(';') => self.in_use = None,
                Token::Name(name) if name == "mod" => self.open_module(),
                Token::Name(name) if name == "use" => self.in_use = Some(self.is_public()),
                Token::Name(name) if self.is_root(name) => {
                    let continues = self.at > 0 && self.tokens[self.at - 1].1 == Token::Colons;
                    if !continues && !self.is_visibility() {
                        let inner = self.modules.iter().map(|(name, _)| name.clone());
                        let here: Vec<String> = module.iter().cloned().chain(inner).collect();
                        self.tree(&here, Vec::new(), true);
                        continue;
                    }
                }
                _ => {}
            }
            self.at += 1;
        }
    }

    /// Whether a path can begin with this name here.
    fn is_root(&self, name: &str) -> bool {
        let is_child = || self.children.iter().any(|child| child == name);
        let goes_on = matches!(self.tokens.get(self.at + 1), Some((_, Token::Colons)));
        ["crate", "self", "super"].contains(&name)
            || (is_child() && goes_on && self.modules.is_empty())
    }

    /// Whether `pub` or `pub(…)` stands before this.
    fn is_public(&self) -> bool {
        let before = self.tokens[..self.at].iter().rev().map(|(_, token)| token);
        let mut before = before.skip_while(|token| {
            matches!(token, Token::Other('(' | ')') | Token::Colons)
                || matches!(token, Token::Name(name) if ["crate", "super", "in", "self"].contains(&&**name))
        });
        matches!(before.next(), Some(Token::Name(name)) if name == "pub")
    }

    /// Whether this is the `crate` of `pub(crate)`, which names no module.
    fn is_visibility(&self) -> bool {
        let before = |by: usize| self.at.checked_sub(by).map(|at| &self.tokens[at].1);
        before(1) == Some(&Token::Other('('))
            && matches!(before(2), Some(Token::Name(name)) if name == "pub")
    }

    fn open_module(&mut self) {
        if let [(_, Token::Name(name)), (_, Token::Other('{')), ..] = &self.tokens[self.at + 1..] {
            self.modules.push((name.clone(), self.depth));
        }
    }

    /// One path, or what is left of one within braces. `at` stands behind it afterwards.
    fn tree(&mut self, here: &[String], mut path: Vec<String>, mut relative: bool) {
        let line = self.tokens[self.at].0;
        if relative {
            path = here.to_vec();
        }
        while let Some((_, token)) = self.tokens.get(self.at) {
            match token {
                Token::Name(name) if relative && name == "crate" => path.clear(),
                Token::Name(name) if relative && name == "self" => {}
                Token::Name(name) if relative && name == "super" => {
                    path.pop();
                }
                Token::Name(name) if name == "self" => {}
                Token::Name(name) => {
                    relative = false;
                    path.push(name.clone());
                }
                Token::Other('{') => return self.branches(here, &path),
                _ => break,
            }
            self.at += 1;
            if !matches!(self.tokens.get(self.at), Some((_, Token::Colons))) {
                break;
            }
            self.at += 1;
        }
        let mut name = path.last().cloned();
        if let [(_, Token::Name(keyword)), (_, Token::Name(other)), ..] = &self.tokens[self.at..]
            && keyword == "as"
        {
            name = Some(other.clone());
        }
        let is_test = self.modules.iter().any(|(module, _)| module == "tests");
        let (name, is_reexport) =
            (name.filter(|_| self.in_use.is_some()), self.in_use == Some(true));
        self.found.push(Import { line, path, name, is_reexport, is_test });
    }

    fn branches(&mut self, here: &[String], path: &[String]) {
        self.at += 1;
        loop {
            match self.tokens.get(self.at) {
                None => return,
                Some((_, Token::Other('}'))) => {
                    self.at += 1;
                    return;
                }
                // A path's other name.
                Some((_, Token::Name(name))) if name == "as" => self.at += 2,
                Some((_, Token::Name(_))) => self.tree(here, path.to_vec(), false),
                Some(_) => self.at += 1,
            }
        }
    }
}

/// The words and signs of a source, without comments, literals and lifetimes.
fn tokens(source: &str) -> Vec<(usize, Token)> {
    let mut tokens = Vec::new();
    let mut line = 1;
    let mut rest = source;
    while let Some(first) = rest.chars().next() {
        let taken = match first {
            '/' if rest.starts_with("//") => rest.find('\n').unwrap_or(rest.len()),
            '/' if rest.starts_with("/*") => rest.find("*/").map_or(rest.len(), |end| end + 2),
            '"' => 1 + string_length(&rest[1..]),
            'r' if raw_string(rest).is_some() => raw_string(rest).unwrap_or(1),
            '\'' => character_length(rest),
            ':' if rest.starts_with("::") => {
                tokens.push((line, Token::Colons));
                2
            }
            _ if first.is_alphabetic() || first == '_' => {
                let end = rest.find(|c: char| !c.is_alphanumeric() && c != '_');
                let end = end.unwrap_or(rest.len());
                tokens.push((line, Token::Name(rest[..end].to_owned())));
                end
            }
            _ => {
                if !first.is_whitespace() {
                    tokens.push((line, Token::Other(first)));
                }
                first.len_utf8()
            }
        };
        line += rest[..taken].matches('\n').count();
        rest = &rest[taken..];
    }
    tokens
}

/// How far a string reaches, with the quotation mark at its end.
fn string_length(text: &str) -> usize {
    let mut escaped = false;
    for (at, character) in text.char_indices() {
        match character {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => return at + 1,
            _ => {}
        }
    }
    text.len()
}

fn raw_string(text: &str) -> Option<usize> {
    let hashes = text[1..].bytes().take_while(|byte| *byte == b'#').count();
    let body = text[1 + hashes..].strip_prefix('"')?;
    let end = format!("\"{}", "#".repeat(hashes));
    Some(2 + hashes + body.find(&end).map_or(body.len(), |at| at + end.len()))
}

/// A character literal, or the quotation mark of a lifetime.
fn character_length(text: &str) -> usize {
    let mut characters = text.char_indices().skip(1);
    match characters.next() {
        Some((_, '\\')) => text[2..].find('\'').map_or(1, |end| if end == 0 { 4 } else { 3 + end }),
        Some(_) => match characters.next() {
            Some((at, '\'')) => at + 1,
            _ => 1,
        },
        None => 1,
    }
}

#[test]
fn every_form_of_an_import_is_seen() {
    let source = r##"
use crate::{model, fetch::{self, Agenda as A}};
use super::super::publish;
// use crate::store;
/* crate::cli */
fn f() -> super::Other { let _ = ("crate::cli", r#"crate::cli"#, '"', '\'', 'a'); crate::clock::now::<'static, u8>() }
pub(crate) struct Visible;
mod tests {
    use super::Inner;
    mod deeper { fn g() { super::super::super::control::h() } }
}
use self::own;
"##;
    let module = ["topics".to_owned(), "eval".to_owned()];
    let found: Vec<String> =
        imports(source, &module).iter().map(|import| import.path.join("::")).collect();
    assert_eq!(
        found,
        [
            "model",
            "fetch",
            "fetch::Agenda",
            "publish",
            "topics::Other",
            "clock::now",
            "topics::eval::Inner",
            "topics::control::h",
            "topics::eval::own",
        ]
    );
}
