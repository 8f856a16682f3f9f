"""The tables, as a list of versioned migrations (`PRAGMA user_version`)."""

import sqlite3

MIGRATIONS: tuple[tuple[str, ...], ...] = (
    (
        # One row a job, without its specification: tables of 100,000 runs are read from narrow rows.
        # `number` is the order of asking and the key that all other tables use; `position` is the order of running.
        """CREATE TABLE jobs (
            number INTEGER PRIMARY KEY,
            id TEXT NOT NULL UNIQUE,
            kind TEXT NOT NULL,
            name TEXT NOT NULL,
            state TEXT NOT NULL,
            reason TEXT,
            message TEXT,
            priority INTEGER NOT NULL DEFAULT 0,
            position INTEGER NOT NULL,
            attempts INTEGER NOT NULL DEFAULT 0,
            stalled INTEGER NOT NULL DEFAULT 0,
            reached INTEGER NOT NULL DEFAULT 0,
            redo INTEGER NOT NULL DEFAULT 0,
            epoch INTEGER NOT NULL DEFAULT 0,
            epochs INTEGER NOT NULL,
            host TEXT,
            boot_id TEXT,
            pid INTEGER,
            start_ticks INTEGER,
            heartbeat REAL,
            created REAL NOT NULL,
            claimed REAL,
            finished REAL
        ) STRICT""",
        "CREATE INDEX jobs_by_turn ON jobs (state, priority DESC, position)",
        "CREATE TABLE specs (number INTEGER PRIMARY KEY REFERENCES jobs ON DELETE CASCADE, spec TEXT NOT NULL) STRICT",
        """CREATE TABLE needs (
            number INTEGER NOT NULL REFERENCES jobs ON DELETE CASCADE,
            needed INTEGER NOT NULL REFERENCES jobs,
            PRIMARY KEY (number, needed)
        ) STRICT, WITHOUT ROWID""",
        "CREATE INDEX needs_by_needed ON needs (needed)",
        """CREATE TABLE runs (
            number INTEGER PRIMARY KEY REFERENCES jobs ON DELETE CASCADE,
            method TEXT NOT NULL,
            dataset TEXT NOT NULL,
            shots INTEGER NOT NULL,
            seed INTEGER NOT NULL,
            source TEXT,
            source_hash TEXT,
            target TEXT NOT NULL,
            recipe TEXT NOT NULL,
            cell TEXT NOT NULL,
            accuracy REAL,
            best_val REAL,
            rare_recall REAL,
            parameters INTEGER,
            steps INTEGER,
            seconds REAL,
            peak_memory INTEGER
        ) STRICT""",
        "CREATE INDEX runs_by_cell ON runs (cell)",
        """CREATE TABLE artefacts (
            hash TEXT PRIMARY KEY,
            kind TEXT NOT NULL,
            name TEXT NOT NULL,
            model TEXT NOT NULL,
            dataset TEXT NOT NULL,
            outputs INTEGER NOT NULL,
            origin TEXT NOT NULL,
            accuracy REAL,
            seconds REAL,
            created REAL NOT NULL
        ) STRICT, WITHOUT ROWID""",
        "CREATE INDEX artefacts_by_name ON artefacts (name, created)",
        """CREATE TABLE sweeps (
            id TEXT PRIMARY KEY,
            created REAL NOT NULL,
            asked REAL NOT NULL,
            command TEXT NOT NULL,
            recipe TEXT NOT NULL,
            seeds_planned INTEGER NOT NULL
        ) STRICT, WITHOUT ROWID""",
        """CREATE TABLE sweep_jobs (
            sweep TEXT NOT NULL REFERENCES sweeps ON DELETE CASCADE,
            number INTEGER NOT NULL REFERENCES jobs ON DELETE CASCADE,
            PRIMARY KEY (sweep, number)
        ) STRICT, WITHOUT ROWID""",
    ),
    (
        "ALTER TABLE jobs ADD COLUMN device TEXT NOT NULL DEFAULT 'cpu'",
        # Needs that are not done: what waits is never looked at by a claim.
        "ALTER TABLE jobs ADD COLUMN waits INTEGER NOT NULL DEFAULT 0",
        # What somebody asks of the worker of a running job: pause or cancel.
        "ALTER TABLE jobs ADD COLUMN request TEXT",
        "ALTER TABLE jobs ADD COLUMN not_before REAL",
        # Blank before, between and behind: ' a b '.
        "ALTER TABLE jobs ADD COLUMN tags TEXT NOT NULL DEFAULT ''",
        "ALTER TABLE jobs ADD COLUMN note TEXT",
        # A counter over the store, set when a job is done, failed or cancelled: followers read on from a number.
        "ALTER TABLE jobs ADD COLUMN ending INTEGER",
        """UPDATE jobs SET
            device = coalesce(
                (SELECT json_extract(spec, '$.device') FROM specs WHERE specs.number = jobs.number), 'cpu'
            ),
            waits = (SELECT count(*) FROM needs JOIN jobs AS made ON made.number = needed
                     WHERE needs.number = jobs.number AND made.state <> 'done')""",
        """UPDATE jobs SET ending = turn FROM (
            SELECT number AS ended, row_number() OVER (ORDER BY finished, number) AS turn FROM jobs
            WHERE state IN ('done', 'failed', 'cancelled')
        ) WHERE number = ended""",
        # told: the ending up to which webhooks and log were told, whichever supervisor did it.
        "CREATE TABLE endings (last INTEGER NOT NULL, told INTEGER NOT NULL) STRICT",
        "INSERT INTO endings SELECT coalesce(max(ending), 0), coalesce(max(ending), 0) FROM jobs",
        "DROP INDEX jobs_by_turn",
        "CREATE INDEX jobs_by_turn ON jobs (state, device, waits, priority DESC, position, number)",
        # Where claims are now: new jobs begin there.
        "CREATE INDEX jobs_by_claim ON jobs (device, priority, claimed) WHERE claimed IS NOT NULL",
        "CREATE UNIQUE INDEX jobs_by_ending ON jobs (ending) WHERE ending IS NOT NULL",
        "ALTER TABLE sweeps ADD COLUMN cancelled REAL",
        # Which sweeps a job is of is asked at each claim.
        "CREATE INDEX sweep_jobs_by_number ON sweep_jobs (number)",
        """CREATE TABLE followers (
            sweep TEXT NOT NULL REFERENCES sweeps ON DELETE CASCADE,
            host TEXT NOT NULL,
            boot_id TEXT NOT NULL,
            pid INTEGER NOT NULL,
            start_ticks INTEGER NOT NULL,
            PRIMARY KEY (sweep, host, boot_id, pid, start_ticks)
        ) STRICT, WITHOUT ROWID""",
    ),
    (
        # How many runs of each cell are in which state, kept by the triggers below and by who inserts runs (a
        # trigger for each would slow that by a quarter): grouping 100,000 runs takes half a second. changes: counts
        # runs that become done, stop being it or are forgotten; what a run found is written only with such a change.
        # finished: when a run of the cell ended last.
        """CREATE TABLE cells (
            cell TEXT PRIMARY KEY,
            planned INTEGER NOT NULL DEFAULT 0,
            queued INTEGER NOT NULL DEFAULT 0,
            running INTEGER NOT NULL DEFAULT 0,
            paused INTEGER NOT NULL DEFAULT 0,
            interrupted INTEGER NOT NULL DEFAULT 0,
            done INTEGER NOT NULL DEFAULT 0,
            failed INTEGER NOT NULL DEFAULT 0,
            cancelled INTEGER NOT NULL DEFAULT 0,
            changes INTEGER NOT NULL DEFAULT 0,
            finished REAL
        ) STRICT, WITHOUT ROWID""",
        """INSERT INTO cells SELECT cell, count(*), sum(state = 'queued'), sum(state = 'running'),
            sum(state = 'paused'), sum(state = 'interrupted'), sum(state = 'done'), sum(state = 'failed'),
            sum(state = 'cancelled'), 0, max(finished) FROM runs JOIN jobs USING (number) GROUP BY cell""",
        """CREATE TRIGGER cells_move AFTER UPDATE OF state ON jobs
        WHEN NEW.kind = 'run' AND NEW.state <> OLD.state BEGIN
            UPDATE cells SET queued = queued + (NEW.state = 'queued') - (OLD.state = 'queued'),
                running = running + (NEW.state = 'running') - (OLD.state = 'running'),
                paused = paused + (NEW.state = 'paused') - (OLD.state = 'paused'),
                interrupted = interrupted + (NEW.state = 'interrupted') - (OLD.state = 'interrupted'),
                done = done + (NEW.state = 'done') - (OLD.state = 'done'),
                failed = failed + (NEW.state = 'failed') - (OLD.state = 'failed'),
                cancelled = cancelled + (NEW.state = 'cancelled') - (OLD.state = 'cancelled'),
                changes = changes + (NEW.state = 'done' OR OLD.state = 'done'),
                finished = coalesce(NEW.finished, finished)
                WHERE cell = (SELECT cell FROM runs WHERE number = NEW.number);
        END""",
        # Runs are forgotten before their jobs, so that their state is still known.
        """CREATE TRIGGER cells_lose BEFORE DELETE ON runs BEGIN
            UPDATE cells SET planned = planned - 1, queued = queued - (state = 'queued'),
                running = running - (state = 'running'), paused = paused - (state = 'paused'),
                interrupted = interrupted - (state = 'interrupted'), done = done - (state = 'done'),
                failed = failed - (state = 'failed'), cancelled = cancelled - (state = 'cancelled'),
                changes = changes + 1
                FROM (SELECT state FROM jobs WHERE number = OLD.number) WHERE cell = OLD.cell;
        END""",
        # Means of cells are read from the index alone.
        "DROP INDEX runs_by_cell",
        "CREATE INDEX runs_by_cell ON runs (cell, accuracy)",
        # What takes scipy to compute, for the next who asks (see l2t.report.summaries).
        "CREATE TABLE summaries (key TEXT PRIMARY KEY, value TEXT NOT NULL, made REAL NOT NULL) STRICT, WITHOUT ROWID",
    ),
    (
        # The queue as screens show it, so that 100,000 runs need not be sorted (see `paging.py`).
        """CREATE INDEX runs_that_wait ON jobs (priority DESC, position, number)
            WHERE kind = 'run' AND state IN ('queued', 'paused', 'interrupted')""",
        """CREATE INDEX runs_that_ended ON jobs (finished DESC, number)
            WHERE kind = 'run' AND state IN ('done', 'failed', 'cancelled')""",
    ),
)
"""Statements of each version, in order. Never changed once released: a change is a new entry."""

VERSION = len(MIGRATIONS)
"""Version that this program writes."""


def version_of(connection: sqlite3.Connection) -> int:
    """Version of an open database; 0 for an empty one."""
    version: int = connection.execute("PRAGMA user_version").fetchone()[0]
    return version


def migrate(connection: sqlite3.Connection) -> None:
    """Bring the database to VERSION in one transaction. The connection is in autocommit mode."""
    if version_of(connection) == VERSION:
        return
    connection.execute("BEGIN IMMEDIATE")
    try:
        for statements in MIGRATIONS[version_of(connection) :]:  # read again: another process may have been first
            for statement in statements:
                connection.execute(statement)
        connection.execute(f"PRAGMA user_version = {VERSION}")
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:  # SQLite has rolled back by itself where the disk is full
            connection.execute("ROLLBACK")
        raise
