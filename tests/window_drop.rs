//! Files that are dropped on the window, on a real X server (Xvfb): the test is the program that they are dragged from.
//!
//! Needs Xvfb, xdotool and ImageMagick's import (`make deps`), and fails without them.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a failing test says where")]

mod common;

use std::{fs, path::Path, thread, time::Duration, time::Instant};

use common::{
    clip::{self, GREEN, RED},
    display::{Display, find, light, near},
    program::{PATIENCE, RelayProgram, Running},
};
use x11rb::{
    COPY_FROM_PARENT, CURRENT_TIME,
    connection::Connection,
    protocol::{
        Event,
        xproto::{
            AtomEnum, ClientMessageEvent, ConnectionExt as _, CreateWindowAux, EventMask, PropMode,
            SELECTION_NOTIFY_EVENT, SelectionNotifyEvent, WindowClass,
        },
    },
    rust_connection::RustConnection,
    wrapper::ConnectionExt as _,
};

/// A program from which something is dragged (XDND).
struct Source {
    connection: RustConnection,
    window: u32,
    target: u32,
    /// Where messages for the target are sent.
    proxy: u32,
}

impl Source {
    fn new(display: &Display) -> Self {
        let (connection, screen) = x11rb::connect(Some(&display.name)).unwrap();
        let root = connection.setup().roots[screen].root;
        let window = connection.generate_id().unwrap();
        let (class, aux) = (WindowClass::INPUT_ONLY, CreateWindowAux::new());
        connection.create_window(0, window, root, 0, 0, 1, 1, 0, class, COPY_FROM_PARENT, &aux).unwrap();
        let target = display.window("pulsecam").parse().unwrap();
        let mut source = Self { connection, window, target, proxy: 0 };
        assert!(source.property(target, "XdndAware", AtomEnum::ATOM.into())[0] >= 5, "the version");
        let proxy = source.property(target, "XdndProxy", AtomEnum::WINDOW.into())[0];
        assert_eq!(source.property(proxy, "XdndProxy", AtomEnum::WINDOW.into()), [proxy], "it names itself");
        source.proxy = proxy;
        source
    }

    fn atom(&self, name: &str) -> u32 {
        self.connection.intern_atom(false, name.as_bytes()).unwrap().reply().unwrap().atom
    }

    fn property(&self, window: u32, name: &str, kind: u32) -> Vec<u32> {
        let reply = self.connection.get_property(false, window, self.atom(name), kind, 0, 8).unwrap();
        reply.reply().unwrap().value32().unwrap_or_else(|| panic!("{name} is not set")).collect()
    }

    fn tell(&self, what: &str, data: [u32; 4]) {
        let data = [self.window, data[0], data[1], data[2], data[3]];
        let message = ClientMessageEvent::new(32, self.target, self.atom(what), data);
        self.connection.send_event(false, self.proxy, EventMask::NO_EVENT, message).unwrap();
        self.connection.flush().unwrap();
    }

    /// Waits for an answer of the target; meanwhile gives what is dragged, in this form.
    fn answer(&self, what: &str, form: &str, content: &[u8]) -> [u32; 5] {
        let (wanted, form, deadline) = (self.atom(what), self.atom(form), Instant::now() + PATIENCE);
        loop {
            assert!(Instant::now() < deadline, "no {what}");
            match self.connection.poll_for_event().unwrap() {
                Some(Event::ClientMessage(event)) if event.type_ == wanted => {
                    let data = event.data.as_data32();
                    assert_eq!(data[0], self.target, "it is about the window, not about its proxy");
                    return data;
                }
                Some(Event::SelectionRequest(event)) => {
                    assert_eq!(event.target, form);
                    let (to, at) = (event.requestor, event.property);
                    self.connection.change_property8(PropMode::REPLACE, to, at, form, content).unwrap();
                    let given = SelectionNotifyEvent {
                        response_type: SELECTION_NOTIFY_EVENT,
                        sequence: 0,
                        time: event.time,
                        requestor: to,
                        selection: event.selection,
                        target: form,
                        property: at,
                    };
                    self.connection.send_event(false, to, EventMask::NO_EVENT, given).unwrap();
                    self.connection.flush().unwrap();
                }
                Some(_) => {}
                None => thread::sleep(Duration::from_millis(5)),
            }
        }
    }

