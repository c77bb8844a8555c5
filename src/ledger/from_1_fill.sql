-- The second half of the way from version 1, once the tables of version 2 are there.

INSERT INTO flow SELECT * FROM flow_1;

INSERT INTO dossier (id, number, supplier, merged)
    SELECT 'd-' || substr(id, 3), number, supplier_id, NULL FROM piece_1 WHERE live = 1 AND cadre <> 'A10' ORDER BY seq;

INSERT INTO piece (
        seq, id, flow, cadre, type, number, issued, supplier_type, supplier_id, supplier_name, supplier_key, destinataire,
        destinataire_name, moe, moa, valideur1, valideur2, service, moe_service, moa_service, seller_service, engagement,
        marche, marche_moa, dossier, ht, vat, ttc, due, currency, mode, partner, deposited_at, holder_role, holder, live,
        status, status_at)
    SELECT
        seq, id, flow, cadre, type, number, issued, supplier_type, supplier_id, supplier_name, supplier_key, destinataire,
        destinataire_name, moe, moa, valideur1, valideur2, service, moe_service, moa_service, seller_service, engagement,
        marche, marche_moa, (SELECT id FROM dossier WHERE id = 'd-' || substr(piece_1.id, 3)), ht, vat, ttc, due, currency,
        mode, partner, deposited_at, holder_role, holder, live, status, status_at
    FROM piece_1 ORDER BY seq;

-- From now on no two partners get the same number: each goes on in numbers of its own.
UPDATE sequence SET next = (SELECT count(*) FROM sequence other WHERE other.partner <= sequence.partner) * 10000000000 + 1;

DROP TABLE piece_1;
DROP TABLE flow_1;
