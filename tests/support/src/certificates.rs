//! Certificates for tests: an authority of the test's own, and servers that it vouches for.

use rcgen::{BasicConstraints, Certificate, CertificateParams, DnType, IsCa, Issuer, KeyPair, date_time_ymd};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

/// An authority that vouches for servers.
pub struct Authority {
    certificate: Certificate,
    issuer: Issuer<'static, KeyPair>,
}

/// A server's certificate and its key, both in PEM.
pub struct Pair {
    pub certificate: String,
    pub key: String,
}

impl Authority {
    /// A new authority, which is not trusted yet.
    pub fn new(name: &str) -> Self {
        let key = KeyPair::generate().expect("a key");
        let mut parameters = CertificateParams::new(Vec::new()).expect("parameters");
        parameters.distinguished_name.push(DnType::CommonName, name);
        parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let certificate = parameters.self_signed(&key).expect("a certificate");
        Self { certificate, issuer: Issuer::new(parameters, key) }
    }

    /// Its own certificate, in PEM.
    pub fn pem(&self) -> String {
        self.certificate.pem()
    }

    /// The trusted authorities of a client that trusts this one.
    pub fn roots(&self) -> rustls::RootCertStore {
        let mut roots = rustls::RootCertStore::empty();
        roots.add(self.certificate.der().clone()).expect("an authority");
        roots
    }

    /// A server's pair, for these names and addresses.
    pub fn pair(&self, names: &[&str]) -> Pair {
        self.pair_with(names, |_| {})
    }

    /// The same, with changed parameters.
    pub fn pair_with(&self, names: &[&str], change: impl FnOnce(&mut CertificateParams)) -> Pair {
        let key = KeyPair::generate().expect("a key");
        let names: Vec<String> = names.iter().map(|&name| name.to_owned()).collect();
        let mut parameters = CertificateParams::new(names).expect("names");
        change(&mut parameters);
        let certificate = parameters.signed_by(&key, &self.issuer).expect("a certificate");
        Pair { certificate: certificate.pem(), key: key.serialize_pem() }
    }

    /// A pair whose certificate has expired.
    pub fn expired(&self, names: &[&str]) -> Pair {
        self.pair_with(names, |parameters| {
            parameters.not_before = date_time_ymd(2020, 1, 1);
            parameters.not_after = date_time_ymd(2021, 1, 1);
        })
    }
}

impl Pair {
    /// Writes both files, the key with mode 0600.
    pub fn write(&self, certificate: &Path, key: &Path) {
        std::fs::write(certificate, &self.certificate).expect("the certificate can be written");
        write_private(key, &self.key);
    }
}

/// Writes a file that only its owner may read, in one step.
pub fn write_private(path: &Path, text: &str) {
    let new = path.with_extension("new");
    let _ = std::fs::remove_file(&new);
    let mut options = std::fs::File::options();
    let file = options.write(true).create_new(true).mode(0o600).open(&new).expect("a new file");
    std::io::Write::write_all(&mut &file, text.as_bytes()).expect("the file can be written");
    std::fs::rename(new, path).expect("the file takes its place");
}
