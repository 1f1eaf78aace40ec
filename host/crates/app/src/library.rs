//! An account's library: each plugin once, with its newest version and where it is installed.

use std::collections::BTreeMap;

use sluice_domain::{
    id::{InstallationId, PluginId},
    installation::Mode,
    permission::Permission,
    plugin::PluginName,
};
use sluice_storage::{Cursor, Page, PluginVersion};

use crate::{
    App, AppError,
    caller::Caller,
    plugins::{ShownPlugin, show},
};

/// A plugin over all its versions.
#[derive(Debug, Clone)]
pub struct LibraryEntry {
    /// The version that is highest in the order of semantic versions.
    pub newest: ShownPlugin,
    /// How many there are.
    pub versions: usize,
    /// Those that are installed, in the order of the chain.
    pub installed: Vec<InstalledHere>,
}

/// That a version is installed.
#[derive(Debug, Clone)]
pub struct InstalledHere {
    /// Where.
    pub installation: InstallationId,
    /// Which version.
    pub plugin: PluginId,
    /// As the plugin says.
    pub version: semver::Version,
    /// How much it counts.
    pub mode: Mode,
}

impl App {
    /// The account's plugins by name: a page is named by the name before it.
    ///
    /// # Errors
    /// [`AppError::Forbidden`].
    pub async fn library(&self, caller: &Caller, page: Page<String>) -> Result<Vec<LibraryEntry>, AppError> {
        caller.require(Permission::ManagePlugins)?;
        let account = caller.account;
        let after = match page.cursor {
            Cursor::After(name) => Some(name),
            Cursor::First | Cursor::Before(_) | Cursor::Last => None,
        };
        self.read(account, move |tx| {
            let mut rows = tx.account(account);
            let mut names: BTreeMap<PluginName, Vec<PluginVersion>> = BTreeMap::new();
            for version in rows.plugin_versions()? {
                names.entry(version.name.clone()).or_default().push(version);
            }
            let installed = rows.installed_versions()?;
            let wanted = names.into_iter().filter(|(name, _)| after.as_deref().is_none_or(|at| name.as_str() > at));
            let mut entries = Vec::new();
            for (_, versions) in wanted.take(page.limit as usize) {
                let newest = versions.iter().max_by(|one, other| one.version.cmp(&other.version));
                let Some(row) = newest.map(|newest| rows.plugin(newest.id)).transpose()?.flatten() else {
                    continue;
                };
                let here = installed.iter().filter_map(|one| {
                    let version = versions.iter().find(|version| version.id == one.plugin)?.version.clone();
                    Some(InstalledHere { installation: one.installation, plugin: one.plugin, version, mode: one.mode })
                });
                let installed = here.collect();
                entries.push(LibraryEntry { newest: show(&mut rows, row)?, versions: versions.len(), installed });
            }
            Ok(entries)
        })
        .await
    }
}
