//! What video came from one client, and what of it the client was told.

use crate::wire::Receipts;

/// The video of one client on this connection.
#[derive(Debug, Default)]
pub(super) struct Intake {
    pub(super) receipts: Receipts,
    told: u64,
}

impl Intake {
    /// Frames that came since this was last asked.
    pub(super) fn new_frames(&mut self) -> u32 {
        let new = self.receipts.got() - std::mem::replace(&mut self.told, self.receipts.got());
        u32::try_from(new).unwrap_or(u32::MAX)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use super::*;

    #[test]
    fn each_frame_is_new_once() {
        let mut intake = Intake::default();
        (0..31).for_each(|_| _ = intake.receipts.came(Instant::now()));
        assert_eq!((intake.new_frames(), intake.new_frames()), (31, 0));
    }
}
