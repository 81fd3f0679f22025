"""The border between the server's loop and real threads: nothing may block the loop.

In the green modes (eventlet, gevent) the loop is one thread that serves every socket, and the
standard library is patched *except for threads*: `threading.Lock`, `Event`, `Thread` and
`queue.Queue` are the real ones in every mode. So:

- Code that waits or computes (locks, SQLite, files, hashing, host readings) runs in a real
  thread. Every HTTP view does already; code in the loop (Socket.IO handlers, generators of event
  streams, greenlets) reaches it with `Loop.run_blocking`.
- Code in a real thread reaches the loop (emit to sockets, feed a stream) with `Loop.post`.
- Code in the loop never waits on a `threading` object; it waits on `Loop.queue()`.

In threading mode every thread is equal and all of it is direct.
"""

from __future__ import annotations

import atexit
import contextlib
import queue
import socket
import threading
import time
from _queue import SimpleQueue
from collections import deque
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any, Generic, Protocol, TypeVar

from orch_next.errors import ConfigError

T = TypeVar("T")

# A writer waits up to 5 s for a ledger's lock; that many may wait before reads wait too.
REAL_THREADS = 48
# What still runs when the process ends may finish; a stop takes 5 s in all, streams 3 of them.
ENDING_SECONDS = 1.5
_PAIR_TRIES = 100


class Queue(Protocol):
    """A queue that code in the loop may wait on; `get` raises `queue.Empty` at its timeout."""

    def put(self, item: Any) -> None:
        """Append an item; call it in the loop only (`Loop.post` gets there)."""

    def get(self, block: bool = True, timeout: float | None = None) -> Any:
        """Return the oldest item; `timeout` in seconds."""


class Lock(Protocol):
    """A lock for code in the loop."""

    def __enter__(self) -> Any:
        """Wait for the lock."""

    def __exit__(self, *_: Any) -> None:
        """Free the lock."""


class Loop:
    """The border in threading mode, where nothing needs crossing."""

    async_mode = "threading"

    def run_blocking(self, work: Callable[[], T]) -> T:
        """Return `work()`, run where it stalls no other client; its exceptions pass."""
        return work()

    def post(self, work: Callable[[], object]) -> None:
        """Let the loop call `work` soon, in the order of the posts; safe from any thread."""
        work()

    def queue(self) -> Queue:
        """Return a queue that code in the loop may wait on."""
        return queue.Queue()

    def lock(self) -> Lock:
        """Return a lock that code in the loop may hold while it waits for a socket."""
        return threading.Lock()


class _Call(Generic[T]):
    """One call that a real thread makes for a greenlet, and how it ended."""

    def __init__(self, work: Callable[[], T], answered: Any) -> None:
        self.answered = answered  # a green semaphore at 0
        self._work = work
        self._result: T
        self._error: BaseException | None = None

    def run(self) -> None:
        """Call the work; nothing that it raises may end the thread and lose the answer."""
        try:
            self._result = self._work()
        except BaseException as error:  # noqa: BLE001 - the caller raises it
            self._error = error

    def result(self) -> T:
        """Return what the work returned or raise what it raised; only once."""
        error, self._error = self._error, None
        if error is None:
            return self._result
        try:
            raise error
        finally:
            del error  # its traceback holds this frame


class RealThreads:
    """Threads that call what is given to them, the oldest first; the process may end without them.

    `thread` has the unpatched functions of the module `_thread`. All start at once: when the
    system has no room for them, the start fails and not some later call.
    """

    def __init__(self, count: int, thread: Any) -> None:
        self._waiting: SimpleQueue[Callable[[], object] | None] = SimpleQueue()
        self._running = [thread.allocate_lock() for _ in range(count)]
        for lock in self._running:
            lock.acquire()
            thread.start_new_thread(self._work, (lock,))

    def call(self, work: Callable[[], object]) -> None:
        """Let a thread call `work`, which raises nothing."""
        self._waiting.put(work)

    def end(self, seconds: float) -> None:
        """Forget what waits, and give what runs so long to finish."""
        with contextlib.suppress(queue.Empty):
            while True:
                self._waiting.get_nowait()
        for _ in self._running:
            self._waiting.put(None)
        deadline = time.monotonic() + seconds
        for lock in self._running:
            lock.acquire(timeout=max(0.0, deadline - time.monotonic()))

    def _work(self, running: Any) -> None:
        while (work := self._waiting.get()) is not None:
            work()
            del work  # while this thread waits it keeps nothing alive
        running.release()


