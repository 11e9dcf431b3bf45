-- Each row is rewritten every second, in place: as with the head.
ALTER TABLE pods SET (fillfactor = 20);
ALTER TABLE pods ALTER COLUMN pod TYPE VARCHAR(64) COLLATE "C";
