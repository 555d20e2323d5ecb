//! `cidian login` and `cidian logout`: a kept token, so that later calls ask for nothing; against a real daemon.

use crate::person::{self, Person, Ran};
use crate::prompts::{level_one, level_two, look_up};
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use support::terminal::CTRL_D;
use support::{Daemon, PASSWD, Setup, Store, wait_until};

/// A daemon with the account `ann`, and a user of it.
fn ann() -> (Daemon, Person) {
    let daemon = person::daemon("");
    daemon.connect_as("ann");
    let person = Person::new(person::port(&daemon));
    (daemon, person)
}

fn tokens_file(person: &Person) -> PathBuf {
    person.home().join(".local/state/cidian/tokens.json")
}

/// The tokens in the file, in the order in which they stand there.
fn kept(person: &Person) -> Vec<String> {
    let Ok(text) = std::fs::read_to_string(tokens_file(person)) else { return Vec::new() };
    let servers: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    let logins = servers.as_object().expect("an object").values();
    let tokens = logins.flat_map(|logins| logins["tokens"].as_object().expect("an object").values());
    tokens.map(|token| token.as_str().expect("a text").to_owned()).collect()
}

/// How many tokens the server knows.
fn known(daemon: &Daemon) -> String {
    daemon.sql("SELECT COUNT(*) FROM token").remove(0)
}

fn login(person: &Person, name: &str) -> Ran {
    person.run_as(name, &["login"], "").ended(0)
}

#[test]
fn later_calls_ask_for_nothing() {
    let (daemon, person) = ann();
    person.run(&["lookup", "apple"], "").ended(64);
    login(&person, "ann").said("Logged in as ann. Later commands will not ask for the password.\n");
    // No name, no password, no terminal.
    person.run(&["lookup", "apple"], "").ended(0).said("n. 苹果\n");
    person.run(&["lookup"], "zoo\npear\n").ended(0);
    assert_eq!(person.run(&["history"], "").ended(0).out.lines().count(), 3);
    person.run(&["history", "clear", "zoo"], "").ended(0);
    person.run(&["--user", "ann", "history", "--json"], "").ended(0);
    Person::run(&person, &["lookup", "zzz", "--json"], "").ended(1);
    // What asks for more than a token is still asked for it.
    person.run(&["passwd", "--new-password-file", "x"], "").ended(66);
    person.run(&["delete-account", "--yes"], "").ended(64).complained("--password-file");
    // Another user has another login.
    person.run(&["--user", "bob", "history"], "").ended(64).complained("--password-file");
    // A password that is given is used, also a wrong one.
    let wrong = person.file("wrong", "wrong\n");
    person.run(&["--password-file", wrong.to_str().unwrap(), "history"], "").ended(77);
    person.run(&["history"], "").ended(0);
    assert_eq!(known(&daemon), "1");
    person.run(&["logout"], "").ended(0).said("Logged out: the saved login of ann was removed.\n");
    assert_eq!((known(&daemon).as_str(), tokens_file(&person).exists()), ("0", false));
    person.run(&["lookup", "apple"], "").ended(64).complained("--user");
    let address = person::port(&daemon);
    person.run(&["logout"], "").ended(0).said(&format!("No login is saved for {address}.\n"));
}

#[test]
fn on_a_terminal() {
    let (daemon, person) = ann();
    let mut terminal = person.terminal(&["login"]);
    terminal.expect("Name: ");
    terminal.line("ann");
    terminal.expect_hidden("Password: ");
    terminal.line("wrong");
    terminal.expect("wrong name or password");
    assert_eq!(terminal.exit(), 77);
    assert!(!tokens_file(&person).exists());
    let mut terminal = person.terminal(&["login"]);
    terminal.expect("Name: ");
    terminal.keys(CTRL_D);
    assert_eq!(terminal.exit(), 64);
    let mut terminal = person.terminal(&["login"]);
    terminal.expect("Name: ");
    terminal.line("ann");
    terminal.expect_hidden("Password: ");
    terminal.line(PASSWD);
    terminal.expect("Logged in as ann.");
    assert_eq!(terminal.exit(), 0);
    let mut terminal = person.terminal(&["lookup", "apple"]);
    assert_eq!(terminal.exit(), 0);
    assert_eq!(terminal.shown(), "apple  n. 苹果\r\n", "nothing is asked");
    // The name of before is offered; the token of before goes.
    let before = kept(&person);
    let mut terminal = person.terminal(&["login"]);
    terminal.expect("Name [ann]: ");
    terminal.line("");
    terminal.expect_hidden("Password: ");
    terminal.line(PASSWD);
    assert_eq!(terminal.exit(), 0);
    assert!(kept(&person) != before && known(&daemon) == "1");
}

