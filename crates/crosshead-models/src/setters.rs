//! The macro for the `with_*` methods of configurations.

/// Defines `with_*` methods, each of which sets one field: `setter(field: Type);`, or `setter(field: Some(Type));` for an
/// optional one.
macro_rules! setters {
    () => {};
    ($(#[$doc:meta])* $setter:ident($field:ident: Some($type:ty)); $($rest:tt)*) => {
        $(#[$doc])*
        pub fn $setter(self, $field: $type) -> Self {
            Self { $field: Some($field), ..self }
        }
        setters! { $($rest)* }
    };
    ($(#[$doc:meta])* $setter:ident($field:ident: $type:ty); $($rest:tt)*) => {
        $(#[$doc])*
        pub fn $setter(self, $field: $type) -> Self {
            Self { $field, ..self }
        }
        setters! { $($rest)* }
    };
}
