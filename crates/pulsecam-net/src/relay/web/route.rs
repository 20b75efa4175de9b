//! What a request is about: its path, as ours and as other programs know it.

use super::query::{Query, decode};

/// A resource of the relay.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Route {
    /// The page.
    Page,
    /// The picture of one stream alone.
    View,
    /// A file of the page.
    Asset {
        /// Of which build.
        hash: String,
        name: String,
    },
    /// Facts that the page needs.
    PageFacts,
    /// Messages through a WebSocket.
    Wire,
    /// Frames, one after the other, of the stream of this name or of the first.
    Stream(Option<String>),
    /// One frame.
    Snapshot(Option<String>),
    /// Frames from a program that has none of our own.
    Publish(String),
    /// The state, as ustreamer reports it.
    State,
    /// The other relays of a cluster.
    Relays,
    /// Whether the relay works.
    Health,
    /// Whether the relay accepts clients.
    Readiness,
    /// The certificate, to be installed.
    Certificate,
    /// Counters for Prometheus.
    Metrics,
    /// The operators' interface: what follows `/api/v1/`.
    Api(String),
    /// Nothing.
    Unknown,
}

impl Route {
    /// Finds the resource of a path. `posts`: the request has a body to deliver.
    pub(super) fn parse(path: &str, query: &Query, posts: bool) -> Self {
        // Old configurations of OctoPrint and Mainsail have a proxy in front of the camera, with this prefix.
        let path = path.strip_prefix("/webcam").filter(|rest| rest.starts_with('/')).unwrap_or(path);
        let named = |prefix: &str| {
            let rest = path.strip_prefix(prefix)?;
            let name = rest.strip_prefix('/').or_else(|| rest.is_empty().then_some(""))?;
            let name = name.strip_suffix('/').unwrap_or(name);
            Some((!name.is_empty()).then(|| decode(name, false)))
        };
        match (path, query.action.as_deref()) {
            ("/", Some("stream")) => return Self::Stream(None),
            ("/", Some("snapshot")) => return Self::Snapshot(None),
            ("/" | "/index.html", _) => return Self::Page,
            ("/page.json", _) => return Self::PageFacts,
            ("/wire", _) => return Self::Wire,
            ("/state", _) => return Self::State,
            ("/relays.json", _) => return Self::Relays,
            ("/healthz", _) => return Self::Health,
            ("/readyz", _) => return Self::Readiness,
            ("/cert.pem", _) => return Self::Certificate,
            ("/metrics", _) => return Self::Metrics,
            ("/api/stream.mjpeg", _) if posts => return Self::publish(query.dst.clone()),
            ("/api/stream.mjpeg", _) => return Self::Stream(query.src.clone()),
            ("/api/frame.jpeg", _) => return Self::Snapshot(query.src.clone()),
            _ => {}
        }
        if let Some(name) = named("/stream") {
            return if posts { Self::publish(name) } else { Self::Stream(name) };
        }
        if let Some(name) = named("/snapshot") {
            return Self::Snapshot(name);
        }
        if named("/view").is_some() {
            return Self::View;
        }
        if let Some(what) = path.strip_prefix("/api/v1/") {
            return Self::Api(what.to_owned());
        }
        let asset = path.strip_prefix("/assets/").and_then(|rest| rest.split_once('/'));
        asset.map_or(Self::Unknown, |(hash, name)| Self::Asset {
            hash: hash.to_owned(),
            name: name.to_owned(),
        })
    }

    fn publish(name: Option<String>) -> Self {
        Self::Publish(name.unwrap_or_default())
    }

    /// Its name in the counters of requests.
    pub(super) const fn endpoint(&self) -> &'static str {
        match self {
            Self::Page => "/",
            Self::View => "/view",
            Self::Asset { .. } => "/assets",
            Self::PageFacts => "/page.json",
            Self::Wire => "/wire",
            Self::Stream(_) | Self::Publish(_) => "/stream",
            Self::Snapshot(_) => "/snapshot",
            Self::State => "/state",
            Self::Relays => "/relays.json",
            Self::Health => "/healthz",
            Self::Readiness => "/readyz",
            Self::Certificate => "/cert.pem",
            Self::Metrics => "/metrics",
            Self::Api(_) => "/api/v1",
            Self::Unknown => "other",
        }
    }

    /// Whether it only says how the relay is, to anyone who asks.
    pub(super) const fn is_probe(&self) -> bool {
        matches!(self, Self::Health | Self::Readiness)
    }

    /// Whether it has content that only those may see who know a key.
    pub(super) const fn is_private(&self) -> bool {
        matches!(self, Self::Stream(_) | Self::Snapshot(_) | Self::Publish(_) | Self::State | Self::Relays)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn get(target: &str) -> Route {
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        Route::parse(path, &Query::parse(query), false)
    }

    #[test]
    fn pictures_are_found_under_the_names_of_other_programs() {
        let (stream, snapshot) = (Route::Stream(None), Route::Snapshot(None));
        for target in [
            "/stream",
            "/stream/",
            "/?action=stream",
            "/webcam/?action=stream&1608856928650",
            "/webcam/stream",
        ] {
            assert_eq!(get(target), stream, "{target}");
        }
        for target in ["/snapshot", "/?action=snapshot&160", "/webcam/?action=snapshot"] {
            assert_eq!(get(target), snapshot, "{target}");
        }
        assert_eq!(get("/api/stream.mjpeg?src=door%20cam"), Route::Stream(Some("door cam".into())));
        assert_eq!(get("/api/frame.jpeg?src=door"), Route::Snapshot(Some("door".into())));
        assert_eq!(get("/stream/door%2Fcam+1"), Route::Stream(Some("door/cam+1".into())));
        assert_eq!(get("/stream/a/b"), Route::Stream(Some("a/b".into())));
    }

    #[test]
    fn a_body_is_published() {
        let post = |path: &str, query: &str| Route::parse(path, &Query::parse(query), true);
        assert_eq!(post("/stream/door", ""), Route::Publish("door".into()));
        assert_eq!(post("/api/stream.mjpeg", "dst=door"), Route::Publish("door".into()));
        assert_eq!(post("/stream", ""), Route::Publish(String::new()));
    }

    #[test]
    fn other_paths_are_what_they_say_or_nothing() {
        assert_eq!(get("/"), Route::Page);
        assert_eq!(get("/?lang=zh"), Route::Page);
        assert_eq!(get("/view/door"), Route::View);
        assert_eq!(get("/assets/0123/app.js"), Route::Asset { hash: "0123".into(), name: "app.js".into() });
        assert_eq!(get("/api/v1/clients/7/kick"), Route::Api("clients/7/kick".into()));
        assert_eq!(get("/relays.json?token=x"), Route::Relays);
        for target in
            ["/streams", "/webcam", "/webcamx/?action=stream", "/assets/x", "/../etc/passwd", "", "*", "//"]
        {
            assert_eq!(get(target), Route::Unknown, "{target}");
        }
    }
}
