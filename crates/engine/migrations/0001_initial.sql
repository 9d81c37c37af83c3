-- Times are milliseconds since 1970 in UTC. Object ids are their bytes. References are named without `refs/`.

-- Endpoints are named once and pointed to by number.
CREATE TABLE endpoint (
    id   INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE
) STRICT;

CREATE TABLE site (
    name    TEXT PRIMARY KEY,
    account TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- What is remembered of a repository of a group.
CREATE TABLE repository (
    id          INTEGER PRIMARY KEY,
    group_name  TEXT NOT NULL,
    key         TEXT NOT NULL,
    name        TEXT NOT NULL,
    -- A hash over what every endpoint agreed on; NULL unless all did when it was last looked at.
    fingerprint BLOB,
    status      TEXT NOT NULL,
    since       INTEGER NOT NULL,
    recorded    INTEGER NOT NULL,
    -- Actions were begun and their end was not recorded.
    unfinished  INTEGER NOT NULL DEFAULT 0,
    error       TEXT,
    remedy      TEXT,
    findings    TEXT,
    UNIQUE (group_name, key)
) STRICT;

-- Its copies.
CREATE TABLE copy (
    repository INTEGER NOT NULL REFERENCES repository (id) ON DELETE CASCADE,
    endpoint   INTEGER NOT NULL REFERENCES endpoint (id),
    name       TEXT NOT NULL,
    forge_id   TEXT NOT NULL,
    path       TEXT NOT NULL,
    account    TEXT,
    agreed     INTEGER NOT NULL,
    PRIMARY KEY (repository, endpoint)
) STRICT, WITHOUT ROWID;

CREATE INDEX copy_forge_id ON copy (endpoint, forge_id);

-- Sets of endpoints, as sorted JSON arrays of their numbers. Nearly every reference is agreed by the same set.
CREATE TABLE endpoint_set (
    id      INTEGER PRIMARY KEY,
    members TEXT NOT NULL UNIQUE
) STRICT;

-- The baseline: one row per reference and distinct value, with the endpoints that agreed to it. The sets of one
-- reference have no endpoint in common.
CREATE TABLE agreed_ref (
    repository INTEGER NOT NULL REFERENCES repository (id) ON DELETE CASCADE,
    name       TEXT NOT NULL,
    members    INTEGER NOT NULL REFERENCES endpoint_set (id),
    oid        BLOB NOT NULL,
    PRIMARY KEY (repository, name, members)
) STRICT, WITHOUT ROWID;

CREATE TABLE agreed_default (
    repository INTEGER NOT NULL REFERENCES repository (id) ON DELETE CASCADE,
    branch     TEXT NOT NULL,
    members    INTEGER NOT NULL REFERENCES endpoint_set (id),
    PRIMARY KEY (repository, branch)
) STRICT, WITHOUT ROWID;

-- The journal. It names repositories rather than pointing to them: it outlives them.
CREATE TABLE run (
    id       TEXT PRIMARY KEY,
    command  TEXT NOT NULL,
    started  INTEGER NOT NULL,
    finished INTEGER,
    summary  TEXT
) STRICT, WITHOUT ROWID;

-- One plan for one repository, about to be carried out.
CREATE TABLE visit (
    id         INTEGER PRIMARY KEY,
    run        TEXT NOT NULL REFERENCES run (id) ON DELETE CASCADE,
    group_name TEXT NOT NULL,
    key        TEXT NOT NULL,
    name       TEXT NOT NULL,
    begun      INTEGER NOT NULL
) STRICT;

CREATE INDEX visit_run ON visit (run);
CREATE INDEX visit_repository ON visit (group_name, key);

CREATE TABLE action (
    visit    INTEGER NOT NULL REFERENCES visit (id) ON DELETE CASCADE,
    seq      INTEGER NOT NULL,
    endpoint INTEGER NOT NULL REFERENCES endpoint (id),
    kind     TEXT NOT NULL,
    -- The values of a written reference are object ids; those of a switched default branch are branch names.
    ref      TEXT,
    old      BLOB,
    new      BLOB,
    cause    TEXT,
    -- Any other kind of action, as JSON.
    spec     TEXT,
    outcome  TEXT NOT NULL,
    -- What a refusal or failure says, as JSON.
    report   TEXT,
    -- What undoing it needs, such as the path of the backup, as JSON.
    detail   TEXT,
    PRIMARY KEY (visit, seq)
) STRICT, WITHOUT ROWID;

-- Repositories that wait for a run, one entry each.
CREATE TABLE queue (
    group_name TEXT NOT NULL,
    key        TEXT NOT NULL,
    name       TEXT NOT NULL,
    urgent     INTEGER NOT NULL,
    queued     INTEGER NOT NULL,
    due        INTEGER NOT NULL,
    attempts   INTEGER NOT NULL DEFAULT 0,
    -- Wake-ups since it was queued or, while somebody works on it, since that began.
    again      INTEGER NOT NULL DEFAULT 0,
    again_due  INTEGER,
    -- Counts claims: a lease that was lost and taken by another is not mistaken for one's own.
    claim      INTEGER NOT NULL DEFAULT 0,
    holder     TEXT,
    expires    INTEGER,
    PRIMARY KEY (group_name, key)
) STRICT, WITHOUT ROWID;

CREATE INDEX queue_order ON queue (urgent DESC, due, group_name, key);

CREATE TABLE hook (
    endpoint   INTEGER NOT NULL REFERENCES endpoint (id),
    key        TEXT NOT NULL,
    name       TEXT NOT NULL,
    url        TEXT NOT NULL,
    hook_id    TEXT NOT NULL,
    changed    INTEGER NOT NULL,
    PRIMARY KEY (endpoint, key, url)
) STRICT, WITHOUT ROWID;

CREATE TABLE pull (
    group_name TEXT NOT NULL,
    key        TEXT NOT NULL,
    name       TEXT NOT NULL,
    endpoint   INTEGER NOT NULL REFERENCES endpoint (id),
    number     INTEGER NOT NULL,
    branch     TEXT NOT NULL,
    head       TEXT NOT NULL,
    own        BLOB NOT NULL,
    other      BLOB NOT NULL,
    url        TEXT,
    state      TEXT NOT NULL,
    changed    INTEGER NOT NULL,
    PRIMARY KEY (group_name, key, endpoint, number)
) STRICT, WITHOUT ROWID;
