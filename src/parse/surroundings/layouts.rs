//! How sites surround an announcement, by software and language: own writing after real layouts.
//!
//! The separation was tuned on the first half and measured on the second.

/// A text as a source has it.
pub(super) struct Layout {
    /// The software or kind of site, and the language.
    pub(super) name: &'static str,
    /// The HTML of the entry; `{body}` is where the announcement stands.
    pub(super) html: &'static str,
    /// The announcement, as HTML.
    pub(super) body: &'static str,
    /// Words of the announcement that must stay.
    pub(super) stays: &'static [&'static str],
    /// Words that stand only around it.
    pub(super) goes: &'static [&'static str],
}

const ENGLISH: &str = "<p>The minister for ports opened the new pilot station at Carrow on Tuesday.</p>\
<p>It replaces a building of 1931 and serves forty ships a week. The harbour fund paid for the works.</p>";
const ENGLISH_STAYS: &[&str] =
    &["pilot station at Carrow", "forty ships a week", "fund paid for the works"];

const GERMAN: &str = "<p>Die Verkehrsministerin hat am Dienstag die neue Lotsenstation in Karrau eröffnet.</p>\
<p>Sie ersetzt ein Gebäude von 1931 und betreut vierzig Schiffe in der Woche.</p>";
const GERMAN_STAYS: &[&str] = &["Lotsenstation in Karrau", "vierzig Schiffe"];

const FRENCH: &str = "<p>La ministre des ports a inauguré mardi la nouvelle station de pilotage de Carrou.</p>\
<p>Elle remplace un bâtiment de 1931 et accueille quarante navires par semaine.</p>";
const FRENCH_STAYS: &[&str] = &["station de pilotage de Carrou", "quarante navires"];