/// The menus begin at level two; logging out there leaves the saved login.
#[test]
fn the_menus_ask_for_nothing_either() {
    let (daemon, person) = ann();
    daemon.connect_as("bob");
    login(&person, "ann");
    login(&person, "bob");
    for (arguments, welcome) in [(["--user", "ann"].as_slice(), "Welcome, ann."), (&[], "Welcome, bob.")] {
        let mut terminal = person.terminal(arguments);
        terminal.expect(welcome);
        level_two(&mut terminal);
        terminal.line("3");
        terminal.expect("Logged out.");
        level_one(&mut terminal);
        terminal.line("3");
        assert_eq!(terminal.exit(), 0);
        assert!(!terminal.shown().contains("Password"), "{}", terminal.shown());
    }
    assert_eq!((kept(&person).len(), known(&daemon).as_str()), (2, "2"));
    // Somebody else, a password that is given, and a script begin at level one.
    level_one(&mut person.terminal(&["--user", "carol"]));
    let password = person.password_file(PASSWD);
    level_one(&mut person.terminal(&["--user", "ann", "--password-file", password.to_str().unwrap()]));
    let ran = person.run(&["--user", "ann"], "3\n").ended(0);
    assert!(ran.out.contains("1  register") && !ran.out.contains("Welcome"), "{}", ran.out);
}

/// The server has ended the token, before the menus or while nothing was typed.
#[test]
fn the_menus_drop_a_token_that_is_no_longer_good() {
    let daemon = person::daemon("--idle-timeout 1");
    daemon.connect_as("ann");
    let person = Person::new(person::port(&daemon));
    login(&person, "ann");
    let mut terminal = person.terminal(&[]);
    level_two(&mut terminal);
    // The connection comes back by the token, too.
    daemon.wait_children(0);
    look_up(&mut terminal);
    terminal.line("apple");
    terminal.expect("苹果");
    terminal.expect("Word (## to go back): ");
    daemon.sql("DELETE FROM token");
    daemon.wait_children(0);
    terminal.line("zoo");
    terminal.expect("The saved login of ann is no longer valid");
    level_one(&mut terminal);
    assert!(!tokens_file(&person).exists());
    login(&person, "ann");
    daemon.sql("DELETE FROM token");
    let mut terminal = person.terminal(&["--user", "ann"]);
    terminal.expect("The saved login of ann is no longer valid");
    level_one(&mut terminal);
    assert!(!tokens_file(&person).exists());
}

/// The server has ended the token: it is dropped, and the password is asked for, or a hint shows how to log in.
#[test]
fn a_token_that_is_no_longer_good() {
    let (daemon, person) = ann();
    let expire = || drop(daemon.sql("UPDATE token SET last_used = '2001-01-01 00:00:00.000000'"));
    let forget = || drop(daemon.sql("DELETE FROM token"));
    let change_passwd = || {
        let file = person.password_file(PASSWD);
        let output = daemon.tool(&["user", "passwd", "ann", "--password-file", file.to_str().unwrap()]);
        assert!(output.status.success(), "{output:?}");
    };
    let ends: [(&str, &dyn Fn()); 3] =
        [("expired", &expire), ("forgotten", &forget), ("the operator gave a new password", &change_passwd)];
    for (why, end) in ends {
        for on_terminal in [false, true] {
            login(&person, "ann");
            person.run(&["history"], "").ended(0);
            end();
            if on_terminal {
                let mut terminal = person.terminal(&["lookup", "apple"]);
                terminal.expect("The saved login of ann is no longer valid");
                terminal.expect_hidden("Password: ");
                terminal.line(PASSWD);
                terminal.expect("n. 苹果");
                assert_eq!(terminal.exit(), 0, "{why}");
            } else {
                person.run(&["lookup", "apple"], "").ended(77).complained("run cidian login");
            }
            assert!(!tokens_file(&person).exists(), "{why}");
        }
    }
    // Locked: the token is refused like any other, and so is the password.
    login(&person, "ann");
    assert!(daemon.tool(&["user", "lock", "ann"]).status.success());
    person.run(&["lookup", "apple"], "").ended(77).complained("run cidian login");
    person.run_as("ann", &["login"], "").ended(77);
}

