"""The front door of a compute: TLS, a password check, then bytes both ways.

Neon's connection strings say `sslmode=require&channel_binding=require`, and this PostgreSQL has no OpenSSL. So the
proxy ends TLS itself, runs the server's side of SCRAM-SHA-256 with and without channel binding (RFC 5802 and 5929,
`tls-server-end-point`), and passes the session on to the compute's Unix socket, where everyone is trusted.
Unencrypted sessions are refused. The port stays the same for the endpoint's whole life, whatever is behind it.
"""

import asyncio
import contextlib
import hashlib
import socket
import ssl
import struct
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from scramp import ScramException, ScramMechanism

from bot.sandbox.neon.instants import now

_SSL_REQUEST, _GSS_REQUEST, _CANCEL_REQUEST = 80877103, 80877104, 80877102
_MECHANISMS = ("SCRAM-SHA-256-PLUS", "SCRAM-SHA-256")
_CHUNK = 256 * 1024
_HANDSHAKE_SECONDS = 30.0

Verifier = tuple[bytes, bytes, bytes, int]
"""Salt, stored key, server key, iterations: what PostgreSQL keeps in pg_authid instead of a password."""


def reserve_port(port: int = 0) -> socket.socket:
    """A port on 127.0.0.1 that is taken but does not answer yet; 0 for any free one."""
    # The protocol is named because asyncio sets TCP_NODELAY only then; without it every session waits 40 ms, twice.
    door = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        door.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        door.bind(("127.0.0.1", port))
    except BaseException:
        door.close()
        raise
    return door


class Refused(Exception):
    """The session cannot go on; `code` is the SQLSTATE the client is told."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


def verifier_of(password: str) -> Verifier:
    """What to check a password against."""
    verifier: Verifier = ScramMechanism("SCRAM-SHA-256").make_auth_info(password)
    return verifier


@dataclass(frozen=True, slots=True)
class Certificate:
    """A TLS context and the hash of its certificate that channel binding compares."""

    context: ssl.SSLContext
    binding: bytes

    @classmethod
    def load(cls, pem: Path, der: bytes) -> "Certificate":
        """From a file with key and certificate; SHA-256 is also the certificate's own signature hash."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(pem)
        return cls(context, hashlib.sha256(der).digest())


@dataclass(frozen=True, slots=True)
class Behind:
    """What a proxy asks about the compute behind it. Both raise Refused."""

    verifier: Callable[[str], Awaitable[Verifier | None]]
    socket: Callable[[], Awaitable[Path]]
    """Starts the compute if it is idle."""


