//! The words by which a title tells its announcement from others.

use std::collections::HashSet;

use crate::tokenize;

/// Words of fewer letters are in any text.
const SHORT_WORD: usize = 4;

/// Letters that two forms of one word have in common at least.
const STEM: usize = 4;

/// Letters of a part of a row without spaces: about a word and a half, which no other text has by
/// chance.
const PART: usize = 8;

/// Words of a title that is a kind of text and its number, such as "Press release 71/2026".
const MOST_WORDS_OF_A_LABEL: usize = 3;

/// The telling words of a title.
#[derive(Debug, Clone, Default)]
pub struct TitleWords {
    words: HashSet<String>,
    /// Parts of what a script writes without spaces: two ideographs, for one alone is in any text, or
    /// [`PART`] letters of a row in Thai, Lao, Burmese or Khmer.
    parts: Vec<String>,
    is_label: bool,
}

impl TitleWords {
    /// The numbers of a title, and its words that are not short. All of them, where it has no such
    /// word.
    pub fn of(title: &str) -> Self {
        let all = folded(title);
        let is_ideograph = |word: &str| !word.is_ascii() && word.chars().count() == 1;
        let pairs = all.windows(2).filter(|two| two.iter().all(|word| is_ideograph(word)));
        let rows = all.iter().flat_map(|word| {
            let row: Vec<char> = word.chars().filter(|c| is_unspaced(*c)).collect();
            row.windows(PART).map(String::from_iter).collect::<Vec<_>>()
        });
        let parts: Vec<String> = pairs.map(<[String]>::concat).chain(rows).collect();
        let letters = all.iter().filter(|word| !word.starts_with(|c: char| c.is_numeric())).count();
        let is_label = parts.is_empty()
            && (all.len() <= 1 || letters < all.len() && letters <= MOST_WORDS_OF_A_LABEL);
        let is_telling = |word: &&String| {
            word.chars().count() >= SHORT_WORD || is_ideograph(word) || word.parse::<u32>().is_ok()
        };
        let telling: HashSet<String> = all.iter().filter(is_telling).cloned().collect();
        let words = if telling.is_empty() { all.into_iter().collect() } else { telling };
        Self { words, parts, is_label }
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.words.is_empty()
    }

    /// Whether the title is one word, or a kind of text and its number: it says nothing of what
    /// the announcement is about.
    pub fn is_label(&self) -> bool {
        self.is_label
    }

    /// Whether more than half of the words are in the name of a page.
    pub fn are_mostly_in(&self, name: &str) -> bool {
        let named: HashSet<String> = folded(name).into_iter().collect();
        2 * self.words.intersection(&named).count() > self.words.len()
    }

    /// Whether one of the words, in any of its forms, is in a text. Years are in any text.
    pub fn any_in(&self, text: &str) -> bool {
        self.share_in(text) > 0.0
    }

    /// The share of the words that are in a text, in any of their forms.
    pub fn share_in(&self, text: &str) -> f64 {
        let words = folded(text);
        if !self.parts.is_empty() {
            let joined = words.concat();
            let found = self.parts.iter().filter(|part| joined.contains(part.as_str())).count();
            if found > 0 {
                return share(found, self.parts.len());
            }
        }
        let is_year = |word: &str| matches!(word.parse(), Ok(1900..=2100_u32));
        let own = self.words.iter().filter(|word| {
            !is_year(word) && (word.is_ascii() || word.chars().count() > 1) && !is_common(word)
        });
        let own: Vec<&String> = own.collect();
        // Short words are in any text, so they count only where the title has no longer one.
        let has_longer = own.iter().any(|word| word.chars().count() > SHORT_WORD);
        let own: Vec<&String> = own
            .into_iter()
            .filter(|word| !has_longer || word.chars().count() > SHORT_WORD)
            .collect();
        let is_found = |known: &&&String| words.iter().any(|word| are_forms_of_one(known, word));
        share(own.iter().filter(is_found).count(), own.len())
    }
}

/// Whether a letter is of a script that writes no spaces between words, and has letters for sounds.
fn is_unspaced(c: char) -> bool {
    matches!(c, '\u{0E00}'..='\u{0EFF}' | '\u{1000}'..='\u{109F}' | '\u{1780}'..='\u{17FF}')
}

