//! All of a segment looked at: what verification, repair and restoring do before a file is believed.
//!
//! A checksum says that bytes are those that were written, not who wrote them: a file may be made to deceive. So the
//! structure is checked too, down to the last posting and link.

use super::{
    Unpacked,
    sealed::{Column, SealedSegment},
};
use crate::{
    DocumentId, Error, ErrorCode, Result, Value,
    document::json,
    ids::RowId,
    stored::{Plain, Stored},
};

impl SealedSegment {
    /// Checks every block, and then what readers rely on and no checksum tells.
    pub fn check(&self) -> Result<()> {
        if !self.blocks.look_at_all() {
            return Err(self.damage().unwrap_or_else(|| self.unreadable()));
        }
        self.check_rows()?;
        self.columns.iter().try_for_each(|column| self.check_column(column))
    }

    fn check_column(&self, column: &Column) -> Result<()> {
        match column {
            Column::Unread => Ok(()),
            Column::Vector(stored) => stored.check(&self.blocks),
            Column::Text(stored) => stored.check(&self.blocks),
            Column::Attribute(stored) => stored.check(&self.blocks),
        }
        .map_err(|problem| self.wrong(problem))
    }

    fn check_rows(&self) -> Result<()> {
        let sequences = self.array::<u64>(&self.sequences).all();
        self.that(sequences.is_sorted_by(|a, b| a < b), "rows out of order")?;
        let first_expiry = self.array::<u64>(&self.expiries).all().iter().min().copied().unwrap_or(u64::MAX);
        self.that(first_expiry == self.first_expiry, "another first expiry than its rows")?;
        let offsets = self.array::<u32>(&self.id_offsets);
        self.check_offsets(offsets, self.id_bytes.len() as u64)?;
        let bytes = self.array::<u8>(&self.id_bytes).all();
        let id = |row: usize| DocumentId::from_bytes(&bytes[offsets[row] as usize..offsets[row + 1] as usize]);
        self.that((0..self.rows).all(|row| id(row).is_some()), "an id that is none")?;
        let order = self.array::<u32>(&self.id_order).all();
        let exist = order.iter().all(|row| (*row as usize) < self.rows);
        self.that(
            exist
                && order.windows(2).all(|pair| {
                    let [first, second] = [id(pair[0] as usize), id(pair[1] as usize)];
                    first < second || first == second && pair[0] != pair[1]
                }),
            "ids out of order",
        )?;
        let offsets = self.array::<u64>(&self.document_offsets);
        self.check_offsets(offsets, offsets.at(self.rows))?;
        self.check_offsets(self.array::<u64>(&self.document_blocks), self.document_bytes.len() as u64)?;
        self.that(self.documents().are_sound(), "documents that cannot be unpacked")?;
        let mut unpacked = Unpacked::default();
        for row in (0..self.rows as u32).map(RowId) {
            let text = self.document(row, &mut unpacked);
            self.that(matches!(json::parse(text), Ok(Value::Object(_))), "a document that is not a JSON object")?;
        }
        Ok(())
    }

    fn check_offsets<T: Plain + Into<u64> + Ord>(&self, offsets: Stored<'_, T>, end: u64) -> Result<()> {
        let offsets = offsets.all();
        let first_and_last = offsets.first().zip(offsets.last()).map(|(first, last)| ((*first).into(), (*last).into()));
        let ascend = first_and_last == Some((0, end)) && offsets.is_sorted();
        self.that(ascend, "offsets that do not ascend to the end of their array")
    }

    /// That the medium did not give what was asked of it.
    #[must_use]
    pub fn unreadable(&self) -> Error {
        let message = alloc::format!("{} could not be read", self.name);
        Error::new(ErrorCode::Unavailable, message).with("file", self.name.as_str())
    }

    fn that(&self, holds: bool, otherwise: &str) -> Result<()> {
        if holds { Ok(()) } else { Err(self.wrong(otherwise)) }
    }

    fn wrong(&self, problem: &str) -> Error {
        Error::damaged_file(&self.name, &format_args!("the segment has {problem}"))
    }
}
