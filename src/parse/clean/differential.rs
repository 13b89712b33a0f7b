//! The rewriting of plainly written HTML and the way through html5ever give the same.

use proptest::prelude::*;

use super::rewrite::{Input, Nesting, rewrite};
use super::*;
use crate::cancel::Cancelled;

/// Both ways for one text, where the short one is taken; otherwise nothing.
fn both_ways(html: &str) -> Option<(Rewritten, Rewritten)> {
    let base = Url::parse("https://example.org/news/").ok()?;
    let html = readable(html);
    let short = rewrite(&html, Some(&base), usize::MAX, Input::Raw);
    if short.nesting != Nesting::Sound {
        return None;
    }
    let mut allowance = Allowance::of_text(Cancelled::never());
    let mended = mend(&html, 1 << 20, &mut allowance).ok()?;
    Some((short, rewrite(&mended.html, Some(&base), usize::MAX, Input::Mended)))
}

/// Documents of tags, text and references as sources write them, right and wrong.
fn document() -> impl Strategy<Value = String> {
    let name = prop_oneof![
        8 => prop::sample::select(vec!["p", "b", "a", "div", "li", "ul", "span", "em", "h2", "h3", "strong"]),
        3 => prop::sample::select(vec![
            "blockquote", "ol", "dl", "dt", "dd", "section", "article", "font", "o:p", "img", "br", "hr",
            "figure", "figcaption", "header", "footer", "nav", "center", "address", "small", "sup", "big",
            "BR", "P", "time", "q", "wbr", "details", "summary",
        ]),
        1 => prop::sample::select(vec![
            "table", "tr", "td", "pre", "form", "button", "select", "option", "svg", "nobr", "body", "image",
            "textarea", "iframe", "style", "script", "noframes", "picture", "source",
            "ruby", "rt", "template", "noscript", "plaintext", "input", "x", "label", "object", "math", "title",
        ]),
    ];
    let attribute = prop::sample::select(vec![
        "",
        " class=a",
        " href=\"/x?a=1&amp;b=2&copy=3\"",
        " href='https://a.example/é'",
        " src=a.png",
        " title=\"a > b\"",
        " title='don&#39;t &amp;copy;'",
        " name=top",
        " href=\"#x\"",
        " class=\"share\" id='y'",
        " lang=de dir=ltr",
        " a=\"1\"b=2",
        " =x",
        " width=1 src=p.gif",
        " href=\" javascript:x\"",
        " start=3",
        " datetime=\"2025\"",
        " src=\"data:image/gif;base64,R0\" data-src=\"/b.jpg\"",
        " style='display:none' src=x.png",
        " title=\"&lt;b&gt;\"",
        " href=http://[",
        " href=\"HTTPS://B.example\"",
        " href=\"mailto:a@b.example\"",
        " title='a' title='b'",
    ]);
    let text = prop::sample::select(vec![
        "a",
        " ",
        "\n",
        "b & c",
        "&amp;",
        "&nbsp;",
        "&eacute;",
        "&#150;",
        "&#0;",
        "&copy",
        "&notit;",
        "1 < 2",
        "a>b",
        "\u{ad}x\u{200b}y",
        "&lt;p&gt;",
        "]]>",
        "\r\n",
        "&#x1F600;",
        "&#xD800;",
        "&bogus;",
        "&AMP",
        "&ampx",
        "é",
        "  z  ",
        "&#11;",
        "&zwnj;",
        "\"",
        "'",
    ]);
    let other = prop::sample::select(vec![
        "<!-- x -->",
        "<!-->",
        "<!--->",
        "<!-- a --!> b -->",
        "<!-- <p> -- > -->",
        "<?xml:namespace prefix = o />",
        "<![CDATA[x]]>",
        "<![if !x]>",
        "<![endif]>",
        "<!DOCTYPE html>",
        "</>",
        "</ p>",
        "<3",
        "<!---->",
        "<!-- - -->",
        "<!--x--->",
    ]);
    let piece = prop_oneof![
        8 => (name.clone(), attribute, prop::sample::select(vec!["", "/", " /", " "]))
            .prop_map(|(name, attribute, end)| format!("<{name}{attribute}{end}>")),
        6 => (name, prop::sample::select(vec!["", " ", " x"])).prop_map(|(name, end)| format!("</{name}{end}>")),
        9 => text.prop_map(str::to_owned),
        1 => other.prop_map(str::to_owned),
    ];
    prop_oneof![
        prop::collection::vec(piece.clone(), 0..14).prop_map(|pieces| pieces.concat()),
        // Mostly closed in order, so that the short way is taken.
        prop::collection::vec(
            (
                piece.clone(),
                prop::sample::select(vec![
                    "p",
                    "b",
                    "li",
                    "div",
                    "a href=/y",
                    "ul",
                    "h2",
                    "dd",
                    "pre",
                    "iframe",
                    "style",
                    "picture",
                    "textarea",
                    "script",
                ]),
                piece
            ),
            0..6
        )
        .prop_map(|parts| {
            parts
                .into_iter()
                .map(|(before, name, inside)| {
                    let end = name.split(' ').next().unwrap_or_default();
                    format!("{before}<{name}>{inside}</{end}>")
                })
                .collect()
        }),
    ]
}

/// How many documents are compared: 10^6 by hand, with `DIFFERENTIAL=1000000`.
fn cases() -> u32 {
    std::env::var("DIFFERENTIAL").ok().and_then(|cases| cases.parse().ok()).unwrap_or(10_000)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: cases(), max_shrink_iters: 4000, ..ProptestConfig::default() })]
    #[test]
    fn both_ways_give_the_same(html in document()) {
        if let Some((short, long)) = both_ways(&html) {
            prop_assert_eq!(plain(&short.html), plain(&long.html));
            prop_assert_eq!(&short.html, &long.html);
            prop_assert_eq!(short.containers, long.containers);
        }
    }
}

#[test]
fn the_short_way_is_taken_where_html_is_plain() {
    for html in [
        "<p class=\"x\">One <b>two</b> <a href=\"https://a.example/\">three</a>.</p>\n<ul><li>Four</li><li>Five</li></ul>",
        "One &amp; two<br />three",
        "<div><h2>A</h2><p>b<p>c</div>",
        "<p>One <iframe src=\"https://a.example/\"></iframe></p><script>if (a < b) {}</script>two</p>",
        "<pre>One\n  two</pre><picture><source srcset=\"a.webp\"><img src=\"a.png\"></picture></br>three",
    ] {
        assert!(both_ways(html).is_some(), "{html}");
    }
}
