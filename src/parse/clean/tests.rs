//! Of HTML as sources send it, only what may leave does.

use proptest::prelude::*;

use super::*;
use crate::announcement::ContainerRole;
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
        ("<table><tr><td>a</td></tr></table>", "<table><tbody><tr><td>a</td></tr></tbody></table>"),
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
        ("How <script> tags are blocked", "How tags are blocked"),
        ("How &lt;style&gt; is read", "How is read"),
        ("AT&T", "AT&T"),
        // What is left of a tag makes one with what stands around it.
        ("a <obj<b>ect data> b", "a b"),
        ("a <obj<object data>ect data> b", "a b"),
        ("a <![CDATA[<object data>]]> b", "a b"),
        ("a <!-- <object data> --> b", "a b"),
        ("a <obj\u{ad}ect data> b", "a b"),
        ("a <obj\u{1}ect data> b", "a b"),
        // The quoted value of a tag that never ends.
        ("a <x y=\"<p>z\" b", "a <x y=\" z\" b"),
        ("a <x y=\"<b>z\" c=\" b", "a <x y=\"z\" c=\" b"),
    ] {
        assert_eq!(title(given), expected, "{given}");
    }
}

proptest! {
    /// Whatever taking markup out leaves, no markup is among it.
    #[test]
    fn no_title_holds_markup(parts in proptest::collection::vec(proptest::sample::select(vec![
        "<", ">", "/", " ", "=", "\"", "a", "b", "obj", "ect", "script", "svg", "x", "é", "&lt;", "&amp;", "&gt;",
        "<b>", "</b>", "<object data>", "<![CDATA[", "]]>", "<!--", "-->", "<?", "<!doctype", "\u{ad}", "\u{200d}",
        "\u{1}", "\u{202e}", "<href=\"", "<p>", "=\"", "'",
    ]), 0..48)) {
        let title = title(&parts.concat());
        prop_assert!(!policy::holds_markup_or_sections(&title), "{title:?} of {parts:?}");
        prop_assert_eq!(fold(&title), title);
    }
}

/// Ammonia's result is never made where it would be much longer than `limit` bytes.
#[test]
fn cleaning_never_writes_more_than_its_limit() {
    let base = Url::parse(&format!("https://example.org/{}/", "x".repeat(1900))).unwrap();
    let distinct: String = (0..35).map(|n| format!("<b title={n}>")).collect();
    for (html, flattened) in [
        (format!("<p>{distinct}{}", "<p>x".repeat(87_000)), true),
        (format!("{distinct}{}", "<table><tr><td>x</table>".repeat(2000)), false),
        (format!("<table>{}", "x<br>".repeat(60_000)), true),
        ("<a href=x>x</a>".repeat(17_000), false),
        ("&".repeat(100_000), false),
        (format!("<p title='{}'>x", "\"".repeat(100_000)), false),
        ("<p>x</b><i><p>y".repeat(10_000), true),
    ] {
        for limit in [0, 1, 7, 40, 1000, 100_000] {
            let mut allowance = Allowance::of_text(Cancelled::never());
            let cleaned = clean(&html, Some(&base), limit, &mut allowance);
            assert!(cleaned.html.len() <= limit, "{html:.40}: {}", cleaned.html.len());
            assert!(limit > 1000 || cleaned.cut || cleaned.flattened, "{html:.40}");
            let again = clean(&cleaned.html, None, limit, &mut allowance);
            assert_eq!(again.html, cleaned.html, "{html:.40}");
        }
        let cleaned = clean(&html, None, 256 * 1024, &mut Allowance::of_text(Cancelled::never()));
        assert_eq!(cleaned.flattened, flattened, "{html:.40}: {}", cleaned.html.len());
    }
}

#[test]
fn all_texts_of_a_document_share_an_allowance() {
    let mut allowance = Allowance::of_document(0, Cancelled::never());
    let text = format!("<b>{}</b>", "x".repeat(300_000));
    let misnested = format!("<b><p>{}</b>y", "x".repeat(300_000));
    assert!(!clean(&text, None, usize::MAX, &mut allowance).cut);
    let kept: Vec<bool> =
        (0..5).map(|_| clean(&misnested, None, 1 << 20, &mut allowance).cut).collect();
    assert_eq!(kept.iter().filter(|cut| !**cut).count(), 2, "{kept:?}");
}

