//! Files that never change, read in place: the system brings what is touched, and takes it back when memory is short.

use sanderling_engine::{Error, Result, segment::SegmentBytes};
use std::{fs::File, path::Path};

/// Maps a file of so many bytes.
///
/// The file must not become shorter while it is mapped, or reading it ends the process. Segment files are written once, under a
/// name of their own, by the one process that holds the folder's lock, and are only ever removed, which leaves what is mapped
/// alone.
pub(super) fn map(path: &Path, name: &str, length: usize) -> Result<SegmentBytes> {
    let failed = |error: &std::io::Error| super::file::failure(name, "map", error);
    let file = File::open(path).map_err(|error| failed(&error))?;
    let found = file.metadata().map_err(|error| failed(&error))?.len();
    if found != length as u64 {
        return Err(Error::damaged_file(name, &format_args!("{found} bytes instead of {length}")));
    }
    // SAFETY: nobody writes to the file while it is mapped: see above. That rests on the lock: another program that writes past
    // it changes bytes under a shared slice behind their checks, and then nothing is promised. `without_mapping` does without.
    let mapped = unsafe { memmap2::Mmap::map(&file) }.map_err(|error| failed(&error))?;
    Ok(SegmentBytes::Mapped(Box::new(mapped)))
}
