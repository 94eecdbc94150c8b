//! Certificates for one run of the control plane.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose,
};

/// Who holds a certificate: the user and the group that the API server sees.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Identity {
    pub(crate) user: &'static str,
    pub(crate) group: Option<&'static str>,
}

/// Paths of a certificate and its key.
#[derive(Clone, Debug)]
pub(crate) struct Pair {
    pub(crate) certificate: PathBuf,
    pub(crate) key: PathBuf,
}

/// Signs certificates, for as long as the control plane runs.
pub(crate) struct Authority {
    folder: PathBuf,
    issuer: Issuer<'static, KeyPair>,
    /// Path of its own certificate.
    pub(crate) certificate: PathBuf,
}

impl Authority {
    /// A new one, with its files in a folder.
    pub(crate) fn new(folder: &Path) -> anyhow::Result<Self> {
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::CommonName, "control-plane-of-a-test");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::DigitalSignature];
        let key = KeyPair::generate()?;
        let certificate = write(folder, "authority.crt", &params.self_signed(&key)?.pem())?;
        Ok(Self { folder: folder.to_owned(), issuer: Issuer::new(params, key), certificate })
    }

    /// A certificate for the programs, which are all on the loopback interface. etcd shows it to
    /// the API server as well.
    pub(crate) fn server(&self, name: &str) -> anyhow::Result<Pair> {
        let names = ["127.0.0.1", "localhost"].map(str::to_owned);
        let mut params = CertificateParams::new(names)?;
        params.distinguished_name.push(DnType::CommonName, name);
        params.extended_key_usages =
            vec![ExtendedKeyUsagePurpose::ServerAuth, ExtendedKeyUsagePurpose::ClientAuth];
        self.sign(name, &params)
    }

    /// A certificate for a user of the API.
    pub(crate) fn client(&self, Identity { user, group }: Identity) -> anyhow::Result<Pair> {
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::CommonName, user);
        if let Some(group) = group {
            params.distinguished_name.push(DnType::OrganizationName, group);
        }
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
        self.sign(&user.replace(':', "-"), &params)
    }

    fn sign(&self, name: &str, params: &CertificateParams) -> anyhow::Result<Pair> {
        // The default of the library: EC P-256.
        let key = KeyPair::generate()?;
        let certificate = params.signed_by(&key, &self.issuer)?;
        Ok(Pair {
            certificate: write(&self.folder, &format!("{name}.crt"), &certificate.pem())?,
            key: write(&self.folder, &format!("{name}.key"), &key.serialize_pem())?,
        })
    }
}

fn write(folder: &Path, name: &str, text: &str) -> anyhow::Result<PathBuf> {
    let path = folder.join(name);
    fs::write(&path, text).with_context(|| format!("cannot write {}", path.display()))?;
    Ok(path)
}