#[test]
fn text_that_browsers_show_stays_and_text_that_they_hide_is_noted() {
    for (html, text, hides_end) in [
        ("<p>One</p><script>x()", "One", true),
        ("<p>One</p><style>.x{}<p>Two</p>", "One", true),
        ("<p>One</p><!-- Two", "One", true),
        ("<p>One <a href=\"/x>two</a></p><p>three</p>", "One", true),
        ("<p>One</p><noscript><p>Two</p>", "One", true),
        ("<p>One</p><title>Two</p>", "One", true),
        ("<p>One</p><textarea>Two</p>", "One\nTwo</p>", false),
        ("<p>One</p><xmp>Two", "One\nTwo", false),
        ("<p>One</p><select><option>Two", "One\nTwo", false),
        ("<p>One</p><plaintext>Two", "One\nTwo", false),
        ("<p>One</p><math>Two", "One\nTwo", false),
        ("<p>One</p><xmp>Two</xmp><p>Three</p>", "One\nThree", false),
        ("<p>One</p><script>x()</script><p>Two", "One\nTwo", false),
        ("<p>One</p><a href=\"https://a.exa", "One", false),
    ] {
        let cleaned = clean(html, None, 10_000, &mut Allowance::of_text(Cancelled::never()));
        assert_eq!((&*cleaned.text, cleaned.hides_end), (text, hides_end), "{html}");
    }
    let long = format!("<p>{}</p><script>x()</script>", "One ".repeat(1000));
    let cleaned = clean(&long, None, 4020, &mut Allowance::of_text(Cancelled::never()));
    assert!(cleaned.cut && !cleaned.hides_end, "the limit opened it");
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
    fn ammonia_builds_no_more_than_was_counted(
        html in "(<(p|b title=[1-9]|i|a href=\"https://a.example/\"|table|tr|td|ul|li|div|h1|em lang=[a-c])>|</(p|b|i|a|table|tr|td|ul|div|em)>|[a-c&;< ]|&lt;){0,60}",
    ) {
        let written = html;
        let bounds = Bounds {
            elements: usize::MAX,
            depth: usize::MAX,
            bytes: usize::MAX,
            nested_text: usize::MAX,
            steps: usize::MAX,
        };
        let parsed = dom_cost::Parsed::Fragment;
        let cost = dom_cost::cost(&written, parsed, &bounds, &Cancelled::never()).unwrap();
        let built = AMMONIA.clean(&written).to_string();
        prop_assert!(built.len() <= cost.bytes, "{} > {} of {written}", built.len(), cost.bytes);
        prop_assert!(built.matches("</").count() <= cost.elements);
    }

    #[test]
    fn a_title_of_anything_is_one_clean_line(text in "(<[a-z/ ]{0,6}>?|&[a-z#0-9]{0,5};?|[\\PC\n]){0,12}") {
        let title = title(&text);
        prop_assert!(!title.contains('\n'));
        prop_assert!(!policy::holds_markup_or_sections(&title), "{}", title);
    }
}

#[test]
fn text_whose_tags_are_given_up_keeps_its_lines() {
    let html =
        format!("<p>One &amp; a</p><ul><li>Two<li>Three</ul>{}", "<b><i>x</b>y<p>".repeat(20_000));
    let mut allowance = Allowance::of_text(Cancelled::never());
    for limit in [256 * 1024, 32, 18, 16, 15, 14] {
        let cleaned = clean(&html, None, limit, &mut allowance);
        if limit > 1000 {
            assert!(cleaned.flattened || cleaned.cut, "{}", cleaned.html.len());
            assert!(cleaned.text.starts_with("One & a\nTwo\nThree\n"), "{:.60}", cleaned.text);
            assert!(cleaned.html.starts_with("One &amp; a<br>Two<br>"), "{:.60}", cleaned.html);
        }
        assert!(cleaned.html.len() <= limit);
        assert_eq!(clean(&cleaned.html, None, limit, &mut allowance).html, cleaned.html, "{limit}");
    }
}

#[test]
fn elements_keep_their_roles_however_often_their_html_is_mended() {
    let related = "<div class=\"x related\"><h3>Related</h3><p>Aid for Haiti</p></div>";
    let footer = "<section id=footer><p>About us</p></section>";
    let once = "<b>a<p>b</b>c";
    let twice =
        "<a href=https://a.example/1>1<object><a href=https://a.example/2>2</a></object></a>";
    for odd in ["", once, twice] {
        let html = format!("<p>Text.</p>{odd}{related}{footer}");
        let cleaned = clean(&html, None, 10_000, &mut Allowance::of_text(Cancelled::never()));
        let roles: Vec<_> = cleaned.containers.iter().map(|container| container.role).collect();
        assert_eq!(roles, [ContainerRole::Related, ContainerRole::Footer], "{odd}");
        for container in &cleaned.containers {
            let inside = &cleaned.html[container.range.clone()];
            assert!(inside.contains("Haiti") || inside.contains("About us"), "{inside}");
        }
        assert!(!cleaned.html.contains("class="), "{}", cleaned.html);
    }
}
