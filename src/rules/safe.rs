//! Layer *safe*: nothing is read that could harm, and what cannot be read says where it breaks.

use super::{Finding, Layer, Rule, Severity, quote};
use crate::flux::DecodeError;
use crate::flux::archive::{Fault, Limits, Odd};
use crate::flux::pdf::PdfError;
use crate::msg;
use crate::text::{Msg, Shown, counted, same, t};
use crate::xml::{XmlError, XmlErrorKind};

macro_rules! severity {
    () => {
        Severity::Error
    };
    ($severity:ident) => {
        Severity::$severity
    };
}

macro_rules! rules {
    ($($name:ident = $id:literal, $says:expr, $why:expr, $example:expr, $mend:expr $(, $severity:ident)?;)*) => {
        $(static $name: Rule = Rule {
            id: $id, layer: Layer::Safe, severity: severity!($($severity)?), terms: &[], says: $says, why: $why,
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
    DENIED = "X-15",
        t("guichet peut lire le fichier qu'il a pris", "guichet can read the file that it took"),
        t("ses droits ont changé depuis qu'il a été pris ; il est gardé de côté", "its rights have changed since it was taken; it is held"),
        same("chmod 000"),
        t("redéposez le fichier avec des droits de lecture", "drop the file again, readable");
    MORE = "X-16",
        t("ce qu'un flux a de faux se raconte en un nombre fini de phrases", "what is wrong with a flow is told in a finite number of sentences"),
        t("au-delà, un compte rendu serait plus lourd que ce dont il parle", "beyond that a report would be heavier than what it speaks of"),
        t("500 pièces qui ont chacune mille fautes", "500 pièces with a thousand faults each"),
        t("corrigez ce qui est dit, et déposez à nouveau : le reste se dira", "mend what is told, and drop it again: the rest will be told"), Warning;
    BROKEN_ARCHIVE = "X-20",
        t("une archive est entière et s'ouvre", "an archive is whole and opens"),
        t("un transfert interrompu ou abîmé ne laisse pas savoir ce qui manque ; le flux est gardé de côté", "a transfer that broke does not let anybody know what is missing; the flow is held"),
        t("un tar.gz coupé au milieu", "a tar.gz cut in the middle"),
        t("redéposez l'archive complète ; écrivez-la sous un nom en .part puis renommez-la", "drop the complete archive again; write it under a name that ends in .part, then rename it");
    ENTRIES = "X-21",
        t("une archive n'a pas plus d'entrées que la limite", "an archive has no more entries than the limit"),
        t("le temps et la mémoire pris par un flux sont bornés", "the time and memory that a flow takes are bounded"),
        t("100 000 entrées", "100,000 entries"),
        t("partagez l'envoi en plusieurs archives ; limite : [limits] entries", "split it into several archives; limit: [limits] entries");
    PIECES = "X-22",
        t("un flux n'apporte pas plus de pièces que la limite", "a flow brings no more pièces than the limit"),
        t("Chorus Pro prend 500 pièces par flux", "Chorus Pro takes 500 pièces a flow"),
        t("501 factures dans une archive", "501 invoices in one archive"),
        t("partagez l'envoi en plusieurs archives ; limite : [limits] pieces", "split it into several archives; limit: [limits] pieces");
    BOMB = "X-23",
        t("une archive ne se déplie pas au-delà de la limite", "an archive does not unpack beyond the limit"),
        t("une bombe de décompression remplirait la mémoire", "a decompression bomb would fill the memory"),
        t("10 Go de zéros dans 10 Mo", "10 GB of zeros in 10 MB"),
        t("partagez l'envoi en plusieurs archives ; limites : [limits] ratio et flow", "split it into several archives; limits: [limits] ratio and flow");
    TWICE = "X-24",
        t("deux membres d'une archive n'ont pas le même nom", "no two members of an archive have the same name"),
        t("le compte rendu ne pourrait pas dire duquel il parle, et des logiciels n'en voient qu'un", "the report could not say which of them it means, and some software sees one only"),
        t("a.xml deux fois", "a.xml twice"),
        t("donnez un nom à chaque membre", "give each member a name of its own");
    NO_PIECE = "X-25",
        t("une archive contient au moins une pièce", "an archive holds at least one pièce"),
        t("une archive vide vient le plus souvent d'une sélection de fichiers manquée", "an empty archive mostly comes from a selection of files that went wrong"),
        t("un zip vide", "an empty zip"),
        t("mettez-y les pièces en XML", "put the pièces in it, as XML");
    NOT_A_TAR = "X-26",
        t("un gzip contient un tar", "a gzip holds a tar"),
        t("un document seul se dépose tel quel", "a document alone is dropped as it is"),
        same("facture.xml.gz"),
        t("déposez le document sans le compresser, ou dans un tar.gz", "drop the document uncompressed, or in a tar.gz");
    LEAVES = "X-27",
        t("le nom d'un membre reste dans l'archive", "a member's name stays inside the archive"),
        t("un nom absolu ou qui remonte écraserait un autre fichier chez qui l'ouvre", "a name that is absolute or goes up would overwrite another file where it is unpacked"),
        same("../../etc/passwd"),
        t("emballez les fichiers par leur seul nom", "pack the files by their bare names");
    NOT_A_FILE = "X-28",
        t("un membre est un fichier ordinaire", "a member is an ordinary file"),
        t("un lien, un périphérique ou un tube ne contient pas de pièce", "a link, device or FIFO holds no pièce"),
        same("facture.xml -> /etc/passwd"),
        t("emballez le fichier lui-même, sans lien", "pack the file itself, not a link");
    LARGE_MEMBER = "X-29",
        t("un membre ne dépasse pas la taille permise à un document", "a member is no larger than a document may be"),
        t("la mémoire et le temps pris par un flux sont bornés", "the memory and time that a flow takes are bounded"),
        t("un XML de 70 Mio", "an XML file of 70 MiB"),
        t("allégez les pièces jointes ; limite : [limits] file", "lighten the attachments; limit: [limits] file");
    BROKEN_MEMBER = "X-30",
        t("un membre se lit : sans mot de passe, par une méthode connue, intact", "a member can be read: no password, a known method, undamaged"),
        t("les autres membres n'en pâtissent pas", "the other members do not suffer from it"),
        t("un zip protégé par mot de passe", "a zip with a password"),
        t("emballez à nouveau ce fichier, sans mot de passe (méthode deflate)", "pack this file again, without a password (method deflate)");
    DAMAGED_PDF = "X-31",
        t("un PDF s'ouvre, et le fichier qu'il embarque se déplie", "a PDF opens, and the file embedded in it unpacks"),
        t("un transfert abîmé ne laisse pas savoir ce qui manque ; le flux est gardé de côté", "a transfer that did damage does not let anybody know what is missing; the flow is held"),
        t("%PDF-1.7 … %%EOF, sans catalogue", "%PDF-1.7 … %%EOF, without a catalogue"),
        t("redéposez le PDF tel que le logiciel l'a produit ; s'il ne s'ouvre pas chez vous non plus, produisez-le à nouveau", "drop the PDF again as the software wrote it; if it does not open at your end either, write it again");
    ENCRYPTED_PDF = "X-32",
        t("un PDF n'est pas chiffré", "a PDF is not encrypted"),
        t("ce qu'il embarque ne peut pas être lu ; PDF/A-3, dont Factur-X est fait, l'interdit", "what is embedded in it cannot be read; PDF/A-3, which Factur-X is made of, forbids it"),
        same("trailer << /Encrypt 9 0 R … >>"),
        t("produisez le PDF sans mot de passe ni restriction de droits", "write the PDF without a password and without restrictions");
    PDF_BOMB = "X-33",
        t("un PDF ne se déplie pas au-delà de la limite, et se lit en un temps borné", "a PDF does not unpack beyond the limit, and is read in bounded time"),
        t("une bombe de décompression remplirait la mémoire", "a decompression bomb would fill the memory"),
        t("1 Go de zéros dans un factur-x.xml de 1 Mo", "1 GB of zeros in a factur-x.xml of 1 MB"),
        t("allégez les pièces jointes du XML ; limites : [limits] file et ratio", "lighten the attachments in the XML; limits: [limits] file and ratio");
    PDF_METHOD = "X-34",
        t("le fichier embarqué dans un PDF est compressé par une méthode connue", "the file embedded in a PDF is packed by a known method"),
        t("guichet déplie FlateDecode, ASCIIHexDecode et ASCII85Decode, qui sont ce que les logiciels emploient", "guichet unpacks FlateDecode, ASCIIHexDecode and ASCII85Decode, which are what software uses"),
        same("/Filter /LZWDecode"),
        t("embarquez le XML avec FlateDecode, ou sans compression", "embed the XML with FlateDecode, or unpacked");
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
    // A name may be as long as the document.
    let shown = |s: &str| quote(Shown(s).to_string());
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
            let nested = ["élément imbriqué", "éléments imbriqués"];
            DEEP.finding(
                msg!("plus de ", "more than ") + counted(*limit, nested, ["nested element", "nested elements"]),
            )
        }
        XmlErrorKind::TooManyNodes(limit) => {
            let elements = counted(*limit, ["élément", "éléments"], ["element", "elements"]);
            MANY.finding(msg!("plus de ", "more than ") + elements)
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

/// Findings that are not told one by one.
pub fn and_more(more: usize) -> Finding {
    let more = counted(more, ["autre constat", "autres constats"], ["more finding", "more findings"]);
    MORE.finding(msg!("et ", "and ") + more + msg!(" sur cette pièce", " of this pièce"))
}

/// A file that cannot be read.
pub fn denied(why: &str) -> Finding {
    DENIED.finding(msg!("le fichier ne peut pas être lu", "the file cannot be read")).found(Shown(why).to_string())
}

/// A fault of ours.
pub fn internal_fault() -> Finding {
    INTERNAL.finding(msg!("guichet n'a pas su juger ce document", "guichet could not judge this document"))
}

/// What is wrong with an archive as a whole.
pub fn archive<E>(fault: &Fault<E>, limits: &Limits) -> Finding {
    match fault {
        Fault::Broken { why } => BROKEN_ARCHIVE
            .finding(msg!("l'archive est coupée ou abîmée", "the archive is cut short or damaged"))
            .found(Shown(why).to_string()),
        Fault::Entries => {
            let most = limits.entries;
            let entries = counted(most, ["entrée", "entrées"], ["entry", "entries"]);
            ENTRIES
                .finding(msg!("l'archive a plus de ", "the archive has more than ") + entries)
                .expected(msg!("{most} au plus", "{most} at most"))
        }
        Fault::Bomb { limit } => BOMB
            .finding(msg!(
                "l'archive se déplie à plus de {limit} octets",
                "the archive unpacks to more than {limit} bytes"
            ))
            .expected(msg!("{limit} octets au plus", "{limit} bytes at most")),
        Fault::Twice { name } => TWICE
            .finding(msg!("deux membres de l'archive ont le même nom", "two members of the archive have the same name"))
            .found(Shown(name).to_string()),
        Fault::NotATar(kind) => NOT_A_TAR
            .finding(msg!("ce gzip ne contient pas un tar", "this gzip holds no tar"))
            .found(kind.name())
            .expected(msg!("un tar", "a tar")),
        Fault::Taking(_) => internal_fault(),
    }
}

/// Why a PDF gives no invoice, where that is not for want of one.
pub fn pdf(error: &PdfError) -> Finding {
    match error {
        PdfError::Cut => TRUNCATED
            .finding(msg!("le PDF s'arrête avant sa fin", "the PDF ends before its end"))
            .expected(msg!("%%EOF dans les 1024 derniers octets", "%%EOF in the last 1024 bytes")),
        PdfError::Encrypted => ENCRYPTED_PDF.finding(msg!("ce PDF est chiffré", "this PDF is encrypted")),
        PdfError::Bomb { limit } => PDF_BOMB
            .finding(msg!("ce PDF se déplie à plus de {limit} octets", "this PDF unpacks to more than {limit} bytes"))
            .expected(msg!("{limit} octets au plus", "{limit} bytes at most")),
        PdfError::Tangled => PDF_BOMB.finding(msg!(
            "lire ce PDF demande plus de travail qu'aucun PDF honnête de sa taille",
            "this PDF takes more work to read than any honest PDF of its size"
        )),
        PdfError::Method { filter } => PDF_METHOD
            .finding(msg!(
                "le fichier embarqué est compressé par une méthode qui n'est pas lue",
                "the embedded file is packed by a method that is not read"
            ))
            .found(Shown(filter).to_string())
            .expected(crate::text::Msg::same("FlateDecode")),
        PdfError::Damaged | PdfError::Nothing { .. } | PdfError::Several { .. } => DAMAGED_PDF.finding(msg!(
            "ce PDF est abîmé : son catalogue ou le fichier embarqué ne se lit pas",
            "this PDF is damaged: its catalogue or the embedded file cannot be read"
        )),
    }
}

fn pieces(n: usize) -> Msg {
    counted(n, ["pièce", "pièces"], ["pièce", "pièces"])
}

/// More pièces than a flow may bring.
pub fn too_many_pieces(most: usize) -> Finding {
    PIECES
        .finding(msg!("l'archive a plus de ", "the archive has more than ") + pieces(most))
        .expected(msg!("{most} au plus", "{most} at most"))
}

/// More attachments than the pièces of a flow may have together.
pub fn too_many_files(files: usize, most: usize) -> Finding {
    PIECES
        .finding(
            msg!("les pièces de l'archive ont ", "the pièces of the archive have ")
                + counted(files, ["pièce jointe", "pièces jointes"], ["attachment", "attachments"]),
        )
        .found(files.to_string())
        .expected(msg!("{most} au plus ([limits] entries)", "{most} at most ([limits] entries)"))
}

/// More acts than a flow may bring.
pub fn too_many_acts(acts: usize, most: usize) -> Finding {
    PIECES
        .finding(
            msg!("le flux demande plus de ", "the flow asks for more than ")
                + counted(most, ["acte", "actes"], ["act", "acts"]),
        )
        .found(acts.to_string())
        .expected(msg!("{most} au plus", "{most} at most"))
}

/// No pièce at all.
pub fn no_piece() -> Finding {
    NO_PIECE.finding(msg!("l'archive ne contient aucune pièce", "the archive holds no pièce"))
}

/// What is wrong with one member of an archive.
pub fn member(odd: &Odd, limits: &Limits) -> Finding {
    match odd {
        Odd::Leaves => LEAVES.finding(msg!("ce nom mène hors de l'archive", "this name leads out of the archive")),
        Odd::NotAFile => {
            NOT_A_FILE.finding(msg!("ce membre n'est pas un fichier ordinaire", "this member is no ordinary file"))
        }
        Odd::Large { size } => {
            let most = limits.member;
            LARGE_MEMBER
                .finding(msg!("ce membre dépasse {most} octets", "this member has more than {most} bytes"))
                .found(size.to_string())
                .expected(msg!("{most} au plus", "{most} at most"))
        }
        Odd::Encrypted => {
            BROKEN_MEMBER.finding(msg!("ce membre est protégé par un mot de passe", "this member has a password"))
        }
        Odd::Unreadable { why } => BROKEN_MEMBER
            .finding(msg!("ce membre est abîmé ou illisible", "this member is damaged or unreadable"))
            .found(Shown(why).to_string()),
    }
}
