//! Support: an account lets the platform in for a time, and people of the platform enter by their own sessions there.
//!
//! What support may do is decided in `sluice_domain::support`. Without an open grant nobody of the platform gets in.

use secrecy::SecretString;
use serde_json::json;
use sluice_domain::{
    access::Occasion,
    address::Door,
    audit::Action,
    digest::Digest,
    id::{AccountId, SupportGrantId, SupportSessionId},
    message::Role,
    network::network_of,
    permission::{AccountKind, Permission, Permissions},
    security::SecuritySettings,
    support::SupportScope,
    time::Timestamp,
};
use sluice_storage::{Account, InsideRow, LiveSupport, NewAudit, SupportGrantRow, SupportSessionRow};

use crate::{
    App, AppError,
    access::Visit,
    audit::platform_reason,
    authenticate::{Refusal, Request, not_let_in, overdue},
    caller::{Caller, Means},
    door::unchanged,
    secret,
    seldom::MINUTE,
    store::By,
};

/// The kind of the event that says that support was let in or out, or that somebody entered or left.
const SUPPORT_EVENT: &str = "support";
/// Longest time for which an account lets support in, in minutes: a week.
pub const LONGEST_MINUTES: u32 = 7 * 24 * 60;

/// That support may enter, and who is inside.
#[derive(Debug, Clone)]
pub struct SupportAccess {
    /// What the account's people opened.
    pub grant: SupportGrantRow,
    /// Who has entered and has not left.
    pub inside: Vec<InsideRow>,
}

/// An account that lets support in.
#[derive(Debug, Clone)]
pub struct OpenAccount {
    /// The account.
    pub id: AccountId,
    /// As people call it.
    pub name: String,
    /// How far, and until when.
    pub grant: SupportGrantRow,
}

/// Somebody has entered.
#[derive(Debug)]
pub struct NewSupportSession {
    /// What requests carry as their bearer token; it cannot be read again.
    pub secret: SecretString,
    /// How far the account lets support in.
    pub scope: SupportScope,
    /// When that ends by itself.
    pub until: Timestamp,
}

impl App {
    /// Whether support may enter, and who is inside: for everybody of the account to see.
    ///
    /// # Errors
    /// [`AppError::Storage`].
    pub async fn support_access(&self, caller: &Caller) -> Result<Option<SupportAccess>, AppError> {
        let (account, now) = (caller.account, self.now());
        self.inner
            .database
            .read(move |tx| {
                let mut rows = tx.account(account);
                let Some(grant) = open(&mut rows, now)? else { return Ok(None) };
                let inside = rows.support_inside(grant.id)?;
                Ok(Some(SupportAccess { grant, inside }))
            })
            .await
    }

    /// Lets support in for some minutes, in place of what was open before: who entered under that is out.
    ///
    /// # Errors
    /// [`AppError::Forbidden`]; [`AppError::Invalid`] for the time.
    pub async fn open_support(
        &self,
        caller: &Caller,
        scope: SupportScope,
        minutes: u32,
    ) -> Result<SupportAccess, AppError> {
        caller.require(Permission::ManageSupport)?;
        if !(1..=LONGEST_MINUTES).contains(&minutes) {
            return Err(AppError::invalid("minutes", format!("1 to {LONGEST_MINUTES}, a week")));
        }
        let now = self.now();
        let grant = SupportGrantRow {
            id: SupportGrantId::new(now, self.random()),
            scope,
            opened_by: caller.person,
            opened_at: now,
            until: now.plus_millis(i64::from(minutes) * MINUTE),
            closed_at: None,
        };
        let details = json!({"scope": scope, "until": grant.until});
        let entry = self.audit_row(caller, Action::SupportOpened, grant.id, details);
        let row = grant.clone();
        self.change_support(caller, entry, move |rows| {
            rows.close_support_grants(now)?;
            Ok(rows.insert_support_grant(&row)?)
        })
        .await?;
        Ok(SupportAccess { grant, inside: Vec::new() })
    }

    /// Lets support in no longer. Who is inside is out at once.
    ///
    /// # Errors
    /// [`AppError::Forbidden`]; [`AppError::NotFound`] when support was not let in.
    pub async fn close_support(&self, caller: &Caller) -> Result<(), AppError> {
        caller.require(Permission::ManageSupport)?;
        let now = self.now();
        let entry = self.audit_row(caller, Action::SupportClosed, caller.account, json!({}));
        self.change_support(caller, entry, move |rows| {
            open(rows, now)?.ok_or(AppError::NotFound("support access"))?;
            Ok(rows.close_support_grants(now)?)
        })
        .await
    }

