//! The classes of characters, written out: `pkg/src/split/characters.ts` has the same.

/// Joins what stands on both sides of it.
pub(super) const JOINER: char = '\u{200d}';

/// The `White_Space` property of Unicode.
pub(super) fn is_white(c: char) -> bool {
    matches!(c, '\t'..='\r' | ' ' | '\u{85}' | '\u{a0}' | '\u{1680}' | '\u{2000}'..='\u{200a}')
        || matches!(c, '\u{2028}' | '\u{2029}' | '\u{202f}' | '\u{205f}' | '\u{3000}')
}

/// Ends a line.
pub(super) fn ends_line(c: char) -> bool {
    matches!(c, '\n'..='\r' | '\u{85}' | '\u{2028}' | '\u{2029}')
}

/// Belongs to the code point before it: a combining mark, a variation selector, a skin tone, a tag, the joiner.
pub(super) fn extends(c: char) -> bool {
    matches!(c, '\u{300}'..='\u{36f}' | JOINER | '\u{20d0}'..='\u{20ff}' | '\u{3099}' | '\u{309a}')
        || matches!(c, '\u{fe00}'..='\u{fe0f}' | '\u{1f3fb}'..='\u{1f3ff}')
        || matches!(c, '\u{e0020}'..='\u{e007f}' | '\u{e0100}'..='\u{e01ef}')
}

/// A token by itself.
pub(super) fn is_east_asian(c: char) -> bool {
    is_ideographic(c) || matches!(c, '\u{ac00}'..='\u{d7af}')
}

/// Of a script without spaces: East Asian, but for Hangul syllables, whose words have spaces between them.
pub(super) fn is_ideographic(c: char) -> bool {
    matches!(c, '\u{2e80}'..='\u{9fff}' | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{3ffff}')
}

/// Capitals that may be somebody's initial: Latin, Greek, Cyrillic.
pub(super) fn is_capital(c: char) -> bool {
    matches!(c, 'A'..='Z' | '\u{c0}'..='\u{d6}' | '\u{d8}'..='\u{de}' | '\u{391}'..='\u{3a9}' | '\u{400}'..='\u{42f}')
}

/// Ends a sentence where white space follows.
pub(super) fn ends_sentence(c: char) -> bool {
    matches!(c, '.' | '!' | '?' | '…' | '\u{61f}' | '\u{6d4}' | '\u{964}' | '\u{965}')
}

/// Ends a sentence whatever follows.
pub(super) fn ends_sentence_at_once(c: char) -> bool {
    matches!(c, '。' | '！' | '？')
}

/// Quotes, brackets and emphasis that belong to the sentence which they close.
pub(super) fn closes(c: char) -> bool {
    matches!(c, '"' | '\'' | ')' | ']' | '}' | '*' | '_' | '»' | '›' | '\u{2019}' | '\u{201d}')
        || matches!(c, '」' | '』' | '）' | '］' | '】' | '〉' | '》' | '〕')
}

/// Quotes that open in some languages and close in others: they close where white space follows.
pub(super) fn may_close(c: char) -> bool {
    matches!(c, '«' | '‹' | '\u{2018}' | '\u{201c}')
}

/// Brackets and quotes that belong to what is behind them.
pub(super) fn opens(c: char) -> bool {
    matches!(c, '(' | '[' | '{' | '\u{2018}' | '\u{201c}' | '\u{201e}' | '«' | '‹' | '»' | '›')
        || matches!(c, '「' | '『' | '（' | '［' | '【' | '〈' | '《' | '〔')
}

/// Never begins a word where no white space is before it.
pub(super) fn clings(c: char) -> bool {
    c.is_ascii_punctuation()
        || closes(c)
        || ends_sentence(c)
        || ends_sentence_at_once(c)
        || matches!(c, '、' | '，' | '．' | '：' | '；' | 'ー' | '々' | '・')
}
