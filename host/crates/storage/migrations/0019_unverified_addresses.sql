-- Who was invited and has set no password has not shown that the address is theirs: it stands here, and keeps nobody of another account from it.
-- In `email` stands what nobody can have, until there is a password.

ALTER TABLE people ADD COLUMN unverified_email {text};
UPDATE people SET unverified_email = email, email = id || '@unverified.invalid'
    WHERE password_hash = '' AND status <> 'deleted';
CREATE INDEX people_by_unverified_email ON people (unverified_email);
