//! Attachments: taken in as they come, looked into, given out again to those who may see their message.

use std::{
    collections::BTreeSet,
    fs::File,
    io::{Seek as _, SeekFrom},
    sync::Arc,
    time::{Duration, SystemTime},
};

use sluice_domain::{
    content::{self, Category, Findings},
    digest::{Digest, Hasher},
    id::{AccountId, AttachmentId, ConversationId, MessageId},
    limits,
    message::{Actor, Attachment, Direction, Message, Role},
    permission::{Permission, Reach},
    text::is_blank,
    time::Timestamp,
    visibility::{self, Visibility},
};
use sluice_storage::{Account, AttachmentRow, ConversationRow, NewBlob, Reader, StorageError, Tx};

use crate::{
    App, AppError, caller::Caller, chain::Chain, conversations::reached, evaluators::Share, store::By,
    uploads::UploadPlace,
};

/// How much of an upload is gathered before it goes to the disk, in bytes.
const PIECE_BYTES: usize = 256 << 10;

/// How much accounts may upload, as whoever runs the server says.
#[derive(Debug, Clone, Copy)]
pub struct AttachmentLimits {
    /// One attachment, in bytes.
    pub largest: u64,
    /// All attachments of an account, in bytes.
    pub total: u64,
}

impl Default for AttachmentLimits {
    fn default() -> Self {
        Self { largest: 2 << 30, total: 100 << 30 }
    }
}

/// A file that somebody wants to upload.
#[derive(Debug, Clone)]
pub struct NewAttachment {
    /// As the sender calls it: 1 to 255 characters, without control characters.
    pub name: String,
    /// The media type that the sender claims; may be empty.
    pub declared_type: String,
    /// To the client, when not said.
    pub direction: Option<Direction>,
    /// Where it is to be sent; the account's rules can be asked about it before it has arrived then.
    pub conversation: Option<ConversationId>,
    /// Whether the sender says that it is a voice message.
    pub voice: bool,
    /// How large the sender says that it is, in bytes.
    pub announced: Option<u64>,
}

/// An upload that goes on. What was uploaded is gone when this is dropped before it is finished.
pub struct AttachmentUpload {
    app: App,
    caller: Caller,
    /// Which conversations the uploader reaches for it.
    reader: Reader,
    row: NewAttachment,
    direction: Direction,
    /// The message that it would go with, for the rules.
    stub: Message,
    chain: Arc<Chain>,
    writing: Option<Writing>,
    /// Gathered, not written yet.
    piece: Vec<u8>,
    size: u64,
    /// How much may be written, in bytes.
    room: u64,
    _place: UploadPlace,
}

/// What is written so far.
struct Writing {
    blob: NewBlob,
    hasher: Hasher,
    /// What the first bytes, and who sends them, say that it can turn out to be.
    categories: BTreeSet<Category>,
    size: u64,
}

impl App {
    /// Begins an upload.
    ///
    /// # Errors
    /// [`AppError::Forbidden`]; [`AppError::NotFound`] for the conversation; [`AppError::Invalid`] for the name or the type; [`AppError::AttachmentTooLarge`], [`AppError::Quota`] and [`AppError::AttachmentRefused`] for what was announced; [`AppError::Busy`].
    pub async fn begin_attachment(&self, caller: &Caller, new: NewAttachment) -> Result<AttachmentUpload, AppError> {
        let direction = new.direction.unwrap_or(Direction::Outgoing);
        let reader = self.sender(caller, direction)?;
        check_name(&new.name)?;
        check_type(&new.declared_type)?;
        let place = self.inner.files.begin(caller.account).ok_or(AppError::Busy)?;
        let (account, conversation) = (caller.account, new.conversation);
        let (used, at) = self
            .inner
            .database
            .read(move |tx| {
                let mut rows = tx.account(account);
                let at = match conversation {
                    None => None,
                    Some(id) => Some(rows.conversation(id, reader)?.ok_or(AppError::NotFound("conversation"))?),
                };
                Ok::<_, AppError>((rows.attachment_bytes()?, at))
            })
            .await?;
        let left = self.inner.attachment_limits.total.saturating_sub(used);
        let upload = AttachmentUpload {
            app: self.clone(),
            caller: caller.clone(),
            reader,
            direction,
            stub: self.stub(caller, direction, at.as_ref()),
            chain: self.chain(account, caller.chain_version).await?,
            writing: None,
            piece: Vec::new(),
            size: 0,
            room: left.min(self.inner.attachment_limits.largest),
            row: new,
            _place: place,
        };
        upload.check_size(upload.row.announced.unwrap_or(0))?;
        Ok(upload)
    }

