//! Addresses, networks and headers as options.

use std::collections::BTreeMap;
use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use ipnet::IpNet;
use toml::Spanned;
use toml::de::DeValue;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::LevelFilter;
use url::Url;

use crate::options::Complaint;
use crate::options::read::{Reader, Value};

/// An absolute http or https address, and the bytes it was written with (P66).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WebAddress {
    /// As the operator wrote it.
    pub written: String,
    /// The same, read.
    pub url: Url,
}

impl FromStr for WebAddress {
    type Err = Complaint;

    fn from_str(text: &str) -> Result<Self, Complaint> {
        let text = text.trim();
        let url = Url::parse(text).map_err(|_| no_address(text))?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err(Complaint::new(
                format!("`{}` addresses cannot be read", url.scheme()),
                "write an address that begins with https:// or http://",
            ));
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(Complaint::new(
                "a name or password inside an address",
                "take it out and use `username` with `password_file`, or `token_file`",
            ));
        }
        Ok(Self { written: text.into(), url })
    }
}

/// The address of an entry's page, or the name of an entry without one, as `explain` shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EntryAddress(pub(crate) Url);

impl FromStr for EntryAddress {
    type Err = Complaint;

    fn from_str(text: &str) -> Result<Self, Complaint> {
        let text = text.trim();
        let Some(digits) = text.strip_prefix("urn:gazetted:entry:") else {
            return Ok(Self(text.parse::<WebAddress>()?.url));
        };
        let is_name = digits.len() == 32 && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
        Url::parse(text).ok().filter(|_| is_name).map(Self).ok_or_else(|| {
            Complaint::new(
                format!("`{text}` is not the name of an entry"),
                "copy it from `gazetted explain`: 32 digits follow `urn:gazetted:entry:`",
            )
        })
    }
}

fn no_address(text: &str) -> Complaint {
    let help = match text.split('/').next() {
        Some(host) if host.contains('.') && !host.contains(' ') => {
            format!("write it whole, with its scheme: `\"https://{text}\"`")
        }
        _ => "write it whole, as in `\"https://www.example.org/feed\"`".into(),
    };
    Complaint::new(format!("`{text}` is not an absolute URL"), help)
}

impl fmt::Display for WebAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.written)
    }
}

/// Where this server is reached from outside; always ends in a slash.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BaseUrl(pub Url);

impl FromStr for BaseUrl {
    type Err = Complaint;

    fn from_str(text: &str) -> Result<Self, Complaint> {
        let mut url = text.parse::<WebAddress>()?.url;
        if url.query().is_some() || url.fragment().is_some() {
            return Err(Complaint::new(
                "a base address with `?` or `#`",
                "write the address under which readers find `/`, without what follows the path",
            ));
        }
        if !url.path().ends_with('/') {
            url.set_path(&format!("{}/", url.path()));
        }
        Ok(Self(url))
    }
}

/// In whose name ids are minted: a host name or an e-mail address (RFC 4151).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Authority(pub String);

impl FromStr for Authority {
    type Err = Complaint;

    fn from_str(text: &str) -> Result<Self, Complaint> {
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_');
        let mut parts = text.split('@');
        let well_formed = parts.all(|part| !part.is_empty() && part.chars().all(plain))
            && text.matches('@').count() <= 1;
        if well_formed {
            return Ok(Self(text.to_ascii_lowercase()));
        }
        Err(Complaint::new(
            format!("`{text}` can mint no ids"),
            "write a host name or an e-mail address of yours, as in `\"news.example.org\"`",
        ))
    }
}

/// Where people can be reached: `mailto:`, `https:` or `tel:`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Contact(pub Url);

impl FromStr for Contact {
    type Err = Complaint;

    fn from_str(text: &str) -> Result<Self, Complaint> {
        match Url::parse(text.trim()) {
            Ok(url)
                if matches!(url.scheme(), "mailto" | "https" | "tel")
                    && (url.has_host() || !url.path().is_empty()) =>
            {
                Ok(Self(url))
            }
            _ => Err(Complaint::new(
                format!("`{text}` is not a way to reach somebody"),
                "write `\"mailto:security@example.org\"` or the address of a page, as https:",
            )),
        }
    }
}

/// A network, or one address of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Network(pub IpNet);

impl FromStr for Network {
    type Err = Complaint;

    fn from_str(text: &str) -> Result<Self, Complaint> {
        let text = text.trim();
        let network = text.parse::<IpNet>().or_else(|_| text.parse::<IpAddr>().map(IpNet::from));
        network.map(|network| Self(network.trunc())).map_err(|_| {
            Complaint::new(
                format!("`{text}` is not a network"),
                "write `\"10.0.0.0/8\"`, `\"fd00::/8\"` or one address",
            )
        })
    }
}

/// `tracing_subscriber` directives that were understood.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Filter(pub String);

impl FromStr for Filter {
    type Err = Complaint;

    fn from_str(text: &str) -> Result<Self, Complaint> {
        // A mistyped level would be taken for the name of a module, and silence all others.
        // So would nothing at all, which stands for `error`.
        let is_level = |part: &str| !part.is_empty() && part.parse::<LevelFilter>().is_ok();
        let is_module = |part: &str| {
            (part.contains(['=', ':', '[']) || part == "gazetted") && !part.ends_with('=')
        };
        let means_something =
            text.split(',').map(str::trim).all(|part| is_level(part) || is_module(part));
        match EnvFilter::try_new(text) {
            Ok(_) if means_something => Ok(Self(text.into())),
            Ok(_) | Err(_) => Err(Complaint::new(
                format!("`{text}` is not a log filter"),
                "write a level, error, warn, info, debug or trace, or `\"info,gazetted::fetch=debug\"`",
            )),
        }
    }
}

