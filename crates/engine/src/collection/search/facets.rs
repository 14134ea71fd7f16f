//! What is counted over all matches, by the codes of the values.

use super::SegmentRows;
use crate::{
    Error, Result, Value,
    attributes::{AttributeColumn, AttributeValue, number_of},
    collection::state::CollectionState,
    document::parse_iso,
    lists::{map, try_map},
    numbering::{Numbering, hash},
    order::first_of,
    query::{Facet, FacetCounts, FacetKind, Watch},
    schema::AttributeKind,
};
use alloc::{format, vec, vec::Vec};
use core::cmp::Ordering;

/// A facet checked against the schema.
pub(super) struct AskedFacet {
    pub field: usize,
    kind: AskedKind,
}

enum AskedKind {
    Values(usize),
    /// From and to, as numbers: without a bound they are infinite.
    Ranges(Vec<[f64; 2]>),
    Bounds,
}

/// Rows after which it is asked whether there is time for more.
const LOOK_EACH: u32 = 64;

/// How many matches of one segment have each value.
type SegmentCounts<'a> = Vec<(AttributeValue<'a>, usize)>;

impl CollectionState {
    pub(super) fn asked_facet(&self, facet: &Facet) -> Result<AskedFacet> {
        let path = format!("facets.{}", facet.field);
        let (field, kind) = self.attribute_field(&path, &facet.field)?;
        let has_numbers = matches!(kind, AttributeKind::Number | AttributeKind::Date);
        let kind = match &facet.kind {
            FacetKind::Values { limit } => AskedKind::Values(*limit),
            FacetKind::Ranges(_) | FacetKind::Bounds if !has_numbers => {
                return Err(Error::expected(&path, &"ranges and bounds of a number or date field", &kind.name()));
            }
            FacetKind::Ranges(ranges) => AskedKind::Ranges(try_map(ranges, |[from, to]| {
                Ok([bound(&path, kind, from, f64::NEG_INFINITY)?, bound(&path, kind, to, f64::INFINITY)?])
            })?),
            FacetKind::Bounds => AskedKind::Bounds,
        };
        Ok(AskedFacet { field, kind })
    }

    /// Counts over all matches.
    pub(super) fn counted(&self, facet: &AskedFacet, rows: &[SegmentRows], watch: &dyn Watch) -> FacetCounts {
        let columns = map(rows.iter().enumerate(), |(at, rows)| Some((self.attribute(at, facet.field)?, rows)));
        let columns = || columns.iter().flatten();
        match &facet.kind {
            AskedKind::Values(limit) => {
                let counts = merged(map(columns(), |(column, rows)| counts_of(column, rows)));
                let order = &mut |a: usize, b: usize| {
                    let (a, b): (&(AttributeValue<'_>, usize), _) = (&counts[a], &counts[b]);
                    b.1.cmp(&a.1).then_with(|| a.0.order(b.0))
                };
                let first = first_of(counts.len(), *limit, order);
                FacetCounts::Values(map(first, |at| (counts[at as usize].0.to_value(), counts[at as usize].1)))
            }
            AskedKind::Ranges(ranges) => {
                let mut counts = vec![0; ranges.len()];
                columns().for_each(|(column, rows)| count_ranges(column, rows, ranges, &mut counts, watch));
                let bounds = |range: &[f64; 2]| {
                    range.map(|bound| if bound.is_finite() { Value::Number(bound) } else { Value::Null })
                };
                FacetCounts::Ranges(map(ranges.iter().zip(counts), |(range, count)| (bounds(range), count)))
            }
            AskedKind::Bounds => {
                let (mut count, mut bounds) = (0, None::<[f64; 2]>);
                for (column, rows) in columns() {
                    let mut with = column.rows_with();
                    with.intersect(&rows.matching);
                    count += with.count();
                    for (value, _) in counts_of(column, rows) {
                        let AttributeValue::Number(number) = value else { continue };
                        let [least, most] = bounds.unwrap_or([number; 2]);
                        bounds = Some([least.min(number), most.max(number)]);
                    }
                }
                FacetCounts::Bounds(count, bounds.map(|bounds| bounds.map(Value::Number)))
            }
        }
    }
}

fn bound(path: &str, kind: AttributeKind, value: &Value, without: f64) -> Result<f64> {
    match (kind, value) {
        (_, Value::Null) => Some(without),
        (_, Value::Number(number)) => Some(number_of(*number)),
        (AttributeKind::Date, Value::Text(text)) => parse_iso(text),
        _ => None,
    }
    .ok_or_else(|| {
        Error::expected(&path, &"bounds that are numbers, dates of a date field, or null", &value.describe())
    })
}

/// How many matches have each value of a column; only values that some have.
fn counts_of<'a>(column: &AttributeColumn<'a>, rows: &SegmentRows) -> SegmentCounts<'a> {
    let Some((codes, dictionary)) = column.coded() else { return Vec::new() };
    let mut counts = vec![0_u32; dictionary.len()];
    if let (true, Some(postings)) = (rows.matching.is_all(), &column.postings) {
        for (count, code) in counts.iter_mut().zip(0..) {
            *count = postings.count(code..code + 1) as u32;
        }
    } else {
        rows.matching.count_codes(column.offsets.all(), codes.all(), &mut counts);
    }
    let counted = counts.iter().zip(0..).filter(|(count, _)| **count > 0);
    map(counted, |(count, code)| (dictionary.get(code), *count as usize))
}