    /// The accounts that let support in.
    ///
    /// # Errors
    /// [`AppError::Forbidden`] for who is none of the platform's support.
    pub async fn accounts_open_to_support(&self, caller: &Caller) -> Result<Vec<OpenAccount>, AppError> {
        caller.require(Permission::EnterForSupport)?;
        let now = self.now();
        let rows = self.inner.database.read(move |tx| Ok::<_, AppError>(tx.accounts_open_to_support(now)?)).await?;
        Ok(rows.into_iter().map(|(id, name, grant)| OpenAccount { id, name, grant }).collect())
    }

    /// Enters an account that lets support in, for a reason that the account's people read.
    ///
    /// # Errors
    /// [`AppError::Forbidden`] for who is none of the platform's support, [`AppError::SessionRequired`]; [`AppError::Invalid`] for the
    /// reason; [`AppError::NotFound`] for the account; [`AppError::SupportNotOpen`]; [`AppError::AddressRefused`],
    /// [`AppError::AccessDenied`] and [`AppError::SecondFactorRequired`] when the account's rules say so.
    pub async fn enter_for_support(
        &self,
        caller: &Caller,
        account: AccountId,
        reason: &str,
        user_agent: &str,
    ) -> Result<NewSupportSession, AppError> {
        caller.require(Permission::EnterForSupport)?;
        let own = caller.session()?;
        let reason = platform_reason(reason)?.to_owned();
        let now = self.now();
        let (row, grant) = self
            .inner
            .database
            .read(move |tx| {
                let row = tx.account_row(account)?.filter(|row| row.kind == AccountKind::Customer);
                let row = row.ok_or(AppError::NotFound("account"))?;
                Ok::<_, AppError>((row, open(&mut tx.account(account), now)?))
            })
            .await?;
        let session = SupportSessionId::new(now, self.random());
        let visitor = Caller {
            account,
            kind: AccountKind::Customer,
            means: Means::Support(session),
            role: Role::Support,
            permissions: Permissions::NONE,
            duty: None,
            chain_version: row.chain_version,
            security_version: row.security_version,
            ..caller.clone()
        };
        let Some(grant) = grant else {
            self.write_down_refusal(&visitor, AppError::SUPPORT_NOT_OPEN, now).await?;
            return Err(AppError::SupportNotOpen);
        };
        let version = row.security_version;
        let door = self.door(account, version).await?;
        self.check_address(&door, &visitor, Door::Support, now).await?;
        self.admit(&Visit { caller: &visitor, door: &door, occasion: Occasion::SupportEntry, user_agent, at: now })
            .await?;

        let secret = secret::generate(secret::SUPPORT_PREFIX, &self.inner.rng);
        let details = json!({"name": caller.name, "reason": reason, "scope": grant.scope, "grant": grant.id});
        let row = SupportSessionRow {
            id: session,
            grant_id: grant.id,
            secret_hash: secret::digest(&secret),
            platform: caller.account,
            person: caller.person,
            session: own,
            reason,
            address: caller.address.clone(),
            created_at: now,
            ended_at: None,
        };
        let entry = self.audit_row(&visitor, Action::SupportEntered, session, details);
        self.change_support(By::caller_in(caller, account), entry, move |rows| {
            // It may have been closed while the account's rules were asked, and they may be others.
            if open(rows, now)?.is_none_or(|open| open.id != row.grant_id) {
                return Err(AppError::SupportNotOpen);
            }
            unchanged(rows, version)?;
            Ok(rows.insert_support_session(&row)?)
        })
        .await?;
        // The platform's own log says it too.
        let entry = self.audit_row(caller, Action::SupportEntered, account, json!({"session": session}));
        self.keep_entry(caller.account, entry).await?;
        Ok(NewSupportSession { secret, scope: grant.scope, until: grant.until })
    }

    /// Ends the support session that a request came with.
    pub(crate) async fn leave_support(&self, caller: &Caller, session: SupportSessionId) -> Result<(), AppError> {
        let now = self.now();
        let entry = self.audit_row(caller, Action::SupportLeft, session, json!({}));
        // Whoever leaves needs no right to it.
        self.change_support(By::server(caller.account), entry, move |rows| {
            rows.end_support_session(session, now)?;
            Ok(())
        })
        .await
    }

