//! The graph as slices that can lie in a file, and as the owner that grows.

use super::{BASE_DEGREE, FREE, LEVEL_MAX, NODES_MAX, UPPER_DEGREE, used};
use crate::{stored::Stored, vector::quantize::Space};
use alloc::{vec, vec::Vec};
use core::fmt;

/// A graph to read: of a [`Hnsw`] or of a file. What comes from a file must pass [`HnswView::check`] once; after that no
/// search can leave the slices.
#[derive(Clone, Copy, Debug)]
pub struct HnswView<'a> {
    /// The neighbours of each node at the base: [`BASE_DEGREE`] slots a node.
    pub base: Stored<'a, u32>,
    /// The nodes that are in layer 1, ascending.
    pub upper: Stored<'a, u32>,
    /// For each of those and the end, the number of lists before its own; it has one for each layer above the base.
    pub first_lists: Stored<'a, u32>,
    /// The lists: [`UPPER_DEGREE`] slots each, neighbours by their place in `upper`.
    pub links: Stored<'a, u32>,
    /// Where a search begins, by its place in `upper`: a node of the highest layer; free if there is no layer above.
    pub entry: u32,
}

/// What is wrong with a graph.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GraphDamage {
    /// There are not as many lists as vectors.
    Size,
    /// A neighbour at the base does not exist, or stands behind a free slot.
    Base,
    /// The nodes above the base are not ascending or do not exist.
    Upper,
    /// The lists above the base do not fit the nodes.
    Lists,
    /// A neighbour above the base does not exist, is not in that layer, or stands behind a free slot.
    Links,
    /// The entry is not a node of the highest layer.
    Entry,
}

impl fmt::Display for GraphDamage {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Size => "the graph has another size than its vectors",
            Self::Base => "a neighbour at the base of the graph does not exist",
            Self::Upper => "the upper nodes of the graph are out of order",
            Self::Lists => "the upper lists of the graph do not fit its nodes",
            Self::Links => "a neighbour above the base of the graph does not exist",
            Self::Entry => "the graph has no valid entry",
        })
    }
}

impl<'a> HnswView<'a> {
    /// The number of nodes.
    #[must_use]
    pub fn len(&self) -> usize {
        self.base.len() / BASE_DEGREE
    }

