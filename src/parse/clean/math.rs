//! Writes formulas of MathML as text, with the signs that their layout stands for.
//!
//! A parser of HTML puts a formula into a vocabulary of its own, of which nothing may leave.

use memchr::memmem;

use crate::markup::{Kind, Pieces};

/// An element of a formula that is open.
struct Open<'t> {
    name: &'t str,
    /// How many elements it holds so far.
    children: usize,
}

/// The HTML with its formulas as text; none where it has none.
pub(super) fn as_text(html: &str) -> Option<String> {
    let has_math = memmem::find_iter(html.as_bytes(), b"<").any(|at| {
        html.as_bytes().get(at + 1..at + 5).is_some_and(|name| name.eq_ignore_ascii_case(b"math"))
    });
    if !has_math {
        return None;
    }
    let mut written = String::with_capacity(html.len());
    let mut open: Vec<Open<'_>> = Vec::new();
    // The depth of a note that states the formula once more, in TeX or in other markup.
    let mut noted = None;
    for piece in Pieces::of(html) {
        let raw = &html[piece.start..piece.end];
        match piece.kind {
            Kind::Open { name, .. } if open.is_empty() && !name.eq_ignore_ascii_case("math") => {
                written.push_str(raw);
            }
            Kind::Open { name, empty, .. } => {
                if noted.is_none() {
                    written.push_str(separator(&mut open));
                }
                if empty {
                    continue;
                }
                open.push(Open { name, children: 0 });
                if noted.is_none() && name.to_ascii_lowercase().starts_with("annotation") {
                    noted = Some(open.len());
                }
            }
            Kind::Close { name } if !open.is_empty() => {
                let is_it = |open: &Open<'_>| open.name.eq_ignore_ascii_case(name);
                if let Some(at) = open.iter().rposition(is_it) {
                    open.truncate(at);
                    noted = noted.filter(|depth| *depth <= at);
                } else {
                    // The formula was not closed before the element around it.
                    open.clear();
                    noted = None;
                    written.push_str(raw);
                }
            }
            _ if noted.is_some() => {}
            _ => written.push_str(raw),
        }
    }
    Some(written)
}

/// The sign before the next child of the innermost element: the second part of a fraction or of a
/// power would run into the first.
fn separator(open: &mut [Open<'_>]) -> &'static str {
    let Some(parent) = open.last_mut() else { return "" };
    parent.children += 1;
    match (&*parent.name.to_ascii_lowercase(), parent.children) {
        ("mfrac", 2) => "/",
        ("msup" | "mover", 2) | ("msubsup", 3) => "^",
        ("msub" | "munder" | "msubsup", 2) => "_",
        ("mroot", 2) => " ",
        ("mtr" | "mtable", 2..) => " ",
        ("msqrt", 1) => "√",
        _ => "",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formulas_are_written_as_text() {
        for (html, text) in [
            (
                "<p>Limit: <math><mi>x</mi><mo>=</mo><mn>5</mn></math> mg.</p>",
                "<p>Limit: x=5 mg.</p>",
            ),
            ("<math><mfrac><mn>1</mn><mrow><mn>2</mn></mrow></mfrac></math>", "1/2"),
            ("<MATH><msup><mn>10</mn><mn>3</mn></msup></MATH> ships", "10^3 ships"),
            ("<math><msub><mi>CO</mi><mn>2</mn></msub></math>", "CO_2"),
            ("<math><msqrt><mn>2</mn></msqrt><mspace/></math>", "√2"),
            (
                "a<math><semantics><mn>7</mn><annotation encoding='TeX'>7 \\% x</annotation>\
                 </semantics></math>b",
                "a7b",
            ),
            ("<p><math><mn>5</mn></p><p>next</p>", "<p>5</p><p>next</p>"),
        ] {
            assert_eq!(as_text(html).as_deref(), Some(text), "{html}");
        }
        for html in ["<p>mathematics <b>math</b></p>", "", "a < b"] {
            assert_eq!(as_text(html), None, "{html}");
        }
    }
}
