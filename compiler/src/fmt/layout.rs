//! Layout instructions → lines of at most 100 columns, where that can be.
//!
//! A *group* is printed on one line if it fits there, and broken at all of its own line breaks
//! otherwise; an inner group decides for itself. The instructions are a flat list, so that
//! neither printing nor dropping them recurses.

/// Columns of a line.
const WIDTH: usize = 100;

/// Columns of one level of indentation.
const INDENT: usize = 4;

/// One instruction.
#[derive(Clone, Debug)]
pub(super) enum Op {
    /// Text without a newline.
    Text(String),
    /// A newline where the group is broken, this text where it is not.
    Line(&'static str),
    /// Text where the group is not broken.
    IfFlat(&'static str),
    /// Text where the group is broken.
    IfBroken(&'static str),
    /// A newline; the groups around it are broken.
    Newline,
    /// A newline and an empty line.
    BlankLine,
    /// A comment that ends its line, behind what stands there.
    TrailingComment(String),
    /// A comment on a line of its own.
    Comment(String),
    /// A group begins.
    Group,
    /// A group ends.
    EndGroup,
    /// The lines that follow are indented by one more.
    Indent,
    /// And by one less.
    Dedent,
}

/// Newlines that are owed before the next text.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Owed {
    Nothing,
    Newline,
    BlankLine,
}

/// Whether a group is on one line.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Mode {
    Flat,
    Broken,
}

/// Carries out the instructions.
pub(super) fn lay_out(ops: &[Op]) -> String {
    let mut layout = Layout {
        text: String::new(),
        column: 0,
        indent: 0,
        owed: Owed::Nothing,
        after_comment: false,
        modes: Vec::new(),
    };
    for (index, op) in ops.iter().enumerate() {
        layout.carry_out(op, ops.get(index + 1..).unwrap_or_default());
    }
    if !layout.text.is_empty() {
        layout.text.push('\n');
    }
    layout.text
}

/// Carries out the instructions as if a line had no end.
pub(super) fn flat(ops: &[Op]) -> String {
    let mut text = String::new();
    for op in ops {
        match op {
            Op::Text(part) => text.push_str(part),
            Op::Line(part) | Op::IfFlat(part) => text.push_str(part),
            Op::Newline | Op::BlankLine if !text.ends_with(' ') => text.push(' '),
            _ => {}
        }
    }
    text
}

struct Layout {
    text: String,
    column: usize,
    indent: usize,
    owed: Owed,
    /// Whether the last text is a comment, so that nothing can stand behind it.
    after_comment: bool,
    /// Of the groups around this place.
    modes: Vec<Mode>,
}

impl Layout {
    fn carry_out(&mut self, op: &Op, rest: &[Op]) {
        match op {
            Op::Text(text) => self.push(text),
            Op::Line(flat) if self.mode() == Mode::Flat => self.push(flat),
            Op::Line(_) | Op::Newline => self.owe(Owed::Newline),
            Op::IfFlat(text) if self.mode() == Mode::Flat => self.push(text),
            Op::IfBroken(text) if self.mode() == Mode::Broken => self.push(text),
            Op::IfFlat(_) | Op::IfBroken(_) => {}
            Op::BlankLine => self.owe(Owed::BlankLine),
            Op::TrailingComment(text) => self.trailing_comment(text),
            Op::Comment(text) => self.comment(text),
            Op::Group => {
                let flat = self.mode() == Mode::Flat && !self.modes.is_empty();
                let mode = if flat || self.fits(rest) { Mode::Flat } else { Mode::Broken };
                self.modes.push(mode);
            }
            Op::EndGroup => {
                let _ = self.modes.pop();
            }
            Op::Indent => self.indent += 1,
            Op::Dedent => self.indent = self.indent.saturating_sub(1),
        }
    }

    fn mode(&self) -> Mode {
        self.modes.last().copied().unwrap_or(Mode::Broken)
    }

    fn owe(&mut self, owed: Owed) {
        self.owed = self.owed.max(owed);
    }

    fn push(&mut self, text: &str) {
        self.pay();
        self.text.push_str(text);
        self.column += text.chars().count();
        self.after_comment = false;
    }

    fn comment(&mut self, comment: &str) {
        self.owe(Owed::Newline);
        self.push(comment);
        self.owe(Owed::Newline);
        self.after_comment = true;
    }

    /// Begins the line that is owed.
    fn pay(&mut self) {
        let owed = std::mem::replace(&mut self.owed, Owed::Nothing);
        if owed == Owed::Nothing || self.text.is_empty() {
            return;
        }
        self.text.truncate(self.text.trim_end_matches(' ').len());
        self.text.push_str(if owed == Owed::BlankLine { "\n\n" } else { "\n" });
        self.column = INDENT * self.indent;
        self.text.extend(std::iter::repeat_n(' ', self.column));
    }

    /// Goes behind the last text, whatever newlines are owed after it.
    fn trailing_comment(&mut self, comment: &str) {
        if self.after_comment {
            return self.comment(comment);
        }
        self.text.truncate(self.text.trim_end_matches(' ').len());
        if !self.text.is_empty() {
            self.text.push(' ');
        }
        self.text.push_str(comment);
        self.owe(Owed::Newline);
        self.after_comment = true;
    }

    /// Whether the group that begins before `rest` fits on the line, with what must stand behind
    /// it.
    fn fits(&self, rest: &[Op]) -> bool {
        let owes = self.owed != Owed::Nothing;
        let mut column = if owes { INDENT * self.indent } else { self.column };
        let mut depth = 1usize;
        for op in rest {
            match op {
                Op::Group => depth += usize::from(depth > 0),
                Op::EndGroup => depth = depth.saturating_sub(1),
                Op::Text(text) => column += text.chars().count(),
                Op::Line(text) | Op::IfFlat(text) if depth > 0 => column += text.len(),
                Op::IfBroken(text) if depth == 0 => column += text.len(),
                Op::IfFlat(_) | Op::IfBroken(_) | Op::Indent | Op::Dedent => {}
                Op::Line(_)
                | Op::Newline
                | Op::BlankLine
                | Op::Comment(_)
                | Op::TrailingComment(_) => return depth == 0,
            }
            if column > WIDTH {
                return false;
            }
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call(argument: &str) -> Vec<Op> {
        let text = |text: &str| Op::Text(text.to_owned());
        vec![
            text("f("),
            Op::Group,
            Op::Indent,
            Op::Line(""),
            text(argument),
            Op::IfBroken(","),
            Op::Dedent,
            Op::Line(""),
            Op::EndGroup,
            text(")"),
        ]
    }

    #[test]
    fn groups_break_where_they_do_not_fit() {
        let fits = "x".repeat(WIDTH - 3);
        assert_eq!(lay_out(&call(&fits)), format!("f({fits})\n"));
        let long = "x".repeat(WIDTH - 2);
        assert_eq!(lay_out(&call(&long)), format!("f(\n    {long},\n)\n"));
    }

    #[test]
    fn comments_end_their_line() {
        let mut ops = call("a");
        ops.insert(5, Op::TrailingComment("// c".to_owned()));
        assert_eq!(lay_out(&ops), "f(\n    a // c\n    ,\n)\n");
        let ops = [Op::BlankLine, Op::Comment("// a".into()), Op::BlankLine, Op::Text("b".into())];
        assert_eq!(lay_out(&ops), "// a\n\nb\n");
    }
}
