-- From version 2: events know what an act changed and what brought it, outbound files may be a part of a pièce. What is
-- new beside these columns the schema makes.

ALTER TABLE event ADD COLUMN via TEXT;
ALTER TABLE event ADD COLUMN changes TEXT;
ALTER TABLE outbox ADD COLUMN part TEXT;
