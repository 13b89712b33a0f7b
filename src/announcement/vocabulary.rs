//! Words that sites put over what surrounds an announcement, in the languages of the sources.

use std::sync::LazyLock;

use regex::{Regex, RegexSet};

/// The kind of section that a heading begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Heading {
    /// Other announcements: latest, related, most read.
    Others,
    /// Words that announce others, or begin a sentence: "More about …". Links must show it.
    PerhapsOthers,
    /// Events: those of the announcement, or of others, which are links then.
    Events,
    Sharing,
    Newsletter,
    Cookies,
    Contact,
    /// Notes to editors, background, documents: part of the announcement.
    Facts,
}

/// The longest heading, in bytes and in words.
const LONGEST: usize = 120;
const MOST_WORDS: usize = 10;

/// The kind of heading that a line is, if it is a known one.
pub(super) fn heading(line: &str) -> Option<Heading> {
    let line = bare(line);
    if line.is_empty() || line.len() > LONGEST || line.split_whitespace().count() > MOST_WORDS {
        return None;
    }
    let mut lower = line.to_lowercase();
    // The Turkish capital with its dot becomes two characters.
    lower.retain(|c| c != '\u{307}');
    if !COARSE.is_match(&lower) {
        return None;
    }
    let first = PATTERNS.matches(&lower).into_iter().next()?;
    let kind =
        KINDS.iter().flat_map(|(kind, patterns)| patterns.iter().map(|_| *kind)).nth(first)?;
    // "More than 500" is a quantity.
    let is_quantity = || lower.split_whitespace().skip(1).take(2).any(is_number);
    (kind != Heading::PerhapsOthers || !is_quantity()).then_some(kind)
}

/// Whether a word is a number, or a round one in words.
fn is_number(word: &str) -> bool {
    const ROUND: &[&str] = &[
        "mil", "mille", "mila", "cien", "cent", "cento", "duizend", "tusen", "tausend", "millions",
        "millones", "milhões", "million", "millón",
    ];
    word.starts_with(char::is_numeric) || ROUND.contains(&word)
}

/// Whether a line is a heading in closed words, with nothing behind them that may be of a sentence.
pub(super) fn is_closed_heading(line: &str) -> bool {
    let line = bare(line);
    line.len() <= LONGEST && CLOSED.is_match(&line.to_lowercase())
}

/// A heading without the marks around it.
fn bare(line: &str) -> &str {
    line.trim_matches(|c: char| {
        c.is_whitespace()
            || matches!(
                c,
                ':' | '：'
                    | '.'
                    | '…'
                    | '!'
                    | '«'
                    | '»'
                    | '‹'
                    | '›'
                    | '<'
                    | '>'
                    | '|'
                    | '-'
                    | '–'
                    | '—'
                    | '*'
                    | '•'
                    | '#'
                    | '+'
                    | '←'
                    | '→'
                    | '◀'
                    | '▶'
                    | '◄'
                    | '►'
                    | '❮'
                    | '❯'
            )
    })
}

/// Words with which a list of other announcements begins in the middle of a line, where a site's
/// text has lost its line ends.
pub(super) static INLINE_OTHERS: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(
        r"(?x)(?:
          Latest\ (?:News|news|releases|press\ releases|announcements)(?:\ from\b|\s*:)
        | (?:Related|More|Other|Recent)\ (?:[Nn]ews|[Aa]rticles|[Ss]tories|[Rr]eleases|[Pp]ress\ releases)(?:\ from\b|\s*:)
        | You\ (?:may|might)\ also\ (?:like|be\ interested\ in)
        | Weitere\ (?:Meldungen|Nachrichten|Pressemitteilungen)\s*:
        | Derni[eè]res\ actualit[eé]s
        | [UÚ]ltimas\ [Nn]oticias
        | Ultime\ notizie
        )",
    )
    .expect("a fixed pattern")
});

/// The verbs on buttons beside the names of networks.
pub(super) static BUTTON: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(
        r"(?ix)^(?: (?:share|tweet|post|send|print|copy|e-?mail|follow|like|pin|save|teilen|drucken|partager|imprimer|compartir|imprimir|condividi|stampa|udostępnij|drukuj|delen|dela|del|сподели|поделиться)
        | (?:on|to|by|via|auf|sur|en|su|op|på|w|this|page|link|us|in|the|per)
        | flipboard | pocket | rss | feed | pdf
        | [|/·•,+&-]+ )$",
    )
    .expect("a fixed pattern")
});

/// The names of networks for sharing, in the scripts of the sources.
pub(super) static NETWORK: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(
        r"(?ix)^(?: facebook | twitter | x | linkedin | whats-?app | telegram | reddit | pinterest | instagram | youtube | mastodon | bluesky | threads | tumblr | xing | viber | vkontakte | vk | messenger | wechat | weibo
        | фейсбук | твиттер | твітер | вконтакте | одноклассники | телеграм | вайбер | ватсап | فيسبوك | تويتر | واتساب | تيليجرام | إكس | פייסבוק | טוויטר | וואטסאפ | טלגרם
        | 微信 | 微博 | 新浪微博 | qq空间 | qq | 豆瓣 | フェイスブック | ツイッター | 페이스북 | 트위터 | 카카오톡 | 밴드 )$",
    )
    .expect("a fixed pattern")
});

/// The label of a link to the front page.
pub(super) static HOME: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(
        r"(?ix)^(?: home(?:page)? | start(?:seite|sida)? | accueil | inicio | início | strona\ główna | главная | головна | начало | насловна | почетна | αρχική | ana\ ?sayfa | domů | úvod | domov | kezdőlap | főoldal | acasă | početna
        | naslovn(?:a|ica) | kryefaqja | ballina | pradžia | sākums | avaleht | etusivu | hem | forside | hjem | baile | hafan | الرئيسية | דף\ הבית | ראשי | خانه | صفحه\ اصلی | 首页 | 首頁 | ホーム | トップ(?:ページ)? | 홈 | หน้าแรก | trang\ chủ | beranda )$",
    )
    .expect("a fixed pattern")
});

