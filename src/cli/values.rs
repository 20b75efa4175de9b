//! Parsers of option values: picture sizes, amounts of memory, rates, durations, switches.

use std::{ffi::OsStr, marker::PhantomData, str::FromStr, time::Duration};

use clap::builder::{PossibleValue, TypedValueParser};

#[cfg(feature = "client")]
use crate::jpeg::{MAX_DIMENSION, MAX_PIXELS};

/// The smallest side of a picture: below it, codecs make no sense.
const MIN_DIMENSION: usize = 16;

/// Parses a picture size, such as `1280x720`; odd sides are rounded down.
#[cfg(feature = "client")]
pub(super) fn picture_size(text: &str) -> Result<(usize, usize), String> {
    let parsed = text
        .split_once(['x', 'X', '×'])
        .and_then(|(width, height)| Some((width.trim().parse().ok()?, height.trim().parse().ok()?)));
    let Some((width, height)) = parsed else {
        return Err("expected a size, such as 1280x720".into());
    };
    let sides = MIN_DIMENSION..=MAX_DIMENSION;
    if !sides.contains(&width) || !sides.contains(&height) || width * height > MAX_PIXELS {
        return Err(format!(
            "each side must have {MIN_DIMENSION} to {MAX_DIMENSION} pixels, and the picture at most {MAX_PIXELS}"
        ));
    }
    // Chroma is subsampled in both directions, so both sides must be even.
    Ok((width & !1, height & !1))
}

/// Parses an amount in bytes, such as `16MiB`, `512k`, `100kB` or `1000000`.
///
/// k, M and G, alone or with iB, are powers of 1024; kB, MB and GB are powers of 1000.
pub(super) fn bytes(text: &str) -> Result<u64, String> {
    let text = text.trim();
    let digits = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (number, unit) = text.split_at(digits);
    let factor = match unit.trim().to_ascii_lowercase().as_str() {
        "" | "b" => 1,
        "kb" => 1000,
        "mb" => 1_000_000,
        "gb" => 1_000_000_000,
        "k" | "kib" => 1 << 10,
        "m" | "mib" => 1 << 20,
        "g" | "gib" => 1 << 30,
        _ => return Err("expected an amount, such as 16MiB, 512k or 1000000".into()),
    };
    let number: u64 = number.parse().map_err(|_| "expected an amount, such as 16MiB, 512k or 1000000")?;
    number.checked_mul(factor).ok_or_else(|| "amount too large".into())
}

/// Parses the largest size of a message: at least room for a heartbeat, at most what the format allows.
pub(super) fn message_limit(text: &str) -> Result<u32, String> {
    u32::try_from(bytes(text)?)
        .ok()
        .filter(|limit| (1024..=i32::MAX.unsigned_abs()).contains(limit))
        .ok_or_else(|| "must be from 1k to 2G less one byte".into())
}

/// As [`message_limit`]; 0 means the most that the format allows.
pub(super) fn message_limit_or_none(text: &str) -> Result<u32, String> {
    if bytes(text) == Ok(0) {
        return Ok(i32::MAX.unsigned_abs());
    }
    message_limit(text).map_err(|range| format!("{range}, or 0 for no limit"))
}

/// Parses a rate in frames per second, which may have a fraction.
pub(super) fn frame_rate(text: &str) -> Result<f64, String> {
    text.parse()
        .ok()
        .filter(|rate: &f64| (0.01..=1000.0).contains(rate))
        .ok_or_else(|| "expected a number from 0.01 to 1000".into())
}

/// Parses a duration, such as `10s`, `1m 30s` or `250ms`; a bare number is in seconds.
pub(super) fn duration(text: &str) -> Result<Duration, String> {
    if let Ok(seconds) = text.trim().parse::<f64>() {
        return Duration::try_from_secs_f64(seconds).map_err(|error| error.to_string());
    }
    humantime::parse_duration(text)
        .map_err(|error| format!("{error}; expected a duration, such as 10s or 1m 30s"))
}

/// Durations that a timer can wait: shorter ones would make it spin, longer ones could overflow clocks.
const WAITS: std::ops::RangeInclusive<Duration> =
    Duration::from_millis(1)..=Duration::from_secs(86_400 * 366);

/// As [`duration`], from a millisecond to a year.
pub(super) fn some_time(text: &str) -> Result<Duration, String> {
    duration(text).and_then(|time| {
        if WAITS.contains(&time) { Ok(time) } else { Err("must be from 1ms to a year".into()) }
    })
}

/// As [`some_time`]; 0 means the longest duration, longer than any connection lasts.
pub(super) fn time_or_none(text: &str) -> Result<Duration, String> {
    if duration(text) == Ok(Duration::ZERO) {
        return Ok(*WAITS.end());
    }
    some_time(text).map_err(|range| format!("{range}, or 0 for no limit"))
}

/// Parses a switch, as an environment variable sets it.
pub(super) fn switch(text: &str) -> Result<bool, String> {
    match text.trim().to_ascii_lowercase().as_str() {
        "1" | "true" | "yes" | "on" | "y" | "t" => Ok(true),
        "0" | "false" | "no" | "off" | "n" | "f" => Ok(false),
        _ => Err("expected true or false, 1 or 0, yes or no, on or off".into()),
    }
}

