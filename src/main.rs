//! The pulsecam program.
fn main() {}
