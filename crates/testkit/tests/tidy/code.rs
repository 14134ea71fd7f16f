//! Sees code without its comments and literals, in Rust and in TypeScript: enough to count braces and find words.

#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Language {
    Rust,
    TypeScript,
}

impl Language {
    /// The language of a path with an extension that the rules look at.
    pub fn of(path: &str) -> Self {
        if path.ends_with(".rs") { Self::Rust } else { Self::TypeScript }
    }
}

/// The source with comments and the insides of literals replaced by blanks; lines stay where they are.
pub fn blanked(source: &str, language: Language) -> String {
    let chars: Vec<char> = source.chars().collect();
    let mut output = String::with_capacity(source.len());
    let mut at = 0;
    while at < chars.len() {
        let end = literal_end(&chars, at, language, &output);
        if end == at {
            output.push(chars[at]);
            at += 1;
        } else {
            let blank = |&c: &char| if c == '\n' { '\n' } else { ' ' };
            output.extend(chars[at..end].iter().map(blank));
            at = end;
        }
    }
    output
}

/// Where the comment or literal that starts at `at` ends; `at` itself where none starts.
fn literal_end(chars: &[char], at: usize, language: Language, before: &str) -> usize {
    let next = chars.get(at + 1).copied().unwrap_or('\0');
    match (chars[at], next, language) {
        ('/', '/', _) => line_end(chars, at),
        ('/', '*', _) => comment_end(chars, at, language == Language::Rust),
        ('"', ..) => quote_end(chars, at, '"'),
        ('\'', _, Language::Rust) => char_end(chars, at),
        ('r', '"' | '#', Language::Rust) if !is_word(before.chars().next_back()) => raw_end(chars, at),
        ('\'', _, Language::TypeScript) => quote_end(chars, at, '\''),
        ('`', _, Language::TypeScript) => template_end(chars, at),
        ('/', _, Language::TypeScript) if regex_may_start(before) => regex_end(chars, at),
        _ => at,
    }
}

pub fn is_word(c: Option<char>) -> bool {
    c.is_some_and(|c| c.is_alphanumeric() || c == '_')
}

fn line_end(chars: &[char], at: usize) -> usize {
    (at..chars.len()).find(|&i| chars[i] == '\n').unwrap_or(chars.len())
}

fn comment_end(chars: &[char], at: usize, nests: bool) -> usize {
    let mut depth = 0;
    let mut i = at;
    while i + 1 < chars.len() {
        match (chars[i], chars[i + 1]) {
            ('/', '*') if depth == 0 || nests => depth += 1,
            ('*', '/') => depth -= 1,
            _ => {
                i += 1;
                continue;
            }
        }
        i += 2;
        if depth == 0 {
            return i;
        }
    }
    chars.len()
}

fn quote_end(chars: &[char], at: usize, quote: char) -> usize {
    let mut i = at + 1;
    while i < chars.len() && chars[i] != quote {
        i += if chars[i] == '\\' { 2 } else { 1 };
    }
    (i + 1).min(chars.len())
}

/// A character literal; a lifetime has no closing quote and stays as it is.
fn char_end(chars: &[char], at: usize) -> usize {
    match (chars.get(at + 1), chars.get(at + 2)) {
        (Some('\\'), _) => quote_end(chars, at, '\''),
        (Some(_), Some('\'')) => at + 3,
        _ => at,
    }
}

fn raw_end(chars: &[char], at: usize) -> usize {
    let hashes = chars[at + 1..].iter().take_while(|&&c| c == '#').count();
    if chars.get(at + 1 + hashes) != Some(&'"') {
        return at; // a raw identifier, r#type
    }
    let closes =
        |&i: &usize| chars[i] == '"' && chars[i + 1..].iter().take(hashes).filter(|&&c| c == '#').count() == hashes;
    (at + 2 + hashes..chars.len()).find(closes).map_or(chars.len(), |i| i + 1 + hashes)
}

fn template_end(chars: &[char], at: usize) -> usize {
    let mut i = at + 1;
    while i < chars.len() && chars[i] != '`' {
        if chars[i] == '$' && chars.get(i + 1) == Some(&'{') {
            i = substitution_end(chars, i + 2);
        } else {
            i += if chars[i] == '\\' { 2 } else { 1 };
        }
    }
    (i + 1).min(chars.len())
}

fn substitution_end(chars: &[char], at: usize) -> usize {
    let mut depth = 1;
    let mut i = at;
    while i < chars.len() && depth > 0 {
        match chars[i] {
            '{' => depth += 1,
            '}' => depth -= 1,
            _ => {}
        }
        // The text before is not needed: a pattern inside a substitution is not worth telling from a division.
        i = literal_end(chars, i, Language::TypeScript, "x").max(i + 1);
    }
    i
}

fn regex_may_start(before: &str) -> bool {
    let before = before.trim_end();
    before.is_empty() || before.ends_with(|c| "(,=:[!&|?{};+>".contains(c)) || before.ends_with("return")
}

fn regex_end(chars: &[char], at: usize) -> usize {
    let mut in_class = false;
    let mut i = at + 1;
    while i < chars.len() && chars[i] != '\n' && (in_class || chars[i] != '/') {
        match chars[i] {
            '[' => in_class = true,
            ']' => in_class = false,
            '\\' => i += 1,
            _ => {}
        }
        i += 1;
    }
    (i + 1).min(chars.len())
}

/// Whether `code` has `word` with no letter, digit or underscore on either side.
pub fn has_word(code: &str, word: &str) -> bool {
    code.match_indices(word)
        .any(|(at, _)| !is_word(code[..at].chars().next_back()) && !is_word(code[at + word.len()..].chars().next()))
}

#[test]
fn literals_and_comments_are_blanked_and_nothing_else() {
    let rust = |source| blanked(source, Language::Rust);
    assert_eq!(rust("a(\"{\") // {\nb"), "a(   )     \nb");
    assert_eq!(rust("x('{', '\\'', &'a T)"), "x(   ,     , &'a T)");
    assert_eq!(rust("f(r#\"a\"{\"#) r#fn"), format!("f({}) r#fn", " ".repeat(8)));
    assert_eq!(rust("/* a /* b */ c */d"), format!("{}d", " ".repeat(17)));
    let script = |source| blanked(source, Language::TypeScript);
    assert_eq!(script("a(`${b ? `}` : 1}`)"), format!("a({})", " ".repeat(16)));
    assert_eq!(script("s.split(/[\"/]/)"), format!("s.split({})", " ".repeat(6)));
    assert_eq!(script("a / b / c"), "a / b / c");
}

#[test]
fn words_are_whole() {
    assert!(has_word("unsafe { }", "unsafe"));
    assert!(!has_word("forbid(unsafe_code)", "unsafe"));
}
