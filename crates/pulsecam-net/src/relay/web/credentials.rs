//! Who may see pictures and send them over HTTP: anyone who shows a key, a link made from it, or the cookie of a page that
//! has shown it.

use std::{net::SocketAddr, sync::Arc};

use data_encoding::BASE64;
use hyper::{
    HeaderMap, StatusCode,
    header::{AUTHORIZATION, COOKIE, HeaderValue, WWW_AUTHENTICATE},
};

use super::{
    answer::Client,
    query::Query,
    response::{Answer, line},
    sessions::COOKIE_NAME,
};
use crate::{
    auth::{AuthFailure, Key},
    relay::{
        keyring::{KeyGrant, RoomKey},
        reason::RejectReason,
        room::Room,
    },
    sync::lock,
};

/// A room, for a client that may enter it.
pub(in crate::relay) struct Grant {
    pub(in crate::relay) room: Arc<Room>,
    pub(in crate::relay) pass: Option<KeyGrant>,
}

/// What a client wants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Purpose {
    View,
    Send,
}

/// What a request shows.
#[derive(Debug, PartialEq, Eq)]
enum Shown {
    /// The text of a key.
    Key(String),
    /// A link that opens viewing.
    Link(String),
    /// The cookie of a page.
    Cookie(String),
    Nothing,
}

/// Opens a room.
///
/// # Errors
/// The answer that refuses it.
pub(super) fn check(
    headers: &HeaderMap,
    query: &Query,
    purpose: Purpose,
    client: &Client<'_>,
) -> Result<Grant, Box<Answer>> {
    let Some(ring) = &client.server.shared.config.keys else {
        admit(client)?;
        return Ok(Grant { room: client.server.room(""), pass: None });
    };
    let shown = shown(headers, query);
    if matches!(shown, Shown::Key(_)) && !may_show_key(client.addr, client.secure, client.state.config.plain)
    {
        return Err(Box::new(line(StatusCode::FORBIDDEN, "keys are accepted through https only")));
    }
    let keys = ring.keys();
    let opened = match &shown {
        Shown::Key(text) => Key::new(text).ok().and_then(|key| one(&keys, |room| room.key.is_same(&key))),
        Shown::Link(token) if purpose == Purpose::View => one(&keys, |room| room.key.opens_view(token)),
        Shown::Cookie(value) if purpose == Purpose::View => {
            let key = client.state.sessions.key(value, crate::clock::now());
            key.and_then(|key| one(&keys, |room| room.key.is_same(&key)))
        }
        Shown::Link(_) | Shown::Cookie(_) | Shown::Nothing => None,
    };
    let Some(opened) = opened else {
        let failure = if shown == Shown::Nothing { AuthFailure::NoKey } else { AuthFailure::WrongKey };
        client.server.shared.refuse(client.addr, &RejectReason::Key(failure));
        let mut answer = line(StatusCode::UNAUTHORIZED, &failure.to_string());
        let realm = HeaderValue::from_static(
            "Basic realm=\"pulsecam: any name, and the key as password\", charset=\"UTF-8\"",
        );
        answer.headers_mut().insert(WWW_AUTHENTICATE, realm);
        return Err(Box::new(answer));
    };
    admit(client)?;
    Ok(Grant { room: client.server.room(&opened.room), pass: Some(ring.pass(&opened)) })
}

/// Takes a member's place, once for each connection.
fn admit(client: &Client<'_>) -> Result<(), Box<Answer>> {
    let admitted = lock(&client.permit).as_mut().map_or(Ok(()), |permit| permit.admit());
    admitted.map_err(|reason| {
        client.server.shared.refuse(client.addr, &reason);
        Box::new(line(StatusCode::SERVICE_UNAVAILABLE, &reason.to_string()))
    })
}

