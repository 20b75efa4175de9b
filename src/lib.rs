//! pulsecam streams a webcam to peers and shows theirs.

pub mod clock;
pub mod fresh;
pub mod jpeg;
pub mod link;
pub mod picture;
pub mod relay;
pub mod socket;
pub mod view;
pub mod wire;
