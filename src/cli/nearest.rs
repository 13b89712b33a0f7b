//! Suggests the names that somebody may have meant.

/// At least as alike as this, a name may have been meant.
const ALIKE: f64 = 0.8;

/// Names shown in one suggestion.
const MOST: usize = 3;

/// `no source is called X; did you mean A or B?`, with near names only.
pub(super) fn unknown<'a>(
    kind: &str,
    name: &str,
    known: impl IntoIterator<Item = &'a str>,
) -> String {
    let likeness = |known: &'a str| (strsim::jaro_winkler(known, name), known);
    let mut near: Vec<(f64, &str)> = known.into_iter().map(likeness).collect();
    near.retain(|(likeness, _)| *likeness >= ALIKE);
    near.sort_by(|one, other| other.0.total_cmp(&one.0).then(one.1.cmp(other.1)));
    near.truncate(MOST);
    let names: Vec<&str> = near.into_iter().map(|(_, name)| name).collect();
    let hint = match names.as_slice() {
        [] => String::new(),
        names => format!("; did you mean {}?", names.join(" or ")),
    };
    format!("no {kind} is called {name}{hint}")
}

#[cfg(test)]
mod tests {
    use super::unknown;

    #[test]
    fn near_names_are_suggested_and_others_are_not() {
        let known = ["home-office", "home-affairs", "fcdo", "treasury"];
        for (name, said) in [
            (
                "home-ofice",
                "no source is called home-ofice; did you mean home-office or home-affairs?",
            ),
            ("tresury", "no source is called tresury; did you mean treasury?"),
            ("nope", "no source is called nope"),
        ] {
            assert_eq!(unknown("source", name, known), said);
        }
    }
}