/// The counts of all segments together.
fn merged(mut segments: Vec<SegmentCounts<'_>>) -> SegmentCounts<'_> {
    segments.retain(|counts| !counts.is_empty());
    let mut segments = segments.into_iter();
    let mut merged = segments.next().unwrap_or_default();
    let Some(second) = segments.next() else { return merged };
    let mut number_of = Numbering::default();
    for (number, (value, _)) in merged.iter().enumerate() {
        number_of.set(hash_of(*value), number as u32, &mut |_| false);
    }
    for (value, count) in core::iter::once(second).chain(segments).flatten() {
        let is_value = &mut |number: u32| merged[number as usize].0.order(value) == Ordering::Equal;
        match number_of.find(hash_of(value), is_value) {
            Some(number) => merged[number as usize].1 += count,
            None => {
                number_of.set(hash_of(value), merged.len() as u32, &mut |_| false);
                merged.push((value, count));
            }
        }
    }
    merged
}

fn hash_of(value: AttributeValue<'_>) -> u32 {
    match value {
        AttributeValue::Keyword(text) => hash(text.as_bytes()),
        AttributeValue::Number(number) => hash(&number.to_le_bytes()),
        AttributeValue::Boolean(value) => hash(&[u8::from(value)]),
        AttributeValue::Geo(_) => 0,
    }
}

/// Adds how many matches have a value in each range. A match with several in one counts once.
fn count_ranges(
    column: &AttributeColumn<'_>,
    rows: &SegmentRows,
    ranges: &[[f64; 2]],
    counts: &mut [usize],
    watch: &dyn Watch,
) {
    let within = |value: AttributeValue<'_>, [from, to]: &[f64; 2]| matches!(value, AttributeValue::Number(number) if *from <= number && number < *to);
    // Where each row has one value at most, all that have a value in a range are those of its values together.
    if column.is_one_at_most() {
        for (at, (value, count)) in counts_of(column, rows).into_iter().enumerate() {
            if at % LOOK_EACH as usize == 0 && watch.is_over() {
                return;
            }
            let holding = ranges.iter().zip(counts.iter_mut()).filter(|(range, _)| within(value, range));
            holding.for_each(|(_, total)| *total += count);
        }
        return;
    }
    for row in rows.matching.iter() {
        if row.0 % LOOK_EACH == 0 && watch.is_over() {
            return;
        }
        for (range, total) in ranges.iter().zip(counts.iter_mut()) {
            *total += usize::from(column.values(row).any(|value| within(value, range)));
        }
    }
}
