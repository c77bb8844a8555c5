//! Acts: what someone may do to a pièce, in which status, with which words. THE table is `lifecycle::acts`; these rules
//! say what is wrong with an act that it does not allow. They are found by the decision, which knows the pièce.

use super::{Error, rule};
use crate::rules::Rule;
use crate::text::{same, t};

const TABLE_OF_ACTS: &str = "guichet, docs/lifecycle.md";
const API: &str = "Chorus Pro, codes of its API";

#[rustfmt::skip]
pub(super) const UNKNOWN: Rule =
    rule("T-40", Error, &["BT-1", "BT-29"],
        t("la pièce d'un acte est ici, et l'une de vos structures y a un rôle", "the pièce of an act is here, and one of your structures has a role in it"),
        t("nul n'agit sur la pièce des autres, ni n'apprend qu'elle existe", "nobody acts on others' pièces, nor learns that they exist"),
        "guichet", t("un numéro mal recopié", "a number copied wrongly"),
        t("recopiez l'identifiant du fournisseur et le numéro tels que les statuts les donnent", "copy the supplier's identifier and the number as the statuses give them"), None);
#[rustfmt::skip]
pub(super) const AMBIGUOUS: Rule =
    rule("T-41", Error, &["BT-1", "BT-2"],
        t("un acte désigne une seule pièce", "an act names one pièce only"),
        t("le même numéro peut servir une fois par an", "the same number may serve once a year"),
        "guichet", t("deux pièces du même numéro, de deux années", "two pièces of one number, of two years"),
        t("donnez aussi la date (DateFacture), ou l'identifiant p-…", "give the date too (DateFacture), or the id p-…"), None);
#[rustfmt::skip]
pub(super) const NOT_NOW: Rule =
    rule("T-42", Error, &[],
        t("un acte est possible dans l'état où est la pièce", "an act is possible in the status that the pièce has"),
        t("la pièce a pu avancer depuis : par un autre acte, par un délai, par une pièce qui l'associe", "the pièce may have moved on: by another act, a delay, or a pièce that associates it"),
        TABLE_OF_ACTS, t("valider une pièce que le délai a déjà fait avancer", "to validate a pièce that the delay has moved on"),
        t("faites un des actes possibles maintenant, s'il vous revient", "do one of the acts that are possible now, where it is yours to do"), None);
#[rustfmt::skip]
pub(super) const NOT_YOURS: Rule =
    rule("T-43", Error, &[],
        t("un acte est fait par la structure à qui il revient, par un partenaire qui agit pour elle", "an act is done by the structure whose it is, through a partner that acts for it"),
        t("chacun ne dispose que de ce qu'il détient", "everyone disposes of what they hold, and of nothing else"),
        TABLE_OF_ACTS, t("la MOA qui valide à la place du valideur", "the MOA validating in the valideur's place"),
        t("laissez faire la structure à qui l'acte revient, ou faites-vous habiliter pour elle", "leave it to the structure whose act it is, or be entitled for it"), None);
#[rustfmt::skip]
pub(super) const MOTIF: Rule =
    rule("T-44", Error, &[],
        t("un refus donne un motif connu, que cet acteur peut donner", "a refusal gives a known motif, one that this actor may give"),
        t("le motif dit si le déposant corrige l'acheminement ou si la pièce est finie", "the motif says whether the depositor corrects the routing or the pièce is at its end"),
        API, t("REFUS sans motif, ou MAUVAISE_MOA de la part de la MOE", "a refusal without motif, or MAUVAISE_MOA by the MOE"),
        t("donnez un des motifs admis", "give one of the motifs that are admitted"), None);
#[rustfmt::skip]
pub(super) const COMMENT: Rule =
    rule("T-45", Error, &[],
        t("un acte dit ce qu'il doit dire : un commentaire, un complément, 2 000 caractères au plus", "an act says what it must say: a comment, a supplement, 2,000 characters at most"),
        t("le déposant doit savoir quoi changer", "the depositor must know what to change"),
        API, t("AUTRE sans commentaire", "AUTRE without a comment"),
        t("écrivez pourquoi, en peu de mots", "write why, in few words"), None);
#[rustfmt::skip]
pub(super) const AMOUNT: Rule =
    rule("T-46", Error, &["BT-109", "BT-115"],
        t("un montant faux n'est pas un motif de refus", "a wrong amount is no ground for refusal"),
        t("depuis le 19 février 2025 (CCP, art. R. 2192-34) la somme admise est payée : la MOE ou la MOA met le bon montant dans sa propre pièce", "since 19 February 2025 (CCP, art. R. 2192-34) the sum admitted is paid: the MOE or the MOA puts the right amount in its own pièce"),
        "CCP, art. R. 2192-34", same("ERREUR_MONTANT"),
        t("laissez la pièce avancer et déposez la vôtre avec le bon montant", "let the pièce go on and deposit yours with the right amount"), None);
#[rustfmt::skip]
pub(super) const CORRECTION: Rule =
    rule("T-47", Error, &["BT-10", "BT-13", "BT-46"],
        t("une correction change la donnée d'acheminement en cause, et elle seule", "a correction changes the routing datum in question, and nothing else"),
        t("ce que la pièce facture ne change pas après son dépôt", "what the pièce bills does not change after its deposit"),
        API, t("corriger le montant ; redonner la même MOE", "to correct the amount; to give the same MOE again"),
        t("donnez la nouvelle valeur : `guichet act PIECE correct --as ID --set …`", "give the new value: `guichet act PIECE correct --as ID --set …`"), None);
#[rustfmt::skip]
pub(super) const NO_ACT: Rule =
    rule("T-48", Error, &[],
        t("un flux de cycle de vie demande des actes", "a life-cycle flow asks for acts"),
        t("certains statuts ne viennent que de guichet : dépôt, mise à disposition, délais", "some statuses come from guichet alone: deposit, making available, delays"),
        TABLE_OF_ACTS, same("<ComplementStatut>DEPOSEE</ComplementStatut>"),
        t("donnez le code du statut que l'acte cause", "give the code of the status that the act causes"), None);
#[rustfmt::skip]
pub(super) const ORIGINAL: Rule =
    rule("T-49", Error, &[],
        t("les octets d'une pièce qui change de main sont à leur place dans l'archive", "the bytes of a pièce that changes hands are in their place in the archive"),
        t("celui qui la reçoit doit recevoir ce qui a été déposé", "whoever receives it must receive what was deposited"),
        "guichet", t("le fichier a été retiré de archive/", "the file was taken out of archive/"),
        t("ce n'est pas votre faute : l'administrateur remet le fichier (`guichet verify`), puis refaites l'acte", "it is not your fault: the administrator puts the file back (`guichet verify`), then do the act again"), None);
