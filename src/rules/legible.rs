//! Layer *legible*: a known kind of document, and the data without which nothing can be routed.

use super::{Case, Check, Finding, Findings, Layer, Rule, Severity};
use crate::error::shown;
use crate::msg;
use crate::piece::depot::{self, Form, Named, Presence, Slip};
use crate::piece::{Actor, Day, NotAPiece, Number, Piece};
use crate::text::{Msg, Shown, Text, counted, same, t};
use crate::trade::Mode;
use crate::xml::{Doc, NodeId, Place};

const fn rule(
    id: &'static str,
    terms: &'static [&'static str],
    says: Text,
    why: Text,
    example: Text,
    mend: Text,
    check: Option<Check>,
) -> Rule {
    let (layer, severity, source) = (Layer::Legible, Severity::Error, "guichet; EN 16931-1 for the terms");
    Rule { id, layer, severity, terms, says, why, source, example, mend, check }
}

#[rustfmt::skip]
static TABLE: [Rule; 18] = [
    rule("L-01", &[],
        t("la racine est Invoice ou CreditNote (UBL 2.1) ou CrossIndustryInvoice (D16B)", "the root is Invoice or CreditNote (UBL 2.1) or CrossIndustryInvoice (D16B)"),
        t("guichet lit ces trois documents ; l'espace de noms compte autant que le nom", "guichet reads these three documents; the namespace counts as much as the name"),
        same("<Facture>"),
        t("exportez la facture en UBL 2.1 ou en CII D16B", "export the invoice as UBL 2.1 or CII D16B"), None),
    rule("L-02", &[],
        t("une archive ne contient pas d'archive", "an archive holds no archive"),
        t("des logiciels emballent deux fois par mégarde ; l'archive intérieure n'est pas ouverte", "some software packs twice by mistake; the inner archive is not opened"),
        same("lot.tar.gz!lot.tar.gz"),
        t("mettez les pièces elles-mêmes dans l'archive", "put the pièces themselves into the archive"), None),
    rule("L-03", &[],
        t("un PDF embarque la facture en XML, ou un formulaire de dépôt l'accompagne", "a PDF carries the invoice as XML, or a deposit form comes with it"),
        t("guichet ne devine rien de ce qui n'est que dessiné : numéro, acteurs et montants se lisent dans le XML ou le formulaire",
          "guichet guesses nothing from what is only drawn: number, actors and amounts are read from the XML or the form"),
        t("une facture scannée", "a scanned invoice"),
        t("embarquez le XML dans le PDF sous le nom factur-x.xml (PDF/A-3, /AF et /EmbeddedFiles : c'est une Factur-X), ou déposez à côté un formulaire <nom>.depot.xml qui nomme le PDF",
          "embed the XML in the PDF under the name factur-x.xml (PDF/A-3, /AF and /EmbeddedFiles: that is a Factur-X), or drop a form <name>.depot.xml beside it that names the PDF"), None),
    rule("L-04", &["BT-1", "BT-2", "BT-29"],
        t("un flux de cycle de vie (CPPStatut) dit pour chaque acte le fournisseur, le numéro de la pièce et le statut", "a life-cycle flow (CPPStatut) says for each act the supplier, the pièce's number and the status"),
        t("sans eux on ne sait pas quoi faire, ni de quelle pièce", "without them nobody knows what to do, nor to which pièce"),
        same("<CPPFactureStatutUnitaire> … <IdFacture/>"),
        t("complétez l'acte indiqué et redéposez ce flux ; les autres actes du même flux sont faits", "complete the act shown and drop the flow again; the other acts of the same flow are done"), None),
    rule("L-05", &["BG-24"],
        t("chaque fichier qu'un formulaire de dépôt nomme est à côté de lui, et d'abord le fichier principal", "every file that a deposit form names is beside it, the main file before all"),
        t("une pièce se juge et se transmet avec tout ce qui l'accompagne", "a pièce is judged and handed on with all that comes with it"),
        same("<principal>situation.pdf</principal>"),
        t("redéposez ensemble le formulaire <nom>.depot.xml et tous les fichiers qu'il nomme, sous ces noms et dans le même répertoire",
          "drop the form <name>.depot.xml again, together with all the files that it names, under these names and in the same directory"), Some(files)),
    rule("L-06", &["BT-1"],
        t("une pièce a un numéro", "a pièce has a number"),
        t("le numéro, l'année et le fournisseur identifient la pièce", "number, year and supplier identify the pièce"),
        same("<cbc:ID></cbc:ID>"),
        t("donnez le numéro : UBL ID, CII ExchangedDocument/ID", "give the number: UBL ID, CII ExchangedDocument/ID"), Some(number)),
    rule("L-07", &["BT-2"],
        t("une pièce a une date d'émission qui est un jour du calendrier", "a pièce has an issue date that is a day of the calendar"),
        t("l'année fait partie de l'identité de la pièce, et les délais comptent des jours", "the year is part of the pièce's identity, and delays count days"),
        same("20260231"),
        t("donnez la date : UBL IssueDate 2026-03-31, CII DateTimeString 20260331", "give the date: UBL IssueDate 2026-03-31, CII DateTimeString 20260331"), Some(issued)),
    rule("L-08", &["BT-106", "BT-109", "BT-110", "BT-112", "BT-115", "BT-131"],
        t("un montant est un nombre décimal : signe, chiffres, un point", "an amount is a decimal number: a sign, digits, one point"),
        t("ni virgule, ni espace, ni exposant : un autre lecteur y lirait une autre somme", "no comma, space or exponent: another reader would read another sum"),
        same("1,000.00 · 1e3 · NaN"),
        t("écrivez 1000.00", "write 1000.00"), Some(amounts)),
    rule("L-09", &["BT-29", "BT-30"],
        t("le fournisseur est identifié, avec un type d'identifiant connu", "the supplier is identified, with a known type of identifier"),
        t("sans lui la pièce n'est à personne", "without it the pièce is nobody's"),
        same("<ram:ID schemeID=\"XX\">123</ram:ID>"),
        t("donnez le SIRET avec schemeID=\"1\" (autres types : 2 TVA intracommunautaire, 3 hors UE, 4 RIDET, 5 TAHITI, 6 en cours, 7 particulier)",
          "give the SIRET with schemeID=\"1\" (other types: 2 EU VAT number, 3 outside EU, 4 RIDET, 5 TAHITI, 6 being registered, 7 person)"), Some(supplier)),
    rule("L-10", &["BT-46", "BT-47"],
        t("le destinataire (ou le MOA) est identifié par son SIRET", "the destinataire (or the MOA) is identified by its SIRET"),
        t("sans lui personne ne reçoit la pièce", "without it nobody receives the pièce"),
        same("<cac:AccountingCustomerParty/>"),
        t("donnez le SIRET de l'acheteur : UBL PartyIdentification/ID, CII SpecifiedLegalOrganization/ID", "give the buyer's SIRET: UBL PartyIdentification/ID, CII SpecifiedLegalOrganization/ID"), Some(recipient)),
    rule("L-11", &["BT-23"],
        t("les deux endroits qui portent le cadre disent le même", "the two places that carry the cadre say the same"),
        t("ProfileID et l'extension de l'AIFE ne peuvent pas se contredire", "ProfileID and AIFE's extension cannot contradict each other"),
        same("ProfileID A4, CategoryCode A10"),
        t("mettez le même cadre aux deux endroits, ou retirez l'un des deux", "put the same cadre in both places, or remove one of them"), Some(carriers)),
    rule("L-12", &[],
        t("l'acteur du bloc valideur a un type d'identifiant connu", "the actor in the valideur block has a known type of identifier"),
        t("sans lui on ne sait pas à qui la pièce va d'abord", "without it nobody knows whom the pièce goes to first"),
        same("<cac:AgentParty>…<cbc:ID>9110000240001</cbc:ID>"),
        t("donnez le SIRET de la MOE ou du valideur, 14 chiffres, avec schemeID=\"1\"", "give the SIRET of the MOE or the valideur, 14 digits, with schemeID=\"1\""), Some(valideur)),
    rule("L-13", &["BT-1", "BT-2", "BT-3", "BT-5", "BT-23", "BG-4", "BG-7", "BG-22"],
        t("ce qui n'existe qu'une fois dans une pièce n'est pas donné deux fois", "what a pièce has once is not given twice"),
        t("un logiciel lirait la première valeur, un autre la dernière", "some software would read the first value, some the last"),
        same("<cbc:ID>F-1</cbc:ID> … <cbc:ID>F-2</cbc:ID>"),
        t("gardez la bonne valeur et retirez l'autre", "keep the right value and remove the other"), Some(given_once)),
    rule("L-14", &[],
        t("un PDF embarque une facture et une seule", "a PDF carries one invoice and only one"),
        t("rien ne dit laquelle le PDF montre, ni laquelle un autre lecteur prendrait", "nothing says which of them the PDF shows, nor which another reader would take"),
        same("factur-x.xml + ZUGFeRD-invoice.xml"),
        t("embarquez un seul de ces fichiers ; une facture par PDF", "embed one of these files; one invoice a PDF"), None),
    rule("L-15", &[],
        t("un formulaire de dépôt arrive par le portail ou le service", "a deposit form comes by the portal or the service"),
        t("il tient lieu de l'écran de saisie ; l'EDI échange des flux que des logiciels lisent", "it stands for the screen of the portal; EDI exchanges flows that software reads"),
        same("in/edi/…/situation.depot.xml"),
        t("déposez le formulaire et ses fichiers dans in/portail ou in/service, ou la facture XML seule par EDI", "drop the form and its files in in/portail or in/service, or the XML invoice alone by EDI"), None),
    rule("L-16", &[],
        t("un formulaire de dépôt n'a que les champs de sa page, chacun une fois ; un fichier y est principal ou joint, pas les deux, et ils ne sont pas trop (limits.entries)",
          "a deposit form has the fields of its page only, each once; a file in it is the main one or an attachment, not both, and there are not too many (limits.entries)"),
        t("un champ mal nommé serait ignoré, un fichier nommé deux fois ne partirait qu'une : la pièce irait sans eux",
          "a field named wrongly would be ignored, a file named twice would go once: the pièce would go without them"),
        same("<marché>M-1</marché>"),
        t("corrigez le nom du champ d'après schemas/depot-1.xsd, ou retirez-le", "mend the field's name after schemas/depot-1.xsd, or remove it"), Some(page)),
    rule("L-17", &[],
        t("le formulaire de dépôt et la facture XML disent la même chose", "the deposit form and the XML invoice say the same"),
        t("on ne saurait pas lequel des deux croire", "nobody would know which of them to believe"),
        t("<ht>100.00</ht> et une facture de 120.00", "<ht>100.00</ht> and an invoice of 120.00"),
        t("corrigez l'un des deux, ou laissez ce champ du formulaire vide : la facture le dit", "mend one of them, or leave this field of the form out: the invoice says it"), Some(form_agrees)),
    rule("L-18", &[],
        t("un fichier qui n'est pas une pièce est nommé par un formulaire de dépôt", "a file that is no pièce is named by a deposit form"),
        t("seul, il ne dit ni de quelle pièce il est, ni à qui il va", "alone it says neither which pièce it belongs to nor where it goes"),
        same("plan.dwg"),
        t("déposez dans le même répertoire un formulaire <nom>.depot.xml qui le nomme", "drop a form <name>.depot.xml that names it in the same directory"), None),
];

