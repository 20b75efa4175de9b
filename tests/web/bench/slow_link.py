"""A slow link to a relay's port for browsers: what goes down it takes its time, in packets, behind a short queue.

slow_link.py HOST PORT RATE: prints its own port. The queue is the receive buffer towards the relay, which fills as that
of a modem does. (Node cannot make it short.)
"""

import socket
import sys
import threading
import time

# The payload of a packet.
PACKET = 1448

# The receive buffer towards the relay, and the send buffer towards the browser: those of the trials that set the goals
#. Linux doubles both, and uses half of that for itself.
QUEUE = AHEAD = 16 << 10

# How far the clock of the link may run ahead of what was sent, in seconds: shorter pauses cannot be slept.
SLACK = 0.0005


def pump(source, target, rate):
    due = time.monotonic()
    try:
        while data := source.recv(PACKET):
            if rate:
                due = max(due, time.monotonic()) + len(data) / rate
                pause = due - time.monotonic()
                if pause > SLACK:
                    time.sleep(pause)
            target.sendall(data)
    except OSError:
        pass
    for end in (source, target):
        try:
            end.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass


def main(host, port, rate):
    listener = socket.create_server(("127.0.0.1", 0))
    print(listener.getsockname()[1], flush=True)
    while True:
        down, _ = listener.accept()
        up = socket.socket()
        up.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, QUEUE)
        down.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, AHEAD)
        up.connect((host, int(port)))
        for end in (up, down):
            end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for source, target, limit in ((up, down, float(rate)), (down, up, 0)):
            threading.Thread(target=pump, args=(source, target, limit), daemon=True).start()


main(*sys.argv[1:])
