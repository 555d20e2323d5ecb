//! The server's certificate and its private key: checked once, by a helper of the parent, and loaded by each child that
//! speaks TLS. In between they are bytes in a sealed memfd. This module reads no file and logs nothing, and its errors
//! reveal nothing of a key.

use super::resumption::Tickets;
use crate::sys::SealedMap;
use rustls::client::verify_server_cert_signed_by_trust_anchor;
use rustls::crypto::ring;
use rustls::pki_types::pem::{self, PemObject};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{CertificateError, Error, RootCertStore, ServerConfig};
use std::io;
use std::os::fd::BorrowedFd;
use std::sync::Arc;

/// A certificate, those that vouch for it, and its private key.
pub struct Pair {
    /// The server's own certificate first.
    chain: Vec<CertificateDer<'static>>,
    key: PrivateKeyDer<'static>,
}

/// What is wrong with a pair, and with which half of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PairError {
    /// With the certificate.
    Certificate(String),
    /// With the key. Nothing of it is in the text.
    Key(&'static str),
    /// They are not a pair.
    Mismatch,
}

impl Pair {
    /// Reads the two from what their files hold, in PEM.
    ///
    /// # Errors
    /// What is wrong with which.
    pub fn from_pem(certificates: &[u8], key: &[u8]) -> Result<Self, PairError> {
        let chain = CertificateDer::pem_slice_iter(certificates)
            .collect::<Result<Vec<_>, _>>()
            .map_err(|error| PairError::Certificate(format!("is not in PEM: {error}")))?;
        if chain.is_empty() {
            return Err(PairError::Certificate("contains no certificate in PEM".to_owned()));
        }
        let key = PrivateKeyDer::from_pem_slice(key).map_err(|error| {
            PairError::Key(match error {
                pem::Error::NoItemsFound => {
                    "contains no private key in PEM (an encrypted one cannot be used: decrypt it with `openssl pkey`)"
                }
                _ => "is not in PEM",
            })
        })?;
        Ok(Self { chain, key })
    }

    /// The pair as bytes: each part with its length before it, the key first.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        for part in std::iter::once(self.key.secret_der()).chain(self.chain.iter().map(AsRef::as_ref)) {
            bytes.extend_from_slice(&(part.len() as u64).to_le_bytes());
            bytes.extend_from_slice(part);
        }
        bytes
    }

    /// The pair of [`Pair::to_bytes`]; `None` if they are of something else.
    pub fn from_bytes(mut bytes: &[u8]) -> Option<Self> {
        let mut next = || -> Option<Option<Vec<u8>>> {
            let Some((size, rest)) = bytes.split_first_chunk() else { return bytes.is_empty().then_some(None) };
            let (part, rest) = rest.split_at_checked(usize::try_from(u64::from_le_bytes(*size)).ok()?)?;
            bytes = rest;
            Some(Some(part.to_vec()))
        };
        let key = PrivateKeyDer::try_from(next()??).ok()?;
        let mut chain = Vec::new();
        while let Some(certificate) = next()? {
            chain.push(certificate.into());
        }
        Some(Self { chain, key })
    }

    /// What a server needs to speak TLS with it.
    ///
    /// # Errors
    /// What is wrong with which.
    pub fn into_server(self) -> Result<ServerConfig, PairError> {
        let unusable = |error: &Error| PairError::Certificate(format!("cannot be used: {error}"));
        let mut server = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .map_err(|error| unusable(&error))?
            .with_no_client_auth()
            .with_single_cert(self.chain, self.key)
            .map_err(|error| match error {
                Error::InconsistentKeys(_) => PairError::Mismatch,
                Error::InvalidCertificate(_) => unusable(&error),
                _ => PairError::Key("contains no key of a usable kind: RSA, ECDSA (P-256, P-384) or Ed25519"),
            })?;
        // Each connection is another process, which makes nothing of a ticket without the keys that all have.
        server.send_tls13_tickets = 0;
        Ok(server)
    }

    /// What clients will not like about the certificate, though a server can be started with it.
    pub fn warning(&self, now: UnixTime) -> Option<&'static str> {
        let own = self.chain.first()?;
        let supported = ring::default_provider().signature_verification_algorithms.all;
        let roots = RootCertStore::empty();
        // Whether to trust the issuer is the client's decision: without any root, the checks before that one are made.
        let judged = ParsedCertificate::try_from(own)
            .and_then(|own| verify_server_cert_signed_by_trust_anchor(&own, &roots, &[], now, supported));
        let Err(Error::InvalidCertificate(error)) = judged else { return None };
        match error {
            CertificateError::Expired | CertificateError::ExpiredContext { .. } => Some("has expired"),
            CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => Some("is not valid yet"),
            CertificateError::InvalidPurpose | CertificateError::InvalidPurposeContext { .. } => {
                Some("is not for servers")
            }
            CertificateError::Other(_) => {
                Some("would be refused by clients; a self-signed one needs basicConstraints=critical,CA:FALSE")
            }
            _ => None,
        }
    }
}

/// What a session that speaks TLS is made with.
#[derive(Debug, Clone, Copy)]
pub struct TlsMemory<'a> {
    /// The sealed memory that the parent's helper has put the pair into.
    pub pair: BorrowedFd<'a>,
    /// The keys with which sessions are resumed.
    pub resumption: BorrowedFd<'a>,
}

