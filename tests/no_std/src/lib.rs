//! The smallest host of the engine: an allocator that never frees and a panic handler that stops. Elsewhere than on a
//! target without std this crate is empty, so that it can be a member of the workspace and share its lock file.
#![cfg(target_os = "none")]
#![no_std]

use core::alloc::{GlobalAlloc, Layout};
use core::arch::wasm32::{memory_grow, unreachable};
use core::panic::PanicInfo;

extern crate alloc;
extern crate sanderling_engine as _;

struct PageAllocator;

const PAGE_BYTES: usize = 65_536;

// SAFETY: every allocation gets pages of its own from memory.grow, which are aligned to 64 KiB, zeroed and never
// handed out twice; no layout of the engine asks for more alignment.
unsafe impl GlobalAlloc for PageAllocator {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let page = memory_grow::<0>(layout.size().div_ceil(PAGE_BYTES));
        if page == usize::MAX { core::ptr::null_mut() } else { (page * PAGE_BYTES) as *mut u8 }
    }

    unsafe fn dealloc(&self, _: *mut u8, _: Layout) {}
}

#[global_allocator]
static ALLOCATOR: PageAllocator = PageAllocator;

#[panic_handler]
fn stop(_: &PanicInfo) -> ! {
    unreachable()
}

/// Allocates through the same path as the engine, so that the allocator is linked too.
#[unsafe(no_mangle)]
pub extern "C" fn probe(length: usize) -> usize {
    alloc::vec![1_u8; length].iter().map(|&byte| usize::from(byte)).sum()
}
