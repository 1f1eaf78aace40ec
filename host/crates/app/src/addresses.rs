//! Rules about the addresses from which one may come in: how they are changed, and where they are asked.

use serde_json::json;
use sluice_domain::{
    address::{self, AddressAction, AddressRule, AddressTable, Door, Entry},
    audit::Action,
    id::{AccountId, AddressRuleId},
    limits,
    message::Role,
    permission::Permission,
    time::Timestamp,
};
use sluice_storage::Account;

use crate::{
    App, AppError,
    audit::{Who, platform_reason},
    caller::Caller,
    door,
    refusals::Refusal,
    store::By,
};

/// A rule to be made.
#[derive(Debug, Clone)]
pub struct AddressDraft {
    /// A network such as `192.0.2.0/24`, or one address.
    pub net: String,
    /// What it does.
    pub action: AddressAction,
    /// About whom; everybody when empty.
    pub roles: Vec<Role>,
    /// About what; everything when empty.
    pub doors: Vec<Door>,
    /// Why it is there.
    pub comment: String,
    /// From when on it does not count; for good when absent.
    pub expires_at: Option<Timestamp>,
}

/// What would happen to somebody.
#[derive(Debug, Clone)]
pub struct AddressAnswer {
    /// What the rules say.
    pub entry: Entry,
    /// The rule that decides, if it is one.
    pub rule: Option<AddressRuleId>,
}

impl App {
    /// The account's rules, in the order in which they were made.
    ///
    /// # Errors
    /// [`AppError::Forbidden`].
    pub async fn address_rules(&self, caller: &Caller) -> Result<Vec<AddressRule>, AppError> {
        caller.require(Permission::ManageSecurity)?;
        let account = caller.account;
        self.read(account, move |tx| Ok(tx.account(account).address_rules()?)).await
    }

    /// Replaces all rules. They are in force at every server from the next request on, for open sessions too.
    ///
    /// # Errors
    /// [`AppError::Forbidden`], [`AppError::Invalid`]; [`AppError::WouldLockYouOut`] unless `confirmed`.
    pub async fn replace_address_rules(
        &self,
        caller: &Caller,
        drafts: Vec<AddressDraft>,
        confirmed: bool,
    ) -> Result<Vec<AddressRule>, AppError> {
        caller.require(Permission::ManageSecurity)?;
        if drafts.len() > limits::ADDRESS_RULES {
            return Err(AppError::invalid("rules", format!("at most {} rules", limits::ADDRESS_RULES)));
        }
        let mut rules = drafts.into_iter().map(|draft| self.rule(draft)).collect::<Result<Vec<_>, _>>()?;
        // Rules are listed by their ids, and those of one millisecond are in no order.
        let mut ids: Vec<AddressRuleId> = rules.iter().map(|rule| rule.id).collect();
        ids.sort_unstable();
        rules.iter_mut().zip(ids).for_each(|(rule, id)| rule.id = id);
        self.change_addresses(caller, confirmed, move |rows| {
            rows.clear_address_rules()?;
            rules.iter().try_for_each(|rule| rows.insert_address_rule(rule))?;
            Ok(())
        })
        .await
    }

    /// Adds a rule, or removes one: what the list is then.
    ///
    /// # Errors
    /// As of [`App::replace_address_rules`]; [`AppError::Quota`].
    pub async fn add_address_rule(
        &self,
        caller: &Caller,
        draft: AddressDraft,
        confirmed: bool,
    ) -> Result<AddressRule, AppError> {
        caller.require(Permission::ManageSecurity)?;
        let rule = self.rule(draft)?;
        let added = rule.clone();
        self.change_addresses(caller, confirmed, move |rows| Ok(rows.insert_address_rule(&added)?)).await?;
        Ok(rule)
    }