    /// Whether there is no node.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.base.is_empty()
    }

    /// Whether the arrays have the lengths of a graph over that many vectors.
    ///
    /// # Errors
    ///
    /// What is damaged.
    pub fn check_lengths(&self, vectors: usize) -> Result<(), GraphDamage> {
        // Checked: on a host of 32 bits a product that wraps around could fit lists that are too short.
        let has_size = Some(self.base.len()) == vectors.checked_mul(BASE_DEGREE) && vectors < NODES_MAX;
        let upper = self.upper.len();
        let fits = self.first_lists.len() == upper + 1
            && Some(self.links.len()) == (self.first_lists[upper] as usize).checked_mul(UPPER_DEGREE);
        let has_entry = if upper == 0 { self.entry == FREE } else { (self.entry as usize) < upper };
        match (has_size, fits, has_entry) {
            (true, true, true) => Ok(()),
            (false, ..) => Err(GraphDamage::Size),
            (_, false, _) => Err(GraphDamage::Lists),
            _ => Err(GraphDamage::Entry),
        }
    }

    /// Whether a graph of the right lengths is one over that many vectors, link by link.
    ///
    /// # Errors
    ///
    /// What is damaged.
    pub fn check(&self, vectors: usize) -> Result<(), GraphDamage> {
        let all = |holds: bool, damage| if holds { Ok(()) } else { Err(damage) };
        let [base, upper, first_lists, links] =
            [self.base, self.upper, self.first_lists, self.links].map(|array| array.all());
        let lists = base.chunks_exact(BASE_DEGREE);
        all(self.lists_hold(lists, &mut |to| to < vectors), GraphDamage::Base)?;
        let ascends = upper.windows(2).all(|pair| pair[0] < pair[1]);
        all(ascends && upper.last().is_none_or(|last| (*last as usize) < vectors), GraphDamage::Upper)?;
        let fits = first_lists.first() == Some(&0)
            && first_lists.windows(2).all(|pair| pair[0] < pair[1] && pair[1] - pair[0] <= LEVEL_MAX as u32);
        all(fits, GraphDamage::Lists)?;
        let mut highest = 0;
        for node in 0..upper.len() {
            highest = highest.max(self.level(node as u32));
            let from = first_lists[node] as usize * UPPER_DEGREE;
            let end = first_lists[node + 1] as usize * UPPER_DEGREE;
            for (level, list) in (1..).zip(links[from..end].chunks_exact(UPPER_DEGREE)) {
                let list = core::iter::once(list);
                let holds = self.lists_hold(list, &mut |to| to < upper.len() && self.level(to as u32) >= level);
                all(holds, GraphDamage::Links)?;
            }
        }
        all(upper.is_empty() || self.level(self.entry) == highest, GraphDamage::Entry)
    }

    fn lists_hold<'b>(&self, lists: impl Iterator<Item = &'b [u32]>, exists: &mut dyn FnMut(usize) -> bool) -> bool {
        for list in lists {
            let neighbours = used(list);
            let is_free = |slot: &u32| *slot == FREE;
            if !list[neighbours.len()..].iter().all(is_free) || !neighbours.iter().all(|to| exists(*to as usize)) {
                return false;
            }
        }
        true
    }

    /// The highest layer of an upper node.
    pub(super) fn level(&self, upper: u32) -> usize {
        let [from, end] = [0, 1].map(|at| self.first_lists[upper as usize + at]);
        (end.wrapping_sub(from) as usize).min(LEVEL_MAX)
    }

    /// The slots in a layer: nodes at the base, places in `upper` above it.
    pub(super) fn list(&self, level: usize, at: u32) -> &'a [u32] {
        let at = at as usize;
        if level == 0 {
            self.base.part(at * BASE_DEGREE, BASE_DEGREE)
        } else {
            self.links.part((self.first_lists[at] as usize + level - 1) * UPPER_DEGREE, UPPER_DEGREE)
        }
    }

    /// Asks for the slots of a node at the base to be brought nearer.
    pub(super) fn prefetch(&self, level: usize, at: u32) {
        if level == 0 {
            self.base.prefetch(at as usize * BASE_DEGREE..(at as usize + 1) * BASE_DEGREE);
        }
    }

    /// The neighbours in a layer.
    pub(super) fn neighbours(&self, level: usize, at: u32) -> &'a [u32] {
        used(self.list(level, at))
    }

    /// The node that a number in a layer stands for.
    pub(super) fn node(&self, level: usize, at: u32) -> u32 {
        if level == 0 { at } else { self.upper[at as usize] }
    }
}

/// A graph that owns its lists.
#[derive(Clone, Debug)]
pub struct Hnsw {
    pub(super) space: Space,
    pub(super) base: Vec<u32>,
    pub(super) upper: Vec<u32>,
    pub(super) first_lists: Vec<u32>,
    pub(super) links: Vec<u32>,
    pub(super) entry: u32,
    /// For each node the one whose link to it stays; node 0 has none.
    pub(super) parents: Vec<u32>,
    /// For each node how many others it is the parent of.
    pub(super) children: Vec<u8>,
}

impl Hnsw {
    /// A graph without a node.
    #[must_use]
    pub fn new(space: Space) -> Self {
        Self {
            space,
            base: Vec::new(),
            upper: Vec::new(),
            first_lists: vec![0],
            links: Vec::new(),
            entry: FREE,
            parents: Vec::new(),
            children: Vec::new(),
        }
    }

    /// The graph to read.
    #[must_use]
    pub fn view(&self) -> HnswView<'_> {
        HnswView {
            base: (&self.base).into(),
            upper: (&self.upper).into(),
            first_lists: (&self.first_lists).into(),
            links: (&self.links).into(),
            entry: self.entry,
        }
    }

    /// Adds a node above the base, with free slots.
    pub(super) fn push_upper(&mut self, node: u32, level: usize) {
        self.upper.push(node);
        self.first_lists.push(self.first_lists[self.first_lists.len() - 1] + level as u32);
        self.links.resize(self.links.len() + level * UPPER_DEGREE, FREE);
    }

    /// The slots of a node, or of a place in `upper`, in a layer.
    pub(super) fn list_mut(&mut self, level: usize, at: u32) -> &mut [u32] {
        let at = at as usize;
        if level == 0 {
            &mut self.base[at * BASE_DEGREE..][..BASE_DEGREE]
        } else {
            &mut self.links[(self.first_lists[at] as usize + level - 1) * UPPER_DEGREE..][..UPPER_DEGREE]
        }
    }
}
