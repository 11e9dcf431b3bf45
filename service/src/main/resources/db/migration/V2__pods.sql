-- The pods that may have nodes, of every cluster over this database: one row for each life of a pod.
CREATE TABLE pods (
    pod               VARCHAR(64) PRIMARY KEY,
    pod_name          VARCHAR(256) NOT NULL,
    cluster_name      VARCHAR(256) NOT NULL,
    pod_lease_millis  BIGINT NOT NULL,
    node_lease_millis BIGINT NOT NULL,
    phase             VARCHAR(16) NOT NULL,
    renewals          BIGINT NOT NULL
);
