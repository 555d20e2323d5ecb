//! Secrets: where a password must not be found once it has been used.

use nix::sys::signal::Signal;
use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::Command;
use support::{Daemon, Setup, Store, on_both_stores, processes, shared_mariadb, wait_until};

on_both_stores!(a_child_forgets_secrets);

/// Looks for them in the memory of the process itself.
fn a_child_forgets_secrets(store: Store) {
    let daemon = Setup::new(store).start();
    let (mut client, child) = daemon.connect_with_child();
    let secret = |number: u32| format!("hunter-{number}-hunter-{number}");
    // The search finds what is there: a word that the child has not finished reading.
    client.send(format!("Q ann {}", secret(0)));
    if std::fs::File::open(format!("/proc/{child}/mem")).is_err() {
        eprintln!("NOT TESTED: this user may not look into the memory of other processes");
        return;
    }
    wait_until("the word to arrive", || processes::in_memory(child, &secret(0)) > Some(0));
    client.send("\n");
    client.line();
    client.ok(&format!("R ann {}", secret(1)));
    assert_eq!(client.refused(&format!("L ann {}", secret(2))), "denied");
    assert_eq!(client.refused(&format!("L bob {}", secret(3))), "denied");
    assert_eq!(client.refused(&format!("L ann\t{}", secret(4))), "badreq");
    assert_eq!(client.refused(&format!("L {} {}", "n".repeat(33), secret(5))), "badname");
    assert_eq!(client.refused(&format!("L ann {}{}", secret(6), "x".repeat(1_024))), "toolong");
    // In pieces, and among others.
    client.send(format!("Q ann zoo\nL ann {}", &secret(1)[..5]));
    client.line();
    client.send(format!("{}\nQ ann zoo\nP ann {}\nQ ann zoo\n", &secret(1)[5..], secret(7)));
    let replies: Vec<String> = (0..4).map(|_| client.line()).collect();
    assert!(replies.iter().all(|reply| reply.starts_with("OK")), "{replies:?}");
    // While the next line is on its way, too.
    client.send(format!("L ann {}\nC an", secret(7)));
    assert_eq!(client.line(), "OK");
    assert_eq!(processes::in_memory(child, "hunter-"), Some(0));
    client.ok("n");
    assert_eq!(processes::in_memory(child, "hunter-"), Some(0));
    // A token, when it is given, when it is used, and when it is forgotten.
    let reply = client.ask_line("K ann");
    let token = reply.strip_prefix("OK ").expect("a token");
    wait_until("the token to be wiped", || processes::in_memory(child, token) == Some(0));
    client.ok(&format!("T ann {token}"));
    assert_eq!(processes::in_memory(child, token), Some(0));
    client.ok(&format!("F ann {token}"));
    assert_eq!(client.refused(&format!("T ann {token}")), "denied");
    assert_eq!(processes::in_memory(child, token), Some(0));
    client.ok(&format!("L ann {}", secret(7)));
    client.ok(&format!("X ann {}", secret(7)));
    client.ok("O");
    assert_eq!(processes::in_memory(child, "hunter-"), Some(0));
}

