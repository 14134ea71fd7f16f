//! One writer: the lock of a database folder.
//!
//! The file `LOCK` names its owner as one JSON line and is locked by the operating system as long as its owner lives.
//! Node and Bun cannot lock a file, so the record alone must be enough: whoever finds one asks whether that very process
//! (by id and start time) still runs. The package for JavaScript follows the same steps and writes the same records.
//!
//! A dead owner's lock is not simply replaced: of several processes that find it, exactly one may. They race to create
//! `LOCK.after-<owner>`, which only one can, and its creator looks at `LOCK` once more before it moves a record of its
//! own over it. A creator that dies half-way is an owner like any other: `LOCK.after-<that creator>` follows.

use super::file::failure;
use sanderling_engine::{
    Error, ErrorCode, Result, Value,
    defects::{Defect, is},
    document::json,
};
use std::{
    fs::{self, File, OpenOptions, TryLockError},
    io::{self, ErrorKind, Write},
    path::{Path, PathBuf},
    process,
    sync::atomic::{AtomicU64, Ordering},
};

const LOCK: &str = "LOCK";
const CLAIM_PREFIX: &str = "LOCK.after-";
/// Stands in a record where the host does not let its writer see when a process started.
const UNKNOWN_START: &str = "unknown";

/// The lock, held until it is dropped.
#[derive(Debug)]
pub struct ProcessLock {
    /// Locked as long as it is open.
    _file: File,
    path: PathBuf,
    record: Vec<u8>,
}

/// What a lock file says: who owns it, or that nobody can be read from it (an empty file after a power cut).
struct Owner {
    /// Stands for this owner in the names of claims.
    id: String,
    bytes: Vec<u8>,
    process: Option<Process>,
    /// Whether the operating system says that its file is locked.
    held: bool,
}

struct Process {
    pid: u32,
    start: String,
}

impl ProcessLock {
    /// Takes the lock of a folder, or says who has it. It never waits.
    pub fn acquire(folder: &Path) -> Result<Self> {
        let failed = |error: io::Error| failure(&folder.join(LOCK).display().to_string(), "lock", &error);
        let temporary = Temporary::create(folder).map_err(failed)?;
        let path = folder.join(LOCK);
        // Every turn ends with the lock, with an error, or because another process moved on; those are finitely many.
        while !link_exclusively(&temporary.path, &path).map_err(failed)? {
            if is(Defect::LockIgnored) {
                fs::remove_file(&path).map_err(failed)?;
                continue;
            }
            let Some(owner) = Owner::read(&path, "").map_err(failed)? else { continue };
            owner.refuse_if_alive(folder)?;
            if take_over(folder, &temporary, &owner, failed)? {
                break;
            }
        }
        let (file, record) = temporary.keep();
        if fs::read(&path).map_err(failed)? != record {
            return Err(Error::new(ErrorCode::Internal, format!("the lock in {} is not ours", folder.display())));
        }
        Ok(Self { _file: file, path, record })
    }
}

impl Drop for ProcessLock {
    fn drop(&mut self) {
        // Should the file stay, it names a process that soon ends, and nobody holds it.
        if fs::read(&self.path).is_ok_and(|bytes| bytes == self.record) {
            let _ = fs::remove_file(&self.path);
        }
    }
}

/// Our record, complete before it gets a name that others read.
struct Temporary {
    path: PathBuf,
    file: Option<File>,
    record: Vec<u8>,
}

impl Temporary {
    fn create(folder: &Path) -> io::Result<Self> {
        static COUNT: AtomicU64 = AtomicU64::new(0);
        let pid = process::id();
        let owner = format!("native-{pid}-{}", COUNT.fetch_add(1, Ordering::Relaxed));
        let start = start_of(pid).unwrap_or_else(|| UNKNOWN_START.into());
        let record = Value::Object(vec![
            ("pid".into(), pid.into()),
            ("start".into(), start.into()),
            ("owner".into(), owner.as_str().into()),
            ("held".into(), true.into()),
        ]);
        let record = format!("{}\n", json::write(&record)).into_bytes();
        let path = folder.join(format!("LOCK.new-{pid}-{owner}"));
        let mut file = OpenOptions::new().write(true).create(true).truncate(true).open(&path)?;
        let temporary = |file| Self { path, file: Some(file), record: record.clone() };
        file.lock()?;
        file.write_all(&record)?;
        Ok(temporary(file))
    }

