//! Whether a plugin may come into force: what the account's quota and its trust in publishers say.
//!
//! Whether its configuration and its grants are right is asked in `installations`, before.

use sluice_domain::{id::PluginId, installation::Mode, plugin::PluginName};
use sluice_storage::{Account, InstallationRow, PluginRow};

use crate::{AppError, quotas::used};

/// That as much is enabled as the account's quota allows.
const FULL: AppError = AppError::Quota(
    "as many plugins are enabled as the account's quota allows: disable one first, or ask whoever runs the server for more",
);

/// Whether an installation may have this version and mode. In the transaction that makes or changes it, before that is done;
/// `before` is what it changes. What was in force stays in force: only what comes into force is asked about.
pub(crate) fn check(
    rows: &mut Account<'_>,
    before: Option<&InstallationRow>,
    plugin: PluginId,
    mode: Mode,
) -> Result<(), AppError> {
    // It may have been removed, or signed, since it was read.
    let plugin = rows.plugin(plugin)?.ok_or(AppError::NotFound("plugin"))?;
    let is_enabled = mode != Mode::Disabled;
    let comes_in = before.is_none_or(|before| before.plugin_id != plugin.id || (is_enabled && before.mode != mode));
    if comes_in && !rows.plugin_trust()?.unwrap_or_default().admits(&plugin.signatures) {
        return Err(AppError::SignatureRequired);
    }
    let was_enabled = before.is_some_and(|before| before.mode != Mode::Disabled);
    if is_enabled && !was_enabled {
        let (quota, used) = used(rows)?;
        if used.enabled >= quota.enabled {
            return Err(FULL);
        }
    }
    Ok(())
}

/// Whether `plugin` is a version of what is installed.
pub(crate) fn same_plugin(installed: &PluginName, plugin: &PluginRow) -> Result<(), AppError> {
    if plugin.name == *installed {
        return Ok(());
    }
    let problem = format!(
        "this is a version of `{}`, the installation is one of `{installed}`: name a version of that, or install this one beside it",
        plugin.name
    );
    Err(AppError::invalid("plugin_id", problem))
}
