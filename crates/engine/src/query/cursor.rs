//! Where the next page of a search begins, as a text that callers give back.
//!
//! It holds what places the last hit, so that the next page begins behind it even where it is gone: its score, its values in the
//! fields that order, its version. Beside that it says how many come before, and how deep legs went for the first page: so the
//! pages of one search are cut from one ranking. The hash at its start is that of all this and of what the query ranks by: a
//! cursor of another query, or one that was changed, is refused. Anybody can make such a hash, so nothing that is read is trusted.

use super::{FusionMethod, Fuzziness, Query, TextQuery, VectorQuery};
use crate::{
    Error, Result, Value,
    document::{json, quoted},
    ids::SequenceNumber,
    limits::{HITS_MAX, SEGMENT_ROWS_MAX},
    numbering::hash_by,
};
use alloc::{
    format,
    string::{String, ToString},
    vec::Vec,
};

/// What a page begins behind.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Cursor {
    /// How many hits, or groups, come before.
    pub position: u32,
    /// How many of its best each leg gives where several are fused.
    pub depth: u32,
    /// The version of the last hit, or of the first one of the last group.
    pub last: SequenceNumber,
    /// What it scores; less than all others where no leg ranks it.
    pub score: f32,
    /// Its values in the fields that order, and behind them that of its group.
    pub values: Vec<Value>,
}

impl Cursor {
    /// The text that stands for it beside the hits of that query.
    pub fn to_text(&self, query: &Query) -> String {
        let Self { position, depth, last: SequenceNumber(last), score, values } = self;
        let score = score.to_bits();
        with_hash(&format!("{position:08x}{depth:08x}{last:016x}{score:08x}{}", Value::Array(values.clone())), query)
    }

    /// The cursor of a query, if it has one.
    pub fn of(query: &Query) -> Result<Option<Self>> {
        let Some(text) = &query.cursor else { return Ok(None) };
        if query.offset > 0 {
            return Err(Error::expected(&"query.offset", &"nothing beside a cursor", &query.offset));
        }
        let wrong = || {
            let given: String = text.chars().take(48).collect();
            Error::expected(&"query.cursor", &"the cursor of an answer to the same query", &quoted(&given))
        };
        read(text, query).map(Some).ok_or_else(wrong)
    }
}

fn read(text: &str, query: &Query) -> Option<Cursor> {
    let content = text.get(8..).filter(|content| with_hash(content, query) == text)?;
    let number = |from: usize, to: usize| u64::from_str_radix(content.get(from..to)?, 16).ok();
    let Ok(Value::Array(values)) = json::parse(content.get(40..)?) else { return None };
    let cursor = Cursor {
        position: number(0, 8)? as u32,
        depth: number(8, 16)? as u32,
        last: SequenceNumber(number(16, 32)?),
        score: f32::from_bits(number(32, 40)? as u32),
        values,
    };
    // No first page goes deeper than an offset and a limit together.
    (cursor.position as usize <= SEGMENT_ROWS_MAX && cursor.depth as usize <= 2 * HITS_MAX).then_some(cursor)
}

fn with_hash(content: &str, query: &Query) -> String {
    let mut ranked_by = RankedBy(Vec::new());
    ranked_by.text(content);
    ranked_by.query(query);
    // Cursors go from host to host, keys do not.
    format!("{:08x}{content}", hash_by(0, &ranked_by.0))
}

/// All of a query that its ranking depends on, as bytes.
struct RankedBy(Vec<u8>);

impl RankedBy {
    fn numbers<const N: usize>(&mut self, numbers: [u32; N]) {
        numbers.iter().for_each(|number| self.0.extend(number.to_le_bytes()));
    }

    fn text(&mut self, text: &str) {
        self.numbers([text.len() as u32]);
        self.0.extend(text.as_bytes());
    }

    fn name(&mut self, name: Option<&String>) {
        self.numbers([u32::from(name.is_some())]);
        self.text(name.map_or("", |name| name));
    }

    fn query(&mut self, query: &Query) {
        if let Some(text) = &query.text {
            self.text_leg(text);
        }
        self.numbers([query.vectors.len() as u32, query.leg_depth as u32]);
        query.vectors.iter().for_each(|leg| self.vector_leg(leg));
        if let Some(filter) = &query.filter {
            self.text(&filter.to_string());
        }
        let (method, constant) = match query.fusion.method {
            FusionMethod::ReciprocalRank { k } => (0, k.to_bits()),
            FusionMethod::Weighted(scale) => (1, scale as u32),
        };
        let weights = [query.fusion.text_weight, query.fusion.vector_weight].map(f32::to_bits);
        self.numbers([method, constant, weights[0], weights[1], query.sort.len() as u32]);
        for sort in &query.sort {
            self.text(&sort.field);
            self.numbers([sort.order as u32]);
        }
        if let Some(group_by) = &query.group_by {
            self.text(&group_by.field);
            self.numbers([group_by.limit as u32]);
        }
        if let Some(mmr) = &query.mmr {
            self.name(mmr.field.as_ref());
            self.numbers([mmr.lambda.to_bits()]);
        }
        self.numbers([query.min_score.map_or(u32::MAX, f32::to_bits)]);
    }

