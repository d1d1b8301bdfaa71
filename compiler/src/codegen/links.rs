//! What machine code says about the rest of its version: which step trapped, and where a constant
//! stands.
//!
//! While a function is compiled, both are numbers of its own. A symbol stands for each: that of the
//! constants has the number of one as its offset, and that of the sites the number at which those
//! of an inlined function begin. When the function gets its place (`place`), they become the
//! numbers and addresses of the version. So the code of a function depends on the function alone,
//! and is the same in every version that has it (`crate::cache`).

use cranelift_codegen::binemit::Reloc;
use cranelift_codegen::ir::{
    self as cl, ExternalName, GlobalValueData, InstBuilder, UserExternalName, types as clif,
};
use cranelift_module::{DataId, ModuleReloc, ModuleRelocTarget};
use foldhash::HashMap;

use super::Unit;
use super::function::{Lower, Value};
use crate::jit::Site;
use crate::planted::{Fault, is_planted};

/// The symbol of the number of a function's first site. `cranelift_module` names functions and
/// data in the spaces 0 and 1.
const SITES: UserExternalName = UserExternalName { namespace: 2, index: 0 };

/// What the numbers of one function mean.
#[derive(Clone, Debug, Default)]
pub(super) struct Links {
    /// The steps that can trap.
    sites: Vec<Site>,
    site_numbers: HashMap<Site, u32>,
    /// Offsets into the block of constants.
    constants: Vec<u32>,
}

impl Links {
    /// The number of a site; the same for the same step.
    pub(super) fn site(&mut self, site: Site) -> u32 {
        let next = self.sites.len() as u32;
        let number = *self.site_numbers.entry(site).or_insert(next);
        if number == next {
            self.sites.push(site);
        }
        number
    }

    /// The body of a function that is to be inlined into the one whose links these are.
    pub(super) fn adopt(&mut self, body: &cl::Function, links: &Links) -> cl::Function {
        let first_site = self.sites.len() as i64;
        let first_constant = self.constants.len() as i64;
        self.sites.extend(&links.sites);
        self.constants.extend(&links.constants);
        let mut body = body.clone();
        for data in body.global_values.values_mut() {
            if let GlobalValueData::Symbol { offset, colocated, .. } = data {
                let first = if *colocated { first_constant } else { first_site };
                *offset = (offset.bits() + first).into();
            }
        }
        body
    }
}

impl Lower<'_, '_, '_> {
    /// The address of what stands at an offset of the block of constants.
    pub(super) fn constant_address(&mut self, offset: u32) -> Value {
        let number = self.links.constants.len() as i64;
        self.links.constants.push(offset);
        let name = name(self.builder.func, constants_symbol(self.unit.constants_id));
        self.symbol(name, number, true)
    }

    /// The number of the function's first site, of 32 bits.
    pub(super) fn first_site(&mut self) -> Value {
        let name = name(self.builder.func, SITES);
        let first = self.symbol(name, 0, false);
        self.builder.ins().ireduce(clif::I32, first)
    }

    fn symbol(&mut self, name: ExternalName, number: i64, colocated: bool) -> Value {
        let offset = number.into();
        let data = GlobalValueData::Symbol { name, offset, colocated, tls: false };
        let global = self.builder.create_global_value(data);
        self.builder.ins().symbol_value(clif::I64, global)
    }
}

/// The symbol of the block of constants.
fn constants_symbol(id: DataId) -> UserExternalName {
    UserExternalName { namespace: 1, index: id.as_u32() }
}

fn is(name: &ModuleRelocTarget, symbol: &UserExternalName) -> bool {
    matches!(name, ModuleRelocTarget::User { namespace, index }
        if (*namespace, *index) == (symbol.namespace, symbol.index))
}

fn name(func: &mut cl::Function, symbol: UserExternalName) -> ExternalName {
    ExternalName::user(func.declare_imported_user_function(symbol))
}

impl Unit<'_> {
    /// Gives every symbol the name that it has in this function: Cranelift's inliner takes symbols
    /// over with the callee's reference to the name.
    pub(super) fn name_symbols(&self, func: &mut cl::Function) {
        if func.global_values.is_empty() {
            return;
        }
        let [constants, sites] =
            [constants_symbol(self.constants_id), SITES].map(|symbol| name(func, symbol));
        for data in func.global_values.values_mut() {
            match data {
                GlobalValueData::Symbol { colocated: true, .. }
                    if is_planted(Fault::InlinedConstantsAreWrong) => {}
                GlobalValueData::Symbol { name, colocated: true, .. } => *name = constants.clone(),
                GlobalValueData::Symbol { name, .. } => *name = sites.clone(),
                _ => {}
            }
        }
    }

    /// Writes the numbers of the version into the code of a function; gives the relocations that
    /// remain.
    pub(super) fn link(
        &mut self,
        links: Links,
        code: &mut [u8],
        relocs: impl Iterator<Item = ModuleReloc>,
    ) -> Vec<ModuleReloc> {
        let first_site = self.sites.len() as i64;
        self.sites.extend(&links.sites);
        let block = constants_symbol(self.constants_id);
        let mut remaining = Vec::new();
        for mut reloc in relocs {
            if is(&reloc.name, &SITES) {
                assert_eq!(reloc.kind, Reloc::Abs8, "a number is not relative to its place");
                let at = reloc.offset as usize;
                let number = (first_site + reloc.addend).to_le_bytes();
                code[at..at + number.len()].copy_from_slice(&number);
                continue;
            }
            if is(&reloc.name, &block) {
                // Counted from the end of the instruction, of which the four bytes are a part.
                let before = if reloc.kind == Reloc::X86CallPCRel4 { 4 } else { 0 };
                let number = (reloc.addend + before) as usize;
                reloc.addend = i64::from(links.constants[number]) - before;
            }
            remaining.push(reloc);
        }
        remaining
    }
}
