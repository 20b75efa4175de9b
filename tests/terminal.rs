//! The relay's dashboard and streams in character cells, in a real terminal (tmux).
//!
//! Needs tmux, and script of util-linux (`make deps`), and fails without them. To run only this: `make test-terminal`.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a failing test says where")]

mod common;

use std::{
    io::{Read, Write},
    path::Path,
    process::{Child, ChildStdin, Command, Stdio},
    sync::mpsc,
    thread,
    time::{Duration, Instant},
};

use common::{
    clip, film,
    peer::{self, Peer},
    program::{RelayProgram, Running, pulsecam, run},
};

/// Longest wait for anything: past it, the program hangs.
const PATIENCE: Duration = Duration::from_secs(20);

/// A terminal in which one program runs.
struct Terminal {
    folder: tempfile::TempDir,
}

impl Terminal {
    fn start(columns: u16, rows: u16, arguments: &[&str]) -> Self {
        Self::start_with(columns, rows, &[], arguments)
    }

    /// Starts it with these variables, each as `NAME=VALUE`.
    fn start_with(columns: u16, rows: u16, variables: &[&str], arguments: &[&str]) -> Self {
        let terminal = Self { folder: tempfile::tempdir().unwrap() };
        let program = pulsecam();
        let mut line: Vec<_> = variables.iter().map(|variable| (*variable).to_owned()).collect();
        line.push(program.get_program().to_str().unwrap().to_owned());
        line.extend(arguments.iter().map(|argument| format!("'{argument}'")));
        // The shell stays, so that the last screen can be examined.
        let command = format!("{}; echo ended with $?; exec cat", line.join(" "));
        let (columns, rows) = (columns.to_string(), rows.to_string());
        terminal.tmux(&["-f", "/dev/null", "new-session", "-d", "-x", &columns, "-y", &rows, &command]);
        terminal
    }

    fn tmux(&self, arguments: &[&str]) -> String {
        let mut command = Command::new("tmux");
        command.arg("-S").arg(self.folder.path().join("socket")).args(arguments);
        command.env_remove("DISPLAY").env_remove("WAYLAND_DISPLAY").env_remove("TMUX");
        command.env("LANG", "C.UTF-8").env("TERM", "xterm-256color").env("RUST_BACKTRACE", "0");
        let output = command.output().expect("tmux runs (make deps)");
        assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    }

    fn screen(&self) -> String {
        self.tmux(&["capture-pane", "-p"])
    }

    /// Waits until `wanted` accepts the screen; returns it.
    fn shows(&self, what: &str, wanted: impl Fn(&str) -> bool) -> String {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let screen = self.screen();
            if wanted(&screen) {
                return screen;
            }
            assert!(Instant::now() < deadline, "the terminal never shows {what}:\n{screen}");
            thread::sleep(Duration::from_millis(50));
        }
    }

    fn key(&self, key: &str) {
        self.tmux(&["send-keys", key]);
    }

    fn write(&self, text: &str) {
        self.tmux(&["send-keys", "-l", text]);
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        let socket = self.folder.path().join("socket");
        let _ = Command::new("tmux").arg("-S").arg(socket).arg("kill-server").status();
    }
}

/// A sender of pictures whose left half is red and right half green.
fn sender(host: &str, folder: &Path, name: &str) -> Running {
    clip::sender(host, folder, name, &clip::two_halves(320, 240))
}

/// A free port for the program to use next.
fn free_address() -> String {
    std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string()
}

