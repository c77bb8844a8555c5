//! Layer *safe*: nothing is read that could harm, and what cannot be read says where it breaks.

use super::{Finding, Layer, Rule, Severity};
use crate::flux::DecodeError;
use crate::msg;
use crate::text::{Shown, same, t};
use crate::xml::{XmlError, XmlErrorKind};

macro_rules! rules {
    ($($name:ident = $id:literal, $says:expr, $why:expr, $example:expr, $mend:expr;)*) => {
        $(static $name: Rule = Rule {
            id: $id, layer: Layer::Safe, severity: Severity::Error, terms: &[], says: $says, why: $why,
            source: "guichet; XML 1.0, Namespaces in XML 1.0", example: $example, mend: $mend, check: None,
        };)*
        /// The rules of this layer, in order.
        pub static RULES: &[&Rule] = &[$(&$name),*];
    };
}

#[rustfmt::skip]
rules! {
    EMPTY = "X-01",
        t("un flux contient quelque chose", "a flow contains something"),
        t("un fichier vide vient le plus souvent d'un transfert interrompu", "an empty file mostly comes from a transfer that broke"),
        t("(0 octet)", "(0 bytes)"),
        t("redéposez le fichier complet", "drop the complete file again");
    UNRECOGNISED = "X-02",
        t("un flux est du XML, un PDF ou une archive", "a flow is XML, a PDF or an archive"),
        t("le format se reconnaît aux octets, jamais au nom", "the format is known from the bytes, never from the name"),
        same("MZ\\x90\\x00…"),
        t("déposez une facture UBL ou CII en XML", "drop a UBL or CII invoice in XML");
    ENCODING = "X-03",
        t("les octets sont du texte dans l'encodage déclaré (UTF-8 si rien n'est dit)", "the bytes are text in the declared encoding (UTF-8 if nothing is said)"),
        t("un octet mal lu changerait un nom ou un montant ; rien n'est jamais remplacé", "a byte read wrongly would change a name or an amount; nothing is ever replaced"),
        t("<?xml version=\"1.0\" encoding=\"UTF-8\"?> avec un é codé en ISO-8859-1", "<?xml version=\"1.0\" encoding=\"UTF-8\"?> with an é encoded in ISO-8859-1"),
        t("déclarez l'encodage réel dans la première ligne, ou enregistrez le fichier en UTF-8", "declare the real encoding in the first line, or save the file as UTF-8");
    MALFORMED = "X-04",
        t("le XML est bien formé", "the XML is well-formed"),
        t("un document mal formé n'a pas de sens sûr", "a document that is not well-formed has no certain meaning"),
        same("<cbc:ID>F-1</cbc:Id>"),
        t("corrigez la balise ou l'attribut indiqué ; un logiciel de facturation produit du XML bien formé", "mend the tag or attribute shown; invoicing software writes well-formed XML");
    TRUNCATED = "X-05",
        t("le document est complet", "the document is complete"),
        t("un transfert interrompu coupe le fichier ; le flux est gardé de côté", "a transfer that breaks cuts the file; the flow is held"),
        same("<Invoice><cbc:ID>F-1</cbc"),
        t("redéposez le fichier complet ; écrivez-le sous un nom en .part puis renommez-le", "drop the complete file again; write it under a name that ends in .part, then rename it");
    OUTSIDE = "X-06",
        t("un document a une racine et une seule, et rien autour", "a document has one root and only one, and nothing around it"),
        t("deux factures dans un fichier ne peuvent pas être attribuées", "two invoices in one file cannot be told apart"),
        same("<Invoice>…</Invoice><Invoice>…</Invoice>"),
        t("un fichier par facture, sans rien après la racine", "one file an invoice, with nothing after the root");
    DTD = "X-07",
        t("aucune déclaration DOCTYPE", "no DOCTYPE declaration"),
        t("une DTD permet des bombes d'entités et la lecture de fichiers du serveur", "a DTD allows entity bombs and reading the server's files"),
        same("<!DOCTYPE Invoice [<!ENTITY a \"aaaa\">]>"),
        t("supprimez la ligne DOCTYPE : UBL et CII n'en ont pas besoin", "remove the DOCTYPE line: UBL and CII need none");
    ENTITY = "X-08",
        t("seules les entités de XML lui-même", "only the entities of XML itself"),
        t("une entité non déclarée n'a pas de valeur", "an undeclared entity has no value"),
        same("&nbsp;"),
        t("écrivez le caractère lui-même, ou son numéro (&#160;)", "write the character itself, or its number (&#160;)");
    CHARACTER = "X-09",
        t("aucun caractère interdit par XML 1.0", "no character that XML 1.0 forbids"),
        t("ces caractères de contrôle trahissent un fichier abîmé", "these control characters show a damaged file"),
        same("&#0;"),
        t("retirez le caractère indiqué", "remove the character shown");
    DEEP = "X-10",
        t("pas plus d'éléments imbriqués que la limite", "no more nested elements than the limit"),
        t("aucune facture n'en a besoin ; la limite protège les autres flux", "no invoice needs them; the limit protects the other flows"),
        t("<a><a><a>… (1 000 000 de niveaux)", "<a><a><a>… (1,000,000 levels)"),
        t("produisez le document avec la structure de la norme ; limite : [limits] depth", "write the document in the standard's structure; limit: [limits] depth");
    MANY = "X-11",
        t("pas plus d'éléments que la limite", "no more elements than the limit"),
        t("la mémoire prise par un document est bornée", "the memory that a document takes is bounded"),
        t("3 000 000 de lignes", "3,000,000 lines"),
        t("partagez la facture ; limite : [limits] nodes", "split the invoice; limit: [limits] nodes");
    ATTRIBUTES = "X-12",
        t("pas plus d'attributs par élément que la limite", "no more attributes an element than the limit"),
        t("aucune facture n'en a besoin ; la limite protège les autres flux", "no invoice needs them; the limit protects the other flows"),
        same("<a b1=\"\" b2=\"\" … b100000=\"\"/>"),
        t("produisez le document avec les attributs de la norme ; limite : [limits] attributes", "write the document with the standard's attributes; limit: [limits] attributes");
    OVERSIZE = "X-13",
        t("un fichier ne dépasse pas la taille permise", "a file is no larger than allowed"),
        t("la mémoire et le temps pris par un flux sont bornés ; le fichier est gardé de côté sans être lu", "the memory and time that a flow takes are bounded; the file is held unread"),
        t("un XML de 70 Mio", "an XML file of 70 MiB"),
        t("allégez les pièces jointes ou partagez l'envoi ; limite : [limits] file", "lighten the attachments or split the flow; limit: [limits] file");
    INTERNAL = "X-14",
        t("guichet sait juger le document", "guichet can judge the document"),
        t("une faute de guichet ne doit coûter que ce flux : il est gardé de côté", "a fault of guichet's must cost this flow alone: it is held"),
        t("(une faute de programmation)", "(a programming fault)"),
        t("signalez-le avec le numéro du flux : ce n'est pas votre faute", "report it with the flow's number: it is not your fault");
}

