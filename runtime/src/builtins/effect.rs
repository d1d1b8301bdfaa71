//! What a call does besides computing: random numbers, and the parts of a test that are
//! taken back.

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
}