/// The rules of this layer, in order.
pub static RULES: &[Rule] = &TABLE;

fn of(id: &str) -> &'static Rule {
    RULES.iter().find(|r| r.id == id).expect("the table has this rule")
}

/// A document that is none of the three; `place` is its root's.
pub fn not_a_piece(what: &NotAPiece, place: Place) -> Finding {
    let finding = match what {
        // Its acts are read; what is wrong with them is told one by one.
        NotAPiece::CppStatut => return no_acts(place),
        NotAPiece::DepositForm => of("L-05")
            .finding(msg!("ce formulaire de dépôt n'en porte pas le nom", "this deposit form has not the name of one"))
            .expected(msg!("<nom>.depot.xml, 1 Mio au plus", "<name>.depot.xml, 1 MiB at most"))
            .help(msg!(
                "nommez le formulaire <nom>.depot.xml, 1 Mio au plus, et redéposez-le avec ses fichiers",
                "name the form <name>.depot.xml, 1 MiB at most, and drop it again with its files"
            )),
        NotAPiece::Unknown { name, namespace } => {
            let (name, namespace) = (Shown(name).to_string(), Shown(namespace).to_string());
            let known = matches!(name.as_str(), "Invoice" | "CreditNote" | "CrossIndustryInvoice");
            let message = if known {
                msg!(
                    "la racine {name} n'est pas dans l'espace de noms de sa norme",
                    "the root {name} is not in the namespace of its standard"
                )
            } else {
                msg!("la racine {name} n'est pas celle d'une facture", "the root {name} is not that of an invoice")
            };
            of("L-01").finding(message).found(format!("{{{namespace}}}{name}")).expected(msg!(
                "Invoice, CreditNote (UBL 2.1) ou CrossIndustryInvoice (D16B)",
                "Invoice, CreditNote (UBL 2.1) or CrossIndustryInvoice (D16B)"
            ))
        }
    };
    finding.at(Some(place))
}

