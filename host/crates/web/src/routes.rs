//! One module a resource, one function an operation.

use utoipa::{
    Modify,
    openapi::{
        OpenApi,
        security::{ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityScheme},
    },
};

pub(crate) mod addresses;
pub(crate) mod answer_templates;
pub(crate) mod attachments;
pub(crate) mod audit;
pub(crate) mod catalogue;
pub(crate) mod chain;
pub(crate) mod clients;
pub(crate) mod comments;
pub(crate) mod comparison;
pub(crate) mod conversations;
pub(crate) mod decisions;
pub(crate) mod events;
pub(crate) mod filters;
pub(crate) mod groups;
pub(crate) mod health;
pub(crate) mod installations;
pub(crate) mod library;
pub(crate) mod lists;
pub(crate) mod messages;
pub(crate) mod own;
pub(crate) mod people;
pub(crate) mod platform;
pub(crate) mod plugins;
pub(crate) mod policy;
pub(crate) mod preview;
pub(crate) mod publishers;
pub(crate) mod quotas;
pub(crate) mod reading;
pub(crate) mod reviews;
pub(crate) mod search;
pub(crate) mod second_factors;
pub(crate) mod security;
pub(crate) mod sessions;
pub(crate) mod support;
pub(crate) mod tags;
pub(crate) mod tokens;

const SESSION: &str = "The session that POST /api/v1/sessions gave. Where the server is reached by HTTPS, the cookie's name is \
                       `__Host-sluice_session`.";

/// How a caller shows who it is, for the OpenAPI document.
pub(crate) struct Security;

impl Modify for Security {
    fn modify(&self, document: &mut OpenApi) {
        let components = document.components.get_or_insert_default();
        let token = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).description(Some("An API token.")).build();
        components.add_security_scheme("token", SecurityScheme::Http(token));
        let cookie = ApiKeyValue::with_description(crate::extract::COOKIE, SESSION);
        components.add_security_scheme("session", SecurityScheme::ApiKey(ApiKey::Cookie(cookie)));
    }
}
