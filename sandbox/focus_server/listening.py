"""Listening on an address."""

import socket


def listen(host: str, port: int) -> socket.socket:
    """A socket that listens there, at a free port if it is 0; raises `OSError` when the address cannot be bound."""
    family, kind, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
    # The protocol is named for asyncio, which turns Nagle's algorithm off for such sockets only: with it,
    # the second write of an answer waits 40 ms for the client's delayed acknowledgement of the first.
    listening = socket.socket(family, kind, socket.IPPROTO_TCP)
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind(address)
        listening.listen(2048)
    except OSError:
        listening.close()
        raise
    return listening
