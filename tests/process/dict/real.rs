//! Real clients, from Debian's packages: `tests/run` installs those that are missing.

use std::process::{Command, Output};
use support::{Daemon, Setup, Store};

const WORDS: &str = "# title: Test words\napple\tn. 苹果 {cet4 k1}\ndon't\tcontr.\nice cream\tn. 冰淇淋\nreceive\tv. 收到\n词典\tn. dictionary\n";

fn start() -> Daemon {
    Setup::new(Store::Sqlite).words(WORDS).dict().options("--dict-account ann").start()
}

fn run(program: &str, arguments: &[&str]) -> Output {
    let mut command = Command::new("timeout");
    command.args(["60", program]).args(arguments);
    command.env("HOME", "/nonexistent").env("LC_ALL", "C.UTF-8");
    let output = command.output().expect("timeout runs");
    assert_ne!(output.status.code(), Some(127), "{program} is not there: tests/run installs it");
    output
}

fn said(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

#[test]
fn dict() {
    let daemon = start();
    let mut ann = daemon.connect_as("ann");
    let port = daemon.dict_port().to_string();
    let dict = |arguments: &[&str]| run("dict", &[&["-h", "127.0.0.1", "-p", &port, "-P", "-"], arguments].concat());
    let output = dict(&["apple", "ice cream", "don't", "词典"]);
    let text = said(&output);
    assert!(
        output.status.success() && text.contains("4 definitions found") || text.contains("1 definition found"),
        "{text}"
    );
    for part in ["苹果 [cet4 k1]", "冰淇淋", "contr.", "dictionary"] {
        assert!(text.contains(part), "{part}: {text}");
    }
    let mut history = ann.history("ann");
    history.reverse();
    assert_eq!(history, ["apple", "ice cream", "don't", "词典"]);
    let output = dict(&["recieve"]);
    assert!(said(&output).contains("receive"), "{}", said(&output));
    assert!(said(&dict(&["-D"])).contains("Test words"));
    assert!(said(&dict(&["-S"])).contains("soundex"));
    assert!(said(&dict(&["-m", "-s", "prefix", "ice"])).contains("ice cream"));
}

#[test]
fn curl() {
    let daemon = start();
    let mut ann = daemon.connect_as("ann");
    let port = daemon.dict_port();
    for (word, part) in [
        ("d:apple", "苹果"),
        ("d:%E8%AF%8D%E5%85%B8", "dictionary"),
        ("d:don't", "contr."),
        ("m:ap::prefix", "words \"apple\""),
    ] {
        let output = run("curl", &["-sS", &format!("dict://127.0.0.1:{port}/{word}")]);
        assert!(output.status.success() && said(&output).contains(part), "{word}: {}", said(&output));
    }
    // It asks for nothing, with an empty line.
    let output = run("curl", &["-sS", &format!("dict://127.0.0.1:{port}/")]);
    assert!(output.status.success() && said(&output).contains("221 "), "{}", said(&output));
    assert_eq!(ann.history("ann"), ["don't", "词典", "apple"]);
}

#[test]
fn dico() {
    let daemon = start();
    let mut ann = daemon.connect_as("ann");
    let port = daemon.dict_port().to_string();
    let dico = |arguments: &[&str]| run("dico", &[&["-q", "--host", "127.0.0.1", "-p", &port], arguments].concat());
    let output = dico(&["apple"]);
    assert!(output.status.success() && said(&output).contains("苹果"), "{}", said(&output));
    let output = dico(&["ice cream"]);
    assert!(said(&output).contains("冰淇淋"), "{}", said(&output));
    assert!(said(&dico(&["zzz"])).contains("No match"));
    assert_eq!(ann.history("ann"), ["ice cream", "apple"]);
}

#[test]
fn dico_of_python() {
    let daemon = start();
    let _ann = daemon.connect_as("ann");
    let port = daemon.dict_port();
    let program = format!(
        "from dicoclient import DicoClient\n\
         c = DicoClient()\n\
         c.open('127.0.0.1', {port})\n\
         print(c.define('*', 'apple'))\n\
         print(c.match('*', 'prefix', 'ice'))\n\
         print(c.show_databases())\n\
         c.close()\n"
    );
    let output = run("/usr/bin/python3", &["-c", &program]);
    let text = said(&output);
    assert!(
        output.status.success() && text.contains("苹果") && text.contains("ice cream") && text.contains("Test words"),
        "{text}"
    );
}

#[test]
fn net_dict_of_perl() {
    let daemon = Setup::new(Store::Sqlite).words(WORDS).dict().start();
    let mut ann = daemon.connect_as("ann");
    let key = ann.ask_line("N ann").strip_prefix("OK ").expect("a key").to_owned();
    let port = daemon.dict_port();
    let program = format!(
        "my $d = Net::Dict->new('127.0.0.1', Port => {port}) or die 'no connection';\n\
         $d->auth('ann', '{key}');\n\
         print map {{ $_->[0] . ': ' . $_->[1] }} @{{ $d->define('apple') }};\n\
         print map {{ $_->[0] . ': ' . $_->[1] . \"\\n\" }} @{{ $d->match('ice', 'prefix') }};\n\
         my %dbs = $d->dbs; print %dbs;\n"
    );
    let output = run("/usr/bin/perl", &["-MNet::Dict", "-e", &program]);
    let text = said(&output);
    assert!(output.status.success() && text.contains("苹果") && text.contains("words: ice cream"), "{text}");
    assert_eq!(ann.history("ann"), ["apple"]);
}

/// Its `dictionary.el`, which has spoken DICT since Emacs 28; without a terminal, and without a user's own settings.
#[test]
fn emacs() {
    let daemon = start();
    let mut ann = daemon.connect_as("ann");
    let port = daemon.dict_port();
    let program = format!(
        "(progn (require 'dictionary)
          (setq dictionary-server \"127.0.0.1\" dictionary-port {port} dictionary-use-single-buffer t)
          (defun shown ()
            (dolist (buffer (buffer-list))
              (with-current-buffer buffer
                (when (derived-mode-p 'dictionary-mode) (princ (buffer-string))))))
          (dictionary-search \"apple\") (shown)
          (dictionary-search \"词典\") (shown)
          (dictionary-search \"recieve\") (shown)
          (dictionary-select-dictionary) (shown)
          (dictionary-select-strategy) (shown))"
    );
    let output = run("emacs", &["-Q", "--batch", "--eval", &program]);
    let text = said(&output);
    assert!(output.status.success(), "{text}");
    for part in
        ["From Test words [", "苹果", "dictionary", "maybe you are looking for one of these", "receive", "sound"]
    {
        assert!(text.contains(part), "{part}: {text}");
    }
    assert_eq!(ann.history("ann"), ["词典", "apple"]);
}
