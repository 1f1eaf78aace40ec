//! Publishers whom an account trusts, and whether plugins need the signature of one.
//!
//! Trust needs another permission than plugins do: a token that brings plugins cannot name its own publisher.

use serde_json::json;
use sluice_domain::{
    audit::Action,
    limits,
    permission::Permission,
    signature::{NotAdded, PublisherKey, SignaturePolicy, Signatures, Standing, Trust},
};
use sluice_storage::NewAudit;

use crate::{App, AppError, caller::Caller, names};

/// Who signed a component, as an account sees it.
#[derive(Debug, Clone)]
pub struct Signed {
    /// All in all.
    pub standing: Standing,
    /// The publishers, with the account's names for those that it trusts.
    pub by: Vec<(PublisherKey, Option<String>)>,
}

/// How an account with this trust sees the signatures.
pub(crate) fn signed(trust: &Trust, signatures: &Signatures) -> Signed {
    let by = signatures.iter().map(|(key, _)| (*key, trust.name_of(key).map(str::to_owned))).collect();
    Signed { standing: trust.standing(signatures), by }
}

impl App {
    /// Whom the account trusts.
    ///
    /// # Errors
    /// [`AppError::Forbidden`].
    pub async fn trust(&self, caller: &Caller) -> Result<Trust, AppError> {
        caller.require(Permission::ManagePlugins)?;
        let account = caller.account;
        let trust = self.inner.database.read(move |tx| Ok::<_, AppError>(tx.account(account).plugin_trust()?)).await?;
        trust.ok_or(AppError::NotFound("account"))
    }

    /// Says whether plugins need the signature of a trusted publisher. What is enabled stays so.
    ///
    /// # Errors
    /// [`AppError::Forbidden`].
    pub async fn set_signature_policy(&self, caller: &Caller, policy: SignaturePolicy) -> Result<Trust, AppError> {
        caller.require(Permission::ManageSecurity)?;
        let details = json!({"require_signature": policy});
        let entry = self.audit_row(caller, Action::SignaturePolicyChanged, caller.account, details);
        self.change_trust(caller, entry, move |trust| {
            trust.require_signature = policy;
            Ok(())
        })
        .await
    }

    /// Trusts a publisher under a name, in place of the one that had it.
    ///
    /// # Errors
    /// [`AppError::Forbidden`]; [`AppError::Invalid`] for the name or the key; [`AppError::Quota`].
    pub async fn trust_publisher(&self, caller: &Caller, name: String, key: PublisherKey) -> Result<Trust, AppError> {
        caller.require(Permission::ManageSecurity)?;
        let name = names::name("name", &name, limits::PUBLISHER_NAME_BYTES)?;
        if !key.is_usable() {
            return Err(AppError::invalid("key", "this is no Ed25519 public key: `sluice plugin keygen` makes one"));
        }
        let entry = self.audit_row(caller, Action::PublisherTrusted, &name, json!({"key": key}));
        self.change_trust(caller, entry, move |trust| {
            if trust.publishers.len() >= limits::PUBLISHERS && !trust.publishers.contains_key(&name) {
                return Err(AppError::Quota("the account trusts as many publishers as it can: remove one first"));
            }
            trust.publishers.insert(name, key);
            Ok(())
        })
        .await
    }

    /// Trusts a publisher no longer. Plugins of it that are enabled stay so.
    ///
    /// # Errors
    /// [`AppError::Forbidden`], [`AppError::NotFound`].
    pub async fn distrust_publisher(&self, caller: &Caller, name: String) -> Result<(), AppError> {
        caller.require(Permission::ManageSecurity)?;
        let entry = self.audit_row(caller, Action::PublisherDistrusted, &name, json!({}));
        let distrust = move |trust: &mut Trust| match trust.publishers.remove(&name) {
            Some(_) => Ok(()),
            None => Err(AppError::NotFound("publisher")),
        };
        self.change_trust(caller, entry, distrust).await.map(drop)
    }

    async fn change_trust(
        &self,
        caller: &Caller,
        entry: NewAudit,
        change: impl FnOnce(&mut Trust) -> Result<(), AppError> + Send + 'static,
    ) -> Result<Trust, AppError> {
        let account = caller.account;
        self.inner
            .database
            .write(caller, move |tx| {
                let mut rows = tx.account(account);
                let mut trust = rows.plugin_trust()?.ok_or(AppError::NotFound("account"))?;
                change(&mut trust)?;
                rows.set_plugin_trust(&trust)?;
                rows.insert_audit(&entry)?;
                Ok(trust)
            })
            .await
    }
}

impl From<NotAdded> for AppError {
    fn from(why: NotAdded) -> Self {
        match why {
            NotAdded::Wrong => Self::SignatureInvalid,
            NotAdded::Full => Self::TOO_MANY_SIGNATURES,
        }
    }
}
