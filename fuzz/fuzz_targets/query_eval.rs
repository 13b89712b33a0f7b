//! Evaluates any query, as a stranger may send it, on any text: it keeps within its work.
#![no_main]

use std::sync::LazyLock;

use gazetted::model::TopicId;
use gazetted::topics::{Language, Spent, Subject, TermCounts, TopicSet, Vocabulary, Work};
use libfuzzer_sys::fuzz_target;

/// Units of work. The fuzzer's own time-out would show what takes long and is not counted.
const UNITS: u64 = 2_000_000;

static NOTHING: LazyLock<TopicSet> = LazyLock::new(|| {
    let compiled = TopicSet::compile(&[], &Vocabulary::new(), &Language::default());
    compiled.map(|(set, _)| set).unwrap_or_else(|problems| panic!("{problems:?}"))
});

fn search(set: &TopicSet, subject: &Subject, work: &Work<'_>) -> Result<bool, Spent> {
    let looked = set.within(work).look_at(subject)?;
    let is_in = looked.is_in(0)?;
    looked.count_terms(0, &mut TermCounts::default())?;
    looked.highlights(0)?;
    Ok(is_in)
}

// The first line is the query, the rest the text.
fuzz_target!(|input: &str| {
    let (query, text) = input.split_once('\n').unwrap_or((input, ""));
    let topic = TopicId::new("query");
    if query.len() > 2048 {
        return;
    }
    let Ok((set, _)) = NOTHING.alone_for_anybody(&topic, query, None) else { return };
    let subject = set.subject_of_text(text, None);
    let go_on = || true;
    let work = Work::bounded(UNITS, &go_on);
    let answer = search(&set, &subject, &work);
    assert!(work.spent() <= UNITS);
    let Ok(is_in) = answer else { return };
    assert_eq!(is_in, set.is_in(&subject, 0), "a bound changes the answer to {query:?}");
    let units = work.spent();
    let less = Work::bounded(units / 2, &go_on);
    assert_eq!(search(&set, &subject, &less), Err(Spent), "half of {units} units is not enough");
});
