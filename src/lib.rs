//! pulsecam streams a webcam to peers and shows theirs.

pub mod clock;
pub mod jpeg;
pub mod picture;
pub mod view;