#[test]
fn the_dashboard_shows_who_is_here_and_gives_the_screen_back() {
    let folder = tempfile::tempdir().unwrap();
    let address = free_address();
    let relay = Terminal::start(100, 24, &["relay", "--listen", &address, "--dashboard", "--lang", "en"]);
    relay.shows("no clients", |screen| screen.contains("Nobody is here") && screen.contains(&address));
    let _sending = sender(&address, folder.path(), "小明的摄像头");
    let mut viewer = Running::start(&["view", &address, "--no-window", "--json"]);
    viewer.event("frame", |_| true);
    let screen = relay.shows("both clients with their rates", |screen| {
        screen.contains("小明的摄像头")
            && screen.contains("sending")
            && screen.contains("viewing")
            && screen.contains("20/s")
    });
    assert!(screen.contains("clients: 2") && screen.contains("joined"), "the log is shown:\n{screen}");
    relay.key("s");
    relay.shows("another order", |screen| screen.contains("clients by sending rate"));
    relay.key("h");
    relay.shows("the help", |screen| screen.contains("sorts by"));
    relay.key("h");
    drop(viewer);
    relay.shows("that one left", |screen| screen.contains("clients: 1"));
    relay.key("q");
    let end = relay.shows("the exit status", |screen| screen.contains("ended with 0"));
    assert!(!end.contains("clients by sending rate") && end.contains("stopped:"), "{end}");
}

#[test]
fn a_dashboard_without_a_terminal_is_wrong_usage() {
    for arguments in
        [&["relay", "--listen", "127.0.0.1:0", "--dashboard"][..], &["view", "127.0.0.1:1", "--terminal"]]
    {
        let output = run(arguments);
        assert_eq!(output.status.code(), Some(2), "{output:?}");
        assert!(String::from_utf8_lossy(&output.stderr).contains("terminal"), "{output:?}");
    }
}

#[test]
fn streams_are_drawn_in_letters_with_the_states_of_the_window() {
    let folder = tempfile::tempdir().unwrap();
    let relay = RelayProgram::start(&[]);
    let view =
        ["view", &relay.addr, "--terminal=blocks", "--lang", "en", "--name", "Ann", "--max-backoff", "300ms"];
    let terminal = Terminal::start(100, 30, &view);
    terminal.shows("the waiting message", |screen| screen.contains("waiting for pictures from"));
    let _sending = sender(&relay.addr, folder.path(), "测试");
    terminal.shows("the stream's name, size and rate", |screen| {
        screen.contains("测试") && screen.contains("320×240") && screen.contains("20 fps")
    });
    // Half blocks in the colours of the picture: red on the left, green on the right.
    let coloured = terminal.tmux(&["capture-pane", "-p", "-e"]);
    let row = coloured.lines().nth(12).unwrap();
    let (red, green) = (row.find("38;2;2").expect("true colours"), row.rfind("38;2;").unwrap());
    assert!(red < green, "{row:?}");
    let part = |from: usize| {
        row[from + 5..]
            .split('m')
            .next()
            .unwrap()
            .split(';')
            .take(3)
            .map(|c| c.parse::<i32>().unwrap())
            .collect::<Vec<_>>()
    };
    assert!(part(red)[0] > 180 && part(red)[1] < 80, "{row:?}");

    let mut other = Running::start(&["view", &relay.addr, "--no-window", "--json"]);
    other.event("frame", |_| true);
    terminal.key("t");
    terminal.write("你好 from a terminal");
    terminal.shows("the text line", |screen| screen.contains("> 你好 from a terminal"));
    terminal.key("Enter");
    let text = other.event("text", |_| true);
    assert_eq!((&text["text"], &text["from"]), (&"你好 from a terminal".into(), &"Ann".into()));
    terminal.shows("that it was sent", |screen| screen.contains("✓ sent"));
    terminal.key("Escape");
    // Wait before the next key, or the terminal takes both for one with Alt.
    terminal.shows("no text line", |screen| !screen.contains("> "));
    terminal.key("h");
    terminal.shows("the keys", |screen| screen.contains("start or stop recording"));
    terminal.key("h");

    // The relay is killed and restarted.
    relay.running.signal("KILL");
    terminal
        .shows("a frozen picture", |screen| screen.contains("no picture") && screen.contains("reconnecting"));
    let mut again = Running::start(&["relay", "--listen", &relay.addr, "--json", "--quiet"]);
    again.event("listening", |_| true);
    terminal.shows("the stream again", |screen| screen.contains("20 fps") && !screen.contains("no picture"));
    terminal.key("q");
    let end = terminal.shows("the exit status", |screen| screen.contains("ended with 0"));
    assert!(end.contains("1 stream"), "the summary is on the previous screen:\n{end}");
}

