//! Works invoices to order, in UBL and in CII, from the same fields; and an annuaire that they fit.

use guichet::annuaire::Annuaire;
use guichet::trade::Cadre;

pub const TITULAIRE: &str = "91100001600012";
pub const MOE: &str = "91100002400016";
pub const MOA: &str = "91100003200019";
pub const STRANGER: &str = "91100004000012";
pub const COTRAITANT: &str = "91100005700016";
pub const SOUS_TRAITANT: &str = "91100006500019";
pub const SOUS_SOUS: &str = "91100007300013";
pub const DESTINATAIRE: &str = "91100008100016";

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    Ubl,
    UblCredit,
    Cii,
}

pub const BOTH: [Format; 2] = [Format::Ubl, Format::Cii];

/// The fields of an invoice; `None` leaves the element out.
#[derive(Clone, Debug)]
pub struct Build {
    pub format: Format,
    pub cadre: Option<String>,
    /// UBL only: AIFE's second carrier of the cadre.
    pub category: Option<String>,
    pub number: Option<String>,
    pub type_code: &'static str,
    /// As UBL writes it; CII gets it without dashes.
    pub issued: Option<String>,
    pub due_date: Option<String>,
    pub currency: Option<String>,
    /// `currencyID` of every amount.
    pub unit: Option<&'static str>,
    /// Scheme and identifier.
    pub seller: Option<(&'static str, String)>,
    pub buyer: Option<(&'static str, String)>,
    pub block: Option<(&'static str, String)>,
    pub service: Option<String>,
    pub seller_service: Option<String>,
    pub engagement: Option<String>,
    pub marche: Option<String>,
    pub earlier: Option<String>,
    /// Code and IBAN.
    pub means: Vec<(Option<&'static str>, Option<&'static str>)>,
    pub lines: Vec<&'static str>,
    pub line_net: Option<String>,
    pub allowances: Option<String>,
    pub charges: Option<String>,
    pub ht: Option<String>,
    pub vat: Option<String>,
    pub ttc: Option<String>,
    pub prepaid: Option<String>,
    pub rounding: Option<String>,
    pub due: Option<String>,
    /// Base and amount.
    pub breakdown: Vec<(&'static str, &'static str)>,
    /// Name and base64.
    pub attachments: Vec<(Option<String>, String)>,
}

impl Build {
    /// An A4 that breaks nothing.
    pub fn new(format: Format) -> Build {
        let some = |text: &str| Some(text.to_owned());
        Build {
            format,
            cadre: some("A4"),
            category: None,
            number: some("F-2026-001"),
            type_code: if format == Format::UblCredit { "381" } else { "380" },
            issued: some("2026-03-31"),
            due_date: None,
            currency: some("EUR"),
            unit: Some("EUR"),
            seller: Some(("1", TITULAIRE.to_owned())),
            buyer: Some(("1", MOA.to_owned())),
            block: None,
            service: None,
            seller_service: None,
            engagement: None,
            marche: some("M-1"),
            earlier: None,
            means: vec![(Some("30"), Some("FR7630006000011234567890189"))],
            lines: vec!["60.00", "40.00"],
            line_net: some("100.00"),
            allowances: None,
            charges: None,
            ht: some("100.00"),
            vat: some("20.00"),
            ttc: some("120.00"),
            prepaid: None,
            rounding: None,
            due: some("120.00"),
            breakdown: vec![("100.00", "20.00")],
            attachments: Vec::new(),
        }
    }

    /// A pièce of this cadre by the company that may sell it.
    pub fn of(format: Format, cadre: Cadre) -> Build {
        let seller = match cadre {
            Cadre::A10 => SOUS_TRAITANT,
            Cadre::A13 | Cadre::A14 => COTRAITANT,
            _ => TITULAIRE,
        };
        Build::new(format).with(|b| {
            b.cadre = Some(cadre.code().to_owned());
            b.seller = Some(("1", seller.to_owned()));
        })
    }

    pub fn with(mut self, change: impl FnOnce(&mut Build)) -> Build {
        change(&mut self);
        self
    }

    pub fn bytes(&self) -> Vec<u8> {
        match self.format {
            Format::Cii => self.cii(),
            _ => self.ubl(),
        }
        .into_bytes()
    }

    fn amount(&self, name: &str, value: Option<&str>) -> String {
        let unit = self.unit.map(|u| format!(" currencyID=\"{u}\"")).unwrap_or_default();
        value.map(|v| format!("<{name}{unit}>{v}</{name}>\n")).unwrap_or_default()
    }

    fn ubl(&self) -> String {
        let (root, kind) = match self.format {
            Format::UblCredit => ("CreditNote", "CreditNote"),
            _ => ("Invoice", "Invoice"),
        };
        let mut x = format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<{root} xmlns=\"urn:oasis:names:specification:ubl:schema:xsd:{root}-2\"\n \
             xmlns:cac=\"urn:oasis:names:specification:ubl:schema:xsd:CommonAggregateComponents-2\"\n \
             xmlns:cbc=\"urn:oasis:names:specification:ubl:schema:xsd:CommonBasicComponents-2\"\n \
             xmlns:ext=\"urn:oasis:names:specification:ubl:schema:xsd:CommonExtensionComponents-2\">\n"
        );
        if let Some(category) = &self.category {
            x += &format!(
                "<ext:UBLExtensions><ext:UBLExtension><ext:ExtensionContent><a:FactureExtension xmlns:a=\"urn:AIFE:Facture:Extension\">\
                 <a:CategoryCode>{category}</a:CategoryCode></a:FactureExtension></ext:ExtensionContent></ext:UBLExtension></ext:UBLExtensions>\n"
            );
        }
        x += &tag("cbc:ProfileID", &self.cadre);
        x += &tag("cbc:ID", &self.number);
        x += &tag("cbc:IssueDate", &self.issued);
        x += &tag("cbc:DueDate", &self.due_date);
        x += &format!("<cbc:{kind}TypeCode>{}</cbc:{kind}TypeCode>\n", self.type_code);
        x += &tag("cbc:DocumentCurrencyCode", &self.currency);
        x += &tag("cbc:BuyerReference", &self.service);
        x += &within("cac:OrderReference", tag("cbc:ID", &self.engagement));
        x += &within("cac:BillingReference/cac:InvoiceDocumentReference", tag("cbc:ID", &self.earlier));
        x += &within(
            "cac:ContractDocumentReference",
            self.marche
                .as_ref()
                .map(|m| format!("<cbc:ID>{m}</cbc:ID><cbc:DocumentType>Marché public</cbc:DocumentType>"))
                .unwrap_or_default(),
        );
        for (name, content) in &self.attachments {
            let name = name.as_ref().map(|n| format!(" filename=\"{n}\"")).unwrap_or_default();
            x += &format!(
                "<cac:AdditionalDocumentReference><cbc:ID>1</cbc:ID><cac:Attachment>\
                 <cbc:EmbeddedDocumentBinaryObject mimeCode=\"application/pdf\"{name}>{content}</cbc:EmbeddedDocumentBinaryObject>\
                 </cac:Attachment></cac:AdditionalDocumentReference>\n"
            );
        }
        let id = |who: &Option<(&str, String)>| {
            let inner = who.as_ref().map(|(s, id)| format!("<cbc:ID schemeName=\"{s}\">{id}</cbc:ID>"));
            within("cac:PartyIdentification", inner.unwrap_or_default())
        };
        let block = if self.block.is_some() {
            format!("<cac:AgentParty>{}</cac:AgentParty>", id(&self.block))
        } else {
            String::new()
        };
        x += &format!(
            "<cac:AccountingSupplierParty><cac:Party>{}<cac:PartyLegalEntity><cbc:RegistrationName>Vendeur</cbc:RegistrationName></cac:PartyLegalEntity>{}{block}</cac:Party></cac:AccountingSupplierParty>\n",
            id(&self.seller),
            within("cac:Contact", tag("cbc:ID", &self.seller_service)),
        );
        x += &format!(
            "<cac:AccountingCustomerParty><cac:Party>{}</cac:Party></cac:AccountingCustomerParty>\n",
            id(&self.buyer)
        );
        for (code, iban) in &self.means {
            x += "<cac:PaymentMeans>";
            x += &tag("cbc:PaymentMeansCode", code);
            x += &within("cac:PayeeFinancialAccount", tag("cbc:ID", iban));
            x += "</cac:PaymentMeans>\n";
        }
        let rows: String = self
            .breakdown
            .iter()
            .map(|(base, amount)| {
                let inner = self.amount("cbc:TaxableAmount", Some(base)) + &self.amount("cbc:TaxAmount", Some(amount));
                within("cac:TaxSubtotal", inner)
            })
            .collect();
        x += &within("cac:TaxTotal", self.amount("cbc:TaxAmount", self.vat.as_deref()) + &rows);
        let totals = [
            ("cbc:LineExtensionAmount", &self.line_net),
            ("cbc:TaxExclusiveAmount", &self.ht),
            ("cbc:TaxInclusiveAmount", &self.ttc),
            ("cbc:AllowanceTotalAmount", &self.allowances),
            ("cbc:ChargeTotalAmount", &self.charges),
            ("cbc:PrepaidAmount", &self.prepaid),
            ("cbc:PayableRoundingAmount", &self.rounding),
            ("cbc:PayableAmount", &self.due),
        ];
        x += &within("cac:LegalMonetaryTotal", totals.iter().map(|(n, v)| self.amount(n, v.as_deref())).collect());
        for net in &self.lines {
            let inner = format!("<cbc:ID>1</cbc:ID>{}", self.amount("cbc:LineExtensionAmount", Some(net)));
            x += &within(&format!("cac:{kind}Line"), inner);
        }
        x + &format!("</{root}>\n")
    }

    fn cii(&self) -> String {
        let day = |d: &Option<String>| {
            let text = d.as_ref().map(|d| d.replace('-', ""));
            tag("udt:DateTimeString", &text)
        };
        let party = |who: &Option<(&str, String)>| {
            let inner = who.as_ref().map(|(s, id)| format!("<ram:ID schemeID=\"{s}\">{id}</ram:ID>"));
            within("ram:SpecifiedLegalOrganization", inner.unwrap_or_default())
        };
        let lines: String = self
            .lines
            .iter()
            .map(|net| {
                let total = self.amount("ram:LineTotalAmount", Some(net));
                within(
                    "ram:IncludedSupplyChainTradeLineItem/ram:SpecifiedLineTradeSettlement/ram:SpecifiedTradeSettlementLineMonetarySummation",
                    total,
                )
            })
            .collect();
        let attachments: String = self
            .attachments
            .iter()
            .map(|(name, content)| {
                format!(
                    "<ram:AdditionalReferencedDocument>{}<ram:AttachmentBinaryObject mimeCode=\"application/pdf\">{content}</ram:AttachmentBinaryObject></ram:AdditionalReferencedDocument>\n",
                    tag("ram:IssuerAssignedID", name)
                )
            })
            .collect();
        let agreement = tag("ram:BuyerReference", &self.service)
            + &format!("<ram:SellerTradeParty><ram:Name>Vendeur</ram:Name>{}</ram:SellerTradeParty>\n", party(&self.seller))
            + &format!("<ram:BuyerTradeParty>{}</ram:BuyerTradeParty>\n", party(&self.buyer))
            + &within("ram:BuyerOrderReferencedDocument", tag("ram:IssuerAssignedID", &self.engagement))
            + &within(
                "ram:ContractReferencedDocument",
                self.marche.as_ref().map(|m| format!("<ram:IssuerAssignedID>{m}</ram:IssuerAssignedID><ram:ReferenceTypeCode>BC</ram:ReferenceTypeCode>")).unwrap_or_default(),
            )
            + &attachments;
        let means: String = self
            .means
            .iter()
            .map(|(code, iban)| {
                format!(
                    "<ram:SpecifiedTradeSettlementPaymentMeans>{}{}</ram:SpecifiedTradeSettlementPaymentMeans>\n",
                    tag("ram:TypeCode", code),
                    within("ram:PayeePartyCreditorFinancialAccount", tag("ram:IBANID", iban))
                )
            })
            .collect();
        let rows: String = self
            .breakdown
            .iter()
            .map(|(base, amount)| {
                let inner =
                    self.amount("ram:CalculatedAmount", Some(amount)) + &self.amount("ram:BasisAmount", Some(base));
                within("ram:ApplicableTradeTax", inner)
            })
            .collect();
        let totals = [
            ("ram:LineTotalAmount", &self.line_net),
            ("ram:ChargeTotalAmount", &self.charges),
            ("ram:AllowanceTotalAmount", &self.allowances),
            ("ram:TaxBasisTotalAmount", &self.ht),
            ("ram:TaxTotalAmount", &self.vat),
            ("ram:RoundingAmount", &self.rounding),
            ("ram:GrandTotalAmount", &self.ttc),
            ("ram:TotalPrepaidAmount", &self.prepaid),
            ("ram:DuePayableAmount", &self.due),
        ];
        let settlement = tag("ram:InvoiceIssuerReference", &self.seller_service)
            + &tag("ram:InvoiceCurrencyCode", &self.currency)
            + &(if self.block.is_some() {
                format!("<ram:InvoiceeTradeParty>{}</ram:InvoiceeTradeParty>\n", party(&self.block))
            } else {
                String::new()
            })
            + &means
            + &rows
            + &within("ram:SpecifiedTradePaymentTerms/ram:DueDateDateTime", day(&self.due_date))
            + &within(
                "ram:SpecifiedTradeSettlementHeaderMonetarySummation",
                totals.iter().map(|(n, v)| self.amount(n, v.as_deref())).collect(),
            )
            + &within("ram:InvoiceReferencedDocument", tag("ram:IssuerAssignedID", &self.earlier));
        format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<rsm:CrossIndustryInvoice xmlns:rsm=\"urn:un:unece:uncefact:data:standard:CrossIndustryInvoice:100\"\n \
             xmlns:ram=\"urn:un:unece:uncefact:data:standard:ReusableAggregateBusinessInformationEntity:100\"\n \
             xmlns:udt=\"urn:un:unece:uncefact:data:standard:UnqualifiedDataType:100\">\n\
             <rsm:ExchangedDocumentContext>{}</rsm:ExchangedDocumentContext>\n\
             <rsm:ExchangedDocument>{}<ram:TypeCode>{}</ram:TypeCode>{}</rsm:ExchangedDocument>\n\
             <rsm:SupplyChainTradeTransaction>{lines}<ram:ApplicableHeaderTradeAgreement>{agreement}</ram:ApplicableHeaderTradeAgreement>\n\
             <ram:ApplicableHeaderTradeSettlement>{settlement}</ram:ApplicableHeaderTradeSettlement>\n\
             </rsm:SupplyChainTradeTransaction></rsm:CrossIndustryInvoice>\n",
            within("ram:BusinessProcessSpecifiedDocumentContextParameter", tag("ram:ID", &self.cadre)),
            tag("ram:ID", &self.number),
            self.type_code,
            within("ram:IssueDateTime", day(&self.issued)),
        )
    }
}

/// An element; nothing where there is no text.
fn tag<T: AsRef<str>>(name: &str, text: &Option<T>) -> String {
    text.as_ref().map(|t| format!("<{name}>{}</{name}>\n", t.as_ref())).unwrap_or_default()
}

/// Elements around something; nothing where there is nothing.
fn within(path: &str, inner: String) -> String {
    if inner.is_empty() {
        return inner;
    }
    path.split('/').rev().fold(inner, |inner, name| format!("<{name}>{inner}</{name}>\n"))
}

/// An annuaire in which every pièce that [`Build::of`] makes finds its way, with other text for single files.
pub fn annuaire(change: impl Fn(&str, String) -> String) -> Annuaire {
    let structures: String = [
        (TITULAIRE, "Terrassements du Vallon"),
        (MOE, "Atelier des Ponts"),
        (MOA, "Commune de Valbrune"),
        (STRANGER, "Enrobés de la Plaine"),
        (COTRAITANT, "Charpentes du Lac"),
        (SOUS_TRAITANT, "Forages Bertin"),
        (SOUS_SOUS, "Peintures Colin"),
        (DESTINATAIRE, "Trésorerie de Valbrune"),
    ]
    .iter()
    .map(|(id, name)| format!("{id},1,{name},true,false,false,false\n"))
    .collect();
    let all = [TITULAIRE, MOE, MOA, STRANGER, COTRAITANT, SOUS_TRAITANT, SOUS_SOUS, DESTINATAIRE];
    let list = all.map(|id| format!("\"{id}\"")).join(", ");
    let files = [
        (
            "structures.csv",
            format!("id,id_type,name,active,service_required,engagement_required,either_required\n{structures}"),
        ),
        (
            "services.csv",
            format!(
                "siret,code,name,active,engagement_required\n{MOA},TRAVAUX,Travaux,true,false\n{MOA},CLOS,Fermé,false,false\n{MOA},ENG,Engagements,true,true\n"
            ),
        ),
        (
            "marches.toml",
            format!(
                "[[marche]]\nnumber = \"M-1\"\nmoa = \"{MOA}\"\nmoe = \"{MOE}\"\ntitulaire = \"{TITULAIRE}\"\n\
                 groupement = \"conjoint\"\nmandataire = \"{TITULAIRE}\"\ncotraitants = [\"{COTRAITANT}\"]\n\
                 sous_traitants = [{{ id = \"{SOUS_TRAITANT}\", of = \"{TITULAIRE}\" }}, {{ id = \"{SOUS_SOUS}\", of = \"{COTRAITANT}\" }}]\n"
            ),
        ),
        (
            "partners.toml",
            format!(
                "[[partner]]\nname = \"all\"\napp_code = \"ALL001\"\nstructures = [{list}]\nmodes = [\"edi\", \"portail\", \"service\"]\n\n\
                 [[partner]]\nname = \"stranger\"\napp_code = \"STR001\"\nstructures = [\"{STRANGER}\"]\nmodes = [\"edi\"]\n"
            ),
        ),
    ];
    let files = files.map(|(name, text)| change(name, text));
    Annuaire::from_texts(files.each_ref().map(String::as_str)).unwrap_or_else(|e| panic!("{e:#?}")).0
}

/// The annuaire as it is.
pub fn plain() -> Annuaire {
    annuaire(|_, text| text)
}

/// A deposit form: its fields in order, and the files that it names.
pub fn form(fields: &[(&str, &str)], principal: &str, attachments: &[&str]) -> Vec<u8> {
    let fields = fields.iter().copied().chain([("principal", principal)]);
    let fields = fields.chain(attachments.iter().map(|name| ("piece-jointe", *name)));
    let fields: String = fields.map(|(name, text)| format!("  <{name}>{text}</{name}>\n")).collect();
    format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Depot xmlns=\"urn:guichet:depot:1\">\n{fields}</Depot>\n")
        .into_bytes()
}

/// The fields of a form for a pièce of this cadre in the annuaire of [`annuaire`] and in the world of the tests.
pub fn page<'a>(cadre: &'a str, number: &'a str) -> Vec<(&'a str, &'a str)> {
    vec![
        ("cadre", cadre),
        ("type", "380"),
        ("numero", number),
        ("date", "2026-03-31"),
        ("devise", "EUR"),
        ("ht", "100.00"),
        ("tva", "20.00"),
        ("ttc", "120.00"),
        ("net-a-payer", "120.00"),
        ("fournisseur", TITULAIRE),
        ("fournisseur-nom", "Terrassements du Vallon"),
        ("moe", MOE),
        ("moa", MOA),
        ("marche", "M-1"),
    ]
}
