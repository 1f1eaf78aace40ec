//! A sandbox in a folder of its own, and what it is given.

use std::{collections::BTreeSet, fs, path::PathBuf};

use sluice_domain::{
    access::{AccessRequest, Occasion},
    content::Category,
    digest::Digest,
    id::{AttachmentId, MessageId},
    message::{Actor, Attachment, Direction, Message, Role},
    time::Timestamp,
};
use sluice_sandbox::{ArtefactKey, ConfigureError, Configured, Sandbox, SandboxConfig, Use, WorkerCommand};
use tempfile::TempDir;

/// A sandbox and its folder of artefacts.
pub(crate) struct Lab {
    pub(crate) sandbox: Sandbox,
    pub(crate) folder: TempDir,
}

impl Lab {
    pub(crate) fn new() -> Self {
        Self::with(|_| {})
    }

    /// One whose configuration was changed.
    pub(crate) fn with(change: impl FnOnce(&mut SandboxConfig)) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut config = config(folder.path().to_owned(), 1);
        change(&mut config);
        Self { sandbox: Sandbox::new(config).unwrap(), folder }
    }

    pub(crate) fn configure(&self, component: &[u8], config: &str) -> Result<Configured, ConfigureError> {
        self.sandbox.configure(|| Ok(component.to_vec()), Digest::of(component), config, Use::Installed)
    }

    /// A plugin that takes its configuration.
    pub(crate) fn ready(&self, component: &[u8], config: &str) -> Configured {
        self.configure(component, config).unwrap()
    }

    /// The files of artefacts.
    pub(crate) fn artefacts(&self) -> Vec<PathBuf> {
        // What was only tried has a folder of its own.
        let folders = [self.folder.path().to_owned(), self.folder.path().join("trials")];
        let files = folders.into_iter().flat_map(|folder| fs::read_dir(folder).unwrap());
        files.map(|entry| entry.unwrap().path()).filter(|path| path.is_file()).collect()
    }

    /// The hostile plugin, which does what it is told.
    pub(crate) fn obedient(&self) -> Configured {
        self.ready(&component("hostile-plugins"), r#"{"obey": true}"#)
    }
}

/// A sandbox in `artefacts`, whose key is made of one byte. Few slots, so that they are used again.
pub(crate) fn config(artefacts: PathBuf, key: u8) -> SandboxConfig {
    let program = PathBuf::from(env!("CARGO_BIN_EXE_sandbox-worker"));
    let worker = WorkerCommand { program, args: Vec::new() };
    SandboxConfig { slots: 8, ..SandboxConfig::new(artefacts, ArtefactKey::new(Box::new([key; 32]).into()), worker) }
}

/// One of the built plugins.
pub(crate) fn component(name: &str) -> Vec<u8> {
    let own = std::env::current_exe().unwrap();
    let release = own.ancestors().find(|folder| folder.ends_with("release")).expect("a folder `release`");
    let path = release.with_file_name("plugins").join(name).with_extension("wasm");
    fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}: `make plugins` builds it", path.display()))
}

pub(crate) fn message(text: &str) -> Message {
    Message {
        id: MessageId::new(Timestamp::from_millis(1), [7; 10]),
        direction: Direction::Incoming,
        transport: "api".to_owned(),
        channel: "chn_1".to_owned(),
        conversation: None,
        author: actor(Role::Client),
        text: String::new(),
        links: Vec::new(),
        group: None,
        attachments: Vec::new(),
        sent_at: Timestamp::from_millis(1_790_000_000_000),
    }
    .with_text(text.to_owned())
}

pub(crate) fn attachment(name: &str) -> Attachment {
    Attachment {
        id: AttachmentId::new(Timestamp::from_millis(1), [5; 10]),
        name: name.to_owned(),
        declared_type: "image/png".to_owned(),
        detected_type: "image/png".to_owned(),
        category: Category::Image,
        traits: BTreeSet::new(),
        size: 100_000,
        sha256: Digest::of(b"content"),
    }
}

/// An operator who logs in.
pub(crate) fn request(user_agent: &str, at: Timestamp) -> AccessRequest {
    AccessRequest {
        occasion: Occasion::LogIn,
        who: actor(Role::Operator),
        address: "192.0.2.1".to_owned(),
        user_agent: user_agent.to_owned(),
        at,
    }
}

fn actor(role: Role) -> Actor {
    Actor { id: "per_1".to_owned(), role, name: "Ann".to_owned() }
}
