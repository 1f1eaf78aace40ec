//! API tokens: made, renewed and revoked by administrators. A secret is shown once.

use secrecy::SecretString;
use serde_json::json;
use sluice_domain::{
    audit::Action,
    id::TokenId,
    message::Role,
    permission::{Permission, Permissions},
    time::Timestamp,
};
use sluice_storage::{Account, ApiTokenRow};

use crate::{
    App, AppError,
    caller::{Caller, Means},
    names, secret,
};

/// Longest that the secret before a renewal stays good, in milliseconds.
const OVERLAP_MILLIS: i64 = 90 * 24 * 60 * 60 * 1000;
/// Most tokens of an account that are not revoked.
const TOKENS: usize = 1_000;

/// A token to be made.
#[derive(Debug, Clone)]
pub struct TokenDraft {
    /// What it is for.
    pub name: String,
    /// What of its maker's permissions it has.
    pub scopes: Permissions,
    /// From when on it is not good any more; never when absent.
    pub expires_at: Option<Timestamp>,
}

/// How a token is renewed.
#[derive(Debug, Clone, Copy)]
pub struct Renewal {
    /// How long the secret of now stays good beside the new one, in milliseconds; 0 ends it at once.
    pub overlap_millis: i64,
    /// From when on the new one is not good any more; never when absent.
    pub expires_at: Option<Timestamp>,
}

impl App {
    /// The tokens that were not revoked, newest first.
    ///
    /// # Errors
    /// [`AppError::Forbidden`].
    pub async fn tokens(&self, caller: &Caller) -> Result<Vec<ApiTokenRow>, AppError> {
        caller.require(Permission::ManageTokens)?;
        let account = caller.account;
        self.inner.database.read(move |tx| Ok(tx.account(account).api_tokens()?)).await
    }

    /// Makes a token that acts for the caller. Its secret cannot be read again.
    ///
    /// # Errors
    /// [`AppError::Forbidden`], [`AppError::Invalid`], [`AppError::Quota`].
    pub async fn make_token(
        &self,
        caller: &Caller,
        draft: TokenDraft,
    ) -> Result<(ApiTokenRow, SecretString), AppError> {
        caller.require(Permission::ManageTokens)?;
        let now = self.now();
        let TokenDraft { name, scopes, expires_at } = draft;
        let name = names::name("name", &name, names::BYTES)?;
        if scopes == Permissions::NONE {
            return Err(AppError::invalid("scopes", "name at least one permission: see GET /api/v1/permissions"));
        }
        // Or a token would make another one that may do more than itself.
        if scopes.and(caller.permissions) != scopes {
            return Err(AppError::invalid("scopes", "a token has no permission that its maker has not"));
        }
        check_end(expires_at, now)?;
        let secret = secret::generate(secret::TOKEN_PREFIX, &self.inner.rng);
        let row = ApiTokenRow {
            id: TokenId::new(now, self.random()),
            name,
            token_hash: secret::digest(&secret),
            created_by: caller.person,
            created_at: now,
            scopes,
            expires_at,
            last_used_at: None,
            last_used_from: None,
            previous_until: None,
            revoked_at: None,
            made_by: maker_of(caller),
        };
        let details = json!({"name": row.name, "scopes": scopes, "expires_at": expires_at});
        let entry = self.audit_row(caller, Action::TokenCreated, row.id, details);
        let (account, by) = (caller.account, caller.clone());
        let row = self
            .inner
            .database
            .write(caller, move |tx| {
                let mut rows = tx.account(account);
                ends_with_its_maker(&mut rows, &by, expires_at)?;
                if rows.api_tokens()?.len() >= TOKENS {
                    return Err(AppError::Quota("the account has too many API tokens: revoke some first"));
                }
                rows.insert_api_token(&row)?;
                rows.insert_audit(&entry)?;
                Ok(row)
            })
            .await?;
        Ok((row, secret))
    }

