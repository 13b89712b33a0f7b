//! Reads numbers and dates, in digits and in words.

mod conflict;
mod number_words;
mod reader;

pub(super) use conflict::{
    Figures, amount, date_parts, day, folded, goes_on, is_below_zero, is_number, multiplied, scale,
    spelled, title_words,
};
pub(super) use number_words::{roman_number, spelt_number};
pub(super) use reader::{NumberReader, decimal};
