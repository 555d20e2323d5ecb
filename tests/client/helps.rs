//! Help, manual pages and completions, in both languages and for every subcommand; and the configuration file.

use crate::person::{self, Person};
use crate::prompts::{level_one, level_two, log_in};
use std::process::Command;
use support::PASSWD;
use support::terminal::Terminal;

const SUBCOMMANDS: [&str; 13] = [
    "lookup",
    "history",
    "history clear",
    "export",
    "register",
    "login",
    "logout",
    "passwd",
    "delete-account",
    "serve",
    "dict-key",
    "about",
    "completions",
];

#[test]
fn every_subcommand_teaches_by_example() {
    let person = Person::new("");
    for subcommand in SUBCOMMANDS {
        for (lang, heading, usage) in [("en", "Examples:\n", "Usage: cidian"), ("zh", "示例：\n", "用法：cidian")]
        {
            let mut arguments: Vec<&str> = subcommand.split(' ').collect();
            arguments.extend(["--help", "--lang", lang]);
            let help = person.run(&arguments, "").ended(0);
            assert!(help.out.contains(heading) && help.out.contains(usage), "{subcommand} {lang}: {}", help.out);
            let own = subcommand.split(' ').next_back().unwrap();
            assert!(help.out.split(heading).nth(1).unwrap().contains(own), "{subcommand}: {}", help.out);
        }
    }
    let help = person.run(&["--help", "--lang=zh"], "").ended(0).out;
    assert!(help.contains("命令:") || help.contains("命令：") || help.contains("命令\n"), "{help}");
    assert!(!help.contains("Options") && !help.contains("Print"), "{help}");
    // By locale; the option wins; a mistake is reported in the person's language.
    let chinese = Person::new("127.0.0.1:1").with("LC_ALL", "zh_CN.UTF-8");
    assert_eq!(chinese.run(&["--help"], "").ended(0).out, help);
    assert!(chinese.run(&["--help", "--lang", "en"], "").ended(0).out.contains("Usage:"));
    chinese.run(&["--frobnicate"], "").ended(64).complained("错误：没有 --frobnicate");
    chinese.run(&["--lang", "en", "about"], "").ended(69).complained("cannot reach a server");
    person.run(&["--lang", "zh", "--server", "127.0.0.1:1", "about"], "").ended(69).complained("无法连接服务器");
    person.run(&["--lang", "de", "about"], "").ended(64);
}

#[test]
fn manual_pages_and_completions() {
    let person = Person::new("");
    person.run(&["manual", "man"], "").ended(0).said("");
    let pages = SUBCOMMANDS.map(|subcommand| format!("cidian-{}", subcommand.replace(' ', "-")));
    for page in pages.iter().map(String::as_str).chain(["cidian"]) {
        let text = std::fs::read_to_string(person.home().join(format!("man/{page}.1"))).expect(page);
        assert!(text.contains(".SH NAME") && text.contains("Examples:"), "{page}: {text}");
    }
    let first = std::fs::read_to_string(person.home().join("man/cidian.1")).unwrap();
    for option in ["server", "local", "user", "password\\-file", "json", "color", "lang"] {
        assert!(first.contains(&format!("\\-\\-{option}")), "{option}: {first}");
    }
    for (section, word) in [("FILES", "config.toml"), ("ENVIRONMENT", "CIDIAN_SERVER"), ("SEE ALSO", "cidiand")] {
        let (_, section) =
            first.split_once(&format!(".SH {section}\n")).unwrap_or_else(|| panic!("{section}: {first}"));
        assert!(section.contains(word), "{word}: {section}");
    }
    assert!(!std::fs::exists(person.home().join("man/cidian-manual.1")).unwrap());
    person.run(&["manual", "/proc/nowhere"], "").ended(74);
    for (shell, check) in [("bash", "bash"), ("zsh", "zsh"), ("fish", "fish")] {
        let script = person.run(&["completions", shell], "").ended(0).out;
        for word in ["delete-account", "export", "since"] {
            assert!(script.contains(word), "{shell}: {word}");
        }
        // What --help does not show is not completed; the script itself calls one of them.
        for line in script.lines().filter(|line| !line.contains("(cidian complete-words")) {
            let mut words = line.split(|c: char| !c.is_alphanumeric());
            assert!(!line.contains("complete-words") && !words.any(|word| word == "manual"), "{shell}: {line}");
        }
        // The shell itself takes it, where it is installed.
        let file = person.file("script", &script);
        match Command::new(check).arg("-n").arg(&file).output() {
            Ok(output) => assert!(output.status.success(), "{shell}: {}", String::from_utf8_lossy(&output.stderr)),
            Err(_) => println!("{shell} is not installed: its completions were not read by it"),
        }
    }
    person.run(&["completions", "tcsh"], "").ended(64);
    // In bash it completes.
    let script = person.file("cidian.bash", &person.run(&["completions", "bash"], "").ended(0).out);
    let line = format!(
        "source {}; COMP_WORDS=(cidian hist); COMP_CWORD=1; _cidian cidian hist cidian; echo ${{COMPREPLY[*]}}",
        script.display()
    );
    let output = Command::new("bash").args(["-c", &line]).output().expect("bash runs");
    assert_eq!(String::from_utf8(output.stdout).unwrap(), "history\n");
}

