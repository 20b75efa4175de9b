//! The answer to one request.

use std::{
    net::SocketAddr,
    sync::{Arc, Mutex},
};

use bytes::Bytes;
use hyper::{
    HeaderMap, Method, Request, StatusCode,
    body::Incoming as RequestBody,
    header::{CACHE_CONTROL, HeaderValue, LOCATION, SET_COOKIE},
};
use tokio_util::sync::CancellationToken;
use tungstenite::handshake::server::create_response_with_body;

use super::{
    addresses, api,
    credentials::{self, Grant, Purpose},
    exposition,
    host::{self, Source},
    metrics, page, pictures, publish,
    query::Query,
    response::{Answer, Body, JSON, NO_STORE, line, not_allowed, protect, whole},
    route::Route,
    sessions::COOKIE_NAME,
    state::State,
    status,
};
use crate::{
    address::machine_addresses,
    auth::random,
    clock,
    relay::{
        reason::RejectReason,
        room::Room,
        server::{ConnectionPermit, Server},
    },
    sync::lock,
};

/// A client of HTTP, for all requests of one connection.
pub(super) struct Client<'a> {
    pub(super) server: &'a Arc<Server>,
    pub(super) state: &'a State,
    pub(super) addr: SocketAddr,
    /// Whether the connection is encrypted.
    pub(super) secure: bool,
    /// Its place among all clients; one at the operators' socket needs none.
    pub(super) permit: Mutex<Option<&'a mut ConnectionPermit>>,
    /// Whether it came through the operators' own socket.
    pub(super) is_operator: bool,
    /// Cancelled to close the connection.
    pub(super) cut: CancellationToken,
    /// The cookie that a page was given with its WebSocket.
    pub(super) cookie: Mutex<String>,
    /// The room that its link opens for viewing.
    pub(super) grant: Mutex<Option<Grant>>,
}

impl<'a> Client<'a> {
    pub(super) fn new(
        server: &'a Arc<Server>,
        state: &'a State,
        addr: SocketAddr,
        secure: bool,
        permit: Option<&'a mut ConnectionPermit>,
    ) -> Self {
        let is_operator = permit.is_none();
        Self {
            server,
            state,
            addr,
            secure,
            permit: Mutex::new(permit),
            is_operator,
            cut: server.stop_token().child_token(),
            cookie: Mutex::default(),
            grant: Mutex::default(),
        }
    }

    /// Whether the relay could have been asked through TLS.
    fn has_tls(&self) -> bool {
        self.server.shared.config.tls.is_some()
    }
}

/// Answers a request, and counts the answer.
pub(super) async fn to(request: Request<RequestBody>, client: &Client<'_>) -> Answer {
    let query = Query::parse(request.uri().query().unwrap_or_default());
    let posts = matches!(*request.method(), Method::POST | Method::PUT);
    let route = Route::parse(request.uri().path(), &query, posts);
    let (is_view, is_shared) = (route == Route::View, route.is_private());
    let endpoint = route.endpoint();
    let mut answer = find(request, route, query, client).await;
    if answer.status() != StatusCode::SWITCHING_PROTOCOLS {
        protect(&mut answer, is_view, is_shared);
    }
    client.state.count(endpoint, answer.status());
    answer
}

