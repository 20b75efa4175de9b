//! The on/off switch of a source: set from any thread, and noticed by the source's thread at once.

use std::{
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

/// A switch; clones share one state.
#[derive(Clone, Debug)]
pub struct Switch(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    on: Mutex<bool>,
    thrown: Condvar,
}

impl Switch {
    /// A switch in this state.
    #[must_use]
    pub fn new(on: bool) -> Self {
        Self(Arc::new(Shared { on: Mutex::new(on), thrown: Condvar::new() }))
    }

    fn lock(&self) -> MutexGuard<'_, bool> {
        self.0.on.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Sets the state, and wakes threads that wait.
    pub fn set(&self, on: bool) {
        *self.lock() = on;
        self.0.thrown.notify_all();
    }

    /// Whether it is on.
    #[must_use]
    pub fn is_on(&self) -> bool {
        *self.lock()
    }

    /// Waits up to `timeout` until it is on; returns whether it is.
    pub(super) fn wait_on(&self, timeout: Duration) -> bool {
        let waited = self.0.thrown.wait_timeout_while(self.lock(), timeout, |on| !*on);
        *waited.unwrap_or_else(PoisonError::into_inner).0
    }
}

#[cfg(test)]
mod tests {
    use std::thread;

    use super::*;

    #[test]
    fn a_waiting_thread_is_woken() {
        let switch = Switch::new(false);
        assert!(!switch.wait_on(Duration::ZERO));
        let other = switch.clone();
        let waiter = thread::spawn(move || other.wait_on(Duration::from_secs(60)));
        switch.set(true);
        assert!(waiter.join().unwrap() && switch.is_on());
    }
}