    /// An attachment's content, at its start, for whoever may see the message that it went with; before that, for who uploaded it.
    ///
    /// # Errors
    /// [`AppError::Forbidden`]; [`AppError::NotFound`] for one that is not there or not for the caller to see.
    pub async fn attachment(&self, caller: &Caller, id: AttachmentId) -> Result<(Attachment, File), AppError> {
        if caller.require(Permission::WriteAsClient).is_err() {
            caller.reader()?;
        }
        let (account, asked) = (caller.account, caller.clone());
        let attachment = self
            .inner
            .database
            .read(move |tx| {
                let mut rows = tx.account(account);
                seen(&mut rows, &asked, id)
            })
            .await?;
        let blobs = self.inner.blobs.clone();
        let file = blocking(move || Ok(blobs.attachment(account, id)?)).await?;
        file.map(|file| (attachment, file)).ok_or(AppError::Internal("finding the content of an attachment"))
    }

    /// Who may send in a direction, and which conversations they reach for it.
    pub(crate) fn sender(&self, caller: &Caller, direction: Direction) -> Result<Reader, AppError> {
        match direction {
            Direction::Incoming => {
                caller.require(Permission::WriteAsClient)?;
                Ok(Reader { person: caller.person, reach: Reach::All })
            }
            Direction::Outgoing => caller.reader(),
        }
    }

    /// Files that the caller uploaded, or may see, for a message that is not sent.
    pub(crate) async fn uploaded(&self, caller: &Caller, ids: Vec<AttachmentId>) -> Result<Vec<Attachment>, AppError> {
        let asked = caller.clone();
        self.inner
            .database
            .read(move |tx| {
                let mut rows = tx.account(asked.account);
                ids.into_iter().map(|id| seen(&mut rows, &asked, id)).collect()
            })
            .await
    }

    /// Removes attachments that were uploaded before `before` and never sent. Gives how many.
    pub(crate) async fn remove_unsent(&self, before: Timestamp) -> Result<u64, AppError> {
        let mut removed = 0;
        loop {
            let unsent =
                self.inner.database.read(move |tx| Ok::<_, AppError>(tx.unsent_attachments(before, 100)?)).await?;
            let mut progress = false;
            for (account, id) in unsent {
                match self.remove_one_unsent(account, id).await {
                    Ok(gone) => (progress, removed) = (true, removed + u64::from(gone)),
                    Err(error) => tracing::warn!(attachment = %id, %error, "an unsent attachment was not removed"),
                }
            }
            if !progress {
                return Ok(removed);
            }
        }
    }

    async fn remove_one_unsent(&self, account: AccountId, id: AttachmentId) -> Result<bool, AppError> {
        // The row first: what has no row can be sent by nobody.
        let delete = move |tx: &mut Tx<'_>| Ok::<_, AppError>(tx.account(account).delete_unsent_attachment(id)?);
        let gone = self.inner.database.write(By::server(account), delete).await?;
        if gone {
            let blobs = self.inner.blobs.clone();
            blocking(move || Ok(blobs.remove_attachment(account, id)?)).await?;
        }
        Ok(gone)
    }