async fn find(request: Request<RequestBody>, route: Route, query: Query, client: &Client<'_>) -> Answer {
    if !client.is_operator
        && let Err(reason) = client.server.let_in(client.addr.ip())
    {
        client.server.shared.refuse(client.addr, &reason);
        return line(StatusCode::FORBIDDEN, &reason.to_string());
    }
    if !route.is_probe() {
        if let Err(refused) = check_host(&request, client) {
            return *refused;
        }
        let may_be_plain = client.is_operator || (route.is_private() && client.state.config.plain);
        if client.has_tls() && !(client.secure || may_be_plain) {
            return to_https(&request, &route);
        }
    }
    let is_get = matches!(*request.method(), Method::GET | Method::HEAD);
    if !is_get && !matches!(route, Route::Unknown | Route::Publish(_) | Route::Api(_)) {
        return not_allowed("GET");
    }
    match route {
        Route::Page => page::index(request.headers()),
        Route::View => page::view(request.headers()),
        Route::Asset { hash, name } => page::asset(&hash, &name, request.headers()),
        Route::PageFacts => page_facts(request.headers(), client),
        Route::Wire => wire(&request, &query, client),
        Route::Health => health(client),
        Route::Readiness => line(StatusCode::OK, "ready"),
        Route::Certificate => certificate(client),
        Route::Stream(name) => match credentials::check(request.headers(), &query, Purpose::View, client) {
            Ok(grant) => {
                pictures::stream(request.method(), request.headers(), &query, name, grant, client).await
            }
            Err(refused) => *refused,
        },
        Route::Snapshot(name) => match credentials::check(request.headers(), &query, Purpose::View, client) {
            Ok(grant) => pictures::snapshot(request.headers(), name, grant, client).await,
            Err(refused) => *refused,
        },
        Route::Publish(name) => {
            if source(&request, client) == Source::Foreign {
                return foreign(client);
            }
            match credentials::check(request.headers(), &query, Purpose::Send, client) {
                Ok(grant) => publish::publish(request, name, grant, client).await,
                Err(refused) => *refused,
            }
        }
        Route::State => match credentials::check(request.headers(), &query, Purpose::View, client) {
            Ok(grant) => state(&grant.room),
            Err(refused) => *refused,
        },
        Route::Relays => match credentials::check(request.headers(), &query, Purpose::View, client) {
            Ok(grant) => relays(&grant.room, client),
            Err(refused) => *refused,
        },
        Route::Metrics => match credentials::check_operator(request.headers(), client) {
            Ok(()) => metrics(client),
            Err(refused) => *refused,
        },
        Route::Api(what) => {
            if source(&request, client) == Source::Foreign {
                return foreign(client);
            }
            match credentials::check_operator(request.headers(), client) {
                Ok(()) => api::answer(request, &what, client).await,
                Err(refused) => *refused,
            }
        }
        Route::Unknown => line(StatusCode::NOT_FOUND, "there is nothing at this address"),
    }
}

/// Refuses names that a stranger may have made resolve to this relay.
fn check_host(request: &Request<RequestBody>, client: &Client<'_>) -> Result<(), Box<Answer>> {
    let target = request.uri().authority().map(hyper::http::uri::Authority::as_str);
    let Some(host) = host::host(request.headers()).or(target) else {
        // Without a name, as in HTTP/1.0, it comes from no browser.
        return if request.headers().contains_key(hyper::header::HOST) {
            let words = "the Host header is malformed or there are several";
            Err(Box::new(line(StatusCode::BAD_REQUEST, words)))
        } else {
            Ok(())
        };
    };
    if client.state.hosts.knows(host::name(host)) {
        return Ok(());
    }
    client.server.shared.refuse(client.addr, &RejectReason::Origin);
    let words = "this relay does not know the host name in the address; use its IP address, or have its operator \
                 add the name";
    Err(Box::new(line(StatusCode::FORBIDDEN, words)))
}

/// Sends a browser to the encrypted way.
fn to_https(request: &Request<RequestBody>, route: &Route) -> Answer {
    let words = "this relay is reached by https only";
    let target = request.uri().path_and_query().map_or("/", hyper::http::uri::PathAndQuery::as_str);
    let location = host::host(request.headers())
        .and_then(|host| HeaderValue::from_str(&format!("https://{host}{target}")).ok());
    match location.filter(|_| *route != Route::Wire) {
        Some(location) => {
            let mut answer = line(StatusCode::PERMANENT_REDIRECT, words);
            answer.headers_mut().insert(LOCATION, location);
            answer
        }
        None => line(StatusCode::FORBIDDEN, words),
    }
}

fn page_facts(headers: &HeaderMap, client: &Client<'_>) -> Answer {
    let config = &client.server.shared.config;
    let mut facts = serde_json::json!({
        "version": env!("CARGO_PKG_VERSION"),
        "https": config.tls.is_some(),
        "certificate": client.state.config.certificate.is_some(),
        "keys": config.keys.is_some(),
        "only": true,
    });
    if client.addr.ip().is_loopback()
        && host::host(headers).is_some_and(addresses::is_here)
        && let Some(listening) = client.state.listening.get()
    {
        let https = config.tls.is_some();
        facts["addresses"] =
            addresses::of(*listening, &machine_addresses(), &client.state.config, https).into();
    }
    let mut answer = whole(JSON, facts.to_string());
    answer.headers_mut().insert(CACHE_CONTROL, NO_STORE);
    answer
}

