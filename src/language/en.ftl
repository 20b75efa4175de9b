# How the link is.
connecting = connecting to { $host }
connected = { $host }
connected-round-trip = { $host } · { $time } round trip
waiting = waiting for pictures from { $host }
waiting-hint = They appear here as soon as somebody sends. h lists the keys.
keys-hint = h lists the keys.
reconnecting = reconnecting to { $host }: { $why }
reconnecting-in = reconnecting in { $seconds } s: { $why }
refused = { $host } refused: { $why }
refused-retry-in = { $host } refused: { $why } Trying again in { $seconds } s.
lasting = { $host }: { $why } This does not go away by itself.
lasting-retry-in = { $host }: { $why } This does not go away by itself (next try in { $seconds } s).

# Why it is down.
why-refused = nobody listens there. Is a relay running?
why-no-answer = no answer within { $time }
why-resolving = looking up { $host } takes longer than { $time }
why-unresolved = cannot look up { $host }: { $reason }
why-unreachable = cannot connect: { $reason }
why-tls = no TLS with the relay: { $reason }.
why-handshake = the TLS handshake was not finished: { $reason }
why-tls-wanted = the relay speaks TLS only. Start with --tls and --tls-ca or --tls-pin.
why-key-missing = the relay asks for a key. Start with --key-file.
why-key-refused = the relay does not know this key.
why-no-key-asked = the relay asks for no key, and what is for a room with one is not sent there.
why-impostor = the relay could not prove that it knows the key. It may not be the one that you mean.
why-not-a-relay = no pulsecam relay is there: { $reason }.
why-closed-at-once = something accepts connections there and closes them at once. Is a relay running behind it?
why-closed = the relay closed the connection
why-sent-away = { $reason }.
why-silent = nothing heard for { $time }
why-lost = connection lost: { $reason }

# How a stream is.
late-by = late by { $time }
paused = paused
no-picture = no picture
no-picture-for = no picture for { $seconds } s
no-signal = no signal
camera-off = camera off
cannot-decode = cannot be decoded: { $reason }
frames-per-second = { $rate } fps
paused-hint = paused · Space goes on
the-end = The end
film-ended = The end · Space plays it again
film-no-seek = This film can only be played from beginning to end.
own-camera = you
own-camera-off = Your camera is off. m turns it on.

# Images.
image = image
image-of = image { $number } of { $count }
image-hint = s saves · x closes
cannot-show = cannot be shown: { $reason }

# The conversation.
conversation = Conversation
nothing-said = Nothing was said yet. What you write goes to everybody here.
entry-hint = Enter sends · Esc closes
me = you
somebody = somebody
unreadable-text = (a text of { $bytes } bytes that cannot be read)
leaving = on its way
left = sent
not-left = not sent
newer-below = newer below
too-long = That is too long for one message.

# The keys.
keys = Keys
key-enlarge = enlarge a stream, or click it
key-next = the next stream
key-all = all streams
key-say = say something
key-history = read what was said
key-save = save a picture of what you see
key-record = start and stop recording
key-copy = copy the picture
key-camera = your camera on and off
key-pause = pause and go on
key-seek = 5 seconds back or forward
key-seek-far = 30 seconds back or forward
key-ends = to the beginning or the end
key-numbers = the numbers
key-dismiss = put an image away
key-help = these keys
key-quit = quit

# The buttons.
button-say = Say
button-save = Save
button-record = Record
button-stop = Stop
button-camera = Camera
button-numbers = Numbers
button-help = Keys
button-all = All

# What the program tells of what it did.
saved-as = saved as { $path }
nothing-to-save = there is no picture to save yet
cannot-save = not saved: { $reason }
copied = copied
cannot-copy = not copied: { $reason }
recording = recording
recording-started = recording into { $path }
recording-saved = recorded { $time } into { $path }
recording-empty = nothing came: no recording was made
recording-failed = recording stopped: { $reason }

# The numbers.
numbers = Numbers
round-trip = round trip
unknown = unknown
rate = frames a second
age = age
decoding = decoding
received = received
quality = JPEG quality
shown = shown
left-out-by-sender = left out by the sender
lost-on-the-way = lost on the way
replaced-here = replaced here by newer ones
damaged-here = not readable
age-graph = age, last minute
rate-graph = frames a second, last minute

# In a terminal.
terminal-keys = t say · s save · r record · h keys · q quit
terminal-film-keys = Space pause · ← → 5 s · s save · h keys · q quit

# The dashboard of a relay.
dashboard-clients = clients: { $count } · up for { $up }
dashboard-traffic = in { $in } · out { $out }, { $messages } messages/s · frames lost: { $lost } · turned away: { $refused }
dashboard-open = open to everybody
dashboard-key = with a key
dashboard-tls = with TLS, open to everybody
dashboard-key-and-tls = with a key and TLS
dashboard-nobody = Nobody is here yet.
dashboard-client = client
dashboard-name = stream
dashboard-sends = sends
dashboard-gets = gets
dashboard-lost = lost
dashboard-state = state
dashboard-slow = slow
dashboard-both = in a call
dashboard-sending = sending
dashboard-viewing = viewing
dashboard-idle = idle
dashboard-by-came = clients, the first first
dashboard-by-sends = clients, who sends most first
dashboard-by-lost = clients, who lost most frames first
dashboard-log = log
dashboard-keys = q quit · s sort · arrows scroll · h help
dashboard-help =
    q      ends the relay; clients get a second to take what waits
    s      sorts by who came, who sends, who loses
    arrows and PgUp, PgDn scroll
    Age: from the camera to the middle one of the viewers.
    Lost: frames that newer ones replaced for who was slow.