fn share(found: usize, all: usize) -> f64 {
    let count = |count: usize| u32::try_from(count).map_or(f64::MAX, f64::from);
    if found == 0 { 0.0 } else { count(found) / count(all) }
}

/// The words of a text, without case and diacritics.
fn folded(text: &str) -> Vec<String> {
    let mut cased = String::new();
    let words = tokenize::words(text).map(|(place, _)| {
        let mut word = String::new();
        tokenize::fold(tokenize::clean(&text[place], &mut cased), &mut word);
        word
    });
    words.collect()
}

/// Whether two words are equal, or begin alike for half of the longer one.
fn are_forms_of_one(one: &str, other: &str) -> bool {
    if one == other {
        return true;
    }
    if !one.starts_with(char::is_alphabetic) {
        return false;
    }
    let common = one.chars().zip(other.chars()).take_while(|(one, other)| one == other).count();
    let longest = one.chars().count().max(other.chars().count());
    common >= STEM && 2 * common >= longest
}

/// Whether a longer word only joins others, and is in any text.
fn is_common(word: &str) -> bool {
    const COMMON: &str = "about after again against also another before being between both during \
        from have into more most near onto other over seen some that their them then there these they this \
        those through under until upon were what when where which while whose will with without would your \
        aber auch beim dass dem diese dieser durch eine einem einen einer für gegen haben ihre nach nicht oder \
        sein sich sind über unter vom von vor wegen werden wird zum zur zwischen aux avec cette comme dans depuis \
        elle entre leur mais nous pour plus sans selon sont sous sur vous ante como contra cuando desde donde \
        durante esta este hacia hasta para pero porque sobre tras alla alle anche come dalla degli della delle \
        dopo nella nelle oltre perche presso quando questo sono sulla tutti dopo bij deze door heeft naar niet \
        onder tegen tijdens tussen voor wordt zijn dla jest oraz przed przez przy został";
    COMMON.split(' ').any(|common| common == word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_title_is_recognised_in_its_text() {
        for (title, text, is_in) in [
            ("Ferry to Orm stops", "The ferries stopped on Monday.", true),
            ("Library of Tarn opens", "We apologise for the inconvenience.", false),
            ("Wolves seen near Ketzin", "Desks may be seen near the hall.", false),
            ("Budget of 2026", "© 2026 County", false),
            ("Nordbecken geschlossen", "Das Nordbecken bleibt zu.", true),
            ("北港关闭", "交通运输部决定关闭北港十八个月。", true),
            ("北港关闭", "网站正在维护，请稍后再来。", false),
            ("ครม. อนุมัติงบฟื้นฟูป่าชายเลน", "คณะรัฐมนตรีอนุมัติงบประมาณเพื่อฟื้นฟูป่าชายเลนรอบอ่าว", true),
            ("ປິດທ່າເຮືອພາກເໜືອ", "ກະຊວງຈະປິດທ່າເຮືອພາກເໜືອໃນວັນຈັນ", true),
            ("ច្បាប់ថ្មីស្តីពីទន្លេ", "រដ្ឋាភិបាលអនុម័តច្បាប់ថ្មីស្តីពីទន្លេ", true),
            ("ปิดท่าเรือสายเหนือ", "เว็บไซต์กำลังปรับปรุง กรุณากลับมาใหม่", false),
            ("Закрытие северного порта", "Порты на севере закрыты.", true),
            ("إغلاق الميناء الشمالي", "يُغلق الميناءُ مساء اليوم.", true),
            ("Zamknięcie portu", "Strona jest w budowie.", false),
        ] {
            assert_eq!(TitleWords::of(title).any_in(text), is_in, "{title}: {text}");
        }
    }

    #[test]
    fn labels_say_nothing_of_their_text() {
        for (title, is_label) in [
            ("Pressemitteilung 71/2026", true),
            ("Press release No. 12", true),
            ("Notice 14", true),
            ("Statement", true),
            ("PM 71/2026", true),
            ("404 new flats for Carrow", false),
            ("Ferry stops", false),
            ("北港关闭", false),
            ("", true),
        ] {
            assert_eq!(TitleWords::of(title).is_label(), is_label, "{title}");
        }
    }
}
