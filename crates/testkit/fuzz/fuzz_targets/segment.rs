#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| sanderling_testkit::fuzz::segment(data));
