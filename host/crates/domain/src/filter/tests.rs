//! The whole table of the filter, generated: directions, kinds, scopes, actions.

use proptest::prelude::*;

use super::*;
use crate::{
    digest::Digest,
    id::{ConversationId, GroupId, MessageId},
    message::{Actor, Direction, Role},
    steps,
    time::Timestamp,
};

const NOW: Timestamp = Timestamp::from_millis(1);

fn file(number: u8, category: Category, traits: &[Trait]) -> Attachment {
    Attachment {
        id: AttachmentId::new(NOW, [number; 10]),
        name: "file".to_owned(),
        declared_type: String::new(),
        detected_type: "application/pdf".to_owned(),
        category,
        traits: traits.iter().copied().collect(),
        size: 1_000,
        sha256: Digest::of(&[number]),
    }
}

fn message(direction: Direction, text: &str, attachments: Vec<Attachment>) -> Message {
    let role = match direction {
        Direction::Incoming => Role::Client,
        Direction::Outgoing => Role::Operator,
    };
    Message {
        id: MessageId::new(NOW, [1; 10]),
        direction,
        transport: "api".to_owned(),
        channel: "shop".to_owned(),
        conversation: Some(ConversationId::new(NOW, [2; 10])),
        group: Some(GroupId::new(NOW, [3; 10])),
        author: Actor { id: "somebody".to_owned(), role, name: "Somebody".to_owned() },
        text: String::new(),
        links: Vec::new(),
        attachments,
        sent_at: NOW,
    }
    .with_text(text.to_owned())
}

fn rule(what: &[Subject], action: Action) -> FilterRule {
    FilterRule {
        what: what.iter().copied().collect(),
        scope: Scope::default(),
        action,
        except_domains: BTreeSet::new(),
        only_domains: BTreeSet::new(),
        except_types: BTreeSet::new(),
        only_types: BTreeSet::new(),
        larger_than: None,
        reason: None,
        notice: None,
        comment: String::new(),
    }
}

/// A text and a file that only this subject is about; the text after it was taken out of it.
fn sample(subject: Subject) -> (&'static str, Option<Attachment>) {
    let kind = |category| ("see this", Some(file(1, category, &[])));
    let sort = |which| ("see this", Some(file(1, Category::Document, &[which])));
    match subject {
        Subject::Executables => kind(Category::Executable),
        Subject::ArchiveBombs => sort(Trait::ArchiveBomb),
        Subject::DisguisedFiles => sort(Trait::NameMismatch),
        Subject::ActiveContent => sort(Trait::Macros),
        Subject::EncryptedFiles => sort(Trait::Encrypted),
        Subject::Images => kind(Category::Image),
        Subject::Audio => kind(Category::Audio),
        Subject::Voice => kind(Category::Voice),
        Subject::Video => kind(Category::Video),
        Subject::Documents => kind(Category::Document),
        Subject::Archives => kind(Category::Archive),
        Subject::OtherFiles => kind(Category::Other),
        Subject::Links => ("see https://example.com/a now", None),
        Subject::EmailAddresses => ("write to jane@example.com now", None),
        Subject::PhoneNumbers => ("call +44 20 7946 0958 now", None),
        Subject::Emoji => ("well 😀 now", None),
    }
}

/// What a subject of files hits beside its own sample: a file of a kind is still of that kind with a trait.
fn also_hits(rule: Subject, sample: Subject) -> bool {
    let by_trait = matches!(
        sample,
        Subject::ArchiveBombs | Subject::DisguisedFiles | Subject::ActiveContent | Subject::EncryptedFiles
    );
    rule == sample || (rule == Subject::Documents && by_trait)
}

