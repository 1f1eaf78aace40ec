//! One plugin that misbehaves in whatever way it is asked to: the server's failure policies, budgets and checks are tested
//! with it.
//!
//! The behaviour is the configuration's `behaviour`. With `obey`, the message's text names it instead (`hostile: loop`),
//! the attachment's name does (`hostile: loop`), or the `User-Agent` of a request does. `describe` is always sane, so that the
//! plugin can be uploaded. What each behaviour does is in [`behaviour`].

mod behaviour;
mod harm;

use schemars::JsonSchema;
use serde::Deserialize;
use sluice_plugin::{
    Access, AccessRequest, AccessRule, Attachment, AttachmentFilter, ConfigErrors, Content, Message, MessageFilter,
    Plugin, Verdict,
};

use behaviour::{Behaviour, OnCall};

/// How to misbehave.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// # Behaviour
    /// What every call does, and for the `configure-` ones what enabling does.
    #[serde(default)]
    behaviour: Behaviour,
    /// # Obey
    /// Take the behaviour from the message's text, the attachment's name or the User-Agent: `hostile: loop`.
    #[serde(default)]
    obey: bool,
}

/// The plugin.
#[derive(Debug)]
pub struct Hostile {
    behaviour: OnCall,
    obey: bool,
}

impl Hostile {
    fn behaviour(&self, order: &str) -> OnCall {
        let ordered = order.trim().strip_prefix("hostile:").filter(|_| self.obey);
        ordered.and_then(OnCall::named).unwrap_or(self.behaviour)
    }
}

impl Plugin for Hostile {
    type Config = Config;

    fn configure(config: Config) -> Result<Self, ConfigErrors> {
        let behaviour = match config.behaviour {
            Behaviour::Call(behaviour) => behaviour,
            Behaviour::Configure(behaviour) => {
                behaviour.configure()?;
                OnCall::Allow
            }
        };
        Ok(Self { behaviour, obey: config.obey })
    }
}

impl MessageFilter for Hostile {
    fn check(&self, message: &Message) -> Verdict {
        self.behaviour(&message.text).verdict(&message.text)
    }
}

impl AttachmentFilter for Hostile {
    fn check(&self, attachment: &Attachment, content: &Content<'_>) -> Verdict {
        let behaviour = self.behaviour(&attachment.name);
        if behaviour == OnCall::ReadTooMuch {
            harm::read_without_end(content);
        }
        behaviour.verdict(&attachment.name)
    }
}

impl AccessRule for Hostile {
    fn check(&self, request: &AccessRequest) -> Access {
        self.behaviour(&request.user_agent).access()
    }
}

sluice_plugin::export!(Hostile: MessageFilter + AttachmentFilter + AccessRule);

#[cfg(test)]
mod tests {
    use serde_json::json;
    use sluice_plugin::testing::{applied, assert_allows, assert_blocks, configured, message, refused, schema};

    use super::*;

    fn redaction(behaviour: &str) -> Result<String, String> {
        let plugin: Hostile = configured(json!({ "behaviour": behaviour }));
        let message = message("naïve text with some length");
        match MessageFilter::check(&plugin, &message) {
            Verdict::Redact(edits) => applied(&message.text, &edits),
            verdict => panic!("{behaviour} answers {verdict:?}"),
        }
    }

    #[test]
    fn it_behaves_by_default() {
        let plugin: Hostile = configured(json!({}));
        assert_allows(MessageFilter::check(&plugin, &message("hostile: block")));
    }

    #[test]
    fn it_obeys_the_text_when_it_is_told_to() {
        let plugin: Hostile = configured(json!({ "obey": true }));
        assert_blocks(MessageFilter::check(&plugin, &message("hostile: block")), "hostile");
        assert_allows(MessageFilter::check(&plugin, &message("hostile: no-such-thing")));
    }

    #[test]
    fn every_bad_redaction_is_one_that_the_host_refuses() {
        for behaviour in [
            "edits-out-of-order",
            "edits-overlapping",
            "edits-inside-a-character",
            "edits-past-the-end",
            "edits-backwards",
            "edits-too-many",
            "edits-none",
            "edits-too-long",
        ] {
            assert!(redaction(behaviour).is_err(), "{behaviour}");
        }
        assert!(redaction("redact").is_ok());
    }

    #[test]
    fn it_can_refuse_its_configuration_with_too_many_errors() {
        assert_eq!(refused::<Hostile>(json!({ "behaviour": "configure-refuse" }))[0].path, "/behaviour");
    }

    #[test]
    fn every_behaviour_is_in_the_schema() {
        let behaviours = schema::<Hostile>()["properties"]["behaviour"].to_string();
        for behaviour in ["trap", "slow", "configure-loop", "log-flood", "read-too-much"] {
            assert!(behaviours.contains(behaviour), "{behaviour}");
        }
    }
}
