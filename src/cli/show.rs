//! Options of the window, shared by `view`, `call`, `demo` and `play`.

use std::path::PathBuf;

use super::{codec::CodecArgs, limit::LimitArgs, values};
use crate::{
    app::{notifier::Notify, show::Options},
    i18n::Language,
    view::terminal::Graphics,
};

/// How to show what arrives.
#[derive(Clone, Debug, clap::Args)]
#[command(next_help_heading = "Showing")]
pub(super) struct ShowArgs {
    /// Print what arrives instead of opening a window
    #[arg(long, value_parser = values::flag(), env = "PULSECAM_NO_WINDOW")]
    no_window: bool,
    /// Draw in this terminal instead of a window: auto, blocks, kitty or sixel; used anyway if there is no
    /// display
    #[arg(
        long,
        value_name = "HOW",
        num_args = 0..=1,
        default_missing_value = "auto",
        require_equals = true,
        conflicts_with_all = ["no_window", "json"],
        hide_possible_values = true,
        value_parser = values::suggested::<Graphics>(&["auto", "blocks", "kitty", "sixel"]),
        env = "PULSECAM_TERMINAL"
    )]
    terminal: Option<Graphics>,
    /// Initial size of the window in pixels [default: 1280x720, and larger on a dense screen]
    #[arg(long, value_name = "WxH", value_parser = values::picture_size, env = "PULSECAM_WINDOW")]
    window: Option<(usize, usize)>,
    /// Show statistics from the start
    #[arg(long, value_parser = values::flag(), env = "PULSECAM_NUMBERS")]
    numbers: bool,
    /// Scale of text and buttons, such as 2 on a high-density screen; auto: the density that the screen
    /// reports
    #[arg(long, value_name = "N", default_value = "auto", value_parser = ui_scale, env = "PULSECAM_UI_SCALE")]
    ui_scale: UiScale,
    /// Language of the window: en or zh [default: the system's]
    #[arg(long, value_name = "LANG", hide_possible_values = true, value_parser = values::suggested::<Language>(values::LANGUAGES), env = "PULSECAM_LANG")]
    lang: Option<Language>,
    /// Desktop notifications while the window has no focus, when someone joins or writes: on, off, or auto: in
    /// a desktop session on this machine
    #[arg(long, value_name = "WHEN", default_value = "auto", hide_possible_values = true, value_parser = values::suggested::<Notify>(&["auto", "on", "off"]), env = "PULSECAM_NOTIFY")]
    notify: Notify,
    /// Save every image that arrives in this folder, and snapshots and recordings too [default for snapshots
    /// and recordings: the current folder]
    #[arg(long, value_name = "DIR", env = "PULSECAM_SAVE")]
    save: Option<PathBuf>,
    #[command(flatten)]
    pub(super) codec: CodecArgs,
    #[command(flatten)]
    pub(super) limit: LimitArgs,
}

/// Pixels per unit of the interface, or automatic. Not an `Option`, which clap takes for an argument that may
/// be missing.
#[derive(Clone, Copy, Debug)]
struct UiScale(Option<f32>);

/// Below 0.5 text is unreadable; above 4 a window has no room for anything.
const UI_SCALES: std::ops::RangeInclusive<f32> = 0.5..=4.0;

fn ui_scale(text: &str) -> Result<UiScale, String> {
    if text.eq_ignore_ascii_case("auto") {
        return Ok(UiScale(None));
    }
    let scale = text.parse().ok().filter(|scale| UI_SCALES.contains(scale));
    scale.map(|scale| UiScale(Some(scale))).ok_or_else(|| "expected auto, or a number from 0.5 to 4".into())
}

impl ShowArgs {
    /// Whether a window is opened if there is a display.
    pub(super) const fn opens_window(&self) -> bool {
        !self.no_window && self.terminal.is_none()
    }

    /// The options of the application.
    pub(super) fn options(&self, json: bool) -> Options {
        Options {
            no_window: self.no_window,
            terminal: self.terminal,
            window: self.window,
            numbers: self.numbers,
            ui_scale: self.ui_scale.0,
            lang: self.lang,
            save: self.save.clone(),
            codec: self.codec.codec(),
            limit: self.limit.limit(),
            notify: self.notify,
            json,
        }
    }
}
