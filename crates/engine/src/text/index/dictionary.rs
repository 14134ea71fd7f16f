//! The sorted terms of a sealed field, in blocks of [`BLOCK`].
//!
//! A block begins with a whole term; each further one says how many bytes it shares with the one before it, how many follow,
//! and which. Terms are in the order of their bytes, so those with a prefix follow each other, and a walk over them can go on
//! to any later term: block heads tell the block, and within it a term that shares more with the one before than what is
//! looked for does is as far off as that one.

use crate::stored::Stored;
use alloc::vec::Vec;
use core::ops::Range;

/// Bytes that are looked at ahead of a walk.
const AHEAD: usize = 2_048;

/// Terms of a block.
const BLOCK: usize = 16;

/// A dictionary to read: of a [`DictionaryWriter`], or of a file that passed [`DictionaryView::check`].
#[derive(Clone, Copy, Debug)]
pub struct DictionaryView<'a> {
    /// Where each block begins in `bytes`.
    pub blocks: Stored<'a, u32>,
    /// The blocks.
    pub bytes: Stored<'a, u8>,
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
        DictionaryView { blocks: (&self.blocks).into(), bytes: (&self.bytes).into(), count: self.count }
    }
}

/// How many bytes two texts begin with alike.
pub(super) fn common_prefix(a: &[u8], b: &[u8]) -> usize {
    a.iter().zip(b).take_while(|(a, b)| a == b).count()
}

/// A walk over the terms in order.
#[derive(Clone, Debug)]
pub struct Terms<'a> {
    dictionary: DictionaryView<'a>,
    /// Where the next entry begins.
    at: usize,
    /// The number of the next term.
    number: usize,
    /// The last term that was told; behind a look-up as much of it as the next one shares.
    term: Vec<u8>,
    /// The bytes that are known to be sound.
    sound: Range<usize>,
}

impl<'a> Terms<'a> {
    /// The bytes that the next term shares with the one before it, and its others.
    #[inline]
    fn entry(&mut self) -> Option<(usize, &'a [u8])> {
        if self.number >= self.dictionary.count {
            return None;
        }
        let bytes = self.dictionary.bytes.raw();
        if self.at >= self.sound.start
            && let Some([shared, length, rest @ ..]) = bytes.get(self.at..self.sound.end)
            && let Some(rest) = rest.get(..usize::from(*length))
        {
            return Some((usize::from(*shared), rest));
        }
        // The entries behind are looked at too: a walk goes there next.
        let end = (self.at + AHEAD).min(bytes.len());
        if !self.dictionary.bytes.slice(self.at.min(end)..end).is_empty() {
            self.sound = self.at..end;
        }
        self.dictionary.entry(self.at)
    }

    fn pass(&mut self, rest: &[u8]) {
        self.at += 2 + rest.len();
        self.number += 1;
    }

    /// The next term and its number.
    #[allow(clippy::should_implement_trait, reason = "the term is lent until the next one")]
    pub fn next(&mut self) -> Option<(usize, &[u8])> {
        let (shared, rest) = self.entry()?;
        self.term.truncate(shared);
        self.term.extend_from_slice(rest);
        self.pass(rest);
        Some((self.number - 1, &self.term))
    }