/// Layouts that the separation was tuned on.
pub(super) const TUNED: &[Layout] = &[
    Layout {
        name: "syndicator, en",
        html: "{body}<p><strong>Original article link:</strong> <a href=\"https://dep.example/news/pilot\">https://dep.example/news/pilot</a></p>\
<h3>Latest News from<br>Harbour Office</h3><div><a href=\"/a\">Talks on fishing with Sri Lanka</a></div><div>02/04/2025 11:05:00</div><div>Officials met in Colombo to discuss the tuna quota.</div>\
<div><a href=\"/b\">Aid for Haiti</a></div><div>01/04/2025 09:15:00</div><div>A ship with medicine has left for Port-au-Prince.</div>\
<div><a href=\"/c\">Earthquake in Myanmar</a></div><div>31/03/2025 16:40:00</div><div>A team of rescuers flew to Mandalay.</div>",
        body: ENGLISH,
        stays: ENGLISH_STAYS,
        goes: &[
            "Sri Lanka",
            "Colombo",
            "Haiti",
            "Port-au-Prince",
            "Myanmar",
            "Mandalay",
            "Original article",
        ],
    },
    Layout {
        name: "WordPress with Jetpack, en",
        html: "{body}<div class=\"sharedaddy sd-sharing-enabled\"><div class=\"robots-nocontent\"><h3 class=\"sd-title\">Share this:</h3><ul><li><a href=\"https://x.example/?share=twitter\">Click to share on Twitter (Opens in new window)</a></li></ul></div></div>\
<div id=\"jp-relatedposts\" class=\"jp-relatedposts\"><h3><em>Related</em></h3><p><a href=\"/1\">Grain deal with Armenia</a></p><p>12 March 2025</p><p>In \"Trade\"</p></div>",
        body: ENGLISH,
        stays: ENGLISH_STAYS,
        goes: &["Armenia", "Twitter", "Trade"],
    },
    Layout {
        name: "WordPress feed footer, en",
        html: "{body}<p>The post <a href=\"https://min.example/n/1\">Pilot station opened</a> appeared first on <a href=\"https://min.example\">Ministry for Georgia and Armenia</a>.</p>",
        body: ENGLISH,
        stays: ENGLISH_STAYS,
        goes: &["Armenia", "appeared first"],
    },
    Layout {
        name: "GSB of the federal authorities, de",
        html: "<div class=\"navigation-breadcrumb\"><a href=\"/\">Startseite</a> &gt; <a href=\"/haiti\">Themen Haiti</a> &gt; Pressemitteilungen</div>{body}\
<h2>Weitere Meldungen</h2><ul><li><a href=\"/m1\">Hilfe für Haiti verlängert</a> 28.03.2025</li><li><a href=\"/m2\">Gespräche mit Sri Lanka</a> 27.03.2025</li></ul>\
<h2>Pressekontakt</h2><p>Telefon: +49 30 555 0101</p><p>E-Mail: presse@armenien.example</p>",
        body: GERMAN,
        stays: GERMAN_STAYS,
        goes: &["Haiti", "Sri Lanka", "armenien", "555 0101"],
    },
    Layout {
        name: "DSFR of the French state, fr",
        html: "{body}<div class=\"fr-share\"><p>Partager la page</p><ul><li><a href=\"https://www.facebook.com/sharer.php?u=x\">Partager sur Facebook</a></li><li><a href=\"mailto:?subject=x&body=y\">Partager par email</a></li></ul></div>\
<section><h3>À lire aussi</h3><ul><li><a href=\"/l1\">Le point sur l'aide au Sri Lanka</a></li><li><a href=\"/l2\">Haïti : nouvelle réunion à Paris</a></li></ul></section>\
<p>Abonnez-vous à notre lettre d'information sur la Birmanie</p>",
        body: FRENCH,
        stays: FRENCH_STAYS,
        goes: &["Sri Lanka", "Haïti", "Birmanie", "Facebook"],
    },
    Layout {
        name: "plain text of a press wire, en",
        html: "The minister for ports opened the new pilot station at Carrow on Tuesday. It replaces a building of 1931 and serves forty ships a week. The harbour fund paid for the works. Original article link: https://dep.example/news/pilot Latest News from Harbour Office Talks with Sri Lanka 02/04/2025 11:05 Officials met in Colombo. Aid for Haiti 01/04/2025 09:15 A ship has left.",
        body: "",
        stays: ENGLISH_STAYS,
        goes: &["Sri Lanka", "Colombo", "Haiti", "dep.example"],
    },
    Layout {
        name: "Drupal block, es",
        html: "{body}<div class=\"block-views\"><h2>Noticias relacionadas</h2><div><span>15/03/2025</span> <a href=\"/n/2\">Ayuda humanitaria para Haití</a></div><div><span>12/03/2025</span> <a href=\"/n/3\">Reunión con Armenia en Madrid</a></div></div>",
        body: "<p>La ministra inauguró el martes la nueva estación de prácticos de Carrú.</p><p>Sustituye a un edificio de 1931 y atiende cuarenta barcos a la semana.</p>",
        stays: &["estación de prácticos", "cuarenta barcos"],
        goes: &["Haití", "Armenia"],
    },
    Layout {
        name: "Liferay, it",
        html: "{body}<h4>Potrebbe interessarti anche</h4><p><a href=\"/1\">Missione in Sri Lanka del sottosegretario</a></p><p><a href=\"/2\">Vertice con l'Armenia</a></p><h4>Condividi</h4><p><a href=\"https://twitter.com/intent/tweet?u=x\">Twitter</a> <a href=\"https://wa.me/?text=x\">WhatsApp</a></p>",
        body: "<p>La ministra ha inaugurato martedì la nuova stazione dei piloti di Carrù.</p><p>Sostituisce un edificio del 1931 e serve quaranta navi alla settimana.</p>",
        stays: &["stazione dei piloti", "quaranta navi"],
        goes: &["Sri Lanka", "Armenia", "WhatsApp"],
    },
    Layout {
        name: "gov.pl, pl",
        html: "{body}<h3>Zobacz także</h3><ul><li><a href=\"/w/1\">Pomoc dla Haiti dotarła na miejsce</a></li><li><a href=\"/w/2\">Wizyta delegacji z Armenii</a></li></ul>",
        body: "<p>Minister otworzył we wtorek nową stację pilotów w Karowie.</p><p>Zastępuje ona budynek z 1931 roku i obsługuje czterdzieści statków tygodniowo.</p>",
        stays: &["stację pilotów", "czterdzieści statków"],
        goes: &["Haiti", "Armenii"],
    },
    Layout {
        name: "sidebar before the text, en",
        html: "<div class=\"sidebar\"><h3>Latest press releases</h3><ul><li><a href=\"/1\">Sanctions on Myanmar extended</a></li><li><a href=\"/2\">Visit of the president of Armenia</a></li></ul></div><h2>Pilot station opened</h2>{body}",
        body: ENGLISH,
        stays: ENGLISH_STAYS,
        goes: &["Myanmar", "Armenia"],
    },
    Layout {
        name: "newsletter software, en",
        html: "<p>You are reading the weekly bulletin.</p>{body}<p><strong>Subscribe to our Haiti newsletter</strong></p><p>We use cookies to improve your experience of our Sri Lanka pages. <a href=\"/c\">Accept</a></p>",
        body: ENGLISH,
        stays: ENGLISH_STAYS,
        goes: &["Haiti", "Sri Lanka"],
    },
    Layout {
        name: "links to other entries under an unknown heading, tlh",
        html: "{body}<h3>bom De'mey chu'</h3><ul><li><a href=\"https://min.example/n/2\">Second notice about Haiti ships</a></li><li><a href=\"https://min.example/n/3\">Third notice about Armenia ships</a></li></ul>",
        body: ENGLISH,
        stays: ENGLISH_STAYS,
        goes: &["Haiti", "Armenia", "De'mey"],
    },
    Layout {
        name: "run of dated links without a heading, en",
        html: "{body}<hr><p><a href=\"/9\">Envoy visits Sri Lanka for talks</a><br>3 April 2025</p><p><a href=\"/8\">Statement on the crisis in Haiti</a><br>2 April 2025</p><p><a href=\"/7\">Support after the Myanmar earthquake</a><br>1 April 2025</p>",
        body: ENGLISH,
        stays: ENGLISH_STAYS,
        goes: &["Sri Lanka", "Haiti", "Myanmar"],
    },
    Layout {
        name: "SharePoint, bs",
        html: "{body}<div><b>Najnovije vijesti</b></div><div><a href=\"/1\">Razgovori sa Armenijom o trgovini</a></div><div>28.3.2025.</div><div><a href=\"/2\">Pomoć za Haiti</a></div><div>27.3.2025.</div>",
        body: "<p>Ministar je u utorak otvorio novu pilotsku stanicu u Karovu.</p><p>Ona zamjenjuje zgradu iz 1931. godine i prima četrdeset brodova sedmično.</p>",
        stays: &["pilotsku stanicu", "četrdeset brodova"],
        goes: &["Armenijom", "Haiti"],
    },
    Layout {
        name: "inline box in the middle of the text, nl",
        html: "<p>De minister opende dinsdag het nieuwe loodsstation in Karou.</p><p><strong>Lees ook:</strong> <a href=\"/1\">Noodhulp voor Haïti</a></p><p>Het vervangt een gebouw uit 1931 en bedient veertig schepen per week.</p>",
        body: "",
        stays: &["loodsstation", "veertig schepen"],
        goes: &["Haïti"],
    },
];

