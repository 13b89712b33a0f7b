//! HTML as sources send it in; what may leave, and nothing else, out.

use proptest::prelude::*;

use super::*;
use crate::cancel::Cancelled;

fn cleaned(html: &str) -> String {
    let base = Url::parse("https://example.org/news/").unwrap();
    clean(html, Some(&base), 100_000, &mut Allowance::of_text(Cancelled::never())).html
}

#[test]
fn nothing_that_runs_leaves() {
    for html in [
        "<script>alert(1)</script>",
        "<p onclick=\"alert(1)\">x</p>",
        "<a href=\"javascript:alert(1)\">x</a>",
        "<a href=\" java\tscript:alert(1)\">x</a>",
        "<a href=\"&#106;avascript:alert(1)\">x</a>",
        "<img src=x onerror=alert(1)>",
        "<img src=\"data:image/svg+xml,<svg onload=alert(1)>\">",
        "<svg><script>alert(1)</script></svg>",
        "<iframe src=\"javascript:alert(1)\"></iframe>",
        "<iframe srcdoc=\"<script>alert(1)</script>\">",
        "<style>@import 'x'</style><p style=\"x\">y</p>",
        "<a href=\"data:text/html,<script>alert(1)</script>\">x</a>",
        "<math><mtext><table><mglyph><style><!--</style><img title=\"--&gt;&lt;img src=1 onerror=alert(1)&gt;\">",
        "<form action=x><input autofocus onfocus=alert(1)></form>",
        "<noscript><p title=\"</noscript><img src=x onerror=alert(1)>\">",
        "<b><i><script>alert(1)</b></script>",
    ] {
        let html = cleaned(html);
        for word in ["alert", "script", "style=", "onerror", "<svg", "<iframe", "<form", "@import"]
        {
            // As text it is harmless.
            assert!(!tags(&html).contains(word), "{word} in {html}");
        }
    }
}

/// Everything between `<` and `>`.
fn tags(html: &str) -> String {
    html.split('<').skip(1).filter_map(|rest| rest.split('>').next()).collect()
}

#[test]
fn html_is_written_in_one_form() {
    for (given, expected) in [
        ("a &amp; b &nbsp; &eacute; &lt;x&gt; AT&T", "a &amp; b &nbsp; é &lt;x&gt; AT&amp;T"),
        ("<P CLASS=x ID=y>a<BR/>b</P>", "<p>a<br>b</p>"),
        ("<p>a<p>b", "<p>a</p><p>b</p>"),
        ("<ul><li>a<li>b</ul>", "<ul><li>a</li><li>b</li></ul>"),
        ("<b><i>x</b></i>", "<b><i>x</i></b>"),
        ("<font color=red>x</font>", "x"),
        (
            "<a href=\"/x?a=1&amp;b=2\" target=_blank>x</a>",
            "<a href=\"https://example.org/x?a=1&amp;b=2\" rel=\"noopener noreferrer\">x</a>",
        ),
        ("<a href=\"#top\">x</a>", "x"),
        ("<a name=x>x</a>", "x"),
        (
            "<a href=\"mailto:a@example.org\">x</a>",
            "<a href=\"mailto:a@example.org\" rel=\"noopener noreferrer\">x</a>",
        ),
        (
            "<img src=a.png alt=\"A &quot;b&quot;\" class=c>",
            "<img src=\"https://example.org/news/a.png\" alt=\"A &quot;b&quot;\">",
        ),
        (
            "<img src=\"data:image/gif;base64,R0\" data-src=\"/b.jpg\">",
            "<img src=\"https://example.org/b.jpg\">",
        ),
        ("<img srcset=\"/s.jpg 1x, /l.jpg 2x\">", "<img src=\"https://example.org/s.jpg\">"),
        ("x<img src=\"https://t.example/p\" width=1 height=1>", "x"),
        ("x<img src=\"https://pixel.wp.com/b.gif?x=1\">", "x"),
        ("1 < 2", "1 &lt; 2"),
        ("a<!-- b -->c", "ac"),
        ("<p> </p>", ""),
        ("<table><tr><td>a</td></tr></table>", "<table><tr><td>a</td></tr></table>"),
    ] {
        assert_eq!(cleaned(given), expected, "{given}");
    }
}

#[test]
fn plain_text_has_a_line_a_paragraph() {
    for (html, text) in [
        ("<p>a&nbsp;\n b</p><p>c &amp; d<br>e</p>", "a b\nc & d\ne"),
        ("a<b>b</b>c <i>d</i>", "abc d"),
        ("<ul><li>a</li><li>b</li></ul>", "a\nb"),
        ("<table><tr><td>a</td><td>b</td></tr><tr><td>c</td></tr></table>", "a b\nc"),
        ("", ""),
    ] {
        assert_eq!(plain(html), text, "{html}");
    }
}

#[test]
fn titles_hold_no_markup() {
    for (given, expected) in [
        ("Tom &amp; Jerry", "Tom & Jerry"),
        ("A <b>bold</b> move", "A bold move"),
        ("A &lt;em&gt;bold&lt;/em&gt; move", "A bold move"),
        ("It&#8217;s &amp;#8216;so&amp;#8217;", "It’s ‘so’"),
        ("Vec<T> and a < b", "Vec<T> and a < b"),
        ("  two\n  lines\u{a0}", "two lines"),
        ("a<script>alert(1)</script>b", "ab"),
        ("AT&T", "AT&T"),
    ] {
        assert_eq!(title(given), expected, "{given}");
    }
}

#[test]
fn deep_nesting_leaves_text() {
    let deep = format!("{}x{}", "<div>".repeat(5000), "</div>".repeat(5000));
    let cleaned = clean(&deep, None, 1_000_000, &mut Allowance::of_text(Cancelled::never()));
    assert_eq!((cleaned.html.as_str(), cleaned.cut), ("x", true));
}

proptest! {
    #[test]
    fn cleaning_twice_is_cleaning_once(
        html in "(<(p|b|a href=\"/x\"|img src=x|ul|li|table|tr|td|h1|div|script|svg)>|</(p|b|a|ul|li|table|tr|td|h1|div|script|svg)>|[a-c&;<> ]|&lt;|&#60;|&amp;){0,24}",
    ) {
        let once = cleaned(&html);
        prop_assert_eq!(cleaned(&once), once.clone());
        let ours = tags(&once);
        prop_assert!(!ours.contains("script") && !ours.contains("svg"));
    }

    #[test]
    fn a_title_of_anything_is_one_clean_line(text in "(<[a-z/ ]{0,6}>?|&[a-z#0-9]{0,5};?|[\\PC\n]){0,12}") {
        let title = title(&text);
        prop_assert!(!title.contains('\n'));
        prop_assert!(!policy::holds_markup(&title), "{}", title);
    }
}
