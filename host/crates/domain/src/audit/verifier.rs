//! Whether a log is what was written, entry by entry, from what is kept of it. Who reads it is not said here.

use crate::{
    audit::{
        Action,
        breach::Breach,
        chain::{Chain, Entry, SealKey},
        end::{Earlier, End},
    },
    digest::Digest,
    id::AccountId,
};

/// An entry as it is kept, whatever somebody made of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptEntry {
    /// Its place in the log.
    pub seq: i64,
    /// Its MAC, as text.
    pub mac: String,
    /// The entry's own id.
    pub id: String,
    /// Milliseconds since 1970.
    pub at: i64,
    /// Who.
    pub actor: String,
    /// In what capacity.
    pub role: String,
    /// What.
    pub action: String,
    /// To what.
    pub target: String,
    /// From where.
    pub address: String,
    /// JSON, byte by byte as it is kept.
    pub details: String,
}

impl KeptEntry {
    /// What its MAC is over, beside its place.
    pub fn entry(&self) -> Entry<'_> {
        let Self { seq: _, mac: _, id, at, actor, role, action, target, address, details } = self;
        Entry { id, at: *at, actor, role, action, target, address, details }
    }
}

/// What is kept beside the entries.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptLog {
    /// What the account's row says; `None` when that is nothing that a server would write.
    pub end: Option<End>,
    /// The number that the row names as the last, whatever else it says.
    pub named: i64,
    /// The seal in the row, as text.
    pub seal: String,
    /// How many entries there are.
    pub count: i64,
    /// The highest number that one of them has; 0 when there are none.
    pub highest: i64,
}

/// What verifying an account's log found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Verification {
    /// Entries that hold, from the beginning to the end or to the first that does not.
    pub entries: i64,
    /// How many of them were written before entries had seals of their own: nothing shows what was done to those before they were
    /// sealed all at once.
    pub unsealed: i64,
    /// The MAC of the last entry that holds: whoever keeps it elsewhere can see whether the log was put back to an earlier state.
    pub head: Digest,
    /// The first thing that is wrong.
    pub breach: Option<Breach>,
}

/// A verification that goes on from entry to entry.
#[derive(Debug, Clone)]
pub struct Verifier {
    key: SealKey,
    account: AccountId,
    end: End,
    log: KeptLog,
    earlier: Earlier,
    chain: Chain,
    /// Whether the row's seal is that of what it says.
    sealed: bool,
    /// Whether its beginning says that its end was sealed from then on.
    born_sealed: bool,
    /// Where the log says that it was sealed as it was found.
    sealed_at: Option<i64>,
    breach: Option<Breach>,
}

impl Verifier {
    /// Begins with what is kept beside the entries.
    pub fn new(key: &SealKey, account: AccountId, log: KeptLog) -> Self {
        let end = log.end.unwrap_or_default();
        let sealed = log.end.is_some_and(|end| {
            // Both are in the hands of whoever asks: nothing is learned from the time that it takes.
            end.unsealed >= 0 && end.seq >= end.unsealed && end.seal(key, account).to_string() == log.seal
        });
        Self {
            key: key.clone(),
            account,
            end,
            log,
            earlier: Earlier::NONE,
            chain: Chain::begin(key, account, end.unsealed),
            sealed,
            born_sealed: false,
            sealed_at: None,
            breach: None,
        }
    }

    /// The number of the last entry that there is to look at. What was added later is not part of it.
    pub const fn last(&self) -> i64 {
        self.log.named
    }

    /// Takes the next entry, in the order of their numbers. Gives whether there is anything more to look at.
    pub fn take(&mut self, kept: &KeptEntry) -> bool {
        if self.breach.is_none() {
            self.breach = self.check(kept).err();
        }
        self.breach.is_none()
    }

