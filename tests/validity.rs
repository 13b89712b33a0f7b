//! Tests with a validator that feeds in every state are valid.

mod rules;

mod states;
