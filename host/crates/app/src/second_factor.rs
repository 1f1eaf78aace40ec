//! Second factors: time-based codes (RFC 6238), passkeys, and recovery codes for when the device is lost.
//!
//! When one is asked for is in `sessions`; that an account's settings want one is a duty of the caller.

use secrecy::SecretString;
use serde_json::json;
use sluice_domain::{
    audit::Action,
    digest::Digest,
    id::{AccountId, PasskeyId, PersonId},
    permission::Permission,
    time::Timestamp,
};
use sluice_storage::{Account, PasskeyRow, SecondFactorRow, SessionEnd};
use totp_rs::{Builder, Totp};

use crate::{
    App, AppError, Rng,
    caller::Caller,
    passkeys::Answer,
    people::{may_give, there},
    store::By,
    throttle::Subjects,
};

/// What authenticators show the secret's owner.
const ISSUER: &str = "Sluice";
/// How many recovery codes a person gets.
const CODES: usize = 10;
/// Longest code that is looked at, in bytes.
const CODE_BYTES: usize = 32;

/// A secret for time-based codes that was just made.
#[derive(Debug)]
pub struct NewTotp {
    /// In base 32, for typing.
    pub secret: SecretString,
    /// The same as an `otpauth` URL, for a QR code.
    pub url: SecretString,
}

/// What second factors a person has.
#[derive(Debug, Clone)]
pub struct OwnFactors {
    /// Whether log-ins ask for a time-based code.
    pub totp: bool,
    /// How many recovery codes are left.
    pub recovery_codes: u64,
    /// Passkeys, in the order in which they were added.
    pub passkeys: Vec<PasskeyRow>,
}

/// What a log-in shows beside the password.
#[derive(Debug)]
pub enum Proof {
    /// Six digits, or a recovery code.
    Code(String),
    /// The answer of an authenticator.
    Passkey(Answer),
}

/// A second factor that was shown and fits, and has yet to be used up.
#[derive(Debug, Clone)]
pub(crate) enum Shown {
    /// The encrypted secret is the one that the code is of.
    Step {
        secret: String,
        step: i64,
    },
    Recovery(Digest),
    /// What is kept of the passkey, before and after.
    Passkey {
        id: PasskeyId,
        was: String,
        credential: String,
        at: Timestamp,
    },
}

impl Shown {
    /// Uses it up, in the transaction of what it is for. Each code is good once.
    pub(crate) fn use_up(&self, rows: &mut Account<'_>, person: PersonId) -> Result<(), AppError> {
        match self {
            Self::Step { secret, step } if rows.use_step(person, secret, *step)? => Ok(()),
            Self::Recovery(digest) if rows.use_recovery_code(person, *digest)? => Ok(()),
            Self::Step { .. } | Self::Recovery(_) => Err(AppError::WrongCode),
            Self::Passkey { id, was, credential, at } if rows.passkey_used(person, *id, was, credential, *at)? => {
                Ok(())
            }
            Self::Passkey { .. } => Err(AppError::WrongPasskey),
        }
    }
}

/// Uses up what a caller has shown who adds a second factor. Who has one by now, and has shown none, adds none.
pub(crate) fn use_up_if_any(shown: Option<&Shown>, rows: &mut Account<'_>, person: PersonId) -> Result<(), AppError> {
    match shown {
        Some(shown) => shown.use_up(rows, person),
        None if has_factor(rows, person)? => Err(AppError::CodeRequired(None)),
        None => Ok(()),
    }
}

/// What a person has.
struct Factors {
    /// Confirmed or not.
    totp: Option<SecondFactorRow>,
    passkeys: Vec<PasskeyRow>,
}

impl Factors {
    fn of(rows: &mut Account<'_>, person: PersonId) -> Result<Self, AppError> {
        Ok(Self { totp: rows.second_factor(person)?, passkeys: rows.passkeys(person)? })
    }

    fn has_totp(&self) -> bool {
        self.totp.as_ref().is_some_and(SecondFactorRow::is_confirmed)
    }

    /// Whether log-ins ask for one.
    fn are_asked_for(&self) -> bool {
        self.has_totp() || !self.passkeys.is_empty()
    }
}

impl App {
    /// The caller's second factors.
    ///
    /// # Errors
    /// [`AppError::SessionRequired`].
    pub async fn own_factors(&self, caller: &Caller) -> Result<OwnFactors, AppError> {
        caller.session()?;
        let (account, person) = (caller.account, caller.person);
        self.inner
            .database
            .read(move |tx| {
                let mut rows = tx.account(account);
                let factors = Factors::of(&mut rows, person)?;
                let (totp, recovery_codes) = (factors.has_totp(), rows.recovery_codes(person)?);
                Ok(OwnFactors { totp, recovery_codes, passkeys: factors.passkeys })
            })
            .await
    }

