-- Standard SQL that H2 and PostgreSQL read alike: no column is named after a keyword of either, and time stamps have
-- microseconds and a zone.

-- One row. Whoever locks it is the committer for the length of that transaction: this is the fence.
CREATE TABLE head (
    id       SMALLINT PRIMARY KEY CHECK (id = 1),
    epoch    BIGINT NOT NULL CHECK (epoch > 0),
    revision BIGINT NOT NULL,
    batch    BIGINT NOT NULL
);

-- The epoch is the time of creation in milliseconds, as in the store without a database: a database that was wiped and
-- created anew, or the other store, comes after what was before.
INSERT INTO head (id, epoch, revision, batch)
VALUES (1, CAST(EXTRACT(EPOCH FROM CURRENT_TIMESTAMP) * 1000 AS BIGINT), 0, 0);

-- The last batch that each pod has committed, by which a commit of unknown fate is looked up.
CREATE TABLE committers (
    pod     VARCHAR(64) PRIMARY KEY,
    batch   BIGINT NOT NULL,
    seen_at TIMESTAMP(6) WITH TIME ZONE NOT NULL
);

CREATE TABLE feature_keys (
    key_name   VARCHAR(128) PRIMARY KEY,
    bare       INTEGER NOT NULL CHECK (bare >= 0),
    ref_count  INTEGER NOT NULL CHECK (ref_count >= bare),
    revision   BIGINT NOT NULL,
    batch      BIGINT NOT NULL,
    deleted    BOOLEAN NOT NULL,
    actor      VARCHAR(1024),
    changed_at TIMESTAMP(6) WITH TIME ZONE,
    reason     VARCHAR(1024)
);
CREATE INDEX feature_keys_by_revision ON feature_keys (revision);

CREATE TABLE holds (
    key_name    VARCHAR(128) NOT NULL,
    holder      VARCHAR(128) NOT NULL,
    reason      VARCHAR(1024),
    since       TIMESTAMP(6) WITH TIME ZONE NOT NULL,
    lease_nanos BIGINT,
    deadline    TIMESTAMP(6) WITH TIME ZONE,
    incarnation BIGINT,
    operation   BIGINT,
    session_id  VARCHAR(128),
    PRIMARY KEY (key_name, holder)
);
CREATE INDEX holds_by_holder ON holds (holder);
CREATE INDEX holds_by_deadline ON holds (deadline);

-- Holds of nodes that have ended, by which a late acquire is known as late.
CREATE TABLE ended_holds (
    key_name    VARCHAR(128) NOT NULL,
    holder      VARCHAR(128) NOT NULL,
    incarnation BIGINT NOT NULL,
    operation   BIGINT NOT NULL,
    session_id  VARCHAR(128) NOT NULL,
    ended_at    TIMESTAMP(6) WITH TIME ZONE NOT NULL,
    PRIMARY KEY (key_name, holder)
);

-- Requests with an Idempotency-Key, and what they were told.
CREATE TABLE requests (
    request_key   VARCHAR(512) NOT NULL,
    caller        VARCHAR(512) NOT NULL,
    hash          VARCHAR(256) NOT NULL,
    refusal       VARCHAR(64),
    detail        VARCHAR(2048),
    ref_count     INTEGER,
    epoch         BIGINT,
    revision      BIGINT,
    changed       BOOLEAN,
    remembered_at TIMESTAMP(6) WITH TIME ZONE NOT NULL,
    PRIMARY KEY (request_key, caller)
);
CREATE INDEX requests_by_age ON requests (remembered_at);

-- The history: one row for each revision.
CREATE TABLE changes (
    revision   BIGINT PRIMARY KEY,
    epoch      BIGINT NOT NULL,
    key_name   VARCHAR(128) NOT NULL,
    action     VARCHAR(16) NOT NULL,
    holder     VARCHAR(128),
    ref_count  INTEGER NOT NULL,
    actor      VARCHAR(1024) NOT NULL,
    changed_at TIMESTAMP(6) WITH TIME ZONE NOT NULL,
    reason     VARCHAR(1024)
);
CREATE INDEX changes_by_key ON changes (key_name, revision);

CREATE TABLE nodes (
    node          VARCHAR(128) PRIMARY KEY,
    principal     VARCHAR(512) NOT NULL,
    life          BIGINT NOT NULL
);

CREATE TABLE incarnations (
    node        VARCHAR(128) NOT NULL,
    incarnation VARCHAR(128) NOT NULL,
    life        BIGINT NOT NULL,
    PRIMARY KEY (node, incarnation)
);

-- One row: whoever locks it numbers incarnations.
CREATE TABLE incarnation_fence (
    id SMALLINT PRIMARY KEY CHECK (id = 1)
);
INSERT INTO incarnation_fence (id) VALUES (1);
