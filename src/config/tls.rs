//! What the operator has decided about TLS: nothing at all, or an address, a certificate and its key. It opens none of
//! them.

use super::sourced::Sourced;
use crate::config::address::{Address, addresses};
use crate::exit::Fatal;
use std::path::PathBuf;

/// Where the certificate and its key are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PairFiles {
    /// The certificate, and those that vouch for it.
    pub certificate: PathBuf,
    /// The private key.
    pub key: PathBuf,
}

/// The options for TLS.
#[derive(Debug, Default)]
pub struct TlsSettings {
    /// Where to speak it.
    pub listen: Vec<Address>,
    /// The certificate and its key; there are both if there is an address.
    pub pair: Option<PairFiles>,
    /// What is wrong if there is no address, and no socket for TLS comes from systemd either.
    pub unheard: Option<Fatal>,
}

impl TlsSettings {
    /// Settles it.
    ///
    /// # Errors
    /// A part is missing, or wrong.
    pub fn settle(
        listen: Option<Sourced<Vec<String>>>,
        certificate: Option<Sourced<PathBuf>>,
        key: Option<Sourced<PathBuf>>,
    ) -> Result<Self, Fatal> {
        let needs = "TLS needs all of tls-listen, tls-cert and tls-key: an address, a certificate and its private key";
        match (listen.filter(|said| !said.value.is_empty()), certificate, key) {
            (None, None, None) => Ok(Self::default()),
            (listen, Some(certificate), Some(key)) => Ok(Self {
                unheard: listen.is_none().then(|| certificate.wrong(needs)),
                listen: listen.as_ref().map(addresses).transpose()?.unwrap_or_default(),
                pair: Some(PairFiles { certificate: certificate.value, key: key.value }),
            }),
            (Some(listen), ..) => Err(listen.wrong(needs)),
            (None, Some(file), _) | (None, None, Some(file)) => Err(file.wrong(needs)),
        }
    }
}