/// What another program writes to the terminal.
const STRAY: &str = "stray letters";

impl Terminal {
    /// Writes into the picture, as another program does.
    fn stray(&self) {
        let device = self.tmux(&["display-message", "-p", "#{pane_tty}"]);
        std::fs::write(device.trim(), format!("\x1b[6;5H{STRAY}")).unwrap();
        self.shows("stray letters", |screen| screen.contains(STRAY));
    }
}

#[test]
fn the_screen_begins_empty_and_is_drawn_again_on_request() {
    let relay = RelayProgram::start(&[]);
    // Many lines are written while the screen is taken.
    let view = ["view", &relay.addr, "--lang", "en"];
    let view = Terminal::start_with(80, 24, &["RUST_LOG=trace"], &view);
    let screen = view.shows("the waiting message", |screen| screen.contains("waiting for pictures from"));
    let lines: Vec<_> = screen.lines().filter(|line| !line.trim().is_empty()).collect();
    assert_eq!(lines.len(), 3, "the message, its hint and the last line:\n{screen}");
    view.stray();
    view.key("C-l");
    view.shows("the picture alone", |screen| !screen.contains(STRAY) && screen.contains("waiting for"));
    view.key("t");
    view.shows("the text line", |screen| screen.contains("> "));
    view.stray();
    view.key("C-l");
    view.shows("the text line alone", |screen| !screen.contains(STRAY) && screen.contains("> "));
    view.key("C-c");
    view.shows("the exit status", |screen| screen.contains("ended with 0"));

    let address = free_address();
    let relay = Terminal::start(80, 24, &["relay", "--listen", &address, "--dashboard", "--lang", "en"]);
    relay.shows("no clients", |screen| screen.contains("Nobody is here"));
    relay.stray();
    relay.key("C-l");
    relay.shows("the dashboard alone", |screen| !screen.contains(STRAY) && screen.contains("Nobody"));
}

#[test]
fn a_terminal_for_plain_lines_is_not_drawn_on() {
    let folder = tempfile::tempdir().unwrap();
    let relay = RelayProgram::start(&[]);
    let _sending = sender(&relay.addr, folder.path(), "ann");
    let lines = |variable: &str, terminal: &[&str]| {
        let view = [&["view", &relay.addr, "--lang", "en", "--for", "3s"], terminal].concat();
        let view = Terminal::start_with(100, 24, &[variable], &view);
        let screen = view.shows("the exit status", |screen| screen.contains("ended with 0"));
        assert!(screen.contains("ann: 20 fps") || screen.contains("ann: 320x240"), "{variable}:\n{screen}");
        let coloured = view.tmux(&["capture-pane", "-p", "-e"]);
        assert!(!coloured.contains(['\x1b', '▀', '▄']), "{variable}: {coloured:?}");
    };
    lines("TERM=dumb", &[]);
    lines("TERM=dumb", &["--terminal=blocks"]);
    lines("NO_COLOR=1", &[]);
    lines("NO_COLOR=1", &["--terminal"]);

    // Naming a way of drawing asks for pictures.
    let view = ["view", &relay.addr, "--terminal=blocks", "--lang", "en"];
    let view = Terminal::start_with(100, 24, &["NO_COLOR=1"], &view);
    view.shows("the stream", |screen| screen.contains("● ann"));
    view.shows("a coloured picture", |_| view.tmux(&["capture-pane", "-p", "-e"]).contains("38;2;"));

    let address = free_address();
    let relay = ["relay", "--listen", &address, "--dashboard", "--lang", "en"];
    let dumb = Terminal::start_with(100, 24, &["TERM=dumb"], &relay);
    dumb.shows("the log", |screen| screen.contains("listening on"));
    assert!(!dumb.tmux(&["capture-pane", "-p", "-e"]).contains('\x1b'));
    drop(dumb);
    let plain = Terminal::start_with(100, 24, &["NO_COLOR=1"], &relay);
    plain.shows("the dashboard", |screen| screen.contains("Nobody is here"));
}

