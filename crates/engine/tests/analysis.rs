//! The analysis as a searcher sees it: what is found by what, and where it stands.
#![allow(clippy::unwrap_used, reason = "a test ends when what it expects is not there")]

use sanderling_engine::{
    schema::{StopWords, TextField},
    text::{Analyzer, FieldAnalyzer, Language, POSITION_GAP, Purpose, Terms, TokenKind, fold},
};
use std::time::{Duration, Instant};
use unicode_normalization::{UnicodeNormalization, char::is_combining_mark};
use unicode_segmentation::UnicodeSegmentation;

fn field(language: Language, stop_words: StopWords) -> FieldAnalyzer {
    let field = TextField { weight: 1.0, language, stop_words, positions: true, many: false };
    FieldAnalyzer::new(&field, None).unwrap()
}

/// Terms with their positions; other spellings in brackets.
fn spelled(analyzer: &dyn Analyzer, purpose: Purpose, text: &str) -> String {
    let mut terms = Vec::new();
    analyzer.analyze(text, purpose, &mut |token| {
        terms.push(match token.kind {
            TokenKind::Joined => format!("[{}]{}", token.term, token.position),
            TokenKind::Tail => format!("({}){}", token.term, token.position),
            _ => format!(
                "{}{}{}",
                token.term,
                if token.term.ends_with(char::is_numeric) { ":" } else { "" },
                token.position
            ),
        });
    });
    terms.join(" ")
}

fn plain(text: &str) -> String {
    spelled(&FieldAnalyzer::plain(), Purpose::Index, text)
}

#[test]
fn mixed_words_are_found_by_the_whole_and_by_their_parts() {
    for (text, expected) in [
        ("Shore birds", "shore0 birds1"),
        ("utf-8", "[utf8]0 utf0 8:1"),
        ("utf8", "utf8:0"),
        ("Wi\u{2010}Fi 6", "[wifi]0 wi0 fi1 6:2"),
        ("snake_case __init__", "[snakecase]0 snake0 case1 init2"),
        ("camelCase", "[camelcase]0 camel0 case1"),
        ("HTMLParser PDFs R2D2 mp3 iPhone", "[htmlparser]0 html0 parser1 pdfs2 r2d2:3 mp3:4 [iphone]5 i5 phone6"),
        ("sha256Sum", "[sha256sum]0 sha256:0 sum1"),
        ("ÉcoleÉté", "[ecoleete]0 ecole0 ete1"),
        ("R2-D2", "[r2d2]0 r2:0 d2:1"),
        ("AT&T", "[att]0 at0 t1"),
        ("U.S.A.", "[usa]0 u0 s1 a2"),
        ("O'Reilly", "[oreilly]0 o0 reilly1"),
        ("O\u{2019}Reilly", "[oreilly]0 o0 reilly1"),
        ("oreilly", "oreilly0"),
        ("L'avion d'Artagnan", "[lavion]0 l0 avion1 [dartagnan]2 d2 artagnan3"),
        ("John's JOHN\u{2019}S dogs'", "john0 john1 dogs2"),
        ("we'll they're don't I'm", "we0 they1 dont2 i3"),
        ("п'ять п\u{2bc}ять", "[пять]0 п0 ять1 [пять]2 п2 ять3"),
        ("joe.smith@example.com", "[joesmithexamplecom]0 joe0 smith1 example2 com3"),
        ("https://example.com/a_b?c=1", "https0 [examplecom]1 example1 com2 [ab]3 a3 b4 c5 1:6"),
        ("v1.2", "[v1.2]0 v1:0 2:1"),
        ("192.168.0.1 2024-05-01", "[192.168.0.1]0 192:0 168:1 0:2 1:3 [2024.05.01]4 2024:4 05:5 01:6"),
        ("1,000.5 1'000.5 1,5", "[1000.5]0 1:0 000:1 5:2 [1000.5]3 1:3 000:4 5:5 [1.5]6 1:6 5:7"),
        ("c++ C# f# g++, c++17 c", "c++0 c#1 f#2 g++3 [c++17]4 c++4 17:5 c6"),
        ("Notepad++ a+b", "[notepad++]0 notepad0 a1 b2"),
        ("#tag @joe_smith .NET ...and #1", "[#tag]0 tag0 [joesmith]1 [@joesmith]1 joe1 smith2 [.net]3 net3 and4 1:5"),
        ("ASP.NET end.Next", "[aspnet]0 asp0 net1 [endnext]2 end2 next3"),
        ("co\u{ad}operate می\u{200c}خواهم", "cooperate0 ميخواهم1"),
        ("--x - y_ _z '' \" .", "x0 y1 z2"),
    ] {
        assert_eq!(plain(text), expected, "{text}");
    }
}

