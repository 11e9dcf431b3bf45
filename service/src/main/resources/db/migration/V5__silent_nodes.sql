-- When a node was last heard of: one that has been silent for long is forgotten. Of those of before it is when this was
-- added, so they too are forgotten after their time.
ALTER TABLE nodes ADD COLUMN heard_at TIMESTAMP(6) WITH TIME ZONE DEFAULT CURRENT_TIMESTAMP NOT NULL;
CREATE INDEX nodes_by_silence ON nodes (heard_at);

-- The highest number of a life that is forgotten; a node that is new, or seems so, is numbered above it.
ALTER TABLE incarnation_fence ADD COLUMN forgotten BIGINT DEFAULT 0 NOT NULL;
