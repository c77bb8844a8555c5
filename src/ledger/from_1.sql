-- From version 1: flows may be integrated in part, pièces come from archives, and have a dossier. The two tables are made
-- anew and filled; what was deposited before gets the dossier that it would have opened.

ALTER TABLE flow RENAME TO flow_1;
ALTER TABLE piece RENAME TO piece_1;
DROP INDEX flow_bytes;
DROP INDEX piece_unique;
DROP INDEX piece_flow;
DROP INDEX piece_number;
DROP TRIGGER flow_kept;
DROP TRIGGER flow_fixed;
DROP TRIGGER piece_kept;
