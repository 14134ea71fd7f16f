//! Looking up rows in a list of postings.

use super::{TermList, index::Passed};
use alloc::vec::Vec;
use sanderling_kernels::PACKED;

/// Looks up rows in a list, each not before the last one: only the blocks that can have them are read.
pub struct Probe<'a> {
    list: TermList<'a>,
    /// The block whose rows are at hand, and those that are not passed.
    block: Option<usize>,
    rows: Vec<u32>,
    at: usize,
    passed: Passed,
}

impl<'a> Probe<'a> {
    /// Before the first row.
    #[must_use]
    pub fn new(list: TermList<'a>) -> Self {
        Self { list, block: None, rows: Vec::new(), at: 0, passed: Passed::default() }
    }

    /// The list.
    #[must_use]
    pub fn list(&self) -> TermList<'a> {
        self.list
    }

    /// Appends the places of a posting, each moved on by `shift`.
    pub fn places(&mut self, posting: usize, shift: u32, out: &mut Vec<u32>) {
        self.list.places(posting, &mut self.passed, shift, out);
    }

    /// The posting of a row.
    pub fn find(&mut self, row: u32) -> Option<usize> {
        match &self.list {
            TermList::Growing(list) => {
                self.at += gallop(&list.rows[self.at..], row);
                (list.rows.get(self.at) == Some(&row)).then_some(self.at)
            }
            TermList::Sealed(list) => {
                let mut block = self.block.unwrap_or(0);
                if self.rows.last().is_none_or(|last| *last < row) {
                    let next = list.block_of(block, row);
                    if self.block != Some(next) {
                        self.rows.clear();
                        list.append_rows(next, &mut self.rows);
                        (self.block, self.at) = (Some(next), 0);
                    }
                    block = next;
                }
                self.at += gallop(&self.rows[self.at..], row);
                (self.rows.get(self.at) == Some(&row)).then_some(block * PACKED + self.at)
            }
        }
    }
}

/// Rows that are all compared, which is sooner done than to guess between them.
const NEAR: usize = 8;

/// How many of the rows, which ascend, are before that one: few steps where they are few.
#[must_use]
pub fn gallop(rows: &[u32], row: u32) -> usize {
    if let Some(first) = rows.first_chunk::<NEAR>() {
        let before = first.iter().filter(|other| **other < row).count();
        if before < NEAR {
            return before;
        }
    }
    let mut step = 1;
    while step < rows.len() && rows[step - 1] < row {
        step *= 2;
    }
    let low = step / 2;
    low + rows[low..step.min(rows.len())].partition_point(|other| *other < row)
}
