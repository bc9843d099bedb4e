-- What the platform remembers. All but sessions, claims in progress and alarms can be rebuilt from the chain and the validators' log.
CREATE TABLE meta (
  key   TEXT PRIMARY KEY,
  value TEXT NOT NULL
);

CREATE TABLE nodes (
  key          TEXT PRIMARY KEY,          -- the node's account
  endpoint     TEXT NOT NULL,
  version      TEXT NOT NULL,
  secret_hash  TEXT NOT NULL,             -- hex; compared in constant time
  announced_at BIGINT NOT NULL,           -- as the node signed it, Unix seconds
  node_id      TEXT,                      -- once it is bound on chain
  provider     TEXT
);
CREATE INDEX nodes_provider ON nodes (provider);

CREATE TABLE claims (
  id            TEXT PRIMARY KEY,
  node_key      TEXT NOT NULL,
  provider      TEXT NOT NULL,
  endpoint      TEXT NOT NULL,            -- what the authorisation covers
  code_hash     TEXT,                     -- set once the wallet authorised
  authorization BLOB,                     -- the provider's, signed
  state         TEXT NOT NULL,            -- opened, coded, redeemed, bound
  expires_at    BIGINT NOT NULL
);
CREATE INDEX claims_node ON claims (node_key, state);

CREATE TABLE attempts (                   -- wrong secrets and codes
  node_key TEXT NOT NULL,
  at       BIGINT NOT NULL
);
CREATE INDEX attempts_node ON attempts (node_key, at);

CREATE TABLE challenges (
  hash       TEXT PRIMARY KEY,          -- of the text to sign
  account    TEXT NOT NULL,
  expires_at BIGINT NOT NULL
);

CREATE TABLE sessions (
  token_hash TEXT PRIMARY KEY,
  account    TEXT NOT NULL,
  expires_at BIGINT NOT NULL
);

CREATE TABLE units (
  id       TEXT PRIMARY KEY,
  provider TEXT NOT NULL,
  node_id  TEXT NOT NULL,
  listed   INTEGER NOT NULL,
  state    TEXT NOT NULL,
  body     TEXT NOT NULL                  -- orchestrator.Unit as JSON
);
CREATE INDEX units_provider ON units (provider);

CREATE TABLE slas (
  id          TEXT PRIMARY KEY,
  consumer    TEXT NOT NULL,
  provider    TEXT NOT NULL,
  unit        TEXT NOT NULL,
  state       TEXT NOT NULL,
  body        TEXT NOT NULL,              -- orchestrator.SLA
  reservation TEXT NOT NULL,              -- orchestrator.Reservation
  terms       BLOB NOT NULL,
  closed      INTEGER NOT NULL DEFAULT 0  -- over and paid out: the keeper looks no more
);
CREATE INDEX slas_consumer ON slas (consumer);
CREATE INDEX slas_provider ON slas (provider);

CREATE TABLE leaves (                     -- the leaf of the last settlement: the next one starts from it
  sla  TEXT PRIMARY KEY,
  leaf BLOB NOT NULL
);

CREATE TABLE windows (
  sla    TEXT NOT NULL,
  number INTEGER NOT NULL,
  body   TEXT NOT NULL,                   -- sla.Verdict
  PRIMARY KEY (sla, number)
);

CREATE TABLE events (
  seq      INTEGER PRIMARY KEY,
  cursor   TEXT NOT NULL UNIQUE,
  name     TEXT NOT NULL,
  subject  TEXT NOT NULL,
  data     TEXT NOT NULL,
  ledger   BIGINT NOT NULL,
  at       BIGINT NOT NULL,
  tx       TEXT NOT NULL
);
CREATE INDEX events_subject ON events (subject, seq);

CREATE TABLE alarms (
  id         INTEGER PRIMARY KEY,
  kind       TEXT NOT NULL,               -- node_unreachable, quality_warning, …
  subject    TEXT NOT NULL,
  message    TEXT NOT NULL,
  raised_at  BIGINT NOT NULL,
  cleared_at BIGINT
);
CREATE INDEX alarms_open ON alarms (kind, subject) WHERE cleared_at IS NULL;
