//! The line protocol inside TLS: the same replies as in clear text; handshakes that fail or never end; which clients
//! need TLS.

use nix::sys::signal::Signal;
use rustls::HandshakeKind;
use rustls::version::{TLS12, TLS13};
use std::io::{ErrorKind, Read, Write};
use std::net::{Ipv4Addr, TcpStream};
use std::path::Path;
use std::time::{Duration, Instant};
use support::certificates::Authority;
use support::processes::{self, descriptors};
use support::{Connection, Daemon, PASSWD, Setup, Store, code, outside_address, wait_until};

fn start(options: &str) -> (Daemon, Authority) {
    let authority = Authority::new("of the tests");
    let daemon = Setup::new(Store::Sqlite).tls(&authority.pair(&["localhost"])).options(options).start();
    (daemon, authority)
}

fn tcp(port: u16) -> TcpStream {
    let stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).expect("the daemon's port takes a client");
    stream.set_read_timeout(Some(support::PATIENCE)).expect("a timeout");
    stream
}

/// A whole session in each version of TLS, to the goodbye: that the stream ends in an orderly way (for `rustls` that is
/// with TLS's own goodbye) is what [`Connection::at_eof`] sees.
#[test]
fn a_session_in_each_version() {
    let (daemon, authority) = start("");
    for (version, name) in [(&TLS12, "ann"), (&TLS13, "bob")] {
        let mut client = Connection::try_tls(tcp(daemon.tls_port()), &authority, version).expect("a handshake");
        let port = client.tcp().local_addr().expect("an address").port();
        client.register(name);
        client.login(name);
        assert_eq!(client.ask_line(&format!("Q {name} apple")), "OK apple\tn. 苹果");
        assert_eq!(client.history(name), ["apple"]);
        let child = daemon.wait_children(1)[0];
        let title = format!("cidiand: client 127.0.0.1:{port} (TLS) user {name}: idle");
        wait_until("the title of a client of TLS", || processes::title(child) == title);
        client.ok("E");
        assert!(client.at_eof());
        let line = daemon.wait_log(&format!("client 127.0.0.1:{port} (TLS) user {name}: "));
        assert!(line.ends_with(": goodbye\n") && line.contains(" INFO: "), "{line}");
        daemon.wait_children(0);
    }
    let listening = &daemon.status()["listening"];
    assert_eq!(listening[1], format!("127.0.0.1:{} (TLS)", daemon.tls_port()));
    // A client without TLS is served beside it.
    assert_eq!(daemon.connect().ask("I").len(), 5);
}

/// The key is only in the memory of the children that speak TLS, and no other process has a descriptor for it.
#[test]
fn who_has_the_key() {
    let (daemon, authority) = start("");
    let has = |pid: u32| descriptors(pid).iter().filter(|path| path.to_string_lossy().contains("cidian-tls")).count();
    let maps = |pid: u32| std::fs::read_to_string(format!("/proc/{pid}/maps")).expect("the process is there");
    let (_clear, clear_child) = daemon.connect_with_child();
    let _tls = Connection::open_tls(daemon.tls_port(), &authority);
    let tls_child = *daemon.wait_children(2).iter().find(|&&pid| pid != clear_child).expect("another child");
    assert_eq!((has(daemon.pid()), has(clear_child), has(tls_child)), (1, 0, 0));
    let resumes = |pid: u32| descriptors(pid).iter().filter(|at| at.to_string_lossy().contains("resumption")).count();
    assert_eq!((resumes(daemon.pid()), resumes(clear_child), resumes(tls_child)), (1, 0, 0));
    for pid in [daemon.pid(), clear_child, tls_child] {
        assert!(!maps(pid).contains("cidian-tls") && !maps(pid).contains("cidian-resumption"));
    }
    assert_eq!(processes::sockets(tls_child).len(), processes::sockets(clear_child).len());
}

