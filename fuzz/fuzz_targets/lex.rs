//! Fuzzes `midflight_tests::fuzz::lex` under libFuzzer.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| midflight_tests::fuzz::lex(data));
