-- Second factors of people: a sealed secret for time-based codes, and codes for when the device is lost.

CREATE TABLE second_factors (
    account_id {text} NOT NULL,
    person_id {text} NOT NULL,
    -- Encrypted under the server's key.
    secret {text} NOT NULL,
    created_at {int} NOT NULL,
    confirmed_at {int},
    -- The newest time step whose code was used: each is good once.
    last_step {int} NOT NULL,
    PRIMARY KEY (account_id, person_id),
    FOREIGN KEY (account_id, person_id) REFERENCES people (account_id, id)
) {clustered};

CREATE TABLE recovery_codes (
    account_id {text} NOT NULL,
    person_id {text} NOT NULL,
    code_hash {text} NOT NULL,
    PRIMARY KEY (account_id, person_id, code_hash),
    FOREIGN KEY (account_id, person_id) REFERENCES people (account_id, id)
) {clustered};
