//! Splits the type of a document off a title: "Press release: UK and India sign deal".

/// The types that GOV.UK puts before titles.
const TYPES: [&str; 40] = [
    "AAIB report",
    "Authored article",
    "Call for evidence",
    "Case study",
    "Closed consultation",
    "Collection",
    "Consultation outcome",
    "Corporate report",
    "Correspondence",
    "Decision",
    "Detailed guide",
    "FOI release",
    "Fatality notice",
    "Form",
    "Government response",
    "Guidance",
    "Impact assessment",
    "Independent report",
    "International treaty",
    "Map",
    "National Statistics",
    "News story",
    "Notice",
    "Official Statistics",
    "Open consultation",
    "Oral statement to Parliament",
    "Policy paper",
    "Press release",
    "Promotional material",
    "Regulation",
    "Research and analysis",
    "Research",
    "Speech",
    "Standard",
    "Statutory guidance",
    "Transcript",
    "Transparency data",
    "Travel advice",
    "World news story",
    "Written statement to Parliament",
];

/// The type, if there is one, and the rest of the title.
pub(super) fn split(title: &str) -> (Option<&str>, &str) {
    match title.split_once(": ") {
        Some((kind, rest)) if TYPES.contains(&kind) && !rest.trim().is_empty() => {
            (Some(kind), rest.trim_start())
        }
        _ => (None, title),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_known_type_is_a_label_and_anything_else_belongs_to_the_title() {
        for (title, kind, rest) in [
            (
                "Press release: UK and India sign deal",
                Some("Press release"),
                "UK and India sign deal",
            ),
            ("Speech: Women: a report", Some("Speech"), "Women: a report"),
            ("Kosovo: travel advice", None, "Kosovo: travel advice"),
            ("Press release: ", None, "Press release: "),
            ("Speech", None, "Speech"),
        ] {
            assert_eq!(split(title), (kind, rest), "{title}");
        }
    }
}