    fn text_leg(&mut self, leg: &TextQuery) {
        self.text(&leg.query);
        let fields = leg.fields.iter().flatten();
        fields.for_each(|field| self.text(field));
        for (field, factor) in &leg.boost {
            self.text(field);
            self.numbers([factor.to_bits()]);
        }
        let typos = match leg.fuzzy {
            Fuzziness::Off => 0,
            Fuzziness::Fixed(typos) => u32::from(typos),
            Fuzziness::ByLength => u32::MAX,
        };
        let flags = [leg.all_words, leg.prefix, leg.fields.is_some()].map(u32::from);
        self.numbers(flags);
        self.numbers([typos, leg.slop, leg.minimum_match as u32]);
    }

    fn vector_leg(&mut self, leg: &VectorQuery) {
        self.name(leg.field.as_ref());
        self.numbers([leg.value.len() as u32]);
        leg.value.iter().for_each(|value| self.numbers([value.to_bits()]));
        let measured = [leg.recall, leg.oversample].map(|number| number.map_or(u32::MAX, f32::to_bits));
        self.numbers(measured);
        self.numbers([u32::from(leg.exact), leg.ef.map_or(u32::MAX, |ef| ef as u32)]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ErrorCode;

    const QUERIES: [&str; 22] = [
        r#"{}"#,
        r#"{ "text": "shore" }"#,
        r#"{ "text": "birds" }"#,
        r#"{ "text": { "query": "shore", "fields": ["t"] } }"#,
        r#"{ "text": { "query": "shore", "fields": ["t", "u"] } }"#,
        r#"{ "text": { "query": "shore", "operator": "and" } }"#,
        r#"{ "text": { "query": "shore", "prefix": true } }"#,
        r#"{ "text": { "query": "shore", "fuzzy": 1 } }"#,
        r#"{ "text": { "query": "shore", "slop": 1 } }"#,
        r#"{ "text": { "query": "shore", "boost": { "t": 2 } } }"#,
        r#"{ "vector": [1, 2] }"#,
        r#"{ "vector": [2, 1] }"#,
        r#"{ "vector": { "value": [1, 2], "field": "v" } }"#,
        r#"{ "vector": { "value": [1, 2], "exact": true } }"#,
        r#"{ "filter": { "n": 1 } }"#,
        r#"{ "filter": { "n": 2 } }"#,
        r#"{ "sort": { "field": "n" } }"#,
        r#"{ "sort": { "field": "n", "order": "desc" } }"#,
        r#"{ "groupBy": { "field": "n" } }"#,
        r#"{ "minScore": 0.5 }"#,
        r#"{ "fusion": { "method": "weighted", "normalize": "zscore" } }"#,
        r#"{ "legDepth": 7 }"#,
    ];

    fn read(query: &Query, text: &str) -> Result<Option<Cursor>> {
        Cursor::of(&Query { cursor: Some(text.into()), ..query.clone() })
    }

    fn cursor(position: usize, depth: usize) -> Cursor {
        let [position, depth] = [position, depth].map(|number| number as u32);
        Cursor { position, depth, last: SequenceNumber(3), score: f32::NEG_INFINITY, values: Vec::new() }
    }

    #[test]
    fn a_cursor_goes_no_further_than_offsets_and_limits_do() {
        let query = Query::new();
        for (position, depth, is_one) in [
            (SEGMENT_ROWS_MAX, 2 * HITS_MAX, true),
            (SEGMENT_ROWS_MAX + 1, 200, false),
            (10, 2 * HITS_MAX + 1, false),
            (10, u32::MAX as usize, false),
        ] {
            let found = read(&query, &cursor(position, depth).to_text(&query));
            assert_eq!(found.is_ok(), is_one, "{position} {depth}");
            assert!(is_one || found.is_err_and(|error| error.code() == ErrorCode::Invalid));
        }
    }

    #[test]
    fn a_cursor_is_one_of_its_query_and_of_no_other() -> Result<()> {
        let values = [Value::Null, 0.1.into(), 1e300.into(), true.into(), "é\"\n".into()].to_vec();
        let cursor = Cursor { position: 30, depth: 200, last: SequenceNumber(1 << 40), score: -0.3, values };
        for (at, one) in QUERIES.iter().enumerate() {
            let one = Query::from_json(*one)?;
            let text = cursor.to_text(&one);
            for (other_at, other) in QUERIES.iter().enumerate() {
                let found = read(&Query::from_json(*other)?, &text);
                if at == other_at {
                    assert_eq!(found, Ok(Some(cursor.clone())));
                } else {
                    assert_eq!(found.map_err(|error| error.code()), Err(ErrorCode::Invalid), "{other}");
                }
            }
            // How hits are shown may change from page to page.
            let shown = Query { limit: 3, explain: true, select: Some(Vec::new()), ..one };
            assert_eq!(read(&shown, &text), Ok(Some(cursor.clone())));
        }
        Ok(())
    }

    #[test]
    fn what_is_no_cursor_is_refused() {
        let query = Query::new();
        let text = cursor(1, 2).to_text(&query);
        for at in 0..text.len() {
            let mut changed = text.clone().into_bytes();
            changed[at] = if changed[at] == b'1' { b'2' } else { b'1' };
            assert!(read(&query, &String::from_utf8_lossy(&changed)).is_err(), "{at}");
            assert!(read(&query, &text[..at]).is_err(), "{at}");
        }
        for wrong in ["", "+", "é", &text.to_uppercase(), &(text.clone() + "0")] {
            assert_eq!(read(&query, wrong).is_ok(), wrong == text, "{wrong}");
        }
        assert!(Cursor::of(&Query { cursor: Some(text), ..Query::new().offset(1) }).is_err());
    }
}
