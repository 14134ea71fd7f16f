//! A filter made ready for one segment: its tests as ranges of codes.
//!
//! In a sealed segment the rows of a range of codes are known, so how many rows a part lets through is known before any row is
//! looked at. Of parts that must all hold the narrowest is spelled out first; of the few rows that it leaves the others are asked
//! row by row.

use super::{Filter, Operand, Side, Test};
use crate::{
    attributes::{AttributeColumn, AttributeValue, ColumnValues, Dictionary, GeoArea, Postings},
    ids::RowId,
    lists::map,
    order::{sort, sorted},
    query::{Unwatched, Watch},
    rows::RowSet,
    segment::Segment,
    stored::Stored,
};
use alloc::vec::Vec;
use core::{cmp::Ordering, ops::Range};

/// Rows that are asked one by one take about so many times as long as rows of a list.
const ASKED_ROW_COST: usize = 4;

/// A filter, ready for a segment.
pub struct Prepared<'a> {
    pub(super) part: Part<'a>,
    /// The most rows that it may let through.
    most: usize,
    rows: usize,
}

pub(super) enum Part<'a> {
    /// Every row or none.
    Known(bool),
    All(Vec<Prepared<'a>>),
    Any(Vec<Prepared<'a>>),
    Not(alloc::boxed::Box<Prepared<'a>>),
    /// Rows that were spelled out.
    Set(RowSet),
    /// Rows with a code in these ranges, which ascend.
    Codes {
        codes: Stored<'a, u32>,
        column: AttributeColumn<'a>,
        postings: Postings<'a>,
        ranges: Vec<Range<u32>>,
    },
    /// Rows with a code that passes, where codes are in no order.
    Passing {
        codes: Stored<'a, u32>,
        column: AttributeColumn<'a>,
        passes: Vec<bool>,
    },
    /// Rows with a place in an area.
    Within {
        column: AttributeColumn<'a>,
        area: GeoArea,
    },
}

/// The rows of the segment for which the filter holds, live or not.
#[must_use]
pub fn rows_matching(filter: &Filter, segment: &Segment<'_>) -> RowSet {
    Prepared::new(filter, segment, &Unwatched).rows(&Unwatched)
}

impl<'a> Prepared<'a> {
    /// Makes a filter ready. Where there is no time left for that, it lets nothing through.
    #[must_use]
    pub fn new(filter: &Filter, segment: &Segment<'a>, watch: &dyn Watch) -> Self {
        let rows = segment.rows();
        if watch.is_over() {
            return Self { part: Part::Known(false), most: 0, rows };
        }
        let parts = |parts: &[Filter]| map(parts, |part| Prepared::new(part, segment, watch));
        match filter {
            Filter::All(all) => {
                let parts = parts(all);
                let most = parts.iter().map(|part| part.most).min().unwrap_or(rows);
                Self { part: Part::All(parts), most, rows }
            }
            Filter::Any(any) => {
                let parts = parts(any);
                let most = parts.iter().map(|part| part.most).sum::<usize>().min(rows);
                Self { part: Part::Any(parts), most, rows }
            }
            Filter::Not(part) => Self { part: Part::Not(Prepared::new(part, segment, watch).into()), most: rows, rows },
            Filter::Exists(field, exists) => {
                let mut set = segment.rows_with(*field);
                if !exists {
                    set.invert();
                }
                Self { most: set.count(), part: Part::Set(set), rows }
            }
            Filter::Test(field, test) => {
                let (part, most) =
                    segment.attribute(*field).map_or((Part::Known(false), 0), |column| prepared(column, test));
                Self { part, most: most.min(rows), rows }
            }
        }
    }

    /// The most rows that it may let through: of a sealed segment close to what it does.
    #[must_use]
    pub fn estimate(&self) -> usize {
        self.most
    }

    /// The rows that it lets through; none where there is no time left.
    #[must_use]
    pub fn rows(&self, watch: &dyn Watch) -> RowSet {
        let rows = self.rows;
        if watch.is_over() {
            return RowSet::none(rows);
        }
        match &self.part {
            Part::Known(true) => RowSet::all(rows),
            Part::Known(false) => RowSet::none(rows),
            Part::Set(set) => set.clone(),
            Part::All(parts) => self.all(parts, watch),
            Part::Any(parts) => {
                let mut set = RowSet::none(rows);
                parts.iter().for_each(|part| set.unite(&part.rows(watch)));
                set
            }
            Part::Not(part) => {
                let mut set = part.rows(watch);
                set.invert();
                set
            }
            Part::Codes { codes, column, postings, ranges } => rows_of_codes(*codes, column, *postings, ranges),
            Part::Passing { .. } => RowSet::matching(rows, &mut |row| self.holds(row)),
            Part::Within { column, area } => rows_within(column, area),
        }
    }

    fn all(&self, parts: &[Self], watch: &dyn Watch) -> RowSet {
        let mut set: Option<RowSet> = None;
        for at in sorted(parts.len(), &mut |a, b| parts[a].most.cmp(&parts[b].most)) {
            let part = &parts[at as usize];
            match &mut set {
                None => set = Some(part.rows(watch)),
                Some(set) => {
                    let left = set.count();
                    if left * ASKED_ROW_COST < part.cost() {
                        let mut kept = RowSet::none(self.rows);
                        set.iter().filter(|row| part.holds(*row)).for_each(|row| kept.insert(row));
                        *set = kept;
                    } else {
                        set.intersect(&part.rows(watch));
                    }
                }
            }
        }
        set.unwrap_or_else(|| RowSet::all(self.rows))
    }

    /// About how many rows are looked at to spell it out.
    fn cost(&self) -> usize {
        match &self.part {
            Part::Known(_) | Part::Set(_) => 0,
            Part::All(parts) | Part::Any(parts) => parts.iter().map(Prepared::cost).sum(),
            Part::Not(part) => part.cost(),
            Part::Codes { .. } | Part::Within { .. } => self.most,
            Part::Passing { .. } => self.rows,
        }
    }

    /// Whether it lets a row through.
    #[must_use]
    pub fn holds(&self, row: RowId) -> bool {
        match &self.part {
            Part::Known(holds) => *holds,
            Part::Set(set) => set.contains(row),
            Part::All(parts) => parts.iter().all(|part| part.holds(row)),
            Part::Any(parts) => parts.iter().any(|part| part.holds(row)),
            Part::Not(part) => !part.holds(row),
            Part::Codes { codes, column, ranges, .. } => codes.slice(column.range(row)).iter().any(|code| {
                let behind = ranges.partition_point(|range| range.end <= *code);
                ranges.get(behind).is_some_and(|range| range.contains(code))
            }),
            Part::Passing { codes, column, passes } => {
                let is_passing = |code: &u32| passes.get(*code as usize).is_some_and(|passes| *passes);
                codes.slice(column.range(row)).iter().any(is_passing)
            }
            Part::Within { column, area } => column.points(row).any(|point| area.contains(point)),
        }
    }
}

/// A test of a column, and the most rows that pass it.
fn prepared<'a>(column: AttributeColumn<'a>, test: &Test) -> (Part<'a>, usize) {
    let (codes, dictionary) = match (column.values, test) {
        (ColumnValues::Coded(codes, dictionary), _) => (codes, dictionary),
        (ColumnValues::Points(_), Test::Within(area)) => {
            let mut most = column.rows;
            if let Some(postings) = &column.postings {
                most = 0;
                area.visit(postings, &mut |rows, _| most += rows.len());
            }
            return (Part::Within { column, area: *area }, most);
        }
        (ColumnValues::Points(_), _) => return (Part::Known(false), 0),
    };
    let Some(postings) = column.postings else {
        // A long list of values is not gone through for each value of the column.
        let (Test::In(listed) | Test::NotIn(listed)) = test else {
            let passes = map(0..dictionary.len() as u32, |code| passes(dictionary.get(code), test));
            return (Part::Passing { codes, column, passes }, column.rows);
        };
        let order = sorted(listed.len(), &mut |a, b| order(&listed[a], &listed[b]));
        let passes = map(0..dictionary.len() as u32, |code| {
            let value = dictionary.get(code);
            let at = order.partition_point(|at| is_before(&listed[*at as usize], value));
            let is_listed = order.get(at).is_some_and(|at| is_equal(value, &listed[*at as usize]));
            is_listed == matches!(test, Test::In(_))
        });
        return (Part::Passing { codes, column, passes }, column.rows);
    };
    let ranges = code_ranges(&dictionary, test);
    let most = ranges.iter().map(|range| postings.count(range.clone())).sum();
    (Part::Codes { codes, column, postings, ranges }, most)
}

/// The codes of values that pass, where values ascend.
fn code_ranges(dictionary: &Dictionary<'_>, test: &Test) -> Vec<Range<u32>> {
    let all = dictionary.len() as u32;
    let below = |operand: &Operand, or_equal: bool| {
        dictionary.partition(&mut |value| match compare(value, operand) {
            Some(Ordering::Less) => true,
            Some(Ordering::Equal) => or_equal,
            _ => false,
        })
    };
    let is_comparable = |operand: &Operand| all > 0 && compare(dictionary.get(0), operand).is_some();
    let codes_of = |operands: &[Operand]| {
        let mut codes = Vec::new();
        for operand in operands.iter().filter(|operand| is_comparable(operand)) {
            let code = below(operand, false);
            if code < all && compare(dictionary.get(code), operand) == Some(Ordering::Equal) {
                codes.push(code);
            }
        }
        sort(&mut codes);
        codes.dedup();
        map(codes, |code| code..code + 1)
    };
    match test {
        Test::Equal(operand) => codes_of(core::slice::from_ref(operand)),
        Test::In(operands) => codes_of(operands),
        Test::NotEqual(operand) => others(all, &codes_of(core::slice::from_ref(operand))),
        Test::NotIn(operands) => others(all, &codes_of(operands)),
        Test::Ordered(side, operand) if is_comparable(operand) => Vec::from([match side {
            Side::Greater => below(operand, true)..all,
            Side::GreaterOrEqual => below(operand, false)..all,
            Side::Less => 0..below(operand, false),
            Side::LessOrEqual => 0..below(operand, true),
        }]),
        Test::StartsWith(prefix) => {
            let text = |value| if let AttributeValue::Keyword(text) = value { text } else { "" };
            let from = dictionary.partition(&mut |value| text(value) < prefix.as_str());
            let end = dictionary
                .partition(&mut |value| text(value) < prefix.as_str() || text(value).starts_with(prefix.as_str()));
            // Of numbers all are empty texts, and an empty prefix begins every one of them.
            let is_text = all > 0 && matches!(dictionary.get(0), AttributeValue::Keyword(_));
            Vec::from([if is_text { from..end } else { 0..0 }])
        }
        Test::Ordered(..) | Test::Within(_) => Vec::new(),
    }
}

/// The codes below `all` that are in none of the ranges.
fn others(all: u32, ranges: &[Range<u32>]) -> Vec<Range<u32>> {
    let mut others = Vec::new();
    let mut from = 0;
    for range in ranges.iter().chain([&(all..all)]) {
        if from < range.start {
            others.push(from..range.start);
        }
        from = range.end;
    }
    others
}

fn rows_of_codes(
    codes: Stored<'_, u32>,
    column: &AttributeColumn<'_>,
    postings: Postings<'_>,
    ranges: &[Range<u32>],
) -> RowSet {
    let count: usize = ranges.iter().map(|range| postings.count(range.clone())).sum();
    if column.is_one_each() && count > column.rows / 8 && ranges.len() == 1 {
        let Range { start, end } = ranges[0];
        return RowSet::of_numbers(codes.all(), start, end.saturating_sub(start));
    }
    if column.is_one_each() && count > column.rows / 2 {
        let all = ranges.last().map_or(0, |range| range.end).max(dictionary_len(column));
        let mut set = rows_listed(column.rows, postings, &others(all, ranges));
        set.invert();
        return set;
    }
    rows_listed(column.rows, postings, ranges)
}

fn dictionary_len(column: &AttributeColumn<'_>) -> u32 {
    column.coded().map_or(0, |(_, dictionary)| dictionary.len() as u32)
}

fn rows_listed(rows: usize, postings: Postings<'_>, ranges: &[Range<u32>]) -> RowSet {
    let mut set = RowSet::none(rows);
    for range in ranges {
        if !set.insert_named(postings.rows_of(range.clone())) {
            postings.rows.blame();
        }
    }
    set
}

fn rows_within(column: &AttributeColumn<'_>, area: &GeoArea) -> RowSet {
    let is_within = |row| column.points(row).any(|point| area.contains(point));
    let Some(postings) = &column.postings else {
        return RowSet::matching(column.rows, &mut |row| is_within(row));
    };
    let mut set = RowSet::none(column.rows);
    area.visit(postings, &mut |rows, is_inside| {
        let exist = if is_inside {
            set.insert_named(rows)
        } else {
            rows.iter().all(|row| {
                let exists = (*row as usize) < column.rows;
                exists && (!is_within(RowId(*row)) || set.insert_named(&[*row]))
            })
        };
        if !exist {
            postings.rows.blame();
        }
    });
    set
}

fn passes(value: AttributeValue<'_>, test: &Test) -> bool {
    match test {
        Test::Equal(operand) => is_equal(value, operand),
        Test::NotEqual(operand) => !is_equal(value, operand),
        Test::In(operands) => operands.iter().any(|operand| is_equal(value, operand)),
        Test::NotIn(operands) => !operands.iter().any(|operand| is_equal(value, operand)),
        Test::Ordered(side, operand) => compare(value, operand).is_some_and(|ordering| side.holds(ordering)),
        Test::StartsWith(prefix) => matches!(value, AttributeValue::Keyword(text) if text.starts_with(prefix.as_str())),
        Test::Within(_) => false,
    }
}

impl Side {
    fn holds(self, ordering: Ordering) -> bool {
        match self {
            Self::Greater => ordering == Ordering::Greater,
            Self::GreaterOrEqual => ordering != Ordering::Less,
            Self::Less => ordering == Ordering::Less,
            Self::LessOrEqual => ordering != Ordering::Greater,
        }
    }
}

fn is_equal(value: AttributeValue<'_>, operand: &Operand) -> bool {
    compare(value, operand) == Some(Ordering::Equal)
}

/// Operands of the column's type first, in the order of their values.
fn order(one: &Operand, other: &Operand) -> Ordering {
    match (one, other) {
        (Operand::Keyword(one), Operand::Keyword(other)) => one.cmp(other),
        (Operand::Number(one), Operand::Number(other)) => one.partial_cmp(other).unwrap_or(Ordering::Equal),
        (Operand::Boolean(one), Operand::Boolean(other)) => one.cmp(other),
        (one, other) => (*one == Operand::Foreign).cmp(&(*other == Operand::Foreign)),
    }
}

/// Whether an operand comes before a value in that order.
fn is_before(operand: &Operand, value: AttributeValue<'_>) -> bool {
    compare(value, operand) == Some(Ordering::Greater)
}

/// The order of two values of one type; none where the types differ.
fn compare(value: AttributeValue<'_>, operand: &Operand) -> Option<Ordering> {
    match (value, operand) {
        (AttributeValue::Keyword(text), Operand::Keyword(other)) => Some(text.cmp(other.as_str())),
        (AttributeValue::Number(number), Operand::Number(other)) => number.partial_cmp(other),
        (AttributeValue::Boolean(value), Operand::Boolean(other)) => Some(value.cmp(other)),
        _ => None,
    }
}