/// Complaints name all that would do, and are in one language.
#[test]
fn complaints_about_options() {
    let english = Person::new("");
    let chinese = Person::new("").with("LANG", "zh_CN.UTF-8");
    for person in [&english, &chinese] {
        person.run(&["export"], "").ended(64).complained("--anki <FILE>").complained("--csv <FILE>");
    }
    let said = chinese.run(&["history", "--since", "x"], "").ended(64).complained("今天").err;
    assert!(!said.contains("today") && !said.contains("time"), "{said}");
    english.run(&["history", "--since", "x"], "").ended(64).complained("yesterday");
}

fn config(person: &Person, text: &str) {
    std::fs::create_dir_all(person.home().join(".config/cidian")).unwrap();
    std::fs::write(person.home().join(".config/cidian/config.toml"), text).unwrap();
}

#[test]
fn the_configuration_file() {
    let daemon = person::daemon("");
    daemon.connect_as("ann");
    let file = |person: &Person| person.password_file(PASSWD).to_str().unwrap().to_owned();
    let person = Person::new("");
    config(&person, &format!("server = \"{}\"\nuser = \"ann\"\nlang = \"zh\"\n", person::port(&daemon)));
    let password = file(&person);
    person.run(&["--password-file", &password, "lookup", "apple"], "").ended(0).said("n. 苹果\n");
    person.run(&["--password-file", &password, "lookup", "zzz"], "").ended(1).complained("没有找到");
    // The environment and options come first.
    person.run(&["--password-file", &password, "--user", "bob", "lookup", "apple"], "").ended(77);
    let elsewhere = Person::new("127.0.0.1:1");
    config(&elsewhere, &format!("server = \"{}\"\n", person::port(&daemon)));
    elsewhere.run(&["about"], "").ended(69).complained("127.0.0.1:1");
    elsewhere.run(&["--server", &person::port(&daemon), "about"], "").ended(0);
    // A mistake is reported with its line, and help still helps.
    for (text, said) in [("user = 7\n", "line 1"), ("\npassword = \"x\"\n", "line 2"), ("server = \"x\"", "HOST:PORT")]
    {
        config(&person, text);
        person.run(&["about"], "").ended(78).complained("config.toml").complained(said);
        person.run(&["--help"], "").ended(0);
    }
}