/// A client that comes again resumes its session, though another child serves it; not after the certificate was loaded
/// anew.
#[test]
fn sessions_are_resumed_by_other_children() {
    let (daemon, authority) = start("");
    for version in [&TLS12, &TLS13] {
        let config = rustls::ClientConfig::builder_with_provider(rustls::crypto::ring::default_provider().into())
            .with_protocol_versions(&[version])
            .expect("a version of TLS")
            .with_root_certificates(authority.roots())
            .with_no_client_auth();
        let config = std::sync::Arc::new(config);
        let visit = || {
            let connection = rustls::ClientConnection::new(config.clone(), "localhost".try_into().expect("a name"));
            let mut tls = rustls::StreamOwned::new(connection.expect("a client"), tcp(daemon.tls_port()));
            tls.write_all(b"I\nE\n").expect("a handshake");
            let mut said = String::new();
            tls.read_to_string(&mut said).expect("an orderly end");
            assert!(said.starts_with("OK 4\n") && said.ends_with("\nOK\n"), "{said}");
            tls.conn.handshake_kind().expect("a handshake")
        };
        assert_eq!(visit(), HandshakeKind::Full, "{version:?}");
        for _ in 0..3 {
            assert_eq!(visit(), HandshakeKind::Resumed, "{version:?}");
        }
        let output = daemon.tool(&["reload"]);
        assert!(output.status.success(), "{output:?}");
        assert_eq!(visit(), HandshakeKind::Full, "{version:?}");
        assert_eq!(visit(), HandshakeKind::Resumed, "{version:?}");
    }
    let status = daemon.status();
    assert_eq!(status["forks"], 12);
}

/// Within TLS: however requests are cut into records, and records into packets, the replies are the same.
#[test]
fn cut_anywhere_the_replies_are_the_same() {
    let (daemon, authority) = start("");
    daemon.connect().register("ann");
    let text = format!(
        "I\nQ ann apple\nL ann {PASSWD}\nQ ann apple\nQ ann nosuchword\n\nS ann ap\nC ann\n{}\r\nQ ann zoo\nO\nH ann\nE\n",
        "y".repeat(3_000)
    );
    let run = |size: usize| {
        let mut client = Connection::open_tls(daemon.tls_port(), &authority);
        for part in text.as_bytes().chunks(size) {
            client.send(part);
        }
        client.lines_to_end()
    };
    let at_once = run(text.len());
    assert_eq!(at_once.last().map(String::as_str), Some("OK"));
    assert!(at_once.contains(&"OK apple\tn. 苹果".to_owned()), "{at_once:#?}");
    for size in [1, 7, 1_023] {
        assert_eq!(run(size), at_once, "{size} bytes a record");
    }
    // The records themselves, a byte a packet, those of the handshake among them.
    let mut client = Connection::try_tls(tcp(one_byte_at_a_time(daemon.tls_port())), &authority, &TLS13);
    let client = client.as_mut().expect("a handshake");
    client.send(&text);
    assert_eq!(client.lines_to_end(), at_once, "a byte a packet");
}

/// Within TLS: with an ordinary client, that is one with Nagle's algorithm on, the first request waits until
/// the end of the handshake before it is acknowledged.
#[test]
fn an_ordinary_client_does_not_wait_for_delayed_acknowledgements() {
    let (daemon, authority) = start("");
    let mut times: Vec<Duration> = (0..30)
        .map(|_| {
            let mut client = Connection::try_tls(tcp(daemon.tls_port()), &authority, &TLS13).expect("a handshake");
            client.tcp().set_nodelay(false).expect("Nagle");
            let begin = Instant::now();
            client.ask("I");
            begin.elapsed()
        })
        .collect();
    times.sort_unstable();
    // The median, because the machine is shared, and not every acknowledgement is delayed: it would be above 40 ms.
    assert!(times[15] < Duration::from_millis(35), "{times:?}");
}

/// A port whose first client's bytes reach `port` one by one; what comes back comes as it is.
fn one_byte_at_a_time(port: u16) -> u16 {
    let listener = std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
    let address = listener.local_addr().expect("an address");
    std::thread::spawn(move || {
        let (mut client, _) = listener.accept().expect("a client");
        let mut daemon = tcp(port);
        daemon.set_nodelay(true).expect("no delay");
        let (mut back_from, mut back_to) =
            (daemon.try_clone().expect("a handle"), client.try_clone().expect("a handle"));
        std::thread::spawn(move || {
            let _ = std::io::copy(&mut back_from, &mut back_to);
            let _ = back_to.shutdown(std::net::Shutdown::Write);
        });
        let mut buffer = [0; 4_096];
        while let Ok(size @ 1..) = client.read(&mut buffer) {
            for byte in &buffer[..size] {
                if daemon.write_all(std::slice::from_ref(byte)).is_err() {
                    return;
                }
            }
        }
    });
    address.port()
}