    /// Removes what uploads left that ended with their server, a day after it was written: parts of contents, and contents that have no
    /// row. Gives how many.
    pub(crate) async fn remove_left_over(&self, now: Timestamp) -> Result<u64, AppError> {
        let now = SystemTime::UNIX_EPOCH + Duration::from_millis(now.millis().unsigned_abs());
        let day = Duration::from_hours(24);
        let blobs = self.inner.blobs.clone();
        let mut removed = blocking(move || Ok(blobs.remove_unfinished(now, day)?)).await?;
        for account in self.inner.database.read(|tx| Ok::<_, AppError>(tx.accounts()?)).await? {
            let (account, blobs) = (account.id, self.inner.blobs.clone());
            let old = blocking(move || Ok(blobs.old_attachments(account, now, day)?)).await?;
            for ids in old.chunks(1_000).map(<[_]>::to_vec) {
                let without_row = move |tx: &mut Tx<'_>| {
                    let mut rows = tx.account(account);
                    let mut found = Vec::new();
                    for id in ids {
                        if rows.attachment(id)?.is_none() {
                            found.push(id);
                        }
                    }
                    Ok::<_, AppError>(found)
                };
                let left_over = self.inner.database.read(without_row).await?;
                removed += left_over.len() as u64;
                let blobs = self.inner.blobs.clone();
                let remove =
                    move || left_over.into_iter().try_for_each(|id| blobs.remove_attachment(account, id).map(drop));
                blocking(move || Ok(remove()?)).await?;
            }
        }
        Ok(removed)
    }

    async fn keep_attachment(
        &self,
        caller: &Caller,
        reader: Reader,
        blob: NewBlob,
        row: AttachmentRow,
    ) -> Result<(), AppError> {
        let (account, id, total) = (caller.account, row.attachment.id, self.inner.attachment_limits.total);
        blocking(move || Ok(blob.keep(account, id)?)).await?;
        let written = self
            .inner
            .database
            .write(caller, move |tx| {
                let mut rows = tx.account(account);
                // Uploads take their time: the conversation may be somebody else's by now.
                row.conversation_id.map_or(Ok(()), |place| reached(&mut rows, place, reader))?;
                rows.insert_attachment(&row)?;
                // Of uploads that went on at once, the last ones may be too many.
                if rows.attachment_bytes()? > total { Err(NO_ROOM) } else { Ok(()) }
            })
            .await;
        match written {
            // It may have a row: if not, it is found by that later.
            Ok(()) | Err(AppError::Storage(StorageError::OutcomeUnknown)) => written,
            Err(error) => {
                let blobs = self.inner.blobs.clone();
                blocking(move || Ok(blobs.remove_attachment(account, id)?)).await?;
                Err(error)
            }
        }
    }

    /// A message without text, as the rules would see it with a file that is still on its way.
    fn stub(&self, caller: &Caller, direction: Direction, at: Option<&ConversationRow>) -> Message {
        let now = self.now();
        let author = match (direction, at) {
            (Direction::Outgoing, _) => caller.actor(),
            (Direction::Incoming, Some(at)) => client_of(at),
            (Direction::Incoming, None) => Actor { id: String::new(), role: Role::Client, name: String::new() },
        };
        Message {
            id: MessageId::new(now, self.random()),
            direction,
            transport: at.map(|at| at.transport.clone()).unwrap_or_default(),
            channel: at.map(|at| at.channel.clone()).unwrap_or_default(),
            conversation: at.map(|at| at.id),
            group: at.and_then(|at| at.assignment.group),
            author,
            text: String::new(),
            links: Vec::new(),
            attachments: Vec::new(),
            sent_at: now,
        }
    }
}

/// The client of a conversation, as the author of what it writes.
pub(crate) fn client_of(at: &ConversationRow) -> Actor {
    Actor { id: at.client_id.to_string(), role: Role::Client, name: at.client_name.clone() }
}

/// An attachment that the caller may see.
fn seen(rows: &mut Account<'_>, caller: &Caller, id: AttachmentId) -> Result<Attachment, AppError> {
    let row = rows.attachment(id)?.ok_or(AppError::NotFound("attachment"))?;
    let is_seen = match row.message_id {
        None => row.uploaded_by == caller.actor().id,
        Some(message) => may_see(rows, caller, message)?,
    };
    if is_seen { Ok(row.attachment) } else { Err(AppError::NotFound("attachment")) }
}

/// Whether the caller sees a message whole, as one of the account's people or as what carries messages to the client.
fn may_see(rows: &mut Account<'_>, caller: &Caller, message: MessageId) -> Result<bool, AppError> {
    let Some(row) = rows.message(message)? else { return Ok(false) };
    let carries = caller.require(Permission::WriteAsClient).is_ok()
        && visibility::of_client(row.direction, row.state) == Visibility::Full;
    let reads = match caller.reader() {
        Ok(reader) => rows.message_for(message, reader)?.is_some(),
        Err(_) => false,
    };
    let sees = visibility::of(caller.permissions, row.direction, row.state) == Visibility::Full;
    Ok(carries || (reads && sees))
}

impl AttachmentUpload {
    /// Takes the next bytes.
    ///
    /// # Errors
    /// [`AppError::AttachmentTooLarge`], [`AppError::Quota`]; [`AppError::AttachmentRefused`] as soon as it is clear that the account's filter
    /// blocks a file like this one; [`AppError::Storage`].
    pub async fn push(&mut self, bytes: &[u8]) -> Result<(), AppError> {
        self.size = self.size.saturating_add(bytes.len() as u64);
        self.check_size(self.size)?;
        self.piece.extend_from_slice(bytes);
        // The filter is asked as early as it can know something.
        let enough = if self.writing.is_none() { content::HEAD_BYTES } else { PIECE_BYTES };
        if self.piece.len() >= enough { self.write().await } else { Ok(()) }
    }

