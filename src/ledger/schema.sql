-- The ledger, version 4. Times are milliseconds since 1970 UTC, days ISO 8601, amounts decimal text, hashes SHA-256.
-- Rows of flow, event and outbox are never changed or deleted; a piece changes its status, its
-- holder and its dossier, and by a correction its routing data, always with an event. Retention (src/ledger/prune.rs) empties rows of
-- what they say, and an event covers what is left of them. A migration runs this file too: hence IF NOT EXISTS.

CREATE TABLE IF NOT EXISTS flow (
    id         TEXT PRIMARY KEY,                     -- f-…: given at the claim
    mode       TEXT NOT NULL CHECK (mode IN ('edi', 'portail', 'service')),
    partner    TEXT NOT NULL,
    name       BLOB NOT NULL,                        -- as dropped, bytes
    size       INTEGER NOT NULL,
    sha256     BLOB,                                 -- NULL: over the limit, not read
    syntax     TEXT NOT NULL,
    outcome    TEXT NOT NULL CHECK (outcome IN ('accepted', 'partial', 'refused', 'held', 'duplicate')),
    first      TEXT REFERENCES flow (id),            -- of a duplicate: the deposit that it repeats
    decided_at INTEGER NOT NULL,
    filed      TEXT NOT NULL,                        -- its file's last place below the spool
    findings   TEXT NOT NULL,                        -- JSON
    rules      TEXT NOT NULL                         -- version of the rules that judged it
) STRICT;

-- T-10: the same bytes from the same partner.
CREATE INDEX IF NOT EXISTS flow_bytes ON flow (partner, sha256) WHERE outcome IN ('accepted', 'partial');
-- Chorus Pro's names, whose sequence serves once: 41 bytes.
CREATE INDEX IF NOT EXISTS flow_name ON flow (partner, name) WHERE length(name) = 41;
-- The list of flows, and their counts by state.
CREATE INDEX IF NOT EXISTS flow_outcome ON flow (outcome, decided_at);
CREATE INDEX IF NOT EXISTS flow_partner ON flow (partner, outcome, decided_at);

CREATE TABLE IF NOT EXISTS piece (
    seq              INTEGER PRIMARY KEY,            -- order of deposit
    id               TEXT NOT NULL UNIQUE,           -- p-…
    flow             TEXT NOT NULL REFERENCES flow (id) DEFERRABLE INITIALLY DEFERRED,
    entry            INTEGER,                        -- of an archive: its place among the entries, from 0
    member           TEXT,                           -- and its name there
    cadre            TEXT,
    type             TEXT,
    number           TEXT,
    issued           TEXT,
    supplier_type    INTEGER,
    supplier_id      TEXT,
    supplier_name    TEXT,
    supplier_key     TEXT,                           -- SIREN, else type and whole id: what G1.42 compares
    destinataire     TEXT,
    destinataire_name TEXT,
    moe              TEXT,
    moa              TEXT,
    valideur1        TEXT,
    valideur2        TEXT,
    service          TEXT,
    moe_service      TEXT,
    moa_service      TEXT,
    seller_service   TEXT,
    engagement       TEXT,
    marche           TEXT,
    marche_moa       TEXT,
    dossier          TEXT REFERENCES dossier (id),    -- NULL: refused, or an A10
    ht               TEXT,
    vat              TEXT,
    ttc              TEXT,
    due              TEXT,
    currency         TEXT,
    mode             TEXT NOT NULL,
    partner          TEXT NOT NULL,
    deposited_at     INTEGER NOT NULL,
    holder_role      TEXT,
    holder           TEXT,                           -- who must act; NULL: nobody
    live             INTEGER NOT NULL CHECK (live IN (0, 1)),  -- 0: refused, its number is free again
    status           TEXT NOT NULL,
    status_at        INTEGER NOT NULL
) STRICT;

