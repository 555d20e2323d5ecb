//! `--proxy-protocol`: a client behind a proxy counts as the address in the header, for limits, penalties, log and
//! title. A connection that does not begin with a valid header is refused in one line, without harm to others.

use std::io::Write;
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::Duration;
use support::certificates::Authority;
use support::{Connection, Daemon, PASSWD, Setup, Store, code, processes, wait_for};

/// Where the proxy is; everybody else is elsewhere.
const PROXY: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 3);
const EXPECTED: &str = "FAIL badreq this address expects a PROXY header of version 2";
const FAILURES: &str = "FAIL busy too many failures from your address";
const PATIENCE: Duration = Duration::from_secs(60);

/// A header of version 2.
fn header(command: u8, family: u8, rest: &[u8]) -> Vec<u8> {
    let length = u16::try_from(rest.len()).expect("a length").to_be_bytes();
    [&b"\r\n\r\n\0\r\nQUIT\n"[..], &[command, family], &length, rest].concat()
}

/// One that names a client.
fn of(client: &str) -> Vec<u8> {
    let (client, server): (SocketAddr, SocketAddr) =
        (client.parse().expect("an address"), "203.0.113.9:2629".parse().expect("an address"));
    let ports = [client.port().to_be_bytes(), server.port().to_be_bytes()].concat();
    match client.ip() {
        std::net::IpAddr::V4(ip) => header(0x21, 0x11, &[&ip.octets()[..], &[203, 0, 113, 9], &ports].concat()),
        std::net::IpAddr::V6(ip) => header(0x21, 0x21, &[&ip.octets()[..], &[0; 16], &ports].concat()),
    }
}

fn behind_proxy(options: &str) -> Daemon {
    let options = format!("--exempt-source none --proxy-protocol {PROXY} {options}");
    let daemon = Setup::new(Store::Sqlite).options(&options).start();
    daemon.connect().register("ann");
    daemon.wait_children(0);
    daemon
}

/// A connection of the proxy's that begins so.
fn by_proxy(daemon: &Daemon, begin: &[u8]) -> Connection {
    let mut client = Connection::open_from(PROXY, daemon.port());
    client.send(begin);
    client
}

#[test]
fn the_header_says_who_the_client_is() {
    let daemon = behind_proxy("");
    for (client, shown) in [("198.51.100.7:4000", "198.51.100.7:4000"), ("[2001:db8::7]:4001", "[2001:db8::7]:4001")] {
        // What follows at once is the client's, whole.
        let mut connection = by_proxy(&daemon, &[&of(client)[..], format!("L ann {PASSWD}\n").as_bytes()].concat());
        assert_eq!(connection.line(), "OK");
        assert_eq!(connection.ask_line("Q ann apple"), "OK apple\tn. 苹果");
        let child = daemon.children()[0];
        wait_for("the title", PATIENCE, || {
            processes::title(child).contains(&format!("client {shown} user ann")).then_some(())
        });
        connection.ok("E");
        daemon.wait_log(&format!("client {shown} user ann: 3 requests"));
        daemon.wait_children(0);
    }
    // However it is cut into packets, and with unrequested bytes after the addresses.
    let mut long = of("198.51.100.8:1");
    long[14..16].copy_from_slice(&1_500_u16.to_be_bytes());
    long.resize(16 + 1_500, 0xEE);
    let mut connection = Connection::open_from(PROXY, daemon.port());
    for part in [&long[..5], &long[5..13], &long[13..17], &long[17..900], &long[900..], b"E\n"] {
        connection.send(part);
        std::thread::yield_now();
    }
    assert_eq!(connection.lines_to_end(), ["OK"]);
    daemon.wait_log("client 198.51.100.8:1 user -: 1 request ");
    // The proxy itself; and a client of a Unix socket of its machine.
    for own in [header(0x20, 0x00, &[]), header(0x20, 0x11, &[7; 12]), header(0x21, 0x31, &[b'/'; 216])] {
        let mut connection = by_proxy(&daemon, &own);
        connection.ok("E");
    }
    daemon.wait_log_times(&format!("client {PROXY}:"), 3);
    // From elsewhere the same is garbage.
    let mut elsewhere = daemon.connect();
    elsewhere.send([&of("198.51.100.7:4000")[..], b"\nE\n"].concat());
    let lines = elsewhere.lines_to_end();
    assert_eq!(lines.last().map(String::as_str), Some("OK"));
    assert!(lines.len() > 3 && lines[..lines.len() - 1].iter().all(|line| code(line) == Some("badreq")), "{lines:?}");
}

