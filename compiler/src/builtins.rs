//! The table of built-ins: name, kind, types, documentation. The checker resolves against it, code
//! generation lowers each to instructions or to a host function (`abi`), and the manual's tables
//! are printed from it.

/// What a built-in's parameter or result is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// `int`
    Int,
    /// `float`
    Float,
    /// `bool`
    Bool,
    /// `str`
    Str,
    /// `()`
    Unit,
    /// `int?`
    OptionalInt,
    /// `float?`
    OptionalFloat,
    /// `[str]`
    ListStr,
    /// Any list: the receiver of a list's method.
    List,
    /// The element type of the receiver.
    Element,
    /// An optional element of the receiver.
    OptionalElement,
    /// `[T]` with the receiver's element type.
    ListOfElement,
    /// What can be interpolated: `int`, `float`, `bool`, `str`, an enum without payloads.
    Printable,
}

impl Shape {
    /// As messages and the manual write it.
    pub fn name(self) -> &'static str {
        match self {
            Shape::Int => "int",
            Shape::Float => "float",
            Shape::Bool => "bool",
            Shape::Str => "str",
            Shape::Unit => "()",
            Shape::OptionalInt => "int?",
            Shape::OptionalFloat => "float?",
            Shape::ListStr => "[str]",
            Shape::List | Shape::ListOfElement => "[T]",
            Shape::Element => "T",
            Shape::OptionalElement => "T?",
            Shape::Printable => "value",
        }
    }
}

/// How a built-in is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// `name(args)`
    Function,
    /// `text.name(args)`; the receiver is the first parameter
    TextMethod,
    /// `list.name(args)` that reads the list; the receiver is the first parameter
    ListMethod,
    /// `list.name(args)` that changes the list, which must be a mutable place
    ListMutation,
    /// `value.len`
    Property,
}

/// One built-in's row.
#[derive(Debug)]
pub struct Row {
    /// Which it is.
    pub builtin: Builtin,
    /// Its name; overloads share it.
    pub name: &'static str,
    /// How it is written.
    pub form: Form,
    /// Parameters, the receiver first.
    pub params: &'static [Shape],
    /// Result.
    pub result: Shape,
    /// What it does, for the manual and hover.
    pub doc: &'static str,
}

/// Declares the table: `Variant "name" Form (params) -> Result "documentation"`.
macro_rules! builtins {
    ($($builtin:ident $name:literal $form:ident ($($param:ident),*) -> $result:ident $doc:literal;)*) => {
        /// A built-in, overloads resolved.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Builtin {
            $(#[doc = $doc] $builtin,)*
        }

        /// Every built-in, by `Builtin as usize`.
        pub const ROWS: &[Row] = &[$(Row {
            builtin: Builtin::$builtin,
            name: $name,
            form: Form::$form,
            params: &[$(Shape::$param),*],
            result: Shape::$result,
            doc: $doc,
        },)*];
    };
}