/// Layouts that the separation was measured on.
pub(super) const HELD_OUT: &[Layout] = &[
    Layout {
        name: "syndicator of press releases, German, de",
        html: "{body}<p>Originalmeldung: <a href=\"https://amt.example/meldung/7\">https://amt.example/meldung/7</a></p><p><b>Aktuelle Meldungen der Behörde</b></p><p><a href=\"/1\">Neue Hilfen für Sri Lanka</a> (28.03.2025)</p><p><a href=\"/2\">Lage in Haiti</a> (27.03.2025)</p>",
        body: GERMAN,
        stays: GERMAN_STAYS,
        goes: &["Sri Lanka", "Haiti", "amt.example"],
    },
    Layout {
        name: "Joomla, hu",
        html: "{body}<h3>Kapcsolódó hírek</h3><ul><li><a href=\"/1\">Segély érkezett Haitire</a></li><li><a href=\"/2\">Tárgyalások Örményországgal</a></li></ul>",
        body: "<p>A miniszter kedden átadta az új révkalauz-állomást Karóban.</p><p>Az épület egy 1931-ben épült házat vált fel, és hetente negyven hajót szolgál ki.</p>",
        stays: &["révkalauz-állomást", "negyven hajót"],
        goes: &["Haitire", "Örményországgal"],
    },
    Layout {
        name: "Greek ministry, el",
        html: "{body}<h4>Διαβάστε επίσης</h4><p><a href=\"/1\">Βοήθεια προς την Αϊτή</a></p><p><a href=\"/2\">Επίσκεψη στην Αρμενία</a></p>",
        body: "<p>Η υπουργός εγκαινίασε την Τρίτη τον νέο πλοηγικό σταθμό στο Κάρο.</p><p>Αντικαθιστά κτίριο του 1931 και εξυπηρετεί σαράντα πλοία την εβδομάδα.</p>",
        stays: &["πλοηγικό σταθμό", "σαράντα πλοία"],
        goes: &["Αϊτή", "Αρμενία"],
    },
    Layout {
        name: "Ghost blog with a card, en",
        html: "{body}<div class=\"kg-card kg-signup-card newsletter-signup\"><h3>Sign up for updates on Haiti</h3><p>No spam. Unsubscribe anytime.</p></div><aside class=\"read-more-wrap\"><h3>Read more</h3><ul><li><a href=\"/m\">How the Myanmar desk works</a></li></ul></aside>",
        body: ENGLISH,
        stays: ENGLISH_STAYS,
        goes: &["Haiti", "Myanmar"],
    },
    Layout {
        name: "Ukrainian ministry, uk",
        html: "{body}<p><strong>Читайте також:</strong></p><ul><li><a href=\"/1\">Допомога для Гаїті</a></li><li><a href=\"/2\">Переговори з Вірменією</a></li></ul>",
        body: "<p>Міністр у вівторок відкрив нову лоцманську станцію в Карові.</p><p>Вона замінює будівлю 1931 року й обслуговує сорок суден на тиждень.</p>",
        stays: &["лоцманську станцію", "сорок суден"],
        goes: &["Гаїті", "Вірменією"],
    },
    Layout {
        name: "Plone, teasers with sentences, en",
        html: "{body}<section class=\"portlet\"><header>More news</header><h4><a href=\"/1\">Fisheries talks in Colombo</a></h4><p>Delegations from Sri Lanka and the Maldives met on Monday.</p><h4><a href=\"/2\">Relief flight to Port-au-Prince</a></h4><p>The aircraft carries tents for Haiti.</p></section>",
        body: ENGLISH,
        stays: ENGLISH_STAYS,
        goes: &["Colombo", "Sri Lanka", "Haiti", "Port-au-Prince"],
    },
    Layout {
        name: "Swedish agency, sv",
        html: "{body}<p>Dela på <a href=\"https://www.facebook.com/sharer/sharer.php?u=x\">Facebook</a> <a href=\"https://www.linkedin.com/sharing/share-offsite/?url=x\">LinkedIn</a></p><h2>Fler nyheter</h2><ul><li>2025-03-28 <a href=\"/1\">Stöd till Haiti</a></li><li>2025-03-27 <a href=\"/2\">Möte om Armenien</a></li></ul>",
        body: "<p>Ministern invigde i tisdags den nya lotsstationen i Karov.</p><p>Den ersätter en byggnad från 1931 och betjänar fyrtio fartyg i veckan.</p>",
        stays: &["lotsstationen", "fyrtio fartyg"],
        goes: &["Haiti", "Armenien", "LinkedIn"],
    },
    Layout {
        name: "Albanian ministry, sq",
        html: "{body}<h3>Lajme të tjera</h3><div><a href=\"/1\">Ndihmë për Haitin</a></div><div><a href=\"/2\">Takim me delegacionin e Armenisë</a></div>",
        body: "<p>Ministrja përuroi të martën stacionin e ri të pilotëve në Karrou.</p><p>Ai zëvendëson një ndërtesë të vitit 1931 dhe u shërben dyzet anijeve në javë.</p>",
        stays: &["stacionin e ri", "dyzet anijeve"],
        goes: &["Haitin", "Armenisë"],
    },
    Layout {
        name: "text with lines, no markup but breaks, en",
        html: "The minister for ports opened the new pilot station at Carrow on Tuesday.<br><br>It replaces a building of 1931 and serves forty ships a week. The harbour fund paid for the works.<br><br>Original article link: https://dep.example/news/pilot<br><br>Latest News from Harbour Office<br>Talks with Sri Lanka<br>02/04/2025 11:05<br>Officials met in Colombo to discuss tuna.<br>Aid for Haiti<br>01/04/2025 09:15<br>A ship has left for Port-au-Prince.",
        body: "",
        stays: ENGLISH_STAYS,
        goes: &["Sri Lanka", "Colombo", "Haiti", "dep.example"],
    },
    Layout {
        name: "Portuguese portal, pt",
        html: "{body}<p class=\"tags\"></p><div class=\"relacionadas\"><h3>Leia também</h3><ul><li><a href=\"/1\">Missão ao Haiti é prorrogada</a></li><li><a href=\"/2\">Acordo com a Armênia</a></li></ul></div><p><a href=\"#topo\">Voltar ao topo</a></p>",
        body: "<p>A ministra inaugurou na terça-feira a nova estação de praticagem de Carrú.</p><p>Ela substitui um prédio de 1931 e atende quarenta navios por semana.</p>",
        stays: &["estação de praticagem", "quarenta navios"],
        goes: &["Haiti", "Armênia"],
    },
    Layout {
        name: "Japanese ministry, ja",
        html: "{body}<h3>関連リンク</h3><ul><li><a href=\"/1\">ハイチへの緊急援助</a></li><li><a href=\"/2\">スリランカとの会談</a></li></ul>",
        body: "<p>港湾大臣は火曜日、カロウに新しい水先案内所を開設しました。</p><p>1931年の建物に代わるもので、週に四十隻の船を支えます。</p>",
        stays: &["水先案内所", "四十隻"],
        goes: &["ハイチ", "スリランカ"],
    },
    Layout {
        name: "Arabic ministry, ar",
        html: "{body}<h3>أخبار ذات صلة</h3><ul><li><a href=\"/1\">مساعدات إلى هايتي</a></li><li><a href=\"/2\">محادثات مع أرمينيا</a></li></ul>",
        body: "<p>افتتحت الوزيرة يوم الثلاثاء محطة الإرشاد الجديدة في كارو.</p><p>وهي تحل محل مبنى من عام 1931 وتخدم أربعين سفينة في الأسبوع.</p>",
        stays: &["محطة الإرشاد", "أربعين سفينة"],
        goes: &["هايتي", "أرمينيا"],
    },
    Layout {
        name: "city portal with a press office, en",
        html: "{body}<h4>Media contact</h4><p>Armenia desk, press office</p><p>Tel: 020 7946 0123</p><h4>You may also like</h4><p><a href=\"/1\">Haiti: what we do</a></p><p>Posted in <a href=\"/c/1\">Ports</a></p>",
        body: ENGLISH,
        stays: ENGLISH_STAYS,
        goes: &["Armenia", "Haiti"],
    },
    Layout {
        name: "Czech ministry, cs",
        html: "{body}<div class=\"box\"><h3>Související články</h3><p>28. března 2025 <a href=\"/1\">Pomoc pro Haiti</a></p><p>27. března 2025 <a href=\"/2\">Jednání s Arménií</a></p></div><div class=\"cookie-bar\">Tento web používá cookies pro stránky o Srí Lance. Souhlasím</div>",
        body: "<p>Ministr v úterý otevřel novou lodivodskou stanici v Karově.</p><p>Nahrazuje budovu z roku 1931 a obslouží čtyřicet lodí týdně.</p>",
        stays: &["lodivodskou stanici", "čtyřicet lodí"],
        goes: &["Haiti", "Arménií", "Srí Lance"],
    },
    Layout {
        name: "Danish agency, plain links, da",
        html: "{body}<p>Læs også</p><p><a href=\"/1\">Hjælp til Haiti</a></p><p><a href=\"/2\">Besøg fra Armenien</a></p><p>Følg os på <a href=\"https://www.linkedin.com/company/x\">LinkedIn</a></p>",
        body: "<p>Ministeren åbnede tirsdag den nye lodsstation i Karou.</p><p>Den afløser en bygning fra 1931 og betjener fyrre skibe om ugen.</p>",
        stays: &["lodsstation", "fyrre skibe"],
        goes: &["Haiti", "Armenien"],
    },
];
