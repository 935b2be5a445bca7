//! The linear layers of a module, by their paths.

use super::linear::Linear;

/// A module whose linear layers can be visited: to adapt them, or to merge adapters into them.
///
/// [`linears!`](crate::linears) implements it for a module.
pub trait Linears {
    /// Calls `f` with each linear layer of the module at `path` and the layer's path: the field names, joined by dots.
    /// The path of the model is empty.
    fn visit_linears(&mut self, path: &str, f: &mut dyn FnMut(&str, &mut Linear));
}

impl Linears for Linear {
    fn visit_linears(&mut self, path: &str, f: &mut dyn FnMut(&str, &mut Linear)) {
        f(path, self);
    }
}

impl<M: Linears> Linears for Option<M> {
    fn visit_linears(&mut self, path: &str, f: &mut dyn FnMut(&str, &mut Linear)) {
        if let Some(module) = self {
            module.visit_linears(path, f);
        }
    }
}

impl<M: Linears> Linears for Vec<M> {
    fn visit_linears(&mut self, path: &str, f: &mut dyn FnMut(&str, &mut Linear)) {
        for (index, module) in self.iter_mut().enumerate() {
            module.visit_linears(&format!("{path}.{index}"), f);
        }
    }
}

/// Implements [`Linears`] for a module: `linears!(FeedForward { gate, up, down })` names the fields that are linear
/// layers or contain some.
#[macro_export]
macro_rules! linears {
    ($Module:ty { $($field:ident),+ $(,)? }) => {
        impl $crate::Linears for $Module {
            fn visit_linears(
                &mut self,
                path: &str,
                f: &mut dyn FnMut(&str, &mut $crate::Linear),
            ) {
                let dot = if path.is_empty() { "" } else { "." };
                $(
                    let of_field = format!("{path}{dot}{}", stringify!($field));
                    $crate::Linears::visit_linears(&mut self.$field, &of_field, f);
                )+
            }
        }
    };
}
