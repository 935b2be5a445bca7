//! Word-level knowledge distillation.

use burn::module::Param;
use burn::tensor::{Tensor, activation};
use crosshead_kernels::{Activation, CrossEntropy, Mode, linear};

use super::EncoderDecoder;
use crate::tokens::TokenBatch;

/// The teacher of word-level knowledge distillation (Hinton et al. 2015; Kim & Rush 2016, section 3.1).
#[derive(Clone, Copy, Debug)]
pub struct Teacher<'a> {
    /// The teacher, outside autodiff. Its vocabulary is that of the student.
    pub model: &'a EncoderDecoder,
    /// The temperature T that divides the logits of both.
    pub temperature: f32,
    /// The weight λ of the teacher's distributions, 0 to 1; that of the targets is 1 − λ.
    pub weight: f32,
}

impl EncoderDecoder {
    /// The loss of a student, summed over targets, in nats: (1 − λ) · the cross entropy of the targets, plus λ · T² · the
    /// Kullback-Leibler divergence of the student's distribution from the teacher's, both at temperature T. Padding is ignored.
    ///
    /// # Shapes
    /// - `target`: `[batch, tgt_len]`
    /// - output: `[1]`
    ///
    /// # Panics
    /// If the models have different numbers of classes, an id is outside the vocabulary or the batch sizes differ.
    pub fn distillation_loss(
        &self,
        teacher: Teacher<'_>,
        source: TokenBatch<'_>,
        decoder_input: TokenBatch<'_>,
        target: &[u32],
        options: impl Into<CrossEntropy>,
        mode: Mode,
    ) -> Tensor<1> {
        let Teacher { model, temperature, weight } = teacher;
        let [own, others] = [self, model].map(|model| model.config().n_classes());
        assert!(own == others, "{own} classes, but the teacher has {others}");
        let states = self.target_rows(source, decoder_input, mode);
        let hard = self.cross_entropy(states.clone(), target, options.into());
        let soft = self.class_logits(states) / temperature;
        let teacher_rows = model.target_rows(source, decoder_input, Mode::Eval);
        let teacher_logits = Tensor::from_inner(model.class_logits(teacher_rows)) / temperature;
        let [student, teacher] =
            [soft, teacher_logits].map(|logits| activation::log_softmax(logits, 1));
        let divergence = (teacher.clone().exp() * (teacher - student)).sum_dim(1); // [rows, 1]
        let is_target = |&id: &u32| if id == self.config().pad_id { 0.0 } else { 1.0 };
        let kept: Vec<f32> = target.iter().map(is_target).collect();
        let kept = Tensor::<1>::from_data(&*kept, &divergence.device()).reshape([target.len(), 1]);
        hard * (1.0 - weight) + (divergence * kept).sum() * (weight * temperature * temperature)
    }

    /// The logits of the classes, without excluded padding, for rows that are the input of the output projection.
    fn class_logits(&self, rows: Tensor<2>) -> Tensor<2> {
        let bias = self.logits_bias.as_ref().map(Param::val);
        let logits = linear(rows, self.output().val(), bias, Activation::Identity);
        logits.narrow(1, 0, self.config().n_classes())
    }
}