-- G1.42: number, year of issue and supplier are unique among pièces not refused.
CREATE UNIQUE INDEX IF NOT EXISTS piece_unique ON piece (supplier_key, number, substr(issued, 1, 4)) WHERE live = 1;
CREATE INDEX IF NOT EXISTS piece_flow ON piece (flow);
CREATE INDEX IF NOT EXISTS piece_number ON piece (number, supplier_key);
CREATE INDEX IF NOT EXISTS piece_marche ON piece (marche, number);
CREATE INDEX IF NOT EXISTS piece_dossier ON piece (dossier);
-- A search is led by one of these (src/ledger/search.rs): entries of one value are in order of deposit, and need no sorting.
CREATE INDEX IF NOT EXISTS piece_cadre ON piece (cadre);
CREATE INDEX IF NOT EXISTS piece_status ON piece (status);
CREATE INDEX IF NOT EXISTS piece_issued ON piece (issued);
CREATE INDEX IF NOT EXISTS piece_partner ON piece (partner);
CREATE INDEX IF NOT EXISTS piece_supplier ON piece (supplier_id);
CREATE INDEX IF NOT EXISTS piece_destinataire ON piece (destinataire);
CREATE INDEX IF NOT EXISTS piece_moe ON piece (moe);
CREATE INDEX IF NOT EXISTS piece_moa ON piece (moa);
-- Data that few pièces have, and values that few have: what nearly all have is found at once without an index.
CREATE INDEX IF NOT EXISTS piece_type ON piece (type) WHERE type <> '380';
CREATE INDEX IF NOT EXISTS piece_mode ON piece (mode) WHERE mode <> 'edi';
CREATE INDEX IF NOT EXISTS piece_valideur1 ON piece (valideur1) WHERE valideur1 IS NOT NULL;
CREATE INDEX IF NOT EXISTS piece_valideur2 ON piece (valideur2) WHERE valideur2 IS NOT NULL;
CREATE INDEX IF NOT EXISTS piece_service ON piece (service) WHERE service IS NOT NULL;
CREATE INDEX IF NOT EXISTS piece_holder_role ON piece (holder_role) WHERE holder_role IS NOT NULL;
-- The stock: counted here alone, by cadre and status, those that are there longest first.
CREATE INDEX IF NOT EXISTS piece_stock ON piece (cadre, status, status_at);
-- What awaits a structure in a role; and its own pièces that were refused, the depositor's by the cadre
-- (src/ledger/synthese.rs holds it to the matrix).
CREATE INDEX IF NOT EXISTS piece_holder ON piece (holder, holder_role) WHERE holder IS NOT NULL;
CREATE INDEX IF NOT EXISTS piece_refused ON piece (
    (CASE WHEN cadre IN ('A15', 'A16', 'A17', 'A18', 'A24') THEN moe WHEN cadre IN ('A19', 'A20', 'A25') THEN moa
     ELSE supplier_id END), status_at) WHERE live = 0;
-- Whose delay may be over: read up to the day that matters, and no further.
CREATE INDEX IF NOT EXISTS piece_valideur_waits ON piece (status, status_at) WHERE status IN ('A_VALIDER_1', 'A_VALIDER_2');
CREATE INDEX IF NOT EXISTS piece_moe_waits ON piece (status_at)
    WHERE status = 'MISE_A_DISPOSITION_MOE' AND cadre IN ('A4', 'A13');

-- The pièces of one payment cycle.
CREATE TABLE IF NOT EXISTS dossier (
    id       TEXT PRIMARY KEY,                       -- d-…: from the pièce that opened it
    number   TEXT NOT NULL,                          -- that pièce's
    supplier TEXT NOT NULL,                          -- and its seller: a number alone may be ambiguous
    merged   TEXT REFERENCES dossier (id)            -- the dossier that it went into; NULL: it stands for itself
) STRICT;
CREATE INDEX IF NOT EXISTS dossier_number ON dossier (number);

-- Which earlier pièce a pièce associates, in the order in which it cites them.
CREATE TABLE IF NOT EXISTS link (
    piece   TEXT NOT NULL REFERENCES piece (id),
    n       INTEGER NOT NULL,                        -- from 1
    earlier TEXT NOT NULL REFERENCES piece (id),
    kind    TEXT NOT NULL CHECK (kind IN ('associates', 'replaces')),
    PRIMARY KEY (piece, n)
) STRICT, WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS link_earlier ON link (earlier);

CREATE TABLE IF NOT EXISTS event (
    seq     INTEGER PRIMARY KEY,                     -- gapless from 1
    subject TEXT NOT NULL,                           -- f-… or p-…
    n       INTEGER NOT NULL,                        -- gapless from 1 within its subject
    status  TEXT NOT NULL,
    at      INTEGER NOT NULL,
    by      TEXT,
    motif   TEXT,
    comment TEXT,
    facts   BLOB,                                    -- first event: hash of its subject's row
    hash    BLOB NOT NULL,                           -- of this row and of the hash before it
    via     TEXT,                                    -- of an act: the flow that brought it; NULL: a command, or guichet
    changes TEXT,                                    -- of a correction: what was and what is, JSON
    UNIQUE (subject, n)
) STRICT;

CREATE INDEX IF NOT EXISTS event_requeued ON event (subject) WHERE status = 'requeued';
CREATE INDEX IF NOT EXISTS event_pruned ON event (subject) WHERE status = 'pruned';
-- Which pièces a flow acted upon.
CREATE INDEX IF NOT EXISTS event_via ON event (via) WHERE via IS NOT NULL;