/// Scopes, and the directions of which each covers the messages of these tests.
fn scopes() -> Vec<(Scope, &'static [Direction])> {
    let group = |number| BTreeSet::from([GroupId::new(NOW, [number; 10])]);
    let channel = |name: &str| BTreeSet::from([name.to_owned()]);
    let (all, incoming, outgoing) = (
        &[Direction::Incoming, Direction::Outgoing] as &[_],
        &[Direction::Incoming] as &[_],
        &[Direction::Outgoing] as &[_],
    );
    vec![
        (Scope::default(), all),
        (Scope { directions: [Direction::Incoming].into(), ..Scope::default() }, incoming),
        (Scope { directions: [Direction::Outgoing].into(), ..Scope::default() }, outgoing),
        (Scope { channels: channel("shop"), ..Scope::default() }, all),
        (Scope { channels: channel("other"), ..Scope::default() }, &[]),
        (Scope { groups: group(3), ..Scope::default() }, all),
        (Scope { groups: group(4), ..Scope::default() }, &[]),
        (Scope { roles: [Role::Client].into(), ..Scope::default() }, incoming),
        (Scope { roles: [Role::Operator].into(), ..Scope::default() }, outgoing),
        (Scope { directions: incoming_only(), roles: [Role::Operator].into(), ..Scope::default() }, &[]),
    ]
}

fn incoming_only() -> BTreeSet<Direction> {
    [Direction::Incoming].into()
}

#[test]
fn every_cell_of_the_table_does_what_it_says() {
    let mut cells = 0;
    for direction in [Direction::Incoming, Direction::Outgoing] {
        for asked in Subject::ALL {
            for sent in Subject::ALL {
                let (text, attachment) = sample(sent);
                let message = message(direction, text, attachment.into_iter().collect());
                for (scope, covers) in scopes() {
                    for action in Action::ALL {
                        let rule = FilterRule { scope: scope.clone(), ..rule(&[asked], action) };
                        let verdict = rule.verdict(&message, Language::En);
                        let hit = covers.contains(&direction) && also_hits(asked, sent);
                        assert_cell(&verdict, asked, action, hit, &message);
                        cells += 1;
                    }
                }
            }
        }
    }
    assert_eq!(cells, 2 * 16 * 16 * 10 * 4);
}

fn assert_cell(verdict: &Verdict, asked: Subject, action: Action, hit: bool, message: &Message) {
    let cell = format!("{asked:?} {action:?} {:?} on {:?}", message.direction, message.text);
    match (hit, action, verdict) {
        (false, _, Verdict::Allow) => {}
        (true, Action::Flag, Verdict::Flag(labels)) => assert_eq!(labels, &BTreeSet::from([asked.code()]), "{cell}"),
        (true, Action::Hold, Verdict::Hold(reason)) | (true, Action::Block, Verdict::Block(reason)) => {
            assert_eq!(reason.code, asked.code(), "{cell}");
        }
        (true, Action::Redact, Verdict::Redact(redaction)) => {
            assert!(redaction.text().contains(texts::removed(asked, Language::En)), "{cell}: {redaction:?}");
            assert_eq!(redaction.removed().len(), message.attachments.len(), "{cell}");
            let after = Message { attachments: Vec::new(), ..message.clone().with_text(redaction.text().to_owned()) };
            let again = FilterRule { what: [asked].into(), ..rule(&[asked], Action::Block) };
            assert_eq!(
                again.verdict(&after, Language::En),
                Verdict::Allow,
                "{cell}: what was taken out is still there"
            );
        }
        other => panic!("{cell}: {other:?}"),
    }
}

#[test]
fn links_to_allowed_domains_pass_and_links_to_denied_ones_are_hit() {
    let domains = |names: &[&str]| names.iter().map(|name| (*name).to_owned().try_into().expect("a domain")).collect();
    let allow = FilterRule { except_domains: domains(&["example.com"]), ..rule(&[Subject::Links], Action::Block) };
    let deny = FilterRule { only_domains: domains(&["evil.org"]), ..rule(&[Subject::Links], Action::Block) };
    let said =
        |rule: &FilterRule, text: &str| rule.verdict(&message(Direction::Incoming, text, Vec::new()), Language::En);
    assert_eq!(said(&allow, "https://www.example.com/a"), Verdict::Allow);
    assert!(matches!(said(&allow, "https://example.com and https://other.org"), Verdict::Block(_)));
    assert!(matches!(said(&allow, "https://example.com.other.org"), Verdict::Block(_)));
    assert_eq!(said(&deny, "https://example.com"), Verdict::Allow);
    assert!(matches!(said(&deny, "https://www.evil.org"), Verdict::Block(_)));
}

