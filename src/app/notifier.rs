//! Desktop notifications when somebody joins or writes while the window does not have the focus.
//!
//! The desktop's own program `notify-send` shows them, where it is installed. A D-Bus client in this program
//! (notify-rust 4 with zbus) would be 13 more crates for one message.

use std::{
    ffi::OsString,
    io,
    process::{Command, Stdio},
    str::FromStr,
    sync::mpsc,
    thread,
    time::Duration,
};

use tracing::{debug, info, warn};

use crate::{
    i18n::{Phrase, Translations},
    sanitize::{CharClass, char_class},
    view::News,
};

/// The program that shows notifications.
const PROGRAM: &str = "notify-send";

/// Pause after a notification: somebody who floods the conversation must not flood the desktop.
const PAUSE: Duration = Duration::from_secs(1);

/// Notifications that wait for that; more are dropped, since the conversation has all of it.
const WAITING: usize = 3;

/// Characters of a title and of a text: as much as a desktop shows.
const LONGEST: (usize, usize) = (80, 300);

/// When notifications are shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Notify {
    /// In a desktop session on this machine.
    #[default]
    Auto,
    On,
    Off,
}

impl Notify {
    /// Whether notifications are shown, with these variables of the environment.
    pub(super) fn is_wanted(self, variable: impl Fn(&str) -> Option<OsString>) -> bool {
        match self {
            Self::On => true,
            Self::Off => false,
            // A window that comes through ssh is on another desktop than this machine's, if it has one.
            Self::Auto => variable("XDG_CURRENT_DESKTOP").is_some() && variable("SSH_CONNECTION").is_none(),
        }
    }
}

impl FromStr for Notify {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "auto" => Ok(Self::Auto),
            "on" => Ok(Self::On),
            "off" => Ok(Self::Off),
            _ => Err("expected on, off or auto"),
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Notification {
    title: String,
    text: String,
}

impl Notification {
    fn new(news: &News, words: &Translations) -> Self {
        let somebody = |name: Option<&str>| match name.filter(|name| !name.is_empty()) {
            Some(name) => name.to_owned(),
            None => words.text(Phrase::Somebody),
        };
        let (title, text) = match news {
            News::Joined { name } => (somebody(Some(name)), words.text(Phrase::NewsJoined)),
            News::Said { sender, text: Some(text) } => (somebody(sender.as_deref()), text.clone()),
            News::Said { sender, text: None } => {
                (somebody(sender.as_deref()), words.text(Phrase::NewsUnreadable))
            }
            News::Image { sender } => (somebody(sender.as_deref()), words.text(Phrase::NewsImage)),
        };
        Self { title: calm(&title, LONGEST.0), text: escaped(&calm(&text, LONGEST.1)) }
    }
}

/// One line of at most so many characters.
fn calm(text: &str, longest: usize) -> String {
    let shown = text.chars().filter_map(|c| match char_class(c) {
        CharClass::Shown => Some(c),
        CharClass::Parts => Some(' '),
        CharClass::Steers | CharClass::Turns | CharClass::Hidden => None,
    });
    let mut text: String = shown.take(longest + 1).collect();
    if let Some((at, _)) = text.char_indices().nth(longest) {
        text.truncate(at);
        text.push('…');
    }
    text
}

/// The text with what desktops take for markup, and `notify-send` for an escape, written so that it stays what it is.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '\\' => escaped.push_str(r"\\"),
            c => escaped.push(c),
        }
    }
    escaped
}

/// Shows notifications on a thread of its own: a desktop may take its time.
pub(super) struct Notifier {
    give: mpsc::SyncSender<Notification>,
}

impl Notifier {
    /// Starts the thread, which ends with this; `None` if that is not possible.
    pub(super) fn start() -> Option<Self> {
        let (give, take) = mpsc::sync_channel(WAITING);
        let work = move || {
            for notification in take {
                match show(&notification) {
                    Ok(()) => {}
                    Err(error) if error.kind() == io::ErrorKind::NotFound => {
                        info!("no desktop notifications: {PROGRAM} is not installed");
                        return;
                    }
                    Err(error) => debug!("a notification was not shown: {error}"),
                }
                thread::sleep(PAUSE);
            }
        };
        let started = thread::Builder::new().name("notifications".into()).spawn(work);
        started.inspect_err(|error| warn!("no desktop notifications: {error}")).ok()?;
        Some(Self { give })
    }

    /// Shows what somebody did, unless too much of that waits.
    pub(super) fn tell(&self, news: &News, words: &Translations) {
        let _ = self.give.try_send(Notification::new(news, words)); // the conversation has it
    }
}

fn show(Notification { title, text }: &Notification) -> io::Result<()> {
    let mut command = Command::new(PROGRAM);
    command.args(["--app-name=pulsecam", "--icon=camera-web", "--category=im.received", "--", title, text]);
    let status = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).status()?;
    if status.success() { Ok(()) } else { Err(io::Error::other(format!("{PROGRAM}: {status}"))) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::i18n::Language;

    #[test]
    fn servers_and_remote_windows_show_none_unless_told_to() {
        let with = |notify: Notify, set: &[&str]| {
            notify.is_wanted(|name| set.contains(&name).then(|| OsString::from("x")))
        };
        assert!(with(Notify::Auto, &["XDG_CURRENT_DESKTOP"]));
        assert!(!with(Notify::Auto, &[]) && !with(Notify::Auto, &["XDG_CURRENT_DESKTOP", "SSH_CONNECTION"]));
        assert!(with("on".parse().unwrap(), &[]) && !with("off".parse().unwrap(), &["XDG_CURRENT_DESKTOP"]));
        assert!("yes".parse::<Notify>().is_err());
    }

    #[test]
    fn what_peers_write_is_text_and_nothing_else() {
        let words = Translations::new(Language::English);
        let of = |news: News| {
            let Notification { title, text } = Notification::new(&news, &words);
            (title, text)
        };
        let said = |sender: Option<&str>, text: &str| News::Said {
            sender: sender.map(str::to_owned),
            text: Some(text.to_owned()),
        };
        let hostile = said(Some("<b>ann</b>\n"), "<img src='file:///'> & \\x41\u{1b}[2J\u{202e}");
        let shown = of(hostile);
        assert_eq!(shown, ("<b>ann</b> ".into(), r"&lt;img src='file:///'&gt; &amp; \\x41[2J".into()));
        let long = of(said(None, &"你".repeat(1_000)));
        assert_eq!((long.0.as_str(), long.1.chars().count()), ("unnamed", LONGEST.1 + 1));
        assert_eq!(of(News::Joined { name: "小明".into() }), ("小明".into(), "is here".into()));
        assert_eq!(of(News::Image { sender: Some("ann".into()) }).1, "has sent an image");
    }
}
