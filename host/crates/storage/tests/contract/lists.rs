//! Named lists and their entries.

use sluice_storage::{Before, Constraint, ListEntryRow, ListRow, NewListEntry, StorageError};

use crate::fixture::{Fixture, World, entry, list, list_id, time};

fn new(ListEntryRow { key, value, note, .. }: ListEntryRow) -> NewListEntry {
    NewListEntry { key, value, note }
}

pub(crate) async fn a_list_reads_back_changes_and_goes_with_its_entries(fixture: Fixture<'_>) {
    let World { account, list: theirs, .. } = fixture.world().await;
    let made = list("vip");
    let changed =
        ListRow { name: "very-vip".parse().unwrap(), description: String::new(), updated_at: time(9), ..made.clone() };
    let row = made.clone();
    fixture
        .write(account.id, move |tx| {
            let mut ours = tx.account(account.id);
            ours.insert_list(&made)?;
            assert_eq!(ours.list(made.id)?, Some(made.clone()));
            assert_eq!(ours.lists(Before::newest(9))?, [made.clone(), theirs.clone()]);
            assert_eq!(ours.lists(Before::older_than(made.id, 9))?, std::slice::from_ref(&theirs));
            assert!(ours.update_list(&changed)?);
            assert_eq!(ours.list(made.id)?, Some(changed));
            assert!(!ours.update_list(&ListRow { id: list_id(), ..made.clone() })?);
            assert!(ours.delete_list(theirs.id)?);
            assert!(!ours.delete_list(theirs.id)?);
            assert_eq!(ours.list_entries(theirs.id, "", 9)?, []);
            Ok(())
        })
        .await;
    let again = ListRow { id: list_id(), name: "very-vip".parse().unwrap(), ..row };
    let refused = fixture.database.write(Some(account.id), move |tx| tx.account(account.id).insert_list(&again)).await;
    assert_eq!(refused, Err(StorageError::Conflict { constraint: Constraint::ListName }));
}

pub(crate) async fn entries_are_added_once_counted_and_removed(fixture: Fixture<'_>) {
    let World { account, list, entry: first, .. } = fixture.world().await;
    fixture
        .write(account.id, move |tx| {
            let mut ours = tx.account(account.id);
            let second =
                ListEntryRow { created_by: "per_y".to_owned(), created_at: time(8), ..entry("It's [1] \\ \"2\"") };
            let again = NewListEntry { note: "another".to_owned(), ..new(first.clone()) };
            assert_eq!(ours.add_list_entries(list.id, &[again.clone(), new(second.clone())], "per_y", time(8))?, 1);
            assert_eq!(ours.list_entries(list.id, "", 9)?, [second.clone(), first.clone()]);
            let row = ours.list(list.id)?.unwrap();
            assert_eq!((row.version, row.entries, row.updated_at), (2, 2, time(8)));

            // What changes nothing is no change.
            assert_eq!(ours.add_list_entries(list.id, &[again], "per_y", time(9))?, 0);
            assert_eq!(ours.add_list_entries(list.id, &[], "per_y", time(9))?, 0);
            assert_eq!(ours.remove_list_entries(list.id, &["nothing".to_owned()], time(9))?, 0);
            assert_eq!(ours.list(list.id)?, Some(row));

            assert_eq!(ours.remove_list_entries(list.id, &[second.key, "nothing".to_owned()], time(9))?, 1);
            assert_eq!(ours.list_entries(list.id, "", 9)?, [first]);
            let row = ours.list(list.id)?.unwrap();
            assert_eq!((row.version, row.entries, row.updated_at), (3, 1, time(9)));
            Ok(())
        })
        .await;
}

pub(crate) async fn entries_are_paged_by_their_keys(fixture: Fixture<'_>) {
    let World { account, list, .. } = fixture.world().await;
    fixture
        .write(account.id, move |tx| {
            let mut ours = tx.account(account.id);
            // Byte by byte: what is not ASCII comes last, and so does the one that the fixture added.
            let more = ["B", "a c", "a", "я"].map(|value| new(entry(value)));
            assert_eq!(ours.add_list_entries(list.id, &more, "per_y", time(8))?, 4);
            let pages = [
                ("", 2, vec!["a", "a c"]),
                ("a c", 2, vec!["B", "Ünal"]),
                ("ü", 9, vec!["Ünal", "я"]),
                ("я", 9, vec![]),
            ];
            for (after, limit, expected) in pages {
                let values = ours.list_values(list.id, after, limit)?;
                assert_eq!(values.iter().map(|(_, value)| value).collect::<Vec<_>>(), expected, "{after}");
                let keys: Vec<String> =
                    ours.list_entries(list.id, after, limit)?.into_iter().map(|row| row.key).collect();
                assert_eq!(values.into_iter().map(|(key, _)| key).collect::<Vec<_>>(), keys);
            }
            Ok(())
        })
        .await;
}

pub(crate) async fn ten_thousand_entries_are_added_and_removed_at_once(fixture: Fixture<'_>) {
    let World { account, list, entry: first, .. } = fixture.world().await;
    fixture
        .write(account.id, move |tx| {
            let mut ours = tx.account(account.id);
            let many: Vec<NewListEntry> = (0..10_000).map(|n| new(entry(&format!("entry {n}")))).collect();
            assert_eq!(ours.add_list_entries(list.id, &many, "per_y", time(8))?, 10_000);
            assert_eq!(ours.list(list.id)?.unwrap().entries, 10_001);
            let keys: Vec<String> = many.into_iter().map(|entry| entry.key).collect();
            assert_eq!(ours.remove_list_entries(list.id, &keys, time(9))?, 10_000);
            assert_eq!(ours.list_entries(list.id, "", 9)?, [first]);
            Ok(())
        })
        .await;
}