#[test]
fn the_most_important_keys_are_always_shown() {
    let folder = tempfile::tempdir().unwrap();
    let relay = RelayProgram::start(&[]);
    let _sending = sender(&relay.addr, folder.path(), "ann");
    let last = |screen: &str| screen.lines().rfind(|line| !line.is_empty()).unwrap().to_owned();
    for (columns, rows, wanted) in
        [(80, 24, "t write · s save · h keys · q quit"), (40, 12, "h keys · q quit")]
    {
        let view = Terminal::start(columns, rows, &["view", &relay.addr, "--lang", "en"]);
        let screen = view.shows("the stream", |screen| {
            screen.contains("● ann") && screen.contains("round trip") == (columns == 80)
        });
        let line = last(&screen);
        assert!(line.starts_with("127.0.0.1:") && line.ends_with(wanted), "{screen}");
        view.key("h");
        let first = view.shows("the first keys", |screen| screen.contains("enlarge a stream"));
        assert!(last(&first).ends_with("q quit"), "{first}");
        for _ in 0..12 {
            view.key("Down");
        }
        let end = view.shows("the last keys", |screen| {
            screen.contains("q         quit") && screen.contains("draw the screen again")
        });
        assert_eq!(end.contains("enlarge a stream"), rows == 24, "{end}");
        view.key("PgUp");
        view.key("PgUp");
        view.shows("the first keys", |screen| screen.contains("enlarge a stream"));
        view.key("h");
        view.shows("no list", |screen| !screen.contains("enlarge a stream"));
    }
}

#[test]
fn the_newest_text_stands_next_to_the_line_that_is_written() {
    let folder = tempfile::tempdir().unwrap();
    let relay = RelayProgram::start(&[]);
    let _sending = sender(&relay.addr, folder.path(), "ann");
    let view = Terminal::start(40, 12, &["view", &relay.addr, "--lang", "en"]);
    view.shows("the stream", |screen| screen.contains("● ann"));
    view.key("t");
    view.write("one");
    view.key("Enter");
    view.write("a text that is longer than one row of forty");
    view.key("Enter");
    view.write("next");
    let screen = view.shows("three rows", |screen| screen.contains("> next") && screen.contains("of forty"));
    let lines: Vec<_> = screen.lines().collect();
    let input = lines.iter().position(|line| line.contains("> next")).unwrap();
    assert!(lines[input - 1].contains("of forty"), "{screen}");
    assert!(lines[input - 3].ends_with(": one"), "{screen}");
    assert!(lines[input + 1].ends_with("Enter send · Esc close"), "letters are no keys:\n{screen}");
    view.key("Escape");
    let screen = view.shows("no text line", |screen| !screen.contains("> next"));
    assert!(screen.contains("of forty"), "new texts are shown in small terminals too:\n{screen}");
}

#[test]
fn a_demonstration_without_a_display_is_drawn_in_the_terminal() {
    let terminal =
        Terminal::start(80, 24, &["demo", "--source", "pattern", "--size", "320x240", "--lang", "en"]);
    terminal.shows("a moving picture", |screen| screen.contains("320×240") && screen.contains("30 fps"));
    terminal.key("q");
    terminal.shows("the exit status", |screen| screen.contains("ended with 0"));
}

/// The position before the length of a film of one minute, in seconds.
fn position(screen: &str) -> Option<u64> {
    let (before, _) = screen.split_once(" / 1:00")?;
    let (minutes, seconds) = before.rsplit(' ').next()?.split_once(':')?;
    Some(minutes.parse::<u64>().ok()? * 60 + seconds.parse::<u64>().ok()?)
}

