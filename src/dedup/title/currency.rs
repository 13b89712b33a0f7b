//! Recognises currencies beside numbers: "£5m" is "5 million pounds".

/// Currencies by a sign, and the folded words for each. One without a sign of its own has a letter for it.
#[rustfmt::skip]
const CURRENCIES: &[(char, &[&str])] = &[
    ('$', &["dollar", "dollars", "usd", "dolar", "dolares", "dolarow", "dollaria", "долларов", "доларів"]),
    ('£', &["pound", "pounds", "gbp", "sterling"]),
    (
        '€',
        &["euro", "euros", "eur", "eura", "euroa", "eurot", "evra", "evrov", "deuros", "deuro", "евро", "євро", "ευρω"],
    ),
    ('¥', &["yen", "yuan", "jpy", "cny", "rmb"]),
    ('₹', &["rupee", "rupees", "inr", "rs"]),
    ('₽', &["roubles", "rubles", "rub", "рублей", "рубля", "руб"]),
    ('₺', &["lira", "lirasi", "tl"]),
    ('₩', &["krw"]),
    ('z', &["zloty", "zlotys", "zlotych", "zlote", "zl", "pln"]),
    ('k', &["kronor", "krona", "kroner", "krone", "kronur", "kr", "sek", "nok", "dkk", "isk"]),
    ('c', &["korun", "koruny", "kc", "czk"]),
    ('f', &["forint", "forintot", "ft", "huf"]),
    ('l', &["lei", "leu", "ron", "mdl"]),
    ('b', &["leva", "bgn", "лева", "лв"]),
    ('d', &["dinara", "dinar", "rsd", "динара", "динар"]),
    ('h', &["hryvnias", "uah", "гривень", "гривні", "грн"]),
    ('s', &["francs", "franken", "chf"]),
    ('p', &["pesos"]),
    ('t', &["baht", "thb", "บาท"]),
    ('r', &["rupiah", "rp", "idr"]),
    ('m', &["ringgit", "rm", "myr"]),
];

/// The signs of currencies in a title.
pub(super) fn signs(title: &str) -> String {
    let is_sign = |c: &char| CURRENCIES.iter().any(|(sign, _)| sign == c && !sign.is_alphabetic());
    title.chars().filter(is_sign).collect()
}

/// How many words that stand behind or before a number are a currency, and its sign: "pounds", "de euros".
pub(super) fn currency(words: &[String]) -> Option<(usize, char)> {
    let of = usize::from(words.len() > 1 && matches!(words[0].as_str(), "de" | "di" | "of"));
    let word = words.get(of)?;
    let (sign, _) = CURRENCIES.iter().find(|(_, known)| known.contains(&word.as_str()))?;
    Some((of + 1, *sign))
}
