-- From version 3: retention may empty rows. These triggers now ask whether it is at work; the schema makes them anew.

DROP TRIGGER IF EXISTS flow_fixed;
DROP TRIGGER IF EXISTS event_fixed;
DROP TRIGGER IF EXISTS outbox_fixed;
DROP TRIGGER IF EXISTS supplement_fixed;
