//! What stands in the lines of exports.

use serde_json::{Value, json};

use super::{AuditView, KeptDecisionView};
use crate::export::Line;

impl Line for AuditView {
    const NAME: &str = "audit";
    const COLUMNS: &str = "seq,at,actor,role,action,target,address,network,details,mac";

    fn cells(&self) -> Vec<String> {
        vec![
            self.seq.to_string(),
            self.at.millis().to_string(),
            self.actor.clone(),
            text(&json!(self.role)),
            self.action.clone(),
            self.target.clone(),
            self.address.clone(),
            self.network.clone(),
            self.details.to_string(),
            self.mac.map(|mac| mac.to_string()).unwrap_or_default(),
        ]
    }
}

/// `rules` has a word for each rule that was asked: its name and what it said; `labels` those of flags. Both with spaces between them,
/// which neither can have.
impl Line for KeptDecisionView {
    const NAME: &str = "decisions";
    const COLUMNS: &str = "id,at,subject,verdict,shadow,message,conversation,author,reason_code,reason,labels,rules";

    fn cells(&self) -> Vec<String> {
        let rules = self.decision["rules"].as_array().into_iter().flatten();
        let rules = rules.map(|rule| format!("{}:{}", text(&rule["rule"]), text(&rule["verdict"])));
        let labels = self.decision["labels"].as_array().into_iter().flatten().map(text);
        vec![
            self.id.to_string(),
            self.created_at.millis().to_string(),
            self.subject.to_owned(),
            text(&self.decision["verdict"]),
            self.shadow.to_string(),
            self.message_id.map(|id| id.to_string()).unwrap_or_default(),
            self.conversation_id.map(|id| id.to_string()).unwrap_or_default(),
            self.author_id.clone().unwrap_or_default(),
            text(&self.decision["reason"]["code"]),
            text(&self.decision["reason"]["text"]),
            labels.collect::<Vec<_>>().join(" "),
            rules.collect::<Vec<_>>().join(" "),
        ]
    }
}

/// A word, or nothing where there is none.
fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}
