//! Comparison with a PyTorch module, forward and backward.

use burn::module::Module;
use burn::tensor::{Device, Gradients, Tensor, TensorData};

use crate::compare::{Bound, compare_data};
use crate::parameters::{map_parameters, visit};
use crate::{CheckError, Finding, Fixture};

/// One run of a PyTorch module: its inputs, parameters and output, and the gradients of the sum of output · `input/output_grad`.
///
/// Its tensors are named `<case>/<input|param|output|grad>/<name>`. Parameters have PyTorch's names;
/// `renames` maps our module names to them. q, k and v are the thirds of `in_proj_weight` and `in_proj_bias`, unless they are stored
/// separately. Values must agree within tolerance · (1 + |value|).
#[derive(Debug)]
pub struct TorchCase<'a> {
    fixture: &'a Fixture,
    name: &'a str,
    renames: &'a [(&'a str, &'a str)],
    tolerance: f32,
}

impl<'a> TorchCase<'a> {
    /// A case of a fixture; `renames` pairs our module names with PyTorch's, such as `("feed_forward.up", "linear1")`.
    pub fn new(
        fixture: &'a Fixture,
        name: &'a str,
        renames: &'a [(&'a str, &'a str)],
        tolerance: f32,
    ) -> Self {
        Self { fixture, name, renames, tolerance }
    }

    /// An input that requires a gradient.
    ///
    /// # Panics
    /// If the fixture has no such input with this rank.
    pub fn input<const D: usize>(&self, name: &str, device: &Device) -> Tensor<D> {
        let name = self.full_name("input", name);
        self.fixture.tensor(&name, &device.clone().autodiff()).require_grad()
    }

    /// The number of real positions of each row.
    ///
    /// # Panics
    /// If the fixture has no such input.
    pub fn lengths(&self, name: &str) -> Vec<usize> {
        let lengths = self.fixture.ints(&self.full_name("input", name));
        lengths.into_iter().map(|length| length as usize).collect()
    }

    /// Loads the parameters of the case into a module.
    ///
    /// # Panics
    /// If a parameter is missing from the fixture or has a different shape there.
    pub fn load<M: Module>(&self, module: M) -> M {
        map_parameters(module, |path, data| self.parameter("param", path, data.shape()))
    }

    /// Compares the output, except at padding, where the gradient is zero, and runs the backward pass.
    ///
    /// # Errors
    /// If the output differs; the error names the worst element.
    ///
    /// # Panics
    /// If the shape of the output differs from the case's.
    pub fn backward<const D: usize>(&self, output: &Tensor<D>) -> Result<Gradients, CheckError> {
        let device = output.device();
        let gradient: Tensor<D> =
            self.fixture.tensor(&self.full_name("input", "output_grad"), &device);
        let expected: Tensor<D> = self.fixture.tensor(&self.full_name("output", "output"), &device);
        let padding = gradient.clone().equal_elem(0.0);
        let output_without_padding = output.clone().detach().mask_fill(padding, 0.0);
        self.compare("output", &output_without_padding.into_data(), &expected.into_data())?;
        Ok((output.clone() * gradient).sum().backward())
    }

    /// Compares the gradient of an input.
    ///
    /// # Errors
    /// If the gradient differs or is missing; the error names the worst element.
    pub fn check_input<const D: usize>(
        &self,
        name: &str,
        input: &Tensor<D>,
        gradients: &Gradients,
    ) -> Result<(), CheckError> {
        let expected: Tensor<D> =
            self.fixture.tensor(&self.full_name("grad", name), &input.device());
        let gradient = input.grad(gradients).map(Tensor::into_data);
        self.compare_gradient(name, gradient, &expected.into_data())
    }

    /// Compares the gradient of every parameter.
    ///
    /// # Errors
    /// If a gradient differs or is missing; the error names the worst element or the first parameter without a
    /// gradient.
    pub fn check_parameters<M: Module>(
        &self,
        module: &M,
        gradients: &Gradients,
    ) -> Result<(), CheckError> {
        visit(module, gradients).into_iter().try_for_each(|found| {
            let expected = self.parameter("grad", &found.path, &found.shape);
            self.compare_gradient(&found.path, found.gradient, &expected)
        })
    }

    fn compare_gradient(
        &self,
        name: &str,
        gradient: Option<TensorData>,
        expected: &TensorData,
    ) -> Result<(), CheckError> {
        match gradient {
            Some(gradient) => self.compare(&format!("gradient of {name}"), &gradient, expected),
            None => Err(CheckError::new(self.name, Finding::NoGradient(vec![name.to_owned()]))),
        }
    }

    fn compare(
        &self,
        what: &str,
        actual: &TensorData,
        expected: &TensorData,
    ) -> Result<(), CheckError> {
        let context = format!("{}, {what}", self.name);
        compare_data(context, actual, expected, Bound::new(self.tolerance), |_| true)
    }

    fn full_name(&self, kind: &str, name: &str) -> String {
        format!("{}/{kind}/{name}", self.name)
    }

    /// The values of `kind` for our parameter at `path`.
    fn parameter(&self, kind: &str, path: &str, shape: &[usize]) -> TensorData {
        let (name, third) = self.torch_name(path);
        let name = self.full_name(kind, &name);
        let mut stacked = shape.to_vec();
        stacked[0] *= third.map_or(1, |_| 3);
        let found = self.fixture.shape(&name);
        assert!(found == stacked, "`{name}` has shape {found:?}, expected {stacked:?} for {path}");
        let n = shape.iter().product();
        let values = self.fixture.floats(&name).into_iter().skip(third.unwrap_or(0) * n).take(n);
        TensorData::new(values.collect::<Vec<_>>(), shape.to_vec())
    }