/// A life-cycle flow that asks for nothing.
pub fn no_acts(place: Place) -> Finding {
    let finding = of("L-04").finding(msg!("ce flux ne demande aucun acte", "this flow asks for no act"));
    finding.at(Some(place)).expected(msg!(
        "CPPFactureStatuts, avec un CPPFactureStatutUnitaire par acte",
        "CPPFactureStatuts, with a CPPFactureStatutUnitaire for each act"
    ))
}

/// An integration report, dropped where acts are.
pub fn report_not_acts(place: Place) -> Finding {
    let finding = of("L-04").finding(msg!(
        "c'est un compte rendu d'intégration (CPPFluxStatuts), pas des actes",
        "this is an integration report (CPPFluxStatuts), no acts"
    ));
    finding.at(Some(place)).found("CPPFluxStatuts").expected(Msg::same("CPPFactureStatuts"))
}

/// Acts, embedded in a PDF.
pub fn acts_in_a_pdf() -> Finding {
    of("L-04").finding(msg!(
        "ce PDF embarque des actes (CPPStatut) au lieu d'une facture",
        "acts (CPPStatut) are embedded in this PDF in an invoice's place"
    ))
}

/// An act without a datum that it needs.
pub fn act_lacks(name: &'static str, place: Place) -> Finding {
    let finding = of("L-04").finding(msg!("l'acte n'a pas de {name}", "the act has no {name}"));
    finding.at(Some(place)).expected(Msg::same(name))
}

