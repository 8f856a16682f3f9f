"""The real `l2t`, whose workers have the engine of tests/slow_engine.py instead of torch."""

from functools import partial

from l2t.jobs import daemon, follower

ENGINE = "slow_engine:load"
command = daemon.command
daemon.command = lambda home, slots, engine=ENGINE: command(home, slots, engine)
daemon.start = partial(daemon.start, engine=ENGINE)
follower.Follower = partial(follower.Follower, engine=ENGINE)

if __name__ == "__main__":
    from cli.app import main

    main()
