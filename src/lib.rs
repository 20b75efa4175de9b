//! pulsecam streams a webcam to peers and shows theirs.

pub mod clock;
pub mod fresh;
pub mod jpeg;
pub mod picture;
pub mod socket;
pub mod wire;