/// An act with a datum that is too long to be one.
pub fn act_long(name: &'static str, text: &str, most: usize, place: Place) -> Finding {
    let finding = of("L-04").finding(msg!("{name} est trop long", "{name} is too long"));
    finding.at(Some(place)).found(text).expected(msg!("{most} caractères au plus", "{most} characters at most"))
}

/// An act whose status is none.
pub fn no_status(word: &str, place: Place) -> Finding {
    let shown = Shown(word).to_string();
    let finding = of("L-04").finding(msg!("{shown} n'est pas un statut", "{shown} is no status"));
    finding.at(Some(place)).found(word).expected(msg!(
        "un code de statut (docs/lifecycle.md), comme REFUSEE_MOE, ou son numéro",
        "a status's code (docs/lifecycle.md), such as REFUSEE_MOE, or its number"
    ))
}

/// An act that names its pièce's date, which is none.
pub fn act_date(word: &str, place: Place) -> Finding {
    let finding = of("L-04").finding(msg!("DateFacture n'est pas un jour", "DateFacture is no day"));
    finding.at(Some(place)).found(word).expected(Msg::same("2026-03-31"))
}

/// An archive inside an archive.
pub fn nested() -> Finding {
    of("L-02").finding(msg!(
        "c'est une archive dans l'archive : elle n'est pas ouverte",
        "this is an archive inside the archive: it is not opened"
    ))
}

