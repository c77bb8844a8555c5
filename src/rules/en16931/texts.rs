//! What each EN 16931 rule says, why it exists and what to do about it, in our words.

mod br;
mod cii;
mod cl;
mod co;
mod dec;
mod ubl;
mod vat;
mod why;

use crate::text::Text;

/// The words of one rule.
#[derive(Clone, Copy, Debug)]
pub struct Words {
    /// The official id, `BR-CO-10`.
    pub id: &'static str,
    /// The business terms and groups that the rule speaks of.
    pub terms: &'static [&'static str],
    /// The rule in one sentence.
    pub says: Text,
    /// Why it exists, or what goes wrong without it.
    pub why: Text,
    /// What to do when it is broken.
    pub mend: Text,
}

/// The words of every rule, sorted by id.
pub static TEXTS: &[Words] = &ALL;

static ALL: [Words; 394] = join(&[
    br::ROWS,
    vat::AE,
    vat::AF,
    vat::AG,
    vat::B,
    cl::ROWS,
    co::ROWS,
    dec::ROWS,
    vat::E,
    vat::G,
    vat::IC,
    vat::O,
    vat::S,
    vat::Z,
    cii::ROWS,
    ubl::ROWS,
]);

/// A row of the tables.
const fn words(id: &'static str, terms: &'static [&'static str], says: Text, why: Text, mend: Text) -> Words {
    Words { id, terms, says, why, mend }
}

/// The tables one after another; a wrong `N` does not compile.
const fn join<const N: usize>(tables: &[&'static [Words]]) -> [Words; N] {
    let mut all = [tables[0][0]; N];
    let mut n = 0;
    let mut table = 0;
    while table < tables.len() {
        let mut row = 0;
        while row < tables[table].len() {
            all[n] = tables[table][row];
            n += 1;
            row += 1;
        }
        table += 1;
    }
    assert!(n == N);
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sorted_by_id_each_once() {
        assert!(TEXTS.windows(2).all(|pair| pair[0].id < pair[1].id));
    }

    #[test]
    fn sentences_are_whole_and_in_both_languages() {
        for words in TEXTS {
            for text in [words.says, words.why, words.mend] {
                for sentence in [text.fr, text.en] {
                    assert!(!sentence.is_empty() && !sentence.ends_with('.'), "{}: {sentence}", words.id);
                    assert_eq!(sentence, sentence.trim(), "{}", words.id);
                }
                assert_ne!(text.fr, text.en, "{}", words.id);
            }
        }
    }
}
