//! Tells a proposal from the decision on it, and a notice from its end or its correction, by the
//! words of titles.
//!
//! A regulator publishes both under nearly the same title, with nearly the same text, on two pages.

/// The stage of a procedure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stage {
    Proposal,
    Decision,
}

/// The stage that the folded words of a title state; none where they state both or neither.
pub(super) fn stage(words: &[String]) -> Option<Stage> {
    let any = |is_of: fn(&str) -> bool| words.iter().any(|word| is_of(word));
    // The outcome of a consultation is published under its name.
    if any(is_of_outcome) {
        return Some(Stage::Decision);
    }
    let is_of_proposal = |word: &str| is_of_draft(word) || is_of_consultation(word);
    match (words.iter().any(|word| is_of_proposal(word)), any(is_of_decision)) {
        (true, false) => Some(Stage::Proposal),
        (false, true) => Some(Stage::Decision),
        _ => None,
    }
}

/// Whether the words that one title has more than another, by their places, say that it is the draft
/// of what the other announces, or a correction of it.
pub(super) fn is_another(words: &[String], more: &[usize]) -> bool {
    let words = || more.iter().map(|at| &words[*at]);
    words().any(|word| is_of_draft(word) || is_of_correction(word))
        || words().map(String::as_str).collect::<String>().contains("草案")
}

/// Whether what one title has more than another says that something announced before does not stay
/// as it was: the closure of a road, and the closure that is cancelled. `more` are the places of these
/// words. Of a publisher's name, as of the Cooperative Extension, nothing follows.
pub(super) fn ends(words: &[String], names: &[bool], more: &[usize]) -> bool {
    let is_name = more.len() > 1 && more.iter().all(|at| names[*at]);
    let word = |at: usize| words.get(at).map_or("", String::as_str);
    let overturns = |at: &usize| {
        let (word, next) = (word(*at), word(*at + 1));
        overturns(word) && !(is_name && is_noun(word))
            || word == "called" && next == "off"
            || *at > 0 && matches!((&*words[*at - 1], word), ("on", "hold") | ("no", "longer"))
    };
    more.iter().any(overturns) || is_at_the_end(words, names, more)
}

/// Whether a title goes on by a participle, as that of a notice with its end does: "… completed".
fn is_at_the_end(words: &[String], names: &[bool], more: &[usize]) -> bool {
    let Some(last) = words.len().checked_sub(1) else { return false };
    let is_behind = more.iter().all(|at| *at + 2 > last) && more.contains(&last);
    is_behind
        && !names[last]
        && (matches!(words[last].as_str(), "over" | "end" | "fin" | "fine" | "ende" | "einde")
            || is_participle(&words[last]))
}

/// Whether a folded word has the form of a participle or of a verb in the past.
#[rustfmt::skip]
fn is_participle(word: &str) -> bool {
    const ENDS: &[&str] = &[
        "ed", "ado", "ada", "ados", "adas", "ido", "ida", "idos", "idas", "ato", "ata", "ati",
        "uto", "uta", "ildi", "endi", "andi", "ttu", "tty", "odott", "edott", "ено", "ано", "ана",
        "ены", "ена", "ени", "θηκε", "θηκαν",
    ];
    const BEGINNINGS: &[&str] =
        &["ge", "abge", "aufge", "ausge", "einge", "vorge", "zuge", "wegge", "be", "ver", "ent"];
    let is_long = word.chars().count() >= 6;
    let is_germanic = || word.ends_with(['t', 'd']) || word.ends_with("en");
    is_long
        && !word.ends_with("eed")
        && (ENDS.iter().any(|end| word.ends_with(end))
            || is_germanic() && BEGINNINGS.iter().any(|beginning| word.starts_with(beginning)))
}

/// Whether a word for the end of something is a noun, which offices have in their names.
fn is_noun(word: &str) -> bool {
    word.ends_with("ion") || word.ends_with("al") || word.ends_with("ment") || word.ends_with("ung")
}

