-- Endpoints, so that their ids need not be repeated in every row.
CREATE TABLE endpoints (
    id   INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE
);

-- One row a repository of a group. `fingerprint` is the hash of what all copies agreed on, if they did.
CREATE TABLE repositories (
    id          INTEGER PRIMARY KEY,
    group_name  TEXT NOT NULL,
    key         TEXT NOT NULL,
    name        TEXT NOT NULL,
    fingerprint BLOB,
    status      TEXT NOT NULL,
    -- When the status began, in milliseconds since 1970.
    since       INTEGER NOT NULL,
    -- Findings and errors of the last run, as JSON.
    detail      TEXT NOT NULL,
    UNIQUE (group_name, key)
);

-- What is remembered of each copy.
CREATE TABLE copies (
    repository INTEGER NOT NULL REFERENCES repositories ON DELETE CASCADE,
    endpoint   INTEGER NOT NULL REFERENCES endpoints,
    name       TEXT NOT NULL,
    forge_id   TEXT NOT NULL,
    path       TEXT NOT NULL,
    account    TEXT,
    agreed     INTEGER NOT NULL,
    PRIMARY KEY (repository, endpoint)
) WITHOUT ROWID;

-- The agreed value of a reference, with the endpoints that agreed on it: nearly always one row a reference.
CREATE TABLE baseline_refs (
    repository INTEGER NOT NULL REFERENCES repositories ON DELETE CASCADE,
    ref        TEXT NOT NULL,
    oid        BLOB NOT NULL,
    -- Ids of endpoints, ascending, with commas between.
    endpoints  TEXT NOT NULL,
    PRIMARY KEY (repository, ref, oid)
) WITHOUT ROWID;

CREATE TABLE baseline_defaults (
    repository INTEGER NOT NULL REFERENCES repositories ON DELETE CASCADE,
    endpoint   INTEGER NOT NULL REFERENCES endpoints,
    branch     TEXT NOT NULL,
    PRIMARY KEY (repository, endpoint)
) WITHOUT ROWID;

-- The journal: runs, and what each did.
CREATE TABLE runs (
    id       TEXT PRIMARY KEY,
    command  TEXT NOT NULL,
    started  INTEGER NOT NULL,
    finished INTEGER,
    summary  TEXT
) WITHOUT ROWID;

-- What is about to be done to a repository. A row that outlives its run tells of a run that was cut off.
CREATE TABLE intents (
    run        TEXT NOT NULL REFERENCES runs ON DELETE CASCADE,
    group_name TEXT NOT NULL,
    key        TEXT NOT NULL,
    plan       TEXT NOT NULL,
    PRIMARY KEY (run, group_name, key)
) WITHOUT ROWID;

CREATE TABLE actions (
    id         INTEGER PRIMARY KEY,
    run        TEXT NOT NULL REFERENCES runs ON DELETE CASCADE,
    group_name TEXT NOT NULL,
    repository TEXT NOT NULL,
    endpoint   TEXT NOT NULL,
    kind       TEXT NOT NULL,
    ref        TEXT,
    old        TEXT,
    new        TEXT,
    outcome    TEXT NOT NULL,
    -- The whole action and outcome, and the backup made for it, as JSON.
    detail     TEXT NOT NULL
);
CREATE INDEX actions_by_run ON actions (run, group_name, repository);
