-- From which addresses people and programs may come in.

CREATE TABLE address_rules (
    account_id {text} NOT NULL REFERENCES accounts (id),
    id {text} NOT NULL,
    net {text} NOT NULL,
    action {text} NOT NULL,
    roles {text} NOT NULL,
    doors {text} NOT NULL,
    comment {text} NOT NULL,
    expires_at {int},
    PRIMARY KEY (account_id, id)
) {clustered};
