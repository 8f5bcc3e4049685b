"""Bytes to a socket and back: requests that no HTTP library would send."""

import re
import socket

ANSWER_SECONDS_MAX = 10


def exchange(port, data, *, half_close=True, seconds=ANSWER_SECONDS_MAX):
    """Sends bytes on a new connection and returns all that comes back until the server closes it.

    half_close: say that nothing more will come, so that a keep-alive connection ends after its answers.
    """
    with socket.create_connection(("127.0.0.1", port), timeout=seconds) as connection:
        try:
            connection.sendall(data)
            if half_close:
                connection.shutdown(socket.SHUT_WR)
        except (BrokenPipeError, ConnectionResetError):
            pass  # refused while we were still sending; the answer may be there already
        received = b""
        while True:
            try:
                piece = connection.recv(65536)
            except ConnectionResetError:
                return received
            if not piece:
                return received
            received += piece


def statuses(received):
    """The status codes of the answers in received bytes, in order; bodies may not contain a status line."""
    return [int(code) for code in re.findall(rb"HTTP/1\.1 (\d{3}) ", received)]


def request(method="GET", target="/healthz", headers=(), body=b"", host="localhost"):
    """A lawful HTTP/1.1 request, to be spoiled by what a test adds."""
    lines = [f"{method} {target} HTTP/1.1", f"Host: {host}", *headers]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body