#[test]
fn case_accents_and_forms_do_not_matter() {
    for (text, same) in [
        ("École", "ecole"),
        ("e\u{301}cole", "ecole"),
        ("STRASSE", "straße"),
        ("Ødegård Ægir Łódź Đorđe þing", "odegard aegir lodz dorde thing"),
        ("ﬁnd ＦＵＬＬ １２ ½ x²", "find full 12 ½ x2"),
        ("ΌΔΟΣ", "οδος"),
        ("ὀδός", "οδοσ"),
        ("Ёлка", "елка"),
        ("Йод Їжак", "и\u{306}од і\u{308}жак"),
        ("İstanbul ISTANBUL", "istanbul istanbul"),
        ("كِتَابٌ كـتـاب", "كتاب كتاب"),
        ("أحمد إلى آسيا مدرسة", "احمد الي اسيا مدرسه"),
        ("کتاب", "كتاب"),
        ("שָׁלוֹם צה״ל צה\"ל", "שלום צהל צהל"),
        ("١٢٣ १२३", "123 123"),
        ("ﾄﾞﾗｺﾞﾝ", "ドラゴン"),
        ("か\u{3099}き", "がき"),
        ("한국", "\u{1112}\u{1161}\u{11ab}\u{1100}\u{116e}\u{11a8}"),
        ("Việt Nam", "Vie\u{302}\u{323}t nam"),
    ] {
        // A whole says more than its pieces where one text joins them: terms without wholes are compared by the first.
        let terms = |text: &str| {
            plain(text).split(' ').filter(|term| !term.starts_with('[')).map(String::from).collect::<Vec<_>>()
        };
        if text.contains('״') {
            assert!(plain(text).contains("[צהל]1") && plain(text).contains("[צהל]3"), "{}", plain(text));
        } else {
            assert_eq!(terms(text), terms(same), "{text}");
        }
    }
    assert_ne!(plain("мой"), plain("мои"));
    assert_ne!(plain("がき"), plain("かき"));
    assert_eq!(fold("Ｆｕｌｌ Straße"), "full strasse");
}

#[test]
fn scripts_without_spaces_are_pairs() {
    for (text, expected) in [
        ("東京都", "東京0 京都1 (都)2"),
        ("水", "水0"),
        ("東京タワー", "東京0 京タ1 タワ2 ワー3 (ー)4"),
        ("한국어 말", "한국0 국어1 (어)2 말3"),
        ("iPhone手机3", "[iphone]0 i0 phone1 手机2 (机)3 3:4"),
        ("ที่นี่", "ที่นี่0 (นี่)1"),
        ("ภาษา", "ภา0 าษ1 ษา2 (า)3"),
        ("中文,日本", "中文0 (文)1 日本2 (本)3"),
    ] {
        assert_eq!(plain(text), expected, "{text}");
    }
    assert_eq!(spelled(&FieldAnalyzer::plain(), Purpose::Query, "東京都"), "東京0 京都1");
}

#[test]
fn an_emoji_is_a_word() {
    assert_eq!(plain("nice👍🏽❤\u{fe0f}🇫🇷🇩🇪 👩\u{200d}💻"), "nice0 👍1 ❤2 🇫🇷3 🇩🇪4 👩5 💻6");
}

#[test]
fn words_of_a_language_meet_in_their_stem() {
    let english = field(Language::English, StopWords::BuiltIn);
    assert_eq!(spelled(&english, Purpose::Index, "The Running runs of cafés"), "run1 run2 cafe4");
    assert_eq!(spelled(&english, Purpose::Index, "multi-threads"), "[multithread]0 multi0 thread1");
    assert_eq!(spelled(&english, Purpose::Unfinished, "the running"), "the0 running1");
    let listed = field(Language::None, StopWords::List(vec!["Don't".into(), "ÉTÉ".into()]));
    assert_eq!(spelled(&listed, Purpose::Query, "don\u{2019}t ete stay"), "stay2");
    let problem = field_error(Language::German);
    assert!(problem.contains("german") && problem.contains("pack"), "{problem}");
}

fn field_error(language: Language) -> String {
    let field = TextField { weight: 1.0, language, stop_words: StopWords::Off, positions: true, many: false };
    let error = FieldAnalyzer::new(&field, None).unwrap_err();
    assert_eq!(error.code().as_str(), "unsupported");
    error.message().into()
}

#[test]
fn other_spellings_do_not_make_a_field_longer() {
    let mut terms = Terms::default();
    terms.add("wi-fi 東京都", &FieldAnalyzer::plain());
    assert_eq!((terms.length(), terms.count()), (4, 6));
    terms.add("more", &FieldAnalyzer::plain());
    assert_eq!(terms.iter().last().map(|last| (last.term, last.position)), Some(("more", 4 + POSITION_GAP)));
    assert_eq!(terms.iter().next().map(|first| (first.term, first.position)), Some(("wifi", 0)));
}

/// Numbers that look random, the same in each run.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 32) as usize % limit
    }

    fn character(&mut self) -> char {
        const USUAL: &str = "aaabcXYZ09 .,-_'+#@&\"\u{2019}\u{301}\u{308}éÉßстиΣς東京かが\u{3099}ー한ᄀ\u{1161}กี่👍🏽🇫\u{200d}\u{fe0f}\u{ad}אבلـ";
        match self.below(8) {
            0 => char::from_u32(self.below(0x11_0000) as u32).unwrap_or(' '),
            1 => char::from_u32(self.below(0x3000) as u32).unwrap_or(' '),
            _ => USUAL.chars().nth(self.below(USUAL.chars().count())).unwrap(),
        }
    }
}