    /// Gives a token another secret. The one of now stays good for the overlap; one from an earlier renewal ends. Without an overlap, the
    /// tokens that it made end too.
    ///
    /// # Errors
    /// [`AppError::Forbidden`], [`AppError::NotFound`], [`AppError::Invalid`]; [`AppError::SessionRequired`] for a token that renews
    /// another one than itself and those that it made; [`AppError::Conflict`] when somebody renewed it at the same moment, and for a
    /// token whose secret is the one before its renewal.
    pub async fn renew_token(
        &self,
        caller: &Caller,
        id: TokenId,
        renewal: Renewal,
    ) -> Result<(ApiTokenRow, SecretString), AppError> {
        caller.require(Permission::ManageTokens)?;
        let now = self.now();
        let Renewal { overlap_millis, expires_at } = renewal;
        if !(0..=OVERLAP_MILLIS).contains(&overlap_millis) {
            return Err(AppError::invalid("overlap_seconds", "0 to 7,776,000 seconds: at most 90 days"));
        }
        check_end(expires_at, now)?;
        let (account, by) = (caller.account, caller.clone());
        let row = self.token(caller, id).await?;
        // Or a token would act for somebody else.
        if matches!(caller.means, Means::Token(_)) && row.created_by != caller.person {
            return Err(AppError::SessionRequired);
        }
        // Or a token with few scopes would take over one with many.
        // What nobody of the account can be given is in the scopes of old tokens, and gives nothing.
        let scopes = row.scopes.and(Permissions::of(caller.kind, Role::Administrator, Permissions::NONE));
        if scopes.and(caller.permissions) != scopes {
            return Err(AppError::Forbidden(Permission::ManageTokens));
        }
        // Or the secret of one would outlive another by which it was had.
        if maker_of(caller).is_some_and(|maker| maker != id && row.made_by != Some(maker)) {
            return Err(AppError::SessionRequired);
        }
        let secret = secret::generate(secret::TOKEN_PREFIX, &self.inner.rng);
        let (old, new) = (row.token_hash, secret::digest(&secret));
        // What had come to its end does not begin again.
        let overlap_until = now.plus_millis(overlap_millis);
        let previous_until = row.expires_at.map_or(overlap_until, |end| end.min(overlap_until));
        let details = json!({"overlap_until": previous_until, "expires_at": expires_at});
        let entry = self.audit_row(caller, Action::TokenRenewed, id, details);
        let row = self
            .inner
            .database
            .write(caller, move |tx| {
                let mut rows = tx.account(account);
                ends_with_its_maker(&mut rows, &by, expires_at)?;
                if !rows.renew_api_token(id, old, new, previous_until, expires_at)? {
                    return Err(AppError::Conflict("this token was renewed or revoked at this moment: look again"));
                }
                // Whoever had the secret that is not to be good any longer may have made some.
                if overlap_millis == 0 {
                    rows.revoke_api_tokens_made_by(id, now)?;
                }
                rows.insert_audit(&entry)?;
                rows.api_token(id)?.ok_or(AppError::NotFound("token"))
            })
            .await?;
        Ok((row, secret))
    }

    /// Revokes a token, and those that it made: from now on they are refused.
    ///
    /// # Errors
    /// [`AppError::Forbidden`], [`AppError::NotFound`].
    pub async fn revoke_token(&self, caller: &Caller, id: TokenId) -> Result<(), AppError> {
        caller.require(Permission::ManageTokens)?;
        let (account, now) = (caller.account, self.now());
        let entry = self.audit_row(caller, Action::TokenRevoked, id, json!({}));
        self.inner
            .database
            .write(caller, move |tx| {
                let mut rows = tx.account(account);
                if !rows.revoke_api_token(id, now)? {
                    return Err(AppError::NotFound("token"));
                }
                Ok(rows.insert_audit(&entry)?)
            })
            .await
    }

    async fn token(&self, caller: &Caller, id: TokenId) -> Result<ApiTokenRow, AppError> {
        let account = caller.account;
        let found = self.inner.database.read(move |tx| Ok::<_, AppError>(tx.account(account).api_token(id)?)).await?;
        found.filter(|token| token.revoked_at.is_none()).ok_or(AppError::NotFound("token"))
    }
}

/// The token that the caller shows.
const fn maker_of(caller: &Caller) -> Option<TokenId> {
    match caller.means {
        Means::Token(token) => Some(token),
        Means::Session(_) | Means::Support(_) => None,
    }
}

/// What a token makes ends with it at the latest, and a secret that ends with its overlap makes nothing. Asked in the transaction that
/// makes it: the maker may be renewed or have another end since.
fn ends_with_its_maker(rows: &mut Account<'_>, by: &Caller, expires_at: Option<Timestamp>) -> Result<(), AppError> {
    let Some(maker) = maker_of(by) else { return Ok(()) };
    let maker = rows.api_token(maker)?.ok_or(AppError::NotFound("token"))?;
    if maker.token_hash != by.shown {
        return Err(AppError::Conflict("this token was renewed: use its new secret"));
    }
    match maker.expires_at {
        Some(end) if expires_at.is_none_or(|wanted| wanted > end) => Err(AppError::invalid(
            "expires_at",
            format!("{} at most: a token makes none that outlives it", end.millis()),
        )),
        Some(_) | None => Ok(()),
    }
}

fn check_end(expires_at: Option<Timestamp>, now: Timestamp) -> Result<(), AppError> {
    if expires_at.is_some_and(|end| end <= now) {
        return Err(AppError::invalid("expires_at", "a time to come, in milliseconds since 1970, or null"));
    }
    Ok(())
}
