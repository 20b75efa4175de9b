//! Cookies of pages that have shown a key: they open pictures in that browser.

use std::{
    collections::HashMap,
    fmt,
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use crate::{
    auth::Key,
    clock,
    relay::{keyring::KeyGrant, server::Server},
    sync::lock,
};

/// The name of the cookie.
pub(super) const COOKIE_NAME: &str = "pulsecam";

/// How long a cookie opens pictures after the page's connection has ended.
const AFTERWARDS: Duration = Duration::from_secs(3600);

/// The number of sessions that are remembered; with more, those that ended first are forgotten. They take half a
/// megabyte.
const REMEMBERED: usize = 4096;

/// The sessions of pages.
#[derive(Default)]
pub(in crate::relay) struct Sessions(Mutex<HashMap<String, Session>>);

struct Session {
    key: Key,
    /// When its connection ended.
    ended: Option<Instant>,
}

impl fmt::Debug for Sessions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Sessions")
    }
}

impl Sessions {
    /// Begins a session: the page with this cookie has shown a key.
    fn begin(&self, cookie: &str, key: &Key, now: Instant) {
        let mut sessions = lock(&self.0);
        if sessions.len() >= REMEMBERED {
            sessions.retain(|_, session| !session.is_over(now));
        }
        while sessions.len() >= REMEMBERED {
            let oldest = sessions.iter().min_by_key(|(_, session)| (session.ended.is_none(), session.ended));
            let Some(oldest) = oldest.map(|(cookie, _)| cookie.clone()) else { break };
            sessions.remove(&oldest);
        }
        sessions.insert(cookie.to_owned(), Session { key: key.clone(), ended: None });
    }

    /// Records that the page's connection has ended.
    fn end(&self, cookie: &str, now: Instant) {
        if let Some(session) = lock(&self.0).get_mut(cookie) {
            session.ended = Some(now);
        }
    }

    /// The key that the page with this cookie has shown.
    pub(super) fn key(&self, cookie: &str, now: Instant) -> Option<Key> {
        lock(&self.0).get(cookie).filter(|session| !session.is_over(now)).map(|session| session.key.clone())
    }
}

/// The session of a page that is connected.
pub(in crate::relay) struct OpenSession {
    server: Arc<Server>,
    cookie: String,
}

impl OpenSession {
    /// Begins the session of a page that has shown a key.
    pub(in crate::relay) fn begin(
        server: &Arc<Server>,
        cookie: String,
        shown: Option<&KeyGrant>,
    ) -> Option<Self> {
        let key = shown.filter(|_| !cookie.is_empty())?.key();
        server.web()?.sessions.begin(&cookie, key, clock::now());
        Some(Self { server: Arc::clone(server), cookie })
    }
}

impl Drop for OpenSession {
    fn drop(&mut self) {
        if let Some(state) = self.server.web() {
            state.sessions.end(&self.cookie, clock::now());
        }
    }
}

impl Session {
    fn is_over(&self, now: Instant) -> bool {
        self.ended.is_some_and(|ended| now.saturating_duration_since(ended) >= AFTERWARDS)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cookie_opens_for_an_hour_after_its_page() {
        let (sessions, start) = (Sessions::default(), Instant::now());
        let key = Key::new("sixteen letters.").unwrap();
        assert!(sessions.key("a", start).is_none());
        sessions.begin("a", &key, start);
        assert!(sessions.key("a", start + AFTERWARDS * 9).unwrap().is_same(&key), "its page is open");
        sessions.end("a", start);
        assert!(sessions.key("a", start + AFTERWARDS / 2).is_some());
        assert!(sessions.key("a", start + AFTERWARDS).is_none());
    }

    #[test]
    fn not_all_are_remembered_and_open_pages_stay() {
        let (sessions, start) = (Sessions::default(), Instant::now());
        let key = Key::new("sixteen letters.").unwrap();
        sessions.begin("open", &key, start);
        for number in 0..REMEMBERED * 2 {
            let cookie = number.to_string();
            sessions.begin(&cookie, &key, start);
            sessions.end(&cookie, start);
        }
        assert!(lock(&sessions.0).len() <= REMEMBERED);
        assert!(sessions.key("open", start).is_some());
    }
}
