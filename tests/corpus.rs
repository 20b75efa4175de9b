//! What fuzzing found, and what it started from: `fuzz/corpus` replayed through the same functions, on every run of the tests.
//!
//! Needs nothing. Alone: `cargo test --test corpus`; more of it by `make fuzz`.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a failing test says where")]

#[path = "../fuzz/targets.rs"]
#[allow(missing_docs, unreachable_pub, clippy::panic, reason = "the fuzzers' code")]
mod targets;

use std::{fs, panic, path::Path};

#[test]
fn nothing_that_was_found_is_found_again() {
    let corpora = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus");
    for (name, target) in targets::TARGETS {
        let files = fs::read_dir(corpora.join(name)).unwrap().map(|entry| entry.unwrap().path());
        let mut count = 0;
        for file in files {
            let data = fs::read(&file).unwrap();
            panic::catch_unwind(|| target(&data)).unwrap_or_else(|_| panic!("{}", file.display()));
            count += 1;
        }
        assert!(count >= 4, "the corpus of {name} has {count} files");
    }
}
