//! What a call does besides computing: random numbers, events, log lines, and the parts of a test
//! that are taken back.

use midflight_compiler::abi::Text;
use midflight_compiler::ir::EventId;
use midflight_compiler::trap::TrapKind;

use super::host;
use super::memory::bytes_fuel;
use crate::memory::texts::characters;

host! {
    fn random(frame, bound: i64) -> i64 {
        let bound = u64::try_from(bound).map_err(|_| TrapKind::InvalidArgument)?;
        if bound == 0 {
            return Err(TrapKind::InvalidArgument);
        }
        frame.undo.note_generator(&frame.data, frame.ctx.epoch);
        Ok(frame.data.generator.below(bound).cast_signed())
    }

    fn savepoint(frame) {
        frame.undo.savepoint(frame.outbox.events.len());
        // A new epoch: what was noted before is noted again, so that it can be taken back to here.
        frame.next_epoch();
        Ok(())
    }

    fn rollback_to_savepoint(frame) {
        let events = frame.undo.rollback_to_savepoint(&mut frame.data);
        frame.outbox.events.truncate(events);
        frame.next_epoch();
        frame.forget_trap();
        Ok(())
    }

    fn advance(frame, duration_ms: i64) {
        let now = frame.ctx.now.checked_add(duration_ms).ok_or(TrapKind::Overflow)?;
        frame.ctx.now = now.max(frame.ctx.now);
        Ok(())
    }

    fn emit(frame, event: u32, fields: *const u8) {
        let version = frame.version.clone();
        let program = version.program();
        let Some(declared) = program.ir.events.get(event as usize) else { return Ok(()) };
        let size = program.layouts.strukt(declared.fields).layout.size as usize;
        let copy = frame.arena.allocate(&mut frame.ctx, size)?.as_ptr();
        // SAFETY: the fields of the event stand at `fields`, and the copy has room for them.
        unsafe { std::ptr::copy_nonoverlapping(fields, copy, size) };
        frame.outbox.events.push((EventId(event), copy));
        Ok(())
    }

    fn log(frame, text: *const Text) {
        // SAFETY: null or live.
        let text = unsafe { characters(text) };
        frame.charge(bytes_fuel(text.len()))?;
        // A copy: a text of the world's heap may be freed when the call is taken back.
        let copy = frame.arena.text(&mut frame.ctx, [text])?;
        frame.outbox.lines.push(copy);
        Ok(())
    }
}
