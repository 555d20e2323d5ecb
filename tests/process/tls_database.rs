//! TLS to the database, by the URL's parameters, against a real server that insists on it.

use std::path::Path;
use std::process::Output;
use support::certificates::Authority;
use support::mariadb::MariaDb;
use support::{Connection, Setup, Store};

/// A server whose certificate is for `localhost`, and a user `tls` whom it takes over TLS only.
fn server(directory: &Path, authority: &Authority) -> MariaDb {
    let (certificate, key) = (directory.join("db.pem"), directory.join("db.key"));
    authority.pair(&["localhost"]).write(&certificate, &key);
    let server = MariaDb::start_with(&[
        &format!("--ssl-cert={}", certificate.display()),
        &format!("--ssl-key={}", key.display()),
    ]);
    server.create_database("dict");
    server.sql("CREATE USER tls@'%' IDENTIFIED BY 'secret' REQUIRE SSL; GRANT ALL ON dict.* TO tls@'%'");
    server
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&[&output.stdout[..], &output.stderr].concat()).into_owned()
}

#[test]
fn a_server_that_insists_on_tls() {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let ours = Authority::new("ours");
    let other = Authority::new("another");
    let path = |name: &str, text: &str| {
        let path = directory.path().join(name);
        std::fs::write(&path, text).expect("a file");
        path.display().to_string()
    };
    let (ours_file, other_file) = (path("ours.pem", &ours.pem()), path("other.pem", &other.pem()));
    let hollow_file = path("hollow.pem", "nothing");
    let server = server(directory.path(), &ours);
    let url = |host: &str, query: &str| format!("mysql://tls:secret@{host}:{}/dict{query}", server.port());
    let init = |url: &str| Setup::new(Store::Url(url.to_owned())).run(&["init-db"]);

    // (`localhost` is ::1, too, where nothing listens: every address of the host is tried.)
    for (host, query) in [
        ("127.0.0.1", "?ssl-mode=required".to_owned()),
        ("127.0.0.1", format!("?ssl-mode=verify-ca&ssl-ca={ours_file}")),
        ("localhost", format!("?ssl-mode=VERIFY_IDENTITY&ssl-ca={ours_file}")),
    ] {
        let output = init(&url(host, &query));
        assert!(output.status.success(), "{query}: {}", said(&output));
        assert!(!said(&output).contains("secret"));
    }
    for (host, query, status, part) in [
        ("127.0.0.1", String::new(), 78, "Access denied"),
        ("127.0.0.1", format!("?ssl-mode=verify-ca&ssl-ca={other_file}"), 78, "name the file of the one"),
        ("localhost", format!("?ssl-mode=verify-identity&ssl-ca={other_file}"), 78, "name the file of the one"),
        ("127.0.0.1", format!("?ssl-mode=verify-identity&ssl-ca={ours_file}"), 78, "is for another host"),
        ("127.0.0.1", "?ssl-mode=verify-ca&ssl-ca=/nowhere.pem".to_owned(), 78, "/nowhere.pem: No such file"),
        ("127.0.0.1", format!("?ssl-mode=verify-ca&ssl-ca={hollow_file}"), 78, "contains no certificate"),
        ("127.0.0.1", "?ssl-mode=verify-ca".to_owned(), 64, "need ssl-ca="),
        ("127.0.0.1", "?ssl-mode=preferred".to_owned(), 64, "required, verify-ca or verify-identity"),
        ("127.0.0.1", "?ssl-cipher=none".to_owned(), 64, "query parameters"),
    ] {
        let output = init(&url(host, &query));
        assert_eq!(output.status.code(), Some(status), "{query}: {}", said(&output));
        assert!(said(&output).contains(part), "{query}: {part:?} is not in {}", said(&output));
    }

    // A daemon that lives on it, over TLS on both sides.
    let url = url("localhost", &format!("?ssl-mode=verify-identity&ssl-ca={ours_file}"));
    let daemon = Setup::new(Store::Url(url)).tls(&ours.pair(&["localhost"])).start();
    let mut ann = Connection::open_tls(daemon.tls_port(), &ours);
    ann.register("ann");
    ann.login("ann");
    let lookups: String = "Q ann apple\nQ ann zoo\n".repeat(200);
    ann.send(&lookups);
    for _ in 0..400 {
        assert!(ann.line().starts_with("OK "));
    }
    assert_eq!(ann.history("ann").len(), 400);
    assert_eq!(server.sql("SELECT COUNT(*) FROM dict.hist").trim(), "400");
}

/// Of several hosts the name of the one in use is verified: one whose certificate is for another is passed over.
#[test]
fn the_name_of_the_host_in_use_is_verified() {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let ours = Authority::new("ours");
    let ca = directory.path().join("ours.pem");
    std::fs::write(&ca, ours.pem()).expect("a file");
    let server = server(directory.path(), &ours);
    let port = server.port();
    let url = |hosts: &str| format!("mysql://tls:secret@{hosts}/dict?ssl-mode=verify-identity&ssl-ca={}", ca.display());
    let setup = Setup::new(Store::Url(url(&format!("127.0.0.1:{port},localhost:{port}"))));
    assert!(setup.run(&["init-db"]).status.success());
    let daemon = setup.start();
    let mut ann = daemon.connect_as("ann");
    assert!(ann.ask_line("Q ann apple").starts_with("OK "));
    assert_eq!(ann.history("ann"), ["apple"]);
    let output = Setup::new(Store::Url(url(&format!("127.0.0.1:{port},127.0.0.2:{port}")))).run(&["--check"]);
    let text = said(&output);
    assert!(text.contains(&format!("127.0.0.1:{port}: the server's certificate is for another host")), "{text}");
}

/// A server without TLS is never spoken to in clear text instead.
#[test]
fn a_server_without_tls() {
    // MariaDB from 11.4 on makes itself a certificate if it is not given one.
    let server = MariaDb::start_with(&["--skip-ssl"]);
    server.create_database("dict");
    let url = format!("{}?ssl-mode=required", server.tcp_url("dict"));
    let output = Setup::new(Store::Url(url)).run(&["init-db"]);
    assert_eq!(output.status.code(), Some(78), "{}", said(&output));
    assert!(said(&output).contains("does not speak TLS") && said(&output).contains("ssl-cert"), "{}", said(&output));
}