#[test]
fn links_to_allowed_domains_hide_no_other() {
    let except = [DomainName::try_from("example.com".to_owned()).expect("a domain")].into();
    let rule = FilterRule { except_domains: except, ..rule(&[Subject::Links], Action::Block) };
    let said = |text: &str| rule.verdict(&message(Direction::Incoming, text, Vec::new()), Language::En);
    assert_eq!(said(&"example.com ".repeat(limits::LINKS - 1)), Verdict::Allow);
    for text in [
        "example.com ".repeat(limits::LINKS) + "evil.com",
        "evil dot com/example.com".to_owned(),
        "evil dot com/?u=example.com".to_owned(),
    ] {
        assert!(matches!(said(&text), Verdict::Block(_)), "{}", &text[text.len().saturating_sub(40)..]);
    }
}

#[test]
fn a_size_limit_hits_only_what_is_larger() {
    let rule = FilterRule { larger_than: Some(1_000), ..rule(&[Subject::Images], Action::Block) };
    let of = |size| Attachment { size, ..file(1, Category::Image, &[]) };
    let said = |size| rule.verdict(&message(Direction::Incoming, "", vec![of(size)]), Language::En);
    assert_eq!(said(1_000), Verdict::Allow);
    assert!(matches!(said(1_001), Verdict::Block(_)));
    let upload = message(Direction::Incoming, "", Vec::new());
    assert!(!rule.blocks_upload(&upload, Category::Image, 1_000));
    assert!(rule.blocks_upload(&upload, Category::Image, 1_001));
    assert!(!rule.blocks_upload(&upload, Category::Video, 1_001));
}

#[test]
fn only_what_was_hit_is_taken_out() {
    let redact = rule(&[Subject::Links, Subject::Images], Action::Redact);
    let files = vec![file(1, Category::Image, &[]), file(2, Category::Document, &[])];
    let message = message(Direction::Outgoing, "a https://example.com b", files);
    let Verdict::Redact(redaction) = redact.verdict(&message, Language::Ru) else { panic!("a redaction") };
    assert_eq!(redaction.text(), "a [ссылка удалена] b\n[изображение удалено]");
    assert_eq!(redaction.removed(), &BTreeSet::from([AttachmentId::new(NOW, [1; 10])]));
}

#[test]
fn more_links_than_can_be_listed_are_held_rather_than_taken_out_in_part() {
    let text = "https://a.com ".repeat(limits::LINKS + 1);
    let verdict =
        rule(&[Subject::Links], Action::Redact).verdict(&message(Direction::Incoming, &text, Vec::new()), Language::En);
    assert!(matches!(verdict, Verdict::Hold(_)), "{verdict:?}");
}

#[test]
fn rules_that_make_no_sense_are_refused_with_their_field() {
    let field = |rule: FilterRule| rule.check().expect_err("refused").field;
    let links = rule(&[Subject::Links], Action::Block);
    let images = rule(&[Subject::Images], Action::Block);
    assert_eq!(field(rule(&[], Action::Block)), "what");
    assert_eq!(field(FilterRule { larger_than: Some(1), ..links.clone() }), "larger_than");
    assert_eq!(
        field(FilterRule { only_types: [FileType::try_from("pdf".to_owned()).expect("a type")].into(), ..links }),
        "only_types"
    );
    let domains = [DomainName::try_from("a.com".to_owned()).expect("a domain")].into();
    assert_eq!(field(FilterRule { except_domains: domains, ..images.clone() }), "except_domains");
    assert_eq!(field(FilterRule { notice: Some(String::new()), ..images.clone() }), "notice");
    assert_eq!(images.check(), Ok(()));
}

#[test]
fn every_subject_speaks_every_language_and_has_a_code() {
    for subject in Subject::ALL {
        for language in Language::ALL {
            for text in
                [texts::blocked(subject, language), texts::held(subject, language), texts::notice(subject, language)]
            {
                assert!(is_text(&text), "{subject:?} {language:?}");
            }
        }
        assert_eq!(subject.code().as_str(), format!("filter.{}", subject.as_str()));
        let notice = rule(&[subject], Action::Block).notice_for(&subject.code(), Language::En);
        assert_eq!(notice, Some(texts::notice(subject, Language::En)));
    }
}