fn state(room: &Room) -> Answer {
    let mut answer = whole(JSON, status::of(room).to_string());
    answer.headers_mut().insert(CACHE_CONTROL, NO_STORE);
    answer
}

/// The relays that act as one with this one; `null` if it is on its own.
#[cfg_attr(
    not(feature = "cluster"),
    expect(unused_variables, reason = "without clusters, a relay is on its own")
)]
fn relays(room: &Room, client: &Client<'_>) -> Answer {
    #[cfg(feature = "cluster")]
    let known = super::relays::of(client.server, Some(room));
    #[cfg(not(feature = "cluster"))]
    let known = serde_json::Value::Null;
    let mut answer = whole(JSON, known.to_string());
    answer.headers_mut().insert(CACHE_CONTROL, NO_STORE);
    answer
}

fn metrics(client: &Client<'_>) -> Answer {
    let text = metrics::text(client.server, client.state);
    whole(HeaderValue::from_static(exposition::CONTENT_TYPE), text)
}

fn health(client: &Client<'_>) -> Answer {
    if client.state.is_healthy(clock::now()) {
        line(StatusCode::OK, "healthy")
    } else {
        line(StatusCode::SERVICE_UNAVAILABLE, "the relay's loop does not run")
    }
}

fn certificate(client: &Client<'_>) -> Answer {
    let Some(certificate) = &client.state.config.certificate else {
        return line(StatusCode::NOT_FOUND, "this relay has no certificate to install");
    };
    whole(HeaderValue::from_static("application/x-x509-ca-cert"), Bytes::clone(certificate))
}

fn source(request: &Request<RequestBody>, client: &Client<'_>) -> Source {
    host::source(request.headers(), client.secure, &client.state.config.allowed_origins)
}

fn foreign(client: &Client<'_>) -> Answer {
    client.server.shared.refuse(client.addr, &RejectReason::Origin);
    line(StatusCode::FORBIDDEN, "pages of other sites may not connect to this relay")
}

/// Agrees to continue as a connection of the wire.
fn wire(request: &Request<RequestBody>, query: &Query, client: &Client<'_>) -> Answer {
    if source(request, client) == Source::Foreign {
        return foreign(client);
    }
    // A link that opens viewing; any other client shows its key in messages.
    if query.token.is_some() && client.server.shared.config.keys.is_some() {
        match credentials::check(&HeaderMap::new(), query, Purpose::View, client) {
            Ok(grant) => *lock(&client.grant) = Some(grant),
            Err(refused) => return *refused,
        }
    }
    match create_response_with_body(request, || Body::Whole(None)) {
        Ok(mut agreed) => {
            if client.server.shared.config.keys.is_some() {
                set_cookie(&mut agreed, client);
            }
            agreed
        }
        Err(error) => {
            let mut answer = line(StatusCode::UPGRADE_REQUIRED, &format!("this is for WebSockets: {error}"));
            answer.headers_mut().insert(hyper::header::UPGRADE, HeaderValue::from_static("websocket"));
            answer
        }
    }
}

/// Gives a page the cookie that will open pictures once it has shown a key.
fn set_cookie(answer: &mut Answer, client: &Client<'_>) {
    let Ok(random) = random::<COOKIE_BYTES>() else { return };
    let cookie: String = random.iter().map(|byte| format!("{byte:02x}")).collect();
    let secure = if client.secure { "; Secure" } else { "" };
    let set = format!("{COOKIE_NAME}={cookie}; HttpOnly; SameSite=Strict; Path=/{secure}");
    if let Ok(set) = HeaderValue::from_str(&set) {
        answer.headers_mut().insert(SET_COOKIE, set);
        *lock(&client.cookie) = cookie;
    }
}

/// Random bytes of a cookie: nobody guesses them.
const COOKIE_BYTES: usize = 16;
