//! How access rules answer, in words shorter than the generated types'.

use crate::{Access, AccessRequest, Reason, Role};

impl Access {
    /// Let in only with a second factor. `code` is for programs (1 to 64 of `a-z 0-9 . _ -`), `text` for the person.
    ///
    /// ```
    /// use sluice_plugin::Access;
    /// assert_eq!(Access::challenge("new-country", "Please confirm that it is you.").code(), Some("new-country"));
    /// ```
    pub fn challenge(code: impl Into<String>, text: impl Into<String>) -> Self {
        Self::Challenge(Reason::new(code, text))
    }

    /// Do not let in.
    ///
    /// ```
    /// use sluice_plugin::Access;
    /// assert_eq!(Access::deny("office-hours", "The office is closed.").code(), Some("office-hours"));
    /// ```
    pub fn deny(code: impl Into<String>, text: impl Into<String>) -> Self {
        Self::Deny(Reason::new(code, text))
    }

    /// The reason's code, when there is a reason.
    ///
    /// ```
    /// assert_eq!(sluice_plugin::Access::Allow.code(), None);
    /// ```
    pub fn code(&self) -> Option<&str> {
        match self {
            Self::Allow => None,
            Self::Challenge(reason) | Self::Deny(reason) => Some(&reason.code),
        }
    }
}

impl AccessRequest {
    /// Whether the request comes from one of `roles`.
    ///
    /// ```
    /// use sluice_plugin::{Role, testing::log_in};
    /// assert!(log_in(Role::Operator).is_from(&[Role::Operator, Role::Supervisor]));
    /// ```
    pub fn is_from(&self, roles: &[Role]) -> bool {
        roles.contains(&self.who.role)
    }
}