#[test]
fn an_entry_that_can_never_matter_is_refused_with_its_field() {
    let types =
        |written: &[&str]| -> BTreeSet<FileType> { written.iter().map(|one| one.parse().expect("a type")).collect() };
    let domains = |written: &[&str]| -> BTreeSet<DomainName> {
        written.iter().map(|one| DomainName::try_from((*one).to_owned()).expect("a domain")).collect()
    };
    let images = rule(&[Subject::Images], Action::Block);
    let links = rule(&[Subject::Links], Action::Block);
    let told = |rule: FilterRule| rule.check().map_err(|bad| (bad.field, bad.problem.into_owned()));
    for (written, nearest) in [("text/x-python", "text/plain"), ("bogus/type", "`"), ("image/jpgg", "image/")] {
        let (field, problem) =
            told(FilterRule { except_types: types(&[written]), ..images.clone() }).expect_err(written);
        assert!(field == "except_types" && problem.contains(written) && problem.contains(nearest), "{problem}");
    }
    let (field, problem) = told(FilterRule { only_types: types(&["pdf"]), ..images.clone() }).expect_err("no picture");
    assert!(field == "only_types" && problem.contains("document"), "{problem}");
    assert!(
        told(FilterRule { only_types: types(&["svg"]), except_types: types(&["svg", "png"]), ..images.clone() })
            .is_err()
    );
    for written in ["svg", "image/*", "image/jpg", "png"] {
        assert_eq!(told(FilterRule { except_types: types(&[written]), ..images.clone() }), Ok(()), "{written}");
    }
    // What is suspicious can be of any type.
    let disguised = rule(&[Subject::DisguisedFiles], Action::Block);
    assert_eq!(told(FilterRule { except_types: types(&["pdf"]), ..disguised }), Ok(()));
    let voice = rule(&[Subject::Voice], Action::Block);
    assert_eq!(told(FilterRule { except_types: types(&["audio/ogg", "mp3"]), ..voice }), Ok(()));
    for written in ["127.1", "0x7f.0.0.1", "2130706433", "010.0.0.1", "1.2.3"] {
        let Ok(domain) = DomainName::try_from(written.to_owned()) else { continue };
        let refused = told(FilterRule { except_domains: [domain].into(), ..links.clone() });
        assert_eq!(refused.map_err(|(field, _)| field), Err("except_domains"), "{written}");
    }
    assert_eq!(
        told(FilterRule { except_domains: domains(&["192.0.2.1", "example.com", "1.example.com"]), ..links.clone() }),
        Ok(())
    );
    let both = FilterRule {
        only_domains: domains(&["a.example.com"]),
        except_domains: domains(&["example.com"]),
        ..links.clone()
    };
    assert!(told(both).is_err());
    let nobody = Scope { roles: [Role::Support].into(), ..Scope::default() };
    assert_eq!(told(FilterRule { scope: nobody, ..links }).map_err(|(field, _)| field), Err("scope"));
}

#[test]
fn a_rule_that_was_kept_before_is_read_and_does_what_it_did() {
    let kept = serde_json::json!({"what": ["images"], "action": "block", "except_types": ["bogus/type", "image/png"]});
    let kept: FilterRule = serde_json::from_value(kept).expect("a rule");
    assert!(kept.check().is_err());
    let of = |detected: &str| Attachment { detected_type: detected.into(), ..file(1, Category::Image, &[]) };
    let said = |detected: &str| kept.verdict(&message(Direction::Incoming, "", vec![of(detected)]), Language::En);
    assert_eq!(said("image/png"), Verdict::Allow);
    assert!(matches!(said("image/gif"), Verdict::Block(_)));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn rules_about_texts_take_steps_in_proportion_to_the_text(family in steps::tests::family()) {
        let texts = [Subject::Links, Subject::EmailAddresses, Subject::PhoneNumbers, Subject::Emoji];
        let rule = rule(&texts, Action::Redact);
        let asked = |text: &str| drop(rule.verdict(&message(Direction::Incoming, text, Vec::new()), Language::En));
        prop_assert_eq!(steps::tests::out_of_proportion(&family, asked), Vec::<String>::new());
    }
}
