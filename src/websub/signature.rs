//! Signs and checks pushed bodies: the `X-Hub-Signature` header (W10, H3).

use std::fmt;
use std::str::FromStr;

use ring::hmac;

/// The signature of a body: the method and the HMAC, as in `sha256=5bdc…`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signature {
    method: Method,
    code: Vec<u8>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Method {
    Sha1,
    Sha256,
    Sha384,
    Sha512,
}

/// The text is not a signature by a method that hubs use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a signature by sha1, sha256, sha384 or sha512")]
pub struct NotASignature;

impl Signature {
    /// The name of the header that carries it.
    pub const HEADER: &'static str = "x-hub-signature";

    /// The signature of a body, by SHA-256.
    pub fn of(secret: &str, body: &[u8]) -> Self {
        let method = Method::Sha256;
        let code = hmac::sign(&method.key(secret), body).as_ref().to_vec();
        Self { method, code }
    }

    /// Whether this signs the body with the secret. Takes the same time for every wrong signature.
    pub fn is_of(&self, secret: &str, body: &[u8]) -> bool {
        hmac::verify(&self.method.key(secret), body, &self.code).is_ok()
    }
}

impl Method {
    const ALL: [Self; 4] = [Self::Sha1, Self::Sha256, Self::Sha384, Self::Sha512];

    fn name(self) -> &'static str {
        match self {
            Self::Sha1 => "sha1",
            Self::Sha256 => "sha256",
            Self::Sha384 => "sha384",
            Self::Sha512 => "sha512",
        }
    }

    fn key(self, secret: &str) -> hmac::Key {
        let algorithm = match self {
            // Old hubs know only SHA-1, which is still sound as an HMAC.
            Self::Sha1 => hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY,
            Self::Sha256 => hmac::HMAC_SHA256,
            Self::Sha384 => hmac::HMAC_SHA384,
            Self::Sha512 => hmac::HMAC_SHA512,
        };
        hmac::Key::new(algorithm, secret.as_bytes())
    }
}

impl FromStr for Signature {
    type Err = NotASignature;

    fn from_str(text: &str) -> Result<Self, NotASignature> {
        let (method, code) = text.trim().split_once('=').ok_or(NotASignature)?;
        let named = |known: &Method| method.eq_ignore_ascii_case(known.name());
        let method = Method::ALL.into_iter().find(named).ok_or(NotASignature)?;
        Ok(Self { method, code: unhex(code).ok_or(NotASignature)? })
    }
}

impl fmt::Display for Signature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}=", self.method.name())?;
        self.code.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

fn unhex(text: &str) -> Option<Vec<u8>> {
    let digit = |byte: u8| char::from(byte).to_digit(16).map(|digit| digit as u8);
    let pairs = text.as_bytes().chunks(2);
    pairs.map(|pair| Some(digit(pair[0])? << 4 | digit(*pair.get(1)?)?)).collect()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    // RFC 4231, test case 2, and its like for SHA-1 in RFC 2202.
    const KNOWN: [&str; 3] = [
        "sha1=effcdf6ae5eb2fa2d27416d5f184df9c259a7c79",
        "sha256=5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
        "SHA384=af45d2e376484031617f78d2b58a6b1b9c7ef464f5a01b47e42ec3736322445e\
         8e2240ca5e69e2c78b3239ecfab21649",
    ];

    #[test]
    fn a_signature_fits_only_its_body_and_its_secret() {
        let body = b"what do ya want for nothing?";
        for known in KNOWN {
            let signature: Signature = known.parse().unwrap();
            assert!(signature.is_of("Jefe", body), "{known}");
            assert!(!signature.is_of("jefe", body) && !signature.is_of("Jefe", b"what"));
            assert_eq!(signature.to_string(), known.to_lowercase());
        }
        assert_eq!(Signature::of("Jefe", body).to_string(), KNOWN[1]);
        let sha512 = Signature { method: Method::Sha512, ..Signature::of("Jefe", body) };
        assert!(!sha512.is_of("Jefe", body));
    }

    #[test]
    fn a_malformed_signature_is_refused() {
        for bad in ["", "sha256", "sha256=xyz", "sha256=é0", "sha256=abc", "md5=00", "=00"] {
            assert_eq!(bad.parse::<Signature>(), Err(NotASignature), "{bad}");
        }
    }
}
