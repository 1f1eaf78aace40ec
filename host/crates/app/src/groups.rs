//! Groups of people, and who answers which conversation.

use serde_json::json;
use sluice_domain::{
    audit::Action,
    id::{ConversationId, GroupId, PersonId},
    permission::{Permission, Reach},
};
use sluice_storage::{Account, Assignment, ConversationOverview, GroupRow, PersonStatus, Reader};

use crate::{
    App, AppError,
    caller::{Caller, Means},
    conversations::overview,
    events::{self, Change},
    names,
    people::may_give,
    plugins::conflict,
};

/// Most groups of an account.
const GROUPS: usize = 1_000;
const NAME_TAKEN: &str = "another group has this name";

/// A group and who is in it.
#[derive(Debug, Clone)]
pub struct GroupView {
    /// The group itself.
    pub group: GroupRow,
    /// Who is in it.
    pub members: Vec<PersonId>,
}

impl App {
    /// The account's groups.
    ///
    /// # Errors
    /// [`AppError::Forbidden`].
    pub async fn groups(&self, caller: &Caller) -> Result<Vec<GroupView>, AppError> {
        caller.reader()?;
        let account = caller.account;
        self.read(account, move |tx| {
            let mut rows = tx.account(account);
            let groups = rows.groups()?;
            groups.into_iter().map(|group| view(&mut rows, group)).collect()
        })
        .await
    }

    /// Makes a group.
    ///
    /// # Errors
    /// [`AppError::Forbidden`], [`AppError::Invalid`], [`AppError::Conflict`] for the name, [`AppError::NotFound`] for a member.
    pub async fn make_group(
        &self,
        caller: &Caller,
        name: String,
        members: Vec<PersonId>,
    ) -> Result<GroupView, AppError> {
        caller.require(Permission::ManagePeople)?;
        let name = names::name("name", &name, names::BYTES)?;
        let (account, now) = (caller.account, self.now());
        let group = GroupRow { id: GroupId::new(now, self.random()), name, created_at: now };
        let details = json!({"name": group.name, "members": members});
        let entry = self.audit_row(caller, Action::GroupCreated, group.id, details);
        let by = caller.clone();
        self.inner
            .database
            .write(caller, move |tx| {
                let mut rows = tx.account(account);
                if rows.groups()?.len() >= GROUPS {
                    return Err(AppError::Quota("the account has too many groups: remove some first"));
                }
                rows.insert_group(&group).map_err(|error| conflict(error, NAME_TAKEN))?;
                set_members(&mut rows, &by, group.id, &members)?;
                rows.insert_audit(&entry)?;
                view(&mut rows, group)
            })
            .await
    }

    /// Renames a group, or says who is in it.
    ///
    /// # Errors
    /// As of [`App::make_group`]; [`AppError::NotFound`] for the group.
    pub async fn change_group(
        &self,
        caller: &Caller,
        id: GroupId,
        name: Option<String>,
        members: Option<Vec<PersonId>>,
    ) -> Result<GroupView, AppError> {
        caller.require(Permission::ManagePeople)?;
        let name = name.map(|name| names::name("name", &name, names::BYTES)).transpose()?;
        let account = caller.account;
        let entry = self.audit_row(caller, Action::GroupChanged, id, json!({"name": name, "members": members}));
        let by = caller.clone();
        self.inner
            .database
            .write(caller, move |tx| {
                let mut rows = tx.account(account);
                rows.group(id)?.ok_or(AppError::NotFound("group"))?;
                if let Some(name) = name {
                    rows.rename_group(id, &name).map_err(|error| conflict(error, NAME_TAKEN))?;
                }
                if let Some(members) = members {
                    set_members(&mut rows, &by, id, &members)?;
                }
                rows.insert_audit(&entry)?;
                let group = rows.group(id)?.ok_or(AppError::NotFound("group"))?;
                view(&mut rows, group)
            })
            .await
    }

    /// Removes a group. Its conversations are in none then.
    ///
    /// # Errors
    /// [`AppError::Forbidden`], [`AppError::NotFound`].
    pub async fn remove_group(&self, caller: &Caller, id: GroupId) -> Result<(), AppError> {
        caller.require(Permission::ManagePeople)?;
        let (account, now) = (caller.account, self.now());
        let entry = self.audit_row(caller, Action::GroupRemoved, id, json!({}));
        self.write_and_wake(caller, move |tx| {
            let mut rows = tx.account(account);
            if !rows.delete_group(id)? {
                return Err(AppError::NotFound("group"));
            }
            events::announce_many(&mut rows, json!({"was": {"group": id}}), now)?;
            Ok(rows.insert_audit(&entry)?)
        })
        .await
    }

    /// Says who answers a conversation; `None` for nobody.
    ///
    /// # Errors
    /// [`AppError::Forbidden`]; [`AppError::NotFound`] for the conversation, the person or the group.
    pub async fn assign(
        &self,
        caller: &Caller,
        conversation: ConversationId,
        assignment: Assignment,
    ) -> Result<ConversationOverview, AppError> {
        caller.require(Permission::Assign)?;
        let (account, reader, now) = (caller.account, caller.reader()?, self.now());
        let details = json!({"person": assignment.person, "group": assignment.group});
        let entry = self.audit_row(caller, Action::ConversationAssigned, conversation, details);
        self.write_and_wake(caller, move |tx| {
            let mut rows = tx.account(account);
            let before = rows.conversation(conversation, reader)?.ok_or(AppError::NotFound("conversation"))?;
            if let Some(person) = assignment.person {
                active(&mut rows, person)?;
            }
            if let Some(group) = assignment.group {
                rows.group(group)?.ok_or(AppError::NotFound("group"))?;
            }
            rows.assign(conversation, assignment)?;
            rows.insert_audit(&entry)?;
            let change = Change::Assigned { was: before.assignment, is: assignment };
            events::announce(&mut rows, conversation, change, now)?;
            // Whoever gives a conversation away sees once more what it became.
            overview(&mut rows, conversation, Reader { reach: Reach::All, ..reader })
        })
        .await
    }
}

fn view(rows: &mut Account<'_>, group: GroupRow) -> Result<GroupView, AppError> {
    Ok(GroupView { members: rows.group_members(group.id)?, group })
}

/// Says who is in a group. Whoever comes in may read its conversations, so a token takes in only whom it could have given as much, and only
/// where it reads them itself.
fn set_members(rows: &mut Account<'_>, by: &Caller, group: GroupId, members: &[PersonId]) -> Result<(), AppError> {
    if matches!(by.means, Means::Token(_)) {
        let before = rows.group_members(group)?;
        for person in members.iter().filter(|person| !before.contains(person)) {
            let person = rows.person(*person)?.ok_or(AppError::NotFound("person"))?;
            may_give(by, person.role, person.permissions)?;
            by.require(if before.contains(&by.person) { Permission::AnswerGroup } else { Permission::AnswerAll })?;
        }
    }
    let mut members = members.to_vec();
    members.sort();
    members.dedup();
    members.iter().try_for_each(|person| active(rows, *person))?;
    Ok(rows.set_group_members(group, &members)?)
}

/// Somebody who can be given work.
fn active(rows: &mut Account<'_>, person: PersonId) -> Result<(), AppError> {
    match rows.person(person)?.map(|person| person.status) {
        Some(PersonStatus::Invited | PersonStatus::Active) => Ok(()),
        Some(PersonStatus::Disabled | PersonStatus::Deleted) | None => Err(AppError::NotFound("person")),
    }
}
