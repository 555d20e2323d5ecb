//! The process that forks the sessions' children: whatever happens to it, clients are served, and the sessions'
//! processes are children of the parent.

use cidian::ipc::ticket::{SEAL_SIZE, Ticket};
use cidian::ipc::writer_request::write_keep;
use cidian::store::{AccountId, Microseconds, Record};
use nix::errno::Errno;
use nix::sys::signal::Signal;
use nix::sys::socket::{MsgFlags, send};
use std::os::fd::AsRawFd;
use support::{Connection, Daemon, PATIENCE, Setup, Store, processes, send_signal, wait_for, wait_until};

fn with_a_fork_server() -> Setup {
    Setup::new(Store::Sqlite).options("--fork-server")
}

/// The fork server of a daemon; `None` where the kernel or the machine lacks what it takes.
fn fork_server(daemon: &Daemon) -> Option<u32> {
    let forks = daemon.forks_children();
    if forks == daemon.pid() {
        println!("not tried: there is no fork server here");
        return None;
    }
    Some(forks)
}

fn another_than(daemon: &Daemon, fork_server: u32) -> u32 {
    wait_for("another fork server", PATIENCE, || {
        Some(daemon.forks_children()).filter(|&forks| forks != fork_server && forks != daemon.pid())
    })
}

fn served(client: &mut Connection) {
    assert_eq!(client.ask("I").len(), 5);
}

#[test]
fn its_end_is_no_session_s() {
    let daemon = with_a_fork_server().start();
    let Some(fork_server) = fork_server(&daemon) else { return };
    let (mut ann, child) = daemon.connect_with_child();
    ann.register("ann");
    ann.login("ann");
    assert!(processes::children(daemon.pid()).contains(&child), "it is the parent's");
    // It has lived for long enough that another follows at once.
    wait_until("it to have lived for a second", || processes::age(fork_server).is_some_and(|age| age.as_secs() >= 2));
    send_signal(fork_server, Signal::SIGKILL);
    served(&mut daemon.connect());
    assert_eq!(ann.ask_line("Q ann apple"), "OK apple\tn. 苹果");
    let next = another_than(&daemon, fork_server);
    assert!(daemon.log().contains(&format!("fork server {fork_server} has ended; restarting it")));
    served(&mut daemon.connect());
    daemon.wait_children(1);
    assert!(processes::lives(next));
    assert_eq!(ann.history("ann"), ["apple"]);
}

/// Killed again and again while clients come in: each of them is served, by one child.
#[test]
fn killed_under_load_it_loses_no_client() {
    let daemon = with_a_fork_server().start();
    if fork_server(&daemon).is_none() {
        return;
    }
    let done = std::sync::atomic::AtomicBool::new(false);
    let is_over = || done.load(std::sync::atomic::Ordering::Relaxed);
    std::thread::scope(|scope| {
        let clients: Vec<_> = (0..4)
            .map(|_| {
                scope.spawn(|| {
                    for _ in 0..50 {
                        let mut client = daemon.connect();
                        served(&mut client);
                        client.ok("E");
                    }
                })
            })
            .collect();
        let killer = scope.spawn(|| {
            while !is_over() {
                let forks = daemon.fork_server();
                if forks.is_some_and(|forks| processes::age(forks).is_some_and(|age| age.as_millis() > 1_100)) {
                    send_signal(forks.expect("a fork server"), Signal::SIGKILL);
                }
                std::thread::yield_now();
            }
        });
        for client in clients {
            client.join().expect("each is served");
        }
        done.store(true, std::sync::atomic::Ordering::Relaxed);
        killer.join().expect("it goes on");
    });
    daemon.wait_children(0);
    let status = daemon.status();
    assert_eq!(status["forks"], status["reaped"]);
    assert_eq!(status["sessions_ended"]["goodbye"], 200);
}

