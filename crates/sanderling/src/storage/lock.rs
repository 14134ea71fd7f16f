//! One writer: the lock of a database folder.
//!
//! Natively the file `LOCK` is locked by the operating system, which gives it up when its process ends, however that
//! happens. Node and Bun cannot lock a file: they write their process id and start time into it. So that each sees the
//! other, this side writes the same record, and looks at a foreign one before it takes the folder.

use super::file::failure;
use sanderling_engine::{Error, ErrorCode, Result, document::json};
use std::{
    fs::{self, File, OpenOptions, TryLockError},
    io::{self, Read, Seek, Write},
    path::Path,
};

/// The name of the lock file.
pub const LOCK_FILE: &str = "LOCK";

/// The lock, held until it is dropped.
#[derive(Debug)]
pub struct ProcessLock {
    file: File,
}

impl ProcessLock {
    /// Takes the lock of a folder, or says who has it.
    pub fn acquire(folder: &Path) -> Result<Self> {
        let path = folder.join(LOCK_FILE);
        let name = path.display().to_string();
        let failed = |action: &str, error: &io::Error| failure(&name, action, error);
        let opened = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(&path);
        let mut file = opened.map_err(|error| failed("open", &error))?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(taken(&name, &read_owner(&mut file))),
            Err(TryLockError::Error(error)) => return Err(failed("lock", &error)),
        }
        let owner = read_owner(&mut file);
        if owner.as_ref().is_some_and(Owner::lives) || claimed_by_the_living(folder) {
            return Err(taken(&name, &owner));
        }
        let record = format!(
            "{{\"pid\":{},\"start\":{:?}}}\n",
            std::process::id(),
            start_of(std::process::id()).unwrap_or_default()
        );
        let written = file.set_len(0).and_then(|()| file.rewind()).and_then(|()| file.write_all(record.as_bytes()));
        written.map_err(|error| failed("write", &error))?;
        // Between opening and locking, a process without file locks may have put another file in this one's place.
        if !is_still_at(&file, &path) || claimed_by_the_living(folder) {
            return Err(taken(&name, &None));
        }
        Ok(Self { file })
    }
}

impl Drop for ProcessLock {
    fn drop(&mut self) {
        // An empty record belongs to nobody. Should this fail, the record still names a process that will soon be gone.
        let _ = self.file.set_len(0);
        let _ = self.file.unlock();
    }
}

/// The process that a record names.
#[derive(Debug)]
struct Owner {
    pid: u32,
    start: String,
}

impl Owner {
    /// Whether that very process still runs; this process itself holds no other lock on the folder.
    fn lives(&self) -> bool {
        self.pid != std::process::id() && start_of(self.pid).is_some_and(|start| start == self.start)
    }
}

fn read_owner(file: &mut File) -> Option<Owner> {
    let mut text = String::new();
    file.rewind().ok()?;
    file.take(4_096).read_to_string(&mut text).ok()?;
    owner_of(&text)
}

fn owner_of(text: &str) -> Option<Owner> {
    let record = json::parse(text.trim()).ok()?;
    let pid = record.get("pid")?.as_number()?;
    let start = record.get("start")?.as_text()?.to_owned();
    Some(Owner { pid: pid as u32, start })
}

/// A process without file locks takes over from a dead one by a claim beside the record.
fn claimed_by_the_living(folder: &Path) -> bool {
    let Ok(entries) = fs::read_dir(folder) else { return false };
    let claims = entries.flatten().filter(|entry| entry.file_name().to_string_lossy().starts_with("LOCK.after-"));
    let mut owners = claims.filter_map(|claim| owner_of(&fs::read_to_string(claim.path()).ok()?));
    owners.any(|owner| owner.lives())
}

/// When a process started, in the same words as the JavaScript side; none if it does not run.
fn start_of(pid: u32) -> Option<String> {
    if cfg!(target_os = "linux") {
        let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
        // The second field is the program's name in parentheses and may hold anything: count from behind it.
        let ticks = stat.rsplit_once(')')?.1.split_whitespace().nth(19)?.to_owned();
        let boot = fs::read_to_string("/proc/sys/kernel/random/boot_id").ok()?;
        return Some(format!("{}:{ticks}", boot.trim()));
    }
    let output = std::process::Command::new("ps").args(["-o", "lstart=", "-p", &pid.to_string()]).output().ok()?;
    let start = String::from_utf8(output.stdout).ok()?.trim().to_owned();
    (!start.is_empty()).then_some(start)
}

#[cfg(unix)]
fn is_still_at(file: &File, path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    let identity = |metadata: fs::Metadata| (metadata.dev(), metadata.ino());
    file.metadata().map(identity).ok() == fs::metadata(path).map(identity).ok()
}

#[cfg(not(unix))]
fn is_still_at(_: &File, path: &Path) -> bool {
    path.exists()
}

fn taken(name: &str, owner: &Option<Owner>) -> Error {
    let who = owner.as_ref().map_or(String::from("another process"), |owner| format!("process {}", owner.pid));
    Error::new(ErrorCode::Unavailable, format!("{who} has the database open ({name})")).with("file", name)
}
