//! Help in French: the definition in `cli` is English, and this table says each of its sentences again. A test holds
//! the two together.

use crate::text::Lang;
use clap::Command;

/// The definition of the command line, its help in a language.
pub fn in_language(lang: Lang, mut command: Command) -> Command {
    if lang == Lang::En {
        return command;
    }
    // Options that every command has, and --help itself, are only there once the whole is built.
    command.build();
    translate(command, "")
}

const TEMPLATE: &str = "{about-with-newline}\n{usage-heading} {usage}\n\n{all-args}{after-help}";

fn translate(command: Command, path: &str) -> Command {
    let about = sentence(path);
    let ids: Vec<String> = command.get_arguments().map(|arg| arg.get_id().to_string()).collect();
    let command = ids.into_iter().fold(command, |command, id| {
        let key = if COMMON.contains(&id.as_str()) { format!(".{id}") } else { format!("{path}.{id}") };
        let text = sentence(&key);
        let common = command.get_arguments().any(|arg| arg.get_id() == id.as_str() && arg.get_help_heading().is_some());
        let command = if common { command.mut_arg(&id, |arg| arg.help_heading("Options communes")) } else { command };
        command.mut_arg(id, |arg| match text {
            Some(text) => arg.help(text).long_help(text),
            None => arg,
        })
    });
    let names: Vec<String> = command.get_subcommands().map(|sub| sub.get_name().to_owned()).collect();
    let command = names.into_iter().fold(command, |command, name| {
        let below = if path.is_empty() { name.clone() } else { format!("{path} {name}") };
        command.mut_subcommand(name, |sub| translate(sub, &below))
    });
    let command = command.subcommand_help_heading("Commandes").help_template(TEMPLATE);
    match about {
        Some(about) => command.about(about).long_about(about),
        None => command,
    }
}

/// What every command has.
const COMMON: [&str; 6] = ["config", "lang", "format", "bom", "help", "version"];

fn sentence(key: &str) -> Option<&'static str> {
    FRENCH.iter().find(|(of, _)| *of == key).map(|(_, text)| *text)
}