/// A PDF in which no invoice is embedded; `others` are the names of what is.
pub fn nothing_embedded(others: &[String], mode: Mode) -> Finding {
    let mut finding = of("L-03")
        .finding(msg!("ce PDF n'embarque aucune facture", "no invoice is embedded in this PDF"))
        .expected(msg!(
            "un fichier embarqué nommé factur-x.xml (ou zugferd-invoice.xml, xrechnung.xml)",
            "an embedded file named factur-x.xml (or zugferd-invoice.xml, xrechnung.xml)"
        ));
    if mode == Mode::Edi {
        // A form beside it would be refused.
        finding = finding.help(msg!(
            "embarquez le XML dans le PDF sous le nom factur-x.xml (PDF/A-3, /AF et /EmbeddedFiles : c'est une Factur-X)",
            "embed the XML in the PDF under the name factur-x.xml (PDF/A-3, /AF and /EmbeddedFiles: that is a Factur-X)"
        ));
    }
    if others.is_empty() { finding } else { finding.found(listed(others)) }
}

/// A PDF in which several invoices are embedded.
pub fn several_embedded(names: &[String]) -> Finding {
    of("L-14")
        .finding(msg!("ce PDF embarque plusieurs factures", "several invoices are embedded in this PDF"))
        .found(listed(names))
        .expected(msg!("un seul de ces fichiers", "one of these files"))
}

/// A deposit form that came by a mode that has none.
pub fn form_by(mode: Mode, place: Place) -> Finding {
    of("L-15")
        .finding(msg!("le mode {mode} n'a pas de formulaire de dépôt", "the mode {mode} has no deposit forms"))
        .at(Some(place))
        .found(mode.name())
        .expected(msg!("portail ou service", "portail or service"))
}

/// A file that no form names and that is no pièce.
pub fn unnamed(bytes: &[u8]) -> Finding {
    let start: String = bytes.iter().take(8).map(|b| format!("{b:02x} ")).collect();
    of("L-18")
        .finding(msg!("aucun formulaire de dépôt ne nomme ce fichier", "no deposit form names this file"))
        .found(start.trim_end())
        .expected(msg!(
            "un XML, un PDF ou une archive, ou un formulaire qui le nomme",
            "an XML, a PDF or an archive, or a form that names it"
        ))
}

/// A main file that is neither a PDF nor an invoice.
pub fn not_a_main_file(found: &str) -> Finding {
    of("L-05")
        .finding(msg!("le fichier principal n'est ni un PDF ni du XML", "the main file is neither a PDF nor XML"))
        .found(found)
        .expected(msg!("un PDF, ou une facture UBL ou CII", "a PDF, or a UBL or CII invoice"))
        .help(msg!(
            "nommez en <principal> la pièce, en PDF ou en XML, et ce fichier en <piece-jointe>",
            "name the pièce in <principal>, as a PDF or XML, and this file in <piece-jointe>"
        ))
}

/// The files that the form names are there.
fn files(rule: &'static Rule, case: &Case<'_, '_>, found: &mut Findings) {
    let Some(form) = &case.piece.form else { return };
    if form.principal.is_none() {
        found.push(
            rule.finding(msg!("le formulaire ne nomme pas de fichier principal", "the form names no main file"))
                .at(Some(case.piece.place(case.piece.root())))
                .expected(msg!("<principal>, un PDF ou un XML", "<principal>, a PDF or an XML"))
                .help(msg!(
                    "ajoutez au formulaire <principal> avec le nom du fichier de la pièce",
                    "add <principal> to the form, with the name of the pièce's file"
                )),
        );
    }
    for file in &form.files {
        let message = match file.presence {
            // Their sizes are for the rules of attachments.
            Presence::Here(_) => continue,
            Presence::Missing => msg!("ce fichier n'est pas à côté du formulaire", "this file is not beside the form"),
            Presence::Unreadable => msg!("ce fichier ne peut pas être lu", "this file cannot be read"),
            Presence::Large(_) => {
                msg!("ce fichier est trop lourd pour un dépôt", "this file is too large for a deposit")
            }
            Presence::Taken => msg!("un autre formulaire nomme ce fichier", "another form names this file"),
            Presence::NoName => msg!(
                "ce n'est pas le nom d'un fichier à côté du formulaire",
                "this is not the name of a file beside the form"
            ),
        };
        let finding = rule.finding(message).at(Some(case.piece.place(file.name.at))).found(file.name.text);
        found.push(match what_helps(file, form) {
            Some(help) => finding.help(help),
            None => finding,
        });
    }
}

