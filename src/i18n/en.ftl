# State of the link.
connecting = connecting to { $host }
connected = { $host }
connected-round-trip = { $host } · { $time } round trip
waiting = waiting for pictures from { $host }
waiting-hint = They appear here as soon as someone sends. Press h for the keys.
keys-hint = Press h for the keys.
reconnecting = reconnecting to { $host }: { $why }
reconnecting-in = reconnecting in { $seconds } s: { $why }
refused = { $host } refused: { $why }
refused-retry-in = { $host } refused: { $why } Retrying in { $seconds } s.
lasting = { $host }: { $why } This will not resolve itself.
lasting-retry-in = { $host }: { $why } This will not resolve itself (next attempt in { $seconds } s).

# Why the link is down.
why-refused = connection refused. Is a relay running?
why-no-answer = no answer within { $time }
why-resolving = looking up { $host } takes longer than { $time }
why-unresolved = cannot look up { $host }: { $reason }
why-unreachable = cannot connect: { $reason }
why-tls = TLS failed: { $reason }.
why-handshake = the TLS handshake did not complete: { $reason }
why-tls-wanted = the relay requires TLS. Restart with TLS and its certificate's authority or fingerprint.
why-key-missing = the relay requires a key. Restart with its key.
why-key-refused = the relay rejected the key.
why-no-key-asked = the relay requires no key, so nothing meant for a room with a key is sent to it.
why-impostor = the relay could not prove that it knows the key. It may not be the relay you intended.
why-not-a-relay = not a pulsecam relay: { $reason }.
why-closed-at-once = connections are accepted and closed at once. Is a relay running behind it?
why-closed = the relay closed the connection
why-sent-away = { $reason }.
why-silent = nothing received for { $time }
why-lost = connection lost: { $reason }

# State of a stream.
late-by = late by { $time }
paused = paused
no-picture = no picture
has-left = has left
no-picture-for = no picture for { $seconds } s
no-signal = no signal
camera-off = camera off
camera-off-card = switched off the camera
cannot-decode = cannot be decoded: { $reason }
frames-per-second = { $rate } fps
paused-hint = paused · press Space to resume
hidden-hint = { $count } hidden · a shows them
the-end = The end
film-ended = The end · press Space to play again
film-no-seek = This film does not support seeking.
own-camera = you
own-camera-off = Your camera is off. Press m to turn it on.
leave-call = Leave the call? Press q or Enter to leave, Esc to stay.

# Cards of a virtual camera.
device-camera-off = { $name }'s camera is off
device-left = { $name } has left

# Images.
image = image
image-of = image { $number } of { $count }
image-hint = s save · x close
draft = Send this image to everyone?
draft-many = Send these { $count } images to everyone?
draft-hint = Enter send · Esc cancel
drop-no-file = Drop image files here to send them. This is none.
drop-left-out = Left out { $count } of what was dropped: not files of this machine, or too many at once.
cannot-show = cannot be shown: { $reason }

# The conversation.
conversation = Conversation
nothing-said = No messages yet. Everyone here will see what you write.
entry-hint = Enter send · Esc close
history-hint = y close
entry-placeholder = Press Enter to write a message
me = you
somebody = unnamed
unreadable-text = (unreadable text, { $bytes } bytes)
leaving = sending
left = sent
not-left = not sent
newer-below = newer messages below
too-long = This text is too long for one message.

# Notifications.
news-joined = is here
news-unreadable = has written something that cannot be read
news-image = has sent an image

# The window that asks for a relay.
start-title = Connect to a relay
start-address = Address or link, such as desk.local
start-key = Key, if the relay requires one
start-watch = Watch
start-call = Call with camera
start-demo = Show me a demo
start-recent = Recent
start-network = On this network
start-searching = searching …
start-none-yet = No relay has announced itself here so far.
start-no-search = cannot search: { $reason }
start-hint = ↑ ↓ select · Enter watch · Shift Enter call · Ctrl V paste · Esc close
start-needs-key = key
start-key-asked = This relay requires a key. Enter it, or press Enter again if it is configured.
start-nothing = Enter an address, or select a relay below.
start-no-image = The clipboard contains a picture, not an address.
start-for-browsers = This link works in browsers only. Ask for the address of the relay and its key.
start-no-address = Not an address: { $reason }
start-no-key = The key cannot be used: { $reason }