#[test]
fn a_film_is_paused_and_moved_in_and_stays_at_its_end() {
    let folder = tempfile::tempdir().unwrap();
    let path = film::write(&folder.path().join("a film.mkv"), &[(clip::RED, 30), (clip::GREEN, 30)]);
    let terminal = Terminal::start(100, 24, &["play", &path, "--lang", "en"]);
    terminal.shows("its name and position", |screen| {
        screen.contains("a film.mkv") && position(screen).is_some_and(|seconds| seconds > 0)
    });
    terminal.key("Space");
    let paused =
        terminal.shows("that it is paused", |screen| screen.contains("paused · press Space to resume"));
    let at = position(&paused).unwrap();
    // Longer than a live picture may stand still before it counts as frozen.
    thread::sleep(Duration::from_millis(1_500));
    let still = terminal.screen();
    assert_eq!(position(&still), Some(at), "{still}");
    assert!(!still.contains("no picture"), "{still}");
    terminal.key("Right");
    terminal.shows("five seconds forward", |screen| position(screen) == Some(at + 5));
    terminal.key("S-Right");
    terminal.shows("thirty seconds forward", |screen| position(screen) == Some(at + 35));
    terminal.key("Left");
    terminal.shows("five seconds back", |screen| position(screen) == Some(at + 30));
    terminal.key("Home");
    terminal.shows("the beginning", |screen| position(screen) == Some(0));
    terminal.key("h");
    terminal.shows("the keys", |screen| screen.contains("30 seconds back or forward"));
    terminal.key("h");
    terminal.key("End");
    let end = terminal.shows("its end", |screen| screen.contains("The end · press Space to play again"));
    assert_eq!(position(&end), Some(60), "{end}");
    thread::sleep(Duration::from_millis(1_500));
    assert!(terminal.screen().contains("The end"), "the film stays at its end");
    terminal.key("Space");
    terminal.shows("the film again", |screen| {
        !screen.contains("The end") && position(screen).is_some_and(|seconds| seconds < 20)
    });
    terminal.key("q");
    terminal.shows("the exit status", |screen| screen.contains("ended with 0"));
}

/// A terminal that the test itself is: it reads what is drawn, and answers or does not.
struct OwnTerminal {
    running: Child,
    keys: ChildStdin,
    drawn: mpsc::Receiver<Vec<u8>>,
}

/// The end of each picture: no attributes any more.
const DRAWN: &str = "\x1b[0m";

/// The question where the cursor is.
const QUESTION: &str = "\x1b[6n";

impl OwnTerminal {
    fn start(arguments: &[&str]) -> Self {
        let program = pulsecam();
        let program = program.get_program().to_str().unwrap();
        let line = format!("stty cols 80 rows 24; exec {program} {}", arguments.join(" "));
        let mut command = Command::new("script");
        command.args(["-qfec", &line, "/dev/null"]).env_remove("TMUX").env_remove("DISPLAY");
        command.env("TERM", "xterm-256color").stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut running = command.spawn().expect("script runs (make deps)");
        let (give, drawn) = mpsc::channel();
        let mut output = running.stdout.take().unwrap();
        thread::spawn(move || {
            let mut buffer = [0; 65_536];
            while let Ok(read @ 1..) = output.read(&mut buffer) {
                if give.send(buffer[..read].to_vec()).is_err() {
                    return;
                }
            }
        });
        let keys = running.stdin.take().unwrap();
        Self { running, keys, drawn }
    }

    /// What is drawn until `wanted` accepts it.
    fn until(&self, what: &str, wanted: impl Fn(&str) -> bool) -> String {
        let mut drawn = Vec::new();
        let deadline = Instant::now() + PATIENCE;
        loop {
            let text = String::from_utf8_lossy(&drawn);
            if wanted(&text) {
                return text.into_owned();
            }
            let left = deadline.saturating_duration_since(Instant::now());
            let more = self.drawn.recv_timeout(left);
            drawn.extend(more.unwrap_or_else(|_| panic!("the program never draws {what}")));
        }
    }

