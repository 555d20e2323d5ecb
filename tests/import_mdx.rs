//! `cidiand words import --from mdx` on files packed by a real program, `mdict-utils` (tests/run installs it into
//! `target/mdict-utils`). If the program is not installed, the test prints so and tries nothing; the importer's own
//! tests use files made by hand.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// The interpreter that has `mdict-utils`.
fn python() -> Option<PathBuf> {
    let own = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/mdict-utils/bin/python3");
    let python = std::env::var_os("CIDIAN_TEST_MDICT_PYTHON").map_or(own, PathBuf::from);
    if !python.exists() {
        eprintln!("not tried: {} is not there; tests/run makes it", python.display());
        return None;
    }
    Some(python)
}

fn import(directory: &Path, file: &str) -> (Option<i32>, String, Vec<String>) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_cidiand"));
    command.current_dir(directory).env_clear().stdin(Stdio::null());
    let out = command.args(["words", "import", "--from", "mdx", file, "-o", "out.txt"]).output().unwrap();
    let file = fs::read_to_string(directory.join("out.txt")).unwrap_or_default();
    let _ = fs::remove_file(directory.join("out.txt"));
    (out.status.code(), String::from_utf8(out.stderr).unwrap(), file.lines().map(str::to_owned).collect())
}

const ENTRIES: [&str; 4] =
    ["color\tn. hue\\n1. light\\n2. paint ’", "colour\tn. hue\\n1. light\\n2. paint ’", "ice cream\tfood", "面\tface"];

#[test]
fn what_the_command_packs() {
    let Some(python) = python() else { return };
    let directory = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| fs::write(directory.path().join(name), text).unwrap();
    write(
        "d.txt",
        "colour\nn. <b>hue</b><ol><li>light</li><li>paint &#146;</li></ol>\n</>\ncolor\n@@@LINK=colour\n</>\n\
         ice cream\nfood\n</>\n面\n<div>face</div>\n</>\n",
    );
    write("title.html", "A Small One");
    write("description.html", "<p>Licence: free</p>");
    let out = Command::new(python)
        .current_dir(directory.path())
        .args([
            "-m",
            "mdict_utils",
            "--title",
            "title.html",
            "--description",
            "description.html",
            "-a",
            "d.txt",
            "d.mdx",
        ])
        .stdin(Stdio::null())
        .output()
        .unwrap();
    assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
    let (status, error, file) = import(directory.path(), "d.mdx");
    assert_eq!(status, Some(0), "{error}");
    assert_eq!(file[..2], ["# title: A Small One", "# licence: Licence: free"]);
    assert_eq!(
        file.iter().filter(|line| !line.starts_with('#')).collect::<Vec<_>>(),
        ENTRIES.iter().collect::<Vec<_>>()
    );
}

/// Both versions, packed and not, in three encodings, in small blocks, with the index scrambled; and locked.
#[test]
fn what_the_library_writes() {
    const SCRIPT: &str = r#"
import sys
from mdict_utils.base.writemdict import MDictWriter, encrypt_key

def entries():
    record = "n. <b>hue</b><ol><li>light</li><li>paint &#146;</li></ol>"
    return {"colour": record, "color": "@@@LINK=colour", "ice cream": "food", "面": "<div>face</div>"}

for version in ("1.2", "2.0"):
    for packing in (0, 2):
        for encoding in ("utf8", "utf16", "gbk"):
            for scrambled in (False, True):
                if scrambled and version == "1.2":
                    continue
                writer = MDictWriter(entries(), "T", "D", block_size=64, encrypt_index=scrambled, encoding=encoding,
                                     compression_type=packing, version=version)
                with open(f"{version}-{packing}-{encoding}-{scrambled}.mdx", "wb") as file:
                    writer.write(file)
writer = MDictWriter(entries(), "T", "D", encrypt_key=b"abc", register_by="email")
with open("locked.mdx", "wb") as file:
    writer.write(file)
"#;
    let Some(python) = python() else { return };
    let directory = tempfile::tempdir().unwrap();
    let out = Command::new(python).current_dir(directory.path()).args(["-c", SCRIPT]).output().unwrap();
    assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
    let mut tried = 0;
    for entry in fs::read_dir(directory.path()).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        let (status, error, file) = import(directory.path(), &name);
        if name == "locked.mdx" {
            assert_eq!(status, Some(65), "{error}");
            assert!(error.contains("locked.mdx is encrypted with the key of the user it was made for"), "{error}");
            continue;
        }
        assert_eq!(status, Some(0), "{name}: {error}");
        let entries: Vec<&String> = file.iter().filter(|line| !line.starts_with('#')).collect();
        assert_eq!(entries, ENTRIES.iter().collect::<Vec<_>>(), "{name}");
        tried += 1;
    }
    assert_eq!(tried, 18);
}
