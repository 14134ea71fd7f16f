//! Copies of databases, made and read by blocking calls.

use super::Database;
use crate::driver;
use pollster::block_on;
use sanderling_engine::Result;
use std::io;

/// A snapshot of a database as a stream of bytes: one file to keep, to send, to restore from. Reading it again gives the same
/// bytes. The files it needs stay until it is dropped.
pub struct Export {
    /// There until it is dropped.
    export: Option<driver::Export>,
    offset: u64,
}

impl Database {
    /// A snapshot of the whole database: all writes that returned before, and no half of a batch. Writes go on meanwhile.
    ///
    /// ```
    /// # use sanderling::{Database, Document, Schema};
    /// # let db = Database::memory()?;
    /// # db.collection("notes", Schema::from_json(r#"{ "fields": {} }"#)?)?.put([Document::new(1_u64)])?;
    /// let mut export = db.export()?;
    /// let mut copy = Vec::new(); // or a file
    /// std::io::copy(&mut export, &mut copy).unwrap();
    /// assert_eq!(copy.len() as u64, export.length());
    /// # Ok::<(), sanderling::Error>(())
    /// ```
    pub fn export(&self) -> Result<Export> {
        let export = Some(block_on(self.0.export())?);
        Ok(Export { export, offset: 0 })
    }
}

impl Export {
    /// The length of the stream.
    #[must_use]
    pub fn length(&self) -> u64 {
        self.export.as_ref().map_or(0, driver::Export::length)
    }

    /// The bytes from an offset on, at most `length` of them and fewer only at the end: an interrupted transfer goes on where
    /// it stopped.
    pub fn read_at(&mut self, offset: u64, length: usize) -> Result<Vec<u8>> {
        self.export.as_mut().map_or(Ok(Vec::new()), |export| block_on(export.read(offset, length)))
    }
}

impl io::Read for Export {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let bytes = self.read_at(self.offset, buffer.len()).map_err(io::Error::other)?;
        buffer[..bytes.len()].copy_from_slice(&bytes);
        self.offset += bytes.len() as u64;
        Ok(bytes.len())
    }
}

impl Drop for Export {
    fn drop(&mut self) {
        if let Some(export) = self.export.take() {
            block_on(export.end());
        }
    }
}
