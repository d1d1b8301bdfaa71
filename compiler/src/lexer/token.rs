//! The table of tokens: one row each, with the text that the lexer matches and messages show.
//!
//! Words that mean something only in their place (`key`, `where`, `on` …) are names here; the
//! parser knows their places.

use logos::Logos;

use super::number;
use crate::source::Span;

/// One token. Comments and white space are none; a newline is a mark on the token after it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Token {
    /// What it is.
    pub kind: TokenKind,
    /// Where it stands. A token of no width (other than the end) stands for one that the source
    /// lacks and the lexer has reported.
    pub span: Span,
    /// Whether a newline stands between the token before and this one.
    pub newline_before: bool,
}

impl Token {
    /// Whether a diagnostic has already been reported for this token.
    pub fn is_reported(&self) -> bool {
        let missing = self.span.start == self.span.end && self.kind != TokenKind::End;
        self.kind == TokenKind::Error || missing
    }
}

/// Declares the tokens. Reserved words and marks are matched as they are written; the rest has
/// the attribute that matches it, or none where the driver in `lexer.rs` makes it.
macro_rules! tokens {
    (
        words { $($word:ident $word_text:tt,)* }
        marks { $($mark:ident $mark_text:tt,)* }
        others { $($(#[$attribute:meta])* $other:ident $other_name:tt,)* }
    ) => {
        /// What a token is.
        #[derive(Logos, Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[logos(skip r"[ \t\r]+")]
        pub enum TokenKind {
            $(#[doc = concat!("`", $word_text, "`")] #[token($word_text)] $word,)*
            $(#[doc = concat!("`", $mark_text, "`")] #[token($mark_text)] $mark,)*
            $(#[doc = $other_name] $(#[$attribute])* $other,)*
        }

        impl TokenKind {
            /// The token as messages name it.
            pub fn name(self) -> &'static str {
                match self {
                    $(TokenKind::$word => concat!("`", $word_text, "`"),)*
                    $(TokenKind::$mark => concat!("`", $mark_text, "`"),)*
                    $(TokenKind::$other => $other_name,)*
                }
            }

            /// Whether it is a reserved word.
            pub fn is_reserved(self) -> bool {
                matches!(self, $(TokenKind::$word)|*)
            }
        }
    };
}

tokens! {
    words {
        Let "let",
        Var "var",
        If "if",
        Else "else",
        Match "match",
        While "while",
        For "for",
        In "in",
        Break "break",
        Continue "continue",
        Return "return",
        Assert "assert",
        Fail "fail",
        Emit "emit",
        Log "log",
        Insert "insert",
        Remove "remove",
        State "state",
        True "true",
        False "false",
        None "none",
    }
    marks {
        OpenParen "(",
        CloseParen ")",
        OpenBracket "[",
        CloseBracket "]",
        OpenBrace "{",
        CloseBrace "}",
        Comma ",",
        Colon ":",
        Semicolon ";",
        Dot ".",
        DotDot "..",
        DotDotEqual "..=",
        Arrow "->",
        FatArrow "=>",
        Question "?",
        Coalesce "??",
        Bar "|",
        BarBar "||",
        AndAnd "&&",
        Not "!",
        Plus "+",
        Minus "-",
        Star "*",
        Slash "/",
        Percent "%",
        EqualEqual "==",
        NotEqual "!=",
        Less "<",
        LessEqual "<=",
        Greater ">",
        GreaterEqual ">=",
        Equal "=",
        PlusEqual "+=",
        MinusEqual "-=",
        StarEqual "*=",
        SlashEqual "/=",
        PercentEqual "%=",
    }
    others {
        #[regex("[A-Za-z_][A-Za-z0-9_]*")]
        Name "a name",
        #[regex(r"\.?[0-9]", number::scan)]
        Int "a number",
        Float "a number with a point",
        Duration "a duration",
        #[token("\"")]
        StringStart "a string",
        StringText "text",
        StringEnd "the end of the string",
        InterpolationStart "`{` in a string",
        InterpolationEnd "`}` in a string",
        Format "a format",
        #[token("\n")]
        Newline "a new line",
        #[regex("//[^\n]*", allow_greedy = true)]
        Comment "a comment",
        #[token("/*")]
        BlockComment "`/*`",
        #[regex("['`]")]
        ForeignQuote "a quote that Flight does not know",
        #[regex("[A-Za-z0-9_]*[^\x00-\x7F][A-Za-z0-9_[^\x00-\x7F]]*")]
        #[regex("[\x00-\x08\x0B\x0C\x0E-\x1F#$@\\\\^~&\x7F]")]
        Error "a character that Flight does not know",
        End "the end of the source",
    }
}

impl TokenKind {
    /// The bracket that closes this one.
    pub fn closer(self) -> Option<TokenKind> {
        use TokenKind as T;
        let pairs = [
            (T::OpenParen, T::CloseParen),
            (T::OpenBracket, T::CloseBracket),
            (T::OpenBrace, T::CloseBrace),
            (T::InterpolationStart, T::InterpolationEnd),
        ];
        pairs.iter().find(|(open, _)| *open == self).map(|&(_, close)| close)
    }

    /// Whether it closes a bracket.
    pub fn is_closer(self) -> bool {
        use TokenKind as T;
        matches!(self, T::CloseParen | T::CloseBracket | T::CloseBrace | T::InterpolationEnd)
    }

    /// Whether it can name a field, a variant or a method: a name or any reserved word.
    pub fn is_word(self) -> bool {
        self == TokenKind::Name || self.is_reserved()
    }
}