/// What helps where it is not to drop the file beside the form.
fn what_helps(file: &Named<'_>, form: &Form<'_>) -> Option<Msg> {
    let name = file.name.text;
    Some(match file.presence {
        Presence::Here(_) | Presence::Missing => return None,
        Presence::Unreadable => msg!(
            "redéposez ce fichier comme un fichier ordinaire et lisible, avec le formulaire",
            "drop this file again, as a plain file that can be read, with the form"
        ),
        Presence::Large(_) => msg!(
            "allégez ce fichier, ou répartissez-le, puis redéposez-le avec le formulaire",
            "make this file lighter, or part it, then drop it again with the form"
        ),
        Presence::Taken => msg!(
            "ne le nommez que dans un formulaire ; s'il va avec les deux, déposez-en une copie sous un autre nom",
            "name it in one form only; if it goes with both, drop a copy of it under another name"
        ),
        Presence::NoName if name == form.name => msg!(
            "ôtez ce nom : un formulaire ne se nomme pas lui-même",
            "remove this name: a form does not name itself"
        ),
        Presence::NoName if depot::is_called(name) && !name.contains(['/', '\\']) => msg!(
            "ôtez ce nom : c'est celui d'un autre formulaire, qui fait une pièce à lui seul",
            "remove this name: it is that of another form, which makes a pièce of its own"
        ),
        Presence::NoName => msg!(
            "donnez le nom seul, sans chemin, et déposez le fichier à côté du formulaire",
            "give the name alone, without a path, and drop the file beside the form"
        ),
    })
}

/// The form has the fields of its page only.
fn page(rule: &'static Rule, case: &Case<'_, '_>, found: &mut Findings) {
    let Some(form) = &case.piece.form else { return };
    for (slip, node) in form.slips() {
        let name = Shown(form.field(node)).to_string();
        let message = match slip {
            Slip::Unknown => msg!("le formulaire n'a pas de champ {name}", "the form has no field {name}"),
            Slip::Twice => msg!("le champ {name} est donné deux fois", "the field {name} is given twice"),
            Slip::Inside => msg!("un élément {name} dans un champ", "an element {name} inside a field"),
        };
        let finding = rule.finding(message).at(Some(case.piece.place(node))).found(name.clone());
        found.push(match crate::error::nearest(&name, depot::fields()).filter(|_| slip == Slip::Unknown) {
            Some(meant) => finding.expected(msg!("peut-être {meant}", "perhaps {meant}")),
            None => finding,
        });
    }
    let (named, most) = (form.named(), case.context.config.limits.entries.saturating_sub(1));
    if named > most {
        let files = counted(named, ["fichier", "fichiers"], ["file", "files"]);
        let message = msg!("le formulaire nomme ", "the form names ") + files;
        let finding = rule.finding(message).at(Some(case.piece.place(form.root())));
        found.push(finding.found(named.to_string()).expected(msg!("{most} au plus", "{most} at most")).help(msg!(
            "regroupez les fichiers, ou répartissez-les sur plusieurs pièces",
            "put files together, or part them among several pièces"
        )));
    }
    for twice in form.attachments.iter().filter(|name| form.principal.is_some_and(|main| main.text == name.text)) {
        let message = msg!(
            "ce fichier est à la fois le fichier principal et une pièce jointe",
            "this file is both the main file and an attachment"
        );
        found.push(rule.finding(message).at(Some(case.piece.place(twice.at))).found(twice.text).help(msg!(
            "ne le nommez qu'en <principal> ; ou nommez en <piece-jointe> le fichier que vous vouliez joindre",
            "name it in <principal> only; or name in <piece-jointe> the file that was meant"
        )));
    }
}

/// The form and the invoice say the same.
fn form_agrees(rule: &'static Rule, case: &Case<'_, '_>, found: &mut Findings) {
    for differ in case.piece.form.iter().flat_map(|form| &form.disagreements) {
        let (datum, invoice) = (differ.datum, case.piece.place(differ.invoice.at));
        let (form, other) = (shown(differ.form.text), shown(differ.invoice.text));
        let finding = rule
            .finding(Msg::new(
                format!("{} : le formulaire dit {form}, la facture {other}", datum.fr),
                format!("{}: the form says {form}, the invoice {other}", datum.en),
            ))
            .at(Some(case.piece.place(differ.form.at)))
            .found(format!("{form} ≠ {other} ({}:{}, {})", invoice.line, invoice.column, invoice.path));
        found.push(finding);
    }
}

