//! Documents that are not feeds, and pages that stand before others, are recognised.

use super::*;

#[test]
fn the_message_says_what_came_instead() {
    let base = Url::parse("https://example.org/news/").unwrap();
    let page = "<!DOCTYPE html><html><head><title>News &amp; more</title>\
        <link rel='alternate' type='application/rss+xml' href='feed.xml'>\
        <link rel=alternate type=application/atom+xml href=/atom></head></html>";
    for (text, message) in [
        ("  \n", "the document is empty"),
        ("{\"a\":1}", "JSON, but not a JSON Feed: {\"a\":1}"),
        ("<opml version='2.0'/>", "not a feed, but a document of <opml>"),
        ("<error>x</error>", "not a feed: its root is <error>"),
        ("It works!", "not a feed, but text: It works!"),
        (
            page,
            "not a feed, but a page of HTML (News & more), which advertises the feeds \
             https://example.org/news/feed.xml and https://example.org/atom",
        ),
        (
            "<html><body><form><input type=password></form></body></html>",
            "not a feed, but a login page, which advertises no feed",
        ),
        (
            "<html><head><meta http-equiv=Refresh content=\"0; URL='/feed'\"></head></html>",
            "not a feed, but a page of HTML, which advertises no feed and leads on to \
             https://example.org/feed",
        ),
        (
            "<html><meta http-equiv=refresh content=\"1;url=/Rural/URL=list\">",
            "not a feed, but a page of HTML, which advertises no feed and leads on to \
             https://example.org/Rural/URL=list",
        ),
        (
            "<html><meta http-equiv=refresh content=\"0; /lur/feed\">",
            "not a feed, but a page of HTML, which advertises no feed and leads on to \
             https://example.org/lur/feed",
        ),
        (
            "<script>document.cookie='a=1';location.reload()</script>",
            "not a feed, but a script that only a browser runs, such as a check for robots",
        ),
    ] {
        let failure = explain(text, Some(&base));
        assert_eq!((failure.kind, failure.message.as_str()), (FailureKind::NotAFeed, message));
    }
}

#[test]
fn a_page_that_says_something_stands_before_none() {
    let (one, three) = (
        "<p>The authority has fined Orm Retail £310,000 because its website set 41 cookies \
         before any visitor could refuse.</p>",
        "<p>Das Land gibt für den Hafen von Orm im nächsten Jahr zwölf Millionen Euro mehr aus \
         als bisher, teilte das Ministerium mit.</p>",
    );
    let three = three.repeat(3);
    for (body, is_gate) in [
        (format!("<h1>Penalty notice: retail website</h1>{one}"), false),
        (format!("{three}<footer><a href=/c>Cookies</a></footer>"), false),
        (format!("{three}<div class='cookie-bar'>Wir verwenden Cookies. <a>OK</a></div>"), false),
        (format!("{three}<footer><a>Redefinir Cookies</a></footer>"), false),
        (
            format!("<form action='/cookies'>We use cookies <button>OK</button></form>{three}"),
            false,
        ),
        (
            "<h1>Mill Lane closed</h1><p>Mill Lane is closed until Friday noon.</p><div \
             class=bar>We use cookies on this site. <button>OK</button></div>"
                .to_owned(),
            false,
        ),
        (
            "<nav><a>Home</a><a>Press</a></nav><p>We use some essential cookies to make this \
             site work.</p><button>Accept</button>"
                .to_owned(),
            true,
        ),
        (
            "<p>Nous utilisons des cookies.</p><a>Tout accepter</a><footer>Mentions</footer>"
                .to_owned(),
            true,
        ),
        (
            "<h1>Orm</h1><p>Ce site utilise des cookies pour mesurer.</p><button>OK</button>"
                .to_owned(),
            true,
        ),
        ("<div id=cookieconsent><p>Vi bruker informasjonskapsler.</p></div>".to_owned(), true),
        ("<p>Esta web utiliza cookies propias.</p><a>Aceptar cookies</a>".to_owned(), true),
    ] {
        let page = format!("<!DOCTYPE html><html><title>Orm</title><body>{body}</body></html>");
        let base = Url::parse("https://min.example/a").unwrap();
        assert_eq!(page_head(&page, &base).gate.is_some(), is_gate, "{body}");
    }
}

#[test]
fn headlines_with_the_words_of_a_gate_are_none() {
    for (title, is_gate) in [
        ("Access denied to Dravenian ships", false),
        ("Security check of ports stepped up", false),
        ("Un instant de recueillement pour les marins", false),
        ("Development consent granted for Orm wind farm", false),
        ("Ampio consenso sulla legge dei porti", false),
        ("Zgoda na budowę mostu w Karowie", false),
        ("Ny lov om samtykke vedtaget", false),
        ("Access Denied | Ministry", true),
        ("Ministry - Security check", true),
        ("Einen Moment bitte ...", true),
        ("Checking your browser before accessing min.example", true),
        ("Your consent", true),
    ] {
        let text = "<p>The council of the county has decided it on Monday.</p>".repeat(9);
        let page = format!("<!DOCTYPE html><title>{title}</title><h1>{title}</h1>{text}");
        let base = Url::parse("https://min.example/n/planning-consent-for-orm").unwrap();
        assert_eq!(page_head(&page, &base).gate.is_some(), is_gate, "{title}");
    }
}

#[test]
fn pages_that_stand_before_the_feed_are_named() {
    let article = format!("<p>{}</p>", "The ministry announces more. ".repeat(80));
    let banner = "<h2>Cookies on this site</h2><p>We use some essential cookies.</p>";
    for (address, body, kind) in [
        ("https://min.example/feed", "<title>Before you continue to Min</title>", "consent"),
        ("https://min.example/feed", "<title>Cookie-Einstellungen</title>", "consent"),
        ("https://consent.min.example/m?continue=x", "<title>Ministry</title>", "consent"),
        ("https://min.example/feed", "<form action='/cookie-consent' method=post>", "consent"),
        ("https://min.example/feed", "<p>Wir verwenden Cookies. <button>OK</button>", "consent"),
        ("https://min.example/feed", "<title>Votre consentement</title>", "consent"),
        ("https://min.example/feed", "<title>Just a moment...</title>", "robots"),
        (
            "https://min.example/feed",
            "<script src='https://challenges.cloudflare.com/turnstile/v0/api.js'></script>",
            "robots",
        ),
        ("https://min.example/feed", "<input type=password>", "login"),
        ("https://min.example/feed", &format!("{banner}{article}"), "page of HTML"),
        ("https://min.example/feed", "<p>Not found</p>", "page of HTML"),
        ("https://min.example/feed", "<script>var cookie = 1;</script>", "page of HTML"),
    ] {
        let page = format!("<!DOCTYPE html><html><body>{body}</body></html>");
        let message = explain(&page, Url::parse(address).ok().as_ref()).message;
        assert!(message.contains(kind), "{body}: {message}");
    }
}
