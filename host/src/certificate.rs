//! A certificate in files: read at the start, and again when the files change or a signal says so.

use std::{fs::File, io::Read as _, path::Path, sync::Arc, time::Duration};

use anyhow::{Context as _, ensure};
use sluice_web::Certificate;
use tokio::{
    signal::unix::Signal,
    time::{MissedTickBehavior, interval},
};

use crate::config::CertificateFiles;

/// Largest file that is read, in bytes: many times the longest chain.
const FILE_BYTES: u64 = 1 << 20;

/// What the files hold.
#[derive(PartialEq, Eq)]
struct Content {
    chain: Vec<u8>,
    key: Vec<u8>,
}

impl Content {
    fn of(files: &CertificateFiles) -> anyhow::Result<Self> {
        Ok(Self { chain: read(&files.certificate)?, key: read(&files.key)? })
    }
}

fn read(path: &Path) -> anyhow::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let read = File::open(path).and_then(|file| file.take(FILE_BYTES + 1).read_to_end(&mut bytes));
    let length = read.with_context(|| format!("reading {}", path.display()))?;
    ensure!(length as u64 <= FILE_BYTES, "{} is larger than {FILE_BYTES} bytes: it is no PEM file", path.display());
    Ok(bytes)
}

/// A certificate that follows its files.
pub(crate) struct Followed {
    files: CertificateFiles,
    /// What was read last, good or not.
    seen: Option<Content>,
    pub(crate) certificate: Arc<Certificate>,
}

impl Followed {
    /// Reads the files.
    pub(crate) fn load(files: CertificateFiles) -> anyhow::Result<Self> {
        let content = Content::of(&files)?;
        let certificate = Certificate::from_pem(&content.chain, &content.key).with_context(|| named(&files))?;
        Ok(Self { files, seen: Some(content), certificate: Arc::new(certificate) })
    }

    /// Looks at the files at each `hang_up`, and `every` so often, for good. Files that cannot be used change nothing but the log.
    pub(crate) async fn follow(mut self, every: Duration, mut hang_up: Signal) {
        let mut ticks = interval(every);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            let asked = tokio::select! {
                _ = hang_up.recv() => true,
                _ = ticks.tick() => false,
            };
            let files = self.files.clone();
            let read = tokio::task::spawn_blocking(move || Content::of(&files)).await;
            self.take(read.map_err(anyhow::Error::from).and_then(|read| read), asked);
        }
    }

    /// Says each error once, and again to who asked.
    fn take(&mut self, read: anyhow::Result<Content>, asked: bool) {
        let changed = match &read {
            Ok(content) => self.seen.as_ref() != Some(content),
            Err(_) => self.seen.is_some(),
        };
        if !changed && !asked {
            return;
        }
        let (seen, replaced) = match read {
            Ok(content) => {
                let replaced = self.certificate.replace(&content.chain, &content.key);
                (Some(content), replaced.with_context(|| named(&self.files)))
            }
            Err(error) => (None, Err(error)),
        };
        self.seen = seen;
        match replaced {
            Ok(()) => tracing::info!("the certificate in {} is in use", self.files.certificate.display()),
            Err(error) => tracing::error!("the certificate stays the old one: {error:#}"),
        }
    }
}

fn named(files: &CertificateFiles) -> String {
    format!("using {} with {}", files.certificate.display(), files.key.display())
}
