"""Ask a server whether it lives, over and over: `python pinger.py PORT`.

Stops when its input ends and prints a JSON list of pairs: seconds on CLOCK_MONOTONIC at which a
question was sent, and seconds until its answer was there.
"""

import json
import select
import socket
import sys
import time

_PAUSE_SECONDS = 0.002
_REQUEST = b"GET /health/live HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"


def main() -> None:
    """Ask until told to stop."""
    found = []
    with socket.create_connection(("127.0.0.1", int(sys.argv[1]))) as server:
        server.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        while not select.select([sys.stdin], [], [], _PAUSE_SECONDS)[0]:
            began = time.monotonic()
            server.sendall(_REQUEST)
            if not server.recv(65_536).startswith(b"HTTP/1.1 200"):
                sys.exit("the server does not live")
            found.append((began, time.monotonic() - began))
    sys.stdout.write(json.dumps(found))


if __name__ == "__main__":
    main()
