//! Calls into crates that panic on some drivers' answers.

use std::{
    cell::Cell,
    panic::{AssertUnwindSafe, catch_unwind, set_hook, take_hook},
};

thread_local! {
    static EXPECTED: Cell<bool> = const { Cell::new(false) };
}

/// `None` if it panics. The panic is printed unless the process has called [`silence_caught_panics`].
pub(super) fn catch_panic<T>(ask: impl FnOnce() -> T) -> Option<T> {
    let before = EXPECTED.replace(true);
    let answer = catch_unwind(AssertUnwindSafe(ask));
    EXPECTED.set(before);
    answer.ok()
}

/// See [`super::silence_caught_panics`].
pub(super) fn silence_caught_panics() {
    let report = take_hook();
    set_hook(Box::new(move |panic| {
        if !EXPECTED.get() {
            report(panic);
        }
    }));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_of_the_crates_is_no_crash_and_the_next_one_is_reported_again() {
        assert_eq!(catch_panic(|| 5), Some(5));
        assert_eq!(catch_panic(|| -> u32 { panic!("an unknown type") }), None);
        assert!(!EXPECTED.get());
    }
}
