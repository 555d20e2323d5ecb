//! `cidiand words import`, the real program: exit statuses, files on the disk afterwards, messages.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

fn command(directory: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_cidiand"));
    command.current_dir(directory).env_clear().stdin(Stdio::null()).args(["words"]);
    command
}

fn import<S: AsRef<OsStr>>(directory: &Path, arguments: &[S]) -> Output {
    command(directory).arg("import").args(arguments).output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

/// Two dictionaries in dictd's format: `one` and `two`.
fn dictionaries(directory: &Path) {
    let at = |name: &str| directory.join(name);
    fs::write(at("one.dict"), "00-database-short\n  One\napple\n   n. a fruit\nzoo\n   n. animals\n").unwrap();
    fs::write(at("one.index"), "00-database-short\tA\tY\napple\tY\tU\nzoo\ts\tS\n").unwrap();
    fs::write(at("two.dict"), "Two\nn. 苹果\n").unwrap();
    fs::write(at("two.index"), "00-database-short\tA\tE\napple\tE\tK\n#\tE\tK\n").unwrap();
}

fn names(directory: &Path) -> Vec<String> {
    let mut names: Vec<String> =
        fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[test]
fn two_dictionaries_become_one_file() {
    let directory = tempfile::tempdir().unwrap();
    dictionaries(directory.path());
    let out = import(directory.path(), &["--from", "dictd", "one.index", "two", "-o", "words.txt"]);
    let said = text(&out.stdout);
    assert_eq!(out.status.code(), Some(0), "{said}{}", text(&out.stderr));
    let words = fs::read_to_string(directory.path().join("words.txt")).unwrap();
    assert!(words.starts_with("# title: One + Two\n"), "{words}");
    assert!(
        words
            .ends_with("\n #\t[Two]\\nn. 苹果\napple\t[One]\\nn. a fruit\\n[Two]\\nn. 苹果\nzoo\t[One]\\nn. animals\n"),
        "{words}"
    );
    assert!(said.contains("one.index: One\n  2 entries read, 2 taken, 0 of them merged"), "{said}");
    assert!(said.contains("two: Two\n  2 entries read, 2 taken, 1 of them merged"), "{said}");
    assert!(said.ends_with(&format!("words.txt: 3 headwords, {} bytes\n", words.len())), "{said}");
    assert!(out.stderr.is_empty(), "no bar where there is no terminal: {}", text(&out.stderr));

    let check = command(directory.path()).args(["check", "words.txt"]).output().unwrap();
    assert_eq!(text(&check.stdout), "words.txt: 3 headwords, 0 errors, 0 warnings\n");
}

/// Into a directory each source becomes a file of its own, with what is known of it.
#[test]
fn several_sources_become_a_file_each() {
    let directory = tempfile::tempdir().unwrap();
    let at = |name: &str| directory.path().join(name);
    dictionaries(directory.path());
    fs::create_dir(at("other")).unwrap();
    fs::write(at("other/one.txt"), "# title: Three\n# licence: free\n# from: de\n# to: en\nApfel apple\n").unwrap();
    fs::write(at("gbk.txt"), b"\xd6\xd0 x\n").unwrap();
    let languages = ["--source-language", "en", "--target-language", "zh-Hans"];
    let arguments = [&["--from", "dictd", "one.index", "two", "-o", "made/"][..], &languages].concat();
    let out = import(directory.path(), &arguments);
    assert_eq!(out.status.code(), Some(0), "{}", text(&out.stderr));
    assert_eq!(names(&at("made")), ["one.txt", "two.txt"]);
    let one = fs::read_to_string(at("made/one.txt")).unwrap();
    assert!(one.starts_with("# title: One\n# name: one\n# from: en\n# to: zh-Hans\n#\n"), "{one}");
    assert!(one.ends_with("\napple\tn. a fruit\nzoo\tn. animals\n"), "{one}");
    assert!(text(&out.stdout).contains("\nmade/one.txt: 2 headwords, "), "{}", text(&out.stdout));
    // Again, and with more: what is there is replaced, names stay apart, what has no entry makes no file.
    fs::write(at("one.txt"), "a b\n").unwrap();
    let arguments = ["--from", "plain", "one.txt", "gbk.txt", "other/one.txt", "-o", "made/"];
    let out = import(directory.path(), &arguments);
    assert_eq!(out.status.code(), Some(0), "{}", text(&out.stderr));
    assert_eq!(names(&at("made")), ["one-2.txt", "one.txt", "two.txt"]);
    assert!(fs::read_to_string(at("made/one.txt")).unwrap().ends_with("\na\tb\n"));
    let second = fs::read_to_string(at("made/one-2.txt")).unwrap();
    let labels = "# title: Three\n# licence: free\n# name: one-2\n# from: de\n# to: en\n#\n";
    assert!(second.starts_with(labels), "{second}");
    assert!(text(&out.stdout).contains("gbk.txt: gbk\n  1 entries read, 0 taken"), "{}", text(&out.stdout));
    for file in ["made/one.txt", "made/one-2.txt", "made/two.txt"] {
        let check = command(directory.path()).args(["check", file]).output().unwrap();
        assert!(text(&check.stdout).ends_with("0 errors, 0 warnings\n"), "{}", text(&check.stdout));
    }
}

/// A file that `words import` made, imported again over itself, of one source or of several.
#[test]
fn importing_again_changes_nothing() {
    let directory = tempfile::tempdir().unwrap();
    let at = |name: &str| directory.path().join(name);
    dictionaries(directory.path());
    fs::write(at("good.txt"), "# title: Good\nb 1\na 2\n").unwrap();
    for sources in [&["--from", "plain", "good.txt"][..], &["--from", "dictd", "one", "two"]] {
        let out = import(directory.path(), &[sources, &["-o", "good.txt"]].concat());
        assert_eq!(out.status.code(), Some(0), "{}", text(&out.stderr));
        let made = fs::read_to_string(at("good.txt")).unwrap();
        for _ in 0..2 {
            let out = import(directory.path(), &["--from", "plain", "good.txt", "-o", "good.txt"]);
            assert_eq!(out.status.code(), Some(0), "{}", text(&out.stderr));
            assert_eq!(fs::read_to_string(at("good.txt")).unwrap(), made);
        }
        assert!(!made.contains("# licence:"), "{made}");
    }
}

#[test]
fn whatever_fails_leaves_the_old_file_and_nothing_else() {
    let directory = tempfile::tempdir().unwrap();
    let at = |name: &str| directory.path().join(name);
    dictionaries(directory.path());
    fs::write(at("cut.index"), "a\tA\tB\nb\tB\tC\n").unwrap();
    fs::write(at("cut.dict"), "ab").unwrap();
    fs::write(at("gbk.txt"), b"\xd6\xd0 x\n").unwrap();
    fs::write(at("words.txt"), "old 1\n").unwrap();
    fs::create_dir(at("directory")).unwrap();
    let before = names(directory.path());
    let cases: [(&[&str], i32, &str); 18] = [
        (
            &["--from", "dictd", "one", "cut", "-o", "words.txt"],
            65,
            "cut.index is damaged, or not of this format: line 2",
        ),
        (&["--from", "plain", "gbk.txt", "-o", "words.txt"], 65, "nothing in the sources is usable"),
        (&["--from", "ecdict", "gbk.txt", "-o", "words.txt"], 65, "gbk.txt is damaged, or not of this format: line 1"),
        (&["--from", "plain", "directory", "-o", "words.txt"], 65, "not a regular file"),
        (&["--from", "stardict", "one", "-o", "words.txt"], 66, "cannot open one.ifo"),
        (&["--from", "dictd", "one", "absent", "-o", "words.txt"], 66, "cannot open absent.index"),
        (&["--from", "dictd", "one", "-o", "directory"], 71, "not a regular file; to write a file for each source"),
        (&["--from", "dictd", "one", "-o", "absent/words.txt"], 71, "cannot write absent/words.txt"),
        (&["--from", "babylon", "one", "-o", "words.txt"], 64, "invalid value 'babylon'"),
        (&["--from", "dictd", "-o", "words.txt"], 64, "<SOURCE>"),
        (&["--from", "dictd", "one"], 64, "--output"),
        (&["--from", "dictd", "one", "two", "-o", "directory/", "--title", "T"], 64, "--title and --name describe one"),
        (&["--from", "dictd", "one", "cut", "-o", "directory/"], 65, "cut.index is damaged"),
        (&["--from", "dictd", "one", "-o", "absent/directory/"], 71, "cannot write absent/directory/"),
        (&["--from", "dictd", "one", "-o", "words.txt", "--name", "a b"], 64, "a name consists of"),
        (&["--from", "dictd", "one", "-o", "words.txt", "--source-language", "English"], 64, "a language code is"),
        (&["--from", "dictd", "one", "-o", "words.txt", "--columns", "tag"], 64, "--columns needs --from ecdict"),
        (&["--from", "plain", "words.txt", "-o", "words.txt", "--no-pinyin"], 64, "--no-pinyin needs --from cedict"),
    ];
    for (arguments, status, message) in cases {
        let out = import(directory.path(), arguments);
        let error = text(&out.stderr);
        assert_eq!(out.status.code(), Some(status), "{arguments:?}: {error}");
        assert!(error.contains(message), "{arguments:?}: {error}");
        assert_eq!(fs::read_to_string(at("words.txt")).unwrap(), "old 1\n", "{arguments:?}");
        assert_eq!(names(directory.path()), before, "{arguments:?}");
        assert!(names(&at("directory")).is_empty(), "{arguments:?}");
    }
    let said = text(&import(directory.path(), &["--from", "plain", "gbk.txt", "-o", "words.txt"]).stdout);
    assert!(said.contains("1 not UTF-8 (convert the file with: iconv -f GB18030 -t UTF-8): line 1"), "{said}");
    // A full disk.
    let out = Command::new("sh")
        .current_dir(directory.path())
        .args(["-c", "ulimit -f 0; trap '' XFSZ; exec \"$0\" words import --from dictd one -o words.txt"])
        .arg(env!("CARGO_BIN_EXE_cidiand"))
        .output()
        .unwrap();
    assert_eq!(out.status.code(), Some(71), "{}", text(&out.stderr));
    assert_eq!(fs::read_to_string(at("words.txt")).unwrap(), "old 1\n");
    assert_eq!(names(directory.path()), before);
}

#[test]
fn a_link_stays_a_link_and_the_umask_decides() {
    let directory = tempfile::tempdir().unwrap();
    let at = |name: &str| directory.path().join(name);
    dictionaries(directory.path());
    fs::create_dir(at("there")).unwrap();
    fs::write(at("there/words.txt"), "old 1\n").unwrap();
    std::os::unix::fs::symlink("there/words.txt", at("link")).unwrap();
    let out = Command::new("sh")
        .current_dir(directory.path())
        .args(["-c", "umask 027; exec \"$0\" words import --from dictd one -o link"])
        .arg(env!("CARGO_BIN_EXE_cidiand"))
        .output()
        .unwrap();
    assert_eq!(out.status.code(), Some(0), "{}", text(&out.stderr));
    assert!(fs::symlink_metadata(at("link")).unwrap().is_symlink());
    assert!(fs::read_to_string(at("there/words.txt")).unwrap().contains("apple\t"));
    assert_eq!(fs::metadata(at("link")).unwrap().permissions().mode() & 0o777, 0o640);
    assert_eq!(names(&at("there")), ["words.txt"]);
}

/// Interrupted while it writes: the old file stays, the temporary one goes, and the signal is seen to have ended it.
#[test]
fn interrupted_it_changes_nothing() {
    let directory = tempfile::tempdir().unwrap();
    let at = |name: &str| directory.path().join(name);
    let many: String = (0..400_000).map(|number| format!("word{number} n. text of it\n")).collect();
    fs::write(at("many.txt"), many).unwrap();
    fs::write(at("words.txt"), "old 1\n").unwrap();
    for signal in [nix::sys::signal::SIGINT, nix::sys::signal::SIGTERM] {
        let mut child = command(directory.path())
            .args(["import", "--from", "plain", "many.txt", "-o", "words.txt"])
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let deadline = Instant::now() + Duration::from_secs(60);
        while names(directory.path()).len() == 2 {
            assert!(Instant::now() < deadline && child.try_wait().unwrap().is_none(), "no temporary file was seen");
            std::thread::yield_now();
        }
        assert!(names(directory.path()).iter().any(|name| name.starts_with(".cidian-import-")));
        let pid = nix::unistd::Pid::from_raw(i32::try_from(child.id()).unwrap());
        nix::sys::signal::kill(pid, signal).unwrap();
        let out = child.wait_with_output().unwrap();
        assert_eq!(out.status.signal(), Some(signal as i32), "{}", text(&out.stderr));
        assert!(text(&out.stderr).contains("stopped; words.txt is unchanged"));
        assert_eq!(names(directory.path()), ["many.txt", "words.txt"]);
        assert_eq!(fs::read_to_string(at("words.txt")).unwrap(), "old 1\n");
    }
}

#[test]
fn the_help_teaches() {
    let out = import(Path::new("/"), &["--help"]);
    assert_eq!(out.status.code(), Some(0));
    let help = text(&out.stdout);
    for piece in ["dictd", "stardict", "ecdict", "cedict", "plain", "Examples:", "Exit statuses:", "--output"] {
        assert!(help.contains(piece), "{piece}: {help}");
    }
}
