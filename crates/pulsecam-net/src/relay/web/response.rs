//! Answers: whole ones, streams of frames, and errors in one line of words.

use std::{
    convert::Infallible,
    pin::Pin,
    task::{Context, Poll},
};

use bytes::Bytes;
use hyper::{
    Response, StatusCode,
    body::{Body as HttpBody, Frame, SizeHint},
    header::{
        ALLOW, CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderName, HeaderValue,
        REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS,
    },
};

use super::part::{self, Chunk};

/// What a page of ours may load: nothing from elsewhere, no inline scripts. Pictures come as blobs, and
/// decoding is done in a worker.
macro_rules! policy {
    ($frames:literal) => {
        concat!(
            "default-src 'self'; img-src 'self' blob: data:; media-src 'self' blob:; worker-src 'self' blob:; ",
            "connect-src 'self' ws: wss:; object-src 'none'; base-uri 'none'; form-action 'self'",
            $frames
        )
    };
}

/// The policy of everything but a view: other sites' frames could make people press buttons that they do not
/// see.
const POLICY: HeaderValue = HeaderValue::from_static(policy!("; frame-ancestors 'self'"));

/// The policy of the picture alone, which is made to be framed.
const VIEW_POLICY: HeaderValue = HeaderValue::from_static(policy!(""));

const SAME_ORIGIN: HeaderValue = HeaderValue::from_static("same-origin");
const RESOURCE_POLICY: HeaderName = HeaderName::from_static("cross-origin-resource-policy");

pub(super) const TEXT: HeaderValue = HeaderValue::from_static("text/plain; charset=utf-8");
pub(super) const JSON: HeaderValue = HeaderValue::from_static("application/json");
pub(super) const NO_STORE: HeaderValue = HeaderValue::from_static("no-store");

pub(super) type Answer = Response<Body>;

/// The source of an endless answer's chunks.
type Chunks = Pin<Box<dyn Source>>;

/// Gives the chunks of an endless answer, each once the socket has taken what was given before.
pub(super) trait Source: Send {
    /// Gives the next chunk; `None` ends the answer.
    fn poll_chunk(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Chunk>>;
}

/// The body of an answer.
pub(super) enum Body {
    /// All of it, or nothing.
    Whole(Option<Bytes>),
    /// As long as there is something.
    Endless(Chunks),
}

impl HttpBody for Body {
    type Data = Chunk;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Chunk>, Infallible>>> {
        let chunk = match &mut *self {
            Self::Whole(bytes) => bytes.take().map(part::plain),
            Self::Endless(chunks) => std::task::ready!(chunks.as_mut().poll_chunk(context)),
        };
        Poll::Ready(chunk.map(|chunk| Ok(Frame::data(chunk))))
    }

    fn is_end_stream(&self) -> bool {
        matches!(self, Self::Whole(None))
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Whole(bytes) => SizeHint::with_exact(bytes.as_ref().map_or(0, Bytes::len) as u64),
            Self::Endless(_) => SizeHint::default(),
        }
    }
}

/// An answer with a body.
pub(super) fn whole(kind: HeaderValue, bytes: impl Into<Bytes>) -> Answer {
    let bytes = bytes.into();
    let mut answer = Response::new(Body::Whole((!bytes.is_empty()).then_some(bytes)));
    answer.headers_mut().insert(CONTENT_TYPE, kind);
    answer
}

/// An answer in one line of words.
pub(super) fn line(status: StatusCode, words: &str) -> Answer {
    let mut answer = whole(TEXT, format!("{words}\n"));
    *answer.status_mut() = status;
    answer.headers_mut().insert(CACHE_CONTROL, NO_STORE);
    answer
}

/// The answer to a method that a resource does not have.
pub(super) fn not_allowed(methods: &'static str) -> Answer {
    let mut answer = line(StatusCode::METHOD_NOT_ALLOWED, &format!("only {methods} is possible here"));
    answer.headers_mut().insert(ALLOW, HeaderValue::from_static(methods));
    answer
}

/// Adds what protects pages of ours and of others.
pub(super) fn protect(answer: &mut Answer, framed: bool, shared: bool) {
    let headers = answer.headers_mut();
    headers.insert(CONTENT_SECURITY_POLICY, if framed { VIEW_POLICY } else { POLICY });
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    if !shared {
        headers.insert(RESOURCE_POLICY, SAME_ORIGIN);
    }
}
