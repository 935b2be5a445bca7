//! A module's parameters and their gradients by path.

use std::collections::BTreeMap;

use burn::module::{Module, ModuleMapper, ModuleVisitor, Param};
use burn::tensor::{Gradients, Tensor, TensorData};

/// Replaces the values of every parameter with `f(path, values)`.
///
/// A path lists the fields that lead to the parameter, such as `layers.0.self_attn.q_proj.weight`, without enum variants.
///
/// # Panics
/// If the new values have a different shape.
pub fn map_parameters<M: Module>(module: M, f: impl FnMut(&str, TensorData) -> TensorData) -> M {
    struct Map<F>(Vec<String>, F);
    impl<F: FnMut(&str, TensorData) -> TensorData> ModuleMapper for Map<F> {
        fn enter_module(&mut self, name: &str, container: &str) {
            self.0.push(segment(name, container));
        }
        fn exit_module(&mut self, _: &str, _: &str) {
            self.0.pop();
        }
        fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
            let path = path(&self.0);
            let (id, old, mapper) = param.consume();
            let (shape, device, trained) = (old.shape(), old.device(), old.is_require_grad());
            let data = (self.1)(&path, old.into_data());
            assert!(*data.shape() == shape, "{path}: {:?} is not {shape:?}", data.shape());
            let value = Tensor::from_data(data, &device);
            let value = if trained { value.require_grad() } else { value };
            Param::from_mapped_value(id, value, mapper)
        }
    }
    module.map(&mut Map(Vec::new(), f))
}

/// The path segment of a field; empty for an enum variant.
fn segment(name: &str, container: &str) -> String {
    if container.starts_with("Enum:") { String::new() } else { name.to_owned() }
}

fn path(segments: &[String]) -> String {
    let named: Vec<&str> =
        segments.iter().map(String::as_str).filter(|segment| !segment.is_empty()).collect();
    named.join(".")
}

/// The gradient of every parameter that has one, by path.
pub fn gradients_by_path<M: Module>(
    module: &M,
    gradients: &Gradients,
) -> BTreeMap<String, TensorData> {
    let found = visit(module, gradients).into_iter();
    found.filter_map(|found| Some((found.path, found.gradient?))).collect()
}

/// A parameter of a module with its gradient.
pub(crate) struct Found {
    pub(crate) path: String,
    pub(crate) shape: Vec<usize>,
    pub(crate) trained: bool,
    pub(crate) gradient: Option<TensorData>,
}

/// Every parameter of a module, in the order of its fields.
pub(crate) fn visit<M: Module>(module: &M, gradients: &Gradients) -> Vec<Found> {
    struct Visit<'a>(Vec<String>, &'a Gradients, Vec<Found>);
    impl ModuleVisitor for Visit<'_> {
        fn enter_module(&mut self, name: &str, container: &str) {
            self.0.push(segment(name, container));
        }
        fn exit_module(&mut self, _: &str, _: &str) {
            self.0.pop();
        }
        fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
            let value = param.val();
            self.2.push(Found {
                path: path(&self.0),
                shape: value.dims().to_vec(),
                trained: value.is_require_grad(),
                gradient: value.grad(self.1).map(Tensor::into_data),
            });
        }
    }
    let mut visitor = Visit(Vec::new(), gradients, Vec::new());
    module.visit(&mut visitor);
    visitor.2
}