    /// Makes a caller of a support session, or says what speaks against it. Every request that gets in is written down.
    pub(crate) async fn enter_with_support(
        &self,
        live: LiveSupport,
        shown: Digest,
        request: Request<'_>,
        now: Timestamp,
    ) -> Result<Caller, AppError> {
        let caller = Caller {
            account: live.account_id,
            kind: AccountKind::Customer,
            person: live.session.person,
            means: Means::Support(live.session.id),
            shown,
            role: Role::Support,
            permissions: live.grant.scope.permissions(request.changes_something()),
            duty: None,
            second_factor: false,
            name: live.name.clone(),
            address: request.address.clone(),
            chain_version: live.chain_version,
            security_version: live.security_version,
        };
        let at_home = self.door(live.session.platform, live.platform_version).await?;
        if let Some(refusal) = refused(&live, &at_home.settings, &caller.address, now) {
            return Err(self.refuse(&caller, refusal, now).await);
        }
        // Where the person may work from at home, by the platform's own rules, holds in here too.
        let at_home_as =
            Caller { account: live.session.platform, kind: AccountKind::Platform, role: live.role, ..caller.clone() };
        self.check_address(&at_home, &at_home_as, Door::Session, now).await?;
        // Who works in another account is not idle at home.
        if let Some(own) = live.own {
            self.note_seen(live.session.platform, live.session.session, own.last_seen_at, now);
        }
        let door = self.door(caller.account, caller.security_version).await?;
        self.check_address(&door, &caller, Door::Support, now).await?;
        // A page that asks for the same again and again fills no log.
        let again = format!("support {} {} {}", live.session.id, request.method, request.short_path());
        if request.changes_something() || self.inner.seldom.first(again, now) {
            let details = json!({"method": request.method, "path": request.short_path()});
            let entry = self.audit_row(&caller, Action::SupportRequest, live.session.id, details);
            self.keep_entry(caller.account, entry).await?;
        }
        Ok(caller)
    }

    /// One transaction: the change, the audit entry, and the event that tells everybody of the account to look.
    async fn change_support(
        &self,
        by: impl Into<By>,
        entry: NewAudit,
        change: impl FnOnce(&mut Account<'_>) -> Result<(), AppError> + Send + 'static,
    ) -> Result<(), AppError> {
        let by = by.into();
        let account = by.account().ok_or(AppError::Internal("naming the account of a write"))?;
        self.inner
            .database
            .write(by, move |tx| {
                let mut rows = tx.account(account);
                change(&mut rows)?;
                rows.insert_audit(&entry)?;
                rows.append_event(SUPPORT_EVENT, &json!({"action": entry.row.action}), entry.row.at)?;
                Ok::<_, AppError>(())
            })
            .await?;
        self.inner.bus.wake(account);
        Ok(())
    }
}

/// What lets support in at `now`.
fn open(rows: &mut Account<'_>, now: Timestamp) -> Result<Option<SupportGrantRow>, AppError> {
    Ok(rows.support_grant()?.filter(|grant| grant.is_open(now)))
}

/// What speaks against a support session, wherever it is used and whenever it was last.
pub(crate) fn left(live: &LiveSupport, now: Timestamp) -> Option<Refusal> {
    if !live.grant.is_open(now) {
        return Some(Refusal::SupportClosed);
    }
    if live.session.ended_at.is_some() || live.own.is_none_or(|own| now >= own.expires_at) {
        return Some(Refusal::SessionEnded);
    }
    let enters = Permissions::of(AccountKind::Platform, live.role, live.permissions);
    if !enters.contains(Permission::EnterForSupport) {
        return Some(Refusal::PersonDisabled);
    }
    not_let_in(live.status)
}

/// What speaks against a support session.
fn refused(live: &LiveSupport, at_home: &SecuritySettings, address: &str, now: Timestamp) -> Option<Refusal> {
    let idle = || live.own.and_then(|own| overdue(own.created_at, own.last_seen_at, at_home, now));
    let moved = || (network_of(address) != network_of(&live.session.address)).then_some(Refusal::AnotherNetwork);
    left(live, now).or_else(idle).or_else(moved)
}
