//! The two demo accounts, as the server wrote their credentials to `demo.json`.

use std::{io::ErrorKind, path::Path};

use anyhow::{Context, anyhow};
use secrecy::SecretString;
use serde::Deserialize;
use sluice_domain::message::Direction;

use super::api::Account;
use crate::trust;

#[derive(Debug, Deserialize)]
struct Team {
    administrator: Member,
    operator: Member,
}

#[derive(Debug, Deserialize)]
struct Member {
    api_token: SecretString,
}

#[derive(Debug, Deserialize)]
struct File {
    url: String,
    #[serde(flatten)]
    with_plugins: Team,
    without_plugins: Team,
}

/// The demo accounts of a running server.
#[derive(Debug)]
pub(super) struct DemoAccounts {
    http: reqwest::Client,
    file: File,
}

impl DemoAccounts {
    /// Reads `demo.json` in `data`; `url` goes before the address in it.
    pub(super) fn load(data: &Path, url: Option<&str>) -> anyhow::Result<Self> {
        let path = data.join("demo.json");
        let bytes = std::fs::read(&path).map_err(|error| match error.kind() {
            ErrorKind::NotFound => anyhow!(
                "{} is not there: start the server with `make run`, or name its data folder with --data",
                path.display()
            ),
            _ => anyhow!(error).context(format!("reading {}", path.display())),
        })?;
        let mut file: File = serde_json::from_slice(&bytes)
            .with_context(|| format!("{} is not what the server wrote", path.display()))?;
        if let Some(url) = url {
            url.clone_into(&mut file.url);
        }
        file.url.truncate(file.url.trim_end_matches('/').len());
        // The server is on this machine or where the user said: a proxy between would only be in the way.
        let http =
            reqwest::Client::builder().no_proxy().tls_backend_preconfigured(trust::client_config(None)?).build()?;
        Ok(Self { http, file })
    }

    /// Where the server is.
    pub(super) fn url(&self) -> &str {
        &self.file.url
    }

    /// The account with the example plugins, as the one who sends in `direction`.
    pub(super) fn with_plugins(&self, direction: Direction) -> Account {
        self.account(&self.file.with_plugins, direction)
    }

    /// The account without plugins, as the one who sends in `direction`.
    pub(super) fn without_plugins(&self, direction: Direction) -> Account {
        self.account(&self.file.without_plugins, direction)
    }

    /// What clients write is brought in by a program of the administrator's, what goes to them comes from the operator.
    fn account(&self, team: &Team, direction: Direction) -> Account {
        let member = match direction {
            Direction::Incoming => &team.administrator,
            Direction::Outgoing => &team.operator,
        };
        Account::new(self.http.clone(), self.file.url.clone(), member.api_token.clone(), direction)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(content: &str) -> tempfile::TempDir {
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::write(folder.path().join("demo.json"), content).expect("written");
        folder
    }

    const TEAM: &str = r#""administrator": {"email": "a", "password": "p", "api_token": "t"},
        "supervisor": {"email": "s", "password": "p", "api_token": "t"},
        "operator": {"email": "o", "password": "p", "api_token": "t"}"#;

    #[test]
    fn without_demo_json_the_error_says_how_to_get_it() {
        let folder = tempfile::tempdir().expect("a folder");
        let error = DemoAccounts::load(folder.path(), None).expect_err("nothing there");
        assert!(error.to_string().contains("make run"), "{error}");
    }

    #[test]
    fn an_address_that_is_given_goes_before_the_one_in_the_file() {
        let folder = written(&format!(r#"{{{TEAM}, "url": "http://127.0.0.1:1/", "without_plugins": {{{TEAM}}}}}"#));
        let load = |url| DemoAccounts::load(folder.path(), url).expect("loads");
        assert_eq!(load(None).url(), "http://127.0.0.1:1");
        assert_eq!(load(Some("http://127.0.0.1:2/")).url(), "http://127.0.0.1:2");
    }

    #[test]
    fn a_file_of_another_kind_is_named() {
        let folder = written("[]");
        let error = DemoAccounts::load(folder.path(), None).expect_err("refused");
        assert!(error.to_string().contains("demo.json"), "{error}");
    }
}
