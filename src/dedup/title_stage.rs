//! Tells a proposal from the decision on it, and a notice from its end, by the words of titles.
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
    match (any(is_of_proposal), any(is_of_decision)) {
        (true, false) => Some(Stage::Proposal),
        (false, true) => Some(Stage::Decision),
        _ => None,
    }
}

/// Whether the folded words of a title say that something announced before does not stay as it was:
/// the closure of a road, and the closure that is cancelled.
#[rustfmt::skip]
pub(super) fn overturns(words: &[String]) -> bool {
    words.iter().any(|word| matches!(
        word.as_str(),
        "cancelled" | "canceled" | "cancels" | "cancellation" | "postponed" | "postpones"
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
    ))
}

fn is_of_outcome(word: &str) -> bool {
    matches!(word, "outcome" | "outcomes" | "response" | "responses" | "auswertung")
}

#[rustfmt::skip]
fn is_of_proposal(word: &str) -> bool {
    matches!(
        word,
        "consultation" | "consultations" | "draft" | "proposal" | "proposals" | "proposed"
            | "proposes" | "anhorung" | "entwurf" | "konsultation" | "vorschlag" | "proposition"
            | "consulta" | "propuesta" | "bozza" | "consultazione" | "proposta" | "consultatie"
            | "ontwerp" | "voorstel" | "forslag" | "remiss" | "samrad" | "horing" | "konsultacje"
            | "navrh" | "predlog" | "propozim"
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
