//! Rules of the built-in content filter, and how messages are dealt with beside rules.

use std::sync::Arc;

use serde_json::{Value, json};
use sluice_domain::{
    audit::Action,
    digest::Digest,
    filter::FilterRule,
    id::{FilterRuleId, MessageId},
    installation::Mode,
    language::Language,
    limits, link,
    message::Message,
    permission::Permission,
    review::{BadSetting, MessagingSettings},
    verdict::Verdict,
};
use sluice_storage::{Before, FilterRuleRow, PlacedMessage};

use crate::{App, AppError, caller::Caller, evaluators::Share};

/// How many of the newest messages a rule is tried on.
const TRIED: usize = 1_000;
/// How many of them at once.
const TRIED_AT_ONCE: u32 = 50;
/// How much text a rule is tried on, in bytes: of longer messages it is fewer.
const TRIED_BYTES: usize = 4 << 20;
/// How many of those that it hits are named.
const NAMED: usize = 20;
/// Longest rule that the audit log has as a whole, in bytes of JSON.
const WRITTEN: usize = 4 << 10;

/// What a rule would have done to the account's newest messages, as they were kept.
#[derive(Debug, Clone)]
pub struct Forecast {
    /// How many were looked at: at most 1,000, fewer of long ones.
    pub messages: usize,
    /// How many of them it hits.
    pub hits: usize,
    /// The newest of those, at most 20.
    pub newest: Vec<MessageId>,
}

impl App {
    /// The account's rules, in the order in which they are asked.
    ///
    /// # Errors
    /// [`AppError::Forbidden`].
    pub async fn filter_rules(&self, caller: &Caller) -> Result<Vec<FilterRuleRow>, AppError> {
        caller.require(Permission::ManagePlugins)?;
        let account = caller.account;
        self.read_often(account, move |tx| Ok(tx.account(account).filter_rules()?)).await
    }

    /// One rule of the account.
    ///
    /// # Errors
    /// [`AppError::Forbidden`], [`AppError::NotFound`].
    pub async fn filter_rule(&self, caller: &Caller, id: FilterRuleId) -> Result<FilterRuleRow, AppError> {
        caller.require(Permission::ManagePlugins)?;
        let account = caller.account;
        let found = self.inner.database.read(move |tx| Ok::<_, AppError>(tx.account(account).filter_rule(id)?)).await?;
        found.ok_or(AppError::NotFound("filter rule"))
    }

    /// Makes a rule, and says what it would have done. It is in force at every server from the next request on.
    ///
    /// # Errors
    /// [`AppError::Forbidden`], [`AppError::Invalid`] for what cannot be used, [`AppError::Quota`], [`AppError::Busy`].
    pub async fn make_filter_rule(
        &self,
        caller: &Caller,
        mode: Mode,
        rule: FilterRule,
    ) -> Result<(FilterRuleRow, Forecast), AppError> {
        let forecast = self.forecast_filter_rule(caller, rule.clone()).await?;
        let now = self.now();
        let row =
            FilterRuleRow { id: FilterRuleId::new(now, self.random()), mode, rule, created_at: now, updated_at: now };
        let entry = self.audit_row(caller, Action::FilterRuleCreated, row.id, details(&row));
        let kept = row.clone();
        self.change_chain(caller, entry, move |rows, _| {
            if rows.named_filter_rules()?.len() >= limits::FILTER_RULES {
                return Err(AppError::Quota("the filter is full: remove a rule first"));
            }
            Ok(rows.insert_filter_rule(&kept)?)
        })
        .await?;
        Ok((row, forecast))
    }

    /// Changes a rule, and says what it would have done if it is on now; what is `None` stays. It is in force at every server from the
    /// next request on.
    ///
    /// # Errors
    /// [`AppError::Forbidden`], [`AppError::NotFound`], [`AppError::Invalid`] for what cannot be used, [`AppError::Busy`].
    pub async fn change_filter_rule(
        &self,
        caller: &Caller,
        id: FilterRuleId,
        mode: Option<Mode>,
        rule: Option<FilterRule>,
    ) -> Result<(FilterRuleRow, Option<Forecast>), AppError> {
        let known = self.filter_rule(caller, id).await?;
        // A rule that was made when less was asked of rules can still be turned on and off.
        rule.as_ref().map_or(Ok(()), FilterRule::check).map_err(bad_setting)?;
        let forecast = match mode {
            Some(Mode::Disabled) => None,
            Some(Mode::Shadow | Mode::Enforce) | None => {
                let asked = rule.clone().unwrap_or(known.rule);
                Some(self.tried(caller, asked).await?)
            }
        };
        let now = self.now();
        let entry = self.audit_row(caller, Action::FilterRuleChanged, id, json!({}));
        let row = self
            .change_chain(caller, entry, move |rows, entry| {
                // As it is now: somebody else may have changed the rest of it meanwhile.
                let before = rows.filter_rule(id)?.ok_or(AppError::NotFound("filter rule"))?;
                let was = details(&before);
                let row = FilterRuleRow {
                    mode: mode.unwrap_or(before.mode),
                    rule: rule.unwrap_or(before.rule),
                    updated_at: now,
                    ..before
                };
                entry.row.details = json!({"before": was, "after": details(&row)}).to_string();
                rows.update_filter_rule(&row)?;
                Ok(row)
            })
            .await?;
        Ok((row, forecast))
    }