/// A statement of rights.
pub(super) static RIGHTS: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(
        r"(?ix) © | \bcopyright\ (?:\(c\)\ )?\d{4} | \ball\ rights\ reserved\b | rechte\ vorbehalten | droits\ réservés | derechos\ reservados | direitos\ reservados | diritti\ riservati | rechten\ voorbehouden
        | prawa\ zastrzeżone | práva\ vyhrazena | rättigheter\ förbehållna | права\ (?:защищены|захищені|запазени|задржана) | hakları\ saklıdır | drepturile\ rezervate | παντός\ δικαιώματος | sva\ prava\ pridržana
        | الحقوق\ محفوظة | הזכויות\ שמורות | 版权所有 | 版權所有",
    )
    .expect("a fixed pattern")
});

/// A sentence of the site about its own cookies: "this site", where a sentence begins.
pub(super) static THIS_SITE_COOKIES: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(
        r"(?ix) (?: ^ | [.!?:] ) \W* (?:
          (?:this|our)\ (?:web)?(?:site|page|service)\ (?:uses|use|may\ use)\b .{0,40} \bcookies
        | (?:diese|unsere)\ (?:internet|web)?(?:seite|site|website)\ (?:verwendet|nutzt)\b .{0,40} \bcookies
        | ce\ site\ (?:utilise|d[ée]pose)\b .{0,40} \bcookies
        | (?:este|esta|nuestro|nuestra)\ (?:s[ií]tio|site|web|p[áa]gina)\ (?:web\ )?(?:utiliza|usa)\b .{0,40} \bcookies
        | (?:questo|il\ nostro)\ sito\ (?:web\ )?(?:utilizza|usa)\b .{0,40} \bcookie
        | (?:deze|onze)\ (?:web)?site\ gebruikt\b .{0,40} \bcookies
        | (?:ta|nasza)\ (?:strona|witryna)\b .{0,30} (?:cookie|ciastecz)
        | (?:tento\ web|tyto\ stránky|táto\ stránka)\b .{0,30} cookie
        | (?:den\ här|vår|denne|dette|vores|tämä)\ (?:webbplats(?:en)?|hjemmeside(?:n)?|nettsted(?:et)?|sivusto)\b .{0,40} (?:cookies|kakor|informasjonskapsler|evästeitä) )",
    )
    .expect("a fixed pattern")
});

/// A sentence of the site about its own cookies: "we use".
pub(super) static WE_USE_COOKIES: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(
        r"(?ix)
          \bwe\ (?:\w+\ )?use\ (?:\w+\ ){0,3}cookies
        | (?:verwenden\ wir|wir\ verwenden|wir\ nutzen)\b .{0,40} \bcookies
        | \b(?:nous\ utilisons|utilizamos|usamos)\b .{0,40} \bcookies
        | \b(?:utilizziamo|usiamo)\b .{0,40} \bcookie
        | \bby\ (?:continuing|using)\b .{0,60} \b(?:agree|accept|consent)\b .{0,40} \bcookies
        | \bcookies\ help\ us\ (?:deliver|improve|provide) | \bwir\ setzen\b .{0,60} \bcookies\ ein
        | \bwij\ gebruiken\b .{0,40} \bcookies
        | \b(?:vi\ (?:använder|bruger|bruker)|käytämme)\b .{0,40} (?:cookies|kakor|informasjonskapsler|evästeitä)",
    )
    .expect("a fixed pattern")
});

/// The label of a button about cookies.
pub(super) static COOKIE_BUTTON: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(
        r"(?ix)^\W* (?:
          (?:(?:manage|change|view|see|read|our|your|my)\ )* cookies?\ (?:settings|policy|preferences|notice|statement|consent)
        | (?:accept|reject|manage|allow|decline|refuse)\ (?:(?:all|optional|additional|necessary|only|essential)\ )* cookies
        | cookie[-\ ]?(?:einstellungen|richtlinien?|hinweise?) | (?:alle\ )?cookies\ (?:akzeptieren|ablehnen|zulassen|verwalten) | cookies\ zustimmen
        | (?:param[eè]tres|politique|gestion)\ (?:des|de)\ cookies | g[eé]rer\ (?:les\ )?cookies | (?:accepter|refuser)\ (?:tous\ )?(?:les\ )?cookies
        | (?:pol[ií]tica|ajustes|preferencias|configuraci[oó]n|configuraç[aã]o|aviso)\ de\ cookies | (?:aceptar|aceitar|rechazar|recusar)\ (?:todas\ |todos\ )?(?:las\ |los\ |os\ )?cookies
        | (?:impostazioni|informativa|preferenze)\ (?:sui\ |dei\ |estesa\ )?cookie | (?:accetta|rifiuta)\ (?:tutti\ )?(?:i\ )?cookie
        | (?:ustawienia|polityka)\ (?:plików\ )?cookies | cookie-?(?:instellingen|beleid|verklaring)
        ) \W*$",
    )
    .expect("a fixed pattern")
});