    /// Makes a secret for time-based codes. It counts when the caller has shown a code of it. A caller who has a passkey shows it: a thief
    /// with the session and the password could otherwise add a second factor.
    ///
    /// # Errors
    /// [`AppError::SessionRequired`], [`AppError::WrongCredentials`] for the password, [`AppError::TooManyAttempts`];
    /// [`AppError::Conflict`] for a caller who has time-based codes: remove them first; [`AppError::CodeRequired`],
    /// [`AppError::WrongCode`] and [`AppError::WrongPasskey`] for one who has passkeys.
    pub async fn begin_totp(
        &self,
        caller: &Caller,
        password: SecretString,
        proof: Option<Proof>,
    ) -> Result<NewTotp, AppError> {
        const THERE: AppError = AppError::Conflict("you have time-based codes: remove them first");
        caller.session()?;
        let confirmed = self.confirm_password(caller, password).await?;
        let (account, person, now) = (caller.account, caller.person, self.now());
        if self.factors(account, person).await?.has_totp() {
            return Err(THERE);
        }
        let shown = self.check_own_proof(caller, proof).await?;
        let secret = self.inner.rng.bytes::<20>();
        let totp = totp(&secret, &caller.name)?;
        let made = NewTotp {
            secret: SecretString::from(totp_rs::Secret::from(secret).to_base32()),
            url: SecretString::from(totp.to_url().map_err(|_| AppError::Internal("writing an otpauth URL"))?),
        };
        let row = SecondFactorRow {
            secret: self.inner.sealer.seal(&secret, &whose(account, person), &self.inner.rng)?,
            created_at: now,
            confirmed_at: None,
            last_step: 0,
        };
        self.inner
            .database
            .write((caller, &confirmed), move |tx| {
                let mut rows = tx.account(account);
                if rows.second_factor(person)?.is_some_and(|factor| factor.is_confirmed()) {
                    return Err(THERE);
                }
                use_up_if_any(shown.as_ref(), &mut rows, person)?;
                Ok(rows.put_second_factor(person, &row)?)
            })
            .await?;
        Ok(made)
    }

    /// Takes the first code of a new secret: from now on log-ins ask for one. Gives recovery codes, which cannot be read again.
    ///
    /// # Errors
    /// [`AppError::SessionRequired`], [`AppError::WrongCode`], [`AppError::TooManyAttempts`]; [`AppError::NotFound`] when no secret
    /// was made.
    pub async fn confirm_totp(&self, caller: &Caller, code: &str) -> Result<Vec<SecretString>, AppError> {
        let session = caller.session()?;
        let (account, person, now) = (caller.account, caller.person, self.now());
        let code = self.check_own_code(caller, code, false).await?;
        let (codes, digests) = recovery_codes(&self.inner.rng);
        let entry = self.audit_row(caller, Action::SecondFactorAdded, person, json!({"kind": "totp"}));
        self.inner
            .database
            .write(caller, move |tx| {
                let mut rows = tx.account(account);
                code.use_up(&mut rows, person)?;
                if !rows.confirm_second_factor(person, now)? {
                    return Err(AppError::NotFound("second factor to confirm"));
                }
                rows.set_recovery_codes(person, &digests)?;
                rows.session_has_second_factor(person, session)?;
                // Sessions of whoever has only the password are of no use any more.
                rows.end_sessions(person, Some(session), SessionEnd::Ended)?;
                Ok::<_, AppError>(rows.insert_audit(&entry)?)
            })
            .await?;
        Ok(codes)
    }

    /// Gives new recovery codes in place of all earlier ones.
    ///
    /// # Errors
    /// [`AppError::SessionRequired`], [`AppError::WrongCode`], [`AppError::TooManyAttempts`], [`AppError::NotFound`].
    pub async fn renew_recovery_codes(&self, caller: &Caller, code: &str) -> Result<Vec<SecretString>, AppError> {
        caller.session()?;
        let (account, person) = (caller.account, caller.person);
        let code = self.check_own_code(caller, code, true).await?;
        let (codes, digests) = recovery_codes(&self.inner.rng);
        let entry = self.audit_row(caller, Action::RecoveryCodesRenewed, person, json!({}));
        self.inner
            .database
            .write(caller, move |tx| {
                let mut rows = tx.account(account);
                code.use_up(&mut rows, person)?;
                rows.set_recovery_codes(person, &digests)?;
                Ok::<_, AppError>(rows.insert_audit(&entry)?)
            })
            .await?;
        Ok(codes)
    }