/// Whatever is logged, and however much, neither a secret nor a character that a
/// terminal would act on is in it; nor in what `ps` shows.
#[test]
fn logs_titles_and_environments() {
    shared_mariadb().create_database("secrets");
    shared_mariadb()
        .sql("CREATE USER secrets@'%' IDENTIFIED BY 'hunter-database'; GRANT ALL ON secrets.* TO secrets@'%';");
    let url = format!("mysql://secrets:hunter%2Ddatabase@127.0.0.1:{}/secrets", shared_mariadb().port());
    let setup = Setup::new(Store::Sqlite).environment("CIDIAN_DATABASE", &url).environment("RUST_LOG", "trace");
    assert!(setup.run(&["init-db"]).status.success());
    let daemon = setup.start();
    let (mut client, child) = daemon.connect_with_child();
    let name = "ann\u{202e}\u{200f}\u{61c}x";
    // New names hold no such characters; an account of before may.
    client.ok("R ann hunter-1");
    shared_mariadb().sql(&format!("UPDATE secrets.user SET name = '{name}'"));
    client.ok(&format!("L {name} hunter-1"));
    for (request, code) in [
        (format!("L {name} hunter-2"), "denied"),
        (format!("P {name}\u{85} hunter-3"), "badreq"),
        (format!("P {name}\u{2028} hunter-3"), "badname"),
        (format!("L {name} hunter-4{}", "x".repeat(1_024)), "toolong"),
        (format!("LL {name} hunter-5"), "badreq"),
        (format!("X {name} hunter-6"), "denied"),
    ] {
        assert_eq!(client.refused(&request), code, "{request:?}");
    }
    client.ok(&format!("P {name} hunter-7"));
    let shown = "ann\\u{202e}\\u{200f}\\u{61c}x";
    wait_until("the title to say who it is", || processes::title(child).contains(&format!("user {shown}: idle")));
    for pid in [daemon.pid(), child] {
        let environment = std::fs::read(format!("/proc/{pid}/environ")).expect("/proc");
        for text in [processes::title(pid), String::from_utf8_lossy(&environment).into_owned()] {
            assert!(!text.contains("hunter"), "{text}");
        }
    }
    for arguments in [["status"].as_slice(), &["status", "--json"]] {
        let said = daemon.tool(arguments);
        let said = String::from_utf8_lossy(&[said.stdout, said.stderr].concat()).into_owned();
        assert!(!said.contains("hunter") && said.contains("mysql://secrets:***@"), "{said}");
    }
    client.ok(&format!("X {name} hunter-7"));
    client.ok("E");
    assert!(client.at_eof());
    let line = daemon.wait_log("goodbye");
    assert!(line.contains("client "), "{line}");
    let log = daemon.log();
    let acted_on = |c: char| c.is_control() && c != '\n' || "\u{202e}\u{200f}\u{61c}\u{2028}".contains(c);
    assert!(!log.contains("hunter") && !log.contains(acted_on), "{log:?}");
    // The user who is logged in when it ends is named there.
    let mut client = daemon.connect();
    client.ok("R ann hunter-1");
    shared_mariadb().sql(&format!("UPDATE secrets.user SET name = '{name}'"));
    client.ok(&format!("L {name} hunter-1"));
    client.ok("E");
    daemon.wait_log(&format!("user {shown}"));
    assert!(!daemon.log().contains(acted_on));
}

/// Whatever it is started with, and whatever was there before.
#[test]
fn what_is_kept_is_private() {
    let setup = Setup::new(Store::Sqlite).wrapper(&["sh", "-c", "umask 0; exec \"$@\"", "sh"]);
    let state = setup.path("state");
    let mut daemon = setup.start();
    let ours = ["cidian.db", "cidian.db-wal", "cidian.db-shm", "control.sock", "lock"];
    let all_private = |daemon: &Daemon| {
        let mut client = daemon.connect();
        client.login("ann");
        client.ask_line("Q ann zoo");
        assert_eq!(mode(&state), 0o700);
        for name in ours {
            assert_eq!(mode(&state.join(name)), 0o600, "{name}");
        }
    };
    daemon.connect().register("ann");
    all_private(&daemon);
    daemon.signal(Signal::SIGTERM);
    daemon.wait_exit();
    // From a backup, for example.
    set_mode(&state, 0o777);
    for name in ["cidian.db", "lock"] {
        set_mode(&state.join(name), 0o666);
    }
    daemon.start();
    all_private(&daemon);
    daemon.wait_log("was open to others");
    daemon.signal(Signal::SIGTERM);
    daemon.wait_exit();
    // A directory that holds other things, too, may be meant for others to look into.
    std::fs::write(state.join("notes"), "").expect("a file");
    set_mode(&state, 0o755);
    set_mode(&state.join("cidian.db"), 0o644);
    daemon.start();
    daemon.wait_log("contains files that are not the daemon's");
    assert_eq!((mode(&state), mode(&state.join("cidian.db"))), (0o755, 0o600));
}

