//! From the administrator's JSON to the author's type, with errors that say where.

use schemars::{JsonSchema, generate::SchemaSettings};
use serde::de::DeserializeOwned;
use serde_path_to_error::{Path, Segment};

use crate::{
    ConfigError,
    limits::{CONFIG_ERROR_BYTES, CONFIG_ERRORS, cut},
};

/// What is wrong with a configuration: each error with a JSON Pointer to the value that is wrong, and one sentence that
/// tells the administrator what to write instead.
///
/// ```
/// use sluice_plugin::ConfigErrors;
///
/// let mut errors = ConfigErrors::default();
/// errors.push("/hours/0/to", "must be a time of day, such as 18:00");
/// assert!(errors.into_result().is_err());
/// assert!(ConfigErrors::default().into_result().is_ok());
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ConfigErrors(Vec<ConfigError>);

impl ConfigErrors {
    /// One error, at `path`: a JSON Pointer such as `/lists/0/words/3`, empty for the whole configuration.
    ///
    /// ```
    /// let errors = sluice_plugin::ConfigErrors::at("/longest", "must be at least 1");
    /// assert_eq!(errors.iter().next().map(|error| error.path.as_str()), Some("/longest"));
    /// ```
    pub fn at(path: impl Into<String>, message: impl AsRef<str>) -> Self {
        let mut errors = Self::default();
        errors.push(path, message);
        errors
    }

    /// Adds an error. The 65th and later ones are dropped, and what is longer than 1,024 bytes is cut.
    ///
    /// ```
    /// let mut errors = sluice_plugin::ConfigErrors::default();
    /// errors.push("", "at least one list is needed");
    /// assert_eq!(errors.iter().count(), 1);
    /// ```
    pub fn push(&mut self, path: impl Into<String>, message: impl AsRef<str>) {
        if self.0.len() < CONFIG_ERRORS {
            let message = cut(message.as_ref(), CONFIG_ERROR_BYTES).to_owned();
            self.0.push(ConfigError { path: path.into(), message });
        }
    }

    /// Whether nothing is wrong.
    ///
    /// ```
    /// assert!(sluice_plugin::ConfigErrors::default().is_empty());
    /// ```
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The errors, in the order in which they were found.
    ///
    /// ```
    /// assert_eq!(sluice_plugin::ConfigErrors::at("", "no").iter().count(), 1);
    /// ```
    pub fn iter(&self) -> impl Iterator<Item = &ConfigError> {
        self.0.iter()
    }

    /// `Ok` when nothing is wrong: for `?` at the end of the checks.
    ///
    /// ```
    /// assert_eq!(sluice_plugin::ConfigErrors::default().into_result(), Ok(()));
    /// ```
    pub fn into_result(self) -> Result<(), Self> {
        if self.0.is_empty() { Ok(()) } else { Err(self) }
    }
}

impl From<ConfigErrors> for Vec<ConfigError> {
    fn from(errors: ConfigErrors) -> Self {
        errors.0
    }
}

/// The JSON Schema of a configuration: draft 2020-12, with every part in its place instead of in `$defs`, because a
/// form is made of it.
pub(crate) fn schema<C: JsonSchema>() -> String {
    let settings = SchemaSettings::draft2020_12().with(|settings| settings.inline_subschemas = true);
    settings.into_generator().into_root_schema_for::<C>().to_value().to_string()
}

/// Reads a configuration.
pub(crate) fn parse<C: DeserializeOwned>(json: &str) -> Result<C, ConfigErrors> {
    let mut deserializer = serde_json::Deserializer::from_str(json);
    let config = serde_path_to_error::deserialize(&mut deserializer).map_err(|error| {
        let path = pointer(error.path());
        ConfigErrors::at(path, without_position(error.inner()))
    })?;
    deserializer.end().map_err(|error| ConfigErrors::at("", without_position(&error)))?;
    Ok(config)
}

/// A JSON Pointer (RFC 6901), as far as the path is known.
fn pointer(path: &Path) -> String {
    let mut pointer = String::new();
    for segment in path {
        let name = match segment {
            Segment::Seq { index } => index.to_string(),
            Segment::Map { key } => key.replace('~', "~0").replace('/', "~1"),
            Segment::Enum { variant } => variant.replace('~', "~0").replace('/', "~1"),
            Segment::Unknown => break,
        };
        pointer.push('/');
        pointer.push_str(&name);
    }
    pointer
}

/// The error's text without its line and column: the administrator fills in a form and never sees the JSON.
fn without_position(error: &serde_json::Error) -> String {
    let mut text = error.to_string();
    if error.line() > 0
        && let Some(at) = text.rfind(" at line ")
    {
        text.truncate(at);
    }
    text
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    #[derive(Debug, Deserialize, JsonSchema)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "only its shape is read")]
    struct Config {
        /// # Lists
        /// What to look for.
        lists: Vec<List>,
    }

    #[derive(Debug, Deserialize, JsonSchema)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "only its shape is read")]
    struct List {
        words: Vec<String>,
    }

    fn error(json: &str) -> (String, String) {
        let errors = Vec::from(parse::<Config>(json).unwrap_err());
        (errors[0].path.clone(), errors[0].message.clone())
    }

    #[test]
    fn an_error_says_where_it_is() {
        let (path, message) = error(r#"{"lists": [{"words": ["a"]}, {"words": ["b", 3]}]}"#);
        assert_eq!(path, "/lists/1/words/1");
        assert_eq!(message, "invalid type: integer `3`, expected a string");
    }

    #[test]
    fn an_error_of_the_whole_configuration_has_an_empty_path() {
        assert_eq!(error("{}"), (String::new(), "missing field `lists`".to_owned()));
        assert_eq!(error(r#"{"lists": []} {}"#).0, "");
    }

    #[test]
    fn a_pointer_escapes_what_rfc_6901_escapes() {
        assert_eq!(error(r#"{"a/b~c": 1}"#).0, "/a~1b~0c");
    }

    #[test]
    fn the_schema_has_titles_and_no_reference() {
        let schema: serde_json::Value = serde_json::from_str(&schema::<Config>()).unwrap();
        assert_eq!(schema["$schema"], "https://json-schema.org/draft/2020-12/schema");
        assert_eq!(schema["properties"]["lists"]["title"], "Lists");
        assert_eq!(schema["properties"]["lists"]["description"], "What to look for.");
        assert!(!schema.to_string().contains("$ref"));
    }
}