    /// Ends time-based codes for the caller. Passkeys stay.
    ///
    /// # Errors
    /// As of [`App::renew_recovery_codes`].
    pub async fn remove_own_factor(&self, caller: &Caller, code: &str) -> Result<(), AppError> {
        caller.session()?;
        let (account, person) = (caller.account, caller.person);
        let code = self.check_own_code(caller, code, true).await?;
        let entry = self.audit_row(caller, Action::SecondFactorRemoved, person, json!({"kind": "totp"}));
        self.inner
            .database
            .write(caller, move |tx| {
                let mut rows = tx.account(account);
                code.use_up(&mut rows, person)?;
                if !rows.delete_second_factor(person)? {
                    return Err(AppError::NotFound("second factor"));
                }
                forget_codes_without_factor(&mut rows, person)?;
                Ok(rows.insert_audit(&entry)?)
            })
            .await
    }

    /// Removes all second factors of a person who has lost them. All sessions of the person end.
    ///
    /// # Errors
    /// [`AppError::Forbidden`] and [`AppError::SessionRequired`], also for a token about somebody who may do more than it;
    /// [`AppError::NotFound`] for the person, and for one without a second factor.
    pub async fn reset_factor(&self, caller: &Caller, person: PersonId) -> Result<(), AppError> {
        caller.require(Permission::ManagePeople)?;
        let account = caller.account;
        let (entry, by) = (self.audit_row(caller, Action::SecondFactorReset, person, json!({})), caller.clone());
        self.inner
            .database
            .write(caller, move |tx| {
                let mut rows = tx.account(account);
                let row = there(&mut rows, person)?;
                // Whoever knows the password is that person then.
                may_give(&by, row.role, row.permissions)?;
                let codes = rows.delete_second_factor(person)?;
                let passkeys = rows.delete_passkeys(person)?;
                if !codes && passkeys == 0 {
                    return Err(AppError::NotFound("second factor"));
                }
                forget_codes_without_factor(&mut rows, person)?;
                rows.end_sessions(person, None, SessionEnd::Ended)?;
                Ok(rows.insert_audit(&entry)?)
            })
            .await
    }

    /// What a log-in shows as one of the person's second factors; `None` for a person without one, who needs none.
    pub(crate) async fn fitting(
        &self,
        account: AccountId,
        person: PersonId,
        proof: Option<Proof>,
        now: Timestamp,
    ) -> Result<Option<Shown>, AppError> {
        let factors = self.factors(account, person).await?;
        if !factors.are_asked_for() {
            return Ok(None);
        }
        let totp = factors.totp.filter(SecondFactorRow::is_confirmed);
        match proof {
            None => {
                let challenge = self.ask_for_passkey(account, person, &factors.passkeys).await?;
                Err(AppError::CodeRequired(challenge.map(Box::new)))
            }
            Some(Proof::Code(code)) => self.fits(account, person, totp.as_ref(), &code, now).await.map(Some),
            Some(Proof::Passkey(answer)) => {
                self.answered_with_passkey(account, person, &factors.passkeys, answer, now).await.map(Some)
            }
        }
    }

    /// Checks a code that the caller shows about themselves. Failures are counted, or somebody at an unlocked screen would try all.
    async fn check_own_code(&self, caller: &Caller, code: &str, confirmed: bool) -> Result<Shown, AppError> {
        let (account, person, now) = (caller.account, caller.person, self.now());
        let subjects = Subjects::of_caller(
            &self.inner.digest_key,
            self.free_failures(),
            &format!("code {person}"),
            &caller.address,
        );
        let factors = self.factors(account, person).await?;
        let totp = factors.totp.filter(|totp| totp.is_confirmed() == confirmed);
        if totp.is_none() && (!confirmed || factors.passkeys.is_empty()) {
            return Err(AppError::NotFound("second factor"));
        }
        let look = async {
            let shown = self.fits(account, person, totp.as_ref(), code, now).await?;
            // What a secret is confirmed with is a code of that secret.
            if !confirmed && matches!(shown, Shown::Recovery(_)) {
                return Err(AppError::WrongCode);
            }
            self.inner.database.write(By::server(None), move |tx| subjects.succeeded(tx)).await?;
            Ok(shown)
        };
        self.look_charged(subjects, None, look).await
    }

    /// Checks a second factor that the caller shows about themselves, as a log-in does; `None` for who has none.
    pub(crate) async fn check_own_proof(
        &self,
        caller: &Caller,
        proof: Option<Proof>,
    ) -> Result<Option<Shown>, AppError> {
        let (account, person, now) = (caller.account, caller.person, self.now());
        let code = format!("code {person}");
        let subjects = Subjects::of_caller(&self.inner.digest_key, self.free_failures(), &code, &caller.address);
        let look = async {
            let shown = self.fitting(account, person, proof, now).await?;
            self.inner.database.write(By::server(None), move |tx| subjects.succeeded(tx)).await?;
            Ok(shown)
        };
        self.look_charged(subjects, None, look).await
    }

