-- How PostgreSQL stores the tables; other databases go without.

-- Rewritten by each batch, in place: no indexed column changes, so with room on the page the old versions are pruned
-- there and no index grows.
ALTER TABLE head SET (fillfactor = 20);
ALTER TABLE committers SET (fillfactor = 20);

-- Names are compared for equality alone. The C collation is the fastest, and an upgrade of the operating system's
-- collations cannot make its indexes wrong.
ALTER TABLE committers ALTER COLUMN pod TYPE VARCHAR(64) COLLATE "C";
ALTER TABLE feature_keys ALTER COLUMN key_name TYPE VARCHAR(128) COLLATE "C";
ALTER TABLE holds
    ALTER COLUMN key_name TYPE VARCHAR(128) COLLATE "C",
    ALTER COLUMN holder TYPE VARCHAR(128) COLLATE "C";
ALTER TABLE ended_holds
    ALTER COLUMN key_name TYPE VARCHAR(128) COLLATE "C",
    ALTER COLUMN holder TYPE VARCHAR(128) COLLATE "C";
ALTER TABLE requests
    ALTER COLUMN request_key TYPE VARCHAR(512) COLLATE "C",
    ALTER COLUMN caller TYPE VARCHAR(512) COLLATE "C";
ALTER TABLE changes ALTER COLUMN key_name TYPE VARCHAR(128) COLLATE "C";
ALTER TABLE nodes ALTER COLUMN node TYPE VARCHAR(128) COLLATE "C";
ALTER TABLE incarnations
    ALTER COLUMN node TYPE VARCHAR(128) COLLATE "C",
    ALTER COLUMN incarnation TYPE VARCHAR(128) COLLATE "C";

-- Few holds have a deadline.
DROP INDEX holds_by_deadline;
CREATE INDEX holds_by_deadline ON holds (deadline) WHERE deadline IS NOT NULL;

-- Keys are updated far more often than they are added, and each update adds to the index by revision.
ALTER TABLE feature_keys SET (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.05);

-- Old rows are deleted every second as new ones come: vacuumed in small helpings, the tables stay as large as they are.
ALTER TABLE requests SET (autovacuum_vacuum_scale_factor = 0.05, autovacuum_vacuum_insert_scale_factor = 0.2);
ALTER TABLE changes SET (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_insert_scale_factor = 0.2);
