//! Asks in a window which relay to use.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering::Relaxed},
    mpsc,
};
#[cfg(feature = "discovery")]
use std::{
    thread,
    time::{Duration, Instant},
};

use super::{
    Error,
    page_link::{self, Named, Wrong},
    recent_relays, remembered_window, runtime, show, signal,
    state_folder::StateFolder,
};
use crate::{
    address::AddressList,
    auth::Key,
    i18n::{Language, Phrase, Translations},
    view::{
        self, Update,
        start::{Choice, Options as Window, Relay, Search},
    },
};

/// How often the search looks whether the window is gone.
#[cfg(feature = "discovery")]
const LOOK: Duration = Duration::from_millis(200);

/// What to offer.
pub(crate) struct Options<'a> {
    /// How the window looks.
    pub(crate) show: &'a show::Options,
    /// The relay that is set in advance, if any.
    pub(crate) relay: Option<AddressList>,
    /// Relays that a configuration file names: names and addresses.
    pub(crate) named: Vec<(String, AddressList)>,
    /// Why the relay that was chosen before could not be used.
    pub(crate) notice: Option<String>,
}

/// What the user has chosen.
#[derive(Debug)]
#[expect(clippy::large_enum_variant, reason = "there is one at a time")]
pub(crate) enum Chosen {
    /// A demonstration on this machine.
    Demo,
    Relay {
        relay: AddressList,
        /// Whether TLS is known to be required.
        tls: bool,
        /// The key to the room, if one was entered.
        key: Option<Key>,
        /// Whether to send the user's camera, too.
        call: bool,
    },
}

/// Asks; `None` if the window was closed or a signal came.
///
/// # Errors
/// [`Error::Window`] if no window can be opened.
pub(crate) fn ask(options: Options<'_>) -> Result<Option<Chosen>, Error> {
    let Options { show, relay, named, notice } = options;
    let words = Arc::new(Translations::new(show.lang.unwrap_or_else(Language::system_default)));
    let window = Window {
        size: show.window,
        place: remembered_window::recall(show.window),
        ui_scale: show.ui_scale,
        words: Arc::clone(&words),
        address: relay.map(|relay| relay.to_string()).unwrap_or_default(),
        known: known(named),
        notice,
    };
    let (handle, inbox) = view::inbox();
    let runtime = runtime(1)?;
    let stopping = signal::listen(&runtime);
    runtime.spawn(async move {
        stopping.await;
        handle.push(Update::Stop);
    });
    let search = Searching::start();
    let mut chosen = None;
    let mut accept = |choice| {
        chosen = Some(read(choice).map_err(|wrong| told(&wrong, &words))?);
        Ok(())
    };
    let place = view::start::run(&window, &inbox, &mut || search.news(), &mut accept)?;
    remembered_window::remember(show.window, place);
    Ok(chosen)
}

/// The relays of the configuration file, then those that were used lately.
fn known(named: Vec<(String, AddressList)>) -> Vec<Relay> {
    let named = named.into_iter().map(|(name, address)| Relay {
        name,
        address: address.to_string(),
        ..Relay::default()
    });
    let named: Vec<_> = named.collect();
    let recent = StateFolder::find().map(|folder| recent_relays::all(&folder)).unwrap_or_default();
    let (mut known, mut rest) = (Vec::new(), named);
    for recent in recent {
        let name = rest.iter().position(|relay| relay.address == recent.address);
        let name = name.map(|at| rest.remove(at).name).unwrap_or_default();
        known.push(Relay { name, address: recent.address, tls: recent.tls, key: false });
    }
    known.extend(rest);
    known
}

/// Why a choice is none.
enum Refused {
    Link(Wrong),
    Key(String),
}

fn told(refused: &Refused, words: &Translations) -> String {
    match refused {
        Refused::Link(Wrong::ForBrowsers) => words.text(Phrase::StartForBrowsers),
        Refused::Link(Wrong::Address(why)) => {
            words.format(Phrase::StartNoAddress, [("reason", why.to_string())])
        }
        Refused::Key(why) => words.format(Phrase::StartNoKey, [("reason", why.as_str())]),
    }
}

