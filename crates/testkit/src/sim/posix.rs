//! A file system of the usual kind: what no flush has reached is kept, lost, torn, zeroed or scrambled by a power cut, each
//! write for itself and in any order; names have a log of their own.

use super::{
    disk::{Change, Disk, Extent},
    random::Random,
};
use std::collections::BTreeMap;

/// Files by number, and names of files, now and after a power cut.
#[derive(Debug, Default)]
pub struct Posix {
    files: BTreeMap<u64, File>,
    next_file: u64,
    names: BTreeMap<String, u64>,
    durable_names: BTreeMap<String, u64>,
    /// Changes of names that no flush has reached, in their order.
    name_log: Vec<(String, Option<u64>)>,
    /// Whether a flush leaves names alone, and when the first and the last of the log were changed.
    names_alone: Option<Vec<u64>>,
    now: u64,
}

/// Milliseconds after which the system has written names by itself.
pub const SETTLE: u64 = 40;

#[derive(Debug, Default)]
struct File {
    now: Vec<u8>,
    durable: Vec<u8>,
    pending: Vec<Pending>,
}

/// A write that no flush has reached.
#[derive(Debug)]
struct Pending {
    write: Write,
    /// A flush failed, and the system took the pages for clean: no later flush will write them.
    given_up: bool,
}

/// What a medium writes at once.
const SECTOR: usize = 512;

#[derive(Clone, Debug)]
enum Write {
    Bytes { at: usize, bytes: Vec<u8> },
    Length(usize),
}

impl Write {
    fn apply(&self, content: &mut Vec<u8>) {
        match self {
            Self::Bytes { at, bytes } => {
                let end = at + bytes.len();
                if content.len() < end {
                    content.resize(end, 0);
                }
                content[*at..end].copy_from_slice(bytes);
            }
            Self::Length(length) => content.resize(*length, 0),
        }
    }

    /// What a power cut leaves of the write; none if nothing.
    fn torn(mut self, random: &mut Random) -> Option<Self> {
        let Self::Bytes { at, bytes } = &mut self else {
            return (!random.once_in(2)).then_some(self);
        };
        match random.below(8) {
            0..=2 => return None,
            3 => bytes.truncate(random.below(bytes.len() + 1)),
            4 => bytes.fill(0),
            5 => {
                // A sector is written or not; what lies before the write in its sector is safe.
                let end = *at + random.below(bytes.len() + 1);
                let from = (end / SECTOR * SECTOR).saturating_sub(*at);
                bytes[from..].iter_mut().for_each(|byte| *byte = random.number() as u8);
            }
            _ => {}
        }
        Some(self)
    }
}

impl File {
    fn write(&mut self, write: Write) {
        write.apply(&mut self.now);
        self.pending.push(Pending { write, given_up: false });
    }

    fn flush(&mut self) {
        let whole = |pending: &Pending| !pending.given_up && matches!(pending.write, Write::Length(_));
        // Whoever writes a file anew writes over what was given up.
        let from = self.pending.iter().rposition(whole).unwrap_or(0);
        let mut at = 0;
        self.pending.retain(|pending| {
            at += 1;
            if !pending.given_up {
                pending.write.apply(&mut self.durable);
            }
            pending.given_up && at > from
        });
    }

    fn cut_power(&mut self, random: &mut Random) {
        let mut left = std::mem::take(&mut self.pending);
        // Write-back has no order.
        for at in (1..left.len()).rev() {
            left.swap(at, random.below(at + 1));
        }
        for pending in left {
            if let Some(write) = pending.write.torn(random) {
                write.apply(&mut self.durable);
            }
        }
        self.now.clone_from(&self.durable);
    }
}

impl Posix {
    /// One whose names become durable with time alone.
    #[must_use]
    pub fn with_late_names() -> Self {
        Self { names_alone: Some(Vec::new()), ..Self::default() }
    }

    fn log_name(&mut self, name: &str, file: Option<u64>) {
        self.name_log.push((name.into(), file));
        if let Some(times) = &mut self.names_alone {
            times.push(self.now);
        }
    }

