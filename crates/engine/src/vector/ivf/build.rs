//! The inverted file of a column, built in slices.

use super::{
    calibrate::{Calibration, Depth, QUERIES, RECALLS},
    cluster::Clustering,
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
    /// The vectors by list, then by position.
    order: Vec<u32>,
    assigned: Vec<u32>,
    at: usize,
    codes: Codes,
    list: u32,
}

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
                if calibration.step(quantizer, codes.view()) {
                    let depths = core::mem::replace(calibration, Calibration::new(0)).finish();
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
        let (centroids, bytes, assigned) = clustering.finish();
        let order = crate::order::sorted(assigned.len(), &mut |a, b| assigned[a].cmp(&assigned[b]));
        let codes = Codes::around(quantizer, &centroids, bytes);
        Self { centroids, order, assigned, at: 0, codes, list: 0 }
    }

    fn step(&mut self, quantizer: &Quantizer, column: VectorColumn<'_>) -> bool {
        let dimensions = quantizer.dimensions();
        let mut vector = vec![0.0; dimensions];
        let end = (self.at + SLICE).min(self.order.len());
        for position in &self.order[self.at..end] {
            while self.list < self.assigned[*position as usize] {
                self.codes.next_list();
                self.list += 1;
            }
            quantizer.rotate(column.at(*position as usize), column.norms[*position as usize], &mut vector);
            let centroid = &self.centroids[self.list as usize * dimensions..][..dimensions];
            self.codes.push(quantizer, &vector, centroid, *position);
        }
        self.at = end;
        let is_done = end == self.order.len();
        while is_done && ((self.list + 1) as usize) < self.centroids.len() / dimensions {
            self.codes.next_list();
            self.list += 1;
        }
        is_done
    }
}
