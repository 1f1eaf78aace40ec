//! Limits of what everybody on the server shares, as whoever runs it sets them.

use std::collections::BTreeMap;

use anyhow::Context;
use sluice_domain::server_limits::ServerLimits;

/// One limit of the command line or the environment: `NAME=NUMBER`.
#[derive(Debug, Clone)]
pub(crate) struct LimitArg {
    name: String,
    value: u64,
}

impl std::str::FromStr for LimitArg {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wanted = || format!("`{text}`: write NAME=NUMBER, as in connections=1000");
        let (name, value) = text.split_once('=').ok_or_else(wanted)?;
        let value = value.trim().parse().map_err(|_| wanted())?;
        Ok(Self { name: name.trim().to_owned(), value })
    }
}

/// The usual limits, but for those of the file, but for those of the command line or the environment.
pub(crate) fn limits(args: &[LimitArg], file: &BTreeMap<String, u64>) -> anyhow::Result<ServerLimits> {
    let mut limits = ServerLimits::default();
    for (name, value) in file {
        limits.set(name, *value).context("in the configuration file's [limits]")?;
    }
    for LimitArg { name, value } in args {
        limits.set(name, *value).context("in SLUICE_LIMITS or --limit")?;
    }
    Ok(limits)
}

/// All limits as a table in Markdown.
pub(crate) fn table() -> String {
    let mut table = String::from("| limit | what it bounds | usual | may be |\n|---|---|---|---|\n");
    for limit in ServerLimits::ALL {
        let row = format!(
            "| `{}` | {} | {} | {} to {} |\n",
            limit.name,
            limit.sentence.trim(),
            limit.usual,
            limit.least,
            limit.most
        );
        table.push_str(&row);
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_goes_before_the_file() {
        let file = BTreeMap::from([("connections".to_owned(), 500), ("connections_per_address".to_owned(), 50)]);
        let args = ["connections=600".parse::<LimitArg>().expect("a limit")];
        let limits = limits(&args, &file).expect("limits");
        assert_eq!((limits.connections, limits.connections_per_address), (600, 50));
    }

    #[test]
    fn a_mistyped_limit_is_an_error_that_says_where_all_are_listed() {
        assert!("connections".parse::<LimitArg>().is_err());
        let file = BTreeMap::from([("conections".to_owned(), 500)]);
        let error = limits(&[], &file).expect_err("refused");
        assert!(format!("{error:#}").contains("sluice limits"), "{error:#}");
    }

    #[test]
    fn the_documentation_lists_every_limit_as_it_is() {
        let page =
            std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/limits.md")).expect("the page");
        assert!(page.contains(&table()), "put what `sluice limits` prints into docs/limits.md");
    }
}