/// Failures of one client are not its neighbours', nor the proxy's.
#[test]
fn penalties_and_limits_are_the_client_s() {
    let daemon = behind_proxy("--max-clients-per-source 2");
    let client = |address: &str| by_proxy(&daemon, &of(address));
    let mut guesser = client("198.51.100.7:1");
    for _ in 0..5 {
        let reply = guesser.ask_line("L ann guess");
        assert_eq!(code(&reply), Some("denied"), "{reply}");
    }
    let mut again = client("198.51.100.7:2");
    assert_eq!(again.refused("L ann guess"), "denied");
    assert_eq!(again.line(), FAILURES);
    daemon.wait_log("source 198.51.100.7 is refused for ");
    let mut third = client("198.51.100.7:3");
    assert_eq!(third.line(), FAILURES);
    assert!(third.at_eof());
    daemon.wait_log("client 198.51.100.7:3 refused: too many failures from your address");
    // More of one address than there may be; an IPv6 network of 64 bits is one.
    let mut first: Vec<Connection> = (1..=2).map(|n| client(&format!("[2001:db8::{n}]:1"))).collect();
    first.iter_mut().for_each(|client| drop(client.ask("I")));
    let mut over = client("[2001:db8::3]:1");
    assert_eq!(over.line(), "FAIL busy too many connections from your address");
    for other in ["[2001:db8:0:1::1]:1", "198.51.100.8:1"] {
        client(other).login("ann");
    }
    for _ in 0..3 {
        by_proxy(&daemon, &header(0x20, 0, &[])).login("ann");
    }
    first[0].ok("E");
    wait_for("room for another", PATIENCE, || {
        let mut next = client("[2001:db8::4]:1");
        (next.ask_line("L ann guess").starts_with("FAIL denied ")).then_some(())
    });
    let status = daemon.status();
    assert_eq!(status["refused_by"]["failures"], 1, "{status}");
    assert!(status["refused_by"]["clients_per_source"].as_u64() >= Some(1), "{status}");
    assert_eq!(status["penalties"]["longest"][0]["source"], "198.51.100.7", "{status}");
}

#[test]
fn what_is_no_header_is_refused_in_one_line() {
    let daemon = behind_proxy("");
    let v4 = &of("198.51.100.7:1")[16..];
    let cases = [
        (b"PROXY TCP4 198.51.100.7 203.0.113.9 1 2629\r\nE\n".to_vec(), "it is of version 1; version 2 is needed"),
        (b"L ann secret\n".to_vec(), "the connection does not begin with one"),
        (b"\x16\x03\x01\x02\0\x01".to_vec(), "the connection does not begin with one"),
        (header(0x21, 0x00, &[]), "it does not name the client's address (family UNSPEC)"),
        (header(0x21, 0x12, v4), "it is for datagrams"),
        (header(0x31, 0x11, v4), "it is of version 3"),
        (header(0x2F, 0x11, v4), "it is malformed"),
        (header(0x21, 0x11, &v4[..11]), "it is malformed"),
        (header(0x21, 0x21, v4), "it is malformed"),
        (header(0x21, 0x51, v4), "it is malformed"),
        (header(0x21, 0x11, &[0; 4_081]), "it has 4097 bytes; at most 4096 are read"),
        (header(0x20, 0x00, &[0; 65_535]), "it has 65551 bytes; at most 4096 are read"),
    ];
    for (n, (bytes, why)) in cases.iter().enumerate() {
        let mut client = Connection::open_from(PROXY, daemon.port());
        // It may be refused before all of it is sent.
        let _ = client.try_send(bytes);
        assert_eq!(client.line(), EXPECTED, "{why}");
        daemon.wait_log_times("no usable PROXY header: ", n + 1);
        let log = daemon.log();
        let said: Vec<&str> = log.lines().filter(|line| line.contains("no usable PROXY header")).collect();
        assert!(said[n].contains(why) && said.len() == n + 1, "{why}: {said:#?}");
    }
    // Cut off; and nothing at all, by which a proxy checks that the server is up.
    let mut cut = by_proxy(&daemon, &of("198.51.100.7:1")[..20]);
    cut.finish_sending();
    assert_eq!(cut.line(), EXPECTED);
    daemon.wait_log("it is cut off");
    let before = daemon.log().lines().count();
    drop(Connection::open_from(PROXY, daemon.port()));
    daemon.wait_children(0);
    assert_eq!(daemon.log().lines().count(), before);
    // The proxy is not penalised for any of it.
    by_proxy(&daemon, &of("198.51.100.7:1")).login("ann");
    by_proxy(&daemon, &header(0x20, 0, &[])).login("ann");
    let status = daemon.status();
    assert_eq!((&status["penalties"]["sources"], &status["refused"]), (&0.into(), &0.into()), "{status}");
    assert_eq!(status["sessions_ended"]["no_proxy_header"], 13, "{status}");
}