    fn check(&mut self, kept: &KeptEntry) -> Result<(), Breach> {
        let entry = kept.entry();
        if self.earlier.seq() < self.end.unsealed {
            let next = self.earlier.seq() + 1;
            if kept.seq != next {
                return Err(if kept.seq > next { Breach::Missing(next) } else { Breach::Inserted(kept.seq) });
            }
            self.earlier = self.earlier.with(&self.key, self.account, kept);
        } else {
            self.check_earlier()?;
            let mac = kept.mac.parse().map_err(|_| Breach::Changed(kept.seq));
            // A missing entry says more than the MAC of the one after it.
            let mac = mac
                .or_else(|changed| if kept.seq == self.chain.seq() + 1 { Err(changed) } else { Ok(self.chain.head()) });
            self.chain.check(&self.key, kept.seq, mac?, &entry)?;
        }
        let is = |action: Action| kept.action == action.as_str();
        // A log that was sealed from its beginning is never sealed as it is found: somebody said so who cut it.
        // What was accepted as it is holds whatever it says.
        let again = is(Action::AuditSealed) && (self.sealed_at.replace(kept.seq).is_some() || self.born_sealed);
        if again && kept.seq > self.end.unsealed {
            return Err(Breach::SealedAgain(kept.seq));
        }
        self.born_sealed |= kept.seq == 1 && is(Action::AccountCreated) && says_sealed(&kept.details);
        // Logs are older than this entry where they have entries from before the chain, or where they were found empty.
        let begins = is(Action::AccountCreated) && kept.target == self.account.to_string() || is(Action::AuditSealed);
        if kept.seq == 1 && self.end.unsealed == 0 && !begins {
            return Err(Breach::Beginning);
        }
        Ok(())
    }

    fn check_earlier(&self) -> Result<(), Breach> {
        let End { unsealed, earlier, .. } = self.end;
        if self.earlier.head() == earlier { Ok(()) } else { Err(Breach::Earlier { unsealed }) }
    }

    /// What was found, when `accepted` entries from before the chain are no surprise.
    pub fn finish(mut self, accepted: i64) -> Verification {
        if self.breach.is_none() {
            self.breach = self.check_end(accepted).err();
        }
        // An entry that is not what was written says more than a row that is not. What else seems wrong was read from that row.
        let of_entry = matches!(self.breach, Some(Breach::Missing(_) | Breach::Inserted(_) | Breach::Changed(_)));
        if !self.sealed && !of_entry {
            self.breach = Some(Breach::End { named: self.log.named });
        }
        let entries = if self.earlier.seq() < self.end.unsealed { self.earlier.seq() } else { self.chain.seq() };
        Verification {
            entries: if self.log.end.is_some() { entries } else { 0 },
            unsealed: self.end.unsealed,
            head: self.chain.head(),
            breach: self.breach,
        }
    }

    fn check_end(&self, accepted: i64) -> Result<(), Breach> {
        let End { unsealed, seq, head, .. } = self.end;
        if self.earlier.seq() < unsealed {
            return Err(Breach::Missing(self.earlier.seq() + 1));
        }
        self.check_earlier()?;
        // Before the first entry with a MAC, the row names no head.
        let begun = Chain::begin(&self.key, self.account, unsealed).head();
        self.chain.check_end(seq, head.unwrap_or(begun))?;
        if self.log.highest > seq || self.log.count > seq {
            return Err(Breach::Inserted(self.log.highest));
        }
        if seq == 0 {
            return Err(Breach::Beginning);
        }
        // What was found empty may have been emptied.
        let unsealed = if self.sealed_at == Some(1) { unsealed.max(1) } else { unsealed };
        if unsealed > accepted { Err(Breach::Unsealed { unsealed, accepted }) } else { Ok(()) }
    }
}

/// What the entry about an account's beginning has in its details, so that its MAC covers it: the end of the log is sealed from then on.
pub const BORN_SEALED: &str = "sealed_end";

/// Within a string of JSON, each quote has a backslash before it: a name cannot say this.
fn says_sealed(details: &str) -> bool {
    details.contains(&format!("\"{BORN_SEALED}\":true"))
}

#[cfg(test)]
mod tests;
