//! Decisions: what the chain made of each message and each log-in, to be read again, found, counted and taken along.

use serde_json::{Value, json};
use sluice_domain::{
    audit::Action,
    id::{AccountId, DecisionId},
    permission::Permission,
    shares::Share,
    tally::{Buckets, Width},
    time::Timestamp,
};
use sluice_storage::{
    Before, CountFilter, DecisionFilter, DecisionPart, DecisionReader, DecisionRow, DecisionTally, Tx,
};

use crate::{
    App, AppError,
    caller::Caller,
    exports::{Batches, same_reader},
};

/// Decisions that one look of an export gives at most.
const BATCH: u32 = 500;

/// What decisions came to from `at` until the next bucket begins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bucket {
    /// Where it begins.
    pub at: Timestamp,
    /// How often each outcome was in it.
    pub tally: DecisionTally,
}

impl App {
    /// The decisions that are there for the caller and pass `filter`, newest first. There may be more behind a page that is not full: see
    /// [`DecisionPart::seen`]. What imports answered is left out, since it may hold texts of messages.
    ///
    /// # Errors
    /// [`AppError::Forbidden`].
    pub async fn decisions(
        &self,
        caller: &Caller,
        filter: DecisionFilter,
        page: Before<DecisionId>,
    ) -> Result<DecisionPart, AppError> {
        let (account, reader) = (caller.account, caller.decision_reader()?);
        let read = self.read(account, move |tx| Ok(tx.account(account).decisions(reader, &filter, page)?));
        let mut part: DecisionPart = read.await?;
        part.rows.iter_mut().for_each(leave_out_exchanges);
        Ok(part)
    }

    /// One decision that is there for the caller. What imports answered is left out here too.
    ///
    /// # Errors
    /// [`AppError::Forbidden`], [`AppError::NotFound`].
    pub async fn decision(&self, caller: &Caller, id: DecisionId) -> Result<DecisionRow, AppError> {
        let (account, reader) = (caller.account, caller.decision_reader()?);
        let look = move |tx: &mut Tx<'_>| Ok::<_, AppError>(tx.account(account).decision(id, reader)?);
        let found = self.inner.database.read(look).await?;
        let mut row = found.ok_or(AppError::NotFound("decision"))?;
        leave_out_exchanges(&mut row);
        Ok(row)
    }

    /// What decisions came to in each hour or day that something of `from..to` lies in, in order.
    ///
    /// # Errors
    /// [`AppError::Forbidden`], [`AppError::Invalid`] for the span.
    pub async fn decision_counts(
        &self,
        caller: &Caller,
        filter: CountFilter,
        [from, to]: [Timestamp; 2],
        width: Width,
    ) -> Result<Vec<Bucket>, AppError> {
        let reader = caller.decision_reader()?;
        let buckets = Buckets::new(from, to, width).map_err(|error| AppError::invalid("to", error.to_string()))?;
        let account = caller.account;
        let read = self.read(account, move |tx| {
            let tallies = tx.account(account).decision_counts(reader, buckets.edges(), &filter)?;
            Ok::<_, AppError>(buckets.starts().zip(tallies).map(|(at, tally)| Bucket { at, tally }).collect())
        });
        read.await
    }

    /// Begins an export of the decisions that pass `filter`: that it happens is written down first.
    ///
    /// # Errors
    /// [`AppError::Forbidden`]: it needs the permission to see decisions, and the one to export. [`AppError::TooManyAtOnce`].
    pub async fn export_decisions(&self, caller: &Caller, filter: DecisionFilter) -> Result<DecisionExport, AppError> {
        let reader = caller.decision_reader()?;
        caller.require(Permission::Export)?;
        let place = self.export_place(caller.account)?;
        let details = json!({"rule": filter.rule, "verdict": filter.outcome.map(|outcome| outcome.as_str()),
            "conversation": filter.conversation, "label": filter.label, "person": filter.person,
            "from": filter.from, "to": filter.to, "shadow": filter.shadow});
        self.record(caller, Action::DecisionsExported, details).await?;
        Ok(DecisionExport {
            app: self.clone(),
            caller: caller.clone(),
            reader,
            filter,
            place: Place::After(None),
            _share: place,
        })
    }
}

/// An export that goes on: batch after batch, oldest first.
pub struct DecisionExport {
    app: App,
    caller: Caller,
    reader: DecisionReader,
    filter: DecisionFilter,
    place: Place,
    _share: Share<AccountId>,
}

/// How far an export has come.
#[derive(Debug, Clone, Copy)]
enum Place {
    After(Option<DecisionId>),
    End,
}

impl Batches for DecisionExport {
    type Row = DecisionRow;

    async fn next(&mut self) -> Result<Vec<DecisionRow>, AppError> {
        while let Place::After(cursor) = self.place {
            let (account, reader, filter) = (self.caller.account, self.reader, self.filter.clone());
            let look =
                move |tx: &mut Tx<'_>| Ok(tx.account(account).decisions_after(reader, &filter, cursor, BATCH)?);
            let mut part: DecisionPart = self.app.read(account, look).await?;
            part.rows.iter_mut().for_each(leave_out_exchanges);
            self.place = part.seen.map_or(Place::End, |seen| Place::After(Some(seen)));
            if !part.rows.is_empty() {
                return Ok(part.rows);
            }
        }
        Ok(Vec::new())
    }

    fn read_as(&self, caller: &Caller) -> Result<(), AppError> {
        same_reader(&self.caller, caller)
    }
}

/// Takes out what imports answered: it may be texts of messages which whoever asks does not reach. How much it was stays, in `asked`.
pub(crate) fn leave_out_exchanges(row: &mut DecisionRow) {
    // As it stands in what we wrote ourselves; within a text, the quotation marks would not be bare.
    if row.body.contains("\"exchanges\":") {
        row.body = strip(&row.body);
    }
}

/// A decision, JSON, without what imports answered.
pub(crate) fn strip(body: &str) -> String {
    let mut decision: Value = serde_json::from_str(body).unwrap_or_default();
    for line in decision.get_mut("rules").and_then(Value::as_array_mut).into_iter().flatten() {
        line.as_object_mut().map(|line| line.remove("exchanges"));
    }
    decision.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_imports_answered_is_left_out() {
        let body = r#"{"rules":[{"rule":"a","exchanges":[{"text":"secret"}]},{"rule":"b"}],"verdict":"allow"}"#;
        assert_eq!(strip(body), r#"{"rules":[{"rule":"a"},{"rule":"b"}],"verdict":"allow"}"#);
    }
}
