//! Messages, attachments and access requests for tests.

use std::ops::Deref;

use crate::{AccessRequest, Actor, Attachment, AttachmentKind, Content, Direction, Link, Message, Occasion, Role};

/// A message for a test: give `&message("…")` where a `&Message` is wanted.
#[derive(Debug, Clone)]
pub struct TestMessage(Message);

/// A message with this text: incoming, from a client, over the widget, at the epoch, without links or attachments.
///
/// ```
/// let message = sluice_plugin::testing::message("hello").outgoing().from_operator("Bob").sent_at(1_767_225_600_000);
/// assert_eq!(message.author.name, "Bob");
/// ```
pub fn message(text: &str) -> TestMessage {
    TestMessage(Message {
        id: "message-1".to_owned(),
        direction: Direction::Incoming,
        transport: "widget".to_owned(),
        channel: "channel-1".to_owned(),
        conversation: "conversation-1".to_owned(),
        author: actor(Role::Client, "Client"),
        text: text.to_owned(),
        links: Vec::new(),
        attachments: Vec::new(),
        sent_at: 0,
    })
}

impl TestMessage {
    /// Written by the client, to the account.
    pub fn incoming(mut self) -> Self {
        self.0.direction = Direction::Incoming;
        self
    }

    /// Written by the account, to the client.
    pub fn outgoing(mut self) -> Self {
        self.0.direction = Direction::Outgoing;
        self
    }

    /// Written by someone of this role and name.
    pub fn from(mut self, role: Role, name: &str) -> Self {
        self.0.author = actor(role, name);
        self
    }

    /// Written by a client of this name.
    pub fn from_client(self, name: &str) -> Self {
        self.from(Role::Client, name)
    }

    /// Written by an operator of this name.
    pub fn from_operator(self, name: &str) -> Self {
        self.from(Role::Operator, name)
    }

    /// Accepted at this time: milliseconds since 1970-01-01T00:00:00Z.
    pub fn sent_at(mut self, milliseconds: u64) -> Self {
        self.0.sent_at = milliseconds;
        self
    }

    /// Travels this way: `widget`, `api`, the name of a messenger.
    pub fn over(mut self, transport: &str) -> Self {
        self.0.transport = transport.to_owned();
        self
    }

    /// With a link where `written` first stands in the text; the host finds links, so a test says what it found.
    ///
    /// ```
    /// use sluice_plugin::testing::{link, message};
    /// let message = message("see example.com/a").with_link("example.com/a", link("https://example.com/a", "example.com", "example.com"));
    /// assert_eq!((message.links[0].start, message.links[0].end), (4, 17));
    /// ```
    ///
    /// # Panics
    /// When the text does not hold `written`.
    #[track_caller]
    pub fn with_link(mut self, written: &str, mut link: Link) -> Self {
        let Some(start) = self.0.text.find(written) else { panic!("{written:?} is not in the text") };
        link.start = u32::try_from(start).unwrap_or(u32::MAX);
        link.end = u32::try_from(start + written.len()).unwrap_or(u32::MAX);
        self.0.links.push(link);
        self.0.links.sort_by_key(|link| link.start);
        self
    }

    /// With this attachment.
    pub fn with_attachment(mut self, attachment: Attachment) -> Self {
        self.0.attachments.push(attachment);
        self
    }
}

impl Deref for TestMessage {
    type Target = Message;

    fn deref(&self) -> &Message {
        &self.0
    }
}

impl From<TestMessage> for Message {
    fn from(message: TestMessage) -> Self {
        message.0
    }
}

/// A link to this URL, host and registrable domain; where it stands is [`TestMessage::with_link`]'s to say.
///
/// ```
/// assert_eq!(sluice_plugin::testing::link("https://a.example.com/", "a.example.com", "example.com").host, "a.example.com");
/// ```
pub fn link(url: &str, host: &str, registrable_domain: &str) -> Link {
    Link {
        start: 0,
        end: 0,
        url: url.to_owned(),
        host: host.to_owned(),
        registrable_domain: registrable_domain.to_owned(),
    }
}

/// An attachment with this name and content: of unknown type, with a digest of zeros. Set what a test is about.
///
/// ```
/// let (mut attachment, content) = sluice_plugin::testing::attachment("scan.png", b"\x89PNG");
/// attachment.detected_type = "image/png".to_owned();
/// assert_eq!(attachment.size, content.size());
/// ```
pub fn attachment(name: &str, content: &[u8]) -> (Attachment, Content<'static>) {
    let attachment = Attachment {
        name: name.to_owned(),
        declared_type: "application/octet-stream".to_owned(),
        detected_type: "application/octet-stream".to_owned(),
        kind: AttachmentKind::Other,
        size: content.len() as u64,
        sha256: "0".repeat(64),
    };
    (attachment, Content::from_bytes(content.to_vec()))
}

/// Someone at the door, for a test: give `&log_in(…)` where an `&AccessRequest` is wanted.
#[derive(Debug, Clone)]
pub struct TestRequest(AccessRequest);

/// Someone of this role who logs in, from 192.0.2.1, at the epoch.
///
/// ```
/// use sluice_plugin::{Occasion, Role, testing::log_in};
/// let request = log_in(Role::Operator).named("Bob").from_address("2001:db8::1").at(1_767_225_600_000);
/// assert_eq!(request.occasion, Occasion::LogIn);
/// ```
pub fn log_in(role: Role) -> TestRequest {
    TestRequest(AccessRequest {
        occasion: Occasion::LogIn,
        who: actor(role, "Someone"),
        address: "192.0.2.1".to_owned(),
        user_agent: "test".to_owned(),
        at: 0,
    })
}

impl TestRequest {
    /// On this occasion.
    pub fn on(mut self, occasion: Occasion) -> Self {
        self.0.occasion = occasion;
        self
    }

    /// By someone of this name.
    pub fn named(mut self, name: &str) -> Self {
        self.0.who.name = name.to_owned();
        self
    }

    /// From this address.
    pub fn from_address(mut self, address: &str) -> Self {
        self.0.address = address.to_owned();
        self
    }

    /// With this `User-Agent`.
    pub fn with_user_agent(mut self, user_agent: &str) -> Self {
        self.0.user_agent = user_agent.to_owned();
        self
    }

    /// At this time: milliseconds since 1970-01-01T00:00:00Z.
    pub fn at(mut self, milliseconds: u64) -> Self {
        self.0.at = milliseconds;
        self
    }
}

impl Deref for TestRequest {
    type Target = AccessRequest;

    fn deref(&self) -> &AccessRequest {
        &self.0
    }
}

fn actor(role: Role, name: &str) -> Actor {
    Actor { id: "actor-1".to_owned(), role, name: name.to_owned() }
}
