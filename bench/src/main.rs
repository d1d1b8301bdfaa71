//! Midflight beside native Rust alone. `bench/rivals` is the same program with everybody else.

fn main() -> Result<(), midflight_bench::Error> {
    midflight_bench::run(include_str!("../../Cargo.lock"), &[])
}