    /// Removes a rule.
    ///
    /// # Errors
    /// As of [`App::replace_address_rules`]; [`AppError::NotFound`].
    pub async fn remove_address_rule(
        &self,
        caller: &Caller,
        id: AddressRuleId,
        confirmed: bool,
    ) -> Result<(), AppError> {
        caller.require(Permission::ManageSecurity)?;
        let remove = move |rows: &mut Account<'_>| {
            if rows.delete_address_rule(id)? { Ok(()) } else { Err(AppError::NotFound("rule")) }
        };
        self.change_addresses(caller, confirmed, remove).await.map(drop)
    }

    /// What the rules say of somebody in `role` who comes in by `door` from `address`, and by which rule.
    ///
    /// # Errors
    /// [`AppError::Forbidden`]; [`AppError::Invalid`] for the address.
    pub async fn try_address(
        &self,
        caller: &Caller,
        address: &str,
        role: Role,
        door: Door,
    ) -> Result<AddressAnswer, AppError> {
        let rules = self.address_rules(caller).await?;
        let now = self.now();
        let parsed = address::address(address.trim()).ok_or_else(|| {
            let problem = "an IPv4 or IPv6 address such as 192.0.2.7, whose numbers have no zeros before them";
            AppError::invalid("address", problem)
        })?;
        let entry = AddressTable::compile(&rules, now).ask(door, role, &parsed.to_string());
        let rule = address::decisive(&rules, door, role, parsed, now).map(|rule| rule.id);
        Ok(AddressAnswer { entry, rule })
    }

    /// Removes all rules of an account, for the platform: whoever kept everybody out can come in again.
    ///
    /// # Errors
    /// [`AppError::NotFound`] for the account, [`AppError::Invalid`] for the reason.
    pub async fn break_address_rules(&self, account: AccountId, reason: &str) -> Result<u64, AppError> {
        let details = json!({"reason": platform_reason(reason)?});
        let entry = self.audit_row_of(Who::platform(), Action::AddressesRemoved, account, details);
        self.inner
            .database
            .write(By::server(account), move |tx| {
                tx.account_row(account)?.ok_or(AppError::NotFound("account"))?;
                let mut rows = tx.account(account);
                let removed = rows.clear_address_rules()?;
                rows.bump_security_version()?;
                rows.insert_audit(&entry)?;
                Ok(removed)
            })
            .await
    }

    /// Whether the account's rules, as `held` has them, let the caller in by `door`. Refusals are written down.
    pub(crate) async fn check_address(
        &self,
        held: &door::Door,
        caller: &Caller,
        door: Door,
        now: Timestamp,
    ) -> Result<(), AppError> {
        let entry = if held.addresses.is_valid(now) {
            held.addresses.ask(door, caller.role, &caller.address)
        } else {
            self.door_anew(caller.account).await?.addresses.ask(door, caller.role, &caller.address)
        };
        match entry {
            Entry::Allowed => Ok(()),
            Entry::Denied | Entry::NotAllowed => {
                const CODE: &str = "address-refused";
                match door {
                    // Each attempt is one of somebody who knew the password.
                    Door::LogIn => {
                        self.keep_refusal(caller.account, Refusal::of_log_in(caller, caller.person, CODE), now).await?;
                    }
                    Door::Session | Door::Token | Door::Support => self.write_down_refusal(caller, CODE, now).await?,
                }
                Err(AppError::AddressRefused)
            }
        }
    }

    /// One transaction: the change, the check that its author is not kept out, the new version, the audit entry.
    async fn change_addresses(
        &self,
        caller: &Caller,
        confirmed: bool,
        change: impl FnOnce(&mut Account<'_>) -> Result<(), AppError> + Send + 'static,
    ) -> Result<Vec<AddressRule>, AppError> {
        let (account, now) = (caller.account, self.now());
        let (role, address) = (caller.role, caller.address.clone());
        let door = if caller.session_id().is_some() { Door::Session } else { Door::Token };
        let entry = self.audit_row(caller, Action::AddressesChanged, account, json!({}));
        self.inner
            .database
            .write(caller, move |tx| {
                let mut rows = tx.account(account);
                let before = rows.address_rules()?;
                change(&mut rows)?;
                let after = rows.address_rules()?;
                if after.len() > limits::ADDRESS_RULES {
                    return Err(AppError::Quota("the account has too many rules about addresses: remove some first"));
                }
                let table = AddressTable::compile(&after, now);
                // Who has a session wants to be able to log in again.
                let own = if door == Door::Session { [door, Door::LogIn] } else { [door, door] };
                let out = own.iter().any(|door| table.ask(*door, role, &address) != Entry::Allowed);
                if out && !confirmed {
                    return Err(AppError::WouldLockYouOut);
                }
                rows.bump_security_version()?;
                let mut entry = entry;
                entry.row.details = difference(&before, &after).to_string();
                rows.insert_audit(&entry)?;
                Ok(after)
            })
            .await
    }

    fn rule(&self, draft: AddressDraft) -> Result<AddressRule, AppError> {
        let net = address::network(draft.net.trim()).map_err(|bad| AppError::invalid("net", bad.to_string()))?;
        if draft.comment.len() > limits::ADDRESS_COMMENT_BYTES || draft.comment.contains(char::is_control) {
            let problem = format!("at most {} bytes without control characters", limits::ADDRESS_COMMENT_BYTES);
            return Err(AppError::invalid("comment", problem));
        }
        if !draft.roles.iter().all(|role| role.is_of_people() || *role == Role::Support) {
            return Err(AppError::invalid("roles", "operator, supervisor, administrator, support"));
        }
        Ok(AddressRule {
            id: AddressRuleId::new(self.now(), self.random()),
            net,
            action: draft.action,
            roles: draft.roles.into_iter().collect(),
            doors: draft.doors.into_iter().collect(),
            comment: draft.comment,
            expires_at: draft.expires_at,
        })
    }
}

/// What an entry says of a change: at most so many rules that it stays readable.
fn difference(before: &[AddressRule], after: &[AddressRule]) -> serde_json::Value {
    const SHOWN: usize = 100;
    let only_in = |these: &[AddressRule], those: &[AddressRule]| {
        let known: std::collections::HashSet<AddressRuleId> = those.iter().map(|rule| rule.id).collect();
        let only = these.iter().filter(|rule| !known.contains(&rule.id));
        only.take(SHOWN).map(|rule| json!({"net": rule.net, "action": rule.action})).collect::<Vec<_>>()
    };
    json!({
        "rules_before": before.len(), "rules_after": after.len(),
        "removed": only_in(before, after), "added": only_in(after, before),
    })
}
