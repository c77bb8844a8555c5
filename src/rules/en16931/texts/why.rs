//! Why a rule exists, where several rules share the reason.

use crate::text::{Text, t};

pub(super) const ACCOUNT: Text =
    t("sans compte, le virement ne part pas", "without an account the transfer cannot leave");
pub(super) const ADDRESS: Text = t(
    "la facture est acheminée par cette adresse, que le schéma seul rend lisible",
    "the invoice is routed by this address, which only the scheme makes readable",
);
pub(super) const AMOUNT: Text =
    t("sans montant, les totaux ne se recalculent pas", "without the amount the totals cannot be computed again");
pub(super) const BARE: Text = t(
    "la norme fixe déjà la liste ou n'en veut pas : l'attribut ne peut que la contredire",
    "the standard already fixes the list or wants none: the attribute can only contradict it",
);
pub(super) const BOTH: Text = t(
    "l'acheteur déclare la taxe à la place du vendeur : l'administration rapproche les deux",
    "the buyer declares the tax in the seller's place: the tax office matches the two",
);
pub(super) const BREAKDOWN: Text = t(
    "la TVA déduite ou reversée se lit dans la ventilation, catégorie par catégorie",
    "VAT deducted or paid over is read in the breakdown, category by category",
);
pub(super) const CATEGORY: Text = t(
    "la TVA se calcule par catégorie : un montant sans catégorie n'entre dans aucune base",
    "VAT is computed by category: an amount without one falls into no base",
);
pub(super) const CENTS: Text = t(
    "un montant se paie au centime : davantage de décimales fausse les sommes",
    "amounts are paid to the cent: more decimals spoil the sums",
);
pub(super) const CODES: Text =
    t("un programme ne comprend qu'un code de la liste", "a program understands only a code of the list");
pub(super) const COUNTRY: Text =
    t("le pays décide du droit et de la TVA qui s'appliquent", "the country decides which law and which VAT apply");
pub(super) const CURRENCY: Text =
    t("un montant dans une devise inconnue ne se paie pas", "an amount in an unknown currency cannot be paid");
pub(super) const EMPTY_PERIOD: Text = t("une période sans date ne dit rien", "a period without a date says nothing");
pub(super) const EXPORTER: Text = t(
    "l'exportateur doit prouver son droit à ne pas facturer la taxe",
    "the exporter must prove the right to charge no tax",
);
pub(super) const FILE: Text = t(
    "le destinataire doit pouvoir ranger et ouvrir la pièce",
    "the receiver must be able to file and open the attachment",
);
pub(super) const KNOWN: Text = t(
    "qui facture la taxe, ou s'en dit dispensé, doit être connu de l'administration",
    "who charges the tax, or claims to be freed from it, must be known to the tax office",
);
pub(super) const MIXED: Text = t(
    "une opération hors champ ne se mêle pas aux autres sur une même facture",
    "a supply outside the scope does not mix with others on one invoice",
);
pub(super) const MOTIVE: Text = t(
    "la loi veut sur la facture le motif pour lequel aucune taxe n'est due",
    "the law wants on the invoice the reason why no tax is due",
);
pub(super) const NO_MOTIVE: Text =
    t("un motif d'exonération contredit la catégorie", "an exemption reason contradicts the category");
pub(super) const NO_RATE: Text =
    t("zéro est un taux : hors champ, il n'y en a pas", "zero is a rate: outside the scope there is none");
pub(super) const NO_TAX: Text =
    t("aucune taxe n'est facturée dans cette catégorie", "no tax is charged in this category");
pub(super) const OBJECT: Text = t(
    "l'objet facturé et la pièce justificative s'écrivent au même endroit : seul le type les distingue",
    "invoiced object and supporting document are written in the same place: only the type tells them apart",
);
pub(super) const ONCE: Text =
    t("de deux valeurs, chaque programme prend la sienne", "of two values each program takes its own");
pub(super) const OUTSIDE: Text = t(
    "un numéro de TVA dit l'opération dans le champ de la taxe : il contredit la catégorie",
    "a VAT number says that the supply is within the scope of the tax: it contradicts the category",
);
pub(super) const PAYEE: Text = t(
    "l'argent part vers le bénéficiaire : il doit être unique, et distinct du vendeur",
    "the money goes to the payee: it must be one, and other than the seller",
);
pub(super) const PERIOD: Text = t(
    "une période à l'envers ne dit pas quand les travaux ont été faits",
    "a period turned round does not say when the work was done",
);
pub(super) const PRICE: Text = t(
    "c'est la quantité ou une remise qui rend une ligne négative, jamais le prix",
    "a quantity or an allowance makes a line negative, never the price",
);
pub(super) const QUANTITY: Text = t(
    "quantité, unité et prix unitaire permettent de contrôler le montant de la ligne",
    "quantity, unit and unit price let the line's amount be checked",
);
pub(super) const REASON: Text = t(
    "un montant retiré ou ajouté sans motif ne peut être contrôlé",
    "an amount taken off or added without a reason cannot be checked",
);
pub(super) const RECAPITULATIVE: Text = t(
    "les deux numéros servent à l'état récapitulatif des échanges européens",
    "the two numbers serve the recapitulative statement of European trade",
);
pub(super) const REGIONAL: Text = t("le taux d'un impôt n'est jamais négatif", "the rate of a tax is never negative");
pub(super) const REGISTER: Text = t(
    "un numéro nu est ambigu : le code dit quel registre l'a donné",
    "a bare number is ambiguous: the code says which register gave it",
);
pub(super) const REPRESENTATIVE: Text = t(
    "c'est le représentant qui répond de la TVA à la place du vendeur",
    "the representative answers for the VAT in the seller's place",
);
pub(super) const SAME: Text = t(
    "le lecteur lit les mots, le programme lit le code : chacun croit le sien",
    "the reader reads the words, the program reads the code: each believes its own",
);
pub(super) const SCHEME: Text =
    t("un code sans sa liste peut en désigner plusieurs", "a code without its list may mean several things");
pub(super) const SUBSET: Text = t(
    "la norme n'en a pas l'usage : le destinataire ne le lira pas",
    "the standard has no use for it: the receiver will not read it",
);
pub(super) const SUM: Text = t(
    "le destinataire refait le calcul : un écart bloque le paiement",
    "the receiver computes again: a difference blocks the payment",
);
pub(super) const TAXED: Text =
    t("un taux nul relève d'une autre catégorie", "a rate of zero belongs to another category");
pub(super) const TOTALS: Text =
    t("l'acheteur contrôle et mandate sur les totaux", "the buyer checks and pays by the totals");
