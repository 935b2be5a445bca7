//! A module's parameters by path.
//!
//! burn identifies a parameter by a random id. Here, a parameter is identified by its field path, such as
//! `encoder.layers.0.self_attn.q_proj.weight`. Enum variants are not part of the path.

use std::collections::BTreeMap;

use burn::module::{Module, ModuleMapper, ModuleVisitor, Param};
use burn::tensor::{Device, Gradients, Shape, Tensor, TensorData};
use crosshead_kernels::{Int8Weight, computes_int8, dequantize, is_int8, use_large_pages};

// The visitors hold their closure as `dyn`: a generic one would compile every module's `visit` and `map` once for each closure.

/// The current path while a module is visited.
#[derive(Default)]
struct Path {
    /// The field names; `None` for an enum variant.
    segments: Vec<Option<String>>,
}

impl Path {
    fn enter(&mut self, name: &str, container: &str) {
        self.segments.push((!container.starts_with("Enum:")).then(|| name.to_owned()));
    }

    fn exit(&mut self) {
        self.segments.pop();
    }

    fn name(&self) -> String {
        let named: Vec<&str> = self.segments.iter().flatten().map(String::as_str).collect();
        named.join(".")
    }
}

/// The path and shape of every parameter, in field order. Uninitialized parameters stay uninitialized.
pub fn shapes<M: Module>(module: &M) -> Vec<(String, Vec<usize>)> {
    struct Shapes(Path, Vec<(String, Vec<usize>)>);
    impl ModuleVisitor for Shapes {
        fn enter_module(&mut self, name: &str, container: &str) {
            self.0.enter(name, container);
        }
        fn exit_module(&mut self, _: &str, _: &str) {
            self.0.exit();
        }
        fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
            self.1.push((self.0.name(), param.lazy_shape().to_vec()));
        }
    }
    let mut visitor = Shapes(Path::default(), Vec::new());
    module.visit(&mut visitor);
    visitor.1
}

/// The values of every parameter in f32, by path.
pub fn read<M: Module>(module: &M) -> BTreeMap<String, TensorData> {
    read_where(module, |_| true)
}

/// The values in f32 of the parameters whose path satisfies `f`, by path.
pub fn read_where<M: Module>(module: &M, f: impl Fn(&str) -> bool) -> BTreeMap<String, TensorData> {
    struct Read<'a>(Path, &'a dyn Fn(&str) -> bool, BTreeMap<String, TensorData>);
    impl ModuleVisitor for Read<'_> {
        fn enter_module(&mut self, name: &str, container: &str) {
            self.0.enter(name, container);
        }
        fn exit_module(&mut self, _: &str, _: &str) {
            self.0.exit();
        }
        fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
            let path = self.0.name();
            if (self.1)(&path) {
                self.2.insert(path, dequantize(param.val()).into_data());
            }
        }
    }
    let mut visitor = Read(Path::default(), &f, BTreeMap::new());
    module.visit(&mut visitor);
    visitor.2
}

/// The values of every parameter that is trained, by path. They are flattened and detached from autodiff.
pub fn trained<M: Module>(module: &M) -> BTreeMap<String, Tensor<1>> {
    struct Trained(Path, BTreeMap<String, Tensor<1>>);
    impl ModuleVisitor for Trained {
        fn enter_module(&mut self, name: &str, container: &str) {
            self.0.enter(name, container);
        }
        fn exit_module(&mut self, _: &str, _: &str) {
            self.0.exit();
        }
        fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
            let value = param.val();
            if value.is_require_grad() {
                let n = value.shape().num_elements();
                self.1.insert(self.0.name(), value.inner().reshape([n]));
            }
        }
    }
    let mut visitor = Trained(Path::default(), BTreeMap::new());
    module.visit(&mut visitor);
    visitor.1
}

/// Removes the gradient of every parameter that has one. Gradients are flattened and keyed by path.
pub fn take_gradients<M: Module>(
    module: &M,
    gradients: &mut Gradients,
) -> BTreeMap<String, Tensor<1>> {
    struct Take<'a>(Path, &'a mut Gradients, BTreeMap<String, Tensor<1>>);
    impl ModuleVisitor for Take<'_> {
        fn enter_module(&mut self, name: &str, container: &str) {
            self.0.enter(name, container);
        }
        fn exit_module(&mut self, _: &str, _: &str) {
            self.0.exit();
        }
        fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
            if let Some(gradient) = param.val().grad_remove(self.1) {
                let n = gradient.shape().num_elements();
                self.2.insert(self.0.name(), gradient.reshape([n]));
            }
        }
    }
    let mut visitor = Take(Path::default(), gradients, BTreeMap::new());
    module.visit(&mut visitor);
    visitor.2
}

/// The value of a parameter.
#[derive(Debug)]
pub enum Value {
    /// f32.
    Float(TensorData),
    /// An int8 matrix; it is dequantized on devices that do not support int8.
    Int8(Int8Weight),
}

impl Value {
    fn shape(&self) -> Shape {
        match self {
            Self::Float(data) => data.shape().clone(),
            Self::Int8(weight) => Shape::new(weight.shape),
        }
    }

