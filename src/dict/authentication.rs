//! `AUTH` (RFC 2229, 3.11): the MD5 of the banner's message-id and the key, as in APOP.

use md5::{Digest, Md5};
use subtle::ConstantTimeEq;

/// The digest that a client with `key` sends, in hexadecimal. `message_id` is the banner's, with its angle brackets.
pub fn digest(message_id: &str, key: &str) -> String {
    let digest = Md5::new().chain_update(message_id.as_bytes()).chain_update(key.as_bytes()).finalize();
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Whether the client has sent `right`, in letters of either case. The running time does not reveal where they differ.
pub fn digests_equal(sent: &str, right: &str) -> bool {
    sent.to_ascii_lowercase().as_bytes().ct_eq(right.as_bytes()).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_example_of_the_rfc_for_apop() {
        // RFC 1939, section 7, from which RFC 2229 takes it.
        let right = digest("<1896.697170952@dbc.mtview.ca.us>", "tanstaaf");
        assert_eq!(right, "c4c9334bac560ecc979e58001b3e22fb");
        assert!(digests_equal("C4C9334BAC560ECC979E58001B3E22FB", &right));
        for wrong in ["", "c4", "c4c9334bac560ecc979e58001b3e22fc", "词"] {
            assert!(!digests_equal(wrong, &right), "{wrong}");
        }
    }
}