    /// Looks into what was uploaded and keeps it. When this returns, it survives a power cut.
    ///
    /// # Errors
    /// As of [`AttachmentUpload::push`]; [`AppError::Invalid`] for an empty one.
    pub async fn finish(mut self) -> Result<AttachmentRow, AppError> {
        if self.size == 0 {
            return Err(AppError::invalid("body", "the file is empty: send its content as the body"));
        }
        self.write().await?;
        let Writing { mut blob, hasher, size, .. } = self.writing.take().ok_or(AppError::Internal("an upload"))?;
        let now = self.app.now();
        let id = AttachmentId::new(now, self.app.random());
        let (name, declared, voice) = (self.row.name.clone(), self.row.declared_type.clone(), self.row.voice);
        // To look into it takes a core for a while, like a rule does.
        let (blob, findings) = self
            .app
            .inner
            .evaluators
            .run(self.caller.account, Share::USUAL, move || {
                blob.content().seek(SeekFrom::Start(0))?;
                let findings = content::inspect(blob.content(), &name, &declared, voice)?;
                Ok::<_, std::io::Error>((blob, findings))
            })
            .await?
            .map_err(|_| AppError::Internal("looking into an attachment"))?;
        let attachment = attachment(id, &self.row, findings, size, hasher.finish());
        self.refused(&BTreeSet::from([attachment.category]), attachment.size)?;
        let row = AttachmentRow {
            attachment,
            direction: self.direction,
            conversation_id: self.row.conversation,
            message_id: None,
            uploaded_by: self.caller.actor().id,
            created_at: now,
        };
        // What is begun here is finished, even if the one who uploads has gone: a content without a row
        // would be found a day later only.
        let (app, kept) = (self.app.clone(), row.clone());
        let background = app.inner.background.clone();
        let keeping = background.spawn(async move {
            let done = app.keep_attachment(&self.caller, self.reader, blob, kept).await;
            // Its place is left when it is done.
            drop(self);
            done
        });
        keeping.await.map_err(|_| AppError::Internal("keeping an attachment"))??;
        Ok(row)
    }

    fn check_size(&self, size: u64) -> Result<(), AppError> {
        let largest = self.app.inner.attachment_limits.largest;
        if size > largest {
            return Err(AppError::AttachmentTooLarge { limit: largest });
        }
        if size > self.room { Err(NO_ROOM) } else { Ok(()) }
    }

    /// Writes what was gathered, and asks the filter about what has arrived.
    async fn write(&mut self) -> Result<(), AppError> {
        let piece = std::mem::take(&mut self.piece);
        let (writing, blobs) = (self.writing.take(), self.app.inner.blobs.clone());
        let (voice, name, declared) = (self.row.voice, self.row.name.clone(), self.row.declared_type.clone());
        let (writing, piece) = blocking(move || {
            let mut writing = match writing {
                Some(writing) => writing,
                None => Writing {
                    blob: blobs.begin()?,
                    hasher: Hasher::default(),
                    // Long enough, or all that there is.
                    categories: content::as_claimed(content::forecast(&piece, voice), &name, &declared),
                    size: 0,
                },
            };
            writing.blob.write(&piece)?;
            writing.hasher.update(&piece);
            writing.size += piece.len() as u64;
            Ok((writing, piece))
        })
        .await?;
        self.piece = piece;
        self.piece.clear();
        self.refused(&writing.categories, writing.size)?;
        self.writing = Some(writing);
        Ok(())
    }

    /// Refuses what the filter blocks whichever of `categories` it turns out to be of.
    fn refused(&self, categories: &BTreeSet<Category>, size: u64) -> Result<(), AppError> {
        match self.chain.refuses_upload(&self.stub, categories, size) {
            Some(reason) => Err(AppError::AttachmentRefused(reason)),
            None => Ok(()),
        }
    }
}

const NO_ROOM: AppError =
    AppError::Quota("the account has no room for more attachments: ask whoever runs the server for more");

fn attachment(id: AttachmentId, new: &NewAttachment, found: Findings, size: u64, sha256: Digest) -> Attachment {
    Attachment {
        id,
        name: new.name.clone(),
        declared_type: new.declared_type.clone(),
        detected_type: found.detected_type,
        category: found.category,
        traits: found.traits,
        size,
        sha256,
    }
}

fn check_name(name: &str) -> Result<(), AppError> {
    let fits = !is_blank(name) && name.encode_utf16().count() <= limits::FILE_NAME_UNITS;
    if !fits || name.chars().any(char::is_control) || name.contains(['/', '\\']) {
        return Err(AppError::invalid(
            "name",
            "1 to 255 characters (UTF-16 units) that show something, without slashes and control characters",
        ));
    }
    Ok(())
}

fn check_type(declared: &str) -> Result<(), AppError> {
    let fits = declared.len() <= limits::MEDIA_TYPE_BYTES && declared.bytes().all(|b| (b' '..=b'~').contains(&b));
    if fits { Ok(()) } else { Err(AppError::invalid("Content-Type", "a media type of at most 128 bytes of ASCII")) }
}

/// Work that waits for the disk, off the async threads.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, AppError> + Send + 'static,
) -> Result<T, AppError> {
    tokio::task::spawn_blocking(work).await.map_err(|_| AppError::Internal("waiting for the disk"))?
}