    fn flush_name(&mut self, name: &str) {
        match self.names.get(name) {
            Some(file) => self.durable_names.insert(name.into(), *file),
            None => self.durable_names.remove(name),
        };
        self.name_log.retain(|(other, _)| other != name);
    }

    fn file(&mut self, name: &str) -> u64 {
        if let Some(file) = self.names.get(name) {
            return *file;
        }
        self.next_file += 1;
        self.names.insert(name.into(), self.next_file);
        self.log_name(name, Some(self.next_file));
        self.files.insert(self.next_file, File::default());
        self.next_file
    }

    /// Files that no name can bring back.
    fn forget_files(&mut self) {
        let (names, durable, log) = (&self.names, &self.durable_names, &self.name_log);
        let named = |file: &u64| {
            names
                .values()
                .chain(durable.values())
                .chain(log.iter().filter_map(|(_, file)| file.as_ref()))
                .any(|other| other == file)
        };
        self.files.retain(|file, _| named(file));
    }
}

impl Disk for Posix {
    fn list(&self) -> Vec<(String, u64)> {
        self.names.iter().map(|(name, file)| (name.clone(), self.files[file].now.len() as u64)).collect()
    }

    fn read(&self, name: &str) -> Option<&[u8]> {
        self.names.get(name).map(|file| self.files[file].now.as_slice())
    }

    fn flush_names(&mut self) {
        if self.names_alone.is_none() {
            self.durable_names.clone_from(&self.names);
            self.name_log.clear();
            self.forget_files();
        }
    }

    fn settle(&mut self, now: u64) {
        self.now = now;
        let Some(times) = &mut self.names_alone else { return };
        let old = times.partition_point(|time| time + SETTLE <= now);
        times.drain(..old);
        for (name, file) in self.name_log.drain(..old) {
            match file {
                Some(file) => self.durable_names.insert(name, file),
                None => self.durable_names.remove(&name),
            };
        }
    }

    fn change(&mut self, name: &str, change: Change<'_>, durable: bool, extent: Extent) {
        let part = |bytes: &[u8]| match extent {
            Extent::Part(length) => length.min(bytes.len()),
            _ => bytes.len(),
        };
        let mut place = None;
        let (bytes, anew) = match change {
            Change::Remove => {
                if self.names.remove(name).is_some() {
                    self.log_name(name, None);
                    self.forget_files();
                }
                return;
            }
            Change::Append(bytes) => (&bytes[..part(bytes)], false),
            Change::Write(bytes) => (&bytes[..part(bytes)], true),
            Change::At(offset, bytes) => {
                place = Some(offset as usize);
                (&bytes[..part(bytes)], false)
            }
            Change::Create | Change::Flush => (&[][..], false),
            Change::Length(length) => {
                let number = self.file(name);
                if let Some(file) = self.files.get_mut(&number).filter(|_| !matches!(extent, Extent::Part(_))) {
                    file.write(Write::Length(length as usize));
                }
                return;
            }
        };
        let number = self.file(name);
        let Some(file) = self.files.get_mut(&number) else { return };
        let at = place.unwrap_or(if anew { 0 } else { file.now.len() });
        if !bytes.is_empty() {
            file.write(Write::Bytes { at, bytes: bytes.into() });
        }
        if anew && !matches!(extent, Extent::Part(_)) {
            file.write(Write::Length(bytes.len()));
        }
        match extent {
            Extent::Whole if durable => {
                file.flush();
                if self.names_alone.is_none() {
                    self.flush_name(name);
                }
            }
            Extent::FlushFailed => file.pending.iter_mut().for_each(|pending| pending.given_up = true),
            _ => {}
        }
    }

    fn cut_power(&mut self, random: &mut Random) {
        self.names_alone.iter_mut().for_each(Vec::clear);
        for (name, file) in std::mem::take(&mut self.name_log) {
            if random.once_in(2) {
                continue;
            }
            match file {
                Some(file) => self.durable_names.insert(name, file),
                None => self.durable_names.remove(&name),
            };
        }
        self.names.clone_from(&self.durable_names);
        self.forget_files();
        self.files.values_mut().for_each(|file| file.cut_power(random));
    }
}
