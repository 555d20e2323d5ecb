//! `cidian serve`: the desktop's clients of DICT on the private server, with the history of `--local`.

use crate::person::{Person, without_terminal};
use nix::sys::signal::Signal;
use std::fs::File;
use std::process::{Child, Stdio};
use support::{self, Connection, send_signal, wait_for};

/// A server that runs; it ends with its guard.
struct Server {
    child: Child,
    port: u16,
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn serve(person: &Person, arguments: &[&str]) -> Server {
    let log = person.home().join("log");
    let mut command = person.command(&[&["serve", "--listen", "127.0.0.1:0"], arguments].concat());
    without_terminal(&mut command);
    command.stdout(Stdio::null()).stderr(File::create(&log).expect("a log"));
    let mut child = command.spawn().expect("the client starts");
    let port = wait_for("the server to be ready", support::PATIENCE, || {
        let text = std::fs::read_to_string(&log).expect("the log");
        let ended = child.try_wait().expect("our child");
        assert!(ended.is_none(), "it ended: {text}");
        let address = text.lines().find_map(|line| line.split_once("listening on ")?.1.strip_suffix(" (DICT)"))?;
        text.contains("ready: ").then(|| address.rsplit_once(':').expect("a port").1.parse().expect("a port"))
    });
    Server { child, port }
}

fn define(port: u16, word: &str) -> Vec<String> {
    let mut connection = Connection::open(port);
    connection.send(format!("CLIENT x\r\nDEFINE * \"{word}\"\r\nQUIT\r\n"));
    connection.lines_to_end()
}

#[test]
fn what_the_desktop_looks_up_is_in_the_history_of_local() {
    let person = Person::new("");
    let mut server = serve(&person, &[]);
    for word in ["apple", "ice cream", "zzzz"] {
        let lines = define(server.port, word);
        assert_eq!(lines.iter().any(|line| line.starts_with("150 ")), word != "zzzz", "{lines:?}");
        assert!(lines[0].contains(" <mime> <"), "{lines:?}");
    }
    // While it runs, and after it has ended.
    for runs in [true, false] {
        let words = person.run(&["--local", "history"], "").ended(0).out;
        let words: Vec<&str> = words.lines().map(|line| line.split('\t').nth(1).unwrap()).collect();
        assert_eq!(words, ["ice cream", "apple"]);
        if runs {
            send_signal(server.child.id(), Signal::SIGTERM);
            assert!(support::wait_for_end(&mut server.child));
            assert_eq!(server.child.wait().unwrap().code(), Some(0));
        }
    }
    // Another time it is the same account.
    let again = serve(&person, &[]);
    define(again.port, "zoo");
    assert_eq!(person.run(&["--local", "history"], "").ended(0).out.lines().count(), 3);
}

#[test]
fn for_an_account_that_is_named() {
    let person = Person::new("");
    person.run_as("bob", &["--local", "register"], "").ended(0);
    let server = serve(&person, &["--user", "bob"]);
    define(server.port, "apple");
    let history = person.run_as("bob", &["--local", "history"], "").ended(0).out;
    assert_eq!(history.split('\t').take(2).collect::<Vec<_>>(), ["bob", "apple"]);
}

#[test]
fn what_can_t_be_served() {
    let person = Person::new("");
    person.run(&["serve", "--listen", "0.0.0.0:0"], "").ended(64).complained("other machines");
    person.run(&["serve", "--listen", "nowhere:x"], "").ended(64).complained("port");
    person.run(&["serve", "--server", "127.0.0.1:1"], "").ended(64).complained("--server");
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    person.run(&["serve", "--listen", &address], "").ended(71).complained(&address);
}
