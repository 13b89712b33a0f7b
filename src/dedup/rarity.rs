//! How much a word of a title says: prior counts of the words that announcements use.
//!
//! The classes were counted over the titles of the recorded feeds of governments and newspapers
//! (1,931 titles) and filled up by hand for languages that are rare there. How often a whole title
//! or a shingle recurs is not here: the stories that have it are counted in the store.

use std::collections::HashSet;
use std::sync::LazyLock;

use xxhash_rust::xxh3::xxh3_64;

/// English words that say nothing: articles, prepositions, pronouns, auxiliaries. Folded.
const ENGLISH_STOP: &str = "\
a about after all also an and any are as at be been before between both but by can could did do \
does for from had has have he her his how i if in into is it its more most must no nor not now of \
off on one or our out over own per say says said she should so some such than that the their them \
then there these they this those through to too under until up upon was we were what when where \
which while who whom why will with within without would you your today yesterday";

/// The same of other languages.
const STOP: &str = "\
au aux avec ce ces cette dans de des du elle en est et il ils je la le les leur lors lui mais ne \
nos notre nous ou par pas plus pour qui que sa se ses son sont sur un une vers vos dit disent \
als am an auf aus bei bis das dass dem den der des die durch ein eine einem einen einer eines es \
fur gegen hat im ist mit nach nicht oder sich sie sind uber um und unter vom von vor war wie wird \
zu zum zur sagt \
al como con contra cual del desde el ella entre era esta este fue ha han hay lo los las mas mi muy \
nuestro para pero por segun ser si sin sobre su sus todo tras una unos y ya dice dicen \
ai agli alla alle allo anche che chi come cui da dagli dai dal dalla delle dei degli della di e \
gli ha hanno i il nel nella nei non o per piu quando sono sua suo tra uno dicono \
ao aos as com da das do dos ele em foi mais na nas nem no nos nossa nossas nosso nossos num numa o os pela pelo que seu sua \
um uma \
aan bij dan dat de den deze die dit door een er het hij ik in is je maar met naar niet of om ook \
op te tot uit van voor was wat werd wij worden zich zij zijn zo zegt zeggen \
av den det ett for fra han har hon i inte jeg kan med men och og om pa sig ska som til till vi \
ve bu bir icin ile da de \
i u na se je su za od sa po iz do o nije koji koja ce da li \
si ne w z na do nie ze jest oraz dla przez";

/// Words of a great many official titles in English. Folded.
const ENGLISH_COMMON: &str = "\
advice affairs agency agree agreed agreement agrees alert announce announced announcement \
announces annual application approves assessment authority award awards back bill board briefing \
building bulletin business businesses call calls campaign case centre change chair chief city \
climate closed comment commission commissioner committee community conference consultation \
council country county court daily data day deal decision defence department deputy details \
development digital director document draft economic education energy england environment eu \
europe european event evidence executive families federal figures final first five follow \
following foreign four framework fund funding future general global government governor grant \
great group growth guidance guide health help high home housing impact improve industry \
information interim international investment issues joint june july justice key latest launch \
launched launches law lead leader leaders letter licence life list local make making management \
march may measures meet meeting meets member members million minister ministerial ministers \
ministry month monthly national nations new news next north northern notice notices office \
official open opening opens order outcome part parliament parties people pilot plan plans pm \
police policy post president press prices prime prime-minister programme progress project public \
publication published publishes quarterly question read readout receives region release released \
remarks report reports representative research response result results review rise road rules \
safety says scheme school second secretary sector security senior service services set share \
situation small social south southern speech state statement statements states statistics \
strategy summary summit support supports system talks tax technology ten tender third three \
tier time top trade training transparency transport travel treasury two uk un union update \
updated updates visit visits wales warning watch water week weekly west work workers world year \
years young \
account accounts appoint appointed appointment appoints beware closing closure closures contact \
customer customers email emails fake fraud hours holiday holidays invitation job jobs maintenance \
message online planned procurement recruitment remarks scam scams spokesman spokesperson \
spokeswoman staff temporary vacancies vacancy website";

/// The same of other languages.
const COMMON: &str = "\
actualites annonce avis bulletin communique conseil conference declaration discours etat france \
gouvernement information lancement ministre ministere nationale nouveau nouvelle plan premier \
presse president programme projet publication publique rapport reunion visite \
aktuelle aktuelles bericht bund bundes bundesregierung deutschland erklarung gesetz jahr land \
meldung minister ministerium neue neuen neuer neues presse pressemitteilung regierung \
acuerdo anuncia comunicado consejo espana gobierno informe ministerio ministro nacional nota nueva \
nuevo presidente prensa reunion visita \
comunicato consiglio governo italia ministro nazionale nuova nuovo presidente stampa incontro \
governo ministerio nova novo portugal reuniao \
kabinet minister nederland nieuw nieuwe overheid rijk \
ministar ministarstvo vlada predsednik predsednica sastanak saopstenje \
ministerstwo minister rzad komunikat polska prezydent \
qeveria ministri ministria kryeministri njoftim";

