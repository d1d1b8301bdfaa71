//! Source text → the same program in the one style of Flight: four spaces, 100 columns.
//!
//! Guarantees, for a source without errors: the syntax tree stays the same, every comment is
//! kept between the same tokens, and formatting the result again changes nothing. Numbers and
//! strings stay as they are written. A body (`{ … }`) that begins on the line of its brace stays
//! on one line where it fits; single empty lines are kept.
//!
//! A comment stands before the same token as in the source. It brings its newline with it, which
//! is allowed there because the source has it there too.

mod expr;
mod item;
mod layout;
mod stmt;

use crate::ast::{Expr, Name};
use crate::diag::{Diagnostic, Diagnostics};
use crate::lexer::{self, Comment};
use crate::parse::parse;
use crate::source::{Source, Span};
use layout::Op;

/// Formats a source, or tells why it cannot be read.
pub fn format(source: &Source) -> Result<String, Vec<Diagnostic>> {
    let (program, diagnostics) = parse(source);
    if diagnostics.has_errors() {
        return Err(diagnostics.sorted());
    }
    let lexed = lexer::lex(source, &mut Diagnostics::default());
    let mut formatter = Formatter {
        source,
        comments: lexed.comments,
        next_comment: 0,
        at_start: true,
        ops: Vec::new(),
    };
    formatter.program(&program);
    Ok(layout::lay_out(&formatter.ops))
}

/// An expression without mistakes on one line, without its comments: the same however its source
/// is laid out.
pub(crate) fn on_one_line(source: &Source, expr: &Expr) -> String {
    let comments = Vec::new();
    let mut formatter =
        Formatter { source, comments, next_comment: 0, at_start: true, ops: Vec::new() };
    formatter.expr(expr);
    layout::flat(&formatter.ops)
}

struct Formatter<'a> {
    source: &'a Source,
    comments: Vec<Comment>,
    /// The first comment that was not printed yet.
    next_comment: usize,
    /// Whether nothing was printed since the last `{`, or at all.
    at_start: bool,
    ops: Vec<Op>,
}

/// How the elements of a body stand.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Shape {
    /// Each on a line of its own.
    Lines,
    /// On one line, if they fit there.
    Line,
}

impl Formatter<'_> {
    // Leaves.

    /// A keyword or mark.
    fn text(&mut self, text: &str) {
        self.ops.push(Op::Text(text.to_owned()));
        self.at_start = text.ends_with('{');
    }

    /// Text that stands at `start` in the source, after the comments that stand before it there.
    fn leaf(&mut self, text: &str, start: u32) {
        self.comments_before(start);
        self.text(text);
    }

    fn name(&mut self, name: &Name) {
        self.leaf(&name.text, name.span.start);
    }

    /// What the source says at a span.
    fn verbatim(&mut self, span: Span) {
        let source = self.source;
        self.leaf(source.slice(span), span.start);
    }

    // Comments and empty lines.

    fn comments_before(&mut self, offset: u32) {
        while let Some(comment) = self.comments.get(self.next_comment).copied() {
            if comment.span.start >= offset {
                return;
            }
            self.next_comment += 1;
            let text = self.source.slice(comment.span).trim_end().to_owned();
            if self.begins_line(comment.span.start) {
                self.blank_line_before(comment.span.start);
                self.ops.push(Op::Comment(text));
            } else {
                self.ops.push(Op::TrailingComment(text));
            }
            self.at_start = false;
        }
    }

    fn has_comment_before(&self, offset: u32) -> bool {
        self.comments.get(self.next_comment).is_some_and(|comment| comment.span.start < offset)
    }

    /// Whether only white space stands before this place on its line.
    fn begins_line(&self, offset: u32) -> bool {
        let before = self.source.slice(Span::new(0, offset));
        let before = before.trim_end_matches([' ', '\t', '\u{feff}']);
        before.is_empty() || before.ends_with('\n')
    }

    /// Keeps an empty line that stands before this place, except at the start of a body.
    fn blank_line_before(&mut self, offset: u32) {
        let before = self.source.slice(Span::new(0, offset));
        let content = before.trim_end_matches([' ', '\t', '\r', '\n']);
        let gap = before.get(content.len()..).unwrap_or_default();
        if gap.bytes().filter(|byte| *byte == b'\n').count() > 1 && !self.at_start {
            self.ops.push(Op::BlankLine);
        }
    }

    /// Begins something that stands on a line of its own at `start` in the source.
    fn begin_line(&mut self, start: u32) {
        self.ops.push(Op::Newline);
        self.comments_before(start);
        self.blank_line_before(start);
    }

    // Groups.

    fn group(&mut self, print: impl FnOnce(&mut Self)) {
        self.ops.push(Op::Group);
        print(self);
        self.ops.push(Op::EndGroup);
    }

    fn indented(&mut self, print: impl FnOnce(&mut Self)) {
        self.ops.push(Op::Indent);
        print(self);
        self.ops.push(Op::Dedent);
    }

    /// Elements between `(` and `)` or `[` and `]`; `end` is the offset after the closing one.
    fn bracketed<T>(
        &mut self,
        (open, close): (&str, &str),
        elements: &[T],
        end: u32,
        mut print: impl FnMut(&mut Self, &T),
    ) {
        self.text(open);
        self.group(|fmt| {
            fmt.indented(|fmt| {
                for (index, element) in elements.iter().enumerate() {
                    fmt.ops.push(Op::Line(if index == 0 { "" } else { " " }));
                    print(fmt, element);
                    if index + 1 < elements.len() {
                        fmt.text(",");
                    } else {
                        fmt.ops.push(Op::IfBroken(","));
                    }
                }
                fmt.comments_before(end.saturating_sub(1));
            });
            if !elements.is_empty() {
                fmt.ops.push(Op::Line(""));
            }
        });
        self.text(close);
    }

    /// `{ elements }`: each element has its start; `end` is the offset after the `}`.
    fn body<T>(
        &mut self,
        elements: &[T],
        (shape, end): (Shape, u32),
        start_of: impl Fn(&T) -> u32,
        mut print: impl FnMut(&mut Self, &T),
    ) {
        if elements.is_empty() && !self.has_comment_before(end) {
            return self.text("{ }");
        }
        self.text("{");
        self.group(|fmt| {
            fmt.indented(|fmt| {
                for (index, element) in elements.iter().enumerate() {
                    match shape {
                        Shape::Lines => fmt.begin_line(start_of(element)),
                        Shape::Line if index == 0 => fmt.ops.push(Op::Line(" ")),
                        Shape::Line => {
                            fmt.ops.push(Op::IfFlat(","));
                            fmt.ops.push(Op::Line(" "));
                        }
                    }
                    print(fmt, element);
                }
                fmt.comments_before(end.saturating_sub(1));
            });
            fmt.ops.push(Op::Line(" "));
        });
        self.text("}");
    }

    /// The shape of a body between two places: its lines stay lines.
    fn shape(&self, before: u32, first: u32) -> Shape {
        let has_newline = self.source.slice(Span::new(before, first)).contains('\n');
        if has_newline { Shape::Lines } else { Shape::Line }
    }
}
