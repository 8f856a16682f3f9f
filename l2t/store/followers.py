"""Who wants which sweep worked on now: the `l2t run`s in the foreground."""

from collections.abc import Callable

from l2t.store.database import Database
from l2t.store.rows import Owner


class Followers(Database):
    """The part of the store that knows followers. A follower is gone with its process."""

    def follow(self, sweep: str, owner: Owner) -> None:
        """Let the sweep be worked on, as long as `owner` lives or until it leaves."""
        self._all(
            "INSERT OR IGNORE INTO followers VALUES (?, ?, ?, ?, ?)",
            [sweep, owner.host, owner.boot_id, owner.pid, owner.start_ticks],
        )

    def unfollow(self, sweep: str, owner: Owner) -> None:
        """The owner no longer follows the sweep."""
        self._all(
            "DELETE FROM followers WHERE (sweep, host, boot_id, pid, start_ticks) = (?, ?, ?, ?, ?)",
            [sweep, owner.host, owner.boot_id, owner.pid, owner.start_ticks],
        )

    def drop_followers(self, alive: Callable[[Owner, float], bool]) -> None:
        """Forget followers whose process is dead."""
        for sweep, *who in self._all("SELECT sweep, host, boot_id, pid, start_ticks FROM followers"):
            owner = Owner(*who)
            if not alive(owner, 0.0):  # followers have no heartbeat: one of another host is dead after a while
                self.unfollow(sweep, owner)