# The list of cameras.
cameras-title = Camera
cameras-searching = looking for cameras …
cameras-none = No camera was found.
cameras-hint = ↑ ↓ select · Enter use · Esc close
camera-at-start = as at the start
camera-pattern = Test picture
camera-now = now in use
camera-in-use = in use by { $program }
camera-chosen = now sending { $name }
camera-chosen-off = { $name } will be sent once the camera is on. Press m to turn it on.
camera-refused = { $name } cannot be used: { $reason }

# The link to the page for browsers.
share-title = Open in a browser
share-hint = The link contains no key: if the relay requires one, the page asks for it.
share-here = Only this machine can open this link.
share-keys = c copy the link · Esc close
no-page = This relay has no page for browsers.

# The keys.
keys = Keys
key-enlarge = enlarge a stream (or click it)
key-next = next stream
key-all = all streams
key-say = write a message
key-paste = paste a text or an image (or drop image files) to send
key-history = show the conversation
key-save = save a snapshot
key-open-folder = open the folder of what was saved
key-record = start or stop recording
key-copy = copy the picture
key-camera = turn your camera on or off
key-cameras = choose a camera
key-pause = pause or resume
key-seek = 5 seconds back or forward
key-seek-far = 30 seconds back or forward
key-ends = go to the beginning or the end
key-move = move a stream (or drag it)
key-pin = keep a stream in front
key-hide = hide a stream
key-unhide = show hidden streams
key-mirror = mirror the picture
key-flip = turn the picture upside down
key-quarter = rotate the picture
key-fit = whole picture, fill, or 1:1
key-zoom = zoom (or Ctrl+wheel); drag to move
key-share = show the link for browsers
key-numbers = show statistics
key-inspect = select a stream in the statistics
key-dismiss = close an image
key-close = close what is open, or leave full screen
key-full-screen = full screen (or double-click)
key-on-top = keep the window on top
key-small = small window without a frame
key-menu = menu (or right-click, Shift+F10)
key-help = show these keys
key-quit = quit

# The buttons.
button-say = Write
button-save = Save
button-record = Record
button-stop = Stop
button-camera = Camera
button-cameras = Source
button-share = Link
button-numbers = Stats
button-help = Keys
button-all = All

# The menu of a right click.
menu-enlarge = Enlarge
menu-all = Show all streams
menu-save = Save a snapshot
menu-copy = Copy the picture
menu-record = Record this stream
menu-stop = Stop recording
menu-mirror = Mirror
menu-flip = Upside down
menu-quarter = Rotate
menu-whole = Whole picture
menu-fill = Fill the area
menu-actual = Actual size
menu-zoom = Zoom in
menu-pin = Keep in front
menu-hide = Hide
menu-numbers = Statistics
menu-say = Write a message
menu-unhide = Show hidden streams
menu-pause = Pause
menu-camera = Your camera
menu-cameras = Choose a camera
menu-share = Link for browsers
menu-full-screen = Full screen
menu-on-top = Keep on top
menu-small = Small window
menu-keys = All keys

# Results of commands.
saved-as = saved as { $path }
saved-of-as = saved { $name } as { $path }
open-folder-hint = e or click: open the folder
cannot-open-folder = cannot open { $path }: { $reason }
nothing-to-save = there is no picture to save yet
cannot-save = not saved: { $reason }
copied = copied
copied-of = copied the picture of { $name }
cannot-copy = not copied: { $reason }
on-top = The window stays on top. Press o to end that.
not-on-top = The window no longer stays on top.
point-at-stream = Point at a picture first, or enlarge it.
no-such-state = This window manager does not support that.
recording = recording
recording-started = recording to { $path }
recording-saved = recorded { $time } to { $path }
recording-empty = no frames arrived: nothing was recorded
recording-failed = recording stopped: { $reason }

# The statistics panel.
numbers = Statistics
round-trip = round trip
unknown = unknown
rate = frames per second
age = age
decoding = decoding
received = received
quality = JPEG quality
shown = shown
left-out-by-sender = dropped by the sender
lost-on-the-way = lost in transit
replaced-here = replaced by newer ones
unseen-here = not decoded, as unseen
damaged-here = not decodable
column-stream = stream
column-rate = fps
column-lost = lost
age-graph = age, last minute
rate-graph = frames per second, last minute

# In a terminal.
terminal-say = t write
terminal-save = s save
terminal-record = r record
terminal-help = h keys
terminal-quit = q quit
terminal-pause = Space pause
terminal-seek = ← → 5 s
terminal-redraw = draw the screen again
terminal-close = close what is open

