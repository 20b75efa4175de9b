//! The operators' interface: who is here, and what to do about it.

use bytes::Bytes;
use hyper::{Method, Request, StatusCode, body::Body as _, body::Incoming as RequestBody};
use serde_json::{Value, json};

use super::{
    answer::Client,
    kick::kick,
    query::decode,
    response::{Answer, JSON, NO_STORE, line, not_allowed, whole},
    status,
};
use crate::{
    clock,
    relay::{members::Member, room::Room, stats::ClientStats},
    wire::{Message, Origin},
};

/// The name from which an operator's texts come.
const OPERATOR: &str = "relay";

/// Answers a request to `/api/v1/WHAT`.
pub(super) async fn answer(request: Request<RequestBody>, what: &str, client: &Client<'_>) -> Answer {
    let parts: Vec<_> = what.split('/').collect();
    let posts = *request.method() == Method::POST;
    match (&parts[..], posts) {
        (["info"], false) => object(&info(client)),
        (["rooms"], false) => list(client.server.rooms().iter().map(|room| describe(room)).collect()),
        (["streams"], false) => list(all_streams(client).iter().map(status::stream).collect()),
        (["clients"], false) => list(
            client
                .server
                .rooms()
                .iter()
                .flat_map(|room| {
                    let members = room.members();
                    let stats = room.client_stats(clock::now());
                    stats.into_iter().map(move |one| person(&one, &members)).collect::<Vec<_>>()
                })
                .collect(),
        ),
        #[cfg(feature = "cluster")]
        (["relays"], false) => object(&super::relays::of(client.server, None)),
        #[cfg(feature = "cluster")]
        (["relays"], true) => not_allowed("GET"),
        (["clients", id, "kick"], true) => kick(id, request.uri().query().unwrap_or_default(), client),
        (["rooms", room, "text"], true) => say(request, &decode(room, false), client).await,
        (["clients", _, "kick"] | ["rooms", _, "text"], false) => not_allowed("POST"),
        (["info" | "rooms" | "streams" | "clients"], true) => not_allowed("GET"),
        _ => line(StatusCode::NOT_FOUND, "there is nothing at this address"),
    }
}

fn object(value: &Value) -> Answer {
    let mut answer = whole(JSON, format!("{value}\n"));
    answer.headers_mut().insert(hyper::header::CACHE_CONTROL, NO_STORE);
    answer
}

fn list(values: Vec<Value>) -> Answer {
    object(&Value::Array(values))
}

fn all_streams(client: &Client<'_>) -> Vec<ClientStats> {
    let now = clock::now();
    let of = |room: &std::sync::Arc<Room>| {
        let mut stats = room.client_stats(now);
        stats.retain(|one| one.stream.is_some());
        stats.extend(room.guest_stats(now));
        stats
    };
    client.server.rooms().iter().flat_map(of).collect()
}

fn info(client: &Client<'_>) -> Value {
    let config = &client.server.shared.config;
    json!({
        "version": env!("CARGO_PKG_VERSION"),
        "tls": config.tls.is_some(),
        "keys": config.keys.as_ref().map_or(0, |ring| ring.keys().len()),
        "max_clients": config.max_clients,
        "max_message": config.max_message,
        "totals": client.server.summary(),
    })
}

fn describe(room: &Room) -> Value {
    let members = room.members();
    let (received, sent) = room.traffic.amounts();
    json!({
        "room": room.name(),
        "clients": members.len(),
        "viewers": members.iter().filter(|member| member.presence.views()).count(),
        "streams": members.iter().filter(|member| member.is_sending()).count(),
        "messages_in": received.messages.iter().sum::<u64>(),
        "bytes_in": received.bytes,
        "messages_out": sent.messages.iter().sum::<u64>(),
        "bytes_out": sent.bytes,
    })
}

fn person(one: &ClientStats, members: &[std::sync::Arc<Member>]) -> Value {
    let member = members.iter().find(|member| member.id == one.client);
    json!({
        "client": one.client,
        "addr": one.addr,
        "room": one.room,
        "kind": member.map(|member| member.kind.label()),
        "since_s": one.since.as_secs_f64(),
        "views": one.views,
        "stream": one.stream.as_ref().and_then(|info| info.stream.clone()),
        "frames_in": one.sent.frames,
        "others_in": one.sent.others,
        "bytes_in": one.sent.bytes,
        "frames_out": one.got.frames,
        "others_out": one.got.others,
        "bytes_out": one.got.bytes,
        "frames_lost": one.lost,
        "waiting_bytes": member.map(|member| member.mailbox.waiting_bytes()),
    })
}

/// Sends the body of a request as a text to a room.
async fn say(request: Request<RequestBody>, room: &str, client: &Client<'_>) -> Answer {
    let rooms = client.server.rooms();
    let Some(room) = rooms.iter().find(|one| one.name() == room || (room == "-" && one.name().is_empty()))
    else {
        return line(StatusCode::NOT_FOUND, "nobody has been in a room of this name");
    };
    let limit = client.server.shared.config.limits.text as usize;
    let body = match body(request, limit).await {
        Ok(body) => body,
        Err(refused) => return refused,
    };
    let Ok(text) = String::from_utf8(body) else {
        return line(StatusCode::BAD_REQUEST, "the text is not UTF-8");
    };
    let text = text.trim_end_matches(['\r', '\n']);
    if text.is_empty() {
        return line(StatusCode::BAD_REQUEST, "the text is empty");
    }
    let origin = Origin::named(OPERATOR);
    match Message::text(text, &origin) {
        Ok(message) => {
            room.announce(&message);
            line(StatusCode::OK, "sent")
        }
        Err(error) => line(StatusCode::BAD_REQUEST, &error.to_string()),
    }
}

/// Reads the body of a request, of `limit` bytes at most.
async fn body(request: Request<RequestBody>, limit: usize) -> Result<Vec<u8>, Answer> {
    let mut body = request.into_body();
    let mut all = Vec::new();
    while let Some(frame) =
        std::future::poll_fn(|context| std::pin::Pin::new(&mut body).poll_frame(context)).await
    {
        let frame = frame.map_err(|error| line(StatusCode::BAD_REQUEST, &error.to_string()))?;
        let bytes: Bytes = frame.into_data().unwrap_or_default();
        if all.len() + bytes.len() > limit {
            let words = format!("the text is longer than {limit} bytes");
            return Err(line(StatusCode::PAYLOAD_TOO_LARGE, &words));
        }
        all.extend_from_slice(&bytes);
    }
    Ok(all)
}
