//! Questions that filters often ask of a message.

use crate::{Direction, Link, Message, Role};

impl Message {
    /// Whether it was written by the client, to the account.
    ///
    /// ```
    /// assert!(sluice_plugin::testing::message("hello").incoming().is_incoming());
    /// ```
    pub fn is_incoming(&self) -> bool {
        self.direction == Direction::Incoming
    }

    /// Whether it was written by the account's people or programs, to the client.
    ///
    /// ```
    /// assert!(sluice_plugin::testing::message("hello").outgoing().is_outgoing());
    /// ```
    pub fn is_outgoing(&self) -> bool {
        self.direction == Direction::Outgoing
    }

    /// Whether its author has one of `roles`.
    ///
    /// ```
    /// use sluice_plugin::{Role, testing::message};
    /// assert!(message("hello").from_client("Ann").is_from(&[Role::Client]));
    /// ```
    pub fn is_from(&self, roles: &[Role]) -> bool {
        roles.contains(&self.author.role)
    }
}

impl Link {
    /// Whether the link leads to `domain` or to a name below it. `domain` in lower case, in `xn--` form when international.
    ///
    /// ```
    /// let link = sluice_plugin::testing::link("https://shop.example.com/a", "shop.example.com", "example.com");
    /// assert!(link.leads_to("example.com"));
    /// assert!(!link.leads_to("ample.com"));
    /// ```
    pub fn leads_to(&self, domain: &str) -> bool {
        self.host.strip_suffix(domain).is_some_and(|above| above.is_empty() || above.ends_with('.'))
    }
}
