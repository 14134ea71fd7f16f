//! One language as a wasm file of its own, with plain functions over its memory: `cargo rustc -p sanderling-languages
//! --crate-type cdylib --no-default-features --features module,german --profile wasm --target wasm32-unknown-unknown`.
//!
//! Whoever calls writes a word to [`buffer`] and reads its stem there. The function that stems is exported by the name of
//! its language, so that a file cannot be taken for that of another one. There is no standard library here: a panic is a
//! trap, and memory is handed out of an arena that begins anew with each word.

use core::{
    alloc::{GlobalAlloc, Layout},
    cell::{Cell, UnsafeCell},
    ptr::null_mut,
};
use sanderling_engine::{kernels::trap, limits::TERM_BYTES_MAX, text::Language};

/// Bytes of the buffer: a word may grow a little by its stemmer.
const BUFFER_BYTES: usize = 2 * TERM_BYTES_MAX;

/// Words that are remembered with their stems: a text has few words again and again.
const REMEMBERED: usize = 2048;

/// Bytes of the longest such word, and of its stem.
const REMEMBERED_BYTES: usize = 31;

/// Bytes that a stemmer may use up for one word. Few copy it more than twice.
const ARENA_BYTES: usize = 64 << 10;

struct Buffer(UnsafeCell<[u8; BUFFER_BYTES]>);

// SAFETY: a wasm instance without shared memory has one thread.
unsafe impl Sync for Buffer {}

static BUFFER: Buffer = Buffer(UnsafeCell::new([0; BUFFER_BYTES]));

/// Where words are handed over.
#[unsafe(no_mangle)]
pub extern "C" fn buffer() -> *const u8 {
    BUFFER.0.get().cast()
}

macro_rules! stems {
    ($($language:ident $list:ident $feature:literal),+) => {$(
        #[cfg(feature = $feature)]
        const LANGUAGE: Language = Language::$language;

        /// Stems the word of that length in the buffer there; the length of its stem.
        #[cfg(feature = $feature)]
        #[unsafe(export_name = $feature)]
        pub extern "C" fn stem(length: usize) -> usize {
            stem_in_buffer(length)
        }
    )+};
}
crate::for_each_language!(stems);

fn stem_in_buffer(length: usize) -> usize {
    // SAFETY: nobody else looks at these during a call.
    let (buffer, memory) = unsafe { (&mut *BUFFER.0.get(), &mut *MEMORY.0.get()) };
    if length > REMEMBERED_BYTES {
        return stem_slowly(buffer, length);
    }
    let hash =
        buffer[..length].iter().fold(0x811c_9dc5_u32, |hash, byte| (hash ^ u32::from(*byte)).wrapping_mul(0x0100_0193));
    let known = &mut memory[(hash ^ hash >> 16) as usize % REMEMBERED];
    if known.word_bytes as usize == length && known.word[..length] == buffer[..length] {
        let stem = &known.stem[..known.stem_bytes as usize];
        buffer[..stem.len()].copy_from_slice(stem);
        return stem.len();
    }
    known.word[..length].copy_from_slice(&buffer[..length]);
    let stem_bytes = stem_slowly(buffer, length);
    known.word_bytes = 0;
    if stem_bytes <= REMEMBERED_BYTES {
        known.stem[..stem_bytes].copy_from_slice(&buffer[..stem_bytes]);
        (known.word_bytes, known.stem_bytes) = (length as u8, stem_bytes as u8);
    }
    stem_bytes
}

fn stem_slowly(buffer: &mut [u8; BUFFER_BYTES], length: usize) -> usize {
    let Ok(word) = core::str::from_utf8(&buffer[..length]) else { return length };
    // Nothing is left in the arena from the word before.
    ARENA.used.set(0);
    let mut word = alloc::string::String::from(word);
    crate::stem(LANGUAGE, &mut word);
    buffer[..word.len()].copy_from_slice(word.as_bytes());
    word.len()
}

/// A word with its stem; the word is empty where there is none.
#[derive(Clone, Copy)]
struct Known {
    word_bytes: u8,
    stem_bytes: u8,
    word: [u8; REMEMBERED_BYTES],
    stem: [u8; REMEMBERED_BYTES],
}

struct Memory(UnsafeCell<[Known; REMEMBERED]>);

// SAFETY: a wasm instance without shared memory has one thread.
unsafe impl Sync for Memory {}

static MEMORY: Memory = Memory(UnsafeCell::new(
    [Known { word_bytes: 0, stem_bytes: 0, word: [0; REMEMBERED_BYTES], stem: [0; REMEMBERED_BYTES] }; REMEMBERED],
));

/// Where the language's stop words stand, with blanks between them.
#[unsafe(no_mangle)]
pub extern "C" fn stop_words() -> *const u8 {
    crate::stop_words(LANGUAGE).as_ptr()
}

/// How many bytes they are.
#[unsafe(no_mangle)]
pub extern "C" fn stop_words_length() -> usize {
    crate::stop_words(LANGUAGE).len()
}

#[panic_handler]
fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
    trap()
}

/// Hands out its bytes from the start on. What was handed out last can be given back.
#[repr(align(16))]
struct Arena {
    bytes: UnsafeCell<[u8; ARENA_BYTES]>,
    used: Cell<usize>,
}

// SAFETY: a wasm instance without shared memory has one thread.
unsafe impl Sync for Arena {}

#[global_allocator]
static ARENA: Arena = Arena { bytes: UnsafeCell::new([0; ARENA_BYTES]), used: Cell::new(0) };

// SAFETY: a block lies behind all that are in use, within the arena, on a multiple of its alignment, which is at most that
// of the arena: stemmers keep strings alone.
unsafe impl GlobalAlloc for Arena {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let start = self.used.get().next_multiple_of(layout.align());
        let end = start + layout.size();
        if end > ARENA_BYTES {
            return null_mut();
        }
        self.used.set(end);
        self.bytes.get().cast::<u8>().wrapping_add(start)
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        let start = block as usize - self.bytes.get() as usize;
        if start + layout.size() == self.used.get() {
            self.used.set(start);
        }
    }
}