    /// Goes on to the first term that is not before `target`, which is behind the last one that was told.
    pub fn seek(&mut self, target: &[u8]) {
        let next = self.number.div_ceil(BLOCK);
        let behind = self.dictionary.block_behind(next, target);
        if behind > next {
            self.number = (behind - 1) * BLOCK;
            self.at = self.dictionary.blocks[behind - 1] as usize;
            self.term.clear();
        }
        // How much of the target the term before has. That term is before the target.
        let mut matched = common_prefix(&self.term, target);
        while let Some((shared, rest)) = self.entry() {
            if shared < matched || shared == matched && rest >= &target[shared..] {
                self.term.clear();
                self.term.extend_from_slice(&target[..shared]);
                return;
            }
            if shared == matched {
                matched += common_prefix(rest, &target[shared..]);
            }
            self.pass(rest);
        }
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
            let Some((shared, rest)) = self.entry(at) else { return Err(BAD) };
            if shared > if is_first { 0 } else { last.len() } {
                return Err(BAD);
            }
            let mut term = last[..shared].to_vec();
            term.extend_from_slice(rest);
            if core::str::from_utf8(&term).is_err() || number > 0 && term <= last {
                return Err("terms out of order");
            }
            last = term;
            at += 2 + rest.len();
        }
        if at == self.bytes.len() { Ok(()) } else { Err(BAD) }
    }

    /// A walk over all terms.
    #[must_use]
    pub fn walk(&self) -> Terms<'a> {
        Terms { dictionary: *self, at: 0, number: 0, term: Vec::new(), sound: 0..0 }
    }

    /// What an entry shares with the one before, and its other bytes.
    fn entry(&self, at: usize) -> Option<(usize, &'a [u8])> {
        // How long the entry is says a byte that was not looked at yet; if it is wrong, so is the block.
        let length = usize::from(*self.bytes.raw().get(at.checked_add(1)?)?);
        match *self.bytes.part(at, 2 + length) {
            [shared, _, ref rest @ ..] => Some((usize::from(shared), rest)),
            _ => None,
        }
    }

    /// The first term of a block.
    fn head(&self, block: usize) -> &'a [u8] {
        self.entry(self.blocks[block] as usize).map_or(&[], |(_, term)| term)
    }

    /// The first block from `from` on that begins behind a term; few steps where it is near.
    fn block_behind(&self, mut from: usize, term: &[u8]) -> usize {
        let mut step = 1;
        while from + step <= self.blocks.len() && self.head(from + step - 1) <= term {
            from += step;
            step *= 2;
        }
        let mut to = (from + step - 1).min(self.blocks.len());
        while from < to {
            let middle = from.midpoint(to);
            if self.head(middle) <= term { from = middle + 1 } else { to = middle }
        }
        from
    }

    /// The number of a term.
    #[must_use]
    pub fn find(&self, term: &str) -> Option<usize> {
        let mut walk = self.walk();
        walk.seek(term.as_bytes());
        walk.next().filter(|(_, found)| *found == term.as_bytes()).map(|(number, _)| number)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::{format, string::String};

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
            }
            assert_eq!((view.find(""), view.find("\u{10ffff}")), (None, None));
            for from in 0..=terms.len() {
                for target in ["", "a", "ab", "ab1", "b", "z", "zé", "東", "東京9", "x", "\u{10ffff}"] {
                    let mut walk = view.walk();
                    if from > 0 {
                        walk.seek(terms[from - 1].as_bytes());
                        walk.next();
                    }
                    if from == 0 || terms[from - 1] < target {
                        walk.seek(target.as_bytes());
                    }
                    let first = from.max(terms.partition_point(|term| *term < target));
                    for (number, term) in terms.iter().enumerate().skip(first) {
                        assert_eq!(walk.next(), Some((number, term.as_bytes())), "{target} from {from}");
                    }
                    assert_eq!(walk.next(), None);
                }
            }
        }
    }

    #[test]
    fn no_damage_goes_unnoticed_or_panics() {
        let terms = made(60);
        let writer = dictionary(&terms.iter().map(String::as_str).collect::<Vec<_>>());
        let whole = writer.view();
        for at in 0..whole.bytes.len() {
            for change in [1, 0x80] {
                let mut bytes = whole.bytes.all().to_vec();
                bytes[at] ^= change;
                let damaged = DictionaryView { bytes: (&bytes).into(), ..whole };
                if damaged.check().is_ok() {
                    // A letter became another one and the order still holds.
                    let mut walk = damaged.walk();
                    while walk.next().is_some() {}
                }
            }
            assert!(DictionaryView { bytes: whole.bytes.part(0, at).into(), ..whole }.check().is_err());
        }
        assert!(DictionaryView { count: 59, ..whole }.check().is_err());
        assert!(DictionaryView { blocks: whole.blocks.all()[1..].into(), ..whole }.check().is_err());
    }
}
