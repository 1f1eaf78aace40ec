//! Where Sluice keeps what must outlive it: rows in SQLite or PostgreSQL, and blobs.
//!
//! One function a statement, one SQL text for both databases. Statements are synchronous and run inside a closure that
//! [`Database::read`] or [`Database::write`] is given: nothing slow can be awaited while a transaction is open. What an account
//! owns is reached through [`Tx::account`] only.
//!
//! Nothing is decided here, and neither time nor randomness is made here: callers pass both in.

mod blobs;
mod database;
mod error;
mod job;
mod migrations;
mod page;
mod postgres;
mod queue;
mod readers;
mod row;
mod sql;
mod sqlite;
mod tables;
#[cfg(feature = "test-support")]
pub mod test_support;
mod tx;
mod writer;

pub use crate::{
    blobs::{Blobs, NewBlob},
    database::{Database, DatabaseConfig},
    error::{Constraint, StorageError},
    page::{Before, Cursor, Page},
    tables::{
        accounts::AccountRow,
        answer_templates::AnswerTemplateRow,
        attachments::AttachmentRow,
        audit::{AuditFilter, AuditPage, AuditPart, AuditRow, NewAudit, SealedAudit},
        catalogue::CatalogueRow,
        chain_versions::{ChainVersionRow, SwitchedOffRow},
        clients::{ClientFilter, ClientRow, ClientUpdate},
        comments::CommentRow,
        conversations::{
            Assigned, Assignment, ConversationFilter, ConversationOverview, ConversationRow, NewConversation,
        },
        counters::{CounterKey, Realm},
        decision_counts::{CountFilter, DecisionTally},
        decision_search::{DecisionFilter, DecisionPart},
        decisions::{DecisionRow, Evidence, Outcome},
        events::EventRow,
        filter_rules::{FilterRuleRow, NamedFilterRule},
        groups::GroupRow,
        idempotency::IdempotencyRow,
        installations::{InstallationRow, InstallationUpdate, NewInstallation},
        links::LinkRow,
        lists::{ListEntryRow, ListRow, NewListEntry},
        messages::{MessageRow, PlacedMessage, Reviewed},
        passkeys::PasskeyRow,
        people::{PersonRow, PersonStatus},
        plugins::{InstalledVersion, PluginRow, PluginUsage, PluginVersion},
        reach::{DecisionReader, Reader, TextReader},
        replay::Extent,
        requests::RequestRow,
        search::{SearchHit, SearchPart},
        second_factors::SecondFactorRow,
        sessions::{LiveSession, SessionEnd, SessionRow},
        shadow::{ShadowCount, ShadowDifference, ShadowVerdict},
        support::{InsideRow, LiveSupport, OwnSession, SupportGrantRow, SupportSessionRow},
        tags::TagRow,
        throttles::ThrottleRow,
        tokens::{ApiTokenRow, LiveToken},
    },
    tx::{Account, Tx},
};