fn listed(names: &[String]) -> String {
    names.iter().map(|name| Shown(name).to_string()).collect::<Vec<_>>().join(", ")
}

fn number(rule: &'static Rule, case: &Case<'_, '_>, found: &mut Findings) {
    let p = case.piece;
    if p.number.is_none() {
        found.push(
            rule.finding(msg!("la pièce n'a pas de numéro", "the pièce has no number")).at(Some(p.place(p.root()))),
        );
    }
}

fn issued(rule: &'static Rule, case: &Case<'_, '_>, found: &mut Findings) {
    let p = case.piece;
    match p.issued {
        Some(Day { value: Some(_), .. }) => {}
        Some(day) => found.push(
            rule.finding(msg!(
                "la date d'émission n'est pas un jour du calendrier",
                "the issue date is no day of the calendar"
            ))
            .at(Some(p.place(day.raw.at)))
            .found(day.raw.text)
            .expected(msg!(
                "un jour comme 2026-03-31 (UBL) ou 20260331 (CII)",
                "a day like 2026-03-31 (UBL) or 20260331 (CII)"
            )),
        ),
        None => found.push(
            rule.finding(msg!("la pièce n'a pas de date d'émission", "the pièce has no issue date"))
                .at(Some(p.place(p.root()))),
        ),
    }
}

fn amounts(rule: &'static Rule, case: &Case<'_, '_>, found: &mut Findings) {
    let p = case.piece;
    each_number(p, &mut |n, _| {
        if n.value.is_none() && crate::piece::amount::shape(n.raw.text).is_none() {
            found.push(
                rule.finding(msg!("ce montant n'est pas un nombre", "this amount is no number"))
                    .at(Some(p.place(n.raw.at)))
                    .found(n.raw.text)
                    .expected(msg!("des chiffres et un point : 1000.00", "digits and a point: 1000.00")),
            );
        }
    });
}

fn supplier(rule: &'static Rule, case: &Case<'_, '_>, found: &mut Findings) {
    let p = case.piece;
    let place = || Some(p.place(p.seller.at.unwrap_or(p.root())));
    match p.supplier() {
        None => found.push(
            rule.finding(msg!("le fournisseur n'a pas d'identifiant", "the supplier has no identifier")).at(place()),
        ),
        Some(actor) if actor.kind.is_none() => {
            let message = msg!(
                "le type de l'identifiant du fournisseur est inconnu",
                "the type of the supplier's identifier is unknown"
            );
            found.push(unknown_kind(rule, case, actor, message));
        }
        Some(_) => {}
    }
}

fn valideur(rule: &'static Rule, case: &Case<'_, '_>, found: &mut Findings) {
    if let Some(actor) = case.piece.named_valideur().filter(|actor| actor.kind.is_none()) {
        let message = msg!(
            "le type de l'identifiant du bloc valideur est inconnu",
            "the type of the identifier in the valideur block is unknown"
        );
        found.push(unknown_kind(rule, case, actor, message));
    }
}

fn unknown_kind(rule: &'static Rule, case: &Case<'_, '_>, actor: Actor<'_>, message: Msg) -> Finding {
    rule.finding(message)
        .at(Some(case.piece.place(actor.id.at)))
        .found(format!("{} (schemeID {})", actor.id.text, actor.scheme.unwrap_or("–")))
        .expected(msg!("schemeID de 1 à 7 ; 14 chiffres pour un SIRET", "schemeID from 1 to 7; 14 digits for a SIRET"))
}