    /// Answers where the cursor is after what was drawn.
    fn answer(&mut self, drawn: &str) {
        let before = drawn.rsplit_once(QUESTION).unwrap().0;
        let place = before.rsplit("\x1b[").find_map(|sequence| sequence.strip_suffix('H')).unwrap();
        write!(self.keys, "\x1b[{place}R").and_then(|()| self.keys.flush()).unwrap();
    }
}

impl Drop for OwnTerminal {
    fn drop(&mut self) {
        let _ = self.running.kill();
        let _ = self.running.wait();
    }
}

#[test]
fn never_more_than_one_picture_is_under_way_to_a_slow_terminal() {
    let folder = tempfile::tempdir().unwrap();
    let relay = RelayProgram::start(&[]);
    let _sending = sender(&relay.addr, folder.path(), "ann");
    let mut slow = OwnTerminal::start(&["view", &relay.addr, "--terminal=blocks", "--lang", "en"]);
    let mut pictures = 0;
    while pictures < 5 {
        let drawn = slow.until("a question", |drawn| drawn.ends_with(QUESTION));
        pictures += usize::from(drawn.contains(DRAWN));
        // Several pictures arrive meanwhile, and none is drawn.
        let more = slow.drawn.recv_timeout(Duration::from_millis(400)).unwrap_or_default();
        let more = String::from_utf8_lossy(&more);
        assert!(!more.contains(DRAWN), "a picture before the answer: {more:?}");
        slow.answer(&drawn);
    }
    write!(slow.keys, "q").and_then(|()| slow.keys.flush()).unwrap();
    let drawn =
        slow.until("a question or the end", |drawn| drawn.contains(QUESTION) || drawn.contains("?1049l"));
    if drawn.contains(QUESTION) {
        slow.answer(&drawn);
    }
    until("it ends", || slow.running.try_wait().unwrap().is_some());

    // Ended while a picture is under way, it gives the screen back.
    let ended = OwnTerminal::start(&["view", &relay.addr, "--terminal=blocks", "--lang", "en"]);
    ended.until("a question", |drawn| drawn.ends_with(QUESTION));
    kill("-TERM", &only_child(&ended.running.id().to_string()));
    ended.until("its own screen", |drawn| drawn.contains("\x1b[?1049l"));

    // Nobody answers here.
    let mute = OwnTerminal::start(&["view", &relay.addr, "--terminal=blocks", "--lang", "en"]);
    mute.until("a question", |drawn| drawn.ends_with(QUESTION));
    let drawn = mute.until("pictures all the same", |drawn| drawn.matches(DRAWN).count() > 3);
    assert!(!drawn.contains(QUESTION), "it is asked once");
}

/// Waits until a condition holds.
fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !is_so() {
        assert!(Instant::now() < deadline, "never: {what}");
        thread::sleep(Duration::from_millis(50));
    }
}

impl Terminal {
    /// The process id of the program that runs in it.
    fn program(&self) -> String {
        only_child(self.tmux(&["display-message", "-p", "#{pane_pid}"]).trim())
    }

    /// Stops all reading of the terminal until dropped, like a sleeping laptop with an open ssh session.
    fn hold(&self) -> Held {
        let server = self.tmux(&["display-message", "-p", "#{pid}"]).trim().to_owned();
        kill("-STOP", &server);
        Held(server)
    }
}

/// The process that a process has started.
fn only_child(parent: &str) -> String {
    let children = Command::new("pgrep").args(["-P", parent]).output().expect("pgrep runs (make deps)");
    String::from_utf8(children.stdout).unwrap().trim().to_owned()
}

/// A terminal that reads nothing.
struct Held(String);

impl Drop for Held {
    fn drop(&mut self) {
        kill("-CONT", &self.0);
    }
}

