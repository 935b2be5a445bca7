//! Which strategy decodes, and its options.

use crosshead_generate::Sampling;
use crosshead_models::GenerationDefaults;

use super::DecodeOptions;

/// Temperature of a causal language model if neither the caller nor the model configures decoding.
const TEMPERATURE: f32 = 0.8;
/// Default random seed.
const SEED: u64 = 1;

/// The kind of a model that generates text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ModelKind {
    EncoderDecoder,
    CausalLm,
}

impl DecodeOptions {
    /// The sampling options; `None` for greedy decoding or beam search.
    ///
    /// A causal language model samples unless the temperature is 0, the caller sets only `beams` or requires words, or the
    /// model selects greedy decoding (`do_sample: false`) or beam search and the caller sets no sampling option. An
    /// encoder-decoder samples if the caller sets a sampling option, or if the model selects sampling without beam search and
    /// the caller does not set `beams`.
    pub(crate) fn sampling(
        &self,
        generation: &GenerationDefaults,
        kind: ModelKind,
    ) -> Option<Sampling> {
        let default = match kind {
            ModelKind::EncoderDecoder => false,
            ModelKind::CausalLm => generation.num_beams == 1,
        };
        let selected = match kind {
            ModelKind::EncoderDecoder => generation.num_beams == 1,
            ModelKind::CausalLm => true,
        };
        let by_default = self.beams.is_none()
            && self.force_words.is_empty()
            && generation.do_sample.map_or(default, |samples| samples && selected);
        if !self.asks_to_sample() && !by_default {
            return None;
        }
        let seed = self.seed.unwrap_or(SEED);
        // With `do_sample: true`, absent keys have the defaults of transformers.
        let default = generation.sampling(seed).unwrap_or_else(|| match kind {
            ModelKind::EncoderDecoder => Sampling::new(seed),
            ModelKind::CausalLm => Sampling::new(seed).with_temperature(TEMPERATURE),
        });
        let sampling = default
            .with_temperature(
                self.temperature.or(generation.temperature).unwrap_or(default.temperature),
            )
            .with_top_k(self.top_k.or(generation.top_k).unwrap_or(default.top_k))
            .with_top_p(self.top_p.or(generation.top_p).unwrap_or(default.top_p))
            .with_min_p(self.min_p.or(generation.min_p).unwrap_or(default.min_p))
            .with_typical_p(self.typical_p.or(generation.typical_p).unwrap_or(default.typical_p))
            .with_epsilon_cutoff(generation.epsilon_cutoff.unwrap_or(default.epsilon_cutoff))
            .with_eta_cutoff(generation.eta_cutoff.unwrap_or(default.eta_cutoff))
            .with_top_h(generation.top_h);
        (sampling.temperature != 0.0).then_some(sampling)
    }

    /// Whether the caller sets a sampling option.
    fn asks_to_sample(&self) -> bool {
        self.temperature.is_some()
            || self.top_k.is_some()
            || self.top_p.is_some()
            || self.min_p.is_some()
            || self.typical_p.is_some()
    }

    /// The number of hypotheses per text. That of the model is limited by the caller's number of beams.
    pub(crate) fn hypotheses(&self, generation: &GenerationDefaults) -> usize {
        let of_model = generation.num_return_sequences;
        self.n_best.unwrap_or(self.beams.map_or(of_model, |beams| of_model.min(beams)))
    }

    /// The number of sequences to decode for each text: the number of samples, or 1.
    pub(crate) fn samples(&self, generation: &GenerationDefaults, kind: ModelKind) -> usize {
        match self.sampling(generation, kind) {
            Some(_) => self.hypotheses(generation).max(1),
            None => 1,
        }
    }
}
