//! What a program without the standard library needs: memory, and an end. The library's own report of a panic is text for
//! a stream that wasm does not have, and weighs tens of kilobytes.

#[global_allocator]
static MEMORY: talc::wasm::WasmDynamicTalc = talc::wasm::new_wasm_dynamic_allocator();

/// A panic ends the instance with a trap, as it does with the standard library; the stack that the host shows names it.
#[panic_handler]
fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
    sanderling::engine::kernels::trap()
}
