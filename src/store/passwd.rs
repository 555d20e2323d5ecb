//! Password hashing: Argon2id, with OWASP's minimum parameters and a salt for each password.
//!
//! This module keeps no password, no salt and no memory: a hash takes [`MEMORY_KIB`] for about 20 ms and gives them
//! back. The caller has to limit how many hashes run at once.

use argon2::password_hash::{self, phc::PasswordHash};
use argon2::{Algorithm, Argon2, Params, PasswordHasher, PasswordVerifier, Version};

use super::Error;

/// How much memory one hash takes, in KiB (OWASP's minimum for two passes).
pub const MEMORY_KIB: u32 = 19_456;
/// How many passes over that memory.
const PASSES: u32 = 2;
/// How many lanes: one, because the process is the unit of concurrency.
const LANES: u32 = 1;

/// What a stored hash may ask for at most. A higher cost was written into the database to slow us down.
const MOST_MEMORY_KIB: u32 = 1024 * 1024;
const MOST_PASSES: u32 = 16;
const MOST_LANES: u32 = 16;

/// A hash with our parameters that belongs to no account. Whether a password matches it does not matter.
const NOBODY: &str =
    "$argon2id$v=19$m=19456,t=2,p=1$Y2lkaWFuLW5vYm9keS1oZQ$AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8";

/// Hashes a password with a new random salt; gives back a PHC string.
///
/// # Errors
/// [`Kind::World`](super::Kind::World) if there is no memory or no randomness.
pub fn hash(passwd: &str) -> Result<String, Error> {
    let params = Params::new(MEMORY_KIB, PASSES, LANES, Some(Params::DEFAULT_OUTPUT_LEN))
        .map_err(|error| Error::bug(format!("parameters of Argon2: {error}")))?;
    let hasher = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
    let hash: PasswordHash = hasher
        .hash_password(passwd.as_bytes())
        .map_err(|error| Error::world(format!("cannot hash a password: {error}")))?;
    Ok(hash.to_string())
}

/// Whether a password belongs to a PHC string, with the parameters that the string names. The comparison takes the
/// same time wherever the two differ (PostgreSQL CVE-2026-6478). A string that is not a hash, or asks for an absurd
/// amount of work, belongs to no password.
///
/// # Errors
/// [`Kind::World`](super::Kind::World) if there is no memory: then the password is neither right nor wrong.
pub fn verify(passwd: &str, phc: &str) -> Result<bool, Error> {
    let Ok(hash) = PasswordHash::new(phc) else { return Ok(false) };
    let Ok(params) = Params::try_from(&hash) else { return Ok(false) };
    if params.m_cost() > MOST_MEMORY_KIB || params.t_cost() > MOST_PASSES || params.p_cost() > MOST_LANES {
        return Ok(false);
    }
    match Argon2::default().verify_password(passwd.as_bytes(), &hash) {
        Ok(()) => Ok(true),
        Err(error @ password_hash::Error::OutOfMemory) => {
            Err(Error::world(format!("cannot check a password: {error}")))
        }
        Err(_) => Ok(false),
    }
}

/// The same work as [`verify`], for a name without an account: a wrong name takes as long as a wrong password
/// (OpenSSH CVE-2016-6210). Never true.
///
/// # Errors
/// As [`verify`]: a lack of memory must not distinguish the two.
pub fn verify_nobody(passwd: &str) -> Result<bool, Error> {
    // The outcome is dropped, not the work: the hash is memory-hard code that no compiler can leave out.
    std::hint::black_box(verify(passwd, NOBODY)).map(|_| false)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_passwords_hash_differently_and_only_the_right_one_verifies() {
        // Argon2-class hash, a salt for each user.
        let (one, two) = (hash("龙 dragon").unwrap(), hash("龙 dragon").unwrap());
        assert_ne!(one, two);
        assert!(one.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{one}");
        assert!(one.len() <= 255, "it fits the column");
        assert!(verify("龙 dragon", &one).unwrap() && verify("龙 dragon", &two).unwrap());
        for wrong in ["", "龙 dragoN", "龙 dragon ", "dragon"] {
            assert!(!verify(wrong, &one).unwrap(), "{wrong:?}");
        }
    }

    #[test]
    fn the_parameters_of_the_string_are_used_within_reason() {
        let light = Argon2::new(Algorithm::Argon2id, Version::V0x13, Params::new(64, 1, 1, None).unwrap());
        let light = light.hash_password(b"x").unwrap().to_string();
        assert!(verify("x", &light).unwrap());
        for absurd in ["m=1048577,t=2,p=1", "m=4294967295,t=2,p=1", "m=19456,t=4294967295,p=1", "m=19456,t=2,p=17"] {
            let absurd = NOBODY.replace("m=19456,t=2,p=1", absurd);
            let start = std::time::Instant::now();
            assert!(!verify("x", &absurd).unwrap(), "{absurd}");
            assert!(start.elapsed().as_millis() < 100, "{absurd} is refused before any work");
        }
        for broken in ["", "x", "$argon2id$", "$2b$12$abcdefghijklmnopqrstuu", "$argon2id$v=19$m=19456,t=2,p=1$AAAA"] {
            assert!(!verify("x", broken).unwrap(), "{broken}");
        }
    }

    #[test]
    fn nobody_s_hash_is_a_real_one_with_our_parameters() {
        let nobody = PasswordHash::new(NOBODY).unwrap();
        let params = Params::try_from(&nobody).unwrap();
        assert_eq!((params.m_cost(), params.t_cost(), params.p_cost()), (MEMORY_KIB, PASSES, LANES));
        let ours = hash("x").unwrap();
        let ours = PasswordHash::new(&ours).unwrap();
        assert_eq!(nobody.salt.unwrap().len(), ours.salt.unwrap().len());
        assert_eq!(nobody.hash.unwrap().len(), ours.hash.unwrap().len());
        assert!(!verify_nobody("x").unwrap());
    }
}