/// Words of titles that come back week by week, with the same words and other news. Folded.
const PERIODICAL: &str = "\
agenda alert alerts bulletin bulletins diary digest forecast forecasts minutes outlook prices \
results roundup statistics warning warnings weekly \
alerte alertes avertissement avertissements bulletins hebdomadaire previsions vigilance \
tagesordnung unwetterwarnung vorhersage warnung warnungen wetterwarnung wochenbericht \
alerta alertas aviso avisos boletin pronostico semanal \
allerta avviso bollettino previsioni settimanale \
waarschuwing weersverwachting wekelijks upozorenje prognoza ostrzezenie paralajmerim \
debate debates hearing hearings sitting sittings plenary \
debat debats seance seances audition auditions pleniere sitzung sitzungen plenarsitzung beratung lesung anhorung \
sesion sesiones pleno comparecencia sessao sessoes plenario audicao \
seduta sedute seguito audizione audizioni esame \
vergadering plenair commissiedebat posiedzenie posiedzenia czytanie zasedani schuze zasadnutie schodza sednica \
sjednica zasedanje seja sedinta ules istunto taysistunto sammantrade kammardebatt mote oturum \
заседание слушания засідання слухання седница συνεδριαση";

/// Tenths of a bit of a word that hardly any title has.
const RARE: i32 = 80;

/// The same of a short one, which more titles have.
const SHORT: i32 = 60;

/// The same of a Chinese or Japanese character: a word has two or more.
const IDEOGRAPH: i32 = 30;

/// The same of a Japanese syllable, which mostly joins words.
const KANA: i32 = 15;

/// The same of a number: days, years and instalments recur.
const NUMBER: i32 = 50;

/// The same of a word that many official titles have.
pub(super) const OFTEN: i32 = 35;

/// English words that other languages have, too: no title is known to be English by them.
const FOREIGN_TOO: &str = "also are die had has her his men over own per some such under was";

static STOP_WORDS: LazyLock<HashSet<&str>> =
    LazyLock::new(|| ENGLISH_STOP.split_whitespace().chain(STOP.split_whitespace()).collect());

static COMMON_WORDS: LazyLock<HashSet<&str>> =
    LazyLock::new(|| ENGLISH_COMMON.split_whitespace().chain(COMMON.split_whitespace()).collect());

static ENGLISH_WORDS: LazyLock<HashSet<&str>> = LazyLock::new(|| {
    let elsewhere: HashSet<&str> =
        [STOP, COMMON, FOREIGN_TOO].iter().flat_map(|words| words.split_whitespace()).collect();
    let small = ENGLISH_STOP.split_whitespace().filter(|word| word.len() > 2 || *word == "of");
    let official = ENGLISH_COMMON.split_whitespace().filter(|word| word.len() > 4);
    small.chain(official).filter(|word| !elsewhere.contains(word)).collect()
});

static PERIODICAL_WORDS: LazyLock<HashSet<&str>> =
    LazyLock::new(|| PERIODICAL.split_whitespace().collect());

static STOP_HASHES: LazyLock<HashSet<u64>> =
    LazyLock::new(|| STOP_WORDS.iter().map(|word| xxh3_64(word.as_bytes())).collect());

/// Whether a folded word says nothing by itself in another language than English.
pub(super) fn is_foreign_stop(word: &str) -> bool {
    is_stop(word) && !ENGLISH_STOP.split_whitespace().any(|known| known == word)
}

/// Whether a folded word says nothing by itself.
pub(super) fn is_stop(word: &str) -> bool {
    STOP_WORDS.contains(word)
}

/// Whether a great many official titles have a folded word.
pub(super) fn is_common(word: &str) -> bool {
    COMMON_WORDS.contains(word)
}

/// Whether a folded word is known to be one of everyday official titles.
pub(super) fn is_everyday(word: &str) -> bool {
    is_common(word) || is_periodical(word)
}

/// Whether a folded word shows that a title is in English.
pub(super) fn is_english(word: &str) -> bool {
    ENGLISH_WORDS.contains(word)
}

/// Whether a folded word names something that is published again and again.
pub(super) fn is_periodical(word: &str) -> bool {
    PERIODICAL_WORDS.contains(word)
}

/// The same of the hash of a folded word.
pub(super) fn is_stop_hash(hash: u64) -> bool {
    STOP_HASHES.contains(&hash)
}

/// How much it says that two titles share a folded word, in tenths of a bit.
pub(super) fn information(word: &str) -> i32 {
    if is_stop(word) {
        return 0;
    }
    if COMMON_WORDS.contains(word) {
        return OFTEN;
    }
    if word.starts_with(|first: char| first.is_numeric()) {
        return NUMBER;
    }
    match word.chars().next() {
        Some('\u{3040}'..='\u{30FF}') => KANA,
        Some('\u{3400}'..='\u{9FFF}' | '\u{F900}'..='\u{FAFF}' | '\u{20000}'..='\u{3FFFF}') => {
            IDEOGRAPH
        }
        _ if word.chars().count() < 4 => SHORT,
        _ => RARE,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_says_more_than_an_official_word_and_that_more_than_an_article() {
        assert!(information("harbourmaster") > information("minister"));
        assert!(information("minister") > information("the"));
        assert_eq!(information("der"), 0);
        assert!(is_stop_hash(xxh3_64(b"the")) && !is_stop_hash(xxh3_64(b"ferry")));
    }
}
