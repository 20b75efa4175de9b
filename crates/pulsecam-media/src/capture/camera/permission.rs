//! The permission to use cameras, for which macOS asks the person at the machine.
//!
//! Nothing of nokhwa may be used there before it was asked for, and nokhwa does not ask by itself: a camera
//! would start and give no frames. On other systems everything here is allowed at once.

use std::{
    sync::{Once, mpsc},
    time::Duration,
};

use super::device::DeviceFault;

/// Time for a person to notice the question and to answer it. The answer counts afterwards too.
const TO_ANSWER: Duration = Duration::from_secs(60);

/// Asks for the permission. The first call waits for the answer, later ones return at once.
pub(super) fn request() {
    static ASKED: Once = Once::new();
    ASKED.call_once(|| {
        let (answer, answered) = mpsc::channel();
        nokhwa::nokhwa_initialize(move |_| {
            let _ = answer.send(()); // nobody waits any more
        });
        let _ = answered.recv_timeout(TO_ANSWER);
    });
}

/// Asks for the permission if that was not done; the fault if it is not granted.
pub(super) fn require() -> Result<(), DeviceFault> {
    request();
    // Not the answer: it can be changed in the settings while the program runs.
    if nokhwa::nokhwa_check() { Ok(()) } else { Err(DeviceFault::NotAllowed) }
}

#[cfg(all(test, not(target_os = "macos")))]
mod tests {
    use super::*;

    #[test]
    fn other_systems_ask_nobody_and_allow_it_at_once() {
        assert!(require().is_ok());
        assert!(require().is_ok(), "the answer is still known");
    }
}