#[test]
fn a_half_closed_client_gets_all_replies() {
    let (daemon, authority) = start("");
    daemon.connect().register("ann");
    let mut ann = Connection::open_tls(daemon.tls_port(), &authority);
    ann.send(format!("L ann {PASSWD}\n{}H ann all\nQ ann ap", "Q ann apple\nQ ann nosuchword\n".repeat(300)));
    ann.finish_sending();
    let lines = ann.lines_to_end();
    assert_eq!((lines.len(), lines[601].as_str()), (1 + 600 + 1 + 300, "OK 300"));
    daemon.wait_log("closed by the client");
}

/// A client that closes without `close_notify`, or resets, does no harm.
#[test]
fn clients_that_just_go() {
    let (daemon, authority) = start("");
    let mut client = Connection::open_tls(daemon.tls_port(), &authority);
    client.ask("I");
    drop(client);
    daemon.wait_log("1 request in");
    daemon.wait_log(": closed by the client");
    let mut client = Connection::open_tls(daemon.tls_port(), &authority);
    client.ask("I");
    let linger = nix::libc::linger { l_onoff: 1, l_linger: 0 };
    nix::sys::socket::setsockopt(client.tcp(), nix::sys::socket::sockopt::Linger, &linger).expect("a reset");
    drop(client);
    daemon.wait_log(": connection lost");
    daemon.wait_children(0);
}

/// A handshake that never ends is ended with the grace time, wherever it stands still; and within a minute without a
/// grace time.
#[test]
fn a_handshake_has_the_grace_time() {
    let (daemon, _) = start("--login-grace 1");
    let begin = Instant::now();
    let mut silent = tcp(daemon.tls_port());
    let mut halfway = tcp(daemon.tls_port());
    // The head of a record, and the beginning of a handshake that announces 16,000 bytes.
    halfway.write_all(&[0x16, 3, 1, 0x3e, 0x84, 1, 0, 0x3e, 0x80, 3, 3]).expect("the daemon takes bytes");
    let mut dripping = tcp(daemon.tls_port());
    dripping.write_all(&[0x16, 3, 1, 0x3e, 0x84, 1, 0, 0x3e, 0x80]).expect("the daemon takes bytes");
    daemon.wait_children(3);
    wait_until("the children to end", || {
        let _ = dripping.write_all(&[0]);
        daemon.children().is_empty()
    });
    assert!(begin.elapsed() >= Duration::from_millis(900), "{:?}", begin.elapsed());
    daemon.wait_log_times(": no login within the grace time", 3);
    for stream in [&mut silent, &mut halfway] {
        let mut bytes = Vec::new();
        let _ = stream.read_to_end(&mut bytes);
        assert!(!bytes.starts_with(b"FAIL"), "nothing in clear text: {bytes:?}");
    }
    // A login in time stays, and one that never comes does not.
    let (daemon, authority) = start("--login-grace 2");
    daemon.connect().register("ann");
    let mut ann = Connection::open_tls(daemon.tls_port(), &authority);
    ann.login("ann");
    let mut nobody = Connection::open_tls(daemon.tls_port(), &authority);
    assert_eq!(code(&nobody.line()), Some("timeout"));
    assert!(nobody.at_eof());
    assert_eq!(ann.ask_line("Q ann apple"), "OK apple\tn. 苹果");
}

/// What is not TLS ends that connection, with an alert, and a line in the log with the reason.
#[test]
fn garbage() {
    let (daemon, _) = start("");
    let broken = [&[0x16, 3, 1, 0, 4][..], b"\x01\xff\xff\xff"].concat();
    let large = [&[0x16, 3, 1, 0xff, 0xff][..], &[b'x'; 70_000]].concat();
    let all: [&[u8]; 5] = [b"\0\0\0\0\0\0\0\0", &broken, &large, b"\x80\x2e\x01\x03\x01\x00\x15", &[0xff; 5_000]];
    for (at, bytes) in all.into_iter().enumerate() {
        let mut client = tcp(daemon.tls_port());
        // The daemon may have closed before all of it is sent.
        let _ = client.write_all(bytes);
        let mut answer = Vec::new();
        match client.read_to_end(&mut answer) {
            Ok(_) => {}
            Err(error) => assert_eq!(error.kind(), ErrorKind::ConnectionReset, "{bytes:?}"),
        }
        assert!(answer.is_empty() || answer.starts_with(&[0x15, 3]), "an alert: {answer:?}");
        daemon.wait_log_times(": TLS failed", at + 1);
        drop(client);
    }
    assert_eq!(daemon.log().matches(" (TLS): TLS: ").count(), 5, "{}", daemon.log());
    daemon.wait_children(0);
}

