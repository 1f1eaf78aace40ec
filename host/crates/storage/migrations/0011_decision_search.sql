-- Who wrote the message that a decision is about, or asked to be let in. NULL where nobody knows any more.
ALTER TABLE decisions ADD COLUMN author_id {text};
UPDATE decisions SET author_id =
    (SELECT m.author_id FROM messages m WHERE m.account_id = decisions.account_id AND m.id = decisions.message_id);
CREATE INDEX decisions_by_author ON decisions (account_id, author_id, id);

-- Nearly every decision is `allow`, about a message, and in force: what is none of that is found and counted by indexes of its own, and
-- the others pay nothing for it. The column that is the same in all of an index is in it because SQLite would read the row for it, and
-- stands last because PostgreSQL, which knows what it must be, would not look it up.
CREATE INDEX decisions_by_verdict ON decisions (account_id, verdict, id, shadow) WHERE verdict <> 'allow';
CREATE INDEX decisions_in_shadow ON decisions (account_id, id, shadow) WHERE shadow = 1;
CREATE INDEX decisions_about_access ON decisions (account_id, id, subject) WHERE subject = 'access';

-- So that what a rule said is counted without reading the decisions.
ALTER TABLE decision_rules ADD COLUMN shadow {int} NOT NULL DEFAULT 0;
UPDATE decision_rules SET shadow =
    (SELECT d.shadow FROM decisions d WHERE d.account_id = decision_rules.account_id AND d.id = decision_rules.decision_id);

-- Labels of flags and codes of reasons, with how the decision came out: never `allow`.
CREATE TABLE decision_labels (
    account_id {text} NOT NULL,
    label {text} NOT NULL,
    decision_id {text} NOT NULL,
    verdict {text} NOT NULL,
    shadow {int} NOT NULL,
    PRIMARY KEY (account_id, label, decision_id),
    FOREIGN KEY (account_id, decision_id) REFERENCES decisions (account_id, id)
) {clustered};
