//! Rows: keys, finding, inserting.

use super::Generator;
use super::expr::Production;
use super::tree::{Node, parts};
use super::ty::Ty;
use super::value::enclosed;

pub(super) const ROW: &[Production] = &[
    Production { label: "row by key", weight: 8, make: Generator::row_by_key },
    Production { label: "found or inserted", weight: 4, make: Generator::found_or_inserted },
];

impl Generator {
    /// The number of a table, if the program has one.
    pub(super) fn some_table(&mut self) -> Option<usize> {
        let count = self.declared.tables.len();
        (count > 0).then(|| self.random.below(count))
    }

    /// A key of a table, cheap and without effects, since it may be written twice.
    pub(super) fn key(&mut self, table: usize) -> Node {
        let ty = self.declared.tables[table].key().ty.clone();
        let named = self.locals.iter().filter(|local| local.ty == ty);
        let named: Vec<String> = named.map(|local| local.name.clone()).collect();
        match self.random.pick(&named) {
            Some(name) if self.random.chance(40) => {
                Node::new(&ty, parts![name.clone()]).labelled("place")
            }
            _ => {
                let value = self.key_value(&ty);
                self.literal(&ty, &value)
            }
        }
    }

    fn row_by_key(&mut self, ty: &Ty) -> Option<Node> {
        let Ty::Row(table) = *ty else { return None };
        let key = self.key(table);
        let row = Node::new(ty, parts![format!("t{table}["), key.clone(), "]"]);
        if self.rarely_risky() {
            return Some(row);
        }
        let otherwise = self.leaf(ty);
        let parts = parts![
            "(if (",
            key,
            format!(" in t{table}) "),
            vec![row],
            " else ",
            vec![otherwise],
            ")"
        ];
        Some(Node::new(ty, parts))
    }

    fn found_or_inserted(&mut self, ty: &Ty) -> Option<Node> {
        let Ty::Row(table) = *ty else { return None };
        Some(self.find_or_insert(table))
    }

    /// A row that is there in any case.
    pub(super) fn find_or_insert(&mut self, table: usize) -> Node {
        let key = self.key(table);
        let insert = self.insert(table, key.clone());
        let parts = parts![format!("(t{table}.get("), key, ") ?? ", insert, ")"];
        Node::new(&Ty::Row(table), parts).labelled("found or inserted")
    }

    /// `insert t { … }`; fields that are left out take their default.
    pub(super) fn insert(&mut self, table: usize, key: Node) -> Node {
        let fields = self.declared.tables[table].fields.clone();
        let mut inits = vec![Node::line("field", parts![format!("{}: ", fields[0].name), key])];
        for field in &fields[1..] {
            if self.random.chance(60) {
                let value = self.expr(&field.ty);
                inits.push(Node::line("field", parts![format!("{}: ", field.name), value]));
            }
        }
        if self.random.chance(20) {
            self.random.shuffle(&mut inits);
        }
        Node::new(&Ty::Row(table), enclosed(format!("insert t{table} {{ "), inits, " }"))
            .labelled("insert")
    }
}
