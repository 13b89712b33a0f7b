//! Documents and pages that are made to cost far more than they are long.

use super::world::atom;

/// A form of attack, and what is sent.
pub type Form = (&'static str, String);

/// As long as a text field may be.
const FIELD: usize = 256 * 1024;

/// As long as a page may be.
const PAGE: usize = 3_900_000;

/// `start`, then `again` as often as fits into `length` bytes.
fn filled(start: &str, again: &str, length: usize) -> String {
    let times = length.saturating_sub(start.len()) / again.len();
    start.to_owned() + &again.repeat(times)
}

/// What `piece` makes of 0, 1, 2 …, until there are `length` bytes.
fn counted(length: usize, piece: impl Fn(usize) -> String) -> String {
    let mut text = String::with_capacity(length + 64);
    for n in 0.. {
        text += &piece(n);
        if text.len() >= length {
            break;
        }
    }
    text
}

fn each(count: usize, piece: impl Fn(usize) -> String) -> String {
    (0..count).map(piece).collect()
}

/// HTML that a parser makes much of, in so many bytes.
pub fn html(length: usize) -> Vec<Form> {
    const FORMATTING: [&str; 11] =
        ["b", "i", "u", "s", "em", "strong", "small", "strike", "tt", "code", "a href=/x"];
    let distinct = |count: usize| each(count, |n| format!("<b title={n}>"));
    let names: String = FORMATTING.map(|name| format!("<{name}>")).concat();
    let long = "y".repeat(2000);
    vec![
        ("paragraphs", filled(&("<p>".to_owned() + &distinct(35)), "<p>x", length)),
        ("names", filled(&("<p>".to_owned() + &names), "<p>x", length)),
        (
            "long attributes",
            filled(&each(35, |n| format!("<p><i title=\"{n}{long}\">")), "<p>x", length),
        ),
        ("headings", filled(&("<p>".to_owned() + &distinct(30)), "<h1>x</h1>", length)),
        ("lists", filled(&("<ul><li>".to_owned() + &distinct(30)), "</ul><ul><li>x", length)),
        ("list items", filled(&("<p>".to_owned() + &names), "<ul><li>x</ul><p>y", length)),
        ("tables", filled(&distinct(30), "<table><tr><td>x</table>", length)),
        ("cells", filled(&("<table><tr><td>".to_owned() + &distinct(30)), "<td>x", length)),
        ("links", filled(&each(30, |n| format!("<p><a href=/{n}>")), "<p>x", length)),
        ("links in links", counted(length, |n| format!("<p><a href=/{n}>x"))),
        ("nobr", filled(&each(30, |n| format!("<p><nobr id=n{n}>")), "<p>x", length)),
        (
            "fonts",
            filled(
                &("<p>".to_owned() + &each(150, |n| format!("<font color={n}>"))),
                "<p>x",
                length,
            ),
        ),
        (
            "big",
            filled(
                &("<p>".to_owned() + &each(150, |n| format!("<big class=c{n}>"))),
                "<div>x</div>",
                length,
            ),
        ),
        ("reopened", counted(length, |n| format!("<div><b title={n}></div>"))),
        ("reopened classes", counted(length, |n| format!("<div><em class=c{n}></div>x"))),
        ("adopted", filled("", "<b><i><div>x</b></i></div>", length)),
        ("adopted deep", filled(&(distinct(35) + "<div>"), "</b>x<b title=z><p>", length)),
        ("adopted links", filled("", "<a href=/1><div><a href=/2>", length)),
        ("fostered", filled("<table>", "x<br>", length)),
        ("fostered blocks", filled("<table>", "<p>x", length)),
        ("fostered formatting", filled("<table>", "<b>x</b><tr>", length)),
        ("tables in tables", filled("", "<table>x", length)),
        ("tables in rows", filled("", "<table><tr>x<td>", length)),
        ("foreign", filled("<p>", "<svg><p>x", length)),
        ("foreign breakout", filled(&(names.clone() + "<p>"), "<math><mi><b>x</math>", length)),
        ("selected", filled(&names, "<select><option>x<p>", length)),
        ("templates", filled(&names, "<template><b>x", length)),
        ("templates closed", filled(&names, "<template><p>x</template><p>", length)),
        ("markers", filled(&distinct(20), "<object><b>x<p>", length)),
        ("buttons", filled(&distinct(20), "<button><p>x", length)),
        ("options", filled(&distinct(20), "<option><p>x", length)),
        ("rubies", filled(&distinct(20), "<ruby><rt>x<p>", length)),
        ("definitions", filled(&distinct(20), "<dl><dt>x<dd>y</dl>", length)),
        ("deep", filled("", "<div>", length)),
        ("deep text", filled(&"<div>".repeat(190), "word ", length)),
        ("deep mixed", filled("", "<div><p><b>", length)),
        ("breaks", filled("<p>", "<br>", length)),
        ("paragraph breaks", filled("<p>x", "<br><br>y", length)),
        ("noscript", filled("", "<noscript><img src=a></noscript>", length)),
        ("pictures", filled("", "<img src=a>", length)),
        ("articles", filled("", "<article><p>word, word, word, word, word</p></article>", length)),
        ("divisions", filled("", "<div>word, word, word, word, word</div>", length)),
        ("ends", filled(&"<div>".repeat(150), "</x>", length)),
        ("formatting ends", filled(&distinct(35), "</b></p>", length)),
        ("less than", filled("", "<", length)),
        ("open tags", filled("", "<a ", length)),
        ("unknown tags", filled("", "<q1 ", length) + ">"),
        ("single letters", filled("", "<b", length)),
        ("end tags", filled("", "</a", length)),
        ("quotes", filled("", "<q a=\"", length)),
        ("quoted tags", filled("", "<q a='<x>' ", length)),
        ("ampersands", filled("", "&", length)),
        ("references", filled("", "&notit;&#65;&amp", length)),
        ("endless reference", filled("&", "a", length)),
        ("comments", filled("", "<!--", length)),
        ("short comments", filled("", "<!-->", length)),
        ("declarations", filled("", "<!a [", length)),
        ("instructions", filled("", "<?a", length)),
        ("sections", filled("", "<![CDATA[", length)),
        ("attributes", format!("<p {}>x", counted(length - 8, |n| format!("a{n} ")))),
        ("classes", format!("<p {}>x", filled("", "class=a ", length - 8))),
        ("long class", format!("<p class=\"{}\">x", filled("", "comment ", length - 20))),
        ("scripts", filled("", "<script>", length)),
        ("styles", filled("", "<style></style>", length)),
        ("spaces", filled("<p", " ", length)),
        ("words", filled("<p>", "original article <b><i><b><i><b>view full ", length)),
        ("original links", filled("", "<a href=/x>read the original", length)),
        ("titles", filled("", "<title>", length)),
        ("wide", filled("<p>", "\u{20AC}\u{1F600}", length)),
    ]
}

fn rss(inside: &str) -> String {
    format!("<rss version=\"2.0\"><channel><title>T</title>{inside}</channel></rss>")
}

fn item(n: usize, inside: &str) -> String {
    format!(
        "<item><title>Crime {n} of many</title><link>https://a.example/{n}</link>{inside}</item>"
    )
}

fn described(n: usize, html: &str) -> String {
    let escaped = html.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    item(n, &format!("<description>{escaped}</description>"))
}

/// Documents, each of one source.
pub fn documents() -> Vec<Form> {
    let mut forms: Vec<Form> =
        html(FIELD).into_iter().map(|(name, html)| (name, rss(&described(1, &html)))).collect();
    // As much as a document may bring, each text within its own bounds.
    let many = |form: &str, length: usize, count: usize| {
        let (_, html) = html(length).into_iter().find(|(name, _)| *name == form).unwrap();
        rss(&each(count, |n| described(n, &html)))
    };
    let base = "x".repeat(1900);
    let links = each(2000, |n| format!("<a href={n}>x</a>"));
    forms.extend([
        ("many paragraphs", many("paragraphs", 16_000, 400)),
        ("many fostered", many("fostered", 100_000, 80)),
        ("many reopened", many("reopened", 6_000, 500)),
        ("many adopted", many("adopted", 60_000, 100)),
        ("many lists", many("list items", 20_000, 400)),
        ("many endings", many("words", 3_000, 500)),
        (
            "many long links",
            rss(&each(200, |n| described(n, &links))).replace(
                "<rss ",
                &format!("<rss xml:base=\"https://a.example/{base}/\" "),
            ),
        ),
        (
            "many authors",
            rss(&(each(100, |n| format!("<managingEditor>{n}{base}</managingEditor>"))
                + &each(500, |n| item(n, "")))),
        ),
        ("keywords", rss(&item(1, &format!(
            "<media:keywords>{}</media:keywords>",
            ",".repeat(8_000_000)
        )))),
        ("categories", rss(&item(1, &"<category>x</category>".repeat(190_000)))),
        ("media", rss(&item(1, &"<media:content url=\"http://a.example/x\"/>".repeat(190_000)))),
        ("thumbnails", rss(&item(1, &"<media:thumbnail url=\"u\"/>".repeat(190_000)))),
        ("enclosures", rss(&item(1, &each(150_000, |n| {
            format!("<enclosure url=\"http://a.example/{n}\" type=\"a/b\" length=\"1\"/>")
        })))),
        ("hubs", rss(&(each(150_000, |n| {
            format!("<atom:link rel=\"hub\" href=\"http://a.example/{n}\"/>")
        }) + &item(1, "")))),
        ("root attributes", rss(&item(1, "")).replace(
            "<rss ",
            &format!("<rss {}", counted(5_000_000, |n| format!("xmlns:a{n}='u' "))),
        )),
        ("namespaces", rss(&item(1, &counted(5_000_000, |n| format!("<p{n}:x/>"))))),
        ("rights", rss(&item(1, &format!(
            "<copyright>{}</copyright>",
            "&lt;b".repeat(2_000_000)
        )))),
        ("control characters", rss(&described(1, "").replace(
            "<description>",
            &format!("<description>{}", "&#1;".repeat(2_000_000)),
        ))),
        ("inline ampersands", atom(&[("urn:1", "https://a.example/1", "Crime", "2025-04-02T11:05:00Z")])
            .replace("</entry>", &format!(
                "<content type=\"xhtml\"><div xmlns=\"http://www.w3.org/1999/xhtml\">{}</div></content></entry>",
                "&#38;".repeat(1_800_000)
            ))),
        ("plain text", atom(&[("urn:1", "https://a.example/1", "Crime", "2025-04-02T11:05:00Z")])
            .replace("</entry>", &format!(
                "<content type=\"text\">{}</content></entry>",
                "&lt;/a".repeat(1_500_000)
            ))),
        ("plain compared", atom(&[("urn:1", "https://a.example/1", "Crime", "2025-04-02T11:05:00Z")])
            .replace("</entry>", &format!(
                "<content type=\"text\">{}&gt;</content></entry>",
                "&lt;q1 ".repeat(1_200_000)
            ))),
        ("unclosed quotes", rss(&item(1, &"<x a='<y>' b=\"".repeat(600_000)))),
        ("stray ends", rss(&item(1, &("<b>".repeat(90) + &"</x>".repeat(2_000_000))))),
        ("json numbers", format!(
            "{{\"version\":\"https://jsonfeed.org/version/1.1\",\"title\":\"T\",\"items\":[],\"x\":[0{}]}}",
            ",0".repeat(4_500_000)
        )),
        ("json items", format!(
            "{{\"version\":\"https://jsonfeed.org/version/1.1\",\"title\":\"T\",\"items\":[{{}}{}]}}",
            ",{}".repeat(3_000_000)
        )),
    ]);
    forms
}

/// Pages of an entry, as `enrich = "page"` fetches them.
pub fn pages() -> Vec<Form> {
    let page = |body: &str| format!("<!DOCTYPE html><html lang=en><body>{body}");
    let mut forms: Vec<Form> =
        html(PAGE).into_iter().map(|(name, html)| (name, page(&html))).collect();
    // Within the bound on elements: as much work as may come of that.
    let within = |(name, html): Form| match name {
        "deep text" => ("short deep text", page(&html)),
        "articles" => ("short articles", page(&html)),
        "divisions" => ("short divisions", page(&html)),
        "paragraph breaks" => ("short breaks", page(&html)),
        "fostered" => ("short fostered", page(&html)),
        "noscript" => ("short noscript", page(&html)),
        "adopted" => ("short adopted", page(&html)),
        _ => ("", String::new()),
    };
    forms.extend(html(280_000).into_iter().map(within).filter(|(name, _)| !name.is_empty()));
    let elements = "<p>".to_owned() + &each(195, |n| format!("<b class=c{n}>"));
    forms.extend([
        ("195 elements", page(&filled(&elements, "<p>x", PAGE))),
        (
            "395 fonts",
            page(&filled(
                &("<p>".to_owned() + &each(395, |n| format!("<font color={n}>"))),
                "<p>x",
                PAGE,
            )),
        ),
        ("long words", page(&filled("<article><p>", "a", PAGE))),
        ("short words", page(&filled("<article><p>", "a, ", PAGE))),
        ("nested words", page(&filled(&("<div>".repeat(12) + "<p>"), "a, ", PAGE))),
        ("rows", page(&filled("<table>", "<tr><td>a, <td>b", 300_000))),
        (
            "siblings",
            page(&filled("<div><p>", "<p>A sentence, of which, there are many.</p>", 900_000)),
        ),
        (
            "linked",
            page(&filled("<div>", "<p><a href=/x>A sentence, of which</a>, there", 700_000)),
        ),
        ("headers", page(&filled("<div>", "<h2 class=header>A sentence</h2>", 900_000))),
    ]);
    forms
}
