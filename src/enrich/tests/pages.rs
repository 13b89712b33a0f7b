//! The content that pages name, in the forms of many sites.

use super::*;

/// A page with menus, a footer and this between them.
fn whole(title: &str, head: &str, body: &str) -> Document {
    let html = format!(
        "<!DOCTYPE html><html><head><title>{title} | Ministry</title>{head}</head><body><header><a href=/>Ministry</a>\
         <nav><a href=/a>About us</a> <a href=/p>Press room of Vanuatu</a></nav></header>{body}\
         <footer><p><a href=/c>Imprint</a> <a href=/z>Desk of Vanuatu</a></p><p>Ministry of Vanuatu, 1 Quay Street, Carrow</p></footer></body></html>"
    );
    document("https://min.example/n/1", "text/html; charset=utf-8", &html)
}

/// The entry of such a page, from a feed that gives only its title.
fn bare(title: &str) -> Entry {
    Entry {
        title: title.to_owned(),
        summary: None,
        text: String::new(),
        ..entry("https://min.example/n/1")
    }
}

#[test]
fn what_a_page_names_as_its_content_is_its_text() {
    let mut wrong = Vec::new();
    const PROSE: &str = "<p>The ministry closes the north basin of Carrow for eighteen months, because divers found that the sheet piling has corroded to a third.</p>\
        <p>Ships of more than forty metres are sent to the south basin, where two berths were dredged over the summer.</p>";
    for (title, body, stays) in [
        (
            "Öffnungszeiten an Weihnachten",
            "<main><h1>Öffnungszeiten an Weihnachten</h1><dl><dt>24. Dezember</dt><dd>9 bis 12 Uhr</dd><dt>27. Dezember</dt><dd>geschlossen</dd></dl></main>".to_owned(),
            &["24. Dezember", "9 bis 12 Uhr", "geschlossen"][..],
        ),
        (
            "Cierre de la dársena",
            "<main><h1>Cierre de la dársena</h1><p>La dársena norte se cierra.</p><h2><button aria-expanded=false>¿Quién paga los costes?</button></h2><div class=panel hidden><p>El fondo del puerto paga dos tercios de todos los costes de las obras.</p></div></main>".to_owned(),
            &["se cierra", "¿Quién paga los costes?", "dos tercios"],
        ),
        (
            "Porto fechado",
            "<div id=content><h1>Porto fechado</h1><div class=descricao>Obras duram dezoito meses</div><div property=\"rnews:articleBody\"><p>O porto fecha na segunda-feira.</p></div></div>".to_owned(),
            &["dezoito meses", "segunda-feira"],
        ),
        (
            "Becken geschlossen",
            "<div class=article><h3 itemprop=headline>Becken geschlossen</h3><div itemprop=description><p>Auch Kähne müssen draußen bleiben.</p></div><div itemprop=articleBody><p>Die Spundwand ist verrostet.</p></div></div>".to_owned(),
            &["Auch Kähne", "Spundwand"],
        ),
        (
            "Tariffe del traghetto",
            "<main><h1>Tariffe del traghetto</h1><p>Il traghetto costa meno.</p><div class=pane style=\"display: none\"><table><tr><td>Adulti</td><td>12,40</td></tr></table></div></main>".to_owned(),
            &["costa meno", "12,40"],
        ),
        (
            "Démission de la ministre",
            format!("<main><article><header class=page-header><h1>Démission de la ministre</h1><p class=chapo>La ministre Inès Calder a démissionné ce matin.</p></header><div>{PROSE}</div></article></main>"),
            &["Inès Calder", "south basin"],
        ),
        (
            "Relazione sui fanghi",
            format!("<main><article><h1>Relazione sui fanghi</h1>{PROSE}<aside class=footnotes><ol><li id=n1>Misurato dall'istituto Elver nel 2024.</li></ol></aside></article></main>"),
            &["istituto Elver"],
        ),
        (
            "Zamknięcie basenu",
            format!("<div id=menu><a href=/z>Desk</a></div><div id=text><h1>Zamknięcie basenu{PROSE}<ul><li>pierwsze nabrzeże<li>drugie nabrzeże basenu</ul></div>"),
            &["north basin", "drugie nabrzeże"],
        ),
        (
            "北港关闭",
            "<main><h1>北港关闭</h1><div class=TRS_Editor><p>交通运输部决定关闭北港十八个月。</p><p>潜水员发现钢板桩已锈蚀三分之二。</p></div></main>".to_owned(),
            &["十八个月", "三分之二"],
        ),
        (
            "Pão mais caro",
            "<div class=aviso><p>Valorizamos a sua privacidade e, com os nossos parceiros de Vanuatu, guardamos informações no seu dispositivo, como identificadores únicos, para medir conteúdos.</p><p>Pode aceitar ou gerir as suas escolhas a qualquer momento, com efeito para o futuro.</p></div><main><h1>Pão mais caro</h1><p>O pão custa mais dez cêntimos.</p></main>".to_owned(),
            &["dez cêntimos"],
        ),
        (
            "Ships listed",
            format!("<main><h1>Ships listed</h1>{PROSE}<div class=list><div><a href=/v/1>MV Marigold</a></div><div><a href=/v/2>MT Quell</a></div></div><table><tr><td><a href=/o/1>Order 12 on the basin</a></td><td>3 May</td></tr></table></main>"),
            &["MV Marigold", "MT Quell", "Order 12", "3 May"],
        ),
        (
            "Words of the minister",
            format!("<main><h1>Words of the minister</h1>{PROSE}<div class=remarks><p>“It was built for coal,” she said.</p></div><div class=\"media extra\"><p>Crane Orlik lowered the first caisson at noon.</p></div><p class=author-quote>“On a napkin,” said Ada Brenn.</p></main>"),
            &["built for coal", "Orlik", "napkin"],
        ),
        (
            "Приказ о порте",
            "<article><h1>Приказ о порте</h1><p>Порт закрыт для судов длиннее сорока метров.</p><footer><p>Приказ действует до 30 июня 2028 года.</p></footer></article>".to_owned(),
            &["сорока метров", "до 30 июня"],
        ),
        (
            "Samråd om hamnen",
            format!("<main><h1>Samråd om hamnen</h1>{PROSE}<form action=/r><h2>Frågor</h2><p>1. Ska den norra bassängen fyllas med sand från Orm?</p><input name=a><button>Skicka</button></form></main>"),
            &["fyllas med sand"],
        ),
        (
            "Uzavření přístavu",
            "<x-page><x-text>Ministerstvo uzavírá severní přístav na osmnáct měsíců, protože potápěči našli rez na stěně.</x-text><x-text>Lodě delší než čtyřicet metrů plují do jižního přístavu, kde jsou dvě stání.</x-text></x-page>".to_owned(),
            &["osmnáct měsíců", "dvě stání"],
        ),
        (
            "Cau'r basn",
            "<main><h1>Cau'r basn</h1><div lang=en><p>The basin closes for eighteen months from Monday on.</p></div><div lang=cy><p>Mae'r basn yn cau am ddeunaw mis o ddydd Llun ymlaen.</p></div></main>".to_owned(),
            &["eighteen months", "ddeunaw mis"],
        ),
        (
            "Ο μόλος άνοιξε",
            "<main><h1>Ο μόλος άνοιξε</h1><p>Ο μόλος άνοιξε σήμερα.</p></main><div class=site-info><p>Το υπουργείο ιδρύθηκε το 1848, έχει έδρα το Vanuatu και απασχολεί τετρακόσιους ανθρώπους, που φροντίζουν λιμάνια, φάρους και ναυάγια.</p></div>".to_owned(),
            &["άνοιξε σήμερα"],
        ),
        (
            "Hafen gesperrt",
            format!("<div id=app></div><noscript><h1>Hafen gesperrt</h1>{PROSE}<p>Der Hafen bleibt bis Mai gesperrt.</p></noscript>"),
            &["north basin", "bis Mai"],
        ),
    ] {
        let mut entry = bare(title);
        let done = enrich(&mut entry, &whole(title, "", &body), Enrich::Page);
        for words in stays.iter().filter(|words| !entry.text.contains(**words)) {
            wrong.push(format!("{title}, lost {words}: {done:?} {}", entry.text));
        }
        if entry.text.contains("Vanuatu") {
            wrong.push(format!("{title}: {}", entry.text));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_surroundings_of_a_pages_content_go() {
    const TEXT: &str =
        "<p>The mole of Ketzin is open again, the harbour master said on Monday at the quay.</p>";
    for around in [
        "<nav aria-label=breadcrumb><a href=/>Home</a> <a href=/v>Vanuatu</a></nav>{text}",
        "{text}<div role=search><a href=/v>Vanuatu</a></div>",
        "{text}<form action=/f><p>Was this page of Vanuatu useful?</p><input type=radio></form>",
        "{text}<button>Print Vanuatu</button>",
        "{text}<dialog><p>Subscribe to letters from Vanuatu today, before it is too late.</p></dialog>",
        "{text}<div class=cookie-modal hidden><p>We and our partners in Vanuatu store information on your device for ads.</p></div>",
        "{text}<div id=comments><p>Joe of Vanuatu: I have taken this ferry for forty years, and never was it on time.</p></div>",
        "{text}<aside><h2>Latest news</h2><ul><li><a href=/2>Aid for Vanuatu</a></li><li><a href=/3>Trains</a></li></ul></aside>",
        "<article><h1>Mole open</h1>{text}</article><article><h2><a href=/2>Aid for Vanuatu</a></h2></article>",
        "{text}<script>var a = \"Vanuatu\";</script><style>.vanuatu {}</style><svg><text>Vanuatu</text></svg>",
        "{text}<div aria-hidden=true><a href=/v>Vanuatu</a></div>",
    ] {
        let body = format!("<main>{}</main>", around.replace("{text}", TEXT));
        let mut entry = bare("Mole open");
        enrich(&mut entry, &whole("Mole open", "", &body), Enrich::Page).unwrap();
        assert!(entry.text.contains("harbour master said"), "{around}: {}", entry.text);
        assert!(!entry.text.contains("Vanuatu"), "{around}: {}", entry.text);
    }
}

#[test]
fn the_text_that_a_page_states_for_search_engines_is_read_where_it_shows_none() {
    let head = "<script type=\"application/ld+json\">{\"@graph\":[{\"@type\":\"WebSite\",\"name\":\"M\"},{\"@type\":\"NewsArticle\",\"headline\":\"Kılavuz grevi bitti\",\"articleBody\":\"Grev bu sabah bitti.\\nGemiler yine giriyor.\"}]}</script>";
    let mut entry = bare("Kılavuz grevi bitti");
    enrich(&mut entry, &whole("Kılavuz", head, "<div id=app></div>"), Enrich::Page).unwrap();
    assert_eq!(entry.text, "Grev bu sabah bitti.\nGemiler yine giriyor.");
}

#[test]
fn a_text_that_is_not_the_entrys_is_not_taken() {
    const SITE: &str = "<p>The government portal of the county serves all ministries, agencies and offices, and has its seat in Carrow, with desks in every town; it employs four hundred people.</p>\
        <p>Our mission, vision and values guide us in all that we do, each day, for the people of the coast.</p>";
    const BANNER: &str = "<div class=cc><p>We value your privacy, and so we and our partners store and access information on your device, for instance unique identifiers, to process personal data.</p>\
        <p>You may accept or manage your choices at any time, with effect for the future, and for each partner alone.</p></div>";
    for body in [
        format!("<div id=app></div><div class=site-info>{SITE}</div>"),
        format!("<div id=app></div>{BANNER}"),
        "<main><h1>Scheduled maintenance</h1><p>The portal is being updated this week. Please come back later, and accept our apologies.</p></main>".to_owned(),
        "<main><h1>Sorry</h1><p>The page that you are looking for has been moved.</p></main>".to_owned(),
    ] {
        let mut entry = bare("Wolves seen near Ketzin");
        let _ = enrich(&mut entry, &whole("Wolves seen near Ketzin", "", &body), Enrich::Page);
        assert_eq!(entry.text, "", "{body:.60}");
    }
    // The whole text of the feed stays where the page does not hold it.
    const FULL: &str = "<p>The ferry to Orm stops on 3 December because its engine has to be replaced. Buses run in its place until the spring, and cost the same.</p>";
    let longer =
        format!("<main><h1>Ferry stops</h1>{FULL}<p>Bicycles go free on all of them.</p></main>");
    let other = format!("<main><h1>Ferry stops</h1><p>Engine trouble.</p>{SITE}{SITE}</main>");
    for (body, text) in [(longer, "Bicycles go free"), (other, "cost the same")] {
        let mut entry = bare("Ferry stops");
        entry.content = Some(FULL.to_owned());
        entry.text = clean(FULL, &Url::parse(PAGE).unwrap()).text;
        enrich(&mut entry, &whole("Ferry stops", "", &body), Enrich::Page).unwrap();
        assert!(entry.text.contains("engine has to be replaced"), "{}", entry.text);
        assert!(entry.text.ends_with(&format!("{text}.")) || entry.text.contains(text));
        assert!(!entry.text.contains("government portal"), "{}", entry.text);
    }
}

#[test]
fn a_fragment_names_a_part_of_its_page() {
    let notices = "<main><h1>Notices of the county</h1>\
        <h2 id=n1>Ferry stops</h2><p>The ferry to Orm stops.</p><h3>Buses</h3><p>Buses run.</p>\
        <h2><a name=n2></a>Library opens</h2><p>The library of Tarn opens.</p>\
        <div id=n3><h2>Wolves seen</h2><p>Three wolves were seen.</p></div>\
        <dl><dt id=n4>Bread costs more</dt><dd>Ten cents on bread.</dd><dt id=n5>Milk</dt><dd>Milk is cheap.</dd></dl>\
        <p><a name=n6></a>The mill is sold.</p><p>It was old.</p><p><a name=n7></a>The inn burns.</p>\
        <section id=\"días\"><p>Los días se alargan.</p></section></main>";
    for (title, fragment, text) in [
        ("Ferry stops", "n1", Some("The ferry to Orm stops.\nBuses\nBuses run.")),
        ("Library opens", "n2", Some("The library of Tarn opens.")),
        ("Wolves seen", "n3", Some("Wolves seen\nThree wolves were seen.")),
        ("Bread costs more", "n4", Some("Bread costs more\nTen cents on bread.")),
        ("Mill sold", "n6", Some("The mill is sold.\nIt was old.")),
        ("Days", "días", Some("Los días se alargan.")),
        ("Ferry stops", "n9", None),
        ("Ferry stops", "/notice/1", None),
        ("Ferry stops", "!notice", None),
    ] {
        let mut entry = bare(title);
        entry.url.as_mut().unwrap().set_fragment(Some(fragment));
        let head = "<link rel=canonical href=/n/1>";
        let done = enrich(&mut entry, &whole("Notices", head, notices), Enrich::Page);
        assert_eq!(done.is_ok(), text.is_some(), "{fragment}: {done:?}");
        assert_eq!(entry.text, text.unwrap_or_default(), "{fragment}");
        assert_eq!(entry.page, None, "the page is that of all: {fragment}");
    }
    // A fragment that counts visits names none.
    let mut entry = bare("Notices of the county");
    entry.url.as_mut().unwrap().set_fragment(Some("xtor=RSS-12"));
    enrich(&mut entry, &whole("Notices", "", notices), Enrich::Page).unwrap();
    assert!(entry.text.contains("Buses run.") && entry.text.contains("Milk is cheap."));
}

#[test]
fn an_address_that_a_template_gives_to_all_its_pages_is_none() {
    for (link, canonical, page) in [
        ("https://min.example/news/detail?id=1", "/news/detail", None),
        ("https://min.example/news/detail?id=1", "/news/detail?lang=en", None),
        ("https://min.example/news/detail?id=1", "/news/", None),
        ("https://min.example/news/7", "/", None),
        ("https://min.example/news/detail?id=1", "/news/ferry", Some("/news/ferry")),
        (
            "https://min.example/news/detail?id=1&utm_source=x",
            "/news/detail?id=1",
            Some("/news/detail"),
        ),
        ("https://min.example/node/7", "/news/ferry", Some("/news/ferry")),
    ] {
        for host in ["https://min.example", "https://portal.example"] {
            let mut entry = bare("Ferry stops");
            entry.url = Url::parse(link).ok();
            let head = format!("<link rel=canonical href=\"{host}{canonical}\">");
            let body = "<main><h1>Ferry stops</h1><p>The ferry to Orm stops.</p></main>";
            let mut document = whole("Ferry stops", &head, body);
            document.url = entry.url.clone();
            enrich(&mut entry, &document, Enrich::Page).unwrap();
            let named = if host.contains("min.") { entry.page } else { entry.original };
            let named = named.map(|url| url.path().to_owned());
            assert_eq!(named.as_deref(), page, "{link} {host}{canonical}");
        }
    }
}

#[test]
fn controls_and_lists_of_the_site_below_the_text_are_no_part_of_it() {
    const TEXT: &str = "<p>The ministry closes the north basin of Carrow for eighteen months, because divers found that the sheet piling has corroded to a third.</p>";
    let mut wrong = Vec::new();
    for (below, stays, goes) in [
        (
            "<ul><li><a href=\"#\">Kongsi</a></li><li><a href=\"#\">Cetak halaman</a></li></ul>",
            "",
            "Cetak",
        ),
        (
            "<div><a href=\"javascript:go('p')\">طباعة الصفحة</a> | <a href=/f.pdf>Oresund.pdf</a></div>",
            "Oresund.pdf",
            "طباعة",
        ),
        (
            "<footer><a href=\"#\">Կիսվել</a><a href=\"#\">Տպել էջը</a></footer><p>Ships wait.</p>",
            "Ships wait.",
            "Տպել",
        ),
        (
            "<div><p>Heeft dit u geholpen?</p><button>Ja</button><button>Nee</button></div>",
            "",
            "geholpen",
        ),
        (
            "<div><span>Ba chabhair é seo？</span><button>Tá</button><button>Níl</button></div>",
            "",
            "chabhair",
        ),
        (
            "<div class=sharedaddy><h3>Partager</h3><ul><li class=share-facebook><a href=\"?share=facebook\">Facebook</a></li><li class=share-print><a href=\"#print\">Imprimer la page</a></li></ul></div>",
            "",
            "Imprimer",
        ),
        (
            "<div class=social-share><span class=share-x><a href=\"https://x.com/intent/post?url=u\">X</a></span><p class=share-copy>Länk kopierad</p></div>",
            "",
            "kopierad",
        ),
        (
            "<div class=social><p class=share-x>The social fund shares the costs of the new basin with us.</p></div>",
            "The social fund",
            "zzz",
        ),
        (
            "<h2>Berita terkait</h2><ul><li><a href=/n/8>Dermaga baru</a></li><li><a href=/n/9>Sekjen dilantik</a></li><li><a href=/n/7>Bantuan bagi nelayan</a></li></ul>",
            "",
            "nelayan",
        ),
        (
            "<h3>אולי גם</h3><p><a href=/n/8>נפתח מזח חדש</a></p><p><a href=/n/9>תמיכה בדייגים</a></p><p><a href=/n/5>מנכלית חדשה</a></p>",
            "",
            "דייגים",
        ),
        // Headings that a script opens, and what they open
        ("<div><a href=\"#\">Who pays?</a><div>The port.</div></div>", "Who pays?", "zzz"),
        ("<h3><a href=\"#\">Costs</a></h3><p>The port pays.</p>", "Costs", "zzz"),
        (
            "<ul><li><a href=\"#\">Phase one</a></li><li><a href=\"#\">Phase two</a></li></ul><p>The works begin in March and end when the last of the piles is in.</p>",
            "Phase two",
            "zzz",
        ),
        (
            "<div><p>Who pays?</p><p>The port pays for it all.</p><button>+</button><button>-</button></div>",
            "Who pays?",
            "zzz",
        ),
        // Attachments that a script opens
        (
            "<ul><li><a href=\"javascript:down('1')\">부속서 1 예산.pdf</a></li><li><a href=\"javascript:down('2')\">Annex on staff and pay</a></li></ul>",
            "Annex on staff and pay",
            "zzz",
        ),
        // Pages of the announcement itself
        (
            "<p>The committee took these decisions on Tuesday.</p><ul><li><a href=/n/8>Sheet piling</a></li><li><a href=/n/9>Berths used</a></li><li><a href=/n/7>Costs of work</a></li></ul>",
            "Costs of work",
            "zzz",
        ),
        (
            "<p>The basin is described in three reports:</p><ul><li><a href=/n/8>Sheet piling</a></li><li><a href=/n/9>Berths used</a></li><li><a href=/n/7>Costs of work</a></li></ul>",
            "Costs of work",
            "zzz",
        ),
        (
            "<h2>Annexes</h2><ul><li><a href=/n/8.pdf>Sheet piling</a></li><li><a href=/n/9.pdf>Berths used</a></li><li><a href=/n/7.pdf>Costs of work</a></li></ul>",
            "Costs of work",
            "zzz",
        ),
        (
            "<h2>Laws</h2><ul><li><a href=/law/8>Sheet piling act</a></li><li><a href=/law/9>Berths act</a></li><li><a href=/law/7>Costs of work act</a></li></ul>",
            "Costs of work",
            "zzz",
        ),
    ] {
        let body = format!("<main><h1>North basin closed</h1>{TEXT}{below}</main>");
        let mut entry = bare("North basin closed");
        enrich(&mut entry, &whole("North basin closed", "", &body), Enrich::Page).unwrap();
        if !entry.text.contains("corroded")
            || !entry.text.contains(stays)
            || entry.text.contains(goes)
        {
            wrong.push(format!("{below}\n  gives {}", entry.text));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