/// A line that offers a newsletter or alerts of the site.
pub(super) static NEWSLETTER: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(
        r"(?ix)
          ^(?:please\ |you\ can\ )?(?:subscribe|sign\ up)\b .{0,60} \b(?:newsletters?|mailing\ list|inbox|e-?mail\ (?:alerts?|updates|bulletins?))
        | ^(?:please\ |you\ can\ )?(?:subscribe|sign\ up)\b .{0,30} \bour\b .{0,40} \b(?:alerts?|updates|bulletins?)
        | ^(?:subscribe|sign\ up)\ (?:to|for) (?:\ (?:free|news|weekly|daily|monthly|the|latest))* \ (?:alerts|updates|bulletins?)
        | ^(?:please\ )?(?:register|join)\b .{0,40} \b(?:newsletter|mailing\ list)
        | ^(?:get|receive)\b .{0,40} \b(?:newsletter|alerts|updates|bulletin)\b .{0,60} (?:inbox|e-?mail)
        | ^.{0,30} newsletter\b .{0,40} (?:abonnieren|bestellen|anmelden|abonnez|inscri|suscr[ií]b|iscriv|subscrev|zapisz|subskryb|aanmelden|prenumerera|tilmeld|odebírat|feliratkoz|abonați)
        | ^(?:recevoir|recevez|recibir|reciba|recibe|receba|ricevi|ricevete|erhalten\ sie|ontvang|otrzymuj|otrzymaj|få|modtag|motta)\b .{0,60}
          \b(?:newsletter|(?:notre|nos)\ (?:lettres?|alertes?)|lettre\ d['’]information|infolettre|(?:nuestro|nosso)\ bolet[ií][nm]|bolet[ií][nm]\ (?:informativo|de\ not[ií]cias|electr[oó]nico|semanal|mensual|mensal)|bollettino|nieuwsbrief|nyhets?brev|nyhedsbrev|biuletyn)
        | ^(?:abonnieren|bestellen|abonnez-vous|inscrivez-vous|suscr[ií]base|suscr[ií]bete|iscriviti|iscrivetevi|subscreva|zapisz\ się|schrijf\ u\ in|prenumerera|tilmeld|abonați-vă|prijavite\ se|abonohuni)\b .{0,80}
          (?:newsletter|lettre\ d['’]information|(?:notre|nos)\ (?:lettre|alerte)|infolettre|bolet[ií]n|bollettino|alert|nieuwsbrief|nyhets?brev|biuletyn|buletin)",
    )
    .expect("a fixed pattern")
});

/// Headings over documents and acts as often as over other announcements.
pub(super) static SEE_ALSO: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(
        r"(?i)^\W*(?:see also|related (?:links?|pages|information|entries|items)|関連情報)\W*$",
    )
    .expect("a fixed pattern")
});

/// Verbs of sentences that report: an offer speaks to the reader.
pub(super) static REPORTS: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?i)\b(?:was|were|had|has been|have been|will be|must|could|wurden?|war(?:en)?|était|étaient|fue(?:ron)?|foi|foram|era|erano|werd(?:en)?|blev|zosta\w+)\b")
        .expect("a fixed pattern")
});

/// Words that name the newsletter or the list of the site itself.
pub(super) static OWN_NEWSLETTER: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(
        r"(?i)\b(?:our|newsletters?|mailing list|inbox|lettre|infolettre|notre|nos|bolet[ií][nm]|bollettino|nieuwsbrief|nyhets?brev|nyhedsbrev|biuletyn|buletin|unsere?n?)\b",
    )
    .expect("a fixed pattern")
});

/// The label of a button with which readers subscribe.
pub(super) static SIGN_UP: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(
        r"(?ix)^\W* (?: (?:subscribe|sign\ (?:me\ )?up|register|join)\b | (?:jetzt\ |hier\ |zur\ )?(?:anmeld|abonnier|bestell) | (?:s['’]|je\ m['’]|m['’])?(?:abonner|abonne\b|inscrire|inscris\b) | abonnez | inscrivez
        | suscr[ií]b | inscr[ií]b | iscri(?:v|zion) | abbonati | subscrev | assin(?:e|ar)\b | zapisz | subskryb | aanmelden | inschrijven | abonneren | prenumerera | anmäl | tilmeld | abonn?er\b | aboneaz | abonați
        | prijav | naroč | feliratkoz | odebírat | přihlásit | prihlásiť | подпис | підпис | претплат | абонира | εγγραφ | abone\ ol ) .{0,40}$",
    )
    .expect("a fixed pattern")
});

/// The words before links to the profiles of the publisher.
pub(super) static FOLLOW_US: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(
        r"(?ix)^\W* (?: (?:you\ can\ )?(?:also\ )?(?:follow|find|like|connect\ with)\ us | (?:folgen|besuchen)\ sie\ uns | suivez[-\ ]nous | s[ií]guenos | siga-nos | seguici
        | volg\ ons | obserwuj\ nas | følg\ oss? | följ\ oss | seuraa\ meitä | sledujte\ nás | urmăriți-ne | pratite\ nas | zapratite\ nas | следвайте\ ни | следете\ нè | ακολουθήστε\ μας | bizi\ takip\ edin ) \b .{0,40} $",
    )
    .expect("a fixed pattern")
});

/// A line that WordPress appends: where the text was first published, with a link back.
pub(super) static FIRST_ON: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(
        r"(?ix) appeared\ first\ on | erschien\ zuerst\ auf | est\ apparu\ en\ premier\ sur | aparece\ primero\ en | (?:se\ )?public[oó]\ primero\ en | apareceu\ primeiro\ em
        | sembra\ essere\ il\ primo\ su | verscheen\ eerst\ op | pochodzi\ z\ serwisu | dök\ först\ upp\ på | blev\ først\ vist\ på | pojavio\ se\ prvi\ put\ na",
    )
    .expect("a fixed pattern")
});

/// The same in words that say other things as well.
pub(super) static APPEARED_ON: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"(?i)appeared on|proviene da").expect("a fixed pattern"));

/// The label of a link back to the announcement itself.
pub(super) static READ_ON: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(
        r"(?ix)^\W* (?: (?:read|see|find\ out|learn|view) \ (?:more|on|full|the\ full|the\ rest)\b (?: \ (?:about|on|of|here|at|in|from|the|this|story|article|text|release|press|news|statement|report|announcement|post)\b .{0,40} | \ ?[^\w\s] .{0,40} )? | continue\ reading .{0,80} | keep\ reading | more | details?
        | weiterlesen .{0,40} | mehr(?:\ (?:lesen|erfahren))? | lire\ (?:la\ suite|plus) .{0,40} | en\ savoir\ plus | leer\ m[aá]s | seguir\ leyendo .{0,40} | ver\ m[aá]s
        | leggi\ (?:tutto|di\ pi[uù]|l'articolo.{0,20}) | continua\ a\ leggere .{0,40} | ler\ mais | lees\ (?:meer|verder) | czytaj\ (?:więcej|dalej) | l[äæ]s\ (?:mer|mere|hele.{0,20}) | les\ mer | lue\ lisää
        | opširnije | više | celý\ článok | číst\ (?:více|dál) | citește\ mai\ (?:mult|departe) | tovább | виж\ още | подробнее | читати\ далі | lexo\ më\ shumë ) \W*$",
    )
    .expect("a fixed pattern")
});

