//! Life-cycle flows as partners drop them.

use super::world::MOA;

/// One act as a flow asks for it.
pub fn unit(seller: &str, number: &str, status: &str, comment: &str, by: &str) -> String {
    let comment = if comment.is_empty() { String::new() } else { format!("<Commentaire>{comment}</Commentaire>") };
    format!(
        "<CPPFactureStatutUnitaire NumOrdre=\"1\"><Fournisseur><TypeIdentifiant>1</TypeIdentifiant>\
         <Identifiant>{seller}</Identifiant><RaisonSociale>X</RaisonSociale></Fournisseur>\
         <Debiteur><Identifiant>{MOA}</Identifiant></Debiteur><DonneesStatut><IdStatut>00</IdStatut>\
         <ComplementStatut>{status}</ComplementStatut>{comment}<Horodatage>2026-11-02T12:00:00+01:00</Horodatage>\
         <Producteur Id=\"{by}\"/><IdFacture>{number}</IdFacture></DonneesStatut></CPPFactureStatutUnitaire>\n"
    )
}

/// A life-cycle flow that asks for acts.
pub fn flow(units: &[String]) -> Vec<u8> {
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<CPPStatut Version=\"1.0\"><CPPFactureStatuts compteur=\"{}\">\n{}\
         </CPPFactureStatuts></CPPStatut>",
        units.len(),
        units.concat()
    )
    .into_bytes()
}
