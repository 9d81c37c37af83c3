-- A hash of the secret that a webhook was given, so that another secret is noticed: forges never tell it. NULL where it is
-- not known.
ALTER TABLE hook ADD COLUMN secret BLOB;

-- What secrets are hashed with: random, so that hashes of two state directories have nothing in common.
CREATE TABLE hook_key (
    id  INTEGER PRIMARY KEY CHECK (id = 1),
    key BLOB NOT NULL
) STRICT;

INSERT INTO hook_key (id, key) VALUES (1, randomblob(32));
