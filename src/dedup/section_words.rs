//! The words by which an address shows that it is a section, a group, a list or a date.
//!
//! All are in lower case and without diacritics. Languages are those of the governments whose sites
//! were looked at; an unknown word counts as the name of a page.

use std::collections::HashSet;
use std::sync::LazyLock;

type Words = LazyLock<HashSet<&'static str>>;

fn words(text: &'static str) -> HashSet<&'static str> {
    text.split_whitespace().collect()
}

/// Words of the names of sections.
pub(super) static SECTIONS: Words = LazyLock::new(|| {
    words(
        "about actualidad actualidade actualitat actualitate actualite actualites actus agenda \
         ajankohtaista aktuality aktualno aktualnosci aktualnosti aktuell aktuelles aktuelt \
         alerts all announcement announcements archiv archive archives archivio archivo arhiva \
         articles avisos bekanntmachungen berichte blog blogs breaking briefing briefings \
         bulletin bulletins center centre clanky closures communication communications communique \
         communiques comunicado comunicados comunicati comunicato conferences consultations \
         corner current declaraciones documents dokumente duyurular espace evenements event \
         events feed feeds frettir front frontpage gazette government haber haberler haberleri \
         hirek info information items jaunumi kommunikation komunikaty kozerdeku kozlemenyek \
         lajme latest list lista listing media mediacenter mediacentre mediaroom medien \
         medienmitteilungen meldungen ministarstvo ministere ministerie ministerio ministerium \
         ministerstvo ministerstwo ministry mitteilungen nachrichten naujienos new news newsfeed \
         newsletter newsletters newslist newsroom newsticker newyddion nieuws notas notes notice \
         notices noticia noticias noticies notizie nouvelles novice novini novinky novosti novyny \
         nuacht nyheder nyheter obavijesti objave obvestila office official oglasi online \
         oznamenia pers persbericht persberichten portal prensa press presscorner presse \
         presseinformationen pressemeddelelser pressemelding pressemeldinger pressemeldungen \
         pressemitteilung pressemitteilungen pressmeddelande pressmeddelanden pressoffice \
         pressrelease pressreleases pressroom priopcenia priopcenja public publicaciones \
         publicacoes publications publikationen recent release releases report reports resources \
         results room rss sajto sajtoszoba sala salle saopstenja service services site sitemap \
         speech speeches sporocila spotlight spravy stampa state statement statements stiri \
         stories tiedotteet tiskova tiskove tiskovezpravy today top ultimas ultime update updates \
         uudised uutiset uutishuone uutisia veranstaltungen vesti video videos vijesti warnings \
         web weblog welcome whats wiadomosci xeberler zinas zpravodajstvi zpravy",
    )
});

/// Words between others in the names of sections.
pub(super) static CONNECTING: Words = LazyLock::new(|| {
    words(
        "and by da de dei del della der des die do du e en et for from i ja la les och of og our \
         the und y",
    )
});

/// Words behind which the name of a group stands, as `climate` does in `/topics/climate`.
pub(super) static GROUPS: Words = LazyLock::new(|| {
    words(
        "agencies agency auteur author authors autor autore categoria categorias categorie \
         categories category channel countries country department departments etiqueta etiquette \
         kategoria kategorie kategorien kategorija ministries organisation organisations \
         organization organizations people profile rubrica rubrik rubrika rubriken rubrique \
         rubriques schlagwort search section sections suche tag tags tema temas temat term thema \
         theme themen themes topic topics user users",
    )
});

/// Parts of a path that say nothing of what is before them.
pub(super) static FILLERS: Words = LazyLock::new(|| {
    words(
        "article artikel content default detail details detalle detay dettaglio home index item \
         main page pages print read show start story view",
    )
});

/// Words behind which a number is a place in a list: `/page/2`.
pub(super) static PLACES: Words = LazyLock::new(|| {
    words(
        "faqe offset oldal p page pagina pg sayfa seite sida side sivu start stran strana \
         stranica strona",
    )
});

/// Names of months.
pub(super) static MONTHS: Words = LazyLock::new(|| {
    words(
        "abril agosto aout apr april aprile aug august augusti augustus avril dec december \
         decembre dezember dezembro dicembre diciembre enero feb febbraio febrero februar \
         februari february fevereiro fevrier gennaio giugno jan janeiro januar januari january \
         janvier juillet juin jul julho juli julio july jun june junho juni junio luglio maart \
         maerz maggio mai maio maj mar march marco mars marz marzo may mayo mei nov november \
         novembre novembro noviembre oct october octobre octubre oktober ottobre outubro sep sept \
         september septembre septiembre setembro settembre",
    )
});

/// Parameters that say in which form something is shown.
pub(super) static VIEWS: Words =
    LazyLock::new(|| words("action controller layout mode module option task type view"));

/// Forms in which a site shows a list.
pub(super) static LISTS: Words = LazyLock::new(|| {
    words(
        "archive archives blog categories category com_search com_tags featured list listing \
         search section tag",
    )
});

/// Parameters that only choose what a list shows, or say where a reader comes from.
pub(super) static CHOICES: Words = LazyLock::new(|| {
    words(
        "cat categories category date day filter filters from hl itemid keyword keywords lang \
         language limit locale m month order orderby p_p_id paged per_page q query ref referrer s \
         search sort sortby source src tag tags to topic topics via year",
    )
});