fn kill(signal: &str, process: &str) {
    assert!(Command::new("kill").args([signal, process]).status().unwrap().success());
}

fn is_there(process: &str) -> bool {
    // Its shell may not have reaped it yet.
    let status = std::fs::read_to_string(format!("/proc/{process}/stat")).unwrap_or_default();
    status.rsplit(')').next().is_some_and(|rest| !rest.trim().is_empty() && !rest.trim().starts_with('Z'))
}

#[test]
fn a_recording_goes_on_in_a_terminal_that_is_held_and_ends_when_it_is_told_to() {
    let folder = tempfile::tempdir().unwrap();
    let relay = RelayProgram::start(&[]);
    let _sending = sender(&relay.addr, folder.path(), "ann");
    let file = folder.path().join("a.mkv");
    let recording = Terminal::start(100, 24, &["record", &relay.addr, "--out", file.to_str().unwrap()]);
    recording.shows("the progress", |screen| screen.contains("frames, "));
    let program = recording.program();
    // Ctrl-S: the kernel buffers what is printed from then on.
    recording.key("C-s");
    let size = || std::fs::metadata(&file).map_or(0, |about| about.len());
    for _ in 0..3 {
        let before = size();
        thread::sleep(Duration::from_millis(1100));
        until("the file grows", || size() > before + 10_000);
    }
    kill("-TERM", &program);
    until("it ends", || !is_there(&program));
    recording.key("C-q");
    recording.shows("the exit status", |screen| screen.contains("ended with 0"));
}

#[test]
fn what_has_the_whole_screen_ends_in_a_terminal_that_takes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let address = free_address();
    let relay = Terminal::start(100, 24, &["relay", "--listen", &address, "--dashboard", "--lang", "en"]);
    relay.shows("no clients", |screen| screen.contains("Nobody is here"));
    let _sending = sender(&address, folder.path(), "ann");
    let shown = Terminal::start(100, 40, &["view", &address, "--terminal=blocks", "--lang", "en"]);
    shown.shows("the stream", |screen| screen.contains("ann"));
    let (relay_program, view_program) = (relay.program(), shown.program());
    let _held = (relay.hold(), shown.hold());
    // Long enough for the pictures to fill the terminal's buffer.
    thread::sleep(Duration::from_secs(2));
    kill("-TERM", &view_program);
    until("the viewer ends", || !is_there(&view_program));
    let mut viewer = Running::start(&["view", &address, "--no-window", "--json"]);
    viewer.event("frame", |_| true);
    kill("-TERM", &relay_program);
    until("the relay ends", || !is_there(&relay_program));
}

#[test]
fn what_cannot_be_shown_says_so_in_letters_too() {
    let relay = RelayProgram::start(&[]);
    let view = Terminal::start(100, 30, &["view", &relay.addr, "--terminal=blocks", "--lang", "en"]);
    view.shows("the waiting message", |screen| screen.contains("waiting for pictures"));
    let deep = clip::deep(&clip::two_halves(320, 240));
    let frames = Peer::sending(&relay.addr, vec![peer::frame("ann", &deep)]);
    let screen = view.shows("that the stream cannot be decoded", |screen| {
        screen.contains("cannot be decoded: a JPEG with 12 bits a sample")
    });
    assert!(screen.contains("○ ann") && screen.contains("320×240"), "with name and size:\n{screen}");
    drop(frames);
    let _image = Peer::sending(&relay.addr, vec![peer::image(&deep), peer::frame("ann", &deep)]);
    view.shows("that the image cannot be shown", |screen| {
        screen.contains("cannot be shown:")
            && screen.contains("12 bits a sample")
            && screen.contains("x close")
    });
    view.key("x");
    view.shows("the streams", |screen| screen.contains("cannot be decoded") && !screen.contains("x close"));
    view.key("q");
    view.shows("the exit status", |screen| screen.contains("ended with 0"));
}