/// Links for finding the way on a page.
pub(super) static WAYS: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(
        r"(?ix)^\W* (?: (?:back|return|skip|jump)\ to\ (?:the\ )?(?:top|content|main\ content|news|overview|list|home(?:page)?|start) (?:\ (?:page|list|index|overview|of\ (?:the\ )?page))?
        | (?:previous|next|older|newer) (?:\ (?:article|post|page|story|release|item))? | home(?:page)? | top(?:\ of\ page)? | print\ (?:this\ )?(?:page|article|version)
        | zurück (?:\ (?:zur|zum)\ (?:(?:gesamt|nachrichten|meldungs|news)?(?:übersicht|liste)|start(?:seite)?|seitenanfang|anfang|homepage|suche|ergebnisliste))? | nach\ oben | seitenanfang | seite\ drucken | startseite
        | accueil | (?:retour\ (?:en\ )?)?haut\ (?:de\ (?:la\ )?)?page | retour (?:\ (?:à|au|aux)\ (?:la\ |l['’])?(?:liste|accueil|haut|sommaire|page|actualités|actus|rubrique|résultats|communiqués|début).{0,20})?
        | volver (?:\ (?:atrás|arriba|al?\ (?:la\ )?(?:inicio|listado|lista|portada|página|principio|noticias|índice).{0,15}))? | inicio
        | torna\ (?:su|indietro|in\ alto|all['’](?:inizio|elenco|indice)|all[ae]\ (?:home|lista|pagina|notizie|homepage)|ai\ (?:risultati|comunicati)) | naar\ boven | do\ góry | tillbaka | till\ toppen ) \W*$",
    )
    .expect("a fixed pattern")
});

/// Whether a label names the publisher of a text, as "Source" does.
pub(super) fn names_origin(label: &str) -> bool {
    const LABELS: &str = "source|published by|issued by|released by|from|author|press release from|copyright|\
        quelle|herausgeber|verfasser|autor|auteur|éditeur|fuente|autoría|fonte|bron|källa|kilde|\
        lähde|źródło|zdroj|forrás|sursa|izvor|vir|burimi|извор|източник|источник|джерело|πηγή|\
        kaynak|المصدر|来源|出典";
    let label = label.trim().to_lowercase();
    !label.is_empty() && LABELS.split('|').any(|known| known == label)
}

/// The kinds of headings. The first that matches counts.
const KINDS: [(Heading, &[&str]); 8] = [
    (Heading::Facts, FACTS),
    (
        Heading::Cookies,
        &[r"cookies?( \w+)?", r"(use of|about|utilisation des|uso de|uso dei) cookies?"],
    ),
    (Heading::Newsletter, NEWSLETTERS),
    (Heading::Sharing, SHARING),
    (Heading::Contact, CONTACT),
    (Heading::Events, EVENTS),
    (Heading::PerhapsOthers, PERHAPS_OTHERS),
    (Heading::Others, OTHERS),
];

/// The patterns of all kinds, in order.
static PATTERNS: LazyLock<RegexSet> = LazyLock::new(|| whole_lines(str::to_owned));

/// The same without counts and classes. All that a pattern matches its coarse form matches as
/// well, and these are small enough for a fast engine.
static COARSE: LazyLock<RegexSet> = LazyLock::new(|| {
    let count = Regex::new(r"\.\{\d+,\d+\}").expect("a fixed pattern");
    whole_lines(|pattern| {
        let plain = pattern.replace(r"\W", ".").replace(r"\w+", ".+");
        count.replace_all(&plain, ".*").into_owned()
    })
});

/// The patterns of all kinds without the parts that match any words.
static CLOSED: LazyLock<RegexSet> = LazyLock::new(|| {
    let open =
        Regex::new(r"\((?: |\\W)\.\{\d+,\d+\}\)\?| ?\.\{\d+,\d+\}").expect("a fixed pattern");
    whole_lines(|pattern| open.replace_all(pattern, "").into_owned())
});

fn whole_lines(written: impl Fn(&str) -> String) -> RegexSet {
    let patterns = KINDS.iter().flat_map(|(_, patterns)| *patterns);
    let whole = patterns.map(|pattern| format!("^(?:{})$", written(pattern)));
    RegexSet::new(whole).expect("fixed patterns")
}

const FACTS: &[&str] = &[
    r"(important )?notes?( (to|for) (the )?(editors?|journalists|media|press|reporters))?",
    r"(editors?['’]?s?|media) notes?",
    r"background( (information|notes?|briefing))?( for (editors|journalists))?",
    r"further (information|details|notes)|additional information|more information|more details",
    r"more (information|details|facts) (about|on) .{1,60}|plus d['’e] ?(infos?|informations?|détails|renseignements)( .{1,40})?|más detalles|mais (informações|detalhes)|mehr (informationen|einzelheiten)",
    r"(key|quick|fast|background) facts|factsheet|at a glance|definitions?|methodology|timeline|next steps",
    r"(related |supporting |accompanying |attached |background )?(documents?|publications?|downloads?|attachments?|annex(es)?|data|tables|guidance|legislation|statistics|materials?)",
    r"(zum )?hintergrund(informationen?)?|anmerkungen? (an die redaktion|für die redaktion)|hinweise?( (an|für) (die )?redaktion(en)?)?|weitere informationen|weiterführende informationen|(dokumente|downloads?|anlagen?|anhang|materialien)( zum (thema|download))?",
    r"notes? (aux|à l['’]attention des) (rédacteurs|rédactions?|journalistes)|note à la rédaction|contexte|rappel|pour mémoire|informations? complémentaires?|pour en savoir plus|(documents?|pièces? jointes?|annexes?|télécharger)( (joints?|associés?|à télécharger))?",
    r"notas? (para|a) (los )?(editores|redactores|periodistas)|notas? a la redacción|antecedentes|contexto|más información|información adicional|(documentos?|anexos?|descargas?)( (adjuntos?|relacionados?))?",
    r"note? (per|ai|alla) (la )?(redazione|redattori|stampa|giornalisti)|contesto|per saperne di più|ulteriori informazioni|(documenti|allegati)( correlati)?",
    r"achtergrond(informatie)?|noot voor de redactie|meer informatie|documenten|bijlagen?",
    r"tło|informacje dla (redakcji|mediów)|więcej informacji|dokumenty|załączniki|materiały",
    r"bakgrund|baggrund|bakgrunn|tausta(a)?|fakta|lisätietoja|yderligere (oplysninger|information)|mer information|mer informasjon|liitteet|bilag(or|a)?|vedlegg",
    r"pozadí|poznámky? (pro editory|k editaci)|více informací|viac informácií|dokumenty|přílohy|prílohy|háttér|további információ|dokumentumok|context|informații suplimentare|documente|anexe",
    r"dodatne informacije|više informacija|dokumenti|prilozi|priloge|ozadje|pozadina|të dhëna|informacion shtesë|dokumente|документи|фон|допълнителна информация|справка|справочно|документы|довідка|додаткова інформація|ιστορικό|σημειώσεις?|περισσότερες πληροφορίες|έγγραφα|ek bilgi|arka plan|belgeler",
];

const SHARING: &[&str] = &[
    r"share( (this|it|on|via|with|the|page|article|story|post|news|release|link|now|by|your|friends|social|media|facebook|twitter|x))*",
    r"(follow|find|like|join|connect with|visit) (us|@\w+)( (on|at|in|and|&|facebook|twitter|x|linkedin|instagram|youtube|social|media))*|stay connected|social media|follow",
    r"tweet( this)?|spread the word",
    r"(diese[nrs]? )?(seite|artikel|beitrag|meldung|inhalt)?( )?teilen( (auf|mit|via) .{1,30})?|teilen sie .{1,40}|(folgen|besuchen) sie uns( .{1,40})?|soziale medien",
    r"partag(er|ez)( .{1,40})?|suivez[- ]nous( .{1,40})?|réseaux sociaux",
    r"compart(ir|a|e|ilhar|ilhe)( .{1,40})?|partilhar( .{1,40})?|síguenos( .{1,40})?|siga-nos( .{1,40})?|redes sociales|redes sociais",
    r"condividi( .{1,40})?|seguici( .{1,40})?|delen( (op|via) .{1,30})?|deel (dit|deze|op) .{1,30}|volg ons( .{1,40})?",
    r"udostępnij( .{1,30})?|obserwuj nas( .{1,30})?|sdílet( .{1,30})?|sdílejte( .{1,30})?|zdieľa(ť|jte)( .{1,30})?|dela( .{1,30})?|del( (på|denne) .{1,30})?|jaa( .{1,30})?|megosztás|oszd meg( .{1,30})?|distribuie( .{1,30})?",
    r"po(dij|d)el[ij](te)?( .{1,30})?|deli(te)?( .{1,30})?|shpërndaje?( .{1,30})?|ndajeni( .{1,30})?|сподели(те)?( .{1,30})?|подели(те)?( .{1,30})?|поделиться( .{1,30})?|поділитися( .{1,30})?|κοινοποίηση|μοιραστείτε( .{1,30})?|paylaş(ın)?|مشاركة( .{1,30})?|شارك( .{1,30})?|שתפו( .{1,30})?|שיתוף|分享(到)?|シェア(する)?|공유(하기)?",
];

const NEWSLETTERS: &[&str] = &[
    r"((our|the|e-?mail|weekly|monthly|free) )*newsletters?( sign[- ]?up)?|(subscribe|sign up)( (now|here|today))?|(subscribe|sign up) (to|for) (.{0,40} )?(newsletters?|alerts?|updates|bulletins?|mailing lists?|e-?mails?|news|rss( feed)?)( .{1,30})?|e-?mail (alerts|updates)|get (e-?mail )?(updates|alerts)( .{1,40})?|stay (informed|up to date|updated)|mailing list",
    r"((unser|zum|notre|nuestra|nuestro|nostra|onze) )?newsletter( (abonnieren|bestellen|anmelden|anmeldung|inscription|suscripción|iscrizione|aanmelden|inschrijven)( .{1,30})?)?|(zum )?newsletter(anmeldung|bestellung)|((la|notre) )?(lettre d['’]information|infolettre)",
    r"abonnez[- ]vous|(abonnez|inscrivez)[- ]vous (.{0,30} )?(newsletter|lettre|infolettre|alertes?|flux rss|bulletin)( .{1,30})?|bolet(ín|im) (informativo|de not[ií]cias|electr[oó]nico|eletrônico|semanal|mensual|mensal)",
    r"suscr[ií]b(ase|ete)|suscr[ií]b(ase|ete) (.{0,30} )?(newsletter|bolet[ií]n|alertas?|noticias|novedades|rss)( .{1,30})?|iscriviti|iscriviti (.{0,30} )?(newsletter|notiziario|bollettino|mailing list)( .{1,30})?|nieuwsbrief|nyhetsbrev|nyhedsbrev|uutiskirje|biuletyn|zpravodaj|hírlevél|buletin informativ",
];

const CONTACT: &[&str] = &[
    r"contacts?( (us|details|information|info|person|persons|points?|the (press|media) office|for (the )?(press|media|journalists)))?|contact(ing)? the (ministry|department|office|agency|newsroom)",
    r"(press|media|news)( and (press|media|communications))? (contacts?|office|enquiries|inquiries|team|desk|line|officer|relations)( (for|of|at|in|and|–|-) .{1,30})?|(enquiries|inquiries)|for (press|media) (enquiries|inquiries)",
    r"(presse|medien)?kontakte?|ansprechpartner(in)?(nen)?( .{1,30})?|pressestelle( .{1,30})?|kontakt( .{1,30})?|rückfragen( .{1,30})?|impressum",
    r"contacts? (presse|médias?)|service (de )?presse|contacto( (de )?prensa)?|contactos|oficina de prensa|contatti( stampa)?|ufficio stampa|perscontact|voor de pers|kontakt (dla mediów|pro média|för media|for media|pressen)|pressikontakt|yhteystiedot|kapcsolat|sajtókapcsolat|contacte|birou(l)? de presă|kontakti?|stiki|kontaktet|контакти?( за медии| для сми)?|контакты|επικοινωνία|iletişim|اتصل بنا|צור קשר|联系我们|お問い合わせ|문의",
];

const EVENTS: &[&str] = &[
    r"(upcoming |more |other |further |forthcoming )?events|what['’]s on|((aktuelle|weitere|nächste|kommende|andere|alle) )?termine|(weitere |kommende |aktuelle )?veranstaltungen|(prochains|autres) (événements|évènements|rendez-vous)|(próximos|otros|outros) eventos|(prossimi|altri) (eventi|appuntamenti)|(nadchodzące|inne) wydarzenia",
];

/// Patterns that end in any words. Each is looked for before those of [`OTHERS`].
const PERHAPS_OTHERS: &[&str] = &[
    r"more (from|on|about|like|in|by) .{1,60}|(the |our )?latest updates?( .{1,59})?|explore .{1,30}",
    r"mehr (aus|von|über) .{1,40}|aktuelles .{1,30}|plus d['’e].{1,30}|actualités .{1,30}",
    r"más (sobre|de|en)( .{1,40})?|mais (sobre|de|em)( .{1,40})?|meer (over|van|uit)( .{1,30})?",
    r"mer (om|från)( .{1,30})?|mere (om|fra)( .{1,30})?|mer fra( .{1,30})?",
];

const OTHERS: &[&str] = &[
    // The announcement before and the one after
    r"previous|next|older|newer|prev|(vorherig|vorig|nächst)e[rs]?|anterior|siguiente|seguinte|precedente|successiv[oa]|anteriorul|următorul|vorige|volgende|föregående|nästa|forrige|næste|neste|edellinen|seuraava|poprzedni[ae]?|następn[yae]|předchozí|následující|prethodn[aio]|sljedeć[aei]|sledeć[aei]|önceki|sonraki|предыдущ(ая|ий)|следующ(ая|ий)|предишн[аи]|следващ[аи]",
    r"(previous|next|older|newer|prev) (articles?|posts?|news|stor(y|ies)|items?|(press |news )?releases?|pages?|entr(y|ies)|statements?|announcements?)",
    r"(vorherig|vorig|vorhergehend|nächst|älter|neuer|voranstehend|folgend)e[rns]? (meldung(en)?|artikel|beiträge?|nachricht(en)?|pressemitteilung(en)?|mitteilung(en)?|seite|news|eintrag)|(vorige?|volgende?) (bericht(en)?|artikel(en)?|nieuwsbericht(en)?|pagina)|(föregående|nästa|forrige|næste|neste) (artikel|nyhet|nyhed|sak|inlägg|innlegg|indlæg|side|sida)|(edellinen|seuraava) (uutinen|artikkeli|tiedote|sivu)",
    r"(article|communiqué|actualité|page|billet|publication|brève)s? (précédente?s?|suivante?s?)|(précédent|suivant)e?|(artículo|noticia|entrada|comunicado|nota|artigo|notícia|página|publicación) (anterior|siguiente|seguinte|próxim[oa])|(anterior|siguiente|próxim[oa]) (artículo|noticia|entrada|comunicado|nota|artigo|notícia)|(articolo|notizia|comunicato) (precedente|successiv[oa]|seguente)|(articolul|știrea|comunicatul) (anterior(ul)?|anterioară|următor(ul)?|următoare(a)?|precedentă?)",
    r"(poprzedni[ae]?|następn[yae]) (wiadomość|artykuł|aktualność|wpis|komunikat|news|strona|informacja)|(předchozí|následující|predchádzajúc[ai]|nasledujúc[ai]|ďalš[ií]a?) (článek|článok|zpráva|správa|aktualita|stránka)|(előző|következő) (hír|cikk|bejegyzés|oldal)|(prethodn[aio]|sljedeć[aei]|sledeć[aei]|prejšnj[ai]|naslednj[ai]) (vijest|vest|članak|članek|objava|novica)",
    r"(предишн[аи]|следващ[аи]|претходна|следна|следећа|предыдущ(ая|ий)|следующ(ая|ий)|попередн(я|ій)|наступн(а|ий)) (новина|вест|статия|публикация|новость|материал|стаття|објава)|(προηγούμεν|επόμεν)[οηα] (άρθρο|νέο|ανακοίνωση|δημοσίευση)|(önceki|sonraki) (haber|yazı|duyuru)|(artikulli|lajmi|njoftimi) (i mëparshëm|tjetër|i ardhshëm)|(上|下)一[篇条則则頁页]|(前|次)の(記事|ページ|ニュース)|(이전|다음) ?(글|기사|소식)",
    // English
    r"(the |our |more )?latest( (news|from|updates?|releases?|press|announcements?|stories|posts?|articles?|headlines|on|in)(\W.{0,59})?)?|latest .{0,30}(news|releases|updates|stories|articles|posts|headlines)",
    r"(more|other|recent|all|further|previous|earlier|older|new|top|local|national|breaking|featured|popular|trending|today['’]s) (news|(press |news )?(releases?|stories|announcements?|articles?|posts?|headlines|updates?|statements?|speeches))(\W.{0,49})?",
    r"more (from|on|about|like|in|by) .{1,60}|more (like this|to explore|to read|for you)|more",
    r"(related|similar|linked)( (news|content|articles?|stories|posts?|(press |news )?releases?|announcements?|links?|pages?|items?|topics?|reading|coverage|updates|speeches|statements|information|entries))*",
    r"(you )?(may|might|could) also (like|be interested in|enjoy|want to read)(\W.{0,29})?|you['’]?ll also like.{0,20}|(also )?recommended( (for you|reading|articles|stories|content))?|we recommend|suggested (articles|reading|stories)|don['’]t miss|what['’]s new",
    r"(read|see|view) (next|also|more news|more stories|all news|other news)|read more( (about|on|from) .{1,40})?|more to read|see also|also (read|in the news|of interest|on this (site|topic)|in this (section|series))|up next|next up|in other news|elsewhere( on .{1,30})?|in (this|the same) (section|series|category)|on (this|the same) topic|from (the )?(archive|same section)|news archive",
    r"(most|mostly) (read|popular|viewed|shared|recent|commented)( .{0,30})?|popular( (now|news|stories|articles|posts|on .{1,20}))?|trending( .{0,20})?|editor['’]?s['’]? (picks?|choice)|top stories|newsroom|news in brief|news(room)? (highlights|feed|list|index)|explore( .{1,30})?|discover more|recently (published|added|viewed)",
    // German
    r"(aktuelle|neueste|letzte|jüngste|weitere|andere|ähnliche|verwandte|mehr|neue|frühere|alle|zugehörige)[nrs]? (meldungen|nachrichten|pressemitteilungen|beiträge|artikel|themen|mitteilungen|news|neuigkeiten|informationen der .{1,30}|inhalte|presseinformationen|veröffentlichungen|schlagzeilen)( .{1,40})?",
    r"mehr (zum thema|zu diesem thema|aus|von|dazu|news|über)( .{1,40})?|das könnte (sie|dich) auch interessieren|auch interessant|lesen sie auch|lesen sie mehr|siehe auch|meistgelesen(e .{1,20})?|aktuelles( .{1,30})?|zum thema|verwandtes|passend dazu|empfehlungen|top-?themen",
    // French
    r"(les )?(derni[eè]r|autre|récent|toute)e?s? (les )?(actualités?|nouvelles|communiqués|articles|infos?|informations|publications|dépêches|actus)( .{1,40})?|(toutes|les) (les )?actualités( .{0,30})?|actualités( .{1,30})?|à la une",
    r"(à )?(lire|voir|découvrir) (aussi|également|plus|encore)( .{0,30})?|sur le même (sujet|thème)|dans la même (rubrique|catégorie|thématique)|(articles?|sujets?|contenus?|actualités|communiqués|pages|liens) (liée?s|similaires|connexes|récents?|associée?s|recommandés|précédents?)|vous (aimerez|pourriez aussi aimer|devriez lire).{0,30}|cela (peut|pourrait) (aussi )?vous intéresser|plus d['’e].{1,30}|les plus (lus|populaires|consultés)",
    // Spanish, Portuguese, Italian, Romanian
    r"(las |los |as |os )?(últim|otr|outr|mais|más|reciente|demás)[ao]?s? (noticias|notícias|novedades|comunicados|artículos|artigos|publicaciones|actualidad|titulares|entradas)( .{1,40})?|más (sobre|de|en)( .{1,40})?|mais (sobre|de|em)( .{1,40})?|actualidad|noticias|notícias|noticias (del|de) .{1,40}",
    r"(noticias|notícias|artículos|artigos|contenidos?|conteúdos?|entradas|temas|comunicados|enlaces|publicaciones) (relacionad|recomendad|similar|reciente|anterior|destacad)[oae]?(es|s)?|relacionad[oa]s|(también|tambien) (te|le) (puede|podría) interesar|te puede interesar|puede interesarle|pode (também )?interessar(-lhe)?|(lea|ver|vea|leia|veja|leer) (también|também|más noticias)|lo más (leído|visto)|(as )?mais lidas",
    r"(le )?(ultime|altre|tutte le|recenti) (notizie|news|comunicazioni|novità)( .{1,40})?|(ultimi|altri|recenti) (comunicati|articoli)( .{1,30})?|(notizie|articoli|contenuti|comunicati|argomenti) (correlat[ie]|recenti|simili|precedenti)|(leggi|vedi|guarda) anche|(ti )?potrebbe(ro)? (anche )?interessar(ti|e)( anche)?|in evidenza|i più letti|correlati",
    r"(ultimele|alte|cele mai (noi|citite)) (știri|noutăți|comunicate|articole)( .{0,30})?|(articole|știri|comunicate) (similare|recente|asemănătoare|conexe)|cit(ește|iți) și|vezi și|v-ar putea interesa",
    // Dutch, Scandinavian, Finnish, Icelandic
    r"(laatste|meer|ander|overig|gerelateerd|recent|actueel)e? (nieuws|berichten|nieuwsberichten|artikelen|persberichten)( .{1,30})?|lees ook|zie ook|gerelateerd( .{0,30})?|meer (over|van|uit)( .{1,30})?|nieuws(overzicht)?|ook interessant",
    r"(senaste|fler|mer|relaterade|andra|aktuella|liknande|övriga) (nyheter(na)?|artiklar|nytt|pressmeddelanden|innehåll)( .{1,30})?|läs (också|även|mer)( .{0,30})?|se (också|även)|relaterat|mer (om|från)( .{1,30})?|mest läst[a]?",
    r"(seneste|flere|andre|relaterede?|relaterte|siste|aktuelle|lignende) (nyheder|nyheter|artikler|saker|pressemeddelelser|pressemeldinger|nyt)( .{1,30})?|læs også|les også|se også|mere (om|fra)( .{1,30})?|mer fra( .{1,30})?|mest læst[e]?|mest lest[e]?",
    r"(uusimmat|viimeisimmät|muut|lisää|muita|ajankohtaiset) (uutiset|uutisia|tiedotteet|tiedotteita|artikkelit)( .{0,30})?|aiheeseen liittyv.{1,20}|lue (myös|lisää( .{1,30})?)|katso myös|(nýjustu|tengdar|fleiri|aðrar|eldri) (fréttir|tilkynningar|greinar)( .{0,30})?|tengt efni|lesa (einnig|meira)",
    // Polish, Czech, Slovak, Hungarian, Slovene, Croatian, Serbian, Bosnian, Macedonian, Bulgarian
    r"(najnowsze|ostatnie|inne|pozostałe|powiązane|podobne|więcej|polecane) (wiadomości|aktualności|informacje|artykuły|komunikaty|treści|newsy)( .{0,30})?|(zobacz|czytaj|przeczytaj) (też|także|również|więcej)( .{0,30})?|aktualności|powiązane",
    r"(poslední|nejnovější|další|související|podobné|ostatní|aktuální) (zprávy|články|aktuality|novinky|tiskové zprávy|obsah)( .{0,30})?|(posledné|najnovšie|ďalšie|súvisiace|podobné|aktuálne) (správy|články|aktuality|novinky|tlačové správy)( .{0,30})?|čtěte (také|též|dále)|přečtěte si (také|i)|prečítajte si (aj|tiež)|mohlo by vás (také )?zajímat|mohlo by vás (tiež )?zaujímať|viz (také|též)|pozri aj|aktuality",
    r"(legfrissebb|legutóbbi|további|kapcsolódó|hasonló|korábbi|egyéb) (hírek|cikkek|tartalmak|közlemények|anyagok)( .{0,30})?|kapcsolódó|olvass?(a|on)? (el )?(még|tovább|ezt is)|ez is érdekelhet(i)?|hírek",
    r"(zadnje|najnovejše|sorodne|druge|povezane|ostale|najnovije|posljednje|poslednje|slične|srodne|prethodne|više|aktualne) (novice|objave|vsebine|vijesti|vesti|novosti|teme|članki|članci|priopćenja|saopštenja|saopćenja)( .{0,30})?|(preberite|pročitajte|pogledajte|vidi) (tudi|i|još|također|takođe)|povezano|iz iste (rubrike|kategorije)|vezane vijesti|najčitanije",
    r"(последни|други|поврзани|најнови|слични|останати|најновије|остале|повезане|сличне|последње|још|още|свързани|подобни|актуални) (вести|новости|соопштенија|објаве|објави|чланци|саопштења|вијести|новини|статии|публикации|съобщения|теми)( .{0,30})?|(прочитај(те)?|погледни(те)?) (и|исто|уште)|прочитајте и|прочетете (още|и|също)|вижте (още|също)|повезано|свързани|најчитано",
    // Albanian, Greek, Turkish, Russian, Ukrainian, Baltic, Irish, Welsh, Maltese
    r"(lajmet?|artikuj|njoftime(t)?|postime(t)?) (e fundit|të fundit|të tjera|të ngjashme|të lidhura|më të lexuara)( .{0,30})?|të ngjashme|lexo(ni)? (edhe|gjithashtu|më shumë)( .{0,30})?|shiko(ni)? (edhe|gjithashtu)|të tjera",
    r"(τελευταία|τελευταίες|σχετικά|σχετικές|άλλα|περισσότερα|πρόσφατα|πρόσφατες) (νέα|άρθρα|δελτία τύπου|ανακοινώσεις|ειδήσεις|θέματα|αναρτήσεις)( .{0,30})?|διαβάστε (επίσης|ακόμ[αη]|και|περισσότερα)|δείτε (επίσης|ακόμ[αη]|και)|σχετικά|(son|ilgili|diğer|benzer|güncel) (haberler|dakika|duyurular|içerikler|yazılar)( .{0,30})?|bunlar da ilginizi çekebilir|ayrıca (bakınız|okuyun)|(skatiet|lasiet) arī|loe (ka|veel|lisaks)|vaata ka",
    r"(последние|другие|похожие|свежие|ещё|еще|все|связанные|главные) (новости|материалы|публикации|статьи|сообщения)( .{0,30})?|(читайте|смотрите|см\.?) (также|ещё|еще)|(ещё |еще )?по теме|материалы по теме|новости|(останні|інші|схожі|пов['’]язані|усі|головні) (новини|матеріали|публікації|статті|повідомлення)( .{0,30})?|(читайте|дивіться) (також|ще)|за темою|новини",
    r"(viimased|seotud|teised|värsked|sarnased) (uudised|artiklid|teated)( .{0,30})?|(jaunākās|citas|saistītās|līdzīgas|pēdējās) (ziņas|publikācijas|relīzes)( .{0,30})?|(jaunākie|citi|saistītie|līdzīgi) raksti|lasi arī|(naujausios|kitos|susijusios|panašios|paskutinės) (naujienos|žinios)( .{0,30})?|(naujausi|kiti|susiję|panašūs) straipsniai|skaitykite (taip pat|daugiau)|taip pat skaitykite|nuacht (is déanaí|gaolmhar)|newyddion( (diweddaraf|cysylltiedig|eraill))?|aktar (aħbarijiet|stejjer)|aħbarijiet relatati",
    // Arabic, Hebrew, Chinese, Japanese, Korean
    r"(آخر|أحدث|أهم) (الأخبار|المستجدات|البيانات)|(أخبار|مواضيع|مقالات|روابط|بيانات) (ذات صلة|متعلقة|أخرى|مشابهة)|اقرأ (أيضا|أيضاً|ايضا|المزيد)|قد يعجبك( أيضا| أيضاً)?|ذات صلة|(חדשות|כתבות|הודעות|ידיעות) (אחרונות|נוספות|קשורות|דומות)|קראו (עוד|גם)|ראו גם|אולי יעניין אותך|עוד (בנושא|חדשות)",
    r"(最新|相关|相關|更多|推荐|推薦|热门|熱門|其他|近期)(的)?(新闻|新聞|消息|文章|报道|報道|報導|阅读|閱讀|资讯|資訊|内容|內容|动态|公告|链接|連結)|延伸阅读|延伸閱讀|猜你喜欢|(最新|関連|その他の|新着|おすすめ|他の|最近の)(ニュース|記事|情報|リンク|ページ|報道発表|トピックス|お知らせ)|あわせて読みたい|こちらもおすすめ|(최신|관련|다른|추천|인기|최근)\s*(뉴스|기사|소식|글|보도자료|게시물)|더 보기",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headings_of_surroundings_are_known_and_those_of_facts_kept_apart() {
        for (line, kind) in [
            ("Latest News from", Some(Heading::Others)),
            ("Latest news from the Harbour Office:", Some(Heading::Others)),
            ("RELATED", Some(Heading::Others)),
            ("Weitere Meldungen", Some(Heading::Others)),
            ("À lire aussi :", Some(Heading::Others)),
            ("Lajmet e fundit", Some(Heading::Others)),
            ("Последние новости", Some(Heading::Others)),
            ("最新消息", Some(Heading::Others)),
            ("İlgili haberler", Some(Heading::Others)),
            ("Notes to editors", Some(Heading::Facts)),
            ("Related documents", Some(Heading::Facts)),
            ("Weitere Informationen", Some(Heading::Facts)),
            ("Share this page", Some(Heading::Sharing)),
            ("Media enquiries", Some(Heading::Contact)),
            ("Newsletter", Some(Heading::Newsletter)),
            ("Sanctions related to Russia were extended", None),
            ("The latest round of talks begins on Monday in Geneva with all parties present", None),
            ("", None),
        ] {
            assert_eq!(heading(line), kind, "{line}");
        }
    }
}
