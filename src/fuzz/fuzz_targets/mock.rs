//! `mock`, guided by coverage.
#![no_main]
libfuzzer_sys::fuzz_target!(|data: &[u8]| letterproof_fuzz::mock(data));
