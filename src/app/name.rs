//! Default names of a user and a stream.

/// The default name of a user: user@host.
pub(crate) fn own_name() -> String {
    let user = whoami::username().unwrap_or_else(|_| "somebody".into());
    let host = whoami::hostname().unwrap_or_else(|_| "somewhere".into());
    format!("{user}@{host}")
}

/// The default name of a stream: `ann@desk`, or `ann@desk (C920)` if the camera must be named.
pub(super) fn stream_name(camera: Option<String>) -> String {
    let own = own_name();
    camera.map_or_else(|| own.clone(), |camera| format!("{own} ({camera})"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stream_is_named_after_its_camera_if_there_are_several() {
        assert_eq!(stream_name(None), own_name());
        assert_eq!(stream_name(Some("C920".into())), format!("{} (C920)", own_name()));
    }
}
