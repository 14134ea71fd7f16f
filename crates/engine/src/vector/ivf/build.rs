//! The inverted file of a column, built in slices.

use super::{
    calibrate::{Calibration, Depth, QUERIES, RECALLS},
    cluster::{Clustering, Clusters, NO_LIST},
};
use crate::vector::{
    VectorColumn,
    build::rotate_slice,
    codes::Codes,
    quantize::{ByteRows, Quantizer},
};
use alloc::{vec, vec::Vec};

/// Vectors that one step packs.
const SLICE: usize = 64;

/// A build under way.
#[derive(Debug)]
pub struct IvfBuilder {
    lists: usize,
    /// Vectors that depths are measured with.
    queries: usize,
    rotated: ByteRows,
    phase: Phase,
}

#[derive(Debug)]
enum Phase {
    Rotate,
    Cluster(Clustering),
    Pack(Packing),
    Calibrate(Codes, Calibration),
    Done(Codes, [Depth; RECALLS.len()]),
}

#[derive(Debug)]
struct Packing {
    centroids: Vec<f32>,
    /// What is packed: by list, in each list its own vectors before its copies, each by position.
    entries: Vec<Entry>,
    at: usize,
    codes: Codes,
    list: u32,
}

/// A vector in a list.
#[derive(Clone, Copy, Debug)]
struct Entry {
    list: u32,
    position: u32,
    /// The number of the vector that this is a copy of; [`OWN`] where it is none.
    copy_of: u32,
}

const OWN: u32 = u32::MAX;

impl IvfBuilder {
    /// Starts the build of that many lists; one list makes a flat index.
    #[must_use]
    pub fn new(quantizer: &Quantizer, lists: usize) -> Self {
        Self { lists, queries: QUERIES, rotated: ByteRows::new(quantizer.dimensions()), phase: Phase::Rotate }
    }

    /// The same with another number of vectors that depths are measured with.
    #[must_use]
    pub fn measured_with(self, queries: usize) -> Self {
        Self { queries, ..self }
    }

    /// Does the next slice of work and says whether all is done.
    pub fn step(&mut self, quantizer: &Quantizer, column: VectorColumn<'_>) -> bool {
        match &mut self.phase {
            Phase::Rotate => {
                if rotate_slice(quantizer, column, &mut self.rotated) {
                    self.phase = Phase::Cluster(Clustering::new(self.rotated.view(), self.lists));
                }
            }
            Phase::Cluster(clustering) => {
                if clustering.step(self.rotated.view()) {
                    let clustering = core::mem::replace(clustering, Clustering::new(self.rotated.view(), 1));
                    self.phase = Phase::Pack(Packing::new(quantizer, clustering));
                }
            }
            Phase::Pack(packing) => {
                if packing.step(quantizer, column) {
                    let codes = core::mem::replace(&mut packing.codes, Codes::new(quantizer));
                    self.phase = Phase::Calibrate(codes, Calibration::new(self.queries));
                }
            }
            Phase::Calibrate(codes, calibration) => {
                if calibration.step(quantizer, column, codes.view()) {
                    let depths = core::mem::take(calibration).finish(codes.view());
                    self.phase = Phase::Done(core::mem::replace(codes, Codes::new(quantizer)), depths);
                }
            }
            Phase::Done(..) => return true,
        }
        false
    }

    /// What was built, once all is done.
    #[must_use]
    pub fn finish(self) -> Option<(Codes, [Depth; RECALLS.len()])> {
        match self.phase {
            Phase::Done(codes, depths) => Some((codes, depths)),
            _ => None,
        }
    }
}

impl Packing {
    fn new(quantizer: &Quantizer, clustering: Clustering) -> Self {
        let Clusters { centroids, bytes, assigned, copied } = clustering.finish();
        // Sorted by counting: how many each list has says where it begins.
        let mut next = vec![0; bytes.view().len() + 1];
        let mut next_number = next.clone();
        for list in &assigned {
            next[*list as usize + 1] += 1;
            next_number[*list as usize + 1] += 1;
        }
        let copies = copied.iter().filter(|list| **list != NO_LIST);
        copies.clone().for_each(|list| next[*list as usize + 1] += 1);
        for firsts in [&mut next, &mut next_number] {
            let mut sum = 0_u32;
            for first in firsts {
                sum += *first;
                *first = sum;
            }
        }
        let nothing = Entry { list: 0, position: 0, copy_of: OWN };
        let mut entries = vec![nothing; assigned.len() + copies.count()];
        let mut put = |entry: Entry| {
            let at = &mut next[entry.list as usize];
            entries[*at as usize] = entry;
            *at += 1;
        };
        for (position, list) in (0..).zip(&assigned) {
            put(Entry { list: *list, position, copy_of: OWN });
        }
        for (position, (own, list)) in (0..).zip(assigned.iter().zip(&copied)) {
            let number = &mut next_number[*own as usize];
            if *list != NO_LIST {
                put(Entry { list: *list, position, copy_of: *number });
            }
            *number += 1;
        }
        let mut codes = Codes::around(quantizer, &centroids, bytes);
        codes.reserve(quantizer, assigned.len(), entries.len());
        Self { centroids, entries, at: 0, codes, list: 0 }
    }

    fn step(&mut self, quantizer: &Quantizer, column: VectorColumn<'_>) -> bool {
        let dimensions = quantizer.dimensions();
        let mut vector = vec![0.0; dimensions];
        let end = (self.at + SLICE).min(self.entries.len());
        for Entry { list, position, copy_of } in &self.entries[self.at..end] {
            while self.list < *list {
                self.codes.next_list();
                self.list += 1;
            }
            quantizer.rotate(&column.at(*position as usize), column.norms[*position as usize], &mut vector);
            let centroid = &self.centroids[self.list as usize * dimensions..][..dimensions];
            if *copy_of == OWN {
                self.codes.push(quantizer, &vector, centroid, *position);
            } else {
                self.codes.push_copy(quantizer, &vector, centroid, *copy_of);
            }
        }
        self.at = end;
        let is_done = end == self.entries.len();
        while is_done && ((self.list + 1) as usize) < self.centroids.len() / dimensions {
            self.codes.next_list();
            self.list += 1;
        }
        is_done
    }
}
