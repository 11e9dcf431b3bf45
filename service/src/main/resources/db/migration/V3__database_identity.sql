-- What tells this database from every other, by which the pods of a cluster know that they have the same one. Made here,
-- once, and kept: a copy of the database has it too.
CREATE TABLE database_identity (
    id            SMALLINT PRIMARY KEY CHECK (id = 1),
    database_uuid VARCHAR(36) NOT NULL
);
INSERT INTO database_identity (id, database_uuid) VALUES (1, '${database_uuid}');