    fn into_tensor<const D: usize>(self, device: &Device) -> Tensor<D> {
        match self {
            Self::Float(data) => Tensor::from_data(data, device),
            Self::Int8(weight) => weight.into_tensor(device),
        }
    }
}

impl From<TensorData> for Value {
    fn from(data: TensorData) -> Self {
        Self::Float(data)
    }
}

/// Replaces the parameters for which `f(path, shape)` returns a value. Other uninitialized parameters stay uninitialized.
///
/// # Panics
/// If a value does not have the parameter's shape.
pub fn replace<M: Module, V: Into<Value>>(
    module: M,
    mut f: impl FnMut(&str, &[usize]) -> Option<V>,
) -> M {
    struct Replace<'a>(Path, &'a mut dyn FnMut(&str, &[usize]) -> Option<Value>);
    impl ModuleMapper for Replace<'_> {
        fn enter_module(&mut self, name: &str, container: &str) {
            self.0.enter(name, container);
        }
        fn exit_module(&mut self, _: &str, _: &str) {
            self.0.exit();
        }
        fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
            let (path, shape) = (self.0.name(), param.lazy_shape());
            let Some(value) = (self.1)(&path, &shape.to_vec()) else { return param };
            assert!(
                value.shape() == shape,
                "{path}: a value of shape {:?} does not fit {shape:?}",
                value.shape()
            );
            let value = value.into_tensor(&param.lazy_device());
            use_large_pages(&value);
            let id = param.id;
            param.transform_for_load(value, id)
        }
    }
    module.map(&mut Replace(Path::default(), &mut |path, shape| f(path, shape).map(V::into)))
}

/// Quantizes to int8 the matrices for which `f(path, shape)` is true, if their device supports it.
pub fn to_int8<M: Module>(module: M, mut f: impl FnMut(&str, &[usize]) -> bool) -> M {
    struct ToInt8<'a>(Path, &'a mut dyn FnMut(&str, &[usize]) -> bool);
    impl ModuleMapper for ToInt8<'_> {
        fn enter_module(&mut self, name: &str, container: &str) {
            self.0.enter(name, container);
        }
        fn exit_module(&mut self, _: &str, _: &str) {
            self.0.exit();
        }
        fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
            let (shape, device) = (param.lazy_shape().to_vec(), param.lazy_device());
            let &[d_out, d_in] = shape.as_slice() else { return param };
            if !(self.1)(&self.0.name(), &shape) || !computes_int8(&device) {
                return param;
            }
            let value = param.val();
            if is_int8(&value) {
                return param;
            }
            let data = value.into_data();
            let values = data.as_slice::<f32>().expect("parameters are f32");
            let value = Int8Weight::quantize(values, [d_out, d_in]).into_tensor(&device);
            let id = param.id;
            param.transform_for_load(value, id)
        }
    }
    module.map(&mut ToInt8(Path::default(), &mut f))
}

/// Dequantizes all int8 matrices to f32.
pub fn to_f32<M: Module>(module: M) -> M {
    struct ToF32;
    impl ModuleMapper for ToF32 {
        fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
            if !param.is_initialized() || !is_int8(&param.val()) {
                return param;
            }
            let (value, id) = (dequantize(param.val()), param.id);
            param.transform_for_load(value, id)
        }
    }
    module.map(&mut ToF32)
}

/// Replaces every parameter with `f(path, value)`. The value is flattened and detached from autodiff.
pub fn update<M: Module>(module: M, mut f: impl FnMut(&str, Tensor<1>) -> Tensor<1>) -> M {
    struct Update<'a>(Path, &'a mut dyn FnMut(&str, Tensor<1>) -> Tensor<1>);
    impl ModuleMapper for Update<'_> {
        fn enter_module(&mut self, name: &str, container: &str) {
            self.0.enter(name, container);
        }
        fn exit_module(&mut self, _: &str, _: &str) {
            self.0.exit();
        }
        fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
            let path = self.0.name();
            let (id, value, mapper) = param.consume();
            let (shape, tracked) = (value.shape(), value.is_require_grad());
            let autodiff = value.is_autodiff();
            let value = if autodiff { value.inner() } else { value };
            let flat = (self.1)(&path, value.reshape([shape.num_elements()]));
            let value = flat.reshape(shape);
            let value =
                if autodiff { Tensor::from_inner(value).set_require_grad(tracked) } else { value };
            Param::from_mapped_value(id, value, mapper)
        }
    }
    module.map(&mut Update(Path::default(), &mut f))
}

/// Freezes the parameters with a path that satisfies `f`: they do not get a gradient.
pub fn freeze<M: Module>(module: M, mut f: impl FnMut(&str) -> bool) -> M {
    struct Freeze<'a>(Path, &'a mut dyn FnMut(&str) -> bool);
    impl ModuleMapper for Freeze<'_> {
        fn enter_module(&mut self, name: &str, container: &str) {
            self.0.enter(name, container);
        }
        fn exit_module(&mut self, _: &str, _: &str) {
            self.0.exit();
        }
        fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
            if (self.1)(&self.0.name()) { param.set_require_grad(false) } else { param }
        }
    }
    module.map(&mut Freeze(Path::default(), &mut f))
}