impl<'a> TlsMemory<'a> {
    /// Its descriptors.
    pub fn descriptors(&self) -> [BorrowedFd<'a>; 2] {
        [self.pair, self.resumption]
    }

    /// Takes up what is in it.
    ///
    /// # Errors
    /// The memory can't be mapped, or holds no pair or no keys.
    pub fn take_up(&self) -> io::Result<Arc<ServerConfig>> {
        let map = SealedMap::new(self.pair)?;
        let pair = Pair::from_bytes(map.as_ref()).ok_or_else(|| io::Error::other("no certificate in that memory"))?;
        let mut server = pair.into_server().map_err(|_| io::Error::other("the certificate has become unusable"))?;
        server.ticketer = Arc::new(Tickets::take_up(self.resumption)?);
        // A client that comes again gets another.
        server.send_tls13_tickets = 1;
        Ok(Arc::new(server))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use rcgen::{BasicConstraints, CertificateParams, IsCa, KeyPair, date_time_ymd};
    use std::time::{Duration, SystemTime};

    fn pair(change: impl FnOnce(&mut CertificateParams)) -> (String, String) {
        let key = KeyPair::generate().unwrap();
        let mut parameters = CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
        change(&mut parameters);
        (parameters.self_signed(&key).unwrap().pem(), key.serialize_pem())
    }

    fn now() -> UnixTime {
        UnixTime::since_unix_epoch(SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap())
    }

    fn read(certificate: &str, key: &str) -> Result<Pair, PairError> {
        Pair::from_pem(certificate.as_bytes(), key.as_bytes())
    }

    #[test]
    fn a_pair_survives_the_memory() {
        let (certificate, key) = pair(|_| {});
        let (other, _) = pair(|_| {});
        let whole = read(&format!("a comment\n{certificate}\n{other}"), &key).unwrap();
        assert_eq!(whole.warning(now()), None);
        let again = Pair::from_bytes(&whole.to_bytes()).unwrap();
        assert_eq!(again.chain, whole.chain);
        assert_eq!(again.chain.len(), 2);
        assert_eq!(again.key, whole.key);
        let server = again.into_server().unwrap();
        assert_eq!(server.send_tls13_tickets, 0);
    }

    #[test]
    fn what_is_no_pair() {
        let (certificate, key) = pair(|_| {});
        let (other, _) = pair(|_| {});
        assert_eq!(read(&other, &key).unwrap().into_server().unwrap_err(), PairError::Mismatch);
        for bad in ["", "no PEM", &key] {
            assert!(matches!(read(bad, &key), Err(PairError::Certificate(_))), "{bad}");
        }
        let broken = certificate.replacen("MII", "!!!", 1);
        assert!(matches!(read(&broken, &key), Err(PairError::Certificate(_))));
        let hollow = "-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n";
        assert!(matches!(read(hollow, &key).unwrap().into_server(), Err(PairError::Certificate(_))));
        let encrypted = key.replace("PRIVATE KEY", "ENCRYPTED PRIVATE KEY");
        for bad in ["", &certificate, &encrypted] {
            let Err(PairError::Key(why)) = read(&certificate, bad) else { panic!("{bad}") };
            assert!(why.contains("no private key in PEM"), "{why}");
        }
        let hollow = "-----BEGIN PRIVATE KEY-----\nMAUCAQAwAA==\n-----END PRIVATE KEY-----\n";
        assert!(matches!(read(&certificate, hollow).and_then(Pair::into_server), Err(PairError::Key(_))));
    }

    #[test]
    fn what_clients_will_not_like() {
        let warning = |change: fn(&mut CertificateParams)| {
            let (certificate, key) = pair(change);
            read(&certificate, &key).unwrap().warning(now())
        };
        assert_eq!(warning(|with| with.not_after = date_time_ymd(2020, 1, 1)), Some("has expired"));
        assert_eq!(warning(|with| with.not_before = date_time_ymd(4000, 1, 1)), Some("is not valid yet"));
        let authority = warning(|with| with.is_ca = IsCa::Ca(BasicConstraints::Unconstrained));
        assert!(authority.is_some_and(|text| text.contains("CA:FALSE")), "{authority:?}");
        let client = warning(|with| with.extended_key_usages = vec![rcgen::ExtendedKeyUsagePurpose::ClientAuth]);
        assert_eq!(client, Some("is not for servers"));
        let (certificate, key) = pair(|with| with.not_after = date_time_ymd(2100, 1, 1));
        let pair = read(&certificate, &key).unwrap();
        let year_2200 = UnixTime::since_unix_epoch(Duration::from_secs(230 * 365 * 86_400));
        assert_eq!((pair.warning(now()), pair.warning(year_2200)), (None, Some("has expired")));
    }

    proptest! {
        #[test]
        fn other_bytes_are_no_pair(bytes in proptest::collection::vec(any::<u8>(), 0..100)) {
            if let Some(pair) = Pair::from_bytes(&bytes) {
                prop_assert!(pair.into_server().is_err());
            }
        }
    }
}