/// A silent proxy holds up nothing: neither other clients, nor a reload, nor the end of the daemon; and it has the
/// grace time.
#[test]
fn a_proxy_that_is_silent() {
    let mut daemon = behind_proxy("--login-grace 2");
    let mut silent = Connection::open_from(PROXY, daemon.port());
    let mut halfway = by_proxy(&daemon, &of("198.51.100.7:1")[..13]);
    daemon.connect().login("ann");
    daemon.replace_words("apple new\n");
    assert!(daemon.tool(&["reload"]).status.success());
    for client in [&mut silent, &mut halfway] {
        assert_eq!(client.line(), "FAIL timeout no PROXY header within the grace time");
        assert!(client.at_eof());
    }
    daemon.wait_children(0);
    let mut served = by_proxy(&daemon, &of("198.51.100.7:1"));
    served.login("ann");
    assert_eq!(served.ask_line("Q ann apple"), "OK apple\tnew");
    let _stays = Connection::open_from(PROXY, daemon.port());
    daemon.wait_children(2);
    daemon.signal(nix::sys::signal::Signal::SIGTERM);
    assert!(daemon.wait_exit().success());
}

#[test]
fn over_a_unix_socket_and_in_dict() {
    let setup = Setup::new(Store::Sqlite);
    let socket = setup.path("socket");
    let options = format!(
        "--listen unix:{} --exempt-source none --proxy-protocol unix --proxy-protocol {PROXY}",
        socket.display()
    );
    let daemon = setup.options(&options).dict().start();
    let mut client = Connection::open_unix(&socket);
    client.send(of("198.51.100.7:1"));
    client.register("ann");
    client.login("ann");
    client.ok("E");
    daemon.wait_log("client 198.51.100.7:1 user ann");
    let mut client = Connection::open_unix(&socket);
    client.send("L ann x\n");
    assert_eq!(client.line(), EXPECTED);
    let mut dict = Connection::open_from(PROXY, daemon.dict_port());
    dict.send(of("198.51.100.8:1"));
    assert!(dict.line().starts_with("220 "));
    let mut dict = Connection::open_from(PROXY, daemon.dict_port());
    dict.send("CLIENT x\r\n");
    assert_eq!(dict.line(), "501 this address expects a PROXY header of version 2\r");
}

#[test]
fn before_the_handshake_of_tls() {
    let authority = Authority::new("of the tests");
    let pair = authority.pair(&["localhost"]);
    let options = format!("--exempt-source none --proxy-protocol {PROXY} --require-tls");
    let daemon = Setup::new(Store::Sqlite).options(&options).tls(&pair).start();
    let tls = |begin: &[u8]| {
        let stream = Connection::open_from(PROXY, daemon.tls_port()).tcp().try_clone().expect("a descriptor");
        (&stream).write_all(begin).expect("it takes a header");
        Connection::try_tls(stream, &authority, &rustls::version::TLS13)
    };
    let mut client = tls(&of("198.51.100.7:1")).expect("a handshake");
    client.register("ann");
    client.login("ann");
    client.ok("E");
    daemon.wait_log("client 198.51.100.7:1 (TLS) user ann");
    for wrong in [&b""[..], b"PROXY TCP4 198.51.100.7 203.0.113.9 1 2\r\n", &header(0x21, 0, &[])] {
        assert!(tls(wrong).is_err());
    }
    // In clear text a client from elsewhere may not log in, wherever the proxy is.
    let mut clear = by_proxy(&daemon, &of("198.51.100.7:1"));
    assert_eq!(clear.refused(&format!("L ann {PASSWD}")), "denied");
    by_proxy(&daemon, &of("127.0.0.1:1")).login("ann");
}