    async fn factors(&self, account: AccountId, person: PersonId) -> Result<Factors, AppError> {
        self.inner.database.read(move |tx| Factors::of(&mut tx.account(account), person)).await
    }

    /// A code as one of the person's: of their authenticator, or a recovery code.
    async fn fits(
        &self,
        account: AccountId,
        person: PersonId,
        totp: Option<&SecondFactorRow>,
        code: &str,
        now: Timestamp,
    ) -> Result<Shown, AppError> {
        let code: String = code.chars().filter(|c| !c.is_whitespace() && *c != '-').take(CODE_BYTES + 1).collect();
        if code.len() > CODE_BYTES {
            return Err(AppError::WrongCode);
        }
        if code.len() > 6 {
            let digest = Digest::of(code.to_lowercase().as_bytes());
            let known = self
                .inner
                .database
                .read(move |tx| Ok::<_, AppError>(tx.account(account).has_recovery_code(person, digest)?));
            return if known.await? { Ok(Shown::Recovery(digest)) } else { Err(AppError::WrongCode) };
        }
        let factor = totp.ok_or(AppError::WrongCode)?;
        let secret = self.inner.sealer.open(&factor.secret, &whose(account, person))?;
        let secret = <[u8; 20]>::try_from(secret).map_err(|_| AppError::Internal("reading a second factor"))?;
        let seconds = u64::try_from(now.millis() / 1000).unwrap_or_default();
        let step = self::totp(&secret, "")?.check(&code, seconds).ok_or(AppError::WrongCode)?;
        let step = i64::try_from(step).map_err(|_| AppError::WrongCode)?;
        if step <= factor.last_step {
            return Err(AppError::WrongCode);
        }
        Ok(Shown::Step { secret: factor.secret.clone(), step })
    }
}

/// Whether log-ins of a person ask for a second factor.
pub(crate) fn has_factor(rows: &mut Account<'_>, person: PersonId) -> Result<bool, AppError> {
    Ok(Factors::of(rows, person)?.are_asked_for())
}

/// Recovery codes stand in for a second factor; without one, they are of no use.
pub(crate) fn forget_codes_without_factor(rows: &mut Account<'_>, person: PersonId) -> Result<(), AppError> {
    if !has_factor(rows, person)? {
        rows.set_recovery_codes(person, &[])?;
    }
    Ok(())
}

/// SHA-1, six digits, half a minute, and one step of grace to both sides: what every authenticator knows.
fn totp(secret: &[u8; 20], name: &str) -> Result<Totp, AppError> {
    let name: String = name.chars().filter(|c| *c != ':').collect();
    let name = if name.is_empty() { ISSUER.to_owned() } else { name };
    let totp = Builder::new().with_secret(*secret).with_account_name(name).with_issuer(Some(ISSUER)).build();
    totp.map_err(|_| AppError::Internal("a time-based code"))
}

/// What a sealed secret is bound to.
fn whose(account: AccountId, person: PersonId) -> String {
    format!("totp {account} {person}")
}

/// Codes of 80 random bits, and what is kept of them: with so many, a plain digest is as good as a slow one.
pub(crate) fn recovery_codes(rng: &Rng) -> (Vec<SecretString>, Vec<Digest>) {
    let code = |_| {
        let hex: String = rng.bytes::<10>().iter().map(|byte| format!("{byte:02x}")).collect();
        let digest = Digest::of(hex.as_bytes());
        let groups: Vec<&str> = [0, 5, 10, 15].map(|at| &hex[at..at + 5]).to_vec();
        (SecretString::from(groups.join("-")), digest)
    };
    (0..CODES).map(code).unzip()
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret as _;

    use super::*;

    #[test]
    fn codes_are_those_of_the_standard() {
        // RFC 6238, appendix B, with six of its eight digits.
        let totp = totp(b"12345678901234567890", "Ada: Lovelace").expect("builds");
        for (seconds, code) in [(59, "287082"), (1_111_111_109, "081804"), (2_000_000_000, "279037")] {
            assert_eq!(totp.check(code, seconds), Some(seconds / 30), "{seconds}");
            assert_eq!(totp.check(code, seconds + 30), Some(seconds / 30), "one step later");
            assert_eq!(totp.check(code, seconds + 90), None);
        }
        assert!(totp.to_url().expect("an URL").starts_with("otpauth://totp/Sluice:Ada%20Lovelace?"));
    }

    #[test]
    fn a_recovery_code_is_kept_as_the_digest_of_what_is_typed_without_dashes() {
        let (codes, digests) = recovery_codes(&Rng::new(|bytes| bytes.fill(0xab)));
        assert_eq!(codes.len(), CODES);
        assert_eq!(codes[0].expose_secret(), "ababa-babab-ababa-babab");
        assert_eq!(digests[0], Digest::of(b"abababababababababab"));
    }
}
