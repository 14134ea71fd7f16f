//! The sorted terms of a sealed field, in blocks of [`BLOCK`].
//!
//! A block begins with a whole term; each further one says how many bytes it shares with the one before it, how many follow,
//! and which. Terms are in the order of their bytes, so those with a prefix are a range, and one walk over all of them can
//! skip what shares a prefix that is ruled out.

use alloc::vec::Vec;

/// Terms of a block.
const BLOCK: usize = 16;

/// A dictionary to read: of a [`DictionaryWriter`], or of a file that passed [`DictionaryView::check`].
#[derive(Clone, Copy, Debug)]
pub struct DictionaryView<'a> {
    /// Where each block begins in `bytes`.
    pub blocks: &'a [u32],
    /// The blocks.
    pub bytes: &'a [u8],
    /// The number of terms.
    pub count: usize,
}

/// A dictionary that is being written.
#[derive(Clone, Debug, Default)]
pub struct DictionaryWriter {
    blocks: Vec<u32>,
    bytes: Vec<u8>,
    last: Vec<u8>,
    count: usize,
}

impl DictionaryWriter {
    /// Adds a term of at most 255 bytes that comes after all others so far.
    pub fn push(&mut self, term: &[u8]) {
        let shared = if self.count.is_multiple_of(BLOCK) {
            self.blocks.push(self.bytes.len() as u32);
            0
        } else {
            common_prefix(&self.last, term)
        };
        self.bytes.push(shared as u8);
        self.bytes.push((term.len() - shared) as u8);
        self.bytes.extend_from_slice(&term[shared..]);
        self.last.clear();
        self.last.extend_from_slice(term);
        self.count += 1;
    }

    /// What was written.
    #[must_use]
    pub fn view(&self) -> DictionaryView<'_> {
        DictionaryView { blocks: &self.blocks, bytes: &self.bytes, count: self.count }
    }
}

fn common_prefix(a: &[u8], b: &[u8]) -> usize {
    a.iter().zip(b).take_while(|(a, b)| a == b).count()
}

/// A walk over the terms in order.
#[derive(Clone, Debug)]
pub struct Terms<'a> {
    bytes: &'a [u8],
    /// Where the next entry begins.
    at: usize,
    /// The number of the next term, and of the one behind the last.
    number: usize,
    end: usize,
    term: Vec<u8>,
}

impl Terms<'_> {
    /// The last term that was told.
    #[must_use]
    pub fn term(&self) -> &[u8] {
        &self.term
    }

    /// Passes over at most `most` terms that begin with the same `bytes` bytes as the last one; says whether it went on to
    /// the first that does not.
    pub fn pass(&mut self, bytes: usize, most: usize) -> bool {
        for _ in 0..most {
            if self.number >= self.end {
                return true;
            }
            let (shared, length) = (usize::from(self.bytes[self.at]), usize::from(self.bytes[self.at + 1]));
            let behind = self.at + 2 + length;
            // The first term of a block is whole.
            let is_alike = if self.number.is_multiple_of(BLOCK) {
                length >= bytes && self.bytes[self.at + 2..self.at + 2 + bytes] == self.term[..bytes]
            } else {
                shared >= bytes
            };
            if !is_alike {
                return true;
            }
            self.at = behind;
            self.number += 1;
        }
        false
    }

    /// The next term: its number, the bytes it shares with the last one that was told, and the term itself.
    #[allow(clippy::should_implement_trait, reason = "the term is lent until the next one")]
    pub fn next(&mut self) -> Option<(usize, usize, &[u8])> {
        if self.number >= self.end {
            return None;
        }
        let (shared, length) = (usize::from(self.bytes[self.at]), usize::from(self.bytes[self.at + 1]));
        let from = self.at + 2;
        let rest = &self.bytes[from..from + length];
        let told = if shared == 0 { common_prefix(&self.term, rest) } else { shared };
        self.term.truncate(shared);
        self.term.extend_from_slice(rest);
        self.at = from + length;
        self.number += 1;
        Some((self.number - 1, told, &self.term))
    }
}