/// Nothing in the file.
pub fn empty() -> Finding {
    EMPTY.finding(msg!("le fichier est vide", "the file is empty"))
}

/// Bytes of no known format.
pub fn unrecognised(bytes: &[u8]) -> Finding {
    let start: String = bytes.iter().take(8).map(|b| format!("{b:02x} ")).collect();
    UNRECOGNISED
        .finding(msg!(
            "ces octets ne sont ni du XML, ni un PDF, ni une archive",
            "these bytes are neither XML nor a PDF nor an archive"
        ))
        .found(start.trim_end())
        .expected(msg!("un document XML commence par <", "an XML document begins with <"))
}

/// Bytes that are no text in their encoding.
pub fn encoding(e: &DecodeError) -> Finding {
    let name = Shown(&e.encoding).to_string();
    match e.offset {
        Some(at) => ENCODING
            .finding(msg!("l'octet n° {at} n'a pas de sens en {name}", "byte no. {at} makes no sense in {name}"))
            .found(format!("{name}, @{at}")),
        None => ENCODING.finding(msg!("encodage inconnu : {name}", "unknown encoding: {name}")).found(name),
    }
}

/// What the reader of XML refused.
pub fn xml(e: &XmlError) -> Finding {
    let shown = |s: &str| Shown(s).to_string();
    let finding = match &e.kind {
        XmlErrorKind::NoRoot => EMPTY.finding(msg!("le document n'a aucun élément", "the document has no element")),
        XmlErrorKind::Truncated { open, .. } if open.is_empty() => TRUNCATED
            .finding(msg!("le document s'arrête dans sa première balise", "the document ends in its first tag")),
        XmlErrorKind::Truncated { open, line } => {
            let open = shown(open);
            TRUNCATED
                .finding(msg!(
                    "le document s'arrête avant la fin de <{open}>, ouvert ligne {line}",
                    "the document ends before <{open}>, opened on line {line}, does"
                ))
                .expected(msg!("</{open}>", "</{open}>"))
        }
        XmlErrorKind::MismatchedEnd { open, found } => {
            let (open, found) = (shown(open), shown(found));
            MALFORMED
                .finding(msg!("</{found}> ferme <{open}>", "</{found}> closes <{open}>"))
                .found(format!("</{found}>"))
                .expected(msg!("</{open}>", "</{open}>"))
        }
        XmlErrorKind::OutsideRoot => OUTSIDE.finding(msg!(
            "il y a quelque chose hors de l'élément racine",
            "there is something outside the root element"
        )),
        XmlErrorKind::Doctype => {
            DTD.finding(msg!("le document a une déclaration DOCTYPE", "the document has a DOCTYPE declaration"))
        }
        XmlErrorKind::UndeclaredEntity(name) => {
            let name = shown(name);
            ENTITY
                .finding(msg!("l'entité &{name}; n'existe pas", "there is no entity &{name};"))
                .found(format!("&{name};"))
        }
        XmlErrorKind::UndeclaredPrefix(prefix) => {
            let prefix = shown(prefix);
            MALFORMED
                .finding(msg!(
                    "le préfixe {prefix} ne désigne aucun espace de noms",
                    "the prefix {prefix} stands for no namespace"
                ))
                .found(prefix.clone())
                .expected(msg!(
                    "xmlns:{prefix}=\"…\" sur cet élément ou au-dessus",
                    "xmlns:{prefix}=\"…\" on this element or above"
                ))
        }
        XmlErrorKind::DuplicateAttribute(name) => {
            let name = shown(name);
            MALFORMED
                .finding(msg!("l'attribut {name} est donné deux fois", "the attribute {name} is given twice"))
                .found(name)
        }
        XmlErrorKind::ForbiddenCharacter(code) => {
            let code = format!("U+{code:04X}");
            CHARACTER.finding(msg!("XML interdit le caractère {code}", "XML forbids the character {code}")).found(code)
        }
        XmlErrorKind::TooDeep(limit) => {
            DEEP.finding(msg!("plus de {limit} éléments imbriqués", "more than {limit} nested elements"))
        }
        XmlErrorKind::TooManyNodes(limit) => {
            MANY.finding(msg!("plus de {limit} éléments", "more than {limit} elements"))
        }
        XmlErrorKind::TooManyAttributes(limit) => ATTRIBUTES.finding(msg!(
            "plus de {limit} attributs ou espaces de noms",
            "more than {limit} attributes or namespaces"
        )),
        XmlErrorKind::Malformed(detail) => {
            let detail = shown(detail);
            MALFORMED.finding(msg!("XML mal formé : {detail}", "not well-formed: {detail}"))
        }
    };
    finding.at(Some(e.place.clone()))
}

/// A file over the limit; sizes in bytes.
pub fn oversize(size: u64, limit: u64) -> Finding {
    OVERSIZE
        .finding(msg!("le fichier dépasse la taille permise", "the file is larger than allowed"))
        .found(format!("{size}"))
        .expected(msg!("au plus {limit} octets", "at most {limit} bytes"))
}

/// A fault of ours.
pub fn internal_fault() -> Finding {
    INTERNAL.finding(msg!("guichet n'a pas su juger ce document", "guichet could not judge this document"))
}