#[test]
fn any_text_gives_terms_in_order_with_ranges_of_whole_characters() {
    let mut random = Random(0x5a4d);
    for analyzer in [FieldAnalyzer::plain(), field(Language::English, StopWords::BuiltIn)] {
        for _ in 0..20_000 {
            let text: String = (0..random.below(24)).map(|_| random.character()).collect();
            let mut before = (0, 0);
            analyzer.analyze(&text, Purpose::Index, &mut |token| {
                assert!(!token.term.is_empty() && token.term.len() <= 255, "{text:?}");
                assert!(token.start < token.end && text.get(token.start..token.end).is_some(), "{text:?} {token:?}");
                assert!(token.position >= before.0, "{text:?} {token:?}");
                assert!(token.kind == TokenKind::Joined || token.start >= before.1, "{text:?} {token:?}");
                before = (token.position, if token.kind == TokenKind::Joined { before.1 } else { token.start });
            });
        }
    }
}

#[test]
fn composed_and_decomposed_texts_have_the_same_terms() {
    let mut random = Random(0x5a4e);
    for _ in 0..20_000 {
        let text: String = (0..random.below(12)).map(|_| random.character()).collect();
        assert_eq!(plain(&text.nfc().collect::<String>()), plain(&text.nfd().collect::<String>()), "{text:?}");
    }
}

#[test]
fn words_end_where_unicode_ends_them() {
    // Without the signs that join, and without scripts that dictionaries part.
    const LETTERS: &str = "aéßжиΩאبहि\u{93f}ქա\u{301}7٣Z";
    const BREAKS: &str = " ,;!?()/\u{2014}\u{2026}\n\u{3000}«»";
    let mut random = Random(0x5a4f);
    let pick = |random: &mut Random, from: &str| from.chars().nth(random.below(from.chars().count())).unwrap();
    for _ in 0..20_000 {
        let mut text = String::new();
        for _ in 0..random.below(16) {
            let from = if random.below(4) == 0 { BREAKS } else { LETTERS };
            text.push(pick(&mut random, from));
        }
        let text = text.to_lowercase(); // nothing of camels
        // A sign with an accent on it is no word.
        let starts = |character: char| character.is_alphanumeric() && !is_combining_mark(character);
        let expected: Vec<&str> = text.unicode_words().filter(|word| word.starts_with(starts)).collect();
        let mut words = Vec::new();
        FieldAnalyzer::plain().analyze(&text, Purpose::Index, &mut |token| {
            if token.kind == TokenKind::Word {
                words.push(&text[token.start..token.end]);
            }
        });
        // `7,7` is one word there and a whole of two pieces here.
        if !expected.iter().any(|word| word.contains([',', ';'])) {
            assert_eq!(words, expected, "{text:?}");
        }
    }
}

/// Natively alone: Node 20 crashes when it leaves a WASI program whose memory has grown like that.
#[cfg_attr(target_family = "wasm", ignore)]
#[test]
fn the_time_is_linear_whatever_the_text() {
    let hostile = [
        ("long word", "a".repeat(1 << 20)),
        ("marks", "\u{301}".repeat(1 << 19)),
        ("a letter with marks", format!("a{}", "\u{301}".repeat(1 << 19))),
        ("marks on a Thai letter", format!("ก{}", "\u{e35}".repeat(1 << 18))),
        ("camels", "aB".repeat(1 << 19)),
        ("hyphens", "a-".repeat(1 << 19)),
        ("underscores", format!("a{}", "_".repeat(1 << 20))),
        ("apostrophes", "n't'".repeat(1 << 18)),
        ("long parts behind apostrophes", format!("{}x", "'".repeat(8) + &"a'".repeat(1 << 19))),
        ("digits", "1,".repeat(1 << 19)),
        ("pluses", "c++".repeat(1 << 18)),
        ("sigils", "#@.".repeat(1 << 18)),
        ("Han", "東".repeat(1 << 18)),
        ("all of Unicode", (0..0x11_0000).filter_map(char::from_u32).collect()),
    ];
    let english = field(Language::English, StopWords::BuiltIn);
    for (name, text) in hostile {
        let start = Instant::now();
        english.analyze(&text, Purpose::Index, &mut |_| {});
        assert!(start.elapsed() < Duration::from_secs(4), "{name}: {:?}", start.elapsed());
    }
}

#[test]
fn a_term_has_255_bytes_at_most() {
    for analyzer in [FieldAnalyzer::plain(), field(Language::English, StopWords::BuiltIn)] {
        for (text, longest) in [("a", 255), ("é", 255), ("ж", 254), ("ﷺ", 255), ("ь\u{483}", 254), ("東\u{e35}", 70)]
        {
            for purpose in [Purpose::Index, Purpose::Query, Purpose::Unfinished] {
                let mut found = 0;
                analyzer.analyze(&text.repeat(100_000), purpose, &mut |token| found = found.max(token.term.len()));
                assert!(found <= longest && found > 5, "{text}: {found}");
            }
        }
    }
}
