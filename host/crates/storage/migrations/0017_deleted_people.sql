-- Who was deleted could come back by a change of the password that was going on at that moment, with the role of before. Nobody else has
-- such an address.
UPDATE people SET name = '', role = 'operator', permissions = '[]', status = 'deleted', password_hash = ''
 WHERE status = 'deleted' OR email = lower(id) || '@deleted.invalid';

UPDATE sessions SET ended = 'person-disabled'
 WHERE ended IS NULL
   AND EXISTS (SELECT 1 FROM people p WHERE p.account_id = sessions.account_id AND p.id = sessions.person_id AND p.status = 'deleted');

UPDATE api_tokens SET revoked_at = created_at, previous_hash = NULL
 WHERE revoked_at IS NULL
   AND EXISTS (SELECT 1 FROM people p WHERE p.account_id = api_tokens.account_id AND p.id = api_tokens.created_by AND p.status = 'deleted');
