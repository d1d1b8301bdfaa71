//! Built-ins of lists: those that read one, and those that change the list at a place.

use midflight_compiler::builtins::Builtin;
use midflight_compiler::ir::{Expr, Place};
use midflight_compiler::source::Span;
use midflight_compiler::trap::TrapKind;
use midflight_compiler::types::Type;

use super::activation::{Activation, Step};
use super::builtin::take;
use super::cost;
use super::trap::Cause;
use super::value::Value;

impl<'p> Activation<'_, 'p, '_> {
    /// A built-in that reads a list, the first of its arguments, of this type.
    pub(crate) fn list_builtin(
        &mut self,
        builtin: Builtin,
        (ty, values): (Type, Vec<Value>),
        span: Span,
    ) -> Step<Value> {
        let size = self.size(self.element_type(ty));
        match builtin {
            Builtin::ListLen => {
                let [list] = take(values);
                Ok(Value::Int(list.elements().len() as i64))
            }
            Builtin::ListContains => {
                let [list, wanted] = take(values);
                let (list, inner) = (list.elements(), self.element_type(ty));
                self.charge(cost::elements(list.len(), size), span)?;
                for element in &list {
                    if self.equal(inner, element, &wanted, span)? {
                        return Ok(Value::Bool(true));
                    }
                }
                Ok(Value::Bool(false))
            }
            Builtin::ListJoin => {
                let [list, separator] = take(values);
                let separator = separator.characters();
                let texts: Vec<_> = list.elements().into_iter().map(Value::characters).collect();
                self.charge(cost::join(texts.iter().map(|text| &**text), &separator), span)?;
                self.text(&texts.join(&*separator), span)
            }
            _ => {
                let [list, start, end] = take(values);
                let list = list.elements();
                let end = self.within(end.int(), list.len(), span)?;
                let start = self.within(start.int(), end, span)?;
                self.charge(cost::elements(end - start, size), span)?;
                Ok(Value::List(list[start..end].to_vec()))
            }
        }
    }

    /// Changes the list at a place: finds it, evaluates the arguments, checks it, and changes it.
    /// What is changed in the world is stored there anew.
    pub(crate) fn mutate(
        &mut self,
        builtin: Builtin,
        place: &'p Place,
        arguments: &'p [Expr],
        expr: &'p Expr,
    ) -> Step<Value> {
        let found = self.find(place)?;
        let arguments = self.all(arguments)?;
        let at = self.locate(place, &found)?;
        let mut list = self.load(&at).clone().elements();
        let result = self.change(builtin, (place.ty, &mut list), arguments, expr)?;
        let changed = Value::List(list);
        if at.is_in_world() {
            self.charge_stored(&changed, place.span)?;
        }
        *self.load_mut(&at) = changed;
        Ok(result)
    }

    fn change(
        &mut self,
        builtin: Builtin,
        (ty, list): (Type, &mut Vec<Value>),
        arguments: Vec<Value>,
        expr: &'p Expr,
    ) -> Step<Value> {
        let span = expr.span;
        let element = self.element_type(ty);
        let size = self.size(element);
        match builtin {
            Builtin::ListPush => {
                let [value] = take(arguments);
                self.check_room(ty, list, span)?;
                list.push(value);
            }
            Builtin::ListInsert => {
                let [index, value] = take(arguments);
                let index = self.within(index.int(), list.len(), span)?;
                self.check_room(ty, list, span)?;
                self.charge(cost::elements(list.len() - index, size), span)?;
                list.insert(index, value);
            }
            Builtin::ListPop => {
                // An optional does not nest: elements that are optional are given as they are.
                return Ok(match (element, list.pop()) {
                    (Type::Optional(_), Some(last)) => last,
                    (_, last) => Value::optional(last),
                });
            }
            Builtin::ListRemove => {
                let [index] = take(arguments).map(Value::int);
                let inside = usize::try_from(index).ok().filter(|&index| index < list.len());
                let Some(index) = inside else {
                    return Err(self.trap(Cause::Index(index, list.len()), span));
                };
                self.charge(cost::elements(list.len() - 1 - index, size), span)?;
                return Ok(list.remove(index));
            }
            Builtin::ListClear => list.clear(),
            Builtin::ListSort => {
                let keys: Vec<&Value> = list.iter().collect();
                self.charge(cost::sort(&keys, size), span)?;
                list.sort_by(Value::sorts);
            }
            _ => {
                let [other] = take(arguments).map(Value::elements);
                let (room, fits) = match ty {
                    Type::Array(_, len) => (len as usize, other.len() == len as usize),
                    Type::Bounded(_, most) => (most as usize, other.len() <= most as usize),
                    _ => (other.len(), true),
                };
                if !fits {
                    return Err(self.trap(Cause::Unfit(room, other.len()), span));
                }
                *list = other;
            }
        }
        Ok(Value::Unit)
    }

    /// A list has room for one more element.
    fn check_room(&self, ty: Type, list: &[Value], span: Span) -> Step<()> {
        match ty {
            Type::Bounded(_, most) if list.len() >= most as usize => {
                self.fail(TrapKind::ListFull, span)
            }
            Type::List(_) if list.len() >= self.call.lengths.list => {
                self.fail(TrapKind::ListTooLong, span)
            }
            _ => Ok(()),
        }
    }

    /// An index between elements: from 0 to `end`, both included.
    fn within(&self, index: i64, end: usize, span: Span) -> Step<usize> {
        let inside = usize::try_from(index).ok().filter(|&index| index <= end);
        inside.ok_or_else(|| self.trap(Cause::Index(index, end), span))
    }
}
