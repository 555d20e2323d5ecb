//! TLS to the database server: whom to trust there.
//!
//! The driver trusts the public authorities that are compiled into it, besides the operator's own. Where the server's
//! name is not verified, any certificate that one of them has signed would then be accepted. So they are taken out
//! here: a mode that verifies accepts only chains that end at a certificate of `ssl-ca`.

use crate::files::{self, Pipes};
use crate::store::{DatabaseTls, SslMode};
use ::mysql::{Result, SslOpts};
use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{AlgorithmIdentifier, CertificateDer, InvalidSignature, SignatureVerificationAlgorithm};
use rustls::{CertificateError, Error, RootCertStore};
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

/// The most that is read of the file of `ssl-ca`, in bytes.
const MOST: u64 = 16 << 20;

/// The driver's settings.
///
/// # Errors
/// The file of `ssl-ca` can't be used.
pub(super) fn options(tls: &DatabaseTls) -> Result<SslOpts> {
    let options = SslOpts::default();
    match &tls.ca {
        Some(ca) => {
            trust_only(ca)?;
            let any_name = tls.mode == SslMode::VerifyCa;
            Ok(options.with_root_cert_path(Some(ca.clone())).with_danger_skip_domain_validation(any_name))
        }
        None => Ok(options.with_danger_accept_invalid_certs(true).with_danger_skip_domain_validation(true)),
    }
}

/// The message for a failure of TLS, if it is one of the configuration.
pub(super) fn explain(error: &Error) -> Option<String> {
    let Error::InvalidCertificate(certificate) = error else { return None };
    Some(match certificate {
        CertificateError::UnknownIssuer | CertificateError::BadSignature => {
            "no authority in the file of ssl-ca has signed the server's certificate: name the file of the one that has"
                .to_owned()
        }
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
            "the server's certificate is for another host: write the name that it is for into the URL, or use \
             ssl-mode=verify-ca"
                .to_owned()
        }
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
            "the server's certificate has expired: renew it".to_owned()
        }
        other => format!("the server's certificate is not trusted: {other}"),
    })
}

/// Takes the driver's own authorities out of what this process trusts. The driver takes the process's provider of
/// cryptography, and nothing else of it can be changed.
fn trust_only(ca: &Path) -> Result<()> {
    static ONLY: OnceLock<PathBuf> = OnceLock::new();
    if ONLY.get().is_some_and(|known| known == ca) {
        return Ok(());
    }
    let unusable = |why: &dyn std::fmt::Display| Error::General(format!("ssl-ca={}: {why}", ca.display()));
    let bytes = files::open(ca, Pipes::Refused).and_then(|file| file.read(MOST)).map_err(|error| unusable(&error))?;
    let mut trusted = RootCertStore::empty();
    for certificate in CertificateDer::pem_slice_iter(&bytes) {
        let certificate = certificate.map_err(|error| unusable(&error))?;
        trusted.add(certificate).map_err(|error| unusable(&error))?;
    }
    if trusted.is_empty() {
        return Err(unusable(&"it contains no certificate in PEM").into());
    }
    let ours: Vec<&[u8]> = trusted.roots.iter().map(|root| root.subject_public_key_info.as_ref()).collect();
    let built_in = webpki_roots::TLS_SERVER_ROOTS.iter().map(|root| root.subject_public_key_info.as_ref());
    let refused: Keys = built_in.filter(|key| !ours.contains(key)).map(<[u8]>::to_vec).collect();
    let mut provider = ring::default_provider();
    // It lives as long as the process, which has one database.
    provider.signature_verification_algorithms.all =
        Vec::leak(guarded(provider.signature_verification_algorithms.all, &refused));
    let installed = provider.install_default().is_ok();
    if installed && ONLY.set(ca.to_owned()).is_ok() {
        return Ok(());
    }
    Err(unusable(&"this process already trusts other authorities").into())
}

/// Public keys, as certificates hold them.
type Keys = Arc<[Vec<u8>]>;

fn guarded(
    algorithms: &[&'static dyn SignatureVerificationAlgorithm],
    refused: &Keys,
) -> Vec<&'static dyn SignatureVerificationAlgorithm> {
    let guard = |&algorithm| {
        let guarded: &'static Guarded = Box::leak(Box::new(Guarded { algorithm, refused: Arc::clone(refused) }));
        guarded as &'static dyn SignatureVerificationAlgorithm
    };
    algorithms.iter().map(guard).collect()
}

/// A verifier that rejects signatures by certain keys.
#[derive(Debug)]
struct Guarded {
    algorithm: &'static dyn SignatureVerificationAlgorithm,
    refused: Keys,
}

impl SignatureVerificationAlgorithm for Guarded {
    fn verify_signature(
        &self,
        public_key: &[u8],
        message: &[u8],
        signature: &[u8],
    ) -> std::result::Result<(), InvalidSignature> {
        // The key is the end of its `SubjectPublicKeyInfo`.
        if self.refused.iter().any(|key| key.ends_with(public_key)) {
            return Err(InvalidSignature);
        }
        self.algorithm.verify_signature(public_key, message, signature)
    }

    fn public_key_alg_id(&self) -> AlgorithmIdentifier {
        self.algorithm.public_key_alg_id()
    }

    fn signature_alg_id(&self) -> AlgorithmIdentifier {
        self.algorithm.signature_alg_id()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
    use rustls::client::verify_server_cert_signed_by_trust_anchor;
    use rustls::pki_types::UnixTime;
    use rustls::server::ParsedCertificate;

    /// An authority whose key is refused vouches for no server, though it is among the roots.
    #[test]
    fn refused_authorities_vouch_for_nobody() {
        let authority = || {
            let key = KeyPair::generate().unwrap();
            let mut parameters = CertificateParams::new(Vec::new()).unwrap();
            parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
            let certificate = parameters.self_signed(&key).unwrap();
            let mut roots = RootCertStore::empty();
            roots.add(certificate.der().clone()).unwrap();
            (roots, Issuer::new(parameters, key))
        };
        let (ours, our_issuer) = authority();
        let (public, public_issuer) = authority();
        let mut both = ours.clone();
        both.roots.extend(public.roots.clone());
        let refused: Keys = public.roots.iter().map(|root| root.subject_public_key_info.to_vec()).collect();
        let plain = ring::default_provider().signature_verification_algorithms.all;
        let guarded = guarded(plain, &refused);
        for (issuer, taken) in [(our_issuer, true), (public_issuer, false)] {
            let key = KeyPair::generate().unwrap();
            let server = CertificateParams::new(vec!["db".to_owned()]).unwrap().signed_by(&key, &issuer).unwrap();
            let certificate = ParsedCertificate::try_from(server.der()).unwrap();
            let verify = |algorithms: &[&dyn SignatureVerificationAlgorithm]| {
                verify_server_cert_signed_by_trust_anchor(&certificate, &both, &[], UnixTime::now(), algorithms)
            };
            assert!(verify(plain).is_ok());
            assert_eq!(verify(&guarded).is_ok(), taken);
        }
    }

    /// What is compared is what webpki hands to an algorithm: the end of the key's description.
    #[test]
    fn the_drivers_authorities_are_known_by_their_keys() {
        assert!(webpki_roots::TLS_SERVER_ROOTS.len() > 50);
        for root in webpki_roots::TLS_SERVER_ROOTS {
            // A sequence for the algorithm, then the bits of the key.
            assert_eq!(root.subject_public_key_info.first(), Some(&0x30));
            assert!(root.subject_public_key_info.len() > 60);
        }
    }
}