/// A server that is away, or busy, has not refused the token.
#[test]
fn a_server_that_can_t_be_asked() {
    let (mut daemon, _) = ann();
    let person = Person::new(person::socket(&daemon));
    login(&person, "ann");
    let token = kept(&person);
    daemon.signal(nix::sys::signal::Signal::SIGTERM);
    assert!(daemon.wait_exit().success());
    person.run(&["lookup", "apple"], "").ended(69).complained("cannot reach a server");
    assert_eq!(kept(&person), token, "it is kept");
    daemon.start();
    person.run(&["lookup", "apple"], "").ended(0);
    // Logging out forgets it here all the same, and reports what is left.
    daemon.signal(nix::sys::signal::Signal::SIGTERM);
    assert!(daemon.wait_exit().success());
    let ran = person.run(&["logout"], "").ended(69);
    assert!(ran.err.contains("removed here") && ran.err.contains("cannot reach a server"), "{}", ran.err);
    assert!(!tokens_file(&person).exists());
    assert_eq!(known(&daemon), "1");
    daemon.start();
    daemon.connect().ok(&format!("T ann {}", token[0]));
    // A token that the server has ended already: there is nothing to complain about.
    login(&person, "ann");
    daemon.sql("DELETE FROM token");
    person.run(&["logout"], "").ended(0);
    assert!(!tokens_file(&person).exists());
}

/// Several servers and several users, each with a login of its own.
#[test]
fn each_server_and_user_has_its_own() {
    let (first, _) = ann();
    let second = Setup::new(Store::Sqlite).start();
    second.connect_as("ann");
    second.connect_as("bob");
    let person = Person::new("127.0.0.1:1");
    let run_at = |daemon: &Daemon, arguments: &[&str]| {
        person.run(&[&["--server", &person::port(daemon)], arguments].concat(), "")
    };
    let file = person.password_file(PASSWD);
    let file = file.to_str().unwrap();
    let login = |daemon: &Daemon, name: &str| {
        run_at(daemon, &["--user", name, "--password-file", file, "login"]).ended(0);
    };
    login(&first, "ann");
    run_at(&second, &["history"]).ended(64);
    login(&second, "ann");
    login(&second, "bob");
    assert_eq!(kept(&person).len(), 3);
    run_at(&second, &["lookup", "zoo"]).ended(0);
    let name_of = |ran: Ran| ran.ended(0).out.split('\t').next().map(str::to_owned);
    assert_eq!(name_of(run_at(&second, &["history"])).as_deref(), Some("bob"), "who logged in last");
    run_at(&second, &["--user", "ann", "history"]).ended(0).said("");
    // One at a time is logged out; the others stay.
    run_at(&second, &["logout"]).ended(0);
    run_at(&second, &["history"]).ended(64);
    run_at(&second, &["--user", "ann", "history"]).ended(0);
    run_at(&first, &["history"]).ended(0);
    run_at(&second, &["--user", "ann", "logout"]).ended(0);
    run_at(&first, &["logout"]).ended(0);
    assert!(!tokens_file(&person).exists());
}

#[test]
fn on_the_private_server() {
    let person = Person::new("");
    person.run_as("ann", &["--local", "register"], "").ended(0);
    person.run_as("ann", &["--local", "login"], "").ended(0);
    let ran = person.run(&["--local", "lookup", "apple"], "").ended(0);
    assert!(ran.out.contains("苹果"), "{}", ran.out);
    // It is the private server's only.
    let daemon = person::daemon("");
    person.run(&["--server", &person::port(&daemon), "history"], "").ended(64);
    person.run(&["--local", "logout"], "").ended(0);
    // Then there is one's own account again, which has looked nothing up.
    person.run(&["--local", "history"], "").ended(0).said("");
}

/// A new password ends every token; a user who was logged in here stays so. A deleted account leaves nothing.
#[test]
fn a_new_password_renews_the_login() {
    let (daemon, person) = ann();
    let new = person.file("new", "new horse\n");
    let new = new.to_str().unwrap();
    login(&person, "ann");
    let before = kept(&person);
    let elsewhere = Person::new(person::port(&daemon));
    login(&elsewhere, "ann");
    person.run_as("ann", &["passwd", "--new-password-file", new, "--json"], "").ended(0).said("{\"ok\":true}\n");
    assert!(kept(&person).len() == 1 && kept(&person) != before);
    person.run(&["lookup", "apple"], "").ended(0);
    elsewhere.run(&["lookup", "apple"], "").ended(77).complained("run cidian login");
    assert_eq!(known(&daemon), "1");
    // The old password is asked for, also for a user who is logged in.
    let mut terminal = person.terminal(&["passwd"]);
    for (prompt, answer) in [("Password: ", "new horse"), ("New password: ", PASSWD), ("New password again: ", PASSWD)]
    {
        terminal.expect_hidden(prompt);
        terminal.line(answer);
    }
    terminal.expect("The password was changed.");
    assert_eq!(terminal.exit(), 0);
    person.run(&["lookup", "apple"], "").ended(0);
    // No user is logged in who was not before.
    person.run(&["logout"], "").ended(0);
    person.run_as("ann", &["passwd", "--new-password-file", new], "").ended(0);
    assert!(!tokens_file(&person).exists() && known(&daemon) == "0");
    person.run(&["--user", "ann", "--password-file", new, "login"], "").ended(0);
    person.run(&["--password-file", new, "delete-account", "--yes"], "").ended(0);
    assert!(!tokens_file(&person).exists() && known(&daemon) == "0");
}

