-- The trace that asked for a change, where there was one. PostgreSQL and H2 add it without rewriting a row.
ALTER TABLE changes ADD COLUMN trace_id VARCHAR(32);
