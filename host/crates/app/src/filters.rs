//! Rules of the built-in content filter, and how messages are dealt with beside rules.

use serde_json::json;
use sluice_domain::{
    audit::Action,
    filter::FilterRule,
    id::{FilterRuleId, MessageId},
    installation::Mode,
    language::Language,
    limits,
    message::Message,
    permission::Permission,
    review::{BadSetting, MessagingSettings},
    verdict::Verdict,
};
use sluice_storage::{FilterRuleRow, PlacedMessage};

use crate::{App, AppError, caller::Caller};

/// How many of the newest messages a rule is tried on.
const TRIED: u32 = 1_000;
/// How many of those that it hits are named.
const NAMED: usize = 20;

/// What a rule would have done to the account's newest messages, as they were kept.
#[derive(Debug, Clone)]
pub struct Forecast {
    /// How many were looked at: at most 1,000.
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
        self.inner.database.read(move |tx| Ok(tx.account(account).filter_rules()?)).await
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
    /// [`AppError::Forbidden`], [`AppError::Invalid`] for what cannot be used, [`AppError::Quota`].
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
        let entry = self.audit_row(caller, Action::FilterRuleCreated, row.id, json!({"mode": mode, "rule": row.rule}));
        let kept = row.clone();
        self.change_chain(caller.account, entry, move |rows, _| {
            if rows.filter_rules()?.len() >= limits::FILTER_RULES {
                return Err(AppError::Quota("the filter is full: remove a rule first"));
            }
            Ok(rows.insert_filter_rule(&kept)?)
        })
        .await?;
        Ok((row, forecast))
    }

    /// Changes a rule, and says what it would have done; what is `None` stays. It is in force at every server from the next request on.
    ///
    /// # Errors
    /// [`AppError::Forbidden`], [`AppError::NotFound`], [`AppError::Invalid`] for what cannot be used.
    pub async fn change_filter_rule(
        &self,
        caller: &Caller,
        id: FilterRuleId,
        mode: Option<Mode>,
        rule: Option<FilterRule>,
    ) -> Result<(FilterRuleRow, Forecast), AppError> {
        let before = self.filter_rule(caller, id).await?;
        let row = FilterRuleRow {
            mode: mode.unwrap_or(before.mode),
            rule: rule.unwrap_or_else(|| before.rule.clone()),
            updated_at: self.now(),
            ..before.clone()
        };
        let forecast = self.forecast_filter_rule(caller, row.rule.clone()).await?;
        let details = json!({
            "before": {"mode": before.mode, "rule": before.rule}, "after": {"mode": row.mode, "rule": row.rule},
        });
        let entry = self.audit_row(caller, Action::FilterRuleChanged, id, details);
        let kept = row.clone();
        self.change_chain(caller.account, entry, move |rows, _| {
            if rows.update_filter_rule(&kept)? { Ok(()) } else { Err(AppError::NotFound("filter rule")) }
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
        self.change_chain(caller.account, entry, move |rows, _| {
            if rows.delete_filter_rule(id)? { Ok(()) } else { Err(AppError::NotFound("filter rule")) }
        })
        .await
    }

    /// What a rule would have done to the newest messages, as they were kept; nothing is changed.
    ///
    /// # Errors
    /// [`AppError::Forbidden`], [`AppError::Invalid`] for what cannot be used.
    pub async fn forecast_filter_rule(&self, caller: &Caller, rule: FilterRule) -> Result<Forecast, AppError> {
        caller.require(Permission::ManagePlugins)?;
        rule.check().map_err(bad_setting)?;
        let account = caller.account;
        let latest =
            self.inner.database.read(move |tx| Ok::<_, AppError>(tx.account(account).latest_messages(TRIED)?)).await?;
        let messages = latest.len();
        let hit = move || {
            let hits = |message: &Message| rule.verdict(message, Language::En) != Verdict::Allow;
            latest.into_iter().map(placed).filter(hits).map(|message| message.id).collect::<Vec<_>>()
        };
        let mut newest = self.inner.evaluators.run(hit).await?;
        let hits = newest.len();
        newest.truncate(NAMED);
        Ok(Forecast { messages, hits, newest })
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
        self.change_chain(caller.account, entry, move |rows, _| Ok(rows.set_messaging(&settings)?)).await
    }
}

fn bad_setting(BadSetting { field, problem }: BadSetting) -> AppError {
    AppError::invalid(field, problem)
}

/// A message that was kept, as rules see it.
fn placed(PlacedMessage { message, transport, channel, group }: PlacedMessage) -> Message {
    Message {
        id: message.id,
        direction: message.direction,
        transport,
        channel,
        conversation: Some(message.conversation_id),
        group,
        author: message.author,
        text: String::new(),
        links: Vec::new(),
        attachments: message.attachments,
        sent_at: message.created_at,
    }
    .with_text(message.text)
}