/// Where others can write, they can put another file in the place of ours; and it is not ours to close.
#[test]
fn a_shared_state_directory_is_refused() {
    for (bits, file) in [(0o777, Some("notes")), (0o1777, None), (0o770, Some("notes"))] {
        let setup = Setup::new(Store::Sqlite);
        let state = setup.path("state");
        std::fs::create_dir(&state).expect("a directory");
        if let Some(file) = file {
            std::fs::write(state.join(file), "").expect("a file");
        }
        set_mode(&state, bits);
        let output = setup.run(&[]);
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(71), "{said}");
        assert!(said.contains(&format!("chmod 700 {}", state.display())) && said.contains("STATE_DIRECTORY"), "{said}");
        assert_eq!(std::fs::metadata(&state).expect("it").permissions().mode() & 0o7777, bits, "left as it was");
        assert!(!state.join("cidian.db").exists());
    }
}

#[test]
fn a_database_file_that_all_can_read_is_refused() {
    let setup = Setup::new(Store::Sqlite).options("--database-file url --check");
    let file = setup.path("url");
    std::fs::write(&file, "sqlite:other.db\n").expect("a file");
    for (bits, status) in [(0o644, 78), (0o604, 78), (0o602, 78), (0o640, 0), (0o600, 0), (0o400, 0)] {
        set_mode(&file, bits);
        let output = setup.run(&[]);
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(status), "{bits:o}: {said}");
        assert_eq!(said.contains("chmod 600 url"), status != 0, "{said}");
    }
    // By the configuration file, too; a password in that file itself is warned of.
    set_mode(&file, 0o644);
    let config = |text: &str| {
        let setup = Setup::new(Store::Sqlite);
        std::fs::write(setup.path("cidiand.toml"), text).expect("a file");
        let output = setup.options("--config cidiand.toml --check").run(&[]);
        (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
    };
    let (status, said) = config(&format!("database_file = '{}'\n", file.display()));
    assert!(status == Some(78) && said.contains("chmod 600"), "{said}");
    let (status, said) = config("database = 'mysql://u:hunter@localhost/d?socket=/nonexistent/s'\n");
    assert!(status == Some(69) && said.contains("chmod o-r") && !said.contains("hunter"), "{said}");
    // A pipe is private.
    let piped = Setup::new(Store::Sqlite).wrapper(&[
        "bash",
        "-c",
        "exec \"$@\" --database-file <(echo sqlite:piped.db)",
        "bash",
    ]);
    assert!(piped.start().path("piped.db").exists());
}

/// The parent knows the database's password.
#[test]
fn no_core_is_left() {
    // That a core would be left here at all.
    let directory = tempfile::tempdir().expect("a directory");
    let crash = "ulimit -c unlimited && kill -ABRT $$";
    let other = Command::new("sh").args(["-c", crash]).current_dir(directory.path()).status().expect("sh runs");
    if !other.core_dumped() {
        eprintln!("NOT TESTED: this system leaves no core of any program");
        return;
    }
    let mut daemon =
        Setup::new(Store::Sqlite).wrapper(&["sh", "-c", "ulimit -c unlimited && exec \"$@\"", "sh"]).start();
    daemon.signal(Signal::SIGABRT);
    let status = daemon.wait_exit();
    assert_eq!((status.signal(), status.core_dumped()), (Some(6), false));
}

fn mode(path: &Path) -> u32 {
    std::fs::symlink_metadata(path).expect("it is there").permissions().mode() & 0o777
}

fn set_mode(path: &Path, mode: u32) {
    std::fs::set_permissions(path, Permissions::from_mode(mode)).expect("it is ours");
}
