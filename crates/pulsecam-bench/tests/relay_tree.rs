//! The table of docs/cluster.md is what `relay_tree` computes. Needs nothing. Alone: `make test-bench`, which prints it.

#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a failing test says where; the table is the result"
)]

use std::{fs, path::Path};

use pulsecam_bench::relay_tree;

#[test]
fn the_page_has_the_table_that_is_computed() {
    let table = relay_tree::table().markdown();
    println!("{table}");
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/cluster.md");
    assert!(fs::read_to_string(page).unwrap().contains(&table), "docs/cluster.md should have\n{table}");
}
