//! The query of a request. Other programs append parameters of their own, some without a value: what is
//! unknown or malformed is ignored.

/// What a request for pictures may ask for.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Query {
    /// `action=stream|snapshot`, as mjpg-streamer has it.
    pub(super) action: Option<String>,
    /// `src=NAME`, as go2rtc has it.
    pub(super) src: Option<String>,
    /// `dst=NAME`, as go2rtc has it.
    pub(super) dst: Option<String>,
    /// `token=`: a link that opens viewing.
    pub(super) token: Option<String>,
    /// `extra_headers=1`: more about each frame.
    pub(super) extra_headers: bool,
    /// `advance_headers=`: whether the head of the next part follows each frame at once.
    pub(super) advance_headers: Option<bool>,
    /// `fps=`: the most frames a second.
    pub(super) fps: Option<f64>,
}

impl Query {
    pub(super) fn parse(query: &str) -> Self {
        let mut parsed = Self::default();
        for pair in query.split('&') {
            let Some((key, value)) = pair.split_once('=') else { continue };
            let text = || Some(decode(value, true));
            match key {
                "action" => parsed.action = text(),
                "src" => parsed.src = text(),
                "dst" => parsed.dst = text(),
                "token" => parsed.token = text(),
                "extra_headers" => parsed.extra_headers = is_on(value),
                "advance_headers" => parsed.advance_headers = Some(is_on(value)),
                // ustreamer's other remedy for the same lateness.
                "dual_final_frames" if is_on(value) => parsed.advance_headers = Some(true),
                "fps" => parsed.fps = value.parse().ok().filter(|fps: &f64| fps.is_finite() && *fps > 0.0),
                _ => {}
            }
        }
        parsed
    }
}

/// The value of a parameter; the last of several counts.
pub(super) fn parameter(query: &str, key: &str) -> Option<String> {
    let mut pairs = query.split('&').filter_map(|pair| pair.split_once('='));
    pairs.rfind(|(name, _)| *name == key).map(|(_, value)| decode(value, true))
}

fn is_on(value: &str) -> bool {
    matches!(value, "1" | "true" | "yes" | "on")
}

/// Decodes `%XX`; in a query, `+` is a space. Anything malformed stays as it is.
pub(super) fn decode(text: &str, plus: bool) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, after @ ..] = rest {
        rest = after;
        match (first, after) {
            (b'%', [high, low, after @ ..]) => match (digit(*high), digit(*low)) {
                (Some(high), Some(low)) => {
                    bytes.push(high << 4 | low);
                    rest = after;
                }
                _ => bytes.push(b'%'),
            },
            (b'+', _) if plus => bytes.push(b' '),
            _ => bytes.push(*first),
        }
    }
    String::from_utf8(bytes).unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned())
}

fn digit(hex: u8) -> Option<u8> {
    char::from(hex).to_digit(16).and_then(|digit| u8::try_from(digit).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_other_programs_append_is_ignored() {
        let octoprint = Query::parse("action=snapshot&1608856928650");
        assert_eq!(octoprint.action.as_deref(), Some("snapshot"));
        let mainsail = Query::parse("action=stream&timestamp=1700000000&&=&x&%zz=%");
        assert_eq!(mainsail.action.as_deref(), Some("stream"));
        assert_eq!(Query::parse("action"), Query::default());
        assert_eq!(Query::parse("fps=-1&fps=nan"), Query::default());
    }

    #[test]
    fn parameters_are_understood() {
        let query =
            Query::parse("src=a%20b%E5%AE%A4+c&fps=2.5&extra_headers=1&dual_final_frames=1&token=abc");
        assert_eq!(query.src.as_deref(), Some("a b室 c"));
        assert_eq!((query.fps, query.extra_headers, query.advance_headers), (Some(2.5), true, Some(true)));
        assert_eq!(query.token.as_deref(), Some("abc"));
        assert_eq!(Query::parse("advance_headers=0").advance_headers, Some(false));
        assert_eq!(parameter("for=1&x&for=1h+30s", "for").as_deref(), Some("1h 30s"));
        assert_eq!((parameter("before=1&for", "for"), parameter("for=", "for")), (None, Some(String::new())));
    }

    #[test]
    fn malformed_escapes_stay() {
        assert_eq!(decode("100%", false), "100%");
        assert_eq!(decode("%4", false), "%4");
        assert_eq!(decode("%zz+", false), "%zz+");
        assert_eq!(decode("%ff", false), "\u{fffd}");
    }
}
