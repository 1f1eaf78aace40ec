//! Nothing of one account is reached through another one's handle.

use std::collections::BTreeSet;

use sluice_domain::{
    installation::{Budget, FailurePolicy, Mode, Percent, Scope},
    permission::Reach,
    quota::PluginQuota,
    signature::{SignaturePolicy, Signatures, Trust},
    verdict::{Code, Severity},
};
use sluice_storage::{
    AccountRow, Assignment, AuditFilter, AuditPage, Before, ClientFilter, ClientUpdate, ConversationFilter,
    CountFilter, DecisionFilter, DecisionPart, DecisionTally, InstallationUpdate, LinkRow, ListEntryRow,
    NewConversation, NewListEntry, Page, PersonStatus, PluginUsage, Reader, SessionEnd, SessionRow, ShadowVerdict,
    StorageError,
};

use crate::fixture::{
    ALWAYS, Fixture, World, account_id, comment, conversation_id, counter, digest, every_decision, installation,
    link_id, message, message_id, name, plugin, reader_of_all, request_id, session_id, texts_of, time,
};

pub(crate) async fn another_accounts_rows_look_as_if_they_were_not_there(fixture: Fixture<'_>) {
    let theirs = fixture.world().await;
    let ours = AccountRow::new(account_id(), "Ours".to_owned(), time(1));
    let row = ours.clone();
    fixture.write(ours.id, move |tx| tx.insert_account(&row)).await;
    let seen = move |tx: &mut sluice_storage::Tx<'_>| {
        let mut ours = tx.account(ours.id);
        assert_eq!(ours.person(theirs.person.id)?, None);
        assert_eq!(ours.people()?, []);
        assert_eq!(ours.sessions_of(theirs.person.id, time(1))?, []);
        assert_eq!(ours.api_token(theirs.token.id)?, None);
        assert_eq!(ours.api_tokens()?, []);
        assert_eq!(ours.group(theirs.group.id)?, None);
        assert_eq!(ours.groups()?, []);
        assert_eq!(ours.second_factor(theirs.person.id)?, None);
        assert_eq!(ours.address_rules()?, []);
        assert_eq!(ours.group_members(theirs.group.id)?, []);
        assert_eq!(ours.permission_templates()?, []);
        assert_eq!(ours.plugin(theirs.plugin.id)?, None);
        assert_eq!(ours.plugin_by_digest(theirs.plugin.sha256)?, None);
        assert_eq!(ours.plugins(Before::newest(9))?, []);
        assert_eq!(ours.plugin_usage()?, PluginUsage::default());
        assert_eq!((ours.plugin_versions()?, ours.versions_of_plugin(&theirs.plugin.name)?), (vec![], vec![]));
        assert_eq!(ours.installed_versions()?, []);
        assert_eq!(ours.installation(theirs.installation.id)?, None);
        assert_eq!(ours.installations()?, []);
        assert_eq!(ours.installation_count()?, 0);
        assert_eq!(ours.chain_part(theirs.installation.config_sha256)?, None);
        assert_eq!(ours.chain_version_at(i64::MAX)?, None);
        assert_eq!(ours.chain_versions(Before::newest(9))?, []);
        assert_eq!(ours.client(theirs.client.id, reader_of_all())?, None);
        assert_eq!(ours.client_by_external_id(theirs.client.external_id.as_deref().unwrap(), reader_of_all())?, None);
        assert_eq!(ours.conversation(theirs.conversation.id, reader_of_all())?, None);
        assert_eq!(ours.conversations(reader_of_all(), &ConversationFilter::default(), Before::newest(9))?, []);
        assert_eq!(ours.conversation_overview(theirs.conversation.id, reader_of_all())?, None);
        assert_eq!(ours.clients(reader_of_all(), &ClientFilter::default(), Before::newest(9))?, []);
        let by_id = ClientFilter { external_id: theirs.client.external_id.clone(), tag: None };
        assert_eq!(ours.clients(reader_of_all(), &by_id, Before::newest(9))?, []);
        assert_eq!(ours.requests(theirs.conversation.id, Before::newest(9))?, []);
        assert_eq!(ours.reading_mark(theirs.person.id, theirs.conversation.id)?, 0);
        assert_eq!(ours.comment(theirs.comment.id)?, None);
        assert_eq!(ours.comment_for(theirs.comment.id, reader_of_all())?, None);
        assert_eq!(ours.comments(theirs.conversation.id, Page::first(9))?, []);
        assert_eq!((ours.tag(theirs.tag.id)?, ours.tags(Before::newest(9))?, ours.tag_count()?), (None, vec![], 0));
        assert_eq!(ours.answer_template(theirs.template.id)?, None);
        assert_eq!((ours.answer_templates(Before::newest(9))?, ours.answer_template_count()?), (vec![], 0));
        assert_eq!((ours.list(theirs.list.id)?, ours.lists(Before::newest(9))?), (None, vec![]));
        assert_eq!(ours.list_entries(theirs.list.id, "", 9)?, []);
        assert_eq!(ours.list_values(theirs.list.id, "", 9)?, []);
        let found = ours.search_messages(&theirs.message.text, reader_of_all(), Before::newest(9))?;
        assert_eq!((found.hits, found.seen), (vec![], None));
        assert_eq!(ours.message(theirs.message.id)?, None);
        assert_eq!(ours.message_for(theirs.message.id, reader_of_all())?, None);
        for page in [Page::first(9), Page::last(9), Page::after(0, 9), Page::before(9, 9)] {
            assert_eq!(ours.messages(theirs.conversation.id, page)?, []);
        }
        assert_eq!(ours.messages_of_client(theirs.conversation.id, Page::first(9))?, []);
        assert_eq!(ours.latest_messages(texts_of(Some(reader_of_all())), Before::newest(9))?, []);
        assert_eq!(ours.newest_extent(texts_of(Some(reader_of_all())), ALWAYS, None, 9)?, None);
        assert_eq!(
            ours.replay_messages(texts_of(Some(reader_of_all())), theirs.message.id, theirs.message.id.successor(), 9)?,
            []
        );
        let said = theirs.shadow();
        assert_eq!(ours.shadow_counts(said.installation, said.variant, ALWAYS)?, []);
        assert_eq!(ours.shadow_differences(Some(reader_of_all()), said.installation, said.variant, ALWAYS, 9)?, []);
        assert_eq!(ours.earlier_messages(theirs.conversation.id, message_id(), 9, 1_000)?, []);
        assert_eq!(ours.counter(&counter("one"), time(5))?, 0);
        assert_eq!(ours.held_messages(reader_of_all(), 0, 9)?, []);
        assert_eq!(ours.quarantined_messages(Some(reader_of_all()), Before::newest(9))?, []);
        assert_eq!(ours.attachment(theirs.attachment.attachment.id)?, None);
        assert_eq!(ours.attachment_bytes()?, 0);
        assert_eq!(ours.filter_rule(theirs.filter_rule.id)?, None);
        assert_eq!(ours.filter_rules()?, []);
        assert_eq!(ours.decision(theirs.decision.id, every_decision())?, None);
        assert_eq!(ours.evidence(theirs.decision.id)?, None);
        let (rule, _) = theirs.decision.rules[0].clone();
        let conversation = theirs.decision.conversation_id;
        for filter in [
            DecisionFilter::default(),
            DecisionFilter { rule: Some(rule), ..DecisionFilter::default() },
            DecisionFilter { conversation, ..DecisionFilter::default() },
            DecisionFilter { label: Some(Code::of("card")), ..DecisionFilter::default() },
            DecisionFilter { person: theirs.decision.author_id.clone(), ..DecisionFilter::default() },
            DecisionFilter { outcome: Some(theirs.decision.outcome), ..DecisionFilter::default() },
        ] {
            let nothing = DecisionPart { rows: Vec::new(), seen: None };
            assert_eq!(ours.decisions(every_decision(), &filter, Before::newest(9))?, nothing);
            assert_eq!(ours.decisions_after(every_decision(), &filter, None, 9)?, nothing);
        }
        for (rule, label) in [(None, None), (Some("blocked-words"), None), (None, Some(Code::of("card")))] {
            let counted = CountFilter { rule: rule.map(name), label, shadow: None };
            let counts = ours.decision_counts(every_decision(), &[time(0), time(1 << 40)], &counted)?;
            assert_eq!(counts, [DecisionTally::new()], "{counted:?}");
        }
        assert_eq!(ours.events_after(0, 9)?, []);
        assert_eq!(ours.latest_event()?, 0);
        assert_eq!(ours.audit(&AuditFilter::default(), AuditPage::Before(None), 9)?, []);
        assert_eq!(ours.kept_audit_log()?.unwrap().named, 0);
        Ok(())
    };
    fixture.read(seen).await;
}