impl<'a> DictionaryView<'a> {
    /// Checks what comes from a file: that every term can be read, that they ascend, and that each is UTF-8.
    pub fn check(&self) -> Result<(), &'static str> {
        const BAD: &str = "a dictionary that cannot be read";
        if self.blocks.len() != self.count.div_ceil(BLOCK) {
            return Err(BAD);
        }
        let (mut at, mut last) = (0, Vec::new());
        for number in 0..self.count {
            let is_first = number.is_multiple_of(BLOCK);
            if is_first && self.blocks[number / BLOCK] as usize != at {
                return Err(BAD);
            }
            let (Some(shared), Some(length)) = (self.bytes.get(at), self.bytes.get(at + 1)) else { return Err(BAD) };
            let (shared, length) = (usize::from(*shared), usize::from(*length));
            let Some(rest) = self.bytes.get(at + 2..at + 2 + length) else { return Err(BAD) };
            if shared > if is_first { 0 } else { last.len() } {
                return Err(BAD);
            }
            let mut term = last[..shared].to_vec();
            term.extend_from_slice(rest);
            if core::str::from_utf8(&term).is_err() || number > 0 && term <= last {
                return Err("terms out of order");
            }
            last = term;
            at += 2 + length;
        }
        if at == self.bytes.len() { Ok(()) } else { Err(BAD) }
    }

    /// The terms from the block of that one on.
    fn walk_block(&self, block: usize) -> Terms<'a> {
        let at = self.blocks.get(block).map_or(self.bytes.len(), |at| *at as usize);
        Terms { bytes: self.bytes, at, number: block * BLOCK, end: self.count, term: Vec::new() }
    }

    /// The terms from number `from` to before `end`.
    #[must_use]
    pub fn terms(&self, from: usize, end: usize) -> Terms<'a> {
        let mut terms = self.walk_block(from / BLOCK);
        for _ in 0..from % BLOCK {
            terms.next();
        }
        terms.end = end.min(self.count);
        terms
    }

    /// The first term of a block.
    fn head(&self, block: usize) -> &'a [u8] {
        let at = self.blocks[block] as usize;
        &self.bytes[at + 2..at + 2 + usize::from(self.bytes[at + 1])]
    }

    /// The number of the first term that is not before that one, and whether it is that one.
    #[must_use]
    pub fn seek(&self, term: &[u8]) -> (usize, bool) {
        let block = self.blocks_before(&mut |head| head <= term);
        if block == 0 {
            return (0, false);
        }
        let mut terms = self.walk_block(block - 1);
        for _ in 0..BLOCK {
            match terms.next() {
                Some((number, _, other)) if other >= term => return (number, other == term),
                Some(_) => {}
                None => break,
            }
        }
        ((block * BLOCK).min(self.count), false)
    }

    /// How many blocks have a head that `holds`; it does for the first ones.
    fn blocks_before(&self, holds: &mut dyn FnMut(&[u8]) -> bool) -> usize {
        let (mut from, mut to) = (0, self.blocks.len());
        while from < to {
            let middle = from.midpoint(to);
            if holds(self.head(middle)) { from = middle + 1 } else { to = middle }
        }
        from
    }

    /// The number of a term.
    #[must_use]
    pub fn find(&self, term: &str) -> Option<usize> {
        let (number, is_it) = self.seek(term.as_bytes());
        is_it.then_some(number)
    }

    /// The numbers of the terms that begin with `prefix`.
    #[must_use]
    pub fn with_prefix(&self, prefix: &str) -> core::ops::Range<usize> {
        let (from, _) = self.seek(prefix.as_bytes());
        // The first one behind is the first that is not before the prefix with its last byte raised.
        let mut behind = prefix.as_bytes().to_vec();
        while let Some(last) = behind.last_mut() {
            if *last < u8::MAX {
                *last += 1;
                return from..self.seek(&behind).0;
            }
            behind.pop();
        }
        from..self.count
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::{format, string::String, vec};

    fn dictionary(terms: &[&str]) -> DictionaryWriter {
        let mut writer = DictionaryWriter::default();
        terms.iter().for_each(|term| writer.push(term.as_bytes()));
        writer
    }

    fn made(count: usize) -> Vec<String> {
        let mut terms: Vec<String> = (0..count as u32)
            .map(|at| format!("{}{}", ["a", "ab", "zé", "東京"][at as usize % 4], at * 37 % 1_009))
            .collect();
        terms.sort();
        terms.dedup();
        terms
    }

    #[test]
    fn every_term_is_found_and_no_other() {
        for count in [0, 1, 15, 16, 17, 300] {
            let terms = made(count);
            let terms: Vec<&str> = terms.iter().map(String::as_str).collect();
            let writer = dictionary(&terms);
            let view = writer.view();
            assert_eq!(view.check(), Ok(()));
            for (number, term) in terms.iter().enumerate() {
                assert_eq!(view.find(term), Some(number));
                assert_eq!(view.find(&format!("{term}\u{1}")), None);
                assert_eq!(view.seek(format!("{term}\u{1}").as_bytes()), (number + 1, false));
            }
            assert_eq!((view.find(""), view.find("\u{10ffff}")), (None, None));
            for prefix in ["", "a", "ab", "ab1", "z", "zé", "東", "東京9", "x"] {
                let expected: Vec<usize> = (0..terms.len()).filter(|at| terms[*at].starts_with(prefix)).collect();
                assert_eq!(view.with_prefix(prefix).collect::<Vec<_>>(), expected, "{prefix}");
            }
            let mut walk = view.terms(count / 3, terms.len());
            let mut walked = vec![];
            while let Some((number, _, term)) = walk.next() {
                assert_eq!(terms[number].as_bytes(), term);
                walked.push(number);
            }
            assert_eq!(walked, ((count / 3).min(terms.len())..terms.len()).collect::<Vec<_>>());
        }
    }

    #[test]
    fn no_damage_goes_unnoticed_or_panics() {
        let terms = made(60);
        let writer = dictionary(&terms.iter().map(String::as_str).collect::<Vec<_>>());
        let whole = writer.view();
        for at in 0..whole.bytes.len() {
            for change in [1, 0x80] {
                let mut bytes = whole.bytes.to_vec();
                bytes[at] ^= change;
                let damaged = DictionaryView { bytes: &bytes, ..whole };
                if damaged.check().is_ok() {
                    // A letter became another one and the order still holds.
                    let mut walk = damaged.terms(0, damaged.count);
                    while walk.next().is_some() {}
                }
            }
            assert!(DictionaryView { bytes: &whole.bytes[..at], ..whole }.check().is_err());
        }
        assert!(DictionaryView { count: 59, ..whole }.check().is_err());
        assert!(DictionaryView { blocks: &whole.blocks[1..], ..whole }.check().is_err());
    }
}
