//! Pictures over HTTP: a stream of them, or one.

use std::{
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
};

use hyper::{
    HeaderMap, Method, Response, StatusCode, Version,
    header::{
        ACCEPT, ACCESS_CONTROL_ALLOW_ORIGIN, CACHE_CONTROL, CONTENT_TYPE, HeaderName, HeaderValue, ORIGIN,
        RETRY_AFTER, VARY,
    },
};
use tokio::time;

use super::{
    answer::Client,
    credentials::Grant,
    part::{self, Chunk, Format},
    query::Query,
    response::{Answer, Body, NO_STORE, Source, line, whole},
    viewer::{Picture, Viewer},
};

/// The longest wait for the first frame: a sender without viewers has to begin first.
const FIRST_FRAME: Duration = Duration::from_secs(2);

/// Frames of one stream until the client leaves, or the stream has been silent for too long.
pub(super) async fn stream(
    method: &Method,
    headers: &HeaderMap,
    query: &Query,
    name: Option<String>,
    grant: Grant,
    client: &Client<'_>,
) -> Answer {
    let format = Format {
        ahead: query.advance_headers.unwrap_or_else(|| wants_images(headers)),
        extra: query.extra_headers,
    };
    let mut viewer = join(name.clone(), grant, client);
    let body = if *method == Method::HEAD {
        Body::Whole(None)
    } else {
        let Some(first) = viewer.next(FIRST_FRAME).await else { return nothing(name.as_deref()) };
        let interval = query.fps.map(|fps| Duration::from_secs_f64((1.0 / fps).min(MAX_INTERVAL)));
        let silence = client.server.shared.config.client_timeout;
        Body::Endless(Box::pin(Parts::new(viewer, first, format, interval, silence)))
    };
    let mut answer = Response::new(body);
    // Closed at its end, not in chunks: clients of multipart are simple.
    *answer.version_mut() = Version::HTTP_10;
    answer.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(part::CONTENT_TYPE));
    finish(&mut answer, headers, client);
    answer
}

/// The longest interval between two frames that a client may ask for, in seconds.
const MAX_INTERVAL: f64 = 3600.0;

/// The next frame of a stream.
pub(super) async fn snapshot(
    headers: &HeaderMap,
    name: Option<String>,
    grant: Grant,
    client: &Client<'_>,
) -> Answer {
    let mut viewer = join(name.clone(), grant, client);
    let Some(picture) = viewer.next(FIRST_FRAME).await else { return nothing(name.as_deref()) };
    let Picture { jpeg, info } = picture;
    let mut answer = whole(HeaderValue::from_static("image/jpeg"), jpeg);
    for (name, value) in part::headers(&info, true) {
        if let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::try_from(value)) {
            answer.headers_mut().insert(name, value);
        }
    }
    finish(&mut answer, headers, client);
    answer
}

fn join(name: Option<String>, grant: Grant, client: &Client<'_>) -> Viewer {
    Viewer::join(client.server, grant.room, client.addr, grant.pass, name, client.cut.clone())
}

/// Whether pictures are for an `<img>`, or a stream was opened in a tab: only these name their kinds.
fn wants_images(headers: &HeaderMap) -> bool {
    headers.get_all(ACCEPT).iter().any(|accept| accept.to_str().is_ok_and(|accept| accept.contains("image/")))
}

fn nothing(name: Option<&str>) -> Answer {
    if name.is_some() {
        return line(StatusCode::NOT_FOUND, "there is no stream of this name, or it sends nothing");
    }
    let mut answer = line(StatusCode::SERVICE_UNAVAILABLE, "there is no stream");
    answer.headers_mut().insert(RETRY_AFTER, HeaderValue::from_static("2"));
    answer
}

/// Pictures are never stored, and scripts of allowed pages may read them.
fn finish(answer: &mut Answer, request: &HeaderMap, client: &Client<'_>) {
    let headers = answer.headers_mut();
    headers.insert(CACHE_CONTROL, NO_STORE);
    headers.insert(VARY, HeaderValue::from_static("Accept, Origin"));
    let allowed = &client.state.config.allowed_origins;
    if let Some(origin) = request.get(ORIGIN)
        && allowed.iter().any(|allowed| allowed.as_bytes().eq_ignore_ascii_case(origin.as_bytes()))
    {
        headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin.clone());
    }
}

/// The parts of a stream, each of the frame that is newest when the last one is with the kernel.
struct Parts {
    state: State,
}

/// The next part, and the stream that continues after it.
type NextPart = Pin<Box<dyn Future<Output = Option<(Chunk, Stream)>> + Send>>;

enum State {
    /// A part is being waited for.
    Waiting(NextPart),
    Ended,
}

struct Stream {
    viewer: Viewer,
    format: Format,
    /// The shortest time between two frames, and when the next is due.
    interval: Option<Duration>,
    due: time::Instant,
    silence: Duration,
}

impl Parts {
    fn new(
        viewer: Viewer,
        first: Picture,
        format: Format,
        interval: Option<Duration>,
        silence: Duration,
    ) -> Self {
        let now = time::Instant::now();
        let stream = Stream { viewer, format, interval, due: now + interval.unwrap_or_default(), silence };
        let part = format.part(first, true);
        Self { state: State::Waiting(Box::pin(std::future::ready(Some((part, stream))))) }
    }
}

impl Stream {
    async fn next(mut self) -> Option<(Chunk, Self)> {
        if let Some(interval) = self.interval {
            self.viewer.rest(true);
            time::sleep_until(self.due).await;
            self.viewer.rest(false);
            self.due = (self.due + interval).max(time::Instant::now());
        }
        let picture = self.viewer.next(self.silence).await?;
        Some((self.format.part(picture, false), self))
    }
}

impl Source for Parts {
    fn poll_chunk(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Chunk>> {
        let State::Waiting(next) = &mut self.state else { return Poll::Ready(None) };
        match ready!(next.as_mut().poll(context)) {
            Some((chunk, stream)) => {
                self.state = State::Waiting(Box::pin(stream.next()));
                Poll::Ready(Some(chunk))
            }
            None => {
                self.state = State::Ended;
                Poll::Ready(None)
            }
        }
    }
}
