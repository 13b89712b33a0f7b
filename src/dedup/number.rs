//! Reads numbers and dates, in digits and in words.

mod figures;
mod reader;
mod words;

pub(super) use figures::{
    Figures, date_parts, day, folded, is_below_zero, is_number, spelled, title_words, unit,
};
pub(super) use reader::{NumberReader, decimal};