@dataclass(slots=True)
class Proxy:
    """One endpoint's port on 127.0.0.1."""

    certificate: Certificate
    behind: Behind
    door: socket.socket
    read_only: bool = False
    last_active: datetime = field(default_factory=now)
    _server: asyncio.Server | None = None
    _sessions: set[asyncio.Task[None]] = field(default_factory=set)

    @property
    def port(self) -> int:
        """The port it has from the beginning and keeps."""
        port: int = self.door.getsockname()[1]
        return port

    async def listen(self) -> None:
        """Let clients in from now on, if it does not yet."""
        if self._server is None:
            self._server = await asyncio.start_server(self._accept, sock=self.door)

    async def drop(self) -> None:
        """End every session."""
        sessions = [session for session in self._sessions if session is not asyncio.current_task()]
        for session in sessions:
            session.cancel()
        await asyncio.gather(*sessions, return_exceptions=True)

    async def close(self) -> None:
        """Give the port back."""
        if self._server is not None:
            self._server.close()
        self.door.close()
        await self.drop()

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._sessions.add(task)
        client = Client(reader, writer)
        try:
            await self._serve(client)
        except (OSError, EOFError, asyncio.CancelledError):
            pass  # the client left, or was dropped: there is nobody to tell
        finally:
            self._sessions.discard(task)
            with contextlib.suppress(
                AttributeError
            ):  # Python before 3.11.4 aborts a lost TLS transport badly
                client.writer.transport.abort()
            writer.transport.abort()

    async def _serve(self, client: "Client") -> None:
        try:
            async with asyncio.timeout(_HANDSHAKE_SECONDS):
                startup = await self._startup(client)
                if startup is None:
                    await client.hang_up()
                    return
                await self._authenticate(client, _user(startup))
                reader, writer = await asyncio.open_unix_connection(await self.behind.socket())
        except Refused as refused:
            await client.refuse(refused.code, str(refused))
            return
        except ScramException:
            await client.refuse("28P01", "password authentication failed")
            return
        except TimeoutError:
            return
        try:
            writer.write(_read_only(startup) if self.read_only else startup)
            await self._pump(client, reader, writer)
        finally:
            writer.close()

    async def _startup(self, client: "Client") -> bytes | None:
        """The client's startup packet, once it speaks TLS; None if it only came to cancel a query."""
        while True:
            packet = await client.startup_packet()
            (kind,) = struct.unpack_from("!i", packet, 4)
            if kind == _SSL_REQUEST and not client.encrypted:
                await client.encrypt(self.certificate.context)
            elif kind == _GSS_REQUEST and not client.encrypted:
                await client.send(b"N")
            elif kind == _CANCEL_REQUEST:
                await self._cancel(packet)
                return None
            elif kind >> 16 != 3:
                raise Refused("0A000", "unsupported frontend protocol")
            elif not client.encrypted:
                raise Refused("28000", "connection is insecure (try using `sslmode=require`)")
            else:
                return packet

    async def _cancel(self, packet: bytes) -> None:
        """Process ids and secrets are the compute's own, so it can tell by itself which query is meant."""
        _, upstream = await asyncio.open_unix_connection(await self.behind.socket())
        upstream.write(packet)
        await upstream.drain()
        upstream.close()

    async def _authenticate(self, client: "Client", user: str) -> None:
        """SCRAM as PostgreSQL speaks it. Raises Refused or ScramException."""
        verifier = await self.behind.verifier(user)
        await client.message(
            b"R", struct.pack("!i", 10) + b"".join(f"{m}\0".encode() for m in _MECHANISMS) + b"\0"
        )
        response = await client.password_message()
        name, _, rest = response.partition(b"\0")
        mechanism = name.decode(errors="replace")
        if mechanism not in _MECHANISMS or verifier is None:
            raise Refused("28P01", f'password authentication failed for user "{user}"')
        server = ScramMechanism(mechanism).make_server(
            lambda _name: verifier, channel_binding=("tls-server-end-point", self.certificate.binding)
        )
        first = rest[4:].decode()
        server.set_client_first(first.replace(",n=,", ",n=ignored,", 1))
        # libpq leaves the user name empty here (the startup packet has it), which scramp takes for an error;
        # the proof, however, is over what libpq really sent.
        server.client_first_bare = first.split(",", 2)[2]
        await client.message(b"R", struct.pack("!i", 11) + server.get_server_first().encode())
        try:
            server.set_client_final((await client.password_message()).decode())
        except ScramException as error:
            raise Refused("28P01", f'password authentication failed for user "{user}"') from error
        await client.message(b"R", struct.pack("!i", 12) + server.get_server_final().encode())

    async def _pump(
        self, client: "Client", reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        ways = [
            asyncio.create_task(self._copy(client.reader, writer)),
            asyncio.create_task(self._copy(reader, client.writer)),
        ]
        try:
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for way in ways:
                way.cancel()
            await asyncio.gather(*ways, return_exceptions=True)
            await client.hang_up()  # with what the compute said last, such as why it ended the session

    async def _copy(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(_CHUNK):
            self.last_active = now()
            writer.write(data)
            await writer.drain()


@dataclass(slots=True)
class Client:
    """One client's connection, plain at first."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    encrypted: bool = False

    async def encrypt(self, context: ssl.SSLContext) -> None:
        """Say yes to TLS and change over to it."""
        await self.send(b"S")
        loop = asyncio.get_running_loop()
        reader = asyncio.StreamReader(limit=_CHUNK, loop=loop)
        protocol = asyncio.StreamReaderProtocol(reader, loop=loop)
        transport = await loop.start_tls(self.writer.transport, protocol, context, server_side=True)
        if transport is None:
            raise ConnectionResetError
        protocol.connection_made(transport)
        self.reader, self.writer = reader, asyncio.StreamWriter(transport, protocol, reader, loop)
        self.encrypted = True

    async def startup_packet(self) -> bytes:
        """A packet without a type byte, length included."""
        head = await self.reader.readexactly(4)
        (length,) = struct.unpack("!i", head)
        if not 8 <= length <= 10_000:
            raise Refused("08P01", "invalid length of startup packet")
        return head + await self.reader.readexactly(length - 4)

    async def password_message(self) -> bytes:
        """The body of the client's next SASL message."""
        kind, length = struct.unpack("!ci", await self.reader.readexactly(5))
        if kind != b"p" or not 4 <= length <= 10_000:
            raise Refused("08P01", "expected SASL response")
        return await self.reader.readexactly(length - 4)

    async def message(self, kind: bytes, body: bytes) -> None:
        """Send one message of the PostgreSQL protocol."""
        await self.send(kind + struct.pack("!i", len(body) + 4) + body)

    async def refuse(self, code: str, text: str) -> None:
        """Send a fatal error and hang up."""
        fields = {"S": "FATAL", "V": "FATAL", "C": code, "M": text}
        with suppress(OSError):
            await self.message(b"E", b"".join(f"{k}{v}\0".encode() for k, v in fields.items()) + b"\0")
        await self.hang_up()

    async def hang_up(self) -> None:
        """Send what is still to be sent and end TLS in good order, which libpq insists on."""
        self.writer.close()
        with suppress(OSError, asyncio.TimeoutError):
            await asyncio.wait_for(self.writer.wait_closed(), 1.0)

    async def send(self, data: bytes) -> None:
        """Send raw bytes."""
        self.writer.write(data)
        await self.writer.drain()


def _user(startup: bytes) -> str:
    """The `user` of a startup packet."""
    user = _parameters(startup).get(b"user")
    if not user:
        raise Refused("28000", "no PostgreSQL user name specified in startup packet")
    return user.decode(errors="replace")


def _read_only(startup: bytes) -> bytes:
    """The same startup packet for a session whose transactions are read-only."""
    parameters = _parameters(startup)
    parameters[b"options"] = parameters.get(b"options", b"") + b" -c default_transaction_read_only=on"
    words = b"".join(name + b"\0" + value + b"\0" for name, value in parameters.items())
    return struct.pack("!i", len(words) + 9) + startup[4:8] + words + b"\0"


def _parameters(startup: bytes) -> dict[bytes, bytes]:
    words = startup[8:].split(b"\0")
    return dict(zip(words[:-2:2], words[1:-2:2], strict=False))