# The measurement from light to light.
glass-no-picture = Waiting for the camera’s picture
glass-not-seen = Point the camera at this window
glass-too-dark = Too dark: brighten the screen, or lengthen the exposure
glass-too-bright = Too bright: dim the screen, or shorten the exposure
glass-cut-off = Move back: the whole black frame must be in the picture
glass-too-far = Move the camera closer
glass-blurred = Blurred: focus, hold still, or shorten the exposure
glass-found = Found. Hold still
glass-measuring = Measuring for another { $seconds } s
glass-latency = { $latency } ms from light to light
glass-hint = The camera must see the whole black frame, as large as possible. Q closes.

# The dashboard of a relay.
dashboard-clients = clients: { $count }
dashboard-uptime = uptime { $up }
dashboard-in = in { $in }
dashboard-out = out { $out }
dashboard-messages = { $messages } messages/s
dashboard-frames-lost = frames lost: { $lost }
dashboard-refused = refused: { $refused }
dashboard-relays = relays: { $there } of { $all }
dashboard-links = links: { $up } of { $all }
dashboard-open = open to everyone
dashboard-key = key required
dashboard-tls = TLS, open to everyone
dashboard-key-and-tls = TLS, key required
dashboard-nobody = Nobody is here yet.
dashboard-client = client
dashboard-name = stream
dashboard-sends = sends
dashboard-gets = receives
dashboard-lost = lost
dashboard-state = state
dashboard-slow = slow
dashboard-both = in a call
dashboard-sending = sending
dashboard-viewing = viewing
dashboard-idle = idle
dashboard-guest = remote
dashboard-guest-at = at { $relay }
dashboard-relay = relay
dashboard-link-up = link up
dashboard-link-down = link down
dashboard-by-came = clients by join time
dashboard-by-sends = clients by sending rate
dashboard-by-lost = clients by lost frames
dashboard-log = log
dashboard-keys = q quit · s sort · arrows scroll · h help
dashboard-help =
    q      stops the relay; queued data is sent for up to 1 s
    s      sorts by join time, sending rate or lost frames
    arrows and PgUp, PgDn scroll
    Ctrl-L draws the screen again
    Age: from capture to the median viewer.
    Lost: frames that newer ones replaced for slow clients.
    Remote: a client of another relay; relay: the links with one.

# The page in a browser (keys that begin with `web-` are not used by the program).
web-waiting-hint = They appear here as soon as someone sends.
web-key-missing = this room requires a key.
web-key = Key of the room
web-key-hint = The link that you were given contains it. Otherwise, ask the person who runs the relay.
web-join = Join
web-write = Write a message
web-send = Send
web-send-image = Send an image
web-image-sent = (an image)
web-close = Close
web-streams = Streams
web-actions = Actions
web-enlarge = Enlarge { $name }
web-full-screen = Full screen
web-key-full = full screen
web-share = Share
web-share-title = Open on another device
web-key-share = show the link and its QR code
web-qr = QR code of the link
web-copy-link = Copy the link
web-link-has-key = The link contains the key of the room: anyone who has it can join.
web-key-next = previous or next stream
web-shortcuts = Single keys are commands
web-camera = Your camera
web-name = Your name
web-start = Start
web-switch = Other camera
web-black-out = Darken the screen
web-black-out-hint = The camera stays on. Tap to return.
web-insecure = Browsers let a page use the camera over HTTPS only, and this page was opened over plain HTTP.
web-insecure-link = Open it over HTTPS
web-insecure-how = The relay needs a certificate for that: ask the person who runs it.
web-certificate = The relay has a certificate of its own, which the browser warns of. On an iPhone, install it first.
web-certificate-link = Download the certificate
web-no-camera = No camera can be used: { $reason }
web-camera-denied = The browser does not let this page use the camera. Allow it in the settings of this site, then start again.
web-camera-paused = camera paused
web-camera-paused-why = The camera is paused: the browser delivers no pictures while this page is in the background.
web-sending = { $size } · { $rate } fps · { $bytes }/s · quality { $quality }
web-nobody = Nobody is watching, so nothing is sent.
web-viewers = viewers: { $count }
web-not-connected = Not connected, so nothing is sent.
web-relays = Relays
web-relay-own = this one
web-relay-up = link up
web-relay-down = link down
web-relay-idle = nothing to pass on
web-relay-gone = gone
web-relay-clients = clients: { $clients }
web-relay-rates = out { $out } · in { $in }
web-standstill = This page has stopped working. Reload it.
web-language = 中文