fn read(choice: Choice) -> Result<Chosen, Refused> {
    let Choice::Relay { address, key, tls, call } = choice else { return Ok(Chosen::Demo) };
    let named = page_link::read(&address).map_err(Refused::Link)?;
    let Named { relay, tls: by_link, key: in_link } = named;
    let key = Some(key).filter(|key| !key.is_empty()).or(in_link);
    let key = key.map(|key| Key::new(&key)).transpose().map_err(|why| Refused::Key(why.to_string()))?;
    Ok(Chosen::Relay { relay, tls: tls || by_link, key, call })
}

/// A search on a thread of its own, until it is dropped.
struct Searching {
    news: mpsc::Receiver<Search>,
    is_over: Arc<AtomicBool>,
}

impl Searching {
    #[cfg(feature = "discovery")]
    fn start() -> Self {
        let (give, news) = mpsc::channel();
        let is_over = Arc::<AtomicBool>::default();
        let over = Arc::clone(&is_over);
        let _ = give.send(Search::Begun);
        let failed = give.clone();
        let started = thread::Builder::new().name("search".into()).spawn(move || {
            if let Err(why) = search(&give, &over) {
                let _ = give.send(Search::Failed(why.to_string())); // the window may be gone
            }
        });
        if let Err(why) = started {
            let _ = failed.send(Search::Failed(why.to_string()));
        }
        Self { news, is_over }
    }

    /// Nothing can be searched.
    #[cfg(not(feature = "discovery"))]
    fn start() -> Self {
        let (_, news) = mpsc::channel();
        Self { news, is_over: Arc::default() }
    }

    /// The newest state, if there is a new one.
    fn news(&self) -> Option<Search> {
        self.news.try_iter().last()
    }
}

impl Drop for Searching {
    fn drop(&mut self) {
        self.is_over.store(true, Relaxed);
    }
}

/// Reports the relays of this network as they come and go.
#[cfg(feature = "discovery")]
fn search(give: &mpsc::Sender<Search>, is_over: &AtomicBool) -> Result<(), crate::discovery::Error> {
    use crate::discovery;

    /// Time after which an empty list says that nothing was found.
    const FIRST: Duration = Duration::from_secs(1);

    let mut search = discovery::Search::start()?;
    let first = Instant::now() + FIRST;
    let mut told = None;
    while !is_over.load(Relaxed) {
        let next = Instant::now() + LOOK;
        if !search.wait(next) {
            thread::sleep(next.saturating_duration_since(Instant::now())); // if the search itself is over
        }
        let relay = |found: &discovery::Found| Relay {
            name: found.name.clone(),
            address: found.address.clone(),
            tls: found.tls,
            key: found.key,
        };
        let found: Vec<_> = search.found().map(relay).collect();
        let is_early = found.is_empty() && Instant::now() < first;
        if !is_early && told.as_ref() != Some(&found) {
            let _ = give.send(Search::Found(found.clone())); // the window may be gone
            told = Some(found);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn choice(address: &str, key: &str) -> Choice {
        Choice::Relay { address: address.into(), key: key.into(), tls: false, call: true }
    }

    #[test]
    fn a_choice_is_an_address_and_a_key_that_can_be_used() {
        let Ok(Chosen::Relay { relay, tls, key, call }) =
            read(choice("https://desk.local/#key=sixteen.letters.", ""))
        else {
            panic!("not accepted")
        };
        assert_eq!((relay.to_string().as_str(), tls, call), ("desk.local:6868", true, true));
        assert!(key.is_some_and(|key| key.is_same(&Key::new("sixteen.letters.").unwrap())));
        let Ok(Chosen::Relay { key, .. }) =
            read(choice("https://desk.local/#key=sixteen.letters.", "another one of sixteen"))
        else {
            panic!("not accepted")
        };
        assert!(
            key.is_some_and(|key| key.is_same(&Key::new("another one of sixteen").unwrap())),
            "the entered one"
        );
        assert!(matches!(read(Choice::Demo), Ok(Chosen::Demo)));
        for language in Language::ALL {
            let words = Translations::new(language);
            for (address, key) in [("", ""), ("desk:x", ""), ("http://desk/?token=x", ""), ("desk", "short")]
            {
                let Err(refused) = read(choice(address, key)) else { panic!("{address} is accepted") };
                assert!(!told(&refused, &words).is_empty());
            }
        }
    }
}
