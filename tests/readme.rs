//! The README's console blocks, run: what it shows is what a user sees.
#![allow(clippy::unwrap_used, missing_docs)]

use std::path::Path;
use std::process::Command;

#[test]
fn the_console_blocks_of_the_readme_are_true() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let readme = std::fs::read_to_string(root.join("README.md")).unwrap();
    let mut commands = 0;
    for block in readme.split("```console\n").skip(1).map(|b| b.split("```").next().unwrap()) {
        let mut lines = block.lines().peekable();
        while let Some(line) = lines.next() {
            let command = line.strip_prefix("$ guichet ").unwrap_or_else(|| panic!("not a command: {line}"));
            let mut shown = String::new();
            while let Some(line) = lines.next_if(|l| !l.starts_with("$ ")) {
                shown.push_str(line);
                shown.push('\n');
            }
            let out = Command::new(env!("CARGO_BIN_EXE_guichet"))
                .args(command.split(' '))
                .current_dir(root)
                .env("GUICHET_LANG", "en")
                .env_remove("GUICHET_CONFIG")
                .output()
                .unwrap();
            assert_eq!(String::from_utf8_lossy(&out.stdout).trim_end(), shown.trim_end(), "{line}");
            commands += 1;
        }
    }
    assert!(commands > 1, "the README shows how it is used");
}
