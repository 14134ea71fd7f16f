//! Bytes packed as a block of LZ4, whose format is public: sequences of literals and of a copy of what came before.
//!
//! What is packed depends on nothing but the bytes. What is unpacked need not be sound: it never becomes longer than it may
//! be, and what cannot be is said to be damaged.

use alloc::{vec, vec::Vec};

/// The largest block that can be packed: places in it have 16 bits.
pub const PACKED_MAX: usize = 1 << 16;

/// A copy is at least so long, and as many bytes are looked up.
const COPY_MIN: usize = 4;
/// The format wants the last bytes to be literals, and a copy to begin some bytes before the end.
const LITERAL_END: usize = 5;
const COPY_END: usize = 12;
/// The places of the last four bytes with the same hash; the table fits the nearest cache.
const HASH_BITS: u32 = 12;
/// After so many steps without a copy each step is one byte longer.
const PATIENCE: usize = 6;

/// Adds a block to `into`, packed. Of a block of more than [`PACKED_MAX`] bytes nothing is added.
pub fn pack(raw: &[u8], into: &mut Vec<u8>) {
    if raw.len() > PACKED_MAX {
        return;
    }
    let mut places = vec![0_u16; 1 << HASH_BITS];
    // The place 0 stands for itself, and for none: what is found there is compared.
    let (mut written, mut at) = (0, 1);
    while at + COPY_END <= raw.len() {
        let four = four_at(raw, at);
        let place = &mut places[(four.wrapping_mul(2_654_435_761) >> (u32::BITS - HASH_BITS)) as usize];
        let before = usize::from(*place);
        *place = at as u16;
        if four_at(raw, before) != four {
            at += 1 + ((at - written) >> PATIENCE);
            continue;
        }
        let same = raw[at..raw.len() - LITERAL_END].iter().zip(&raw[before..]).take_while(|(one, other)| one == other);
        let length = same.count();
        add_sequence(into, &raw[written..at], Some((at - before, length)));
        at += length;
        written = at;
    }
    add_sequence(into, &raw[written..], None);
}

#[inline]
fn four_at(bytes: &[u8], at: usize) -> u32 {
    bytes[at..].first_chunk().map_or(0, |four| u32::from_le_bytes(*four))
}

/// Literals and a copy: how far back, and how long.
fn add_sequence(into: &mut Vec<u8>, literals: &[u8], copy: Option<(usize, usize)>) {
    let (distance, length) = copy.map_or((0, 0), |(distance, length)| (distance, length - COPY_MIN));
    into.push((literals.len().min(15) << 4 | length.min(15)) as u8);
    add_length(into, literals.len());
    into.extend_from_slice(literals);
    if copy.is_some() {
        into.extend_from_slice(&(distance as u16).to_le_bytes());
        add_length(into, length);
    }
}

/// What of a length does not fit the four bits of a token.
fn add_length(into: &mut Vec<u8>, length: usize) {
    if let Some(more) = length.checked_sub(15) {
        into.resize(into.len() + more / 255, 255);
        into.push((more % 255) as u8);
    }
}

/// Copies are made in pieces of so many bytes: what is written beyond their end is written again.
const PIECE: usize = 16;

/// A block on its way back. It may stop as soon as enough is there, and go on later.
#[derive(Debug, Default)]
pub struct Unpacking {
    /// How many of the packed bytes were read.
    read: usize,
    /// How many came of them.
    made: usize,
    /// Those, and room behind them.
    bytes: Vec<u8>,
}

impl Unpacking {
    /// Begins anew, with a block of `length` bytes.
    pub fn begin(&mut self, length: usize) {
        self.read = 0;
        self.made = 0;
        self.bytes.resize(length + PIECE, 0);
    }