class _GreenLoop(Loop):
    """What both green modes share: real threads, their answers, and the posted work in order.

    Not eventlet's own pool: it runs work in the loop itself while any thread imports a module,
    takes its answers from whoever connects to a port first, loses that of work that raises
    `SystemExit`, and at the end waits for stuck work for ever.
    """

    _make_queue: Callable[[], Queue]
    _make_lock: Callable[[], Lock]
    _make_signal: Callable[[int], Any]

    def __init__(self, thread: Any) -> None:
        self._get_ident: Callable[[], int] = thread.get_ident
        self._home = self._get_ident()
        self._posted: deque[Callable[[], object]] = deque()
        self._answers: deque[_Call[Any]] = deque()
        self._threads = RealThreads(REAL_THREADS, thread)
        atexit.register(self._threads.end, ENDING_SECONDS)

    def run_blocking(self, work: Callable[[], T]) -> T:
        """Return `work()`, run in a real thread; a caller that is in one already stays there."""
        if self._get_ident() != self._home:
            return work()
        call = _Call(work, self._make_signal(0))
        self._threads.call(lambda: self._answer(call))
        call.answered.acquire()
        return call.result()

    def post(self, work: Callable[[], object]) -> None:
        """Let the loop call `work` soon, in the order of the posts; safe from any thread."""
        self._posted.append(work)
        self._wake()

    def queue(self) -> Queue:
        """Return a green queue."""
        return self._make_queue()

    def lock(self) -> Lock:
        """Return a green semaphore."""
        return self._make_lock()

    def _answer(self, call: _Call[Any]) -> None:
        call.run()
        self._answers.append(call)
        self._wake()

    def _woken(self) -> None:
        """Hand out answers, which never waits; posted work may, so it runs elsewhere."""
        while self._answers:
            self._answers.popleft().answered.release()
        if self._posted:
            self._spawn(self._drain)

    def _drain(self) -> None:
        try:
            while self._posted:
                self._posted.popleft()()
        finally:
            if self._posted:  # that work raised: the hub shows it, the rest goes on
                self._spawn(self._drain)

    def _wake(self) -> None:
        raise NotImplementedError

    def _spawn(self, work: Callable[[], object]) -> None:
        raise NotImplementedError


class EventletLoop(_GreenLoop):
    """Eventlet's hub of the thread that makes this object."""

    async_mode = "eventlet"

    def __init__(self) -> None:
        import eventlet.greenio
        import eventlet.patcher
        import eventlet.queue
        import eventlet.semaphore

        original = eventlet.patcher.original
        super().__init__(original("_thread"))
        self._make_queue = eventlet.queue.Queue
        self._make_lock = self._make_signal = eventlet.semaphore.Semaphore
        self._spawn_n = eventlet.spawn_n
        # The sending end is unpatched: a real thread must not enter a hub of its own.
        self._sender, receiver = connected_pair(original("socket").socketpair)
        self._sender.setblocking(False)
        self._is_woken = False
        self._receiver = eventlet.greenio.GreenSocket(receiver)
        self._spawn(self._listen)

    def _wake(self) -> None:
        # One is enough for all that came before it is read, and a full pipe has some.
        if self._is_woken:
            return
        self._is_woken = True
        with contextlib.suppress(BlockingIOError):
            self._sender.send(b"!")

    def _spawn(self, work: Callable[[], object]) -> None:
        self._spawn_n(work)

    def _listen(self) -> None:
        while self._receiver.recv(4096):
            self._is_woken = False  # first: what comes from now on wakes anew
            self._woken()


class GeventLoop(_GreenLoop):
    """Gevent's hub of the thread that makes this object."""

    async_mode = "gevent"

    def __init__(self) -> None:
        import gevent.lock
        import gevent.monkey
        import gevent.queue

        names = ("allocate_lock", "get_ident", "start_new_thread")
        found = gevent.monkey.get_original("_thread", names)
        super().__init__(SimpleNamespace(**dict(zip(names, found, strict=True))))
        self._gevent = gevent
        self._make_queue = gevent.queue.Queue
        self._make_lock = gevent.lock.BoundedSemaphore
        self._make_signal = gevent.lock.Semaphore
        self._waker = gevent.get_hub().loop.async_()
        self._waker.start(self._woken)

    def _wake(self) -> None:
        self._waker.send()

    def _spawn(self, work: Callable[[], object]) -> None:
        self._gevent.spawn(work)


def connected_pair(
    make_pair: Callable[[], tuple[socket.socket, socket.socket]],
) -> tuple[socket.socket, socket.socket]:
    """Return two sockets that are connected to each other.

    Without Unix sockets Python makes them over a loopback port that it listens on: older ones
    take whoever connects first, newer ones find that out and raise `ConnectionError`.
    """
    for _ in range(_PAIR_TRIES):
        with contextlib.suppress(ConnectionError):
            one, other = make_pair()
            if _are_connected(one, other):
                return one, other
            one.close()
            other.close()
    raise ConfigError(f"{_PAIR_TRIES} times a stranger took the loopback connection to ourselves")


def _are_connected(one: socket.socket, other: socket.socket) -> bool:
    try:
        ends = one.getsockname(), one.getpeername()
        return ends == (other.getpeername(), other.getsockname())
    except OSError:  # the stranger has gone again
        return False


def make_loop(async_mode: str) -> Loop:
    """Return the border for `async_mode`; make it in the loop's thread.

    Raises `ConfigError` for a mode that is none of the three.
    """
    makers: dict[str, Callable[[], Loop]] = {
        "eventlet": EventletLoop,
        "threading": Loop,
        "gevent": GeventLoop,
    }
    if async_mode not in makers:
        raise ConfigError(f"async mode must be one of {', '.join(makers)}, not {async_mode!r}")
    return makers[async_mode]()