    /// The locked file and its record, once it is linked where it belongs.
    fn keep(mut self) -> (File, Vec<u8>) {
        let file = self.file.take().expect("the file is taken once");
        (file, std::mem::take(&mut self.record))
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        // The name alone goes; a file that became the lock keeps its other name.
        let _ = fs::remove_file(&self.path);
    }
}

/// Follows the claims on a dead owner's lock to the end of the chain and adds the next link. False: start over.
fn take_over(
    folder: &Path,
    temporary: &Temporary,
    dead: &Owner,
    failed: impl Fn(io::Error) -> Error + Copy,
) -> Result<bool> {
    let path = folder.join(LOCK);
    let mut name = format!("{CLAIM_PREFIX}{}", dead.id);
    let mut seen = Vec::new();
    while !link_exclusively(&temporary.path, &folder.join(&name)).map_err(failed)? {
        let Some(claimant) = Owner::read(&folder.join(&name), &name).map_err(failed)? else { return Ok(false) };
        claimant.refuse_if_alive(folder)?;
        // Only owners without a known start can meet again in one chain.
        if seen.contains(&name) {
            let message = format!("the claims in {} run in a circle: remove LOCK.*", folder.display());
            return Err(Error::new(ErrorCode::Unavailable, message));
        }
        let next = format!("{CLAIM_PREFIX}{}", claimant.id);
        seen.push(std::mem::replace(&mut name, next));
    }
    let unchanged = Owner::read(&path, "").map_err(failed)?.is_some_and(|owner| owner.bytes == dead.bytes);
    if !unchanged {
        // It may be gone already: whoever got the lock removes all claims.
        let _ = fs::remove_file(folder.join(&name));
        return Ok(false);
    }
    fs::rename(&temporary.path, &path).map_err(failed)?;
    // From here on LOCK names this process, and whoever makes a claim on the dead owner sees that and gives up.
    remove_claims(folder);
    Ok(true)
}

/// Claims that stay do no harm but lie about.
fn remove_claims(folder: &Path) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        if entry.file_name().to_string_lossy().starts_with(CLAIM_PREFIX) {
            let _ = fs::remove_file(entry.path());
        }
    }
}

/// Linking a complete file is atomic and fails when the name is taken, so nobody ever reads half a record.
fn link_exclusively(temporary: &Path, target: &Path) -> io::Result<bool> {
    match fs::hard_link(temporary, target) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(false),
        Err(error) => Err(error),
    }
}

impl Owner {
    /// Reads a lock file; none if it is gone. `salt` keeps an unreadable claim from standing for an unreadable lock.
    fn read(path: &Path, salt: &str) -> io::Result<Option<Self>> {
        let opened = File::open(path).and_then(|file| Ok((fs::read(path)?, file)));
        let (bytes, file) = match opened {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            opened => opened?,
        };
        let held = matches!(file.try_lock_shared(), Err(TryLockError::WouldBlock));
        let process = process_of(&bytes);
        let id = match &process {
            Some(process) => format!("{}-{:016x}", process.pid, fnv1a(process.start.as_bytes())),
            None => format!("unreadable-{:016x}", fnv1a(&[salt.as_bytes(), &bytes].concat())),
        };
        Ok(Some(Self { id, bytes, process, held }))
    }

    /// When in doubt it lives: a lock that stays is a nuisance, a second writer is a loss.
    fn refuse_if_alive(&self, folder: &Path) -> Result<()> {
        let lives = self.held || self.process.as_ref().is_some_and(Process::lives);
        if !lives {
            return Ok(());
        }
        let who =
            self.process.as_ref().map_or_else(|| "another process".into(), |owner| format!("process {}", owner.pid));
        let message = format!("the database in {} is open in {who}", folder.display());
        Err(Error::new(ErrorCode::Unavailable, message).with("folder", folder.display().to_string()))
    }
}

impl Process {
    fn lives(&self) -> bool {
        match start_of(self.pid) {
            Some(start) => start == self.start || self.start == UNKNOWN_START,
            None => false,
        }
    }
}

