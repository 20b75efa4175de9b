//! The clocks of [`pulsecam_net::clock`], and the time of day as people read it.

pub use pulsecam_net::clock::{Age, Timestamp, now, set_wall_clock};

/// The local time of day, as `14:05`.
#[cfg(feature = "client")]
#[must_use]
pub fn local_time(time: Timestamp) -> String {
    let micros = i64::try_from(time.as_micros()).unwrap_or(i64::MAX);
    let instant = jiff::Timestamp::from_microsecond(micros).unwrap_or_default();
    instant.to_zoned(jiff::tz::TimeZone::system()).strftime("%H:%M").to_string()
}
