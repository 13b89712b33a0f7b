//! Takes the text out of HTML whose tags are given up, with html5ever's tokenizer and no tree.

use std::cell::{Cell, RefCell};

use html5ever::tendril::StrTendril;
use html5ever::tokenizer::states::RawKind;
use html5ever::tokenizer::{
    BufferQueue, Tag, TagKind, Token, TokenSink, TokenSinkResult, Tokenizer, TokenizerOpts,
};

use super::plain_text::plain;
use super::policy::{self, Fate};

/// The text of HTML, a paragraph a line. It takes linear time, however deep elements are nested.
pub(super) fn text_of(html: &str) -> String {
    let input = BufferQueue::default();
    input.push_back(StrTendril::from_slice(html));
    let tokenizer = Tokenizer::new(Text::default(), TokenizerOpts::default());
    let _ = tokenizer.feed(&input);
    tokenizer.end();
    plain(&tokenizer.sink.written.into_inner())
}

/// Collects text as HTML of nothing but line breaks.
#[derive(Default)]
struct Text {
    written: RefCell<String>,
    /// How many elements are open whose content goes.
    hidden: Cell<usize>,
}

impl Text {
    fn tag(&self, tag: &Tag) -> TokenSinkResult<()> {
        let name: &str = &tag.name;
        let starts = tag.kind == TagKind::StartTag;
        if policy::is_block(name) || matches!(name, "br" | "tr") {
            self.written.borrow_mut().push_str("<br>");
        } else if matches!(name, "td" | "th") {
            self.written.borrow_mut().push(' ');
        }
        if policy::fate(name) != Fate::GoesWithContent {
            return TokenSinkResult::Continue;
        }
        let raw = match name {
            "script" => RawKind::ScriptData,
            "title" | "textarea" => RawKind::Rcdata,
            "style" | "iframe" | "noembed" | "noframes" | "noscript" | "xmp" => RawKind::Rawtext,
            // Content of its own kind, of which the end may be missing: only marked-up text.
            _ => return TokenSinkResult::Continue,
        };
        let hidden = self.hidden.get();
        self.hidden.set(if starts { hidden + 1 } else { hidden.saturating_sub(1) });
        if starts { TokenSinkResult::RawData(raw) } else { TokenSinkResult::Continue }
    }
}

impl TokenSink for Text {
    type Handle = ();

    fn process_token(&self, token: Token, _: u64) -> TokenSinkResult<()> {
        match token {
            Token::TagToken(tag) => return self.tag(&tag),
            Token::CharacterTokens(text) if self.hidden.get() == 0 => {
                self.written.borrow_mut().push_str(&htmlize::escape_text(&*text));
            }
            _ => {}
        }
        TokenSinkResult::Continue
    }
}