/// A client that speaks clear text to a TLS port gets the reason why that does not work, and so does one that speaks
/// TLS to a port without: at once, because neither would send more by itself.
#[test]
fn the_wrong_port() {
    let (daemon, authority) = start("");
    for text in ["L ann secret\n", "I", "\n", "GET / HTTP/1.0\r\n\r\n"] {
        let mut client = Connection::open(daemon.tls_port());
        client.send(text);
        let line = client.line();
        assert!(code(&line) == Some("badreq") && line.contains("--tls"), "{line}");
        assert!(client.at_eof());
    }
    daemon.wait_log_times(": clear text on a TLS address", 4);

    let error = Connection::try_tls(tcp(daemon.port()), &authority, &TLS13).err().expect("no handshake");
    assert_eq!(error.kind(), ErrorKind::InvalidData, "{error}");
    let mut client = daemon.connect();
    client.send(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc");
    let line = client.line();
    assert!(code(&line) == Some("badreq") && line.contains("does not speak TLS"), "{line}");
    // It was one line, which had one reply; the next one has its own.
    client.send("more of it\nI\n");
    assert_eq!(client.reply_to("I").len(), 5);
    // Later on these bytes are an invalid line.
    client.send(b"\x16\x03\x01");
    client.send("\nI\n");
    assert_eq!(code(&client.line()), Some("badreq"));
    assert_eq!(client.reply_to("I").len(), 5);
}

/// TERM: a client that is served gets `bye` and `close_notify`; one that is still shaking hands is not waited for.
#[test]
fn stopping() {
    let (mut daemon, authority) = start("--login-grace 0");
    let mut client = Connection::open_tls(daemon.tls_port(), &authority);
    client.ask("I");
    let _silent = tcp(daemon.tls_port());
    let mut halfway = tcp(daemon.tls_port());
    halfway.write_all(&[0x16, 3, 1, 0x3e, 0x84, 1, 0]).expect("the daemon takes bytes");
    daemon.wait_children(3);
    let begin = Instant::now();
    daemon.signal(Signal::SIGTERM);
    assert_eq!(code(&client.line()), Some("bye"));
    assert!(client.at_eof());
    drop(client);
    assert!(daemon.wait_exit().success());
    assert!(begin.elapsed() < Duration::from_secs(8), "{:?}", begin.elapsed());
    assert_eq!(daemon.log().matches(": server stopping").count(), 3);
}

/// The parent does not speak TLS: a client over the limit is hung up on, and reads nothing that is no TLS.
#[test]
fn a_full_server() {
    let (daemon, authority) = start("--max-clients 1");
    let mut first = Connection::open_tls(daemon.tls_port(), &authority);
    for _ in 0..3 {
        let mut answer = Vec::new();
        let _ = tcp(daemon.tls_port()).read_to_end(&mut answer);
        assert_eq!(answer, b"");
    }
    assert_eq!(first.ask("I").len(), 5);
    assert_eq!(daemon.status()["refused"], 3);
}

/// `--require-tls`: names and secrets in clear text only from this machine. That is not a failed login, and whatever
/// else needs no secret is answered.
#[test]
fn required_tls() {
    let authority = Authority::new("of the tests");
    let daemon = Setup::new(Store::Sqlite)
        .tls(&authority.pair(&["localhost"]))
        .listening_as_told()
        .options("--require-tls --listen 0.0.0.0:0 --tls-listen 0.0.0.0:0 --listen unix:socket")
        .start();
    let outside = outside_address();
    let connect = |port| TcpStream::connect((outside, port)).expect("the daemon's port takes a client");
    let mut here = daemon.connect();
    here.register("ann");
    here.login("ann");
    let mut local = Connection::open_unix(&daemon.path("socket"));
    local.login("ann");
    let mut stranger = Connection::over_tcp(connect(daemon.port()));
    for _ in 0..4 {
        for request in [format!("L ann {PASSWD}"), "R bob secret".to_owned(), "L ann wrong".to_owned()] {
            let line = stranger.ask_line(&request);
            assert!(code(&line) == Some("denied") && line.contains("TLS"), "{line}");
        }
    }
    assert_eq!(stranger.ask("I").len(), 5);
    assert_eq!(stranger.refused("L ann"), "badreq");
    assert_eq!(stranger.refused("Q ann apple"), "denied");
    stranger.ok("E");
    let tls_port = daemon
        .log()
        .lines()
        .filter_map(|line| line.strip_suffix(" (TLS)"))
        .find_map(|line| line.split_once("listening on 0.0.0.0:").and_then(|(_, port)| port.parse().ok()));
    let tls_port = tls_port.expect("a port of TLS on every address");
    let mut private = Connection::try_tls(connect(tls_port), &authority, &TLS13).expect("a handshake");
    private.login("ann");
    private.register("bob");
    // Without the option nothing is required.
    let (daemon, _) = start("--listen 0.0.0.0:0");
    let mut free = Connection::over_tcp(connect(*daemon.ports().last().expect("the second port")));
    free.register("ann");
    free.login("ann");
}

/// What is wrong with the options or the files is reported before any client is served, with the remedy.
#[test]
fn what_is_refused_at_start() {
    let authority = Authority::new("of the tests");
    let usage = |options: &str| {
        let output = Setup::new(Store::Sqlite).options(options).run(&[]);
        assert_eq!(output.status.code(), Some(64), "{output:?}");
        String::from_utf8(output.stderr).expect("UTF-8")
    };
    assert!(usage("--tls-listen 127.0.0.1:0").contains("tls-cert"));
    assert!(usage("--tls-listen 127.0.0.1:0 --tls-key x").contains("tls-cert"));
    assert!(usage("--tls-cert x").contains("tls-listen"));
    assert!(usage("--tls-listen nowhere --tls-cert x --tls-key y").contains("nowhere"));

    let refused = |spoil: &dyn Fn(&Path, &Path), part: &str| {
        let setup = Setup::new(Store::Sqlite).tls(&authority.pair(&["localhost"]));
        spoil(&setup.path("server.pem"), &setup.path("server.key"));
        for arguments in [&[][..], &["--check"]] {
            let output = setup.run(arguments);
            let said = String::from_utf8(output.stderr).expect("UTF-8");
            assert_eq!(output.status.code(), Some(78), "{arguments:?} {said}");
            assert!(said.contains(part), "{part:?} is not in {said}");
        }
    };
    let mode = |path: &Path, mode| {
        std::fs::set_permissions(path, std::os::unix::fs::PermissionsExt::from_mode(mode)).expect("a mode");
    };
    for open in [0o644, 0o604, 0o660, 0o601] {
        refused(&|_, key| mode(key, open), "chmod g-wx,o= server.key");
    }
    refused(&|_, key| drop(std::fs::remove_file(key)), "TLS key server.key cannot be read: No such file");
    refused(&|certificate, _| drop(std::fs::remove_file(certificate)), "TLS certificate server.pem cannot be read");
    refused(&|certificate, _| std::fs::write(certificate, "nothing").expect("a file"), "contains no certificate");
    refused(&|_, key| std::fs::write(key, "nothing").expect("a file"), "contains no private key");
    refused(&|_, key| std::fs::write(key, authority.pem()).expect("a file"), "contains no private key");
    let other = authority.pair(&["localhost"]);
    refused(
        &|_, key| std::fs::write(key, &other.key).expect("a file"),
        "does not belong to the certificate server.pem",
    );
    refused(
        &|_, key| {
            std::fs::remove_file(key).expect("the key is there");
            nix::unistd::mkfifo(key, nix::sys::stat::Mode::S_IRWXU).expect("a pipe");
        },
        "is not a regular file",
    );

    // The group may read it: that is how a system's own group for keys works. What clients refuse is a warning.
    let setup = Setup::new(Store::Sqlite).tls(&authority.expired(&["localhost"]));
    mode(&setup.path("server.key"), 0o640);
    let output = setup.run(&["--check"]);
    assert!(output.status.success(), "{output:?}");
    let (said, warned) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(said.contains("TLS: fine, certificate server.pem"), "{said}");
    assert!(warned.contains(" WARN: TLS certificate server.pem has expired"), "{warned}");
}
