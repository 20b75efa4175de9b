//! The keys of the texts.

macro_rules! phrases {
    ($($name:ident = $key:literal,)*) => {
        /// A text that is in the file of each language.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[expect(missing_docs, reason = "the files show the texts")]
        pub enum Phrase { $($name,)* }

        impl Phrase {
            /// All phrases.
            pub const ALL: &[Self] = &[$(Self::$name,)*];

            /// Its key in the files.
            #[must_use]
            pub const fn key(self) -> &'static str {
                match self { $(Self::$name => $key,)* }
            }
        }
    };
}

phrases! {
    // State of the link.
    Connecting = "connecting",
    Connected = "connected",
    ConnectedRoundTrip = "connected-round-trip",
    Waiting = "waiting",
    WaitingHint = "waiting-hint",
    KeysHint = "keys-hint",
    Reconnecting = "reconnecting",
    ReconnectingIn = "reconnecting-in",
    Refused = "refused",
    RefusedRetryIn = "refused-retry-in",
    Lasting = "lasting",
    LastingRetryIn = "lasting-retry-in",
    // Why the link is down.
    WhyRefused = "why-refused",
    WhyNoAnswer = "why-no-answer",
    WhyResolving = "why-resolving",
    WhyUnresolved = "why-unresolved",
    WhyUnreachable = "why-unreachable",
    WhyTls = "why-tls",
    WhyHandshake = "why-handshake",
    WhyTlsWanted = "why-tls-wanted",
    WhyKeyMissing = "why-key-missing",
    WhyKeyRefused = "why-key-refused",
    WhyNoKeyAsked = "why-no-key-asked",
    WhyImpostor = "why-impostor",
    WhyNotARelay = "why-not-a-relay",
    WhyClosedAtOnce = "why-closed-at-once",
    WhyClosed = "why-closed",
    WhySentAway = "why-sent-away",
    WhySilent = "why-silent",
    WhyLost = "why-lost",
    // State of a stream.
    LateBy = "late-by",
    Paused = "paused",
    NoPicture = "no-picture",
    NoPictureFor = "no-picture-for",
    NoSignal = "no-signal",
    CameraOff = "camera-off",
    CannotDecode = "cannot-decode",
    FramesPerSecond = "frames-per-second",
    PausedHint = "paused-hint",
    TheEnd = "the-end",
    FilmEnded = "film-ended",
    FilmNoSeek = "film-no-seek",
    OwnCamera = "own-camera",
    OwnCameraOff = "own-camera-off",
    // Images.
    Image = "image",
    ImageOf = "image-of",
    ImageHint = "image-hint",
    CannotShow = "cannot-show",
    // The conversation.
    Conversation = "conversation",
    NothingSaid = "nothing-said",
    EntryHint = "entry-hint",
    Me = "me",
    Somebody = "somebody",
    UnreadableText = "unreadable-text",
    Leaving = "leaving",
    Left = "left",
    NotLeft = "not-left",
    NewerBelow = "newer-below",
    TooLong = "too-long",
    // The keys.
    Keys = "keys",
    KeyEnlarge = "key-enlarge",
    KeyNext = "key-next",
    KeyAll = "key-all",
    KeySay = "key-say",
    KeyHistory = "key-history",
    KeySave = "key-save",
    KeyRecord = "key-record",
    KeyCopy = "key-copy",
    KeyCamera = "key-camera",
    KeyPause = "key-pause",
    KeySeek = "key-seek",
    KeySeekFar = "key-seek-far",
    KeyEnds = "key-ends",
    KeyNumbers = "key-numbers",
    KeyDismiss = "key-dismiss",
    KeyHelp = "key-help",
    KeyQuit = "key-quit",
    // The buttons.
    ButtonSay = "button-say",
    ButtonSave = "button-save",
    ButtonRecord = "button-record",
    ButtonStop = "button-stop",
    ButtonCamera = "button-camera",
    ButtonNumbers = "button-numbers",
    ButtonHelp = "button-help",
    ButtonAll = "button-all",
    // Results of commands.
    SavedAs = "saved-as",
    NothingToSave = "nothing-to-save",
    CannotSave = "cannot-save",
    Copied = "copied",
    CannotCopy = "cannot-copy",
    Recording = "recording",
    RecordingStarted = "recording-started",
    RecordingSaved = "recording-saved",
    RecordingEmpty = "recording-empty",
    RecordingFailed = "recording-failed",
    // The statistics panel.
    Numbers = "numbers",
    RoundTrip = "round-trip",
    Unknown = "unknown",
    Rate = "rate",
    Age = "age",
    Decoding = "decoding",
    Received = "received",
    Quality = "quality",
    Shown = "shown",
    LeftOutBySender = "left-out-by-sender",
    LostOnTheWay = "lost-on-the-way",
    ReplacedHere = "replaced-here",
    UnseenHere = "unseen-here",
    DamagedHere = "damaged-here",
    AgeGraph = "age-graph",
    RateGraph = "rate-graph",
    TerminalKeys = "terminal-keys",
    TerminalFilmKeys = "terminal-film-keys",
    // The dashboard of a relay.
    DashboardClients = "dashboard-clients",
    DashboardTraffic = "dashboard-traffic",
    DashboardOpen = "dashboard-open",
    DashboardKey = "dashboard-key",
    DashboardTls = "dashboard-tls",
    DashboardKeyAndTls = "dashboard-key-and-tls",
    DashboardNobody = "dashboard-nobody",
    DashboardClient = "dashboard-client",
    DashboardName = "dashboard-name",
    DashboardSends = "dashboard-sends",
    DashboardGets = "dashboard-gets",
    DashboardLost = "dashboard-lost",
    DashboardState = "dashboard-state",
    DashboardSlow = "dashboard-slow",
    DashboardBoth = "dashboard-both",
    DashboardSending = "dashboard-sending",
    DashboardViewing = "dashboard-viewing",
    DashboardIdle = "dashboard-idle",
    DashboardByCame = "dashboard-by-came",
    DashboardBySends = "dashboard-by-sends",
    DashboardByLost = "dashboard-by-lost",
    DashboardLog = "dashboard-log",
    DashboardKeys = "dashboard-keys",
    DashboardHelp = "dashboard-help",
}
