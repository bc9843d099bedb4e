-- SLAs that belong together: the parts of a joint one, and what follows what.
ALTER TABLE slas ADD COLUMN group_id TEXT NOT NULL DEFAULT '';  -- empty: alone
ALTER TABLE slas ADD COLUMN previous TEXT NOT NULL DEFAULT '';
CREATE INDEX slas_group ON slas (group_id);