#[test]
fn a_file_that_others_can_read_is_not_used() {
    let (daemon, person) = ann();
    login(&person, "ann");
    let file = tokens_file(&person);
    let mode = |path: &std::path::Path| path.metadata().unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(&file), mode(file.parent().unwrap())), (0o600, 0o700));
    let set = |mode| std::fs::set_permissions(&file, std::fs::Permissions::from_mode(mode)).unwrap();
    let before = std::fs::read(&file).unwrap();
    set(0o644);
    for arguments in [["lookup", "apple"].as_slice(), &["history"], &["logout"], &["--user", "ann", "history"]] {
        let ran = person.run(arguments, "").ended(77).complained("others may have read the file");
        assert!(ran.err.contains("chmod 600") && ran.err.contains(file.to_str().unwrap()), "{}", ran.err);
    }
    person.run_as("ann", &["login"], "").ended(77);
    // With a password that is given, nothing is wrong.
    person.run_as("ann", &["history"], "").ended(0);
    let chinese = Person::new(person::port(&daemon)).with("LANG", "zh_CN.UTF-8");
    login(&chinese, "ann");
    std::fs::set_permissions(tokens_file(&chinese), std::fs::Permissions::from_mode(0o660)).unwrap();
    chinese.run(&["history"], "").ended(77).complained("可能已被他人读取");
    assert!(std::fs::read(&file).unwrap() == before);
    set(0o600);
    person.run(&["lookup", "apple"], "").ended(0);
    // Damaged by an editor.
    std::fs::write(&file, "{").unwrap();
    person.run(&["history"], "").ended(65).complained("damaged");
    assert_eq!(std::fs::read_to_string(&file).unwrap(), "{");
    std::fs::remove_file(&file).unwrap();
    // No place to keep it in: reported before a password is asked for.
    let nowhere = Person::new(person::port(&daemon)).with("XDG_STATE_HOME", "/proc/nowhere");
    nowhere.run(&["--user", "ann", "login"], "").ended(71).complained("/proc/nowhere");
    nowhere.run_as("ann", &["history"], "").ended(0);
    let given = tempfile::tempdir().unwrap();
    let person = Person::new(person::port(&daemon)).with("XDG_STATE_HOME", given.path().to_str().unwrap());
    login(&person, "ann");
    assert!(given.path().join("cidian/tokens.json").is_file());
}

/// Not on a command line, not in what is printed, not in a log.
#[test]
fn the_token_shows_nowhere() {
    let daemon = Setup::new(Store::Sqlite).environment("RUST_LOG", "trace").start();
    daemon.connect_as("ann");
    let person = Person::new(person::port(&daemon));
    let mut said = String::new();
    let mut run = |ran: Ran| said.push_str(&(ran.out + &ran.err));
    run(person.run_as("ann", &["login", "--json"], "").ended(0));
    let token = kept(&person).remove(0);
    run(person.run(&["lookup", "apple", "--json"], "").ended(0));
    let mut client = person.command(&["lookup"]);
    person::without_terminal(&mut client);
    let mut client = client.stdin(std::process::Stdio::piped()).spawn().unwrap();
    let mut session = 0;
    wait_until("the session to be logged in", || {
        session = daemon.children().first().copied().unwrap_or(0);
        support::processes::title(session).contains("user ann")
    });
    for pid in [session, client.id()] {
        for file in ["cmdline", "environ"] {
            let text = std::fs::read(format!("/proc/{pid}/{file}")).unwrap();
            assert!(!text.windows(token.len()).any(|window| window == token.as_bytes()), "{pid} {file}");
        }
    }
    drop(client.stdin.take());
    assert!(client.wait().unwrap().success());
    run(person.run(&["logout", "--json"], "").ended(0));
    daemon.wait_children(0);
    assert!(said.starts_with("{\"ok\":true}\n") && !said.contains(&token), "{said}");
    assert!(!daemon.log().contains(&token));
}

#[test]
fn in_chinese() {
    let (daemon, _) = ann();
    let person = Person::new(person::port(&daemon)).with("LANG", "zh_CN.UTF-8");
    login(&person, "ann").said("已登录为 ann，以后的命令不再询问密码。\n");
    daemon.sql("DELETE FROM token");
    person.run(&["history"], "").ended(77).complained("请运行 cidian login");
    login(&person, "ann");
    person.run(&["logout"], "").ended(0).said("已退出登录，不再保存 ann 的登录状态。\n");
    let ran = person.run(&["logout"], "").ended(0);
    assert!(ran.out.starts_with("没有为 "), "{}", ran.out);
}
