-- What an installation in shadow said of live messages, beside what was enforced: counted by day (its beginning in UTC, in ms).
-- `variant` tells one version and configuration of the installation from another, so that figures of both are never added up.
-- Both tables refer to their account only: like decisions, they outlive the installation.
CREATE TABLE shadow_counts (
    account_id {text} NOT NULL REFERENCES accounts (id),
    installation_id {text} NOT NULL,
    variant {text} NOT NULL,
    day {int} NOT NULL,
    enforced {text} NOT NULL,
    shadow {text} NOT NULL,
    messages {int} NOT NULL,
    failures {int} NOT NULL,
    PRIMARY KEY (account_id, installation_id, variant, day, enforced, shadow)
) {clustered};

-- The messages about which both said something else. `decision_id` is that of the shadow decision.
CREATE TABLE shadow_differences (
    account_id {text} NOT NULL REFERENCES accounts (id),
    installation_id {text} NOT NULL,
    variant {text} NOT NULL,
    decision_id {text} NOT NULL,
    message_id {text} NOT NULL,
    conversation_id {text},
    enforced {text} NOT NULL,
    shadow {text} NOT NULL,
    PRIMARY KEY (account_id, installation_id, variant, decision_id)
) {clustered};