builtins! {
    MinInt "min" Function (Int, Int) -> Int "the smaller of two";
    MinFloat "min" Function (Float, Float) -> Float "the smaller of two; NaN if either is, and -0 is less than +0";
    MaxInt "max" Function (Int, Int) -> Int "the larger of two";
    MaxFloat "max" Function (Float, Float) -> Float "the larger of two; NaN if either is";
    AbsInt "abs" Function (Int) -> Int "the distance from zero; traps on the smallest `int`";
    AbsFloat "abs" Function (Float) -> Float "the distance from zero";
    ClampInt "clamp" Function (Int, Int, Int) -> Int "`clamp(x, low, high)`: x kept between low and high; traps if low > high";
    ClampFloat "clamp" Function (Float, Float, Float) -> Float "`clamp(x, low, high)`: x kept between low and high; traps if low > high or either is NaN";
    PowInt "pow" Function (Int, Int) -> Int "`pow(base, exponent)`; traps on overflow and on a negative exponent";
    PowFloat "pow" Function (Float, Float) -> Float "`pow(base, exponent)`";
    Sqrt "sqrt" Function (Float) -> Float "the square root; NaN below zero";
    Floor "floor" Function (Float) -> Float "the largest whole number that is not larger";
    Ceil "ceil" Function (Float) -> Float "the smallest whole number that is not smaller";
    Round "round" Function (Float) -> Float "the nearest whole number; halves go away from zero";
    Sin "sin" Function (Float) -> Float "the sine of an angle in radians";
    Cos "cos" Function (Float) -> Float "the cosine of an angle in radians";
    Atan2 "atan2" Function (Float, Float) -> Float "`atan2(y, x)`: the angle of the point (x, y) in radians";
    ParseInt "parse_int" Function (Str) -> OptionalInt "the `int` that the text spells, or `none`";
    ParseFloat "parse_float" Function (Str) -> OptionalFloat "the `float` that the text spells, or `none`";
    HashInt "hash" Function (Int) -> Int "SipHash-1-3 with key zero of the 8 bytes, little-endian";
    HashStr "hash" Function (Str) -> Int "SipHash-1-3 with key zero of the text's bytes";
    IntOfFloat "int" Function (Float) -> Int "truncates toward zero; traps on NaN and outside of the range of `int`";
    IntOfBool "int" Function (Bool) -> Int "1 for true, 0 for false";
    FloatOfInt "float" Function (Int) -> Float "the nearest `float`";
    StrOf "str" Function (Printable) -> Str "the value as interpolation writes it";
    Now "now" Function () -> Int "the call's time in milliseconds since 1970, the same for the whole call";
    Random "random" Function (Int) -> Int "`random(n)`: from 0 to n - 1, from the world's own generator; traps if n is not positive";

    TextLen "len" Property (Str) -> Int "the number of characters (Unicode scalar values)";
    TextContains "contains" TextMethod (Str, Str) -> Bool "whether the other text stands in it";
    TextStartsWith "starts_with" TextMethod (Str, Str) -> Bool "whether it begins with the other text";
    TextEndsWith "ends_with" TextMethod (Str, Str) -> Bool "whether it ends with the other text";
    TextSlice "slice" TextMethod (Str, Int, Int) -> Str "`slice(start, end)`: the characters from start to before end; traps when out of range";
    TextTrim "trim" TextMethod (Str) -> Str "without white space at both ends";
    TextLower "lower" TextMethod (Str) -> Str "in lower case";
    TextUpper "upper" TextMethod (Str) -> Str "in upper case";
    TextSplit "split" TextMethod (Str, Str) -> ListStr "the parts between the separators; an empty separator gives the characters";

    ListLen "len" Property (List) -> Int "the number of elements";
    ListContains "contains" ListMethod (List, Element) -> Bool "whether an equal element is in it";
    ListJoin "join" ListMethod (ListStr, Str) -> Str "the texts with the separator between them";
    ListSlice "slice" ListMethod (List, Int, Int) -> ListOfElement "`slice(start, end)`: the elements from start to before end; traps when out of range";
    ListPush "push" ListMutation (List, Element) -> Unit "adds at the end; traps when a bounded list is full";
    ListPop "pop" ListMutation (List) -> OptionalElement "takes the last element, or gives `none`";
    ListInsert "insert" ListMutation (List, Int, Element) -> Unit "`insert(i, x)`: puts x at index i and moves the rest up";
    ListRemove "remove" ListMutation (List, Int) -> Element "`remove(i)`: takes the element at index i and moves the rest down";
    ListClear "clear" ListMutation (List) -> Unit "takes all elements out";
    ListSort "sort" ListMutation (List) -> Unit "sorts `int`, `float` or `str` elements in ascending order, NaN last";
    ListAssign "assign" ListMutation (List, ListOfElement) -> Unit "takes over the elements of another list; traps when they do not fit";
}

impl Builtin {
    /// Its row in the table.
    pub fn row(self) -> &'static Row {
        &ROWS[self as usize]
    }
}