    /// Removes a rule.
    ///
    /// # Errors
    /// [`AppError::Forbidden`], [`AppError::NotFound`].
    pub async fn remove_filter_rule(&self, caller: &Caller, id: FilterRuleId) -> Result<(), AppError> {
        caller.require(Permission::ManagePlugins)?;
        let entry = self.audit_row(caller, Action::FilterRuleRemoved, id, json!({}));
        self.change_chain(caller, entry, move |rows, _| {
            if rows.delete_filter_rule(id)? { Ok(()) } else { Err(AppError::NotFound("filter rule")) }
        })
        .await
    }

    /// What a rule would have done to the newest messages, as they were kept; nothing is changed.
    ///
    /// # Errors
    /// [`AppError::Forbidden`], [`AppError::Invalid`] for what cannot be used, [`AppError::Busy`] while another rule is tried.
    pub async fn forecast_filter_rule(&self, caller: &Caller, rule: FilterRule) -> Result<Forecast, AppError> {
        caller.require(Permission::ManagePlugins)?;
        rule.check().map_err(bad_setting)?;
        self.tried(caller, rule).await
    }

    async fn tried(&self, caller: &Caller, rule: FilterRule) -> Result<Forecast, AppError> {
        let (account, reader) = (caller.account, caller.text_reader());
        let _place = self.inner.forecasts.begin(account).ok_or(AppError::Busy)?;
        let (rule, mut forecast) = (Arc::new(rule), Forecast { messages: 0, hits: 0, newest: Vec::new() });
        let (mut page, mut bytes) = (Before::newest(TRIED_AT_ONCE), 0);
        // In small parts, so that others have their turn between them.
        while forecast.messages < TRIED && bytes < TRIED_BYTES {
            let batch = self
                .read(account, move |tx| Ok::<_, AppError>(tx.account(account).latest_messages(reader, page)?))
                .await?;
            let Some(last) = batch.last() else { break };
            page = Before::older_than(last.message.id, TRIED_AT_ONCE);
            forecast.messages += batch.len();
            bytes += batch.iter().map(|placed| placed.message.text.len()).sum::<usize>();
            let rule = rule.clone();
            let hit = move || {
                let hits = |message: &Message| rule.verdict(message, Language::En) != Verdict::Allow;
                let messages = batch.into_iter().map(|row| placed(row, rule.is_about_links()));
                messages.filter(hits).map(|message| message.id).collect::<Vec<_>>()
            };
            let hits = self.inner.evaluators.run(account, Share::USUAL, hit).await?;
            forecast.hits += hits.len();
            forecast.newest.extend(hits);
        }
        forecast.newest.truncate(NAMED);
        Ok(forecast)
    }

    /// How messages are dealt with beside rules.
    ///
    /// # Errors
    /// [`AppError::Forbidden`].
    pub async fn messaging(&self, caller: &Caller) -> Result<MessagingSettings, AppError> {
        caller.require(Permission::ManagePlugins)?;
        let account = caller.account;
        let found = self.inner.database.read(move |tx| Ok::<_, AppError>(tx.account(account).messaging()?)).await?;
        found.ok_or(AppError::NotFound("account"))
    }

    /// Says how messages are dealt with beside rules, from the next request on.
    ///
    /// # Errors
    /// [`AppError::Forbidden`], [`AppError::Invalid`] for what cannot be used.
    pub async fn set_messaging(&self, caller: &Caller, settings: MessagingSettings) -> Result<(), AppError> {
        caller.require(Permission::ManagePlugins)?;
        settings.check().map_err(bad_setting)?;
        let entry = self.audit_row(caller, Action::MessagingChanged, caller.account, json!(settings));
        self.change_chain(caller, entry, move |rows, _| Ok(rows.set_messaging(&settings)?)).await
    }
}

/// What the audit log says of a rule: all of it, or of a long one what it is kept under with the chain.
fn details(row: &FilterRuleRow) -> Value {
    match serde_json::to_string(&row.rule) {
        Ok(rule) if rule.len() > WRITTEN => {
            json!({"mode": row.mode, "rule_sha256": Digest::of(rule.as_bytes()), "rule_bytes": rule.len()})
        }
        Ok(_) | Err(_) => json!({"mode": row.mode, "rule": row.rule}),
    }
}

fn bad_setting(BadSetting { field, problem }: BadSetting) -> AppError {
    AppError::invalid(field, problem)
}

/// A message that was kept, as rules see it.
fn placed(PlacedMessage { message, transport, channel, group }: PlacedMessage, with_links: bool) -> Message {
    let links = if with_links { link::find(&message.text) } else { Vec::new() };
    Message {
        id: message.id,
        direction: message.direction,
        transport,
        channel,
        conversation: Some(message.conversation_id),
        group,
        author: message.author,
        text: message.text,
        links,
        attachments: message.attachments,
        sent_at: message.created_at,
    }
}
