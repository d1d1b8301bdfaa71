//! What a world holds, from its export.

use std::collections::BTreeMap;

use midflight_tests::Client;
use serde_json::Value;

use crate::ledger::Transfer;

/// The content of the bank.
#[derive(Debug, Default)]
pub(crate) struct Export {
    pub(crate) state: Value,
    /// By number.
    pub(crate) balances: BTreeMap<String, i64>,
    /// By id.
    pub(crate) transfers: BTreeMap<String, Transfer>,
}

impl Export {
    /// Asks for it.
    pub(crate) fn of(client: &mut Client) -> Export {
        let answer = client.get("/-/worlds/main/export");
        assert_eq!(answer.status, 200, "{}", answer.text());
        let mut export = Export::default();
        for line in answer.text().lines() {
            let line: Value = serde_json::from_str(line).expect("each line is JSON");
            if let Some(state) = line.get("state") {
                export.state = state.clone();
            }
            let Some(row) = line.get("row") else { continue };
            let is_new = match line["table"].as_str() {
                Some("account") => {
                    let owner = row.get("owner").or(row.get("holder"));
                    let opened = row["opened"].as_f64();
                    assert!(owner == Some(&"somebody".into()) && opened > Some(1e12), "{row}");
                    export.balances.insert(text(row, "number"), number(row, "balance")).is_none()
                }
                Some("transfer") => {
                    let (source, target) = (text(row, "source"), text(row, "target"));
                    let transfer = Transfer { source, target, amount: number(row, "amount") };
                    export.transfers.insert(text(row, "id"), transfer).is_none()
                }
                table => panic!("no such table: {table:?}"),
            };
            assert!(is_new, "a key is there once: {row}");
        }
        export
    }

    /// A field of `state`.
    pub(crate) fn state(&self, field: &str) -> i64 {
        number(&self.state, field)
    }
}

fn number(row: &Value, field: &str) -> i64 {
    row[field].as_i64().unwrap_or_else(|| panic!("`{field}` is a number: {row}"))
}

fn text(row: &Value, field: &str) -> String {
    row[field].as_str().unwrap_or_else(|| panic!("`{field}` is text: {row}")).to_owned()
}
