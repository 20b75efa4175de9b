//! What a person and their stream are called if they gave no name.

/// user@host, the name of somebody who gave none.
pub(crate) fn own_name() -> String {
    let user = whoami::username().unwrap_or_else(|_| "somebody".into());
    let host = whoami::hostname().unwrap_or_else(|_| "somewhere".into());
    format!("{user}@{host}")
}

/// The name of a stream that was given none: `ann@desk`, or `ann@desk (C920)` if it has to be said which camera it is.
pub(super) fn stream_name(camera: Option<String>) -> String {
    let own = own_name();
    camera.map_or_else(|| own.clone(), |camera| format!("{own} ({camera})"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stream_is_called_by_its_camera_where_there_are_several() {
        assert_eq!(stream_name(None), own_name());
        assert_eq!(stream_name(Some("C920".into())), format!("{} (C920)", own_name()));
    }
}