    /// Drags something over the window and drops it; returns whether it was taken.
    fn drop(&self, forms: &[&str], content: &[u8]) -> bool {
        let selection = self.atom("XdndSelection");
        self.connection.set_selection_owner(self.window, selection, CURRENT_TIME).unwrap();
        let atoms: Vec<_> = forms.iter().map(|form| self.atom(form)).collect();
        let list = self.atom("XdndTypeList");
        self.connection
            .change_property32(PropMode::REPLACE, self.window, list, AtomEnum::ATOM, &atoms)
            .unwrap();
        let first = |at: usize| atoms.get(at).copied().unwrap_or_default();
        self.tell("XdndEnter", [(5 << 24) | u32::from(atoms.len() > 3), first(0), first(1), first(2)]);
        let copy = self.atom("XdndActionCopy");
        for x in [300, 400] {
            self.tell("XdndPosition", [0, (x << 16) | 300, CURRENT_TIME, copy]);
            let status = self.answer("XdndStatus", forms[0], content);
            assert_eq!((status[1] & 1, status[4]), (1, copy), "accepted, as a copy");
        }
        self.tell("XdndDrop", [0, CURRENT_TIME, 0, 0]);
        self.answer("XdndFinished", "text/uri-list", content)[1] & 1 == 1
    }

    fn drop_files(&self, files: &[&Path]) -> bool {
        let urls: Vec<_> = files.iter().map(|file| format!("file://{}\r\n", file.display())).collect();
        self.drop(&["text/uri-list", "text/plain"], urls.concat().as_bytes())
    }
}

#[test]
fn dropped_image_files_are_shown_and_sent_after_a_key() {
    let folder = tempfile::tempdir().unwrap();
    let saved = folder.path().join("saved");
    let (display, relay) = (Display::start(), RelayProgram::start(&[]));
    let save = ["--save", saved.to_str().unwrap()];
    let mut other = Running::start(&[&["view", &relay.addr, "--no-window", "--json"][..], &save].concat());
    other.event("link", |link| link["state"] == "up");
    let mut window = display.open(&["view", &relay.addr, "--name", "Ann"], folder.path());
    display.shows("the waiting message", |shot| light(shot, 0..800, 200..400) > 150);
    let at = |name: &str| folder.path().join(name);
    let (one, two, text) = (at("one.jpg"), at("two.png"), at("three.txt"));
    fs::write(&one, clip::two_halves(640, 480)).unwrap();
    image::RgbImage::from_pixel(64, 48, image::Rgb(GREEN)).save(&two).unwrap();
    fs::write(&text, "no picture").unwrap();
    let source = Source::new(&display);

    // What is no file is refused in words, also if more than three forms are offered.
    let forms = ["text/html", "text/plain", "UTF8_STRING", "STRING"];
    assert!(!source.drop(&forms, b"hello"));
    let message = |shot: &image::RgbImage| find(shot, 12..200, 300..560, [169, 176, 186]).is_some();
    let told = display.shows("why not", message);
    told.save(Path::new(env!("CARGO_TARGET_TMPDIR")).join("dropped-text.png")).unwrap();

    // Esc sends nothing.
    let asks = |shot: &image::RgbImage| near(shot, 300, 300, RED) && near(shot, 500, 300, GREEN);
    assert!(source.drop_files(&[&one]));
    display.shows("the picture", asks);
    display.key("Escape");
    display.shows("no picture", |shot| find(shot, 0..800, 0..600, RED).is_none());

    // Several, of which one is no picture.
    assert!(source.drop_files(&[&one, &two, &text]));
    let shot = display.shows("the first of them", asks);
    shot.save(Path::new(env!("CARGO_TARGET_TMPDIR")).join("dropped-images.png")).unwrap();
    display.key("Return");
    let sizes = [(); 2].map(|()| {
        let event = other.event("image", |_| true);
        assert_eq!(event["from"], "Ann", "{event}");
        let header = pulsecam::jpeg::header(&fs::read(event["saved"].as_str().unwrap()).unwrap()).unwrap();
        (header.width, header.height)
    });
    assert!(sizes.contains(&(640, 480)) && sizes.contains(&(64, 48)), "{sizes:?}");

    display.key("q");
    assert_eq!(window.exit_code(), 0);
}
