//! What can be told of a collection from its parts, for a repair.

use crate::{DocumentId, ids::RowId, numbering::Numbering, rows::RowSet, segment::Segment};

/// The rows of one of these segments whose documents were written again in another one. Where the file of dead rows is lost they
/// must not come back: an id has one live row.
#[must_use]
pub fn superseded(segments: &[Segment<'_>], at: usize) -> RowSet {
    let segment = &segments[at];
    let is_newer = |other: &Segment<'_>, row: RowId| {
        let newer = other.find(&segment.id(row));
        newer.is_some_and(|newer| other.sequence(newer) > segment.sequence(row))
    };
    let others = || segments.iter().enumerate().filter(|(other, _)| *other != at);
    RowSet::matching(segment.rows(), &mut |row| others().any(|(_, other)| is_newer(other, row)))
}

/// How many documents there are in segments with these dead rows and the writes after them: an id, and whether it was put.
#[must_use]
pub fn documents(segments: &[(Segment<'_>, &RowSet)], writes: &[(DocumentId, bool)]) -> usize {
    let mut last = Numbering::default();
    for (at, (id, _)) in writes.iter().enumerate() {
        last.set(id.hash(), at as u32, &mut |other| writes[other as usize].0 == *id);
    }
    let mut count = 0;
    for (segment, dead) in segments {
        count += segment.rows() - dead.count();
    }
    for at in last.positions() {
        let (id, is_put) = &writes[at as usize];
        let is_live =
            |(segment, dead): &(Segment<'_>, &RowSet)| segment.find(id).is_some_and(|row| !dead.contains(row));
        count += usize::from(*is_put);
        count -= segments.iter().filter(|segment| is_live(segment)).count();
    }
    count
}
