-- What a word is changed: forms of letters, scripts without spaces, groups of digits. What was indexed by the rule before would not be
-- found by the one of now, so the table is made anew, and all messages are indexed again.
DROP TABLE message_search;
{search}