/// User and server of a login are remembered, for a person; nothing of it is asked for by the next session.
#[test]
fn the_last_login_is_remembered() {
    let daemon = person::daemon("");
    daemon.connect_as("ann");
    let person = Person::new("").with("TERM", "xterm");
    let address = person::port(&daemon);
    let file = person.home().join(".config/cidian/config.toml");
    // A script's login is not remembered.
    let input = format!("2\nann\n{PASSWD}\n3\n3\n");
    person.run(&["--server", &address], input).ended(0);
    assert!(!file.exists());
    let mut terminal = Terminal::start(person.command(&["--server", &address]), 80, 24);
    level_one(&mut terminal);
    log_in(&mut terminal, "ann", "wrong horse");
    terminal.expect("wrong name or password");
    level_one(&mut terminal);
    assert!(!file.exists());
    log_in(&mut terminal, "ann", PASSWD);
    level_two(&mut terminal);
    drop(terminal);
    let text = std::fs::read_to_string(&file).unwrap();
    assert_eq!(text, format!("server = \"{address}\"\nuser = \"ann\"\n"));
    let mut terminal = Terminal::start(person.command(&[]), 80, 24);
    terminal.expect(&address);
    level_one(&mut terminal);
    terminal.line("2");
    terminal.expect("Last time: ann");
    terminal.expect("Name: ");
    terminal.line("");
    terminal.expect_hidden("Password: ");
    terminal.line(PASSWD);
    terminal.expect("Welcome, ann.");
    // Another server has other users, and so has the private one.
    for server in [["--server", "127.0.0.1:1"].as_slice(), &["--local"]] {
        let mut terminal = Terminal::start(person.command(server), 80, 24);
        if server == ["--local"] {
            level_two(&mut terminal);
            terminal.line("3");
        }
        level_one(&mut terminal);
        terminal.line("2");
        let said = terminal.read_to("Name: ");
        assert!(!said.contains("Last time"), "{said}");
    }
    let password = person.password_file(PASSWD);
    person.run(&["--password-file", password.to_str().unwrap(), "lookup", "apple"], "").ended(0).said("n. 苹果\n");
    // A saved login need not be named; a script has to name the user.
    person.run(&["--password-file", password.to_str().unwrap(), "login"], "").ended(64);
    let mut terminal = person.terminal(&["login"]);
    terminal.expect("Name [ann]: ");
    terminal.line("");
    terminal.expect_hidden("Password: ");
    terminal.line(PASSWD);
    terminal.expect("Logged in as ann.");
    assert_eq!(terminal.exit(), 0);
}

/// Words are completed after `lookup` by the shell itself, in whatever case, with blanks quoted; options as ever.
#[test]
fn a_shell_completes_words() {
    let person = Person::new("unix:/nowhere");
    let script = r#"
        PATH=$PROGRAM_DIRECTORY:$PATH
        source <(cidian completions bash)
        complete -p cidian | grep -q _cidian_words
        completed() {
            COMP_WORDS=("$@") COMP_CWORD=$(($# - 1)) COMPREPLY=()
            _cidian_words cidian "${@: -1}" "${@: -2:1}"
            printf '%s\n' "${COMPREPLY[@]}"
        }
        completed cidian lookup appl
        echo --
        completed cidian lookup 'give\ u'
        echo --
        completed cidian look
        echo --
        completed cidian lookup --fir
        echo --
        completed cidian lookup xqzj
    "#;
    let directory = std::path::Path::new(env!("CARGO_BIN_EXE_cidian")).parent().unwrap();
    let mut bash = person.command(&[]);
    let environment: Vec<_> =
        bash.get_envs().filter_map(|(name, value)| Some((name.to_owned(), value?.to_owned()))).collect();
    bash = std::process::Command::new("bash");
    bash.arg("-c").arg(script).env_clear().envs(environment).env("PROGRAM_DIRECTORY", directory);
    let output = bash.output().unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{said} {}", String::from_utf8_lossy(&output.stderr));
    let parts: Vec<Vec<&str>> = said.split("--\n").map(|part| part.lines().collect()).collect();
    assert!(parts[0].contains(&"apple") && parts[0].iter().all(|word| word.starts_with("appl")), "{said}");
    assert!(parts[1].contains(&r"give\ up"), "{said}");
    assert_eq!(parts[2], ["lookup"]);
    assert!(said.contains("--first-line"), "{said}");
    assert_eq!(parts.last().unwrap().concat(), "");
}
