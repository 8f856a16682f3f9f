"""The real `l2t`, whose workers have the engine of tests/slow_engine.py instead of torch."""

from functools import partial

import l2t.jobs.daemon
import l2t.jobs.follower

ENGINE = "slow_engine:load"
l2t.jobs.daemon.start = partial(l2t.jobs.daemon.start, engine=ENGINE)
l2t.jobs.follower.Follower = partial(l2t.jobs.follower.Follower, engine=ENGINE)

if __name__ == "__main__":
    from cli.app import main

    main()
