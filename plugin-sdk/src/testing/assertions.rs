//! What a test asserts of an answer. Each also checks what the host checks, so that an answer that passes here counts there.

use crate::{
    Access, Edit, Message, Reason, Verdict,
    limits::{EDITS, LABELS, REASON_TEXT_BYTES, TEXT_BYTES, is_code},
};

/// The text as these edits leave it, or why the host would refuse them: checked exactly as the host does.
///
/// ```
/// use sluice_plugin::{Edit, testing::applied};
/// let edit = |start, end| Edit { start, end, replacement: "*".to_owned() };
/// assert_eq!(applied("abc", &[edit(1, 2)]), Ok("a*c".to_owned()));
/// assert!(applied("abc", &[edit(1, 3), edit(2, 3)]).is_err());
/// assert!(applied("é", &[edit(0, 1)]).is_err());
/// ```
pub fn applied(text: &str, edits: &[Edit]) -> Result<String, String> {
    if !(1..=EDITS).contains(&edits.len()) {
        return Err(format!("{} edits; there must be 1 to {EDITS}", edits.len()));
    }
    let mut edited = String::with_capacity(text.len());
    let mut done = 0;
    for (index, edit) in edits.iter().enumerate() {
        let (start, end) = (edit.start as usize, edit.end as usize);
        if text.get(start..end).is_none() {
            return Err(format!("edit {index} ({start}..{end}) does not lie on character boundaries of the text"));
        }
        if start < done {
            return Err(format!("edit {index} overlaps the one before it, or is out of order"));
        }
        edited.push_str(&text[done..start]);
        edited.push_str(&edit.replacement);
        done = end;
    }
    edited.push_str(&text[done..]);
    if edited.len() > TEXT_BYTES {
        return Err(format!("the edited text would be longer than {TEXT_BYTES} bytes"));
    }
    Ok(edited)
}

/// Nothing to say.
///
/// ```
/// sluice_plugin::testing::assert_allows(sluice_plugin::Verdict::Allow);
/// ```
#[track_caller]
pub fn assert_allows(verdict: Verdict) {
    assert!(verdict == Verdict::Allow, "expected allow, got {verdict:?}");
}

/// Flagged with exactly these labels, in any order.
///
/// ```
/// use sluice_plugin::{Verdict, testing::assert_flags};
/// assert_flags(Verdict::flag(["refund", "angry"]), &["angry", "refund"]);
/// ```
#[track_caller]
pub fn assert_flags(verdict: Verdict, labels: &[&str]) {
    let Verdict::Flag(mut found) = verdict else { panic!("expected flag, got {verdict:?}") };
    found.sort();
    let mut labels = labels.to_vec();
    labels.sort_unstable();
    assert_eq!(found, labels);
    assert!(found.len() <= LABELS, "the host allows at most {LABELS} labels");
    assert!(found.iter().all(|label| is_code(label)), "the host refuses a label of {found:?}");
}

/// Held, with this code.
///
/// ```
/// use sluice_plugin::{Verdict, testing::assert_holds};
/// assert_holds(Verdict::hold("too-long", "The message is too long."), "too-long");
/// ```
#[track_caller]
pub fn assert_holds(verdict: Verdict, code: &str) {
    let Verdict::Hold(reason) = verdict else { panic!("expected hold, got {verdict:?}") };
    assert_reason(&reason, code);
}

/// Blocked, with this code.
///
/// ```
/// use sluice_plugin::{Verdict, testing::assert_blocks};
/// assert_blocks(Verdict::block("blocked-word", "A word is not allowed here."), "blocked-word");
/// ```
#[track_caller]
pub fn assert_blocks(verdict: Verdict, code: &str) {
    let Verdict::Block(reason) = verdict else { panic!("expected block, got {verdict:?}") };
    assert_reason(&reason, code);
}

/// Redacted, by edits that the host accepts, to exactly this text.
///
/// ```
/// use sluice_plugin::{Edits, testing::{assert_redacts_to, message}};
/// let message = message("my card is 4111111111111111");
/// let mut edits = Edits::of(&message.text);
/// edits.replace(11..27, "[card]");
/// assert_redacts_to(&message, edits.into_verdict(), "my card is [card]");
/// ```
#[track_caller]
pub fn assert_redacts_to(message: &Message, verdict: Verdict, text: &str) {
    let Verdict::Redact(edits) = verdict else { panic!("expected redact, got {verdict:?}") };
    match applied(&message.text, &edits) {
        Ok(edited) => assert_eq!(edited, text),
        Err(refusal) => panic!("the host would refuse these edits: {refusal}"),
    }
}

/// Let in.
///
/// ```
/// sluice_plugin::testing::assert_admits(sluice_plugin::Access::Allow);
/// ```
#[track_caller]
pub fn assert_admits(access: Access) {
    assert!(access == Access::Allow, "expected allow, got {access:?}");
}

/// Let in only with a second factor, with this code.
///
/// ```
/// use sluice_plugin::{Access, testing::assert_challenges};
/// assert_challenges(Access::challenge("new-country", "Please confirm that it is you."), "new-country");
/// ```
#[track_caller]
pub fn assert_challenges(access: Access, code: &str) {
    let Access::Challenge(reason) = access else { panic!("expected challenge, got {access:?}") };
    assert_reason(&reason, code);
}

/// Not let in, with this code.
///
/// ```
/// use sluice_plugin::{Access, testing::assert_denies};
/// assert_denies(Access::deny("office-hours", "The office is closed."), "office-hours");
/// ```
#[track_caller]
pub fn assert_denies(access: Access, code: &str) {
    let Access::Deny(reason) = access else { panic!("expected deny, got {access:?}") };
    assert_reason(&reason, code);
}

#[track_caller]
fn assert_reason(reason: &Reason, code: &str) {
    assert_eq!(reason.code, code);
    assert!(is_code(&reason.code), "the host refuses the code {:?}", reason.code);
    assert!(reason.text.len() <= REASON_TEXT_BYTES, "the host refuses a reason of {} bytes", reason.text.len());
}