/// Whether a folded word says that something announced before does not stay as it was.
#[rustfmt::skip]
fn overturns(word: &str) -> bool {
    matches!(
        word,
        "cancelled" | "delayed" | "delays" | "delay" | "completed" | "halted" | "halts" | "scrapped"
        | "scraps" | "abandoned" | "terminated" | "concluded" | "canceled" | "cancels" | "cancellation" | "postponed" | "postpones"
        | "postponement" | "rescheduled" | "lifted" | "lifts" | "suspended" | "suspends"
        | "suspension" | "withdrawn" | "withdraws" | "withdrawal" | "revoked" | "revokes"
        | "rescinded" | "repealed" | "extended" | "extends" | "extension" | "ended" | "ends"
        | "reopened" | "reopens" | "resumed" | "resumes" | "reinstated"
        | "abgesagt" | "verschoben" | "aufgehoben" | "aufhebung" | "ausgesetzt" | "verlangert"
        | "verlangerung" | "beendet" | "widerrufen" | "zuruckgezogen"
        | "annule" | "annulee" | "annulation" | "reporte" | "reportee" | "suspendu"
        | "suspendue" | "prolonge" | "prolongee" | "prolongation" | "abroge"
        | "cancelado" | "cancelada" | "aplazado" | "aplazada" | "suspendido" | "suspendida"
        | "prorrogado" | "prorrogada" | "prorroga" | "adiado" | "adiada" | "suspenso" | "suspensa"
        | "annullato" | "annullata" | "rinviato" | "rinviata" | "sospeso" | "sospesa"
        | "prorogato" | "prorogata" | "revocato" | "revocata"
        | "geannuleerd" | "uitgesteld" | "opgeheven" | "opgeschort" | "verlengd" | "ingetrokken"
        | "installd" | "installt" | "uppskjuten" | "aflyst" | "avlyst" | "utsatt" | "udskudt"
        | "forlangd" | "forlaenget" | "forlenget" | "opphevet"
        | "odwolany" | "odwolana" | "odwolane" | "przelozony" | "przelozone" | "zawieszony"
        | "zawieszone" | "przedluzony" | "przedluzone" | "zruseno" | "zrusen" | "zrusena"
        | "odlozeno" | "odlozen" | "prodlouzeno" | "prodlouzen"
        | "otkazano" | "otkazan" | "odgodeno" | "produzen" | "produzeno" | "anulohet" | "shtyhet"
            | "finalizado" | "finalizada" | "concluido" | "concluida" | "terminado" | "terminada"
            | "conclusa" | "concluso" | "terminata" | "terminato" | "termine" | "terminee" | "leve"
            | "levee" | "abgeschlossen" | "afgelast" | "beeindigd" | "installda" | "avslutad"
            | "отменено" | "отменен" | "отменена" | "отменены" | "отменяется" | "перенесено"
            | "перенесен" | "перенесена" | "продлено" | "продлен" | "приостановлено"
            | "завершено" | "завершен" | "завершена" | "скасовано" | "відкладено" | "подовжено"
            | "призупинено" | "отменя" | "отложено" | "прекратено" | "удължено" | "отказано"
            | "одложено" | "укинуто" | "завршено" | "ακυρωθηκε" | "ακυρωνεται" | "αναβληθηκε"
            | "αναβαλλεται" | "παρατεινεται" | "iptal" | "ertelendi" | "uzatildi" | "durduruldu"
            | "tamamlandi" | "peruttu" | "peruutettu" | "peruuntuu" | "siirretty" | "lykatty"
            | "jatkettu" | "elmarad" | "elhalasztva" | "meghosszabbitva" | "befejezodott"
            | "felfuggesztve" | "anulat" | "anulata" | "amanat" | "amanata" | "suspendat"
            | "suspendata" | "prelungit" | "prelungita" | "finalizat" | "finalizata"
    )
}

fn is_of_outcome(word: &str) -> bool {
    matches!(word, "outcome" | "outcomes" | "response" | "responses" | "auswertung")
}

fn is_of_consultation(word: &str) -> bool {
    matches!(
        word,
        "consultation"
            | "consultations"
            | "anhorung"
            | "konsultation"
            | "consulta"
            | "consultazione"
            | "consultatie"
            | "remiss"
            | "samrad"
            | "horing"
            | "konsultacje"
    )
}

/// Whether a folded word is one for a text that is not in force yet.
#[rustfmt::skip]
pub(super) fn is_of_draft(word: &str) -> bool {
    const ENDS: &[&str] = &[
        "entwurf", "entwurfs", "vorschlag", "ontwerp", "voorstel", "forslag", "utkast", "udkast",
        "tervezet", "tervezete", "javaslat", "esitys", "luonnos", "проект", "проекта", "проєкт", "проєкту",
    ];
    ENDS.iter().any(|end| word.ends_with(end))
        || matches!(
            word,
            "draft" | "drafts" | "proposal" | "proposals" | "proposed" | "proposes"
                | "proposition" | "projet" | "avantprojet" | "propuesta" | "proyecto"
                | "anteproyecto" | "projeto" | "anteprojeto" | "bozza" | "schema" | "disegno"
                | "proposta" | "projekt" | "projektu" | "navrh" | "predlog" | "prijedlog" | "nacrt"
                | "osnutek" | "propozim" | "proiect" | "proiectul" | "eelnou" | "taslagi" | "tasarisi"
                | "avantprojecte" | "esborrany" | "ehdotus" | "drafft" | "dreacht" | "нацрт"
                | "чернетка" | "законопроекта" | "σχεδιο" | "νομοσχεδιο" | "مشروع" | "טיוטה" | "טיוטת"
        )
}