#[rustfmt::skip]
static FRENCH: &[(&str, &str)] = &[
    // command, or command.option    what it does
    ("",                             "Juge, achemine et répond aux factures de travaux publics"),
    (".config",                      "La configuration ; sinon $GUICHET_CONFIG, sinon ./guichet.toml, sinon les valeurs par défaut"),
    (".lang",                        "Langue des messages ; sinon $GUICHET_LANG, sinon celle du système"),
    (".format",                      "Comment une liste est écrite : colonnes alignées, un objet par ligne, CSV ; markdown : `rules` seulement"),
    (".bom",                         "Commence le CSV par un indicateur d'ordre (BOM), pour les tableurs qui sinon ne reconnaissent pas l'UTF-8"),
    (".help",                        "Affiche cette aide"),
    (".version",                     "Affiche la version"),
    ("help",                         "Affiche cette aide ou celle d'une commande"),
    ("init",                         "Crée l'arborescence d'un guichet, avec des modèles commentés ; n'écrase jamais rien"),
    ("init.dir",                     "Où ; à défaut ici"),
    ("demo",                         "Un exemple complet : un annuaire, des flux, ce qui en sort, quoi essayer ensuite"),
    ("demo.dir",                     "Où ; il ne doit encore rien contenir"),
    ("run",                          "Surveille le spool et traite ce qui arrive, jusqu'à l'ordre d'arrêt"),
    ("batch",                        "Traite ce qui est là, une fois"),
    ("batch.strict",                 "Sort avec 1 si quelque chose a été refusé"),
    ("batch.restored",               "Le registre est une sauvegarde remise en place : rejuge les dépôts qu'il ne connaît pas, sous de nouveaux numéros d'envoi"),
    ("check",                        "Juge des fichiers sans les déposer"),
    ("check.files",                  "Des fichiers, ou des répertoires avec tous leurs fichiers ; « - » : l'entrée standard"),
    ("check.files_from",             "Aussi les fichiers nommés dans cette liste, un par ligne (« - » : l'entrée standard)"),
    ("check.mode",                   "Comme si le dépôt se faisait ainsi"),
    ("check.layer",                  "Juge par cette couche seulement (peut être répété)"),
    ("check.en16931",                "Juge aussi tout document selon EN 16931"),
    ("rules",                        "Le catalogue des règles, ou une règle en entier"),
    ("rules.id",                     "Une règle, en entier"),
    ("rules.layer",                  "Les règles de cette couche seulement (peut être répété)"),
    ("annuaire",                     "L'annuaire : structures, services, marchés, partenaires"),
    ("annuaire check",               "Dit ce qui ne va pas dans les fichiers de l'annuaire, et ne change rien"),
    ("annuaire load",                "Vérifie, puis met en vigueur : crée les répertoires des nouveaux partenaires, confie l'annuaire au guichet au travail"),
    ("annuaire show",                "Une structure, la fiche d'identité d'un marché, ou un partenaire"),
    ("annuaire show.id",             "Identifiant d'une structure, numéro d'un marché ou nom d'un partenaire"),
    ("deposit",                      "Dépose une pièce comme sur le portail : un formulaire est rempli, montré, jugé d'avance, puis déposé"),
    ("deposit.file",                 "Le fichier principal : une facture UBL ou CII, une Factur-X, ou un simple PDF"),
    ("deposit.cadre",                "Cadre de facturation (A4, A10…) ; sinon celui de la facture, sinon celui qui suit --from"),
    ("deposit.by",                   "La structure qui dépose"),
    ("deposit.partner",              "Le partenaire pour lequel déposer, quand plusieurs agissent pour la structure"),
    ("deposit.from",                 "La pièce que celle-ci suit et associe : numéro, acteurs et montants en sont repris"),
    ("deposit.set",                  "Un champ du formulaire (peut être répété) ; une valeur vide le laisse de côté"),
    ("deposit.attach",               "Un autre fichier à déposer avec lui (peut être répété)"),
    ("deposit.draft",                "Le garde en brouillon, sans rien déposer"),
    ("deposit.drafts",               "Liste les brouillons"),
    ("deposit.send",                 "Dépose un brouillon"),
    ("deposit.delete",               "Supprime un brouillon"),
    ("deposit.yes",                  "Dépose sans demander"),
    ("search",                       "Liste les pièces qui répondent à tous les critères, refusées comprises, dans l'ordre de dépôt"),
    ("search.role",                  "Avec --structure : le rôle qu'elle y tient ; seul : les pièces sur lesquelles ce rôle doit agir"),
    ("search.structure",             "Une structure, acteur de la pièce"),
    ("search.cadre",                 "Cadre de facturation (A4, A10…)"),
    ("search.kind",                  "Type de document (380, 381…)"),
    ("search.status",                "Statut (MISE_A_DISPOSITION_MOE…)"),
    ("search.marche",                "Numéro du marché"),
    ("search.dossier",               "Numéro du dossier, ou FOURNISSEUR/NUMÉRO"),
    ("search.number",                "Numéro de la pièce"),
    ("search.destinataire",          "Identifiant du destinataire"),
    ("search.siren",                 "Les neuf premiers chiffres du SIRET du destinataire"),
    ("search.service",               "Service du destinataire"),
    ("search.from",                  "Émise ce jour-là ou après (2026-01-31)"),
    ("search.to",                    "Émise ce jour-là ou avant"),
    ("search.mode",                  "Mode de dépôt"),
    ("search.partner",               "Partenaire qui l'a déposée"),
    ("search.limit",                 "Au plus tant de pièces"),
    ("search.after",                 "Seulement les pièces déposées après celle-ci (p-…)"),
    ("piece",                        "Une pièce et son histoire"),
    ("piece.id",                     "L'identifiant que montre guichet (p-…), ou FOURNISSEUR/NUMÉRO"),
    ("certificat",                   "Le certificat de dépôt d'une pièce : qui, quoi, quand, ses empreintes ; en texte, ou une page PDF"),
    ("certificat.id",                "L'identifiant que montre guichet (p-…), ou FOURNISSEUR/NUMÉRO"),
    ("certificat.pdf",               "Écrit le certificat dans ce fichier PDF ; n'écrase jamais rien"),
    ("dossier",                      "Un dossier entier : ses pièces, chacune avec son histoire"),
    ("dossier.number",               "Son numéro, ou FOURNISSEUR/NUMÉRO"),
    ("dossier.export",               "Écrit dans ce fichier ZIP les originaux, l'histoire (CSV, JSON) et une page de synthèse ; n'écrase jamais rien"),
    ("act",                          "Agit sur une pièce : valider, refuser, compléter, corriger, mettre en paiement…"),
    ("act.piece",                    "L'identifiant que montre guichet (p-…), ou FOURNISSEUR/NUMÉRO"),
    ("act.act",                      "Ce qui est fait"),
    ("act.by",                       "La structure qui agit"),
    ("act.motif",                    "Pourquoi, par un code : d'un refus, d'une suspension, d'un rejet"),
    ("act.comment",                  "Pourquoi, en mots"),
    ("act.set",                      "D'une correction : siret, service, engagement, valideur1, valideur2, moe, moa"),
    ("act.attach",                   "D'un complément : un fichier à ajouter à la pièce"),
    ("synthese",                     "Ce qui attend une structure : les pièces qu'elle détient, les actes qu'elle peut faire, jusqu'à quand ; les siennes qui ont été refusées"),
    ("synthese.structure",           "La structure"),
    ("synthese.role",                "Seulement ce qu'elle détient, ou a déposé, dans ce rôle"),
    ("synthese.hide_rejected",       "Sans ce qui a été refusé il y a plus de dix jours"),
    ("synthese.hide_delivered",      "Sans ce qui a été remis à un partenaire de la structure, et qu'il a pris"),
    ("synthese.limit",               "Au plus tant de pièces"),
    ("synthese.after",               "Seulement les pièces déposées après celle-ci (p-…)"),
    ("stock",                        "Tableau de bord : les pièces par cadre et par état, depuis quand, combien en retard"),
    ("stock.structure",              "Seulement les pièces dont cette structure est un acteur"),
    ("stock.role",                   "Avec --structure : le rôle qu'elle y tient ; seul : les pièces sur lesquelles ce rôle doit agir"),
    ("flows",                        "Suivi des flux : ce qui est arrivé, ce qui en est advenu, combien dans chaque état"),
    ("flows.partner",                "Partenaire qui l'a déposé"),
    ("flows.state",                  "État"),
    ("flows.from",                   "Traité ce jour-là ou après (2026-01-31)"),
    ("flows.to",                     "Traité ce jour-là ou avant"),
    ("flows.limit",                  "Au plus tant de flux"),
    ("flows.after",                  "Seulement les flux traités après celui-ci (f-…)"),
    ("flows.counts",                 "Le nombre de flux dans chaque état, au lieu des flux"),
    ("flow",                         "Un flux, ce qui y a été constaté et ce qui a été renvoyé"),
    ("flow.id",                      "L'identifiant du flux (f-…)"),
    ("replay",                       "Publie à nouveau les comptes rendus d'un flux : mêmes noms, mêmes octets"),
    ("replay.flow",                  "Le flux (f-…)"),
    ("requeue",                      "Remet au travail un flux mis de côté, comme un nouveau flux"),
    ("requeue.flow",                 "Le flux mis de côté (f-…)"),
    ("verify",                       "Contrôle le registre et le spool"),
    ("verify.backup",                "Contrôle cette sauvegarde du registre, seule, au lieu du registre et du spool"),
    ("status",                       "Est-il en marche, quel est son retard, qu'est-ce qui ne va pas"),
    ("backup",                       "Copie le registre, qu'un guichet soit au travail ou non"),
    ("backup.file",                  "Où va la copie : un fichier qui n'existe pas encore"),
    ("prune",                        "Conservation : vide de son contenu ce qui est fini depuis longtemps"),
    ("prune.older_than",             "Seulement ce qui est fini depuis ce temps : 10y (ans), 3650d (jours)"),
    ("prune.yes",                    "Le fait ; sinon dit seulement ce qui serait épuré"),
    ("completions",                  "Complétion pour un interpréteur de commandes"),
    ("completions.shell",            "Pour lequel"),
    ("man",                          "La page de manuel"),
    ("man.command",                  "La page de cette commande"),
    ("man.dir",                      "Écrit la page de chaque commande dans ce répertoire (`guichet-run.1`…), par-dessus d'anciennes"),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::definition;
    use std::collections::BTreeSet;

    /// Everything that has help in English.
    fn keys(command: &Command, path: &str, all: &mut BTreeSet<String>) {
        all.insert(path.to_owned());
        for arg in command.get_arguments() {
            let id = arg.get_id().as_str();
            all.insert(if COMMON.contains(&id) { format!(".{id}") } else { format!("{path}.{id}") });
        }
        for sub in command.get_subcommands().filter(|sub| sub.get_name() != "help" || path.is_empty()) {
            let below = if path.is_empty() { sub.get_name().to_owned() } else { format!("{path} {}", sub.get_name()) };
            keys(sub, &below, all);
        }
    }

    #[test]
    fn every_sentence_of_the_help_is_said_in_french_and_no_other() {
        let mut command = definition(Lang::En);
        command.build();
        let mut all = BTreeSet::new();
        keys(&command, "", &mut all);
        all.retain(|key| !key.starts_with("help ") && !key.starts_with("help."));
        let french: BTreeSet<String> = FRENCH.iter().map(|(key, _)| (*key).to_owned()).collect();
        assert_eq!(french, all);
        assert_eq!(french.len(), FRENCH.len(), "a key written twice");
    }

    #[test]
    fn both_definitions_hold() {
        for lang in [Lang::Fr, Lang::En] {
            definition(lang).debug_assert();
        }
    }
}