CREATE TABLE IF NOT EXISTS outbox (
    id       INTEGER PRIMARY KEY,
    flow     TEXT,                                   -- the flow that it answers, or that brought the pièce
    piece    TEXT,                                   -- of a pièce's file: the pièce
    partner  TEXT NOT NULL,
    tray     TEXT NOT NULL CHECK (tray IN ('comptes-rendus', 'statuts', 'pieces')),
    sequence INTEGER NOT NULL,
    name     TEXT NOT NULL,
    sha256   BLOB NOT NULL,
    bytes    BLOB,                                   -- what was rendered; NULL: the bytes of the deposit
    renderer TEXT NOT NULL,
    at       INTEGER NOT NULL,
    part     TEXT,                                   -- which attachment of the pièce; NULL: the pièce's own bytes
    UNIQUE (partner, sequence)
) STRICT;

-- What a flow was answered; what was delivered of a pièce.
CREATE INDEX IF NOT EXISTS outbox_flow ON outbox (flow) WHERE flow IS NOT NULL;
CREATE INDEX IF NOT EXISTS outbox_piece ON outbox (piece) WHERE piece IS NOT NULL;

-- What a depositor adds to a suspended pièce: it is no deposit, so its bytes are here.
CREATE TABLE IF NOT EXISTS supplement (
    piece  TEXT NOT NULL REFERENCES piece (id),
    event  INTEGER NOT NULL,                         -- the event (n) that it came with
    n      INTEGER NOT NULL,                         -- from 1
    name   TEXT NOT NULL,
    sha256 BLOB NOT NULL,
    bytes  BLOB NOT NULL,
    PRIMARY KEY (piece, event, n)
) STRICT;

-- Rows of the outbox whose file may still be staged.
CREATE TABLE IF NOT EXISTS unpublished (id INTEGER PRIMARY KEY REFERENCES outbox (id)) STRICT;

-- What is being pruned: flows and their pièces, whose rows may be emptied now, and the files of the flows, which may
-- still be there; 'statuts': life-cycle flows, which belong to no flow.
CREATE TABLE IF NOT EXISTS pruning (
    subject TEXT PRIMARY KEY,
    filed   TEXT                                     -- of a flow: where its file was
) STRICT, WITHOUT ROWID;

-- The next number in a partner's outbound names: the first five of its fifteen digits are this partner's alone.
CREATE TABLE IF NOT EXISTS sequence (partner TEXT PRIMARY KEY, next INTEGER NOT NULL) STRICT, WITHOUT ROWID;

CREATE TRIGGER IF NOT EXISTS flow_kept     BEFORE DELETE ON flow   BEGIN SELECT RAISE(ABORT, 'flows are kept'); END;
CREATE TRIGGER IF NOT EXISTS flow_fixed    BEFORE UPDATE ON flow   WHEN OLD.id NOT IN (SELECT subject FROM pruning)
    BEGIN SELECT RAISE(ABORT, 'flows do not change'); END;
CREATE TRIGGER IF NOT EXISTS event_kept    BEFORE DELETE ON event  BEGIN SELECT RAISE(ABORT, 'events are kept'); END;
CREATE TRIGGER IF NOT EXISTS event_fixed   BEFORE UPDATE ON event  WHEN OLD.subject NOT IN (SELECT subject FROM pruning)
    BEGIN SELECT RAISE(ABORT, 'events do not change'); END;
CREATE TRIGGER IF NOT EXISTS outbox_kept   BEFORE DELETE ON outbox BEGIN SELECT RAISE(ABORT, 'what was sent is kept'); END;
CREATE TRIGGER IF NOT EXISTS outbox_fixed  BEFORE UPDATE ON outbox
    WHEN coalesce(OLD.piece, OLD.flow, OLD.tray) NOT IN (SELECT subject FROM pruning)
    BEGIN SELECT RAISE(ABORT, 'what was sent does not change'); END;
CREATE TRIGGER IF NOT EXISTS link_kept     BEFORE DELETE ON link   BEGIN SELECT RAISE(ABORT, 'links are kept'); END;
CREATE TRIGGER IF NOT EXISTS link_fixed    BEFORE UPDATE ON link   BEGIN SELECT RAISE(ABORT, 'links do not change'); END;
CREATE TRIGGER IF NOT EXISTS supplement_kept  BEFORE DELETE ON supplement BEGIN SELECT RAISE(ABORT, 'supplements are kept'); END;
CREATE TRIGGER IF NOT EXISTS supplement_fixed BEFORE UPDATE ON supplement
    WHEN OLD.piece NOT IN (SELECT subject FROM pruning)
    BEGIN SELECT RAISE(ABORT, 'supplements do not change'); END;
CREATE TRIGGER IF NOT EXISTS piece_kept    BEFORE DELETE ON piece  BEGIN SELECT RAISE(ABORT, 'pièces are kept'); END;