/// Whether a folded word is one for the correction of what was announced.
#[rustfmt::skip]
pub(super) fn is_of_correction(word: &str) -> bool {
    matches!(
        word,
        "correction" | "corrected" | "corrects" | "corrigendum" | "corrigenda" | "erratum"
            | "errata" | "clarification" | "retraction" | "retracted" | "rectification"
            | "rectificatif" | "rectificative" | "rectifie" | "rectifiee" | "berichtigung"
            | "berichtigt" | "korrektur" | "korrigiert" | "richtigstellung" | "klarstellung"
            | "rettifica" | "rettificato" | "rettificata" | "correccion" | "rectificacion"
            | "corregido" | "corregida" | "errores" | "erratas" | "correcao" | "retificacao"
            | "retificado" | "rectificatie" | "correctie" | "gecorrigeerd" | "rechtzetting"
            | "rattelse" | "korrigering" | "rattad" | "rettelse" | "berigtigelse" | "korreksjon"
            | "oikaisu" | "korjaus" | "sprostowanie" | "korekta" | "oprava" | "popravek"
            | "ispravak" | "ispravka" | "исправка" | "helyesbites" | "rectificare" | "erata"
            | "исправление" | "опровержение" | "уточнение" | "виправлення" | "уточнення"
            | "спростування" | "διορθωση" | "duzeltme" | "tekzip" | "cywiriad" | "ceartu"
            | "parandus" | "labojums" | "pataisymas" | "تصحيح" | "تصويب" | "استدراك" | "הבהרה"
    )
}

#[rustfmt::skip]
fn is_of_decision(word: &str) -> bool {
    matches!(
        word,
        "adopted" | "adopts" | "confirmed" | "decided" | "decides" | "decision" | "final"
            | "beschluss" | "entscheidung" | "arrete" | "resolucion"
            | "decisione" | "delibera" | "decisao" | "besluit" | "beslut" | "vedtak"
            | "afgorelse" | "decyzja" | "uchwala" | "rozhodnuti" | "odluka" | "vendim"
    )
}

#[cfg(test)]
mod tests {
    use super::super::Title;
    use super::super::agreement::title_match;

    #[test]
    fn a_draft_and_the_act_are_two() {
        for (draft, act) in [
            ("Draft Orm Harbour Byelaws 2027", "Orm Harbour Byelaws 2027"),
            ("Avant-projet de loi sur les ports d'Orm", "Loi sur les ports d'Orm"),
            ("Schema di decreto sui molluschi del golfo", "Decreto sui molluschi del golfo"),
            ("Disegno di legge sui porti minori di Orm", "Legge sui porti minori di Orm"),
            ("Anteproyecto de Ley de puertos de Carrow", "Ley de puertos de Carrow"),
            ("Projeto de decreto sobre o berbigão de Orm", "Decreto sobre o berbigão de Orm"),
            (
                "Referentenentwurf: Verordnung über Sportboote auf der Orm",
                "Verordnung über Sportboote auf der Orm",
            ),
            (
                "Projekt rozporządzenia w sprawie portów rybackich Orm",
                "Rozporządzenie w sprawie portów rybackich Orm",
            ),
            ("Проєкт постанови про порти Лоугевена", "Постанова про порти Лоугевена"),
            ("Wetsvoorstel kleine havens Ormland", "Wet kleine havens Ormland"),
            ("Utkast till förordning om fiskehamnar i Orm", "Förordning om fiskehamnar i Orm"),
            ("渔港船舶安全管理条例（草案）", "渔港船舶安全管理条例"),
            ("مشروع قانون الموانئ الصغيرة", "قانون الموانئ الصغيرة"),
        ] {
            let (draft, act) = (Title::of(draft, ""), Title::of(act, ""));
            for (one, other) in [(&draft, &act), (&act, &draft)] {
                let found = title_match(one, other);
                assert!(found.agreement() < 0, "{one:?}: {found:?}");
            }
            assert!(title_match(&draft, &draft).agreement() > 0, "{draft:?}");
        }
    }
}
