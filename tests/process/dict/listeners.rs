//! Where DICT is spoken: options, a Unix socket, a socket from systemd, reload, drain, status, title.

use super::{Client, code};
use nix::sys::signal::Signal;
use std::net::TcpListener;
use std::os::fd::OwnedFd;
use support::{Connection, Setup, Store, processes, wait_until};

#[test]
fn it_is_off_unless_it_is_asked_for() {
    let daemon = Setup::new(Store::Sqlite).start();
    assert!(!daemon.log().contains("DICT"), "{}", daemon.log());
    // The line protocol knows nothing of it.
    assert_eq!(daemon.connect().refused("DEFINE * apple"), "badreq");
}

#[test]
fn at_several_addresses_and_in_the_file() {
    let setup = Setup::new(Store::Sqlite).listening_as_told().options("--config dict.toml");
    let path = setup.path("dict.sock");
    let text = format!("listen = []\ndict_listen = ['127.0.0.1:0', 'unix:{}']\n", path.display());
    std::fs::write(setup.path("dict.toml"), text).unwrap();
    let daemon = setup.start();
    assert_eq!(Client::open(&daemon).headwords("DEFINE * apple"), ["apple"]);
    let mut client = Client(Connection::open_unix(&path));
    assert_eq!(code(&client.line()), 220);
    assert_eq!(client.headwords("DEFINE * apple"), ["apple"]);
    let status = daemon.status();
    let listening: Vec<&str> = status["listening"].as_array().unwrap().iter().filter_map(|at| at.as_str()).collect();
    assert!(listening.len() == 2 && listening.iter().all(|at| at.ends_with(" (DICT)")), "{listening:?}");
    assert_eq!(status["requests"]["dict_define"]["ok"], 2, "{status}");
}

#[test]
fn on_a_socket_from_systemd() {
    let socket = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = socket.local_addr().unwrap().port();
    let setup = Setup::new(Store::Sqlite).listening_as_told().passing(vec![("dict", OwnedFd::from(socket))]);
    let _daemon = setup.start();
    let mut client = Client(Connection::open(port));
    assert_eq!(code(&client.line()), 220);
    assert_eq!(client.headwords("DEFINE * apple"), ["apple"]);
    // One that others reach can't be bound to an account.
    let open = TcpListener::bind("0.0.0.0:0").unwrap();
    let setup = Setup::new(Store::Sqlite).listening_as_told().options("--dict-account ann");
    assert_eq!(setup.passing(vec![("dict", OwnedFd::from(open))]).run(&[]).status.code(), Some(78));
}

#[test]
fn its_sessions_show_themselves() {
    let daemon = Setup::new(Store::Sqlite).dict().start();
    let mut client = Client::open(&daemon);
    assert_eq!(client.status("STATUS"), 210);
    let child = daemon.children()[0];
    wait_until("a title", || {
        let title = processes::title(child);
        title.starts_with("cidiand: client 127.0.0.1:") && title.ends_with(" (DICT) user -: idle")
    });
    assert_eq!(daemon.status()["clients"]["idle"], 1);
}

#[test]
fn new_words_are_answered_from() {
    let daemon = Setup::new(Store::Sqlite).dict().start();
    let mut client = Client::open(&daemon);
    assert_eq!(client.status("DEFINE * kiwi"), 552);
    daemon.replace_words("# title: Newer\nkiwi\tn. 猕猴桃\n");
    assert!(daemon.tool(&["reload"]).status.success());
    assert_eq!(client.headwords("DEFINE * kiwi"), ["kiwi"]);
    assert_eq!(client.ask("SHOW DB")[1], "words \"Newer\"");
}

#[test]
fn a_stop_is_said_in_its_own_language() {
    let mut daemon = Setup::new(Store::Sqlite).dict().start();
    let mut client = Client::open(&daemon);
    assert_eq!(client.status("STATUS"), 210);
    daemon.signal(Signal::SIGTERM);
    assert_eq!(code(&client.line()), 421);
    assert!(client.0.at_eof());
    assert_eq!(daemon.wait_exit().code(), Some(0));
}
