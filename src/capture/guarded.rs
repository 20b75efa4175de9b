//! Calls into crates that panic on what a driver tells them.

use std::{
    cell::Cell,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Once,
};

thread_local! {
    static EXPECTED: Cell<bool> = const { Cell::new(false) };
}

/// `None` where it panics, in silence: it is no news, and looks like a crash.
pub(super) fn guarded<T>(ask: impl FnOnce() -> T) -> Option<T> {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let report = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            if !EXPECTED.get() {
                report(panic);
            }
        }));
    });
    EXPECTED.set(true);
    let answer = catch_unwind(AssertUnwindSafe(ask));
    EXPECTED.set(false);
    answer.ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_of_the_crates_is_no_crash_and_the_next_one_is_reported_again() {
        assert_eq!(guarded(|| 5), Some(5));
        assert_eq!(guarded(|| -> u32 { panic!("an unknown type") }), None);
        assert!(!EXPECTED.get());
    }
}
