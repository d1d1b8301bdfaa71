//! Fuzzes `midflight_tests::fuzz::format` under libFuzzer.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| midflight_tests::fuzz::format(data));
