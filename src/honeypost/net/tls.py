"""
TLS as a layer of ours between the socket and the core.

Theory of operation
===================

asyncio's own TLS holds 282 KiB for each connection and never gives it back; an ``SSLObject``
over two memory buffers holds 19 KiB (measured, CPython 3.11, 800 idle sessions).  It also
leaves no window for injection: the layer comes into being only after the core has said
``StartTls``, so it never saw a byte that came before the handshake.

The layer does no I/O.  The driver feeds what the socket gave, takes what the socket shall
have, and reads plaintext as long as the core wants some.  What waits here is bounded by one
read of the socket: while the core holds, the driver reads no further.

The profile is Postfix's (3.7 on Debian 12): TLS 1.0 and up, the medium cipher list, the
client's order of ciphers, its group of Diffie-Hellman, one TLS 1.3 ticket.  Python's own
default is told apart from it by every one of these (JARM, JA4S).  Not the same: within TLS 1.3
we also take the groups ffdhe2048 to ffdhe8192, as Python 3.11 cannot set a list of groups;
and the group of anonymous Diffie-Hellman is that of the others.
"""

from __future__ import annotations

import ssl
import warnings
from pathlib import Path

from honeypost.errors import ConfigError, ConfigProblem
from honeypost.net.dh import group_for

CIPHERS = "aNULL:-aNULL:HIGH:MEDIUM:+RC4:@STRENGTH:@SECLEVEL=0"
"""Postfix's ``tls_medium_cipherlist``; like Postfix without OpenSSL's security level."""

NO_EMPTY_FRAGMENTS = 0x800
"""``SSL_OP_DONT_INSERT_EMPTY_FRAGMENTS``; Python leaves it out of ``OP_ALL``, Postfix does not."""


def server_context(certificate: Path, key: Path) -> ssl.SSLContext:
    """
    Build the one context that all TLS listeners share.

    :raises ConfigError: when certificate or key cannot be read or do not belong together.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    with warnings.catch_warnings():
        # Old versions are deprecated by Python, and spoken by the server we resemble.
        warnings.simplefilter("ignore", DeprecationWarning)
        context.minimum_version = ssl.TLSVersion.TLSv1
    context.options &= ~ssl.OP_CIPHER_SERVER_PREFERENCE
    context.options |= ssl.OP_ALL | NO_EMPTY_FRAGMENTS
    context.set_ciphers(CIPHERS)
    context.num_tickets = 1
    try:
        context.load_cert_chain(certificate, key)
        context.load_dh_params(str(group_for(certificate.read_text("ascii", "replace"))))
    except (OSError, ssl.SSLError) as error:
        reason = f"cannot use {certificate} with {key}: {error}"
        raise ConfigError([ConfigProblem("tls", "tls.certificate", reason)]) from error
    return context


class TlsLayer:
    """One connection's TLS; ``ssl.SSLError`` from any call means that the connection ends."""

    __slots__ = ("_incoming", "_object", "_outgoing", "ended", "established")

    def __init__(self, context: ssl.SSLContext) -> None:
        self._incoming = ssl.MemoryBIO()
        self._outgoing = ssl.MemoryBIO()
        self._object = context.wrap_bio(self._incoming, self._outgoing, server_side=True)
        self.established = False
        """Is the handshake done?"""
        self.ended = False
        """Has the client said close_notify?"""

    @property
    def version(self) -> str:
        """For example ``TLSv1.3``; ``""`` before the handshake is done."""
        return self._object.version() or ""

    @property
    def cipher(self) -> str:
        """OpenSSL's name of the cipher suite; ``""`` before the handshake is done."""
        named = self._object.cipher()
        return named[0] if named else ""

    @property
    def unread(self) -> bool:
        """Did something come in that OpenSSL has not looked at?"""
        return bool(self._incoming.pending)

    def feed(self, data: bytes) -> None:
        """Give bytes of the socket."""
        self._incoming.write(data)

    def take(self) -> bytes:
        """Take what the socket shall have, also after an error (the alert)."""
        return self._outgoing.read()

    def handshake(self) -> bool:
        """
        Go on with the handshake.

        :returns: is it done?
        :raises ssl.SSLError: when the client does not speak TLS, or not ours.
        """
        try:
            self._object.do_handshake()
        except ssl.SSLWantReadError:
            return False
        self.established = True
        return True

    def read(self, most: int) -> bytes:
        """
        Read up to ``most`` bytes; ``b""`` when there is none yet, or when ``ended``.

        :raises ssl.SSLError: when the stream is broken.
        """
        try:
            data = self._object.read(most)
        except ssl.SSLWantReadError:
            return b""
        except ssl.SSLZeroReturnError:
            data = b""
        if not data:
            self.ended = True
        return data

    def write(self, data: bytes) -> None:
        """Encrypt; ``take`` gives the result."""
        view = memoryview(data)
        while view:
            view = view[self._object.write(view) :]

    def close(self) -> None:
        """Say close_notify; do not wait for the client's."""
        try:
            self._object.unwrap()
        except ssl.SSLError:
            # Wants the client's close_notify, or the stream is broken already: both are fine.
            return
