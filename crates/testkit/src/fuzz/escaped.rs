//! Whether a passage of a highlight may be put into a page, and is a part of the text.

/// What a mark begins and ends with in the targets: no letters that a text would have by chance.
pub const OPEN: &str = "\u{e000}";
/// Its end.
pub const CLOSE: &str = "\u{e001}";

/// Demands that a passage has nothing that HTML would take for markup, that its marks are pairs, and that without them it
/// is a part of the text of at most `max_length` characters.
pub fn check_passage(passage: &str, text: &str, max_length: usize) {
    assert!(!passage.contains(['<', '>', '"', '\'']), "not escaped: {passage:?}");
    if text.contains([OPEN, CLOSE].map(|mark| mark.chars().next().unwrap_or_default())) {
        return; // which is which cannot be told
    }
    let mut rest = passage;
    while let Some((before, marked)) = rest.split_once(OPEN) {
        assert!(!before.contains(CLOSE), "a mark ends that did not begin: {passage:?}");
        let (inside, behind) = marked.split_once(CLOSE).expect("a mark ends");
        assert!(!inside.is_empty() && !inside.contains(OPEN), "an empty mark or one in another: {passage:?}");
        rest = behind;
    }
    assert!(passage.contains(OPEN) && !rest.contains(CLOSE), "no mark: {passage:?}");
    let bare = unescaped(&passage.replace([OPEN, CLOSE].map(|mark| mark.chars().next().unwrap_or_default()), ""));
    // Ellipses may stand in the text too.
    let starts = [Some(bare.as_str()), bare.strip_prefix("... ")];
    let mut shown = starts.into_iter().flatten().flat_map(|part| [Some(part), part.strip_suffix(" ...")]).flatten();
    let is_part = |part: &str| text.contains(part) && part.chars().count() <= max_length;
    assert!(shown.any(is_part), "{passage:?} is not {max_length} characters of {text:?}");
}

/// The text of an escaped text.
///
/// # Panics
///
/// When it has an ampersand that begins none of the five.
fn unescaped(escaped: &str) -> String {
    let mut parts = escaped.split('&');
    let mut text = String::from(parts.next().unwrap_or_default());
    for part in parts {
        let known = [("amp;", '&'), ("lt;", '<'), ("gt;", '>'), ("quot;", '"'), ("#39;", '\'')];
        let (name, character) = known
            .into_iter()
            .find(|(name, _)| part.starts_with(name))
            .unwrap_or_else(|| panic!("a bare & in {escaped:?}"));
        text.push(character);
        text.push_str(&part[name.len()..]);
    }
    text
}
