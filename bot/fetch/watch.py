"""Connections that go to a checked address and are shut when their time is up."""

from __future__ import annotations

import socket
import threading
from typing import Any

from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool


class Watch:
    """Shuts a connection when the time is up: a read timeout alone never ends on a server that drips."""

    def __init__(self) -> None:
        self.bitten = False
        self.lock = threading.Lock()
        self.connected: socket.socket | None = None
        self.timer: threading.Timer | None = None

    def start(self, seconds: float) -> None:
        self.timer = threading.Timer(seconds, self.bite)
        self.timer.daemon = True
        self.timer.start()

    def stop(self) -> None:
        if self.timer is not None:
            self.timer.cancel()

    def guard(self, connected: socket.socket | None) -> None:
        with self.lock:
            self.connected = connected
        if self.bitten:
            self.bite()

    def bite(self) -> None:
        with self.lock:
            self.bitten = True
            if self.connected is not None:
                try:
                    # The plain method: SSLSocket's own would drop the encryption under a thread that is reading.
                    socket.socket.shutdown(self.connected, socket.SHUT_RDWR)
                except OSError:
                    pass  # closed already, which is as good


class Pinned(HTTPAdapter):
    """Connections to an address that was checked before, with the certificate still checked against the host's name."""

    def __init__(self, host: str, scheme: str, watch: Watch) -> None:
        self.host = host
        self.scheme = scheme
        self.watch = watch
        super().__init__(max_retries=0, pool_connections=1, pool_maxsize=1)

    def init_poolmanager(self, connections: int, maxsize: int, block: bool = False, **options: Any) -> None:
        if self.scheme == "https":
            options |= {"server_hostname": self.host, "assert_hostname": self.host}
        super().init_poolmanager(connections, maxsize, block, **options)
        self.poolmanager.pool_classes_by_scheme = {"http": self.plain_pool(), "https": self.secure_pool()}

    def plain_pool(self) -> type[HTTPConnectionPool]:
        watch = self.watch

        class Connection(HTTPConnection):
            def connect(self) -> None:
                super().connect()
                watch.guard(self.sock)

        class Pool(HTTPConnectionPool):
            ConnectionCls = Connection

        return Pool

    def secure_pool(self) -> type[HTTPSConnectionPool]:
        watch = self.watch

        class Connection(HTTPSConnection):
            def connect(self) -> None:
                super().connect()
                watch.guard(self.sock)

        class Pool(HTTPSConnectionPool):
            ConnectionCls = Connection

        return Pool