/// Whether a client may see the counters, and disconnect others.
///
/// # Errors
/// The answer that refuses it.
pub(super) fn check_operator(headers: &HeaderMap, client: &Client<'_>) -> Result<(), Box<Answer>> {
    if client.is_operator {
        return Ok(());
    }
    let Some(token) = &client.state.config.admin_token else {
        return Err(Box::new(line(StatusCode::NOT_FOUND, "there is nothing at this address")));
    };
    if !may_show_key(client.addr, client.secure, client.state.config.plain) {
        let words = "the operators' token is accepted through https only";
        return Err(Box::new(line(StatusCode::FORBIDDEN, words)));
    }
    match shown(headers, &Query::default()) {
        Shown::Key(text) if Key::new(&text).is_ok_and(|shown| shown.is_same(token)) => Ok(()),
        _ => {
            let mut answer = line(StatusCode::UNAUTHORIZED, "this needs the operators' token");
            answer.headers_mut().insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
            Err(Box::new(answer))
        }
    }
}

/// The key that fits. Tries all, so that the time reveals nothing.
fn one(keys: &[RoomKey], fits: impl Fn(&RoomKey) -> bool) -> Option<RoomKey> {
    keys.iter().filter(|key| fits(key)).last().cloned()
}

/// Whether a key that is sent as it is cannot be read on the way.
fn may_show_key(from: SocketAddr, secure: bool, plain: bool) -> bool {
    secure || plain || from.ip().is_loopback()
}

fn shown(headers: &HeaderMap, query: &Query) -> Shown {
    if let Some(value) = headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok()) {
        return authorization(value).map_or(Shown::Key(String::new()), Shown::Key);
    }
    if let Some(token) = &query.token {
        return Shown::Link(token.clone());
    }
    let cookies = headers.get_all(COOKIE).iter().filter_map(|value| value.to_str().ok());
    let pairs = cookies.flat_map(|cookies| cookies.split(';')).filter_map(|pair| pair.trim().split_once('='));
    let mut ours = pairs.filter(|(name, _)| *name == COOKIE_NAME).map(|(_, value)| value.to_owned());
    ours.next().map_or(Shown::Nothing, Shown::Cookie)
}

/// The key in `Basic` (as the password of any user) or `Bearer`.
fn authorization(value: &str) -> Option<String> {
    let (scheme, rest) = value.split_once(' ')?;
    if scheme.eq_ignore_ascii_case("bearer") {
        return Some(rest.trim().to_owned());
    }
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let decoded = String::from_utf8(BASE64.decode(rest.trim().as_bytes()).ok()?).ok()?;
    decoded.split_once(':').map(|(_, password)| password.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(hyper::header::HeaderName, &str)]) -> HeaderMap {
        pairs.iter().map(|(name, value)| (name.clone(), value.parse().unwrap())).collect()
    }

    #[test]
    fn a_key_comes_as_a_password_or_bare() {
        let basic = BASE64.encode("任何人:the key: with colons".as_bytes());
        for (value, key) in [
            (format!("Basic {basic}"), "the key: with colons"),
            ("Bearer the-key".into(), "the-key"),
            ("bearer  the-key ".into(), "the-key"),
        ] {
            let shown = shown(&headers(&[(AUTHORIZATION, &value)]), &Query::default());
            assert_eq!(shown, Shown::Key(key.into()));
        }
        for junk in ["Basic", "Basic !!!", "Basic aGVsbG8=", "Digest x", ""] {
            let shown = shown(&headers(&[(AUTHORIZATION, junk)]), &Query::default());
            assert_eq!(shown, Shown::Key(String::new()), "{junk}");
        }
    }

    #[test]
    fn links_and_cookies_are_found_among_others() {
        let link = Query::parse("x&token=abc");
        assert_eq!(shown(&HeaderMap::new(), &link), Shown::Link("abc".into()));
        let cookies = headers(&[(COOKIE, "a=b; pulsecam=0123; c"), (COOKIE, "pulsecam=4567")]);
        assert_eq!(shown(&cookies, &Query::default()), Shown::Cookie("0123".into()));
        assert_eq!(shown(&HeaderMap::new(), &Query::default()), Shown::Nothing);
    }

    #[test]
    fn a_key_is_not_sent_in_the_clear_over_a_network() {
        let (near, far) = ("127.0.0.1:1".parse().unwrap(), "192.0.2.1:1".parse().unwrap());
        assert!(
            may_show_key(near, false, false)
                && may_show_key(far, true, false)
                && may_show_key(far, false, true)
        );
        assert!(!may_show_key(far, false, false));
    }
}