pub(crate) async fn another_accounts_rows_cannot_be_changed(fixture: Fixture<'_>) {
    let (ours, theirs) = (fixture.world().await, fixture.world().await);
    let update = InstallationUpdate {
        plugin_id: ours.plugin.id,
        mode: Mode::Disabled,
        scope: Scope::default(),
        failure: FailurePolicy::Open,
        grants: BTreeSet::new(),
        budget: Budget::CALL,
        percent: Percent::ALL,
        http_hosts: BTreeSet::new(),
        config: "{}".to_owned(),
        config_sha256: digest(),
        updated_at: time(9),
    };
    let kept = theirs.clone();
    let (account, session, installation) = (ours.account.id, theirs.session.id, theirs.installation.id);
    fixture
        .write(account, move |tx| {
            let mut ours = tx.account(account);
            assert!(!ours.delete_session(session)?);
            assert!(!ours.end_session(theirs.person.id, session, SessionEnd::Ended)?);
            assert_eq!(ours.end_sessions(theirs.person.id, None, SessionEnd::Ended)?, 0);
            assert!(!ours.update_person(&theirs.person)?);
            assert!(!ours.set_password(theirs.person.id, "x", time(9))?);
            assert!(!ours.activate_person(theirs.person.id)?);
            assert!(!ours.erase_person(theirs.person.id, "x@deleted.invalid")?);
            assert_eq!(ours.revoke_api_tokens_of(theirs.person.id, time(9))?, 0);
            assert!(!ours.use_link(theirs.link.id, time(9))?);
            assert_eq!(ours.cancel_links(theirs.person.id)?, 0);
            assert!(!ours.revoke_api_token(theirs.token.id, time(9))?);
            assert_eq!(ours.revoke_api_tokens_made_by(theirs.token.id, time(9))?, 0);
            assert!(!ours.rename_group(theirs.group.id, "Ours")?);
            assert!(!ours.delete_group(theirs.group.id)?);
            assert!(!ours.use_step(theirs.person.id, "secret", 9)?);
            assert!(!ours.delete_second_factor(theirs.person.id)?);
            assert!(!ours.delete_address_rule(theirs.addresses.id)?);
            ours.clear_address_rules()?;
            assert!(!ours.delete_permission_template("theirs")?);
            assert!(!ours.assign(theirs.conversation.id, Assignment::default())?);
            assert_eq!(ours.note_message(theirs.conversation.id, 9)?, None);
            assert!(!ours.close_conversation(theirs.conversation.id, time(9), "x")?);
            assert!(!ours.put_clients_mark(theirs.conversation.id, 9)?);
            ours.forget_reading_marks(theirs.person.id)?;
            assert!(!ours.delete_comment(theirs.comment.id)?);
            assert!(!ours.update_tag(&theirs.tag)?);
            assert!(!ours.delete_tag(theirs.tag.id)?);
            ours.set_conversation_tags(theirs.conversation.id, &[])?;
            ours.set_client_tags(theirs.client.id, &[])?;
            assert!(!ours.update_answer_template(&theirs.template)?);
            assert!(!ours.delete_answer_template(theirs.template.id)?);
            assert!(!ours.update_list(&theirs.list)?);
            assert_eq!(ours.remove_list_entries(theirs.list.id, std::slice::from_ref(&theirs.entry.key), time(9))?, 0);
            assert!(!ours.delete_list(theirs.list.id)?);
            assert!(!ours.update_client(theirs.client.id, "x", &ClientUpdate::default())?);
            ours.index_message(theirs.message.id, "something else")?;
            assert!(!ours.set_plugin_signatures(theirs.plugin.id, &Signatures::default())?);
            assert!(!ours.delete_plugin(theirs.plugin.id)?);
            ours.set_plugin_quota(&PluginQuota { plugins: 1, ..PluginQuota::default() })?;
            ours.set_plugin_trust(&Trust { require_signature: SignaturePolicy::Trusted, ..Trust::default() })?;
            assert!(!ours.update_installation(installation, &update)?);
            assert!(!ours.delete_installation(installation)?);
            assert!(!ours.move_installation(installation, 9)?);
            assert!(!ours.suspend_installation(installation, None)?);
            assert!(!ours.send_attachment(
                theirs.attachment.attachment.id,
                theirs.message.id,
                theirs.conversation.id
            )?);
            assert!(!ours.delete_unsent_attachment(theirs.attachment.attachment.id)?);
            assert!(!ours.update_filter_rule(&theirs.filter_rule)?);
            assert!(!ours.delete_filter_rule(theirs.filter_rule.id)?);
            ours.count_shadow(&ShadowVerdict { shadow: Severity::Flag, ..theirs.shadow() }, time(4))?;
            // Ours has the same name.
            assert_eq!(ours.add_to_counter(&counter("one"), 1, time(5), time(100))?, Some(6));
            assert_eq!(ours.delete_expired_counters(time(100))?, 1);
            ours.bump_chain_version()?;
            ours.append_event("x", &serde_json::Value::Null, time(9))?;
            Ok(())
        })
        .await;
    let (account, hash) = (kept.account.id, kept.session.token_hash);
    let said = kept.shadow();
    let counts =
        fixture.read(move |tx| tx.account(account).shadow_counts(said.installation, said.variant, ALWAYS)).await;
    assert_eq!(counts.iter().map(|count| count.messages).sum::<u64>(), 1);
    let row = fixture.read(move |tx| tx.account(account).installation(installation)).await.unwrap();
    assert_eq!(row.mode, kept.installation.mode);
    let id = kept.plugin.id;
    assert_eq!(fixture.read(move |tx| tx.account(account).plugin(id)).await, Some(kept.plugin));
    assert_eq!(fixture.read(move |tx| tx.account(account).plugin_quota()).await, Some(PluginQuota::default()));
    assert_eq!(fixture.read(move |tx| tx.account(account).plugin_trust()).await, Some(Trust::default()));
    let live = fixture.read(move |tx| tx.session_by_token_hash(hash, time(1))).await.unwrap();
    assert_eq!((live.session.ended, live.status), (None, PersonStatus::Active));
    let (id, secret) = (kept.token.id, kept.link.secret_hash);
    assert_eq!(fixture.read(move |tx| tx.account(account).api_token(id)).await, Some(kept.token));
    assert_eq!(fixture.read(move |tx| tx.link_by_secret(secret)).await, Some((account, kept.link)));
    assert_eq!(fixture.read(move |tx| tx.account(account).groups()).await, [kept.group]);
    assert_eq!(fixture.read(move |tx| tx.account(account).address_rules()).await, [kept.addresses]);
    let list = kept.list.id;
    assert_eq!(fixture.read(move |tx| tx.account(account).lists(Before::newest(9))).await, [kept.list]);
    assert_eq!(fixture.read(move |tx| tx.account(account).list_entries(list, "", 9)).await, [kept.entry]);
    let reader = Reader { person: kept.person.id, reach: Reach::All };
    let id = kept.conversation.id;
    let row = fixture.read(move |tx| tx.account(account).conversation_overview(id, reader)).await.unwrap();
    assert_eq!((row.read_seq, &row.tags[..], row.row.request), (1, &[kept.tag.id][..], Some(kept.request)));
    assert_eq!((row.row.client_name, row.row.client_read_seq), (kept.client.name, 0));
    let text = kept.message.text.clone();
    let found = fixture.read(move |tx| tx.account(account).search_messages(&text, reader, Before::newest(9))).await;
    assert_eq!(found.hits.into_iter().map(|hit| hit.message).collect::<Vec<_>>(), [kept.message]);
    assert_eq!(fixture.read(move |tx| tx.account(account).counter(&counter("one"), time(5))).await, 5);
    let row = fixture.read(move |tx| tx.account_row(account)).await.unwrap();
    assert_eq!((row.chain_version, row.last_event), (0, 1));
}