/// The parser of a switch.
pub(super) fn flag() -> impl Fn(&str) -> Result<bool, String> + Clone + Send + Sync + 'static {
    switch
}

/// Parses the verbosity: the count of `-v`, or a number or a switch in the environment.
pub(super) fn verbosity(text: &str) -> Result<u8, String> {
    let switched = || switch(text).map(u8::from).map_err(|_| "expected a number, or true or false".into());
    text.trim().parse().or_else(|_| switched())
}

/// The languages, for completions.
pub(super) const LANGUAGES: &[&str] = &["en", "zh"];

/// Parses what `T` does, and names some of it for completions.
pub(super) struct Suggested<T> {
    values: &'static [&'static str],
    parsed: PhantomData<fn() -> T>,
}

/// A parser that suggests these values.
pub(super) const fn suggested<T>(values: &'static [&'static str]) -> Suggested<T> {
    Suggested { values, parsed: PhantomData }
}

impl<T> Clone for Suggested<T> {
    fn clone(&self) -> Self {
        suggested(self.values)
    }
}

impl<T> TypedValueParser for Suggested<T>
where
    T: FromStr + Clone + Send + Sync + 'static,
    T::Err: Into<Box<dyn std::error::Error + Send + Sync + 'static>>,
{
    type Value = T;

    fn parse_ref(
        &self,
        command: &clap::Command,
        arg: Option<&clap::Arg>,
        value: &OsStr,
    ) -> Result<T, clap::Error> {
        (|text: &str| text.parse::<T>()).parse_ref(command, arg, value)
    }

    fn possible_values(&self) -> Option<Box<dyn Iterator<Item = PossibleValue> + '_>> {
        Some(Box::new(self.values.iter().map(PossibleValue::new)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::i18n::Language;

    #[cfg(feature = "client")]
    #[test]
    fn picture_sizes() {
        assert_eq!(picture_size("1280x720"), Ok((1280, 720)));
        assert_eq!(picture_size("641X481"), Ok((640, 480)));
        for wrong in ["", "1280", "x", "0x0", "99999x99999", "-1x5", "16384x16384", "1280x720x3"] {
            assert!(picture_size(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn suggestions_are_parsed_and_so_is_the_rest() {
        let command = clap::Command::new("x")
            .arg(clap::Arg::new("lang").long("lang").value_parser(suggested::<Language>(LANGUAGES)));
        let parse = |text: &str| command.clone().try_get_matches_from(["x", "--lang", text]);
        for text in LANGUAGES.iter().chain(&["zh_CN.UTF-8"]) {
            assert!(parse(text).is_ok_and(|found| found.get_one::<Language>("lang").is_some()), "{text}");
        }
        assert!(parse("klingon").is_err());
        assert_eq!(LANGUAGES, Language::ALL.map(Language::code));
    }

    #[test]
    fn amounts() {
        assert_eq!(bytes("16MiB"), Ok(16 << 20));
        assert_eq!(bytes("512 k"), Ok(512 << 10));
        assert_eq!(bytes("7"), Ok(7));
        assert_eq!(bytes("100kB"), Ok(100_000));
        for wrong in ["", "k", "1.5M", "1T", "99999999999999999999", "99999999999G"] {
            assert!(bytes(wrong).is_err(), "{wrong}");
        }
        assert_eq!(message_limit("2147483647"), Ok(i32::MAX as u32));
        assert!(message_limit("2G").is_err());
        assert!(message_limit("1").is_err() && message_limit("0").is_err());
        assert_eq!(message_limit_or_none("64KiB"), Ok(64 << 10));
        assert_eq!(message_limit_or_none("0"), Ok(i32::MAX as u32));
        assert!(message_limit_or_none("1").unwrap_err().contains("0 for no limit"));
    }

    #[test]
    fn switches() {
        for (text, on) in [
            ("1", true),
            ("TRUE", true),
            ("yes", true),
            ("on", true),
            ("0", false),
            ("off", false),
            ("No", false),
        ] {
            assert_eq!(switch(text), Ok(on), "{text}");
            assert_eq!(verbosity(text), Ok(u8::from(on)), "{text}");
        }
        assert!(switch("maybe").is_err() && switch("2").is_err());
        assert_eq!(verbosity("2"), Ok(2));
        assert!(verbosity("much").is_err() && verbosity("-1").is_err());
    }

    #[test]
    fn times_and_rates() {
        assert_eq!(duration("10"), Ok(Duration::from_secs(10)));
        assert_eq!(duration("1m 30s"), Ok(Duration::from_secs(90)));
        assert_eq!(duration("0.25"), Ok(Duration::from_millis(250)));
        assert!(duration("soon").is_err() && duration("-1").is_err());
        assert!(some_time("0").is_err() && some_time("1ns").is_err() && some_time("1e18").is_err());
        assert_eq!(time_or_none("10s"), Ok(Duration::from_secs(10)));
        assert_eq!([time_or_none("0"), time_or_none("0s")], [Ok(*WAITS.end()), Ok(*WAITS.end())]);
        assert!(time_or_none("1ns").unwrap_err().contains("0 for no limit"));
        assert_eq!(frame_rate("29.97"), Ok(29.97));
        assert!(frame_rate("0").is_err() && frame_rate("nan").is_err());
    }
}