fn recipient(rule: &'static Rule, case: &Case<'_, '_>, found: &mut Findings) {
    let p = case.piece;
    match p.recipient() {
        None => found.push(
            rule.finding(msg!("le destinataire n'a pas d'identifiant", "the destinataire has no identifier"))
                .at(Some(p.place(p.buyer.at.unwrap_or(p.root())))),
        ),
        Some(actor) if actor.kind != Some(1) => found.push(
            rule.finding(msg!(
                "le destinataire n'est pas identifié par un SIRET",
                "the destinataire is not identified by a SIRET"
            ))
            .at(Some(p.place(actor.id.at)))
            .found(format!("{} (schemeID {})", actor.id.text, actor.scheme.unwrap_or("–")))
            .expected(msg!("un SIRET, schemeID 1", "a SIRET, schemeID 1")),
        ),
        Some(_) => {}
    }
}

fn carriers(rule: &'static Rule, case: &Case<'_, '_>, found: &mut Findings) {
    let p = case.piece;
    if let (Some(one), Some(other)) = (p.process, p.process_extension)
        && one.text != other.text
    {
        let (a, b) = (one.text, other.text);
        found.push(
            rule.finding(msg!("deux cadres différents : {a} et {b}", "two different cadres: {a} and {b}"))
                .at(Some(p.place(one.at)))
                .found(format!("{a} ≠ {b} ({})", p.place(other.at).path))
                .expected(msg!("le même cadre aux deux endroits", "the same cadre in both places")),
        );
    }
}

/// A number, a date, a total, a party: a second one that says something else is told. Values that are repeated the same
/// do no harm.
fn given_once(rule: &'static Rule, case: &Case<'_, '_>, found: &mut Findings) {
    let (p, t) = (case.piece, &case.piece.totals);
    let texts = [p.number, p.type_code, p.currency, p.process, p.issued.map(|d| d.raw)];
    let numbers = [t.line_net, t.allowances, t.charges, t.net, t.gross, t.prepaid, t.rounding, t.due];
    let texts = texts.into_iter().chain(numbers.map(|n| n.map(|n| n.raw))).flatten().map(|v| (v.at, Some(v.text)));
    let parties = [p.seller.at, p.buyer.at].into_iter().flatten().map(|at| (at, None));
    // Of the invoice: a form has a rule of its own.
    let single: Vec<(NodeId, Option<&str>)> = texts.chain(parties).filter(|(at, _)| !at.is_of_form()).collect();
    for other in p.doc.nodes() {
        let twin = single.iter().find(|(at, _)| *at != other && is_twin(p.doc, *at, other));
        let Some((at, text)) = twin else { continue };
        let says = p.doc.text(other).trim();
        if text.is_some_and(|text| says.is_empty() || says == text) {
            continue;
        }
        let name = p.doc.local(*at);
        let finding =
            rule.finding(msg!("{name} est donné deux fois", "{name} is given twice")).at(Some(p.place(other)));
        found.push(match text {
            Some(text) => finding.found(format!("{} ≠ {}", shown(text), shown(says))),
            None => finding,
        });
    }
}

/// Whether two elements have the same path from the root.
fn is_twin(doc: &Doc, one: NodeId, other: NodeId) -> bool {
    let (mut one, mut other) = (Some(one), Some(other));
    while let (Some(a), Some(b)) = (one, other) {
        if doc.name(a) != doc.name(b) {
            return false;
        }
        (one, other) = (doc.parent(a), doc.parent(b));
    }
    one.is_none() && other.is_none()
}

/// Every number that is money, with the decimals that it may have.
pub(super) fn each_number<'d>(p: &Piece<'d>, each: &mut dyn FnMut(Number<'d>, usize)) {
    let t = &p.totals;
    let header = [t.line_net, t.allowances, t.charges, t.net, t.gross, t.prepaid, t.rounding, t.due];
    for n in header.into_iter().flatten().chain(t.vat.iter().copied()) {
        each(n, 2);
    }
    for n in p.allowances_charges.iter().flat_map(|a| [a.amount, a.base]).flatten() {
        each(n, 2);
    }
    for n in p.vat.iter().flat_map(|v| [v.base, v.amount]).flatten() {
        each(n, 2);
    }
    for line in &p.lines {
        for n in [line.net, line.net_price, line.gross_price, line.discount, line.quantity].into_iter().flatten() {
            each(n, 6);
        }
        for n in line.allowances_charges.iter().flat_map(|a| [a.amount, a.base]).flatten() {
            each(n, 6);
        }
    }
}
