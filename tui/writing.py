"""Changes of the store, one after the other in the order of asking, in a thread of their own."""

import threading
from collections import deque
from collections.abc import Callable


class Writing:
    """Does what it is given; also what is still to do when the app is closed: the process ends after it."""

    def __init__(self) -> None:
        self._asked: deque[Callable[[], None]] = deque()
        self._lock = threading.Lock()
        self._busy = False

    def ask(self, change: Callable[[], None]) -> None:
        """Do this after all that was asked for before; it raises nothing. Returns at once."""
        with self._lock:
            self._asked.append(change)
            if self._busy:
                return
            self._busy = True
        threading.Thread(target=self._work, name="writing").start()

    def _work(self) -> None:
        while True:
            with self._lock:
                if not self._asked:
                    self._busy = False
                    return
                change = self._asked.popleft()
            change()
