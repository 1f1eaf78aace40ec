//! When a message begins a request. What a request is is said in the domain.

use sluice_domain::{conversation::begins_request, id::RequestId, verdict::State};
use sluice_storage::{Account, MessageRow};

use crate::{
    AppError,
    events::{self, Change},
};

/// Notes a message that was just inserted: its conversation has a newer one, and perhaps a request, which is `new` then.
pub(crate) fn note_message(rows: &mut Account<'_>, message: &MessageRow, new: RequestId) -> Result<(), AppError> {
    if message.state == State::Blocked {
        return Ok(());
    }
    let noted = rows.note_message(message.conversation_id, message.seq)?;
    let (state, request) = noted.ok_or(AppError::Internal("noting a message"))?;
    if begins_request(state, request.is_some(), message.direction, message.state) {
        rows.open_request(new, message.conversation_id, message.created_at)?;
        events::announce(rows, message.conversation_id, Change::Something, message.created_at)?;
    }
    Ok(())
}