    /// What is there of the block.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.bytes[..self.made]
    }

    /// Goes on with a block until `wanted` of its bytes are there, and says whether they are: otherwise it is damaged.
    #[must_use]
    pub fn unpack(&mut self, packed: &[u8], wanted: usize) -> bool {
        while self.made < wanted {
            if self.sequence(packed).is_none() {
                return false;
            }
        }
        true
    }

    /// Whether all of it is there, and was made of all the packed bytes.
    #[must_use]
    pub fn is_all(&self, packed: &[u8]) -> bool {
        self.read == packed.len() && self.room() == 0
    }

    /// How many bytes the block may still become longer.
    fn room(&self) -> usize {
        self.bytes.len().saturating_sub(PIECE + self.made)
    }

    fn sequence(&mut self, packed: &[u8]) -> Option<()> {
        let token = usize::from(*packed.get(self.read)?);
        self.read += 1;
        let literals = self.length(packed, token >> 4)?;
        self.literals(packed.get(self.read..)?, literals)?;
        if self.read == packed.len() {
            return Some(());
        }
        let distance = usize::from(u16::from_le_bytes(*packed.get(self.read..)?.first_chunk()?));
        self.read += 2;
        let length = self.length(packed, token & 15)?.checked_add(COPY_MIN)?;
        self.copy(distance, length)
    }

    /// Takes the first bytes of those that were not read yet.
    #[inline]
    fn literals(&mut self, unread: &[u8], count: usize) -> Option<()> {
        if count > self.room() {
            return None;
        }
        let to = &mut self.bytes[self.made..];
        match (unread.first_chunk::<PIECE>(), to.first_chunk_mut::<PIECE>()) {
            (Some(piece), Some(to)) if count <= PIECE => *to = *piece,
            _ => to[..count].copy_from_slice(unread.get(..count)?),
        }
        self.made += count;
        self.read += count;
        Some(())
    }

    /// Repeats what came before. It may be longer than what is there of it: then it repeats itself.
    #[inline]
    fn copy(&mut self, distance: usize, length: usize) -> Option<()> {
        let from = self.made.checked_sub(distance)?;
        if distance == 0 || length > self.room() {
            return None;
        }
        let (mut at, end) = (self.made, self.made + length);
        if distance >= PIECE {
            while at < end {
                let piece = *self.bytes[at - distance..].first_chunk::<PIECE>()?;
                *self.bytes[at..].first_chunk_mut()? = piece;
                at += PIECE;
            }
        } else {
            let bytes = &mut self.bytes[from..end];
            (distance..bytes.len()).for_each(|at| bytes[at] = bytes[at - distance]);
        }
        self.made = end;
        Some(())
    }

    fn length(&mut self, packed: &[u8], of_token: usize) -> Option<usize> {
        let mut length = of_token;
        let mut last = if of_token == 15 { 255 } else { 0 };
        while last == 255 {
            last = *packed.get(self.read)?;
            self.read += 1;
            length += usize::from(last);
        }
        Some(length)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::format;

    /// The next number of a sequence that looks random.
    fn next(state: &mut u64) -> usize {
        *state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (*state >> 33) as usize
    }

    /// Bytes of a few kinds: alike, of few values, copies of what came before, and any.
    fn made(length: usize, state: &mut u64) -> Vec<u8> {
        let mut bytes = Vec::new();
        while bytes.len() < length {
            let run = 1 + next(state) % [4, 40, 400][next(state) % 3];
            match next(state) % 4 {
                0 => bytes.resize(bytes.len() + run, next(state) as u8),
                1 => (0..run).for_each(|_| bytes.push((next(state) % 3) as u8)),
                2 if !bytes.is_empty() => {
                    let from = next(state) % bytes.len();
                    (from..from + run).for_each(|at| bytes.push(bytes[at]));
                }
                _ => (0..run).for_each(|_| bytes.push(next(state) as u8)),
            }
        }
        bytes.truncate(length);
        bytes
    }

    fn packed(raw: &[u8]) -> Vec<u8> {
        let mut packed = Vec::new();
        pack(raw, &mut packed);
        packed
    }

    fn unpacked(packed: &[u8], length: usize) -> Option<Vec<u8>> {
        let mut unpacking = Unpacking::default();
        unpacking.begin(length);
        (unpacking.unpack(packed, length) && unpacking.is_all(packed)).then(|| unpacking.bytes().to_vec())
    }

    #[test]
    fn what_is_packed_comes_back_here_and_elsewhere() {
        let state = &mut 1;
        for round in 0..3_000 {
            let length = [1 + next(state) % 40, 1 + next(state) % 9_000, PACKED_MAX - next(state) % 2]
                [usize::from(round % 3 > 0) + usize::from(round % 100 == 99)];
            let raw = made(length, state);
            let packed = packed(&raw);
            assert_eq!(unpacked(&packed, length).as_ref(), Some(&raw), "round {round}");
            assert_eq!(lz4_flex::block::decompress(&packed, length).ok().as_ref(), Some(&raw), "round {round}");
            assert_eq!(unpacked(&lz4_flex::block::compress(&raw), length).as_ref(), Some(&raw), "round {round}");
        }
        assert!(packed(&vec![0; PACKED_MAX + 1]).is_empty());
    }

    #[test]
    fn text_becomes_smaller() {
        let mut text = Vec::new();
        (0..200).for_each(|at| text.extend(format!(r#"{{"title":"a wader","price":{at},"shore":true}}"#).bytes()));
        let length = packed(&text).len();
        assert!(length * 4 < text.len(), "{length} of {}", text.len());
    }

    #[test]
    fn a_block_can_be_unpacked_in_parts() {
        let state = &mut 2;
        let raw = made(9_000, state);
        let packed = packed(&raw);
        let mut unpacking = Unpacking::default();
        unpacking.begin(raw.len());
        let mut wanted = 0;
        while wanted < raw.len() {
            wanted = (wanted + next(state) % 900).min(raw.len());
            assert!(unpacking.unpack(&packed, wanted));
            assert!(unpacking.bytes().len() >= wanted && raw.starts_with(unpacking.bytes()));
        }
        assert!(unpacking.is_all(&packed));
    }

    #[test]
    fn whatever_is_unpacked_ends_and_stays_within_its_length() {
        let state = &mut 3;
        for round in 0..20_000 {
            let length = next(state) % 600;
            let mut bytes = made(next(state) % 300, state);
            if round % 2 == 0 {
                bytes = packed(&made(length, state));
                for _ in 0..=next(state) % 3 {
                    let at = next(state) % bytes.len();
                    bytes[at] = [0, 0xff, next(state) as u8][next(state) % 3];
                }
            }
            let mut unpacking = Unpacking::default();
            unpacking.begin(length);
            let is_whole = unpacking.unpack(&bytes, length) && unpacking.is_all(&bytes);
            assert!(unpacking.bytes().len() <= length);
            // Nothing is taken for sound that another reader would not read alike.
            if is_whole && length > 0 {
                assert_eq!(lz4_flex::block::decompress(&bytes, length).ok().as_deref(), Some(unpacking.bytes()));
            }
        }
    }
}