/// One that does not answer is killed, and the clients that waited for it are served.
#[test]
fn a_stopped_one_is_replaced() {
    let daemon = with_a_fork_server().start();
    let Some(fork_server) = fork_server(&daemon) else { return };
    send_signal(fork_server, Signal::SIGSTOP);
    let mut waiting: Vec<Connection> = (0..3).map(|_| daemon.connect()).collect();
    waiting.iter_mut().for_each(served);
    daemon.wait_log(&format!("fork server {fork_server} does not answer; killing it"));
    assert_eq!(daemon.wait_children(3).len(), 3);
}

#[test]
fn after_a_reload_there_is_another() {
    let setup = with_a_fork_server();
    let daemon = setup.start();
    let Some(first) = fork_server(&daemon) else { return };
    let mut ann = daemon.connect_as("ann");
    daemon.replace_words("newer\tn. 更新的\n");
    let output = daemon.tool(&["reload"]);
    assert!(output.status.success(), "{output:?}");
    another_than(&daemon, first);
    wait_until("the first one to have gone", || processes::state(first).is_none());
    let mut later = daemon.connect();
    later.login("ann");
    for client in [&mut ann, &mut later] {
        assert_eq!(client.ask_line("Q ann newer"), "OK newer\tn. 更新的");
    }
    assert!(!daemon.log().contains("fork server"), "there is nothing to tell: {}", daemon.log());
}

/// A session whose client has taken it over asks the writer to record for another account: the parent ends it, though
/// another process forked it. The test plays that session: it sends the request on the session's own channel.
#[test]
fn a_child_that_was_taken_over_is_killed() {
    let daemon = with_a_fork_server().start();
    if fork_server(&daemon).is_none() {
        return;
    }
    let mut bob = daemon.connect_as("bob");
    let mut ann = daemon.connect_as("ann");
    let token = ann.ask_line("K ann").split_off(3);
    let (mut visitor, child) = daemon.connect_with_child();
    let before = processes::sockets(child);
    visitor.ok(&format!("T ann {token}"));
    let channel = wait_for("the session's channel to the writer", PATIENCE, || {
        // It is closed when it was idle for a while.
        assert_eq!(visitor.ask_line("Q ann apple"), "OK apple\tn. 苹果");
        match processes::duplicate_socket(child, &before) {
            Err(Errno::EBADF) => None,
            channel => channel.transpose(),
        }
    });
    let channel = match channel {
        Err(Errno::EPERM) => return println!("not tried: only root may do this to a confined process"),
        channel => channel.expect("a descriptor"),
    };
    let account = AccountId { number: 1, created: None };
    let forged = Ticket { account, name: "bob".to_owned(), reads: true, seal: [0; SEAL_SIZE] };
    let mut request = Vec::new();
    write_keep(&mut request, &forged, &[Record { word: "forged".to_owned(), time: Microseconds(1), origin: 7 }]);
    assert_eq!(send(channel.as_raw_fd(), &request, MsgFlags::MSG_NOSIGNAL), Ok(request.len()));
    assert!(visitor.at_eof(), "its child was killed");
    daemon.wait_log(&format!("child {child} asked the writer for an account that was not logged in there"));
    wait_until("the child to be reaped", || processes::state(child).is_none());
    // No other client notices.
    assert_eq!(ann.ask_line("Q ann zoo"), "OK zoo\tn. 动物园");
    assert_eq!(ann.history("ann").first().map(String::as_str), Some("zoo"));
    assert_eq!(bob.history("bob"), Vec::<String>::new());
    assert_eq!(daemon.status()["writer"]["requests_refused"], 1);
}

/// Unless it is asked for, the parent forks all children itself.
#[test]
fn there_is_none_by_itself() {
    let daemon = Daemon::over(Store::Sqlite);
    let (_ann, child) = daemon.connect_with_child();
    let titles: Vec<String> = processes::children(daemon.pid()).into_iter().map(processes::title).collect();
    assert_eq!(titles.len(), 2, "the writer and {child}: {titles:?}");
    assert!(!titles.iter().any(|title| title.contains("fork server")), "{titles:?}");
}