fn process_of(bytes: &[u8]) -> Option<Process> {
    let record = json::parse(std::str::from_utf8(bytes).ok()?.trim()).ok()?;
    let pid = record.get("pid")?.as_number().filter(|pid| (0.0..=f64::from(u32::MAX)).contains(pid))?;
    Some(Process { pid: pid as u32, start: record.get("start")?.as_text()?.into() })
}

fn fnv1a(bytes: &[u8]) -> u64 {
    let step = |state: u64, byte: &u8| (state ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, step)
}

/// When a process started, in words that no other process of this machine shares with its id; none if it does not run.
fn start_of(pid: u32) -> Option<String> {
    if !cfg!(target_os = "linux") {
        let mut list = process::Command::new("ps");
        let output = list.args(["-o", "lstart=", "-p", &pid.to_string()]).env("LC_ALL", "C").env("TZ", "UTC").output();
        let start = String::from_utf8(output.ok()?.stdout).ok()?.trim().to_owned();
        return (!start.is_empty()).then_some(start);
    }
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // Field 2 is the program's name in parentheses and may contain anything; field 22 is the 20th after it.
    let after: Vec<&str> = stat.rsplit_once(')')?.1.split_whitespace().collect();
    // A zombie has ended and only waits for its parent to notice, once the last of its threads (field 20) is gone too.
    let ended = matches!(*after.first()?, "Z" | "X") && after.get(17)?.parse::<u64>().ok()? <= 1;
    let boot = fs::read_to_string("/proc/sys/kernel/random/boot_id").ok()?;
    (!ended).then(|| format!("{}:{}", boot.trim(), after[19]))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lock_file(folder: &Path, bytes: &[u8]) {
        fs::write(folder.join(LOCK), bytes).unwrap();
    }

    #[test]
    fn a_second_opener_is_refused_until_the_first_lets_go() {
        let folder = tempfile::tempdir().unwrap();
        let lock = ProcessLock::acquire(folder.path()).unwrap();
        assert_eq!(ProcessLock::acquire(folder.path()).unwrap_err().code(), ErrorCode::Unavailable);
        drop(lock);
        ProcessLock::acquire(folder.path()).unwrap();
        assert!(fs::read_dir(folder.path()).unwrap().next().is_none(), "nothing stays behind");
    }

    #[test]
    fn a_living_process_without_file_locks_is_seen_and_a_dead_one_is_not() {
        let folder = tempfile::tempdir().unwrap();
        let mut child = process::Command::new("sleep").arg("60").spawn().unwrap();
        let start = start_of(child.id()).unwrap();
        lock_file(
            folder.path(),
            format!("{{\"pid\":{},\"start\":\"{start}\",\"owner\":\"x\"}}\n", child.id()).as_bytes(),
        );
        assert_eq!(ProcessLock::acquire(folder.path()).unwrap_err().code(), ErrorCode::Unavailable);
        child.kill().unwrap();
        // Also before its parent notices: a zombie has ended.
        std::thread::sleep(std::time::Duration::from_millis(100));
        drop(ProcessLock::acquire(folder.path()).unwrap());
        child.wait().unwrap();
        lock_file(folder.path(), format!("{{\"pid\":{},\"start\":\"{start}\"}}\n", child.id()).as_bytes());
        drop(ProcessLock::acquire(folder.path()).unwrap());
    }

    #[test]
    fn what_a_power_cut_left_counts_as_a_dead_owner() {
        let folder = tempfile::tempdir().unwrap();
        for bytes in [&b""[..], b"\0\0\0\0", b"{\"pid\":", b"{\"pid\":-1,\"start\":\"\"}"] {
            lock_file(folder.path(), bytes);
            drop(ProcessLock::acquire(folder.path()).unwrap());
        }
    }

    #[test]
    fn of_many_that_find_a_dead_owner_one_takes_over() {
        for _ in 0..50 {
            let folder = tempfile::tempdir().unwrap();
            lock_file(folder.path(), b"{\"pid\":4194304,\"start\":\"none\"}\n");
            let locks: Vec<Option<ProcessLock>> = std::thread::scope(|threads| {
                let openers: Vec<_> =
                    (0..8).map(|_| threads.spawn(|| ProcessLock::acquire(folder.path()).ok())).collect();
                openers.into_iter().map(|opener| opener.join().unwrap()).collect()
            });
            assert_eq!(locks.iter().flatten().count(), 1);
        }
    }
}