pub(crate) async fn another_accounts_rows_cannot_be_referred_to(fixture: Fixture<'_>) {
    let (ours, theirs) = (fixture.world().await, fixture.world().await);
    let account = ours.account.id;
    type Insert = Box<dyn FnOnce(&mut sluice_storage::Account<'_>, &World) -> Result<(), StorageError> + Send>;
    let inserts: [Insert; 14] = [
        Box::new(|ours, theirs| {
            let session = theirs.session.clone();
            ours.insert_session(&SessionRow { id: session_id(), token_hash: digest(), ..session })
        }),
        Box::new(|ours, theirs| {
            let link = theirs.link.clone();
            ours.insert_link(&LinkRow { id: link_id(), secret_hash: digest(), ..link })
        }),
        Box::new(|ours, theirs| ours.know_network(theirs.person.id, "192.0.2.0/24", time(1))),
        Box::new(|ours, theirs| ours.insert_plugin(&plugin(theirs.person.id))),
        Box::new(|ours, theirs| ours.insert_installation(&installation(theirs.plugin.id)).map(drop)),
        Box::new(|ours, theirs| {
            let conversation = theirs.conversation.clone();
            ours.insert_conversation(&NewConversation { id: conversation_id(), ..conversation })
        }),
        Box::new(|ours, theirs| ours.insert_message(&message(theirs.conversation.id, theirs.decision.id, 9))),
        Box::new(|ours, theirs| ours.open_request(request_id(), theirs.conversation.id, time(9))),
        Box::new(|ours, theirs| ours.put_reading_mark(theirs.person.id, theirs.conversation.id, 1)),
        Box::new(|ours, theirs| ours.insert_comment(&comment(theirs.conversation.id, theirs.person.id, 9))),
        Box::new(|ours, theirs| ours.set_conversation_tags(theirs.conversation.id, &[theirs.tag.id])),
        Box::new(|ours, theirs| ours.set_client_tags(theirs.client.id, &[theirs.tag.id])),
        Box::new(|ours, theirs| {
            let ListEntryRow { key, value, note, .. } = theirs.entry.clone();
            let entry = NewListEntry { key, value, note };
            ours.add_list_entries(theirs.list.id, &[entry], "per_x", time(9)).map(drop)
        }),
        Box::new(|ours, theirs| {
            let mut token = theirs.token.clone();
            token.token_hash = digest();
            ours.insert_api_token(&token)
        }),
    ];
    for insert in inserts {
        let theirs = theirs.clone();
        let refused = fixture.database.write(Some(account), move |tx| insert(&mut tx.account(account), &theirs)).await;
        assert_eq!(refused, Err(StorageError::Dangling));
    }
}
