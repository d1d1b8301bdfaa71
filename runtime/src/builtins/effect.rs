//! What a call does besides computing: random numbers, and the parts of a test that are
//! taken back.

use midflight_compiler::abi::Text;
use midflight_compiler::trap::TrapKind;

use super::host;

host! {
    fn random(frame, bound: i64) -> i64 {
        let bound = u64::try_from(bound).map_err(|_| TrapKind::InvalidArgument)?;
        if bound == 0 {
            return Err(TrapKind::InvalidArgument);
        }
        frame.undo.note_generator(&frame.data);
        Ok(frame.data.generator.below(bound).cast_signed())
    }

    fn savepoint(frame) {
        frame.undo.savepoint();
        // A new epoch: what was noted before is noted again, so that it can be taken back to here.
        frame.ctx.epoch += 1;
        Ok(())
    }

    fn rollback_to_savepoint(frame) {
        frame.undo.rollback_to_savepoint(&mut frame.data);
        frame.ctx.epoch += 1;
        frame.ctx.trap_kind = 0;
        frame.ctx.trap_text = std::ptr::null();
        Ok(())
    }

    fn advance(frame, duration_ms: i64) {
        let now = frame.ctx.now.checked_add(duration_ms).ok_or(TrapKind::Overflow)?;
        frame.ctx.now = now.max(frame.ctx.now);
        Ok(())
    }

    fn emit(_frame, _event: u32, _fields: *const u8) {
        unreachable!("the checker refuses `emit` until events are built")
    }

    fn log(_frame, _text: *const Text) {
        unreachable!("the checker refuses `log` until it is built")
    }
}