    /// PyTorch's name of a parameter, and which third of it to use.
    fn torch_name(&self, path: &str) -> (String, Option<usize>) {
        let (part, leaf) = path.rsplit_once('.').unwrap_or(("", path));
        let (owner, projection) = part.rsplit_once('.').unwrap_or(("", part));
        let own = join(self.rename(part), leaf.to_owned());
        if self.fixture.contains(&self.full_name("param", &own)) {
            return (own, None);
        }
        match ["q_proj", "k_proj", "v_proj"].iter().position(|third| *third == projection) {
            Some(third) => (join(self.rename(owner), format!("in_proj_{leaf}")), Some(third)),
            None => (own, None),
        }
    }

    fn rename(&self, part: &str) -> String {
        let renamed = self.renames.iter().find_map(|(ours, theirs)| {
            let rest = part.strip_prefix(ours)?;
            (rest.is_empty() || rest.starts_with('.')).then(|| format!("{theirs}{rest}"))
        });
        renamed.unwrap_or_else(|| part.to_owned())
    }
}

fn join(owner: String, leaf: String) -> String {
    if owner.is_empty() { leaf } else { format!("{owner}.{leaf}") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::tests::{TemporaryFile, floats};
    use burn::module::Param;
    use safetensors::{Dtype, tensor::TensorView};

    /// y = x · scale + bias, where bias is the third for k.
    #[derive(Module, Debug)]
    struct Block {
        scale: Scale,
        k_proj: Bias,
    }

    #[derive(Module, Debug)]
    struct Scale {
        weight: Param<Tensor<1>>,
    }

    #[derive(Module, Debug)]
    struct Bias {
        bias: Param<Tensor<1>>,
    }

    const RENAMES: [(&str, &str); 1] = [("scale", "norm1")];

    fn block(device: &Device) -> Block {
        let zeros = || Param::from_tensor(Tensor::zeros([2], device));
        Block { scale: Scale { weight: zeros() }, k_proj: Bias { bias: zeros() } }
    }

    /// The case of [`Block`], with the given gradient of the bias; the second row is padding.
    fn fixture(name: &str, bias_gradient: [f32; 2]) -> (TemporaryFile, Fixture) {
        let [b0, b1] = bias_gradient;
        let tensors = [
            ("case/input/x", vec![2, 2], floats(&[1.0, 2.0, 3.0, 4.0])),
            ("case/input/output_grad", vec![2, 2], floats(&[1.0, 1.0, 0.0, 0.0])),
            ("case/param/norm1.weight", vec![2], floats(&[2.0, 3.0])),
            ("case/param/in_proj_bias", vec![6], floats(&[9.0, 9.0, 0.5, 0.25, 9.0, 9.0])),
            ("case/output/output", vec![2, 2], floats(&[2.5, 6.25, 0.0, 0.0])),
            ("case/grad/x", vec![2, 2], floats(&[2.0, 3.0, 0.0, 0.0])),
            ("case/grad/norm1.weight", vec![2], floats(&[1.0, 2.0])),
            ("case/grad/in_proj_bias", vec![6], floats(&[9.0, 9.0, b0, b1, 9.0, 9.0])),
        ];
        let views = tensors.iter().map(|(name, shape, bytes)| {
            (*name, TensorView::new(Dtype::F32, shape.clone(), bytes).unwrap())
        });
        let file = TemporaryFile::new(name, &safetensors::serialize(views, None).unwrap());
        let fixture = Fixture::open(file.path());
        (file, fixture)
    }

    /// Compares `f(block, x)` with the case.
    fn check(
        fixture: &Fixture,
        f: impl Fn(&Block, Tensor<2>) -> Tensor<2>,
    ) -> Result<(), CheckError> {
        let device = Device::flex().autodiff();
        let case = TorchCase::new(fixture, "case", &RENAMES, 1e-6);
        let block = case.load(block(&device));
        let x = case.input("x", &device);
        let gradients = case.backward(&f(&block, x.clone()))?;
        case.check_input("x", &x, &gradients)?;
        case.check_parameters(&block, &gradients)
    }

    fn sound(block: &Block, x: Tensor<2>) -> Tensor<2> {
        x * block.scale.weight.val().unsqueeze() + block.k_proj.bias.val().unsqueeze()
    }

    #[test]
    fn the_same_module_passes() {
        check(&fixture("torch-sound", [1.0, 1.0]).1, sound).unwrap();
    }

    #[test]
    fn a_different_output_is_found() {
        let (_file, fixture) = fixture("torch-output", [1.0, 1.0]);
        let error = check(&fixture, |block, x| sound(block, x) * 2.0).unwrap_err();
        assert!(error.to_string().starts_with("case, output: element [0, 1] is 12.5"), "{error}");
    }

    #[test]
    fn a_different_parameter_gradient_is_found() {
        let error = check(&fixture("torch-gradient", [1.0, 3.0]).1, sound).unwrap_err();
        let message = "case, gradient of k_proj.bias: element [1] is 1.0, expected 3.0";
        assert!(error.to_string().starts_with(message), "{error}");
    }

    #[test]
    fn a_detached_input_is_found() {
        let (_file, fixture) = fixture("torch-detached", [1.0, 1.0]);
        let error = check(&fixture, |block, x| sound(block, x.detach())).unwrap_err();
        assert_eq!(error.to_string(), "case: no gradient reaches x");
    }
}
