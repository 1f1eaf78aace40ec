-- The token by which a token was made, which it ends with; '': made by a person, or before this was kept.
ALTER TABLE api_tokens ADD COLUMN made_by {text} NOT NULL DEFAULT '';
CREATE INDEX api_tokens_by_maker ON api_tokens (account_id, made_by);
