//! What can still be read of a damaged segment. Its documents and vectors are the truth; all else in it is made of them, and can be
//! made again. So damage in an index loses nothing, and damage in a document that document.

use super::{
    SealedOutput,
    ingest::reindex,
    state::{CollectionState, Location},
};
use crate::{
    Result, Schema,
    ids::{DatabaseId, FileId, RowId, SequenceNumber},
    rows::RowSet,
    segment::{
        GrowingSegment, SealedSegment, Segment, Unpacked,
        format::{Merging, Source},
    },
    settings::CollectionSettings,
    text::{AnalyzerSource, Analyzers},
};
use alloc::sync::Arc;

/// The rows of a damaged segment that could be read.
#[derive(Debug)]
pub struct Salvaged {
    /// A segment of their own; none if there was no such row.
    pub output: Option<SealedOutput>,
    /// How many rows that were not dead could not be read.
    pub lost: u64,
}

/// Reads what can be read of a segment, without its dead rows.
pub fn salvage(
    segment: SealedSegment,
    dead: &RowSet,
    schema: &Schema,
    source: AnalyzerSource,
    (database, file): (DatabaseId, FileId),
) -> Result<Salvaged> {
    let segment = Arc::new(segment);
    let mut state = CollectionState::new(schema.clone(), source, CollectionSettings::default(), SequenceNumber(1))?;
    state.add_sealed(segment.clone(), RowSet::none(segment.rows()));
    let analyzers = Analyzers::new(schema, source)?;
    let (mut grown, mut lost, mut last) = (GrowingSegment::new(schema), 0, SequenceNumber(0));
    for row in (0..segment.rows() as u32).map(RowId).filter(|row| !dead.contains(*row)) {
        segment.forget_damage();
        let view = Segment::Sealed(&segment);
        let (id, sequence) = (view.id(row), view.sequence(row));
        let document = state.whole_document(Location { segment: 0, row }, &mut Unpacked::default());
        let indexed = document.and_then(|document| reindex(schema, &analyzers, &id, document, view.expiry(row)));
        match indexed {
            Ok(indexed) if !segment.is_damaged() && sequence > last => {
                last = sequence;
                grown.push(sequence, indexed);
            }
            _ => lost += 1,
        }
    }
    if grown.rows() == 0 {
        return Ok(Salvaged { output: None, lost });
    }
    let keep = &RowSet::all(grown.rows());
    let mut merging = Merging::new();
    while !merging.step(schema, &[Source { segment: Segment::Growing(&grown), keep }]) {}
    let (bytes, checksum) = merging.finish(database, file);
    Ok(Salvaged { output: Some(SealedOutput { bytes, checksum }), lost })
}
