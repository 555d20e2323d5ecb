//! TLS to the server: whom to trust, the handshake, and why it failed. A certificate that can't be verified is never
//! accepted, and no option changes that.

use super::pace::Paced;
use crate::client::error::TlsFault;
use crate::files::{self, Pipes};
use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{CertificateError, ClientConfig, ClientConnection, Error, RootCertStore, StreamOwned};
use std::io::{self, ErrorKind};
use std::net::TcpStream;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

/// How long the server may take for the handshake, and for each step of it.
const HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(10);
/// The most that is read of a file of certificates.
const MOST: u64 = 16 << 20;

/// A stream within TLS.
pub(crate) type TlsStream = StreamOwned<ClientConnection, Paced>;

/// The authorities that may vouch for a server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Trust {
    /// Whom the system trusts.
    System,
    /// Those in this file, and no others.
    File(PathBuf),
}

/// Shakes hands on a connection that is made, and verifies that it leads to `host`.
///
/// # Errors
/// What is wrong with the server, or with what is here.
pub(crate) fn shake_hands(socket: TcpStream, host: &str, trust: &Trust) -> Result<TlsStream, TlsFault> {
    let name = ServerName::try_from(host.to_owned()).map_err(|_| TlsFault::BadName)?;
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|error| TlsFault::Other(error.to_string()))?
        .with_root_certificates(roots(trust)?)
        .with_no_client_auth();
    let mut connection =
        ClientConnection::new(Arc::new(config), name).map_err(|error| TlsFault::Other(error.to_string()))?;
    let mut socket = Paced::new(socket);
    socket.set_patience(HANDSHAKE_TIMEOUT).map_err(TlsFault::Lost)?;
    while connection.is_handshaking() {
        connection.complete_io(&mut socket).map_err(fault)?;
    }
    Ok(StreamOwned::new(connection, socket))
}

fn roots(trust: &Trust) -> Result<RootCertStore, TlsFault> {
    let mut roots = RootCertStore::empty();
    match trust {
        Trust::System => {
            // An unusable one does not make the others unusable.
            let found = rustls_native_certs::load_native_certs();
            roots.add_parsable_certificates(found.certs);
            if roots.is_empty() { Err(TlsFault::NoSystemRoots) } else { Ok(roots) }
        }
        Trust::File(path) => {
            let unusable = |reason| TlsFault::TrustFile { path: path.clone(), reason };
            let bytes = files::open(path, Pipes::Refused).and_then(|file| file.read(MOST)).map_err(unusable)?;
            let none = || unusable(io::Error::new(ErrorKind::InvalidData, "it contains no certificate in PEM"));
            for certificate in CertificateDer::pem_slice_iter(&bytes) {
                certificate.ok().and_then(|certificate| roots.add(certificate).ok()).ok_or_else(none)?;
            }
            if roots.is_empty() { Err(none()) } else { Ok(roots) }
        }
    }
}

/// What is wrong with a certificate. The words of `rustls` are for programmers, and are not shown.
fn certificates_fault(certificate: &CertificateError) -> TlsFault {
    match certificate {
        // An issuer of the same name, whose key can't have made the signature, is another issuer.
        CertificateError::UnknownIssuer
        | CertificateError::BadSignature
        | CertificateError::UnsupportedSignatureAlgorithmContext { .. }
        | CertificateError::UnsupportedSignatureAlgorithmForPublicKeyContext { .. } => TlsFault::UnknownIssuer,
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => TlsFault::WrongName,
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => TlsFault::Expired,
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => TlsFault::NotValidYet,
        CertificateError::BadEncoding => TlsFault::Damaged,
        CertificateError::InvalidPurpose | CertificateError::InvalidPurposeContext { .. } => TlsFault::Purpose,
        // rustls keeps the reasons of webpki to itself but for their names.
        other if format!("{other:?}").contains("CaUsedAsEndEntity") => TlsFault::Authority,
        _ => TlsFault::Unverifiable,
    }
}

/// What the handshake failed with, as a person needs to know it.
fn fault(error: io::Error) -> TlsFault {
    let tls = error.get_ref().and_then(|inner| inner.downcast_ref::<Error>());
    match (tls, error.kind()) {
        (Some(Error::InvalidCertificate(certificate)), _) => certificates_fault(certificate),
        // What came first is not a TLS record.
        (Some(Error::InvalidMessage(_)), _) => TlsFault::NotTls,
        (Some(other), _) => TlsFault::Other(other.to_string()),
        (None, ErrorKind::UnexpectedEof | ErrorKind::ConnectionReset | ErrorKind::BrokenPipe) => TlsFault::HungUp,
        (None, ErrorKind::WouldBlock | ErrorKind::TimedOut) => TlsFault::Silent,
        (None, _) => TlsFault::Lost(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client::messages::{Language, Message};

    /// In either language, without the names that they have in the source of rustls.
    #[test]
    fn certificates_are_refused_in_plain_words() {
        let oid = || vec![42, 134, 72];
        for (error, part) in [
            (
                CertificateError::UnsupportedSignatureAlgorithmForPublicKeyContext {
                    signature_algorithm_id: oid(),
                    public_key_algorithm_id: oid(),
                },
                "--tls-ca FILE",
            ),
            (
                CertificateError::UnsupportedSignatureAlgorithmContext {
                    signature_algorithm_id: oid(),
                    supported_algorithms: Vec::new(),
                },
                "--tls-ca FILE",
            ),
            (CertificateError::BadEncoding, "cannot be read"),
            (CertificateError::InvalidPurpose, "not for servers"),
            (CertificateError::UnhandledCriticalExtension, "cannot be verified"),
            (CertificateError::Revoked, "cannot be verified"),
            (CertificateError::ApplicationVerificationFailure, "cannot be verified"),
        ] {
            let name = format!("{error:?}");
            let name = name.split([' ', '(']).next().unwrap();
            let fault = fault(io::Error::new(ErrorKind::InvalidData, Error::InvalidCertificate(error.clone())));
            let failure = crate::client::error::Error::Tls { address: "a:1".into(), fault };
            let english = Language::English.say(&Message::Failed(&failure));
            assert!(english.contains(part), "{name}: {english}");
            for said in [english, Language::Chinese.say(&Message::Failed(&failure))] {
                assert!(!said.contains(name) && !said.contains('{'), "{said}");
            }
        }
    }
}