/// The name of a header that the operator may set.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct HeaderName(pub String);

/// Headers by which the fetcher keeps its promises (P1-P9, P60-P70).
const OURS: [&str; 16] = [
    "accept-encoding",
    "cache-control",
    "connection",
    "content-length",
    "cookie",
    "from",
    "host",
    "if-modified-since",
    "if-none-match",
    "pragma",
    "range",
    "referer",
    "te",
    "transfer-encoding",
    "upgrade",
    "user-agent",
];

impl FromStr for HeaderName {
    type Err = Complaint;

    fn from_str(text: &str) -> Result<Self, Complaint> {
        let lower = text.to_ascii_lowercase();
        if OURS.contains(&lower.as_str()) {
            return Err(Complaint::new(
                format!("the header `{text}` is not yours to set"),
                "leave it out: gazetted sets it, or never sends it, by the rules of polite polling",
            ));
        }
        let token = |b: u8| b.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&b);
        if text.is_empty() || !text.bytes().all(token) {
            return Err(Complaint::new(
                format!("`{text}` cannot be a header's name"),
                "use letters, digits and hyphens, as in `X-Api-Key`",
            ));
        }
        Ok(Self(text.into()))
    }
}

/// The value of a header.
#[derive(Clone, PartialEq, Eq)]
pub struct HeaderText(pub String);

impl FromStr for HeaderText {
    type Err = Complaint;

    fn from_str(text: &str) -> Result<Self, Complaint> {
        if text.bytes().all(|b| (b' '..=b'~').contains(&b)) {
            return Ok(Self(text.into()));
        }
        Err(Complaint::new(
            "a header's value that is not plain ASCII on one line",
            "write printable ASCII characters on one line",
        ))
    }
}

/// It may be a secret.
impl fmt::Debug for HeaderText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("…")
    }
}

impl Value for BTreeMap<HeaderName, HeaderText> {
    fn read(from: &Spanned<DeValue<'_>>, reader: &mut Reader) -> Option<Self> {
        let DeValue::Table(entries) = from.get_ref() else {
            return reader.mismatch(from, "a table such as { name = \"value\" }");
        };
        let mut headers = Self::new();
        for (key, value) in entries {
            reader.inside(key.get_ref(), |reader| match key.get_ref().parse::<HeaderName>() {
                Err(complaint) => reader.report(key.span(), complaint),
                Ok(name) => {
                    headers.extend(HeaderText::read(value, reader).map(|text| (name, text)));
                }
            });
        }
        Some(headers)
    }

    fn write(&self) -> String {
        let headers = self.iter().map(|(name, text)| format!("{name} = {}", text.write()));
        format!("{{ {} }}", Vec::from_iter(headers).join(", "))
    }

    /// The names alone: the values can be secret.
    fn shown(&self) -> String {
        match self.is_empty() {
            true => "none".to_owned(),
            false => Vec::from_iter(self.keys().map(ToString::to_string)).join(", "),
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn an_address_keeps_the_bytes_it_was_written_with() {
        let address: WebAddress =
            "https://www.gov.uk/search/news.atom?organisations[]=hm-treasury".parse().unwrap();
        assert!(address.written.ends_with("organisations[]=hm-treasury"));
        for (bad, word) in [
            ("www.gov.uk/feed", "`\"https://www.gov.uk/feed\"`"),
            ("feeds/a.atom", "write it whole"),
            ("ftp://example.org/", "`ftp`"),
            ("https://me:secret@example.org/", "password_file"),
        ] {
            let complaint = bad.parse::<WebAddress>().unwrap_err().to_string();
            assert!(complaint.contains(word), "{bad}: {complaint}");
            assert!(!complaint.contains("secret"), "{complaint}");
        }
    }

    #[test]
    fn an_entry_has_an_address_or_a_name() {
        let name = format!("urn:gazetted:entry:{}", "0a".repeat(16));
        for good in ["https://ports.example/news/1", &name] {
            assert_eq!(good.parse::<EntryAddress>().unwrap().to_string(), good);
        }
        for (bad, word) in [
            ("urn:gazetted:entry:17", "32 digits"),
            ("urn:isbn:9780131103627", "`urn`"),
            ("ports.example/news/1", "write it whole"),
        ] {
            let complaint = bad.parse::<EntryAddress>().unwrap_err().to_string();
            assert!(complaint.contains(word), "{bad}: {complaint}");
        }
    }

    #[test]
    fn a_base_address_ends_in_a_slash() {
        for (written, base) in [
            ("https://news.example.org", "https://news.example.org/"),
            ("https://example.org/news", "https://example.org/news/"),
            ("http://127.0.0.1:8484/", "http://127.0.0.1:8484/"),
        ] {
            assert_eq!(written.parse::<BaseUrl>().unwrap().to_string(), base);
        }
        assert!("https://example.org/?a=b".parse::<BaseUrl>().is_err());
    }

    #[test]
    fn networks_are_read_with_and_without_a_length() {
        for (written, network) in
            [("10.1.2.3/8", "10.0.0.0/8"), ("127.0.0.1", "127.0.0.1/32"), ("fd00::/8", "fd00::/8")]
        {
            assert_eq!(written.parse::<Network>().unwrap().to_string(), network);
        }
        assert!("10.0.0.0/33".parse::<Network>().is_err());
    }

    #[test]
    fn headers_that_break_promises_are_refused() {
        for bad in ["Cookie", "user-agent", "If-None-Match", "X Api", ""] {
            assert!(bad.parse::<HeaderName>().is_err(), "{bad}");
        }
        assert!("X-Api-Key".parse::<HeaderName>().is_ok());
        assert!("a\r\nb".parse::<HeaderText>().is_err());
        assert_eq!(format!("{:?}", HeaderText("token".into())), "…");
    }
}