#[test]
fn what_is_configured_wrongly() {
    for (options, status, part) in [
        ("--proxy-protocol none", 64, "none: not an IP address or network"),
        ("--proxy-protocol 10.0.0.0/40", 64, "the prefix length is a number up to 32"),
    ] {
        let output = Setup::new(Store::Sqlite).options(options).run(&["--check"]);
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!((output.status.code(), said.contains(part)), (Some(status), true), "{said}");
    }
    let daemon = Setup::new(Store::Sqlite).options("--proxy-protocol 0.0.0.0/0").start();
    daemon.wait_log("proxy-protocol 0.0.0.0/0: any client can claim any address");
}

/// HAProxy at work; it ends with this.
struct HaProxy(Child);

impl Drop for HaProxy {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Debian's HAProxy, configured as docs/operating.md has it: clear text and TLS pass through it, health checks are
/// quiet.
#[test]
fn behind_the_real_haproxy() {
    let authority = Authority::new("of the tests");
    let pair = authority.pair(&["localhost"]);
    let setup = Setup::new(Store::Sqlite);
    let options = format!("--exempt-source none --proxy-protocol {PROXY} --login-grace 5");
    let config = setup.path("haproxy.cfg");
    let daemon = setup.options(&options).tls(&pair).start();
    let free = || TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port").local_addr().expect("it").port();
    let (clear, tls) = (free(), free());
    let (port, tls_port) = (daemon.port(), daemon.tls_port());
    let text = format!(
        "defaults\n  mode tcp\n  timeout connect 5s\n  timeout client 15m\n  timeout server 15m\n\
         listen cidian\n  bind 127.0.0.1:{clear}\n  source {PROXY}\n  server one 127.0.0.1:{port} send-proxy-v2 check inter 200\n\
         listen cidian-tls\n  bind 127.0.0.1:{tls}\n  source {PROXY}\n  server one 127.0.0.1:{tls_port} send-proxy-v2 check\n"
    );
    std::fs::write(&config, text).expect("a file");
    let haproxy = ["/usr/sbin/haproxy", "haproxy"].into_iter().find(|path| std::path::Path::new(path).exists());
    let mut command = Command::new(haproxy.expect("these tests need the package haproxy"));
    let started = command.arg("-db").arg("-f").arg(&config).stdout(Stdio::null()).stderr(Stdio::null()).spawn();
    let _haproxy = HaProxy(started.expect("haproxy can be started"));
    let connect = |port: u16| {
        wait_for("HAProxy to listen", PATIENCE, || {
            TcpStream::connect((Ipv4Addr::new(127, 0, 0, 9), port))
                .ok()
                .or_else(|| TcpStream::connect((Ipv4Addr::LOCALHOST, port)).ok())
        })
    };
    let stream = connect(clear);
    let mine = stream.local_addr().expect("an address");
    let mut client = Connection::over_tcp(stream);
    client.register("ann");
    client.login("ann");
    assert_eq!(client.ask_line("Q ann apple"), "OK apple\tn. 苹果");
    client.ok("E");
    daemon.wait_log(&format!("client {mine} user ann: 4 requests"));
    let stream = connect(tls);
    let mine = stream.local_addr().expect("an address");
    let mut client = Connection::try_tls(stream, &authority, &rustls::version::TLS13).expect("a handshake");
    client.login("ann");
    client.ok("E");
    daemon.wait_log(&format!("client {mine} (TLS) user ann: 2 requests"));
    assert_eq!(daemon.status()["penalties"]["sources"], 0);
    // HAProxy's checks begin with a header of their own, and break off.
    wait_for("health checks", PATIENCE, || (daemon.status()["reaped"].as_u64() > Some(12)).then_some(()));
    let log = daemon.log();
    assert!(!log.contains("PROXY header") && !log.contains("0 requests"), "{log}");
}
