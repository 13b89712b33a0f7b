//! Writes a certificate of loopback's addresses into a directory.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Where the certificate and its key are.
pub struct Certificate {
    pub certificate: PathBuf,
    pub key: PathBuf,
}

impl Certificate {
    /// Where they are in this directory.
    pub fn in_directory(directory: &Path) -> Self {
        Self { certificate: directory.join("certificate.pem"), key: directory.join("key.pem") }
    }

    /// Has openssl make both, for as many addresses; false where it is not installed.
    pub fn make(&self, hosts: usize) -> std::io::Result<bool> {
        let hosts: Vec<_> = (1..=hosts).map(|host| format!("IP:127.0.0.{host}")).collect();
        let settings = format!(
            "[req]\ndistinguished_name = dn\nx509_extensions = of\n[dn]\n[of]\n\
             basicConstraints = critical, CA:FALSE\nsubjectAltName = {}\n",
            hosts.join(", ")
        );
        let config = self.key.with_extension("cnf");
        std::fs::write(&config, settings)?;
        let made = Command::new("openssl")
            .args(["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"])
            .args(["-noenc", "-days", "2", "-subj", "/CN=origin.example", "-config"])
            .arg(config)
            .arg("-out")
            .arg(&self.certificate)
            .arg("-keyout")
            .arg(&self.key)
            .stdin(Stdio::null())
            .stderr(Stdio::null())
            .status();
        Ok(made.is_ok_and(|status| status.success()))
    }
}
